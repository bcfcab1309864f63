"""Users whose fee rates in contracts are not the usual ones: what fills, positions, margins and queries make of them.

By hand: 0.1 BTC at 60,000 is worth 6,000; a taker of 0.05 % pays 3, a maker with a rebate of 0.01 % is paid 0.6.
"""

from fractions import Fraction

import pytest
from money_driver import ask
from venue_driver import COIN_M_60K, MILLI_BTC, SPOT_60K, SPOT_BTC, USD_M_60K, Driver

from tidings.exchange.accounts.margin import value_to_cost_er
from tidings.exchange.catalogue import Line
from tidings.exchange.command import main
from tidings.exchange.markets.matching import BUY

AMOUNT = 10**12


@pytest.fixture
def d() -> Driver:
    return Driver(maker_fee_er=-10_000, taker_fee_er=50_000)


def test_fills_pay_them_and_money_adds_up(d: Driver) -> None:
    d.place(d.b, "BTCUSDT", "Sell", 100 * MILLI_BTC, USD_M_60K)
    reports = d.place(d.a, "BTCUSDT", "Buy", 100 * MILLI_BTC, USD_M_60K)
    paid = {r.user_id: (r.fee_rate_er, Fraction(r.exec_fee, AMOUNT)) for r in reports if r.is_trade}
    assert paid == {d.a: (50_000, 3), d.b: (-10_000, Fraction("-0.6"))}
    balances = [Fraction(d.venue.account(user, Line.USD_M, "USDT").balance, AMOUNT) for user in (d.a, d.b)]
    assert balances == [500_000 - 3, 500_000 + Fraction("0.6")]
    assert Fraction(d.venue.state.house.fees[Line.USD_M, "USDT"], AMOUNT) == Fraction("2.4")


def test_positions_margins_and_queries_show_them(d: Driver) -> None:
    d.place(d.b, "BTCUSD", "Sell", 10, COIN_M_60K)
    (state,) = d.venue.positions(d.a, Line.COIN_M, symbol="BTCUSD")
    assert (state.maker_fee_rate_er, state.taker_fee_rate_er) == (-10_000, 50_000)
    linear = d.venue.catalogue.instruments["BTCUSDT"]
    assert value_to_cost_er(linear, BUY, 10 * 10**8) == 10_000_000 + 50_000 * 19 // 10
    answer = ask(d, "GET", "/api-data/futures/fee-rate", settleCurrency="USDT")
    rows = {row["symbol"]: row for row in answer["symbolFeeRates"]}
    assert (rows["BTCUSDT"]["makerFeeRateEr"], rows["BTCUSDT"]["takerFeeRateEr"]) == (-10_000, 50_000)


def test_spot_and_other_exchanges_keep_theirs(d: Driver) -> None:
    d.place(d.b, "sBTCUSDT", "Sell", SPOT_BTC // 100, SPOT_60K)
    reports = d.place(d.a, "sBTCUSDT", "Buy", SPOT_BTC // 100, SPOT_60K)
    assert {r.fee_rate_er for r in reports if r.is_trade} == {100_000}
    other = Driver().venue.catalogue.instruments["BTCUSDT"]
    assert (other.maker_fee_er, other.taker_fee_er) == (10_000, 60_000)


@pytest.mark.parametrize("words", [["--maker-fee", "-0.02"], ["--taker-fee", "-0.0001"], ["--taker-fee", "6e-4"]])
def test_rate_out_of_bounds_is_refused_by_name(words: list[str], capsys) -> None:
    with pytest.raises(SystemExit) as ending:
        main(words)
    assert ending.value.code == 2
    said = capsys.readouterr().err
    assert f"argument {words[0]}: a fee rate is a number from" in said and words[1] in said
