"""Expected numbers: phemex docs 2026 (aop with a taker fee of 0.075 %) and captures of 2024 (accountPositions)."""

from dataclasses import replace

import pytest

from tidings.exchange.accounts.margin import (
    bankruptcy,
    initial_margin_er,
    liquidation_price,
    order_cost,
    position_cost,
    unrealised_pnl,
    value_to_cost_er,
)
from tidings.exchange.catalogue import load_catalogue
from tidings.exchange.markets.matching import BUY, SELL

INSTRUMENTS = load_catalogue().instruments
INVERSE = replace(INSTRUMENTS["BTCUSD"], taker_fee_er=75_000)
LINEAR = INSTRUMENTS["BTCUSDT"]
X = 10**8  # leverage 1


@pytest.mark.parametrize(("leverage_er", "margin_er"), [(0, 1_000_000), (-10 * X, 10_000_000), (3 * X, 33_333_333)])
def test_initial_margin_is_one_over_leverage(leverage_er: int, margin_er: int) -> None:
    assert initial_margin_er(LINEAR, leverage_er) == margin_er


@pytest.mark.parametrize(
    ("instrument", "side", "leverage_er", "cost_er"),
    [
        (INVERSE, BUY, 0, 1_150_750),
        (INVERSE, SELL, 0, 1_149_250),
        (LINEAR, BUY, -10 * X, 10_114_000),
        (LINEAR, SELL, -10 * X, 10_126_000),
        (LINEAR, BUY, 3 * X, 33_433_334),
        (LINEAR, SELL, 3 * X, 33_473_333),
    ],
)
def test_value_to_cost(instrument, side: int, leverage_er: int, cost_er: int) -> None:
    assert value_to_cost_er(instrument, side, leverage_er) == cost_er


def test_order_cost_of_a_captured_order() -> None:
    ltc = INSTRUMENTS["LTCUSDT"]
    assert order_cost(ltc, BUY, -4 * X, 21 * 10**12) == 5_272_050_000_000


@pytest.mark.parametrize(
    ("instrument", "leverage_er", "value", "cost"),
    [
        (INVERSE, 0, 103_596, 1_115),
        (INVERSE, 0, 149_694, 1_611),
        (LINEAR, -4 * X, 14_227_000_000_000, 3_563_152_150_000),
        (LINEAR, 5 * X, 259_897_000_000_000, 52_104_150_560_000),
    ],
)
def test_position_cost_of_a_long(instrument, leverage_er: int, value: int, cost: int) -> None:
    assert position_cost(instrument, BUY, leverage_er, value) == cost


def test_unrealised_pnl_has_the_sign_of_the_side() -> None:
    value, mark = 956_244_200_000_000, 20_735_473_470_960
    assert unrealised_pnl(LINEAR, 46_000, value, mark) == -2_412_420_335_840
    assert unrealised_pnl(LINEAR, -46_000, value, mark) == 2_412_420_335_840
    assert unrealised_pnl(INVERSE, 9, 103_596, 86_786_292) == -107
    assert unrealised_pnl(INVERSE, -9, 103_596, 86_786_292) == 107


def test_bankruptcy_and_liquidation_of_an_isolated_long() -> None:
    price, comm = bankruptcy(LINEAR, 10_000, 259_897_000_000_000, 52_104_150_560_000)
    assert (price, comm) == (20_791_800_000_000, 124_750_560_000)
    assert liquidation_price(LINEAR, 10_000, 25_989_700_000_000, price, 500_000) == 20_921_800_000_000


def test_position_with_more_margin_than_value_cannot_go_bankrupt() -> None:
    ltc = INSTRUMENTS["LTCUSDT"]
    assert bankruptcy(ltc, 200_000, 14_227_000_000_000, 164 * 10**12) == (ltc.tick_size, 1_200_000)
    assert bankruptcy(INVERSE, -9, 103_596, 10**8)[0] == INVERSE.max_price
    assert bankruptcy(LINEAR, 0, 0, 10**12) == (0, 0)
