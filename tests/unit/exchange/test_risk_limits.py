"""Risk steps, and what is refused beyond them. BTCUSD at leverage 10: 1500 BTC; BTCUSDT at 100: 2,000,000 USDT."""

import pytest
from venue_driver import COIN_M_60K, MILLI_BTC, USD_M_60K, USDT, Driver

from tidings.exchange.accounts.risk_limits import step_for, step_of_size
from tidings.exchange.catalogue import Line, load_catalogue

X = 10**8  # leverage 1 at scale 8
BTC = 10**8
USDT_VALUE = 10**12
INSTRUMENTS = load_catalogue().instruments


@pytest.fixture
def d() -> Driver:
    return Driver(contract_funds={"BTC": 2_000, "USDT": 500_000})


@pytest.mark.parametrize(
    ("symbol", "leverage_er", "limit", "initial_er", "maint_er"),
    [
        ("BTCUSD", -10 * X, 1500 * BTC, 10_000_000, 5_000_000),  # as the catalogue has it
        ("BTCUSD", X, 1500 * BTC, 10_000_000, 5_000_000),
        ("BTCUSD", 0, 150 * BTC, 1_000_000, 500_000),  # cross at the maximum, 100
        ("BTCUSD", 30 * X, 450 * BTC, 3_000_000, 1_500_000),  # 1/30 covers 3 %, not 4 %
        ("BTCUSDT", -100 * X, 2_000_000 * USDT_VALUE, 1_000_000, 500_000),  # as the catalogue has it
        ("BTCUSDT", 5 * X, 20_000_000 * USDT_VALUE, 10_000_000, 2_750_000),  # limit and rate as observed in 2024
        ("LTCUSDT", -4 * X, 1_000_000 * USDT_VALUE, 2_000_000, 1_000_000),
    ],
)
def test_limit_follows_leverage(symbol: str, leverage_er: int, limit: int, initial_er: int, maint_er: int) -> None:
    step = step_for(INSTRUMENTS[symbol], leverage_er)
    assert (step.limit, step.initial_margin_er, step.maint_margin_er) == (limit, initial_er, maint_er)


def test_orders_beyond_the_limit_are_refused(d: Driver) -> None:
    d.venue.set_leverage(d.a, "BTCUSDT", d.now_ns, leverage_er=-100 * X)
    assert d.refused(d.a, "BTCUSDT", "Buy", 33_334 * MILLI_BTC, USD_M_60K) == 11081  # 2,000,040 USDT
    d.place(d.a, "BTCUSDT", "Buy", 30_000 * MILLI_BTC, USD_M_60K)
    assert d.refused(d.a, "BTCUSDT", "Buy", 3_334 * MILLI_BTC, USD_M_60K) == 11081  # with the order before it
    assert d.create(d.a, "BTCUSDT", "Buy", 3_333 * MILLI_BTC, USD_M_60K).code == 0
    assert d.create(d.a, "BTCUSDT", "Sell", 33_332 * MILLI_BTC, USD_M_60K + USDT).code == 0  # apart


def test_position_counts_on_its_side_and_against_the_other(d: Driver) -> None:
    d.venue.set_leverage(d.a, "BTCUSDT", d.now_ns, leverage_er=-100 * X)
    d.place(d.b, "BTCUSDT", "Sell", 20_000 * MILLI_BTC, USD_M_60K)
    d.place(d.a, "BTCUSDT", "Buy", 20_000 * MILLI_BTC, USD_M_60K)
    assert d.refused(d.a, "BTCUSDT", "Buy", 13_333 * MILLI_BTC, USD_M_60K - USDT) == 0  # 1,200,000 + 799,966.67
    assert d.refused(d.a, "BTCUSDT", "Buy", MILLI_BTC, USD_M_60K) == 11081
    assert d.refused(d.a, "BTCUSDT", "Sell", 53_333 * MILLI_BTC, USD_M_60K + USDT) == 11081  # 20 close, 33.333 open
    assert d.refused(d.a, "BTCUSDT", "Sell", 20_000 * MILLI_BTC, USD_M_60K + USDT, reduce_only=True) == 0


def test_orders_that_only_reduce_do_not_count(d: Driver) -> None:
    d.venue.set_leverage(d.a, "BTCUSDT", d.now_ns, leverage_er=-100 * X)
    d.place(d.b, "BTCUSDT", "Sell", 20_000 * MILLI_BTC, USD_M_60K)
    d.place(d.a, "BTCUSDT", "Buy", 20_000 * MILLI_BTC, USD_M_60K)
    for step in (1, 2, 3):  # of each 1,200,000 USDT
        d.place(d.a, "BTCUSDT", "Sell", 20_000 * MILLI_BTC, USD_M_60K + step * USDT, reduce_only=True)
    assert d.refused(d.a, "BTCUSDT", "Sell", 20_000 * MILLI_BTC, USD_M_60K + 9 * USDT) == 0
    assert d.venue.set_leverage(d.a, "BTCUSDT", d.now_ns, leverage_er=-90 * X).code == 0


def test_amend_beyond_the_limit_is_refused_and_changes_nothing(d: Driver) -> None:
    d.venue.set_leverage(d.a, "BTCUSDT", d.now_ns, leverage_er=-100 * X)
    (report,) = d.place(d.a, "BTCUSDT", "Buy", 33_000 * MILLI_BTC, USD_M_60K)
    assert d.amend(d.a, "BTCUSDT", order_id=report.order_id, qty=34_000 * MILLI_BTC).code == 11081
    d.run()
    assert d.venue.queries.open_orders(d.a, "BTCUSDT")[0].order_qty == 33_000 * MILLI_BTC


