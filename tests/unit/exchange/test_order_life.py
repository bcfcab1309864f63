"""What the account stream says about each kind of order. Sequences: phemex docs 2026 and captures, order lifecycle."""

import pytest
from venue_driver import COIN_M_60K, MILLI_BTC, SPOT_60K, SPOT_BTC, USD, USD_M_60K, USDT, Driver, steps

from tidings.exchange.reports import NIL_UUID

NEW = ("New", "New")


@pytest.fixture
def d() -> Driver:
    return Driver()


def offer(d: Driver, qty: int = 100, price: int = COIN_M_60K, **terms) -> str:
    """User b offers on BTCUSD; the order id."""
    return d.place(d.b, "BTCUSD", "Sell", qty, price, **terms)[0].order_id


# Limit orders.


def test_nothing_is_reported_before_the_matching_delay(d: Driver) -> None:
    d.create(d.a, "BTCUSD", "Buy", 1, COIN_M_60K)
    assert d.run(ms=4) == []
    assert steps(d.run(ms=1)) == [NEW]


def test_resting_order_is_reported_new_with_its_place_in_the_book(d: Driver) -> None:
    (report,) = d.place(d.a, "BTCUSD", "Buy", 4, 86_770_000, cl_ord_id="x1")
    assert (report.ord_status, report.exec_status, report.trade_type, report.exec_id) == ("New", "New", "", NIL_UUID)
    assert (report.leaves_qty, report.leaves_value, report.cum_qty) == (4, 46098, 0)
    assert report.added_seq == report.exec_seq == d.venue.markets["BTCUSD"].sequence
    assert (report.action, report.message, report.code) == ("New", "No error", 0)


def test_displayed_quantity_is_shown_while_the_order_counts(d: Driver) -> None:
    """0 in replies, the whole order in New and fill events, 0 again when cancelled (captures of 2022 to 2025)."""
    assert d.create(d.a, "BTCUSD", "Buy", 4, COIN_M_60K, cl_ord_id="x").order.display_qty == 0
    assert [r.display_qty for r in d.run()] == [4]
    d.cancel(d.a, "BTCUSD", cl_ord_id="x")
    assert [r.display_qty for r in d.run()] == [0]


def test_aggressive_order_is_new_and_filled_in_one_update(d: Driver) -> None:
    offer(d)
    reports = d.place(d.a, "BTCUSD", "Buy", 100, COIN_M_60K + 5 * USD)
    assert len([u for u in d.updates if u.user_id == d.a]) == 1
    mine = [r for r in reports if r.user_id == d.a]
    assert steps(mine) == [NEW, ("Filled", "TakerFill")]
    assert mine[0].exec_seq == mine[1].exec_seq == mine[1].added_seq
    assert mine[0].transact_time_ns == mine[1].transact_time_ns
    fill = mine[1]
    assert (fill.exec_qty, fill.exec_price, fill.exec_value) == (100, COIN_M_60K, 166_666)  # 100 / 60000 BTC
    assert (fill.exec_fee, fill.fee_rate_er, fill.last_liquidity_ind) == (100, 60_000, "RemovedLiquidity")
    assert (fill.trade_type, fill.leaves_qty, fill.cum_qty, fill.cum_value) == ("Trade", 0, 100, 166_666)
    assert (fill.cur_pos_side, fill.cur_pos_size, fill.cur_acc_balance) == ("Buy", 100, 10 * 10**8 - 100)


def test_maker_is_told_of_its_fill_with_the_makers_fee(d: Driver) -> None:
    offer(d, qty=150)
    reports = d.place(d.a, "BTCUSD", "Buy", 100, COIN_M_60K)
    (maker,) = [r for r in reports if r.user_id == d.b]
    assert (maker.ord_status, maker.exec_status, maker.leaves_qty) == ("PartiallyFilled", "MakerFill", 50)
    assert (maker.exec_fee, maker.last_liquidity_ind) == (17, "AddedLiquidity")  # 16.67 rounded up
    assert (maker.cur_pos_side, maker.cur_pos_size) == ("Sell", 100)


