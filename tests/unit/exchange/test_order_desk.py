"""What is refused, with which code, and what replies say. Codes: phemex docs 2026, "Error codes"."""

import pytest
from venue_driver import COIN_M_60K, MILLI_BTC, SPOT_60K, SPOT_BTC, USD, USD_M_60K, USDT, Driver, steps

from tidings.exchange.catalogue import Line
from tidings.exchange.error_codes import name_of


@pytest.fixture
def d() -> Driver:
    return Driver()


# Replies.


def test_reply_to_a_create_says_only_that_it_was_taken(d: Driver) -> None:
    reply = d.create(d.a, "BTCUSD", "Buy", 4, 86_770_000, cl_ord_id="x")
    order = reply.order
    assert (reply.code, order.ord_status, order.exec_status) == (0, "Created", "PendingNew")
    assert (order.leaves_qty, order.leaves_value, order.cum_qty, order.added_seq) == (4, 46098, 0, 0)
    assert order.action_time_ns == order.transact_time_ns == d.now_ns


def test_only_lists_show_how_much_of_a_resting_order_is_displayed(d: Driver) -> None:
    """Captured 2025: displayQty 0 in replies about one order; captured 2024: all of it in the list of open ones."""
    d.place(d.a, "BTCUSDT", "Buy", MILLI_BTC, USD_M_60K // 2, cl_ord_id="x")
    (listed,) = d.venue.queries.open_orders(d.a, "BTCUSDT")
    amended = d.amend(d.a, "BTCUSDT", orig_cl_ord_id="x", pos_side="Merged", qty=2 * MILLI_BTC)
    d.run()
    canceled = d.cancel(d.a, "BTCUSDT", cl_ord_id="x", pos_side="Merged")
    assert amended.order is not None and canceled.order is not None
    assert (listed.display_qty, amended.order.display_qty, canceled.order.display_qty) == (MILLI_BTC, 0, 0)


def test_reply_to_an_amend_shows_the_new_terms(d: Driver) -> None:
    d.place(d.a, "BTCUSDT", "Buy", MILLI_BTC, USD_M_60K, cl_ord_id="x")
    order = d.amend(d.a, "BTCUSDT", orig_cl_ord_id="x", price=USD_M_60K - USDT, qty=2 * MILLI_BTC).order
    assert (order.ord_status, order.exec_status, order.time_in_force) == ("New", "PendingReplace", "GoodTillModify")
    assert (order.price, order.order_qty, order.leaves_qty) == (USD_M_60K - USDT, 2 * MILLI_BTC, 2 * MILLI_BTC)
    assert order.leaves_value == 119_998 * 10**9


def test_reply_to_a_cancel_does_not_mean_canceled(d: Driver) -> None:
    d.place(d.a, "BTCUSD", "Buy", 4, COIN_M_60K, cl_ord_id="x")
    order = d.cancel(d.a, "BTCUSD", cl_ord_id="x").order
    assert (order.ord_status, order.exec_status, order.leaves_qty) == ("New", "PendingCancel", 4)


# Words and numbers.


@pytest.mark.parametrize(
    ("terms", "code"),
    [
        ({"side": "buy"}, 11034), ({"ord_type": "Foo"}, 11035), ({"ord_type": "Bracket"}, 11126),
        ({"time_in_force": "Day"}, 11036), ({"time_in_force": "RPIPostOnly"}, 11143),
        ({"stp_instruction": "Never"}, 11037), ({"cl_ord_id": "x" * 41}, 39108), ({"text": "x" * 41}, 39108),
        ({"ord_type": "Stop", "stop_px": COIN_M_60K + USD, "trigger": "Whenever"}, 11038),
        ({"ord_type": "Stop", "stop_px": 0, "trigger": "ByMarkPrice"}, 11046),
        ({"ord_type": "Stop", "stop_px": COIN_M_60K + 1, "trigger": "ByMarkPrice"}, 39108),
        ({"peg_price_type": "TrailingStopPeg"}, 11086),
        ({"qty": 0}, 11058), ({"qty": -1}, 11058), ({"qty": 20_000_001}, 11056),
        ({"price": 0}, 11055), ({"price": 99_000}, 11055), ({"price": 10_000_001_000}, 11053),
        ({"price": COIN_M_60K + 1}, 39108), ({"symbol": "BTCEUR"}, 11027), ({"symbol": "uBTCUSD"}, 39997),
        ({"reduce_only": True}, 11057),
    ],
)  # fmt: skip
def test_coin_m_refusals(d: Driver, terms: dict, code: int) -> None:
    request = {"symbol": "BTCUSD", "side": "Buy", "qty": 1, "price": COIN_M_60K, **terms}
    user_id = d.a
    reply = d.create(user_id, request.pop("symbol"), request.pop("side"), request.pop("qty"), **request)
    assert (reply.code, reply.order, bool(reply.detail)) == (code, None, True)


def test_comment_may_be_as_long_as_documented(d: Driver) -> None:
    assert d.refused(d.a, "BTCUSD", "Buy", 1, COIN_M_60K, text="x" * 40) == 0


@pytest.mark.parametrize(
    ("terms", "code"),
    [
        ({"qty": MILLI_BTC + 1}, 39108), ({"price": USD_M_60K + 1}, 39108), ({"qty": 1}, 11058),
        ({"qty": MILLI_BTC, "price": 900 * USDT}, 11115), ({"pos_side": "Long"}, 20004), ({"pos_side": ""}, 20004),
        ({"qty": 1001 * 10**6}, 11056), ({"price": 500_001 * USDT}, 11053),
    ],
)  # fmt: skip
def test_usd_m_refusals(d: Driver, terms: dict, code: int) -> None:
    request = {"qty": MILLI_BTC, "price": USD_M_60K, **terms}
    assert d.refused(d.a, "BTCUSDT", "Buy", **request) == code


@pytest.mark.parametrize(
    ("terms", "code"),
    [
        ({"qty_type": "ByHand"}, 11112), ({"qty": 101}, 39108), ({"price": SPOT_60K + 1}, 39108),
        ({"qty": 11 * SPOT_BTC}, 11056), ({"qty": 9 * SPOT_BTC}, 11114), ({"qty": 1_000}, 11115),
        ({"price": 66_001 * 10**8}, 11053), ({"side": "Sell", "price": 53_999 * 10**8}, 11055),
        ({"ord_type": "Stop", "stop_px": SPOT_60K * 2, "trigger": "ByMarkPrice"}, 11038),
        ({"reduce_only": True}, 11037),
        ({"qty_type": "ByQuote", "quote_qty": 0}, 11058), ({"qty_type": "ByQuote", "quote_qty": 10**8 + 1}, 39108),
        ({"take_profit": 1}, 11074),
    ],
)  # fmt: skip
def test_spot_refusals(d: Driver, terms: dict, code: int) -> None:
    request = {"side": "Buy", "qty": SPOT_BTC // 10, "price": SPOT_60K, **terms}
    assert d.refused(d.a, "sBTCUSDT", request.pop("side"), **request) == code


def test_absent_words_take_the_venues_defaults(d: Driver) -> None:
    (report,) = d.place(d.a, "BTCUSD", "Buy", 1, COIN_M_60K, ord_type="", time_in_force="", trigger="")
    assert (report.ord_type, report.time_in_force) == ("Limit", "GoodTillCancel")


# Money.


def test_order_beyond_the_available_balance_is_refused(d: Driver) -> None:
    """500,000 USDT at 10 times: 0.10114 per unit of value, so 4,943,642 may be ordered: 82.394 BTC."""
    assert d.refused(d.a, "BTCUSDT", "Buy", 82_395 * MILLI_BTC, USD_M_60K) == 11001
    assert d.refused(d.a, "BTCUSDT", "Buy", 82_394 * MILLI_BTC, USD_M_60K) == 0
    assert d.refused(d.a, "BTCUSDT", "Buy", 1 * MILLI_BTC, USD_M_60K) == 11001


def test_canceling_frees_the_balance(d: Driver) -> None:
    d.place(d.a, "BTCUSDT", "Buy", 82_394 * MILLI_BTC, USD_M_60K, cl_ord_id="x")
    d.cancel(d.a, "BTCUSDT", cl_ord_id="x")
    d.run()
    assert d.venue.account(d.a, Line.USD_M, "USDT").total_used_balance == 0


@pytest.mark.parametrize(("side", "code"), [("Buy", 11106), ("Sell", 11105)])
def test_spot_order_beyond_the_wallet_is_refused(side: str, code: int) -> None:
    d = Driver(wallet_funds={"BTC": 1, "USDT": 60_000})
    assert d.refused(d.a, "sBTCUSDT", side, SPOT_BTC, SPOT_60K) == 0
    assert d.refused(d.a, "sBTCUSDT", side, 100 * 100, SPOT_60K) == code


def test_refused_create_also_appears_on_the_stream(d: Driver) -> None:
    d.create(d.a, "BTCUSDT", "Buy", 90_000 * MILLI_BTC, USD_M_60K, cl_ord_id="x")
    (report,) = d.run(ms=0)
    assert (report.ord_status, report.exec_status, report.code) == ("Rejected", "CreateRejected", 11001)
    assert report.message == "TE: no enough available balance"
    assert (report.cl_ord_id, report.leaves_qty, report.order_qty) == ("x", 90_000 * MILLI_BTC, 90_000 * MILLI_BTC)
    assert (report.exec_seq, report.added_seq, report.cum_qty) == (0, 0, 0)


def test_rejection_can_be_told_on_the_stream_only() -> None:
    d = Driver(reject_style="stream-only")
    reply = d.create(d.a, "BTCUSDT", "Buy", 90_000 * MILLI_BTC, USD_M_60K)
    assert (reply.code, reply.order.exec_status) == (0, "PendingNew")
    assert steps(d.run()) == [("Rejected", "CreateRejected")]


# Names.


def test_client_id_can_be_used_once(d: Driver) -> None:
    d.create(d.a, "BTCUSD", "Buy", 1, COIN_M_60K, cl_ord_id="x")
    assert d.refused(d.a, "BTCUSD", "Buy", 1, COIN_M_60K, cl_ord_id="x") == 11085
    assert d.refused(d.b, "BTCUSD", "Buy", 1, COIN_M_60K, cl_ord_id="x") == 0
    assert steps(d.run(), d.a) == [("New", "New")]  # no Rejected event that could be taken for the live order's


def test_client_id_of_a_refused_order_stays_free(d: Driver) -> None:
    assert d.refused(d.a, "BTCUSD", "Buy", 0, COIN_M_60K, cl_ord_id="x") == 11058
    assert d.refused(d.a, "BTCUSD", "Buy", 1, COIN_M_60K, cl_ord_id="x") == 0


def test_empty_client_ids_are_accepted(d: Driver) -> None:
    assert [d.refused(d.a, "BTCUSD", "Buy", 1, COIN_M_60K) for _ in range(2)] == [0, 0]


@pytest.mark.parametrize("code", [10001, 11033, 19999])
def test_code_for_duplicates_is_a_setting(code: int) -> None:
    d = Driver(duplicate_id_code=code)
    d.create(d.a, "BTCUSD", "Buy", 1, COIN_M_60K, cl_ord_id="x")
    assert d.refused(d.a, "BTCUSD", "Buy", 1, COIN_M_60K, cl_ord_id="x") == code


def test_orders_are_found_only_by_their_owner_in_their_symbol(d: Driver) -> None:
    order_id = d.place(d.a, "BTCUSD", "Buy", 1, COIN_M_60K, cl_ord_id="x")[0].order_id
    assert d.cancel(d.b, "BTCUSD", order_id=order_id).code == 10002
    assert d.cancel(d.a, "cETHUSD", order_id=order_id).code == 10002
    assert d.cancel(d.a, "BTCUSD", cl_ord_id="y").code == 10002
    assert d.cancel(d.a, "BTCUSD", order_id=order_id, cl_ord_id="x").code == 39108
    assert d.cancel(d.a, "BTCUSD").code == 10500, "a parameter is missing"
    assert d.cancel(d.a, "BTCUSD", order_id=order_id).code == 0


def test_position_side_of_a_cancel_must_fit(d: Driver) -> None:
    d.place(d.a, "BTCUSDT", "Buy", MILLI_BTC, USD_M_60K, cl_ord_id="x")
    assert d.cancel(d.a, "BTCUSDT", cl_ord_id="x", pos_side="Long").code == 20004
    assert d.cancel(d.a, "BTCUSDT", cl_ord_id="x", pos_side="Merged").code == 0


# Changes that come at the wrong time.


def test_done_orders_cannot_be_changed(d: Driver) -> None:
    d.place(d.a, "BTCUSD", "Buy", 1, COIN_M_60K, cl_ord_id="filled")
    d.place(d.b, "BTCUSD", "Sell", 1, COIN_M_60K)
    d.place(d.a, "BTCUSD", "Buy", 1, COIN_M_60K, cl_ord_id="canceled")
    d.cancel(d.a, "BTCUSD", cl_ord_id="canceled")
    d.run()
    assert d.cancel(d.a, "BTCUSD", cl_ord_id="filled").code == 11063
    assert d.cancel(d.a, "BTCUSD", cl_ord_id="canceled").code == 11062
    assert d.amend(d.a, "BTCUSD", orig_cl_ord_id="filled", qty=2).code == 11066


def test_code_for_done_orders_is_a_setting() -> None:
    d = Driver(done_order_code=10002)
    d.place(d.a, "BTCUSD", "Buy", 1, COIN_M_60K, cl_ord_id="x")
    d.cancel(d.a, "BTCUSD", cl_ord_id="x")
    d.run()
    assert d.cancel(d.a, "BTCUSD", cl_ord_id="x").code == 10002


def test_second_change_while_the_first_is_on_its_way_is_refused(d: Driver) -> None:
    d.place(d.a, "BTCUSD", "Buy", 1, COIN_M_60K, cl_ord_id="x")
    assert d.amend(d.a, "BTCUSD", orig_cl_ord_id="x", qty=2).code == 0
    assert d.amend(d.a, "BTCUSD", orig_cl_ord_id="x", qty=3).code == 11064
    assert d.cancel(d.a, "BTCUSD", cl_ord_id="x").code == 0
    assert d.cancel(d.a, "BTCUSD", cl_ord_id="x").code == 11061
    assert d.amend(d.a, "BTCUSD", orig_cl_ord_id="x", qty=3).code == 10003
    assert steps(d.run()) == [("New", "Replaced"), ("Canceled", "Canceled")]


def test_cancel_right_behind_its_create_waits_its_turn(d: Driver) -> None:
    d.create(d.a, "BTCUSD", "Buy", 1, COIN_M_60K, cl_ord_id="x")
    assert d.cancel(d.a, "BTCUSD", cl_ord_id="x").code == 0
    assert steps(d.run()) == [("New", "New"), ("Canceled", "Canceled")]


def test_cancel_right_behind_its_create_can_be_refused() -> None:
    d = Driver(pending_rule="refuse")
    d.create(d.a, "BTCUSD", "Buy", 1, COIN_M_60K, cl_ord_id="x")
    assert d.cancel(d.a, "BTCUSD", cl_ord_id="x").code == 10005
    d.run()
    d.amend(d.a, "BTCUSD", orig_cl_ord_id="x", qty=2)
    assert d.cancel(d.a, "BTCUSD", cl_ord_id="x").code == 10004


def test_requests_of_one_order_keep_their_order_where_reply_and_stream_take_turns() -> None:
    d = Driver(reply_order="either")
    for name in ("first", "second"):
        d.create(d.a, "BTCUSD", "Buy", 10, COIN_M_60K, cl_ord_id=name)
        assert d.amend(d.a, "BTCUSD", orig_cl_ord_id=name, qty=9).code == 0
        assert steps(d.run()) == [("New", "New"), ("New", "Replaced")]
        d.cancel(d.a, "BTCUSD", cl_ord_id=name)
        d.run()


@pytest.mark.parametrize(
    ("terms", "code"),
    [
        ({"qty": 10}, 11065), ({"price": COIN_M_60K, "qty": 10}, 11065), ({}, 11065), ({"qty": 0}, 11058),
        ({"price": COIN_M_60K + 1}, 39108), ({"stop_px": COIN_M_60K + USD}, 11066), ({"quote_qty": 5}, 11112),
        ({"qty": 20_000_000}, 11001), ({"qty": 4}, 11012), ({"qty": 5}, 0),
    ],
)  # fmt: skip
def test_amend_refusals(d: Driver, terms: dict, code: int) -> None:
    d.place(d.a, "BTCUSD", "Buy", 10, COIN_M_60K, cl_ord_id="x")
    d.place(d.b, "BTCUSD", "Sell", 4, COIN_M_60K)
    assert d.amend(d.a, "BTCUSD", orig_cl_ord_id="x", **terms).code == code


def test_market_orders_cannot_be_changed(d: Driver) -> None:
    d.create(d.a, "BTCUSD", "Buy", 10, ord_type="Market", cl_ord_id="x")
    assert d.cancel(d.a, "BTCUSD", cl_ord_id="x").code == 11108
    d.create(d.a, "BTCUSD", "Buy", 10, COIN_M_60K, time_in_force="ImmediateOrCancel", cl_ord_id="y")
    assert d.cancel(d.a, "BTCUSD", cl_ord_id="y").code == 11109


# Many at once.


def test_bulk_cancel_takes_what_it_can(d: Driver) -> None:
    ids = [d.place(d.a, "BTCUSD", "Buy", 1, COIN_M_60K, cl_ord_id=f"x{n}")[0].order_id for n in range(3)]
    reply = d.venue.cancel_many(d.a, "BTCUSD", d.now_ns, order_ids=[ids[0], "nothing"], cl_ord_ids=["x2"])
    assert [order.order_id for order in reply.orders] == [ids[0], ids[2]]
    assert steps(d.run()) == [("Canceled", "Canceled")] * 2
    reply = d.venue.cancel_many(d.a, "BTCUSD", d.now_ns, order_ids=["nothing"])
    assert (reply.code, reply.orders) == (10002, [])


def test_cancel_all_has_two_halves(d: Driver) -> None:
    for price in (COIN_M_60K, COIN_M_60K - USD):
        d.place(d.a, "BTCUSD", "Buy", 1, price)
    d.place(d.a, "BTCUSD", "Buy", 1, ord_type="Stop", stop_px=COIN_M_60K + USD, trigger="ByMarkPrice")
    d.place(d.b, "BTCUSD", "Buy", 1, COIN_M_60K)
    assert d.venue.cancel_all(d.a, Line.COIN_M, d.now_ns, symbols=["BTCUSD"]).count == 2
    assert {r.action for r in d.run()} == {"CancelAll"}
    assert [r.ord_status for r in d.venue.queries.open_orders(d.a, "BTCUSD")] == ["Untriggered"]
    assert d.venue.cancel_all(d.a, Line.COIN_M, d.now_ns, untriggered=True).count == 1
    assert steps(d.run()) == [("Deactivated", "Canceled")]
    assert len(d.venue.queries.open_orders(d.b, "BTCUSD")) == 1
    assert d.venue.cancel_all(d.a, Line.COIN_M, d.now_ns, symbols=["BTCEUR"]).code == 11027


def test_number_of_orders_is_limited() -> None:
    d = Driver(max_active_orders=2, max_conditional_orders=1)
    stop = {"ord_type": "Stop", "stop_px": COIN_M_60K + USD, "trigger": "ByMarkPrice"}
    assert [d.refused(d.a, "BTCUSD", "Buy", 1, COIN_M_60K) for _ in range(3)] == [0, 0, 11032]
    assert [d.refused(d.a, "BTCUSD", "Buy", 1, **stop) for _ in range(2)] == [0, 11031]


# Hedged mode.


def test_hedged_sides_are_two_positions(d: Driver) -> None:
    assert d.venue.set_position_mode(d.a, "BTCUSDT", "Hedged", d.now_ns).code == 0
    d.place(d.b, "BTCUSDT", "Sell", 3 * MILLI_BTC, USD_M_60K)
    d.place(d.b, "BTCUSDT", "Buy", 3 * MILLI_BTC, USD_M_60K - USDT)
    assert d.refused(d.a, "BTCUSDT", "Buy", MILLI_BTC, USD_M_60K, pos_side="Merged") == 20004
    d.place(d.a, "BTCUSDT", "Buy", 2 * MILLI_BTC, USD_M_60K, pos_side="Long")
    d.place(d.a, "BTCUSDT", "Sell", 1 * MILLI_BTC, USD_M_60K - USDT, pos_side="Short")
    states = {state.pos_side: state for state in d.venue.positions(d.a, Line.USD_M, symbol="BTCUSDT")}
    assert [(s.side, s.size) for s in (states["Long"], states["Short"])] == [("Buy", 2_000), ("Sell", 1_000)]
    assert d.refused(d.a, "BTCUSDT", "Buy", 0, USD_M_60K, pos_side="Short") == 11058


def test_hedged_closing_order_never_opens(d: Driver) -> None:
    d.venue.set_position_mode(d.a, "BTCUSDT", "Hedged", d.now_ns)
    assert d.refused(d.a, "BTCUSDT", "Sell", MILLI_BTC, USD_M_60K, pos_side="Long") == 11057
    d.place(d.b, "BTCUSDT", "Sell", MILLI_BTC, USD_M_60K)
    d.place(d.a, "BTCUSDT", "Buy", MILLI_BTC, USD_M_60K, pos_side="Long")
    (report,) = d.place(d.a, "BTCUSDT", "Sell", 5 * MILLI_BTC, USD_M_60K, pos_side="Long")
    assert report.order_qty == MILLI_BTC


def test_a_symbol_that_is_not_listed_is_named_in_the_message(d: Driver) -> None:
    reply = d.create(d.a, "uBTCUSD", "Buy", 1, COIN_M_60K)
    assert (reply.code, reply.name) == (39997, "Symbol not listed uBTCUSD")


@pytest.mark.parametrize("code", [11001, 10002, 11085, 20004, 39108, 39997, 11027])
def test_codes_have_names(code: int) -> None:
    assert not name_of(code).startswith("UNKNOWN")
