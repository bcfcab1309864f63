"""The switches: their names and values, the named sets of them, and what each changes in the exchange's core."""

import pytest
from venue_driver import COIN_M_60K, MILLI_BTC, SPOT_60K, SPOT_BTC, USD, USD_M_60K, Driver, steps

from tidings.exchange.rule_help import rule_help
from tidings.exchange.venue_rules import PERSONALITIES, RuleError, Rules, rule_rows, rules_of


def test_every_rule_reads_every_value_it_lists_and_shows_it_again():
    for name, default, values, _ in rule_rows():
        assert Rules().view()[name] == default
        for text in values.split(", ") if " to " not in values else values.split(" to "):
            rules = Rules()
            rules.set(name, text)
            assert rules.view()[name] == text


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("pending", "queue", "no rule 'pending'; there are: duplicate-id-code, "),
        ("pending-rule", "wait", "pending-rule is one of queue, refuse, not 'wait'"),
        ("max-active-orders", "0", "max-active-orders is a whole number from 1 to 1000000, not '0'"),
        ("max-active-orders", "9" * 5_000, "is a whole number from 1 to 1000000"),
        ("max-active-orders", "²", "is a whole number"),
        ("stray-messages", "yes", "stray-messages is one of on, off, not 'yes'"),
        ("duplicate-id-code", "10002", "is one of 11085, 10001, 11033, 19999, not '10002'"),
    ],
)
def test_what_is_no_rule_or_no_value_is_refused_by_name(name, value, told):
    with pytest.raises(RuleError) as refused:
        Rules().set(name, value)
    assert told in str(refused.value)


def test_a_personality_is_a_set_of_rules_that_settings_change():
    assert rules_of() == Rules()
    strict = rules_of("strict", [("max-active-orders", "7")])
    assert (strict.pending_rule, strict.max_active_orders, strict.reject_style) == ("refuse", 7, "stream-only")
    for name in PERSONALITIES:
        rules_of(name)
    with pytest.raises(RuleError, match="no personality 'kind'; there are: captures, docs, strict"):
        rules_of("kind")


def test_the_help_names_every_rule_and_every_personality():
    text = rule_help()
    for name in [*Rules().view(), *PERSONALITIES]:
        assert f"    {name} " in text
    assert max(map(len, text.splitlines())) <= 100


def test_an_exchange_has_rules_of_its_own():
    rules = Rules()
    d = Driver()
    d.venue.config.rules.set("off-grid-code", "11058")
    assert rules.off_grid_code == 39108 == Driver().venue.config.rules.off_grid_code
    assert d.refused(d.a, "BTCUSD", "Buy", 1, COIN_M_60K + 1) == 11058