def set_limit(d: Driver, limit: int) -> int:
    return d.venue.set_risk_limit(d.a, "BTCUSD", limit, d.now_ns).code


def test_risk_limit_can_be_set_to_a_step_the_leverage_allows(d: Driver) -> None:
    assert set_limit(d, 150 * BTC) == 0
    d.run()
    (state,) = d.updates[-1].positions
    assert (state.risk_limit, state.maint_margin_req_er, state.leverage_er) == (150 * BTC, 500_000, -10 * X)
    assert d.refused(d.a, "BTCUSD", "Buy", 9_000_001, COIN_M_60K) == 11081  # 150.00001 BTC
    assert d.refused(d.a, "BTCUSD", "Buy", 9_000_000, COIN_M_60K) == 0
    assert set_limit(d, 1500 * BTC) == 0
    assert set_limit(d, 1501 * BTC) == 11002
    d.venue.cancel_all(d.a, Line.COIN_M, d.now_ns, symbols=["BTCUSD"])
    d.run()
    d.venue.set_leverage(d.a, "BTCUSD", d.now_ns, leverage_er=50 * X)
    assert set_limit(d, 300 * BTC) == 0
    assert set_limit(d, 450 * BTC) == 11002  # asks for 3 %, leverage 50 gives 2 %


def test_risk_limit_below_what_is_held_is_refused(d: Driver) -> None:
    d.place(d.a, "BTCUSD", "Buy", 12_000_000, COIN_M_60K)  # 200 BTC
    assert set_limit(d, 150 * BTC) == 11081
    assert set_limit(d, 300 * BTC) == 0
    assert d.venue.set_leverage(d.a, "BTCUSD", d.now_ns, leverage_er=100 * X).code == 11081
    assert d.venue.positions(d.a, Line.COIN_M, symbol="BTCUSD")[0].risk_limit == 300 * BTC


def test_risk_limit_whose_maintenance_margin_is_not_there_is_refused(d: Driver) -> None:
    set_limit(d, 150 * BTC)
    d.venue.set_leverage(d.a, "BTCUSD", d.now_ns, leverage_er=10 * X)
    set_limit(d, 150 * BTC)
    d.place(d.b, "BTCUSD", "Sell", 600_000, COIN_M_60K)
    d.place(d.a, "BTCUSD", "Buy", 600_000, COIN_M_60K)
    d.set_mark("BTCUSD", COIN_M_60K * 94 // 100)  # the position has lost 6.4 of its 10 %
    assert set_limit(d, 1500 * BTC) == 11003
    assert set_limit(d, 300 * BTC) == 0


def test_margin_that_a_loss_needs_cannot_be_removed(d: Driver) -> None:
    d.venue.set_leverage(d.a, "BTCUSDT", d.now_ns, leverage_er=10 * X)
    d.place(d.b, "BTCUSDT", "Sell", 100 * MILLI_BTC, USD_M_60K)
    d.place(d.a, "BTCUSDT", "Buy", 100 * MILLI_BTC, USD_M_60K)
    assert d.venue.assign_margin(d.a, "BTCUSDT", "Merged", 1_500 * USDT_VALUE, d.now_ns).code == 0
    d.set_mark("BTCUSDT", 52_000 * USDT)  # a loss of 800; bare margin would be 603.24
    assert d.venue.assign_margin(d.a, "BTCUSDT", "Merged", 700 * USDT_VALUE, d.now_ns).code == 11009
    assert d.venue.assign_margin(d.a, "BTCUSDT", "Merged", 1_200 * USDT_VALUE, d.now_ns).code == 0


def test_leverage_that_a_loss_forbids_is_refused(d: Driver) -> None:
    d.venue.set_leverage(d.a, "BTCUSDT", d.now_ns, leverage_er=5 * X)
    d.place(d.b, "BTCUSDT", "Sell", 100 * MILLI_BTC, USD_M_60K)
    d.place(d.a, "BTCUSDT", "Buy", 100 * MILLI_BTC, USD_M_60K)
    d.set_mark("BTCUSDT", 55_000 * USDT)  # 500 of 6,000 lost; leverage 20 would leave 300 of margin
    assert d.venue.set_leverage(d.a, "BTCUSDT", d.now_ns, leverage_er=20 * X).code == 11005
    assert d.venue.positions(d.a, Line.USD_M, symbol="BTCUSDT")[0].leverage_er == 5 * X


def test_a_positions_size_stands_on_the_lowest_step_that_holds_it() -> None:
    """BTCUSDT: up to 2,000,000 USDT 0.5 % keep it from liquidation, more for one unit more."""
    instrument = INSTRUMENTS["BTCUSDT"]
    limit = 2_000_000 * USDT_VALUE
    assert step_of_size(instrument, 1) == step_of_size(instrument, limit) == instrument.risk_steps[0]
    assert step_of_size(instrument, limit).maint_margin_er == 500_000
    assert step_of_size(instrument, limit + 1) == instrument.risk_steps[1]
    assert step_of_size(instrument, 10**30) == instrument.risk_steps[-1]
