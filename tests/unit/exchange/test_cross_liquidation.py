"""Liquidation of cross positions, which the whole account backs, and the debts it can leave."""

from fractions import Fraction

import pytest
from liquidated import BTC, X, balance, cross, forced, fund, open_long, position
from venue_driver import MILLI_BTC, USD_M_60K, USDT, Driver

from tidings.exchange.catalogue import Line


@pytest.fixture
def d() -> Driver:
    """`a` is long 1 BTC, isolated, `b` short."""
    d = Driver(insurance_funds={"USDT": 1_000, "BTC": 1})
    open_long(d)
    return d


def test_cross_position_is_backed_by_the_whole_account() -> None:
    d = cross()
    state = position(d, d.a)
    exact = (6_000 - Fraction("996.4")) / Fraction("0.1") / Fraction("0.9994")  # 3.6 went on the fee to open
    assert exact <= Fraction(state.bankrupt_price, USDT) < exact + Fraction("0.1")
    assert state.liquidation_price == state.bankrupt_price + 300 * USDT
    assert d.set_mark("BTCUSDT", state.liquidation_price + 1) == []
    d.set_mark("BTCUSDT", state.liquidation_price)
    assert forced(d.run(50)) == [(d.a, "Sell", "LiqTrade", 100 * MILLI_BTC, state.bankrupt_price)]
    assert 0 <= balance(d, d.a) <= Fraction("0.01")  # the price was rounded to a tick of 0.1


def test_margin_freed_from_orders_can_save_a_cross_position() -> None:
    d = cross()
    d.place(d.a, "BTCUSDT", "Buy", 50 * MILLI_BTC, 50_000 * USDT)  # holds about 250
    d.place(d.a, "ETHUSDT", "Buy", 10_000, 2_000 * USDT)
    state = position(d, d.a)
    reports = d.set_mark("BTCUSDT", state.liquidation_price)
    assert [(r.instrument.symbol, r.ord_status) for r in reports] == [("BTCUSDT", "Canceled"), ("ETHUSDT", "Canceled")]
    assert forced(d.run(50)) == []
    assert (position(d, d.a).size, position(d, d.a).status) == (100 * MILLI_BTC, "Normal")


def test_margin_freed_on_the_other_side_of_a_hedged_symbol_counts_too() -> None:
    d = Driver(contract_funds={"USDT": 1_000}, insurance_funds={"USDT": 1_000})
    d.venue.set_position_mode(d.a, "BTCUSDT", "Hedged", d.now_ns)
    d.venue.set_leverage(d.a, "BTCUSDT", d.now_ns, long_leverage_er=-10 * X, short_leverage_er=-10 * X)
    d.place(d.b, "BTCUSDT", "Sell", 100 * MILLI_BTC, USD_M_60K)
    d.place(d.a, "BTCUSDT", "Buy", 100 * MILLI_BTC, USD_M_60K, pos_side="Long")
    d.place(d.a, "BTCUSDT", "Sell", 40 * MILLI_BTC, 70_000 * USDT, pos_side="Short")  # holds about 280
    d.place(d.a, "BTCUSDT", "Sell", 40 * MILLI_BTC, 80_000 * USDT, pos_side="Long", reduce_only=True)
    (state, _) = d.venue.positions(d.a, Line.USD_M, symbol="BTCUSDT")
    reports = d.set_mark("BTCUSDT", state.liquidation_price)
    assert [(r.pos_side, r.ord_status) for r in reports] == [("Long", "Canceled"), ("Short", "Canceled")]
    assert forced(d.run(50)) == []
    assert d.net_qty(d.a, "BTCUSDT", Line.USD_M) == 100 * MILLI_BTC


def test_cross_accounts_other_positions_count() -> None:
    d = cross(2_000)
    d.place(d.b, "ETHUSDT", "Sell", 10**6, 3_000 * USDT)
    d.place(d.a, "ETHUSDT", "Buy", 10**6, 3_000 * USDT)
    assert d.set_mark("BTCUSDT", 52_000 * USDT) == []  # 800 lost of 2,000
    assert d.run(60) == []
    d.set_mark("ETHUSDT", 2_100 * USDT)  # 900 more: it is the account that is in danger
    reports = d.run(60)
    assert {r.user_id for r in reports if r.trade_type == "LiqTrade"} == {d.a}
    assert balance(d, d.a) >= 0
    d.run(200)
    account = d.venue.account(d.a, Line.USD_M, "USDT")
    assert account.balance >= account.total_used_balance >= 0
    assert account.liq_status == "Normal"


def test_gap_through_two_cross_positions_leaves_nothing_and_no_debt() -> None:
    d = cross(2_000)
    d.place(d.b, "ETHUSDT", "Sell", 10**6, 3_000 * USDT)
    d.place(d.a, "ETHUSDT", "Buy", 10**6, 3_000 * USDT)
    d.venue.markets["ETHUSDT"].mark_price = 1_000 * USDT
    d.set_mark("BTCUSDT", 20_000 * USDT)
    d.run(200)
    assert 0 <= balance(d, d.a) < 1
    assert (position(d, d.a).size, position(d, d.a, "ETHUSDT").size) == (0, 0)


