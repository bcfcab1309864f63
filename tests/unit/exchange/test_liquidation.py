"""Liquidation. The reference case by hand: 1 BTC long at 60,000 with leverage 10 is backed by 6,000 and the fee to
close at 54,000, where it is bankrupt; maintenance of its size is 0.5 % of 60,000, so 54,300 liquidates it.
"""

from fractions import Fraction

import pytest
from liquidated import AMOUNT, BTC, X, balance, forced, fund, open_long, position
from venue_driver import COIN_M_60K, MILLI_BTC, USD, USD_M_60K, USDT, Driver

from tidings.exchange.catalogue import Line


@pytest.fixture
def d() -> Driver:
    """`a` is long 1 BTC, isolated, `b` short."""
    d = Driver(insurance_funds={"USDT": 1_000, "BTC": 1})
    open_long(d)
    return d


def test_nothing_happens_before_the_liquidation_price(d: Driver) -> None:
    state = position(d, d.a)
    assert (state.bankrupt_price, state.liquidation_price) == (54_000 * USDT, 54_300 * USDT)
    assert d.set_mark("BTCUSDT", 54_300 * USDT + 1) == []
    assert d.run(100) == []


def test_the_margin_that_liquidates_is_that_of_the_positions_size() -> None:
    """Captured 2024: 0.01 BTC at 25,989.7, 5x, shows 0.0275; bankrupt at 20,791.8, liquidated at 20,921.8."""
    d = Driver()
    d.venue.set_leverage(d.a, "BTCUSDT", d.now_ns, leverage_er=5 * X)
    price = 25_989_700_000_000
    d.place(d.b, "BTCUSDT", "Sell", 10 * MILLI_BTC, price)
    d.place(d.a, "BTCUSDT", "Buy", 10 * MILLI_BTC, price)
    state = position(d, d.a)
    assert state.maint_margin_req_er == 2_750_000
    assert (state.bankrupt_price, state.liquidation_price) == (20_791_800_000_000, 20_921_800_000_000)


def test_position_is_taken_over_at_its_bankruptcy_price(d: Driver) -> None:
    d.set_mark("BTCUSDT", 54_300 * USDT)
    assert position(d, d.a).status == "Liq"
    reports = d.run(50)
    assert forced(reports) == [(d.a, "Sell", "LiqTrade", BTC, 54_000 * USDT)]
    (report,) = reports
    assert (report.action, report.ord_status, report.leaves_qty, report.cum_qty) == ("LiqRequest", "Filled", 0, BTC)
    assert (report.closed_size, report.closed_pnl) == (BTC, -6_000 * AMOUNT)
    assert report.exec_fee == report.cum_fee == Fraction("32.4") * AMOUNT
    assert balance(d, d.a) == 500_000 - 36 - 6_000 - Fraction("32.4")
    state = position(d, d.a)
    assert (state.size, state.side, state.status, state.used_balance) == (0, "None", "Normal", 0)
    assert d.venue.queries.fills(d.a, Line.USD_M)[0].trade_type == "LiqTrade"
    assert d.venue.queries.by_id(d.a, "BTCUSDT", [report.order_id], [])[0].ord_status == "Filled"


def test_what_is_left_of_the_margin_goes_to_the_fund(d: Driver) -> None:
    d.set_mark("BTCUSDT", 54_300 * USDT)
    d.run(50)
    assert fund(d) == 1_000 + 300  # taken over at 54,000, worth 54,300; nobody bid for it


def test_the_book_takes_what_it_can_at_the_bankruptcy_price_or_better(d: Driver) -> None:
    c, e = d.venue.user_ids[2:]
    d.place(c, "BTCUSDT", "Buy", 400 * MILLI_BTC, 55_000 * USDT)
    d.place(e, "BTCUSDT", "Buy", BTC, 53_999 * USDT)
    d.set_mark("BTCUSDT", 54_300 * USDT)
    reports = d.run(50)
    assert [(r.user_id, r.trade_type, r.exec_qty, r.exec_price) for r in reports] == [
        (d.a, "LiqTrade", BTC, 54_000 * USDT), (c, "Trade", 400 * MILLI_BTC, 55_000 * USDT),
    ]  # fmt: skip
    assert fund(d) == 1_000 + Fraction("0.4") * 1_000 + Fraction("0.6") * 300