@pytest.mark.parametrize(
    ("scope", "in_other_symbol", "after_the_end"), [("account", 11085, 11085), ("symbol", 0, 11085), ("open", 11085, 0)]
)
def test_where_a_client_id_must_be_new(scope, in_other_symbol, after_the_end):
    d = Driver(client_id_scope=scope)
    d.place(d.a, "BTCUSD", "Buy", 1, COIN_M_60K - 100 * USD, cl_ord_id="one")
    assert d.refused(d.a, "BTCUSD", "Buy", 1, COIN_M_60K - 100 * USD, cl_ord_id="one") == 11085
    assert d.refused(d.a, "BTCUSDT", "Buy", MILLI_BTC, USD_M_60K // 2, cl_ord_id="one") == in_other_symbol
    d = Driver(client_id_scope=scope)
    d.place(d.a, "BTCUSD", "Buy", 1, COIN_M_60K - 100 * USD, cl_ord_id="one")
    d.cancel(d.a, "BTCUSD", cl_ord_id="one")
    d.run()
    assert d.refused(d.a, "BTCUSD", "Buy", 1, COIN_M_60K - 100 * USD, cl_ord_id="one") == after_the_end


def test_a_client_id_can_be_required_and_its_characters_limited():
    d = Driver(client_id_required=True, client_id_alphabet="word")
    assert d.refused(d.a, "BTCUSD", "Buy", 1, COIN_M_60K) == 10500
    assert d.refused(d.a, "BTCUSD", "Buy", 1, COIN_M_60K, cl_ord_id="a b") == 39108
    assert d.refused(d.a, "BTCUSD", "Buy", 1, COIN_M_60K, cl_ord_id="A.b_c-1:") == 0


@pytest.mark.parametrize("status", ["Canceled", "Rejected"])
@pytest.mark.parametrize("exec_status", ["Aborted", "Expired"])
def test_how_a_post_only_order_ends_that_would_trade(status, exec_status):
    d = Driver(post_only_ord_status=status, post_only_exec_status=exec_status)
    d.place(d.b, "BTCUSD", "Sell", 1, COIN_M_60K)
    reports = d.place(d.a, "BTCUSD", "Buy", 1, COIN_M_60K, time_in_force="PostOnly")
    assert [(r.ord_status, r.exec_status, r.cxl_rej_reason) for r in reports] == [(status, exec_status, 101)]
    assert d.venue.queries.open_orders(d.a, "BTCUSD") == []


@pytest.mark.parametrize(
    ("time_in_force", "settings", "end"),
    [
        ("ImmediateOrCancel", {}, "Expired"),
        ("ImmediateOrCancel", {"ioc_exec_status": "Aborted"}, "Aborted"),
        ("FillOrKill", {}, "Aborted"),
        ("FillOrKill", {"fok_exec_status": "Expired"}, "Expired"),
    ],
)
def test_how_an_order_ends_that_finds_nothing(time_in_force, settings, end):
    d = Driver(**settings)
    reports = d.place(d.a, "BTCUSD", "Buy", 1, COIN_M_60K, time_in_force=time_in_force)
    assert steps(reports)[-1] == ("Canceled", end)


def test_without_its_group_self_trade_prevention_has_no_effect():
    for is_on, trades in ((True, 0), (False, 1)):
        d = Driver(self_trade_group=is_on)
        d.place(d.a, "BTCUSDT", "Sell", MILLI_BTC, USD_M_60K)
        d.place(d.a, "BTCUSDT", "Buy", MILLI_BTC, USD_M_60K, stp_instruction="CancelTaker")
        assert d.venue.state.counters.trades == trades


def test_a_bulk_cancel_of_too_many_ids_cancels_none():
    d = Driver(bulk_cancel_ids_max=1)
    for name in ("one", "two"):
        d.place(d.a, "BTCUSD", "Buy", 1, COIN_M_60K - 100 * USD, cl_ord_id=name)
    assert d.venue.cancel_many(d.a, "BTCUSD", d.now_ns, cl_ord_ids=["one", "two"]).code == 39108
    assert d.venue.cancel_many(d.a, "BTCUSD", d.now_ns, cl_ord_ids=["two"]).code == 0
    d.run()
    assert [order.cl_ord_id for order in d.venue.queries.open_orders(d.a, "BTCUSD")] == ["one"]


def test_the_stream_can_tell_before_the_reply():
    d = Driver(reply_order="stream-first", matching_delay_ns=5_000_000)
    reply = d.create(d.a, "BTCUSD", "Buy", 1, COIN_M_60K - 100 * USD)
    assert steps(d.run(0)) == [("New", "New")], "at the very time of the request"
    assert (reply.order.ord_status, reply.order.exec_status) == ("Created", "PendingNew")


def test_reply_and_stream_can_take_turns():
    d = Driver(reply_order="either", matching_delay_ns=5_000_000)
    told_at_once = []
    for _ in range(4):
        d.create(d.a, "BTCUSD", "Buy", 1, COIN_M_60K - 100 * USD)
        told_at_once.append(bool(d.run(0)))
        d.run()
    assert sorted(told_at_once) == [False, False, True, True]


def test_an_amend_can_keep_its_time_in_force():
    for word in ("GoodTillModify", "GoodTillCancel"):
        d = Driver(amended_time_in_force=word)
        d.place(d.a, "BTCUSDT", "Buy", MILLI_BTC, USD_M_60K // 2, cl_ord_id="one")
        reply = d.amend(d.a, "BTCUSDT", orig_cl_ord_id="one", qty=2 * MILLI_BTC)
        assert reply.order.time_in_force == word


def test_the_words_of_events_that_are_not_fills():
    def kinds(**rules: object) -> list[tuple[str, str, str]]:
        d = Driver(**rules)
        reports = d.place(d.a, "BTCUSD", "Buy", 1, COIN_M_60K - 100 * USD, cl_ord_id="one")
        d.amend(d.a, "BTCUSD", orig_cl_ord_id="one", qty=2)
        reports += d.run()
        d.refused(d.a, "BTCUSD", "Buy", 10**9, COIN_M_60K)
        reports += d.run()
        return [(r.exec_status, r.trade_type, r.message) for r in reports]

    assert kinds() == [
        ("New", "", "No error"), ("Replaced", "Replace", "No error"),
        ("CreateRejected", "", "TE: qty too large"),
    ]  # fmt: skip
    assert kinds(new_trade_type="Amend", amend_trade_type="Amend", reject_message="empty") == [
        ("New", "Amend", "No error"), ("Replaced", "Amend", "No error"), ("CreateRejected", "", ""),
    ]  # fmt: skip


def test_an_order_without_the_money_gets_the_code_of_the_rule():
    for code in (11001, 11082):
        d = Driver(contract_balance_code=code, contract_funds={"BTC": 0, "USDT": 0})
        assert d.refused(d.a, "BTCUSDT", "Buy", MILLI_BTC, USD_M_60K) == code


def test_how_far_a_market_order_may_trade():
    d = Driver(spot_protection_er=1_000_000)
    d.place(d.b, "sBTCUSDT", "Sell", SPOT_BTC // 100, SPOT_60K + SPOT_60K // 50)
    d.place(d.b, "sBTCUSDT", "Sell", SPOT_BTC // 100, SPOT_60K)
    reports = d.place(d.a, "sBTCUSDT", "Buy", SPOT_BTC // 50, ord_type="Market")
    assert reports[-1].cum_qty == SPOT_BTC // 100, "what is 2 % away is out of reach"


@pytest.mark.parametrize("code", [11001, 11082])
def test_amend_that_the_account_cannot_pay_for_has_the_code_of_the_rule(code: int) -> None:
    d = Driver(contract_balance_code=code, contract_funds={"USDT": 100})
    d.place(d.a, "BTCUSDT", "Buy", MILLI_BTC, USD_M_60K, cl_ord_id="small")
    assert d.amend(d.a, "BTCUSDT", orig_cl_ord_id="small", qty=1_000 * MILLI_BTC).code == code
