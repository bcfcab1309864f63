"""Liquidation where a recording is the market: its prices endanger positions, its quotes take what is sold."""

from fractions import Fraction
from pathlib import Path

import pytest
from recordings import START_NS, USD, Player, Script

from tidings.exchange.catalogue import ONE_ER, Line
from tidings.exchange.reports import OrderReport

FUND = (Line.COIN_M, "BTC")


def forced(reports: list[OrderReport]) -> list[OrderReport]:
    return [report for report in reports if report.trade_type == "LiqTrade"]


def long_at_1000(script: Script, tmp_path: Path) -> Player:
    """User `a` buys 500 contracts from the recording at 1,000, leverage 10: bankrupt at 1,000 ÷ 1.1."""
    player = Player(script, tmp_path)
    assert player.venue.set_leverage(player.a, "BTCUSD", START_NS, leverage_er=10 * ONE_ER).code == 0
    fills = player.place(10, "Buy", 500, 1_000)
    assert [report.exec_qty for report in fills if report.is_trade] == [500]
    return player


@pytest.mark.parametrize("has_mark", [True, False])
def test_recorded_prices_liquidate(tmp_path: Path, has_mark: bool) -> None:
    script = Script().book(0, {995: 700}, {1_000: 700}, kind="snapshot")
    if has_mark:
        script.price(0, ".MBTC", 998).price(1_000, ".MBTC", 912)
    else:
        script.book(1_000, {995: 0, 911: 700}, {1_000: 0, 913: 700})
    player = long_at_1000(script, tmp_path)
    player.to(990)
    assert player.venue.positions(player.a, Line.COIN_M, symbol="BTCUSD")[0].status == "Normal"
    player.to(1_000)
    assert player.venue.positions(player.a, Line.COIN_M, symbol="BTCUSD")[0].status == "Liq"
    (report,) = forced(player.to(1_060))
    assert (report.user_id, report.side, report.exec_qty) == (player.a, "Sell", 500)


def test_fund_gains_what_recorded_quotes_pay(tmp_path: Path) -> None:
    script = Script().book(0, {995: 700}, {1_000: 700}, kind="snapshot")
    script.book(1_000, {995: 0, 911: 300, 910: 700}, {1_000: 0, 913: 700})
    player = long_at_1000(script, tmp_path)
    before = player.venue.state.house.insurance[FUND]
    (report,) = forced(player.to(1_060))
    price = Fraction(report.exec_price, USD)
    assert 909 < price < 910
    value = Fraction(300, 911) + Fraction(200, 910)  # in BTC: what the quotes paid for the 500 contracts
    gained = player.venue.state.house.insurance[FUND] - before
    assert abs(gained - (Fraction(500) / price - value) * 10**8) <= 3  # each value is truncated
    assert gained > 0
    assert player.venue.state.counters.liquidations == 1
    assert player.book()[0] == {910: 500}