def test_orders_of_the_position_are_cancelled_and_new_ones_refused(d: Driver) -> None:
    d.place(d.a, "BTCUSDT", "Buy", MILLI_BTC, 50_000 * USDT)
    d.place(d.a, "BTCUSDT", "Sell", BTC, stop_px=56_500 * USDT, ord_type="Stop", trigger="ByLastPrice",
            close_on_trigger=True)  # fmt: skip
    d.place(d.a, "ETHUSDT", "Buy", 10_000, 2_000 * USDT)
    reports = d.set_mark("BTCUSDT", 54_200 * USDT)
    assert [(r.ord_status, r.action) for r in reports] == [("Canceled", "LiqRequest"), ("Deactivated", "LiqRequest")]
    assert d.refused(d.a, "BTCUSDT", "Buy", MILLI_BTC, 50_000 * USDT) == 11023
    assert len(d.venue.queries.open_orders(d.a, "ETHUSDT")) == 1, "an isolated position is liquidated by itself"
    d.run(50)
    assert d.refused(d.a, "BTCUSDT", "Buy", MILLI_BTC, 50_000 * USDT) == 0


def test_position_that_is_safe_again_stays(d: Driver) -> None:
    d.set_mark("BTCUSDT", 54_300 * USDT)
    d.venue.markets["BTCUSDT"].mark_price = 56_000 * USDT
    assert d.run(50) == []
    state = position(d, d.a)
    assert (state.size, state.status) == (BTC, "Normal")
    assert d.updates[-1].positions[0].status == "Normal"


def test_prices_that_go_on_falling_liquidate_once(d: Driver) -> None:
    d.set_mark("BTCUSDT", 54_300 * USDT)
    d.set_mark("BTCUSDT", 54_200 * USDT)
    d.set_mark("BTCUSDT", 54_100 * USDT)
    assert d.venue.state.counters.liquidations == 1
    assert len(forced(d.run(100))) == 1
    assert d.venue.account(d.a, Line.USD_M, "USDT").liq_status == "Normal"


def test_loss_beyond_the_margin_is_the_funds(d: Driver) -> None:
    d.set_mark("BTCUSDT", 53_500 * USDT)
    d.run(50)
    assert fund(d) == 1_000 - 500
    assert position(d, d.b).size == BTC


def test_when_the_fund_cannot_pay_the_other_side_is_deleveraged(d: Driver) -> None:
    reports = []
    d.place(d.b, "BTCUSDT", "Sell", MILLI_BTC, 70_000 * USDT)
    d.set_mark("BTCUSDT", 50_000 * USDT)  # 4,000 beyond bankruptcy, with 1,000 in the fund
    reports = d.run(50)
    assert forced(reports) == [
        (d.a, "Sell", "LiqTrade", BTC, 54_000 * USDT), (d.b, "Buy", "AdlTrade", BTC, 54_000 * USDT),
    ]  # fmt: skip
    assert [r.ord_status for r in reports if r.user_id == d.b] == ["Canceled", "Filled"]
    assert balance(d, d.b) == 500_000 - 6 + 6_000 - Fraction("5.4")  # maker fees of 0.01 %
    assert (fund(d), d.venue.state.counters.deleveraged) == (1_000, 1)
    assert (d.net_qty(d.a, "BTCUSDT", Line.USD_M), d.net_qty(d.b, "BTCUSDT", Line.USD_M)) == (0, 0)
    assert d.venue.state.house.net_qty["BTCUSDT"] == 0


def test_what_an_order_closes_that_deleveraging_lets_fire_is_not_reduced_again(d: Driver) -> None:
    c = d.venue.user_ids[2]
    d.place(d.b, "BTCUSDT", "Sell", MILLI_BTC, 70_000 * USDT)
    d.place(c, "BTCUSDT", "Sell", BTC, 75_000 * USDT)
    d.place(d.b, "BTCUSDT", "Buy", BTC, stop_px=72_000 * USDT, ord_type="Stop", trigger="ByAskPrice",
            reduce_only=True)  # fmt: skip
    d.set_mark("BTCUSDT", 50_000 * USDT)
    reports = d.run(50)  # `b`'s offer goes, the best is 75,000 then, and its stop closes the position there
    assert (d.b, "Trade", 75_000 * USDT) in [(r.user_id, r.trade_type, r.exec_price) for r in reports]
    assert [entry[:3] for entry in forced(reports)] == [(d.a, "Sell", "LiqTrade")]
    assert (d.net_qty(d.b, "BTCUSDT", Line.USD_M), d.net_qty(c, "BTCUSDT", Line.USD_M)) == (0, -BTC)