def test_each_fill_of_one_match_has_its_own_execution_id(d: Driver) -> None:
    offer(d, 30, COIN_M_60K)
    offer(d, 30, COIN_M_60K + USD)
    reports = d.place(d.a, "BTCUSD", "Buy", 60, COIN_M_60K + USD)
    mine = [r for r in reports if r.user_id == d.a]
    assert steps(mine) == [NEW, ("PartiallyFilled", "TakerFill"), ("Filled", "TakerFill")]
    assert [(r.exec_price, r.exec_qty, r.leaves_qty) for r in mine[1:]] == [
        (COIN_M_60K, 30, 30), (COIN_M_60K + USD, 30, 0),
    ]  # fmt: skip
    assert len({r.exec_id for r in reports if r.is_trade}) == 4
    assert len({r.exec_seq for r in reports}) == 1


def test_linear_fill_has_the_exact_fee(d: Driver) -> None:
    d.place(d.b, "BTCUSDT", "Sell", 3 * MILLI_BTC, USD_M_60K)
    fill = [r for r in d.place(d.a, "BTCUSDT", "Buy", 3 * MILLI_BTC, USD_M_60K) if r.user_id == d.a][-1]
    assert fill.exec_value == 180 * 10**12
    assert fill.exec_fee == 108 * 10**9  # 180 × 0.0006 = 0.108
    assert fill.avg_price == USD_M_60K


