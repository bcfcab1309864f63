"""Users who are liquidated, and what is asked of them afterwards."""

from fractions import Fraction

from venue_driver import MILLI_BTC, USD_M_60K, Driver

from tidings.exchange.catalogue import Line
from tidings.exchange.reports import OrderReport, PositionState

X = 10**8
BTC = 1_000 * MILLI_BTC
AMOUNT = 10**12  # one USDT
FUND = (Line.USD_M, "USDT")


def open_long(d: Driver) -> None:
    d.venue.set_leverage(d.a, "BTCUSDT", d.now_ns, leverage_er=10 * X)
    d.place(d.b, "BTCUSDT", "Sell", BTC, USD_M_60K)
    d.place(d.a, "BTCUSDT", "Buy", BTC, USD_M_60K)


def fund(d: Driver) -> Fraction:
    return Fraction(d.venue.state.house.insurance[FUND], AMOUNT)


def balance(d: Driver, user_id: int) -> Fraction:
    return Fraction(d.venue.account(user_id, Line.USD_M, "USDT").balance, AMOUNT)


def position(d: Driver, user_id: int, symbol: str = "BTCUSDT") -> PositionState:
    line = d.venue.catalogue.instruments[symbol].line
    return d.venue.positions(user_id, line, symbol=symbol)[0]


def forced(reports: list[OrderReport]) -> list[tuple[int, str, str, int, int]]:
    return [
        (r.user_id, r.side, r.trade_type, r.exec_qty, r.exec_price)
        for r in reports
        if r.trade_type in ("LiqTrade", "AdlTrade")
    ]


def cross(balance_usdt: int = 1_000) -> Driver:
    """`a` is long 0.1 BTC, cross, with little money: 6,000 USDT on 1,000."""
    d = Driver(contract_funds={"USDT": balance_usdt, "BTC": 10}, insurance_funds={"USDT": 1_000})
    d.venue.set_leverage(d.a, "BTCUSDT", d.now_ns, leverage_er=-10 * X)
    d.place(d.b, "BTCUSDT", "Sell", 100 * MILLI_BTC, USD_M_60K)
    d.place(d.a, "BTCUSDT", "Buy", 100 * MILLI_BTC, USD_M_60K)
    return d