@pytest.mark.parametrize("ord_type", ["Stop", "StopLimit"])
def test_stop_closes_no_further_than_bankruptcy(d: Driver, ord_type: str) -> None:
    """Through a gap it would cost its owner more than the position's margin; a new order like that gets 11054."""
    c = d.venue.user_ids[2]
    terms = {"price": 50_000 * USDT} if ord_type == "StopLimit" else {}
    d.place(d.a, "BTCUSDT", "Sell", BTC, stop_px=56_000 * USDT, ord_type=ord_type, trigger="ByLastPrice",
            reduce_only=True, **terms)  # fmt: skip
    d.place(c, "BTCUSDT", "Buy", BTC, 53_000 * USDT)
    d.venue.set_price("BTCUSDT", d.now_ns, last=55_000 * USDT)
    reports = d.run()
    assert not [r for r in reports if r.is_trade]
    assert [(r.ord_status, r.code) for r in reports if r.user_id == d.a][-1] == (
        ("Rejected", 11054) if ord_type == "StopLimit" else ("Canceled", 0)
    )
    assert position(d, d.a).size == BTC


def test_highest_return_on_margin_is_deleveraged_first(d: Driver) -> None:
    c, e = d.venue.user_ids[2:]
    d.venue.set_leverage(e, "BTCUSDT", d.now_ns, leverage_er=50 * X)
    for user_id in (c, e):  # `b` passes its short on, half each, at 60,000
        d.place(user_id, "BTCUSDT", "Sell", 500 * MILLI_BTC, USD_M_60K)
    d.place(d.b, "BTCUSDT", "Buy", BTC, USD_M_60K)
    d.place(d.b, "BTCUSDT", "Buy", 700 * MILLI_BTC, 54_000 * USDT)  # the book takes 0.7 of it
    d.set_mark("BTCUSDT", 50_000 * USDT)
    assert forced(d.run(50)) == [
        (d.a, "Sell", "LiqTrade", BTC, 54_000 * USDT), (e, "Buy", "AdlTrade", 300 * MILLI_BTC, 54_000 * USDT),
    ]  # fmt: skip


def test_fund_goes_below_zero_when_nobody_is_left_to_bear_a_loss(d: Driver, caplog) -> None:
    c = d.venue.user_ids[2]
    d.place(c, "BTCUSDT", "Sell", BTC, 52_000 * USDT)  # its entry lies beyond the bankruptcy price
    d.place(d.b, "BTCUSDT", "Buy", BTC, 52_000 * USDT)
    d.set_mark("BTCUSDT", 50_000 * USDT)
    assert forced(d.run(50)) == [(d.a, "Sell", "LiqTrade", BTC, 54_000 * USDT)]
    assert fund(d) == 1_000 - 4_000
    assert "insurance fund" in caplog.text


def test_short_is_liquidated_upwards() -> None:
    d = Driver(insurance_funds={"USDT": 1_000})
    d.venue.set_leverage(d.b, "BTCUSDT", d.now_ns, leverage_er=10 * X)
    d.place(d.b, "BTCUSDT", "Sell", BTC, USD_M_60K)
    d.place(d.a, "BTCUSDT", "Buy", BTC, USD_M_60K)
    state = position(d, d.b)
    assert (state.bankrupt_price, state.liquidation_price) == (66_000 * USDT, 65_700 * USDT)
    assert d.set_mark("BTCUSDT", 65_699 * USDT) == []
    d.set_mark("BTCUSDT", 65_700 * USDT)
    assert forced(d.run(50)) == [(d.b, "Buy", "LiqTrade", BTC, 66_000 * USDT)]
    assert fund(d) == 1_000 + 300


def test_inverse_long_loses_its_margin_and_no_more() -> None:
    d = Driver(insurance_funds={"BTC": 1})
    d.venue.set_leverage(d.a, "BTCUSD", d.now_ns, leverage_er=10 * X)
    d.place(d.b, "BTCUSD", "Sell", 60_000, COIN_M_60K)  # 1 BTC
    d.place(d.a, "BTCUSD", "Buy", 60_000, COIN_M_60K)
    before = d.venue.account(d.a, Line.COIN_M, "BTC")
    margin, state = position(d, d.a, "BTCUSD").assigned_pos_balance, position(d, d.a, "BTCUSD")
    d.set_mark("BTCUSD", state.liquidation_price)
    (report,) = d.run(50)
    lost = before.balance - d.venue.account(d.a, Line.COIN_M, "BTC").balance
    tick_value = 60_000 * 10**8 // (54_545 * 54_545) // 10 + 1  # what a tick of 0.1 at 54,545 is worth, in satoshi
    assert margin - tick_value <= lost <= margin
    at_mark = Fraction(60_000 * 10**12, state.liquidation_price)
    at_bankruptcy = Fraction(60_000 * 10**12, state.bankrupt_price)
    gained = d.venue.state.house.insurance[Line.COIN_M, "BTC"] - 10**8
    assert abs(gained - (at_bankruptcy - at_mark)) <= 1
    assert state.bankrupt_price % USD == report.exec_price % USD
    assert 54_500 * USD < state.bankrupt_price < 54_600 * USD  # 60,000 ÷ 1.1