def test_funding_can_liquidate(d: Driver) -> None:
    account = d.venue.account(d.a, Line.USD_M, "USDT")
    free = account.balance - account.total_used_balance
    assert d.venue.assign_margin(d.a, "BTCUSDT", "", account.total_used_balance + free, d.now_ns).code == 0
    d.set_mark("BTCUSDT", 60_000 * USDT)
    d.venue.funding.rates["BTCUSDT"].paid_rate_er = lambda due_ns: 2_000_000 * 400  # 800 %: 480,000 USDT
    d.now_ns = 1_760_025_600 * 10**9
    d.run(0)
    assert position(d, d.a).status == "Normal"
    d.now_ns += 8 * 3_600 * 10**9
    d.run(0)
    assert forced(d.run(50))[0][2] == "LiqTrade"
    assert balance(d, d.a) >= 0


def test_position_is_not_closed_beyond_its_bankruptcy_price(d: Driver) -> None:
    assert d.refused(d.a, "BTCUSDT", "Sell", BTC, 54_000 * USDT - USDT // 10) == 11054
    assert d.refused(d.b, "BTCUSDT", "Buy", BTC, 66_000 * USDT) == 0, "its cross account has more behind it"
    d.venue.cancel_all(d.b, Line.USD_M, d.now_ns, symbols=["BTCUSDT"])
    (order,) = d.place(d.a, "BTCUSDT", "Sell", BTC, 54_000 * USDT)[-1:]
    assert d.amend(d.a, "BTCUSDT", order_id=order.order_id, price=53_000 * USDT).code == 11054


def test_market_order_stops_at_the_bankruptcy_price(d: Driver) -> None:
    d.place(d.b, "BTCUSDT", "Buy", BTC // 2, 54_500 * USDT)
    d.place(d.b, "BTCUSDT", "Buy", BTC, 53_900 * USDT)
    reports = d.place(d.a, "BTCUSDT", "Sell", BTC, ord_type="Market")
    assert [(r.exec_qty, r.price) for r in reports if r.user_id == d.a and r.is_trade] == [(BTC // 2, 54_000 * USDT)]


def test_debt_of_an_account_without_positions_is_the_funds() -> None:
    """A loss is realised on the strength of a profit elsewhere that is gone when it is taken."""
    d = cross()
    e = d.venue.user_ids[3]
    d.place(d.b, "ETHUSDT", "Sell", 10**6, 3_000 * USDT)
    d.place(d.a, "ETHUSDT", "Buy", 10**6, 3_000 * USDT)
    d.venue.markets["ETHUSDT"].mark_price = 5_000 * USDT  # 2,000 won
    d.place(e, "BTCUSDT", "Buy", 100 * MILLI_BTC, 45_000 * USDT)
    d.place(d.a, "BTCUSDT", "Sell", 100 * MILLI_BTC, 45_000 * USDT)
    owed = 1_500 + Fraction("2.7") + Fraction("1.8") - Fraction("996.4")
    assert (balance(d, d.a), fund(d)) == (-owed, 1_000), "its other position is still there"
    d.place(d.b, "ETHUSDT", "Buy", 10**6, 3_000 * USDT)
    d.place(d.a, "ETHUSDT", "Sell", 10**6, 3_000 * USDT)
    owed += Fraction("1.8")
    assert (balance(d, d.a), fund(d)) == (0, 1_000 - owed)


def test_hedged_sides_back_each_other() -> None:
    d = Driver(contract_funds={"USDT": 2_000}, insurance_funds={"USDT": 1_000})
    d.venue.set_position_mode(d.a, "BTCUSDT", "Hedged", d.now_ns)
    for side, pos_side, other in (("Buy", "Long", "Sell"), ("Sell", "Short", "Buy")):
        d.place(d.b, "BTCUSDT", other, 100 * MILLI_BTC, USD_M_60K)
        d.place(d.a, "BTCUSDT", side, 100 * MILLI_BTC, USD_M_60K, pos_side=pos_side)
    long, short = d.venue.positions(d.a, Line.USD_M, symbol="BTCUSDT")
    assert d.set_mark("BTCUSDT", 30_000 * USDT) == []  # 3,000 lost, 3,000 won
    assert d.run(100) == []
    assert d.set_mark("BTCUSDT", 110_000 * USDT) == []
    assert d.run(100) == []
    assert [state.size for state in d.venue.positions(d.a, Line.USD_M, symbol="BTCUSDT")] == [long.size, short.size]


def test_profit_elsewhere_backs_a_cross_position() -> None:
    d = cross(2_000)
    d.place(d.b, "ETHUSDT", "Sell", 10**6, 3_000 * USDT)
    d.place(d.a, "ETHUSDT", "Buy", 10**6, 3_000 * USDT)
    d.venue.markets["ETHUSDT"].mark_price = 5_000 * USDT  # 2,000 won
    assert d.set_mark("BTCUSDT", 40_000 * USDT) == []  # 2,000 lost
    assert d.run(100) == []
    d.venue.markets["ETHUSDT"].mark_price = 3_000 * USDT
    assert d.set_mark("BTCUSDT", 40_000 * USDT) == []
    assert forced(d.run(50)) != []


def test_profit_of_an_isolated_position_backs_nothing_else() -> None:
    d = cross(2_000)
    d.venue.set_leverage(d.a, "ETHUSDT", d.now_ns, leverage_er=10 * X)
    d.place(d.b, "ETHUSDT", "Sell", 10**6, 3_000 * USDT)
    d.place(d.a, "ETHUSDT", "Buy", 10**6, 3_000 * USDT)
    d.venue.markets["ETHUSDT"].mark_price = 5_000 * USDT  # 2,000 won
    d.set_mark("BTCUSDT", 40_000 * USDT)  # 2,000 lost
    assert [(r.user_id, r.instrument.symbol) for r in d.run(50) if r.trade_type == "LiqTrade"] == [(d.a, "BTCUSDT")]
    assert position(d, d.a, "ETHUSDT").size == 10**6
