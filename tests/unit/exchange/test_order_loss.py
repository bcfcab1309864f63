"""What open orders would lose at the mark price: shown with the position, and covered by the available balance.

By hand, at a mark of 60,000 and 10x: an order for 0.08 BTC at 65,000 is worth 5,200, costs 525.928 as a buy
(0.10114 of it) and loses 0.08 × 5,000 = 400 if it is filled; 0.1 BTC would cost 657.41 and lose 500.
"""

import json
from fractions import Fraction

import pytest
from money_driver import ask
from venue_driver import COIN_M_60K, MILLI_BTC, USD, USD_M_60K, USDT, Driver

from tidings.exchange.catalogue import Line
from tidings.exchange.messages import linear_json

X = 10**8
AMOUNT = 10**12
BTC = 1_000 * MILLI_BTC


@pytest.fixture
def d() -> Driver:
    """`a` has 1,000 USDT and a leverage of 10."""
    d = Driver(contract_funds={"USDT": 1_000, "BTC": 10})
    d.venue.set_leverage(d.a, "BTCUSDT", d.now_ns, leverage_er=10 * X)
    return d


def order_loss(d: Driver, symbol: str = "BTCUSDT") -> Fraction:
    line = d.venue.catalogue.instruments[symbol].line
    return Fraction(d.venue.positions(d.a, line, symbol=symbol)[0].estimated_ord_loss, AMOUNT)


def test_loss_beyond_the_available_balance_is_refused(d: Driver) -> None:
    assert d.refused(d.a, "BTCUSDT", "Buy", 100 * MILLI_BTC, 65_000 * USDT) == 11082
    (report,) = d.run()
    assert (report.ord_status, report.code, report.message) == (
        "Rejected", 11082, "TE: cannot cover estimate order loss",
    )  # fmt: skip
    assert (order_loss(d), d.venue.account(d.a, Line.USD_M, "USDT").total_used_balance) == (0, 0)
    assert d.refused(d.a, "BTCUSDT", "Buy", 160 * MILLI_BTC, 65_000 * USDT) == 11001, "its margin comes first"
    assert d.refused(d.a, "BTCUSDT", "Buy", 80 * MILLI_BTC, 65_000 * USDT) == 0


def test_position_shows_it_and_the_balance_holds_none_of_it(d: Driver) -> None:
    d.place(d.a, "BTCUSDT", "Buy", 80 * MILLI_BTC, 65_000 * USDT)
    assert order_loss(d) == 400
    used = d.venue.account(d.a, Line.USD_M, "USDT").total_used_balance
    assert Fraction(used, AMOUNT) == Fraction("525.928")
    row = next(p for p in ask(d, "GET", "/g-accounts/accountPositions", currency="USDT")["data"]["positions"]
               if p["symbol"] == "BTCUSDT")  # fmt: skip
    assert row["estimatedOrdLossRv"] == "400"
    (state,) = d.venue.positions(d.a, Line.USD_M, symbol="BTCUSDT")
    assert json.loads(linear_json.stream_position(state))["estimatedOrdLossRv"] == "400"
    assert json.loads(linear_json.rest_position_with_pnl(state))["estimatedOrdLossRv"] == "400"


def test_losses_of_several_orders_add_up(d: Driver) -> None:
    d.place(d.a, "BTCUSDT", "Buy", 40 * MILLI_BTC, 65_000 * USDT)
    d.place(d.a, "BTCUSDT", "Buy", 40 * MILLI_BTC, 59_000 * USDT)  # loses nothing, and makes up for nothing
    assert order_loss(d) == 200
    assert d.refused(d.a, "BTCUSDT", "Buy", 40 * MILLI_BTC, 65_000 * USDT) == 11082


def test_amend_is_checked_too_and_a_cancel_frees(d: Driver) -> None:
    (order,) = d.place(d.a, "BTCUSDT", "Buy", 80 * MILLI_BTC, 65_000 * USDT)
    assert d.amend(d.a, "BTCUSDT", order_id=order.order_id, qty=100 * MILLI_BTC).code == 11082
    assert order_loss(d) == 400
    d.cancel(d.a, "BTCUSDT", order_id=order.order_id)
    d.run()
    assert order_loss(d) == 0


def test_part_that_closes_a_position_does_not_count(d: Driver) -> None:
    d.place(d.b, "BTCUSDT", "Sell", 60 * MILLI_BTC, USD_M_60K)
    d.place(d.a, "BTCUSDT", "Buy", 60 * MILLI_BTC, USD_M_60K)
    d.place(d.a, "BTCUSDT", "Sell", 60 * MILLI_BTC, 57_000 * USDT)
    assert order_loss(d) == 0
    d.place(d.a, "BTCUSDT", "Sell", 20 * MILLI_BTC, 57_000 * USDT)
    assert order_loss(d) == 60


def test_closing_is_not_refused_for_lack_of_balance(d: Driver) -> None:
    d.place(d.b, "BTCUSDT", "Sell", 60 * MILLI_BTC, USD_M_60K)
    d.place(d.a, "BTCUSDT", "Buy", 60 * MILLI_BTC, USD_M_60K)
    d.place(d.a, "BTCUSDT", "Buy", 60 * MILLI_BTC, 59_000 * USDT)  # takes nearly all that was left
    assert d.refused(d.a, "BTCUSDT", "Buy", 1 * MILLI_BTC, 64_000 * USDT) == 0
    assert d.refused(d.a, "BTCUSDT", "Sell", 60 * MILLI_BTC, 57_000 * USDT) == 0


def test_inverse_loss_is_in_coin(d: Driver) -> None:
    """3,300 USD at 66,000 are 0.05 BTC, at 60,000 they are 0.055: bought at the former, 0.005 BTC are gone."""
    d.place(d.a, "BTCUSD", "Buy", 3_300, 66_000 * USD)
    assert order_loss(d, "BTCUSD") * AMOUNT == 500_000
    row = next(p for p in ask(d, "GET", "/accounts/accountPositions", currency="BTC")["data"]["positions"]
               if p["symbol"] == "BTCUSD")  # fmt: skip
    assert (row["estimatedOrdLossEv"], row["estimatedOrdLoss"]) == (500_000, 0.005)
    d.place(d.a, "BTCUSD", "Buy", 3_300, COIN_M_60K)
    assert order_loss(d, "BTCUSD") * AMOUNT == 500_000