def test_spot_buyer_pays_the_fee_in_base_and_seller_in_quote(d: Driver) -> None:
    d.place(d.b, "sBTCUSDT", "Sell", SPOT_BTC // 10, SPOT_60K)
    reports = d.place(d.a, "sBTCUSDT", "Buy", SPOT_BTC // 10, SPOT_60K)
    buyer, seller = [r for r in reports if r.is_trade]  # the taker heard of its order first
    assert (buyer.exec_fee, buyer.fee_currency) == (10_000, "BTC")  # 0.1 BTC × 0.001
    assert (seller.exec_fee, seller.fee_currency) == (6 * 10**8, "USDT")  # 6000 × 0.001
    assert buyer.cur_base_wallet == 10 * SPOT_BTC + SPOT_BTC // 10 - 10_000
    assert buyer.cur_quote_wallet == (500_000 - 6_000) * 10**8


# Time in force.


def test_post_only_order_that_would_trade_is_aborted_with_reason_101(d: Driver) -> None:
    offer(d)
    (report,) = d.place(d.a, "BTCUSD", "Buy", 1, COIN_M_60K, time_in_force="PostOnly")
    assert (report.ord_status, report.exec_status, report.cxl_rej_reason) == ("Canceled", "Aborted", 101)
    assert (report.leaves_qty, report.exec_qty, report.cum_qty, report.trade_type) == (0, 1, 0, "")


def test_post_only_order_that_rests_is_new(d: Driver) -> None:
    assert steps(d.place(d.a, "BTCUSD", "Buy", 1, COIN_M_60K, time_in_force="PostOnly")) == [NEW]


def test_fill_or_kill_is_killed_with_reason_100(d: Driver) -> None:
    offer(d, qty=5)
    (report,) = d.place(d.a, "BTCUSD", "Buy", 6, COIN_M_60K, time_in_force="FillOrKill")
    assert (report.ord_status, report.cxl_rej_reason, report.cum_qty) == ("Canceled", 100, 0)


def test_fill_or_kill_that_can_fill_fills(d: Driver) -> None:
    offer(d, qty=6)
    reports = d.place(d.a, "BTCUSD", "Buy", 6, COIN_M_60K, time_in_force="FillOrKill")
    assert steps(reports, d.a) == [NEW, ("Filled", "TakerFill")]


def test_immediate_or_cancel_keeps_its_fill_and_loses_the_rest(d: Driver) -> None:
    offer(d, qty=5)
    reports = d.place(d.a, "BTCUSD", "Buy", 8, COIN_M_60K, time_in_force="ImmediateOrCancel")
    mine = [r for r in reports if r.user_id == d.a]
    assert steps(mine) == [NEW, ("PartiallyFilled", "TakerFill"), ("Canceled", "Expired")]
    assert (mine[2].cxl_rej_reason, mine[2].exec_qty, mine[2].cum_qty, mine[2].leaves_qty) == (100, 3, 5, 0)


def test_market_order_gets_a_protective_price_and_never_rests(d: Driver) -> None:
    offer(d, qty=5)
    reports = [r for r in d.place(d.a, "BTCUSD", "Buy", 8, ord_type="Market") if r.user_id == d.a]
    assert steps(reports) == [NEW, ("PartiallyFilled", "TakerFill"), ("Canceled", "Expired")]
    assert {r.price for r in reports} == {618_000_000}  # 3 % through the best offer
    assert {r.time_in_force for r in reports} == {"ImmediateOrCancel"}


def test_market_order_does_not_trade_beyond_its_protection(d: Driver) -> None:
    offer(d, qty=5)
    offer(d, qty=5, price=618_001_000)
    reports = d.place(d.a, "BTCUSD", "Buy", 8, ord_type="Market")
    assert [r.exec_qty for r in reports if r.is_trade and r.user_id == d.a] == [5]


def test_spot_market_buy_by_quote_spends_at_most_its_budget(d: Driver) -> None:
    d.place(d.b, "sBTCUSDT", "Sell", SPOT_BTC, SPOT_60K)
    terms = {"ord_type": "Market", "qty_type": "ByQuote", "quote_qty": 1_000 * 10**8}
    reports = [r for r in d.place(d.a, "sBTCUSDT", "Buy", 0, **terms) if r.user_id == d.a]
    assert steps(reports) == [NEW, ("Filled", "TakerFill")]
    fill = reports[-1]
    assert fill.exec_qty == 1_666_600  # 0.016666 BTC: 1000/60000 cut to six decimals
    assert (fill.cum_value, fill.quote_qty, fill.order_qty) == (99_996_000_000, 100_000_000_000, 0)
    assert d.venue.wallets(d.a, "USDT")[0].locked_trading_balance == 0


def test_spot_market_sell_by_quote_sells_what_brings_the_amount(d: Driver) -> None:
    d.place(d.b, "sBTCUSDT", "Buy", SPOT_BTC, SPOT_60K)
    terms = {"ord_type": "Market", "qty_type": "ByQuote", "quote_qty": 600 * 10**8}
    fill = [r for r in d.place(d.a, "sBTCUSDT", "Sell", 0, **terms) if r.user_id == d.a][-1]
    assert (fill.ord_status, fill.exec_qty, fill.exec_value) == ("Filled", 1_000_000, 600 * 10**8)
    assert d.venue.wallets(d.a, "BTC")[0].locked_trading_balance == 0


# Cancel and amend.


def test_canceled_order_reports_the_canceled_quantity(d: Driver) -> None:
    order_id = offer(d, qty=100)
    d.place(d.a, "BTCUSD", "Buy", 30, COIN_M_60K)
    d.cancel(d.b, "BTCUSD", order_id=order_id)
    (report,) = d.run()
    assert (report.ord_status, report.exec_status, report.action) == ("Canceled", "Canceled", "Cancel")
    assert (report.exec_qty, report.leaves_qty, report.cum_qty, report.trade_type) == (70, 0, 30, "")
    assert report.exec_id == NIL_UUID
    assert len(d.venue.markets["BTCUSD"].book.asks) == 0


def test_cancel_that_comes_too_late_is_rejected_and_the_order_stays_filled(d: Driver) -> None:
    order_id = offer(d, qty=10)
    d.create(d.a, "BTCUSD", "Buy", 10, COIN_M_60K)
    assert d.cancel(d.b, "BTCUSD", order_id=order_id).code == 0
    reports = [r for r in d.run() if r.user_id == d.b]
    assert steps(reports) == [("Filled", "MakerFill"), ("Filled", "CancelRejected")]
    assert (reports[1].code, reports[1].action, reports[1].trade_type) == (11063, "Cancel", "")


def test_amended_order_goes_to_the_end_of_the_queue_even_when_smaller(d: Driver) -> None:
    first = offer(d, qty=10)
    second = offer(d, qty=10)
    d.amend(d.b, "BTCUSD", order_id=first, qty=9)
    (report,) = d.run()
    assert (report.ord_status, report.exec_status, report.trade_type) == ("New", "Replaced", "Replace")
    assert (report.order_id, report.order_qty, report.leaves_qty) == (first, 9, 9)
    fills = [r for r in d.place(d.a, "BTCUSD", "Buy", 10, COIN_M_60K) if r.is_trade and r.user_id == d.b]
    assert [r.order_id for r in fills] == [second]


def test_amend_through_the_market_trades(d: Driver) -> None:
    offer(d, qty=10)
    order_id = d.place(d.a, "BTCUSD", "Buy", 10, COIN_M_60K - USD)[0].order_id
    d.amend(d.a, "BTCUSD", order_id=order_id, price=COIN_M_60K + USD)
    reports = [r for r in d.run() if r.user_id == d.a]
    assert steps(reports) == [("New", "Replaced"), ("Filled", "TakerFill")]
    assert reports[1].exec_price == COIN_M_60K


def test_amend_of_a_partly_filled_order_keeps_what_is_filled(d: Driver) -> None:
    order_id = offer(d, qty=10)
    d.place(d.a, "BTCUSD", "Buy", 4, COIN_M_60K)
    d.amend(d.b, "BTCUSD", order_id=order_id, qty=7, price=COIN_M_60K + USD)
    (report,) = d.run()
    assert (report.ord_status, report.cum_qty, report.leaves_qty, report.order_qty) == ("PartiallyFilled", 4, 3, 7)


def test_amend_below_what_was_filled_meanwhile_cancels(d: Driver) -> None:
    order_id = offer(d, qty=10)
    d.create(d.a, "BTCUSD", "Buy", 6, COIN_M_60K)
    assert d.amend(d.b, "BTCUSD", order_id=order_id, qty=5).code == 0
    reports = [r for r in d.run() if r.user_id == d.b]
    assert steps(reports) == [("PartiallyFilled", "MakerFill"), ("Canceled", "ReplaceToCanceled")]
    assert reports[-1].cum_qty == 6


def test_amend_that_comes_too_late_is_rejected(d: Driver) -> None:
    order_id = offer(d, qty=10)
    d.create(d.a, "BTCUSD", "Buy", 10, COIN_M_60K)
    d.amend(d.b, "BTCUSD", order_id=order_id, qty=20)
    reports = [r for r in d.run() if r.user_id == d.b]
    assert steps(reports) == [("Filled", "MakerFill"), ("Filled", "CancelRejected")]
    assert (reports[1].code, reports[1].order_qty) == (11066, 10)


# Reduce-only.


def long_of(d: Driver, qty: int) -> None:
    """Give user a a long position bought from b."""
    offer(d, qty=qty)
    d.place(d.a, "BTCUSD", "Buy", qty, COIN_M_60K)


def test_reduce_only_order_is_cut_to_the_position(d: Driver) -> None:
    long_of(d, 10)
    (report,) = d.place(d.a, "BTCUSD", "Sell", 25, COIN_M_60K + USD, reduce_only=True)
    assert (report.order_qty, report.leaves_qty, report.exec_inst) == (10, 10, "ReduceOnly")


def test_resting_reduce_only_order_shrinks_with_the_position(d: Driver) -> None:
    long_of(d, 10)
    d.place(d.a, "BTCUSD", "Sell", 10, COIN_M_60K + USD, reduce_only=True)
    d.place(d.b, "BTCUSD", "Buy", 4, COIN_M_60K - USD)
    reports = [r for r in d.place(d.a, "BTCUSD", "Sell", 4, COIN_M_60K - USD) if r.user_id == d.a]
    assert steps(reports) == [NEW, ("Filled", "TakerFill"), ("New", "Replaced")]
    assert (reports[2].order_qty, reports[2].leaves_qty) == (6, 6)


def test_resting_reduce_only_order_is_dropped_when_the_position_closes(d: Driver) -> None:
    long_of(d, 10)
    d.place(d.a, "BTCUSD", "Sell", 10, COIN_M_60K + USD, reduce_only=True)
    d.place(d.b, "BTCUSD", "Buy", 10, COIN_M_60K - USD)
    reports = [r for r in d.place(d.a, "BTCUSD", "Sell", 10, COIN_M_60K - USD) if r.user_id == d.a]
    assert steps(reports)[-1] == ("Canceled", "Aborted")
    assert reports[-1].code == 11011
    assert d.net_qty(d.a, "BTCUSD") == 0
    assert d.venue.queries.open_orders(d.a, "BTCUSD") == []


def test_two_reduce_only_orders_never_flip_the_position(d: Driver) -> None:
    long_of(d, 10)
    d.place(d.a, "BTCUSD", "Sell", 10, COIN_M_60K + USD, reduce_only=True)
    d.place(d.a, "BTCUSD", "Sell", 10, COIN_M_60K + 2 * USD, reduce_only=True)
    d.place(d.b, "BTCUSD", "Buy", 20, COIN_M_60K + 2 * USD)
    assert d.net_qty(d.a, "BTCUSD") == 0


def test_closing_fill_reports_size_and_profit(d: Driver) -> None:
    long_of(d, 100)
    d.place(d.b, "BTCUSD", "Buy", 100, COIN_M_60K + 600 * USD)
    fill = [r for r in d.place(d.a, "BTCUSD", "Sell", 100, COIN_M_60K) if r.user_id == d.a][-1]
    assert (fill.closed_size, fill.closed_pnl) == (100, 166_666 - 165_016)  # 100/60000 − 100/60600 BTC
    assert (fill.cur_pos_side, fill.cur_pos_size, fill.cur_pos_term) == ("None", 0, 2)


# Self-trade prevention.


def test_taker_cancels_its_owners_resting_order_if_told_so(d: Driver) -> None:
    d.place(d.a, "BTCUSDT", "Sell", MILLI_BTC, USD_M_60K)
    reports = d.place(d.a, "BTCUSDT", "Buy", MILLI_BTC, USD_M_60K + USDT, stp_instruction="CancelMaker")
    assert steps(reports) == [NEW, ("Canceled", "Canceled")]
    assert [r.side for r in reports] == ["Buy", "Sell"]


def test_without_an_instruction_users_may_trade_with_themselves(d: Driver) -> None:
    d.place(d.a, "BTCUSDT", "Sell", MILLI_BTC, USD_M_60K)
    assert len([r for r in d.place(d.a, "BTCUSDT", "Buy", MILLI_BTC, USD_M_60K) if r.is_trade]) == 2


# Spot orders by quote amount.


def test_limit_order_by_quote_becomes_a_base_quantity_and_is_amended_by_quote(d: Driver) -> None:
    terms = {"qty_type": "ByQuote", "quote_qty": 600 * 10**8, "cl_ord_id": "q"}
    (report,) = d.place(d.a, "sBTCUSDT", "Buy", 0, SPOT_60K, **terms)
    assert (report.order_qty, report.leaves_qty, report.quote_qty) == (1_000_000, 1_000_000, 600 * 10**8)
    d.amend(d.a, "sBTCUSDT", orig_cl_ord_id="q", quote_qty=300 * 10**8)
    (report,) = d.run()
    assert (report.exec_status, report.order_qty, report.quote_qty) == ("Replaced", 500_000, 300 * 10**8)
    assert d.venue.wallets(d.a, "USDT")[0].locked_trading_balance == 300 * 10**8


def test_conditional_market_order_by_quote_is_sized_when_it_triggers(d: Driver) -> None:
    d.place(d.b, "sBTCUSDT", "Sell", SPOT_BTC, SPOT_60K)
    d.place(d.b, "sBTCUSDT", "Sell", SPOT_BTC, SPOT_60K + 100 * 10**8)
    terms = {"qty_type": "ByQuote", "quote_qty": 601 * 10**8, "ord_type": "Stop", "stop_px": SPOT_60K + 100 * 10**8}
    d.place(d.a, "sBTCUSDT", "Buy", 0, **terms)
    reports = d.place(d.b, "sBTCUSDT", "Buy", SPOT_BTC + 100, SPOT_60K + 100 * 10**8)  # trades at the trigger price
    fill = [r for r in reports if r.user_id == d.a][-1]
    assert (fill.ord_status, fill.exec_qty, fill.exec_price) == ("Filled", 1_000_000, SPOT_60K + 100 * 10**8)


def test_amend_that_the_book_refuses_changes_nothing_not_even_the_name() -> None:
    """Between request and book a fill took the money that was set aside for it, and another order what was left."""
    d = Driver(contract_funds={"USDT": 1_000, "BTC": 10})
    d.place(d.a, "BTCUSDT", "Buy", 100 * MILLI_BTC, USD_M_60K, cl_ord_id="old")  # holds about 600
    d.create(d.b, "BTCUSDT", "Sell", MILLI_BTC, USD_M_60K)
    d.run(ms=1)
    reply = d.amend(d.a, "BTCUSDT", orig_cl_ord_id="old", new_cl_ord_id="new", qty=160 * MILLI_BTC)
    assert (reply.code, reply.order.cl_ord_id) == (0, "new")
    assert steps(d.run(ms=4), d.a) == [("PartiallyFilled", "MakerFill")]
    assert d.refused(d.a, "BTCUSDT", "Buy", 60 * MILLI_BTC, USD_M_60K - USDT) == 0
    (refused, *_) = [r for r in d.run() if r.exec_status == "CancelRejected"]
    assert (refused.code, refused.cl_ord_id, refused.order_qty) == (11001, "old", 100 * MILLI_BTC)
    assert {o.cl_ord_id for o in d.venue.queries.open_orders(d.a, "BTCUSDT")} == {"old", ""}
    assert d.amend(d.a, "BTCUSDT", orig_cl_ord_id="old", price=USD_M_60K - USDT).code == 0
