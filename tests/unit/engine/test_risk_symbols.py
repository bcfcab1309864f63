"""Each symbol's own limits, by its index."""

import pytest
from order_samples import INVERSE, LINEAR, SPOT

from tidings.engine.risk_symbols import RiskSymbols
from tidings.model.enums import TradingState
from tidings.model.instrument import Instrument

S = 1_000_000_000
CAPPED = Instrument(
    symbol="XUSDT", line=1, index=0, base_currency="X", quote_currency="USDT", settle_currency="USDT",
    price_scale=1, tick_mantissa=1, qty_scale=3, lot_mantissa=1, max_qty_lots=20,
)


def test_limits_begin_with_the_venues_largest_order():
    symbols = RiskSymbols([CAPPED], S, 100)
    assert symbols.limits_of(CAPPED) == (20, 0, 2000)


def test_no_largest_order_leaves_quantity_to_the_value_limits():
    symbols = RiskSymbols([LINEAR], S, 100)
    assert symbols.limits_of(LINEAR) == (0, 0, 0)


def test_each_symbol_has_its_own():
    symbols = RiskSymbols([LINEAR, INVERSE, SPOT], S, 10)
    symbols.limit_qty(LINEAR, 5)
    symbols.limit_position(INVERSE, 7)
    symbols.limit_window_qty(SPOT, 9)
    symbols.set_state(SPOT, TradingState.REDUCING)
    assert [symbols.limits_of(it) for it in (LINEAR, INVERSE, SPOT)] == [(5, 0, 50), (0, 7, 0), (0, 0, 9)]
    states = [symbols.state_of(it) for it in (LINEAR, INVERSE, SPOT)]
    assert states == [TradingState.ACTIVE, TradingState.ACTIVE, TradingState.REDUCING]


def test_window_with_a_limit_of_its_own_does_not_follow_the_largest_order():
    symbols = RiskSymbols([LINEAR], S, 100)
    symbols.limit_window_qty(LINEAR, 150)
    symbols.limit_qty(LINEAR, 50)
    assert symbols.limits_of(LINEAR) == (50, 0, 150)
    symbols.limit_qty(LINEAR, 0)
    assert symbols.limits_of(LINEAR) == (0, 0, 150)


def test_window_of_a_huge_largest_order_does_not_overflow():
    symbols = RiskSymbols([LINEAR], S, 100)
    symbols.limit_qty(LINEAR, 2**62)
    assert symbols.limits_of(LINEAR) == (2**62, 0, 0)


@pytest.mark.parametrize(
    ("method", "lots"), [("limit_qty", -1), ("limit_position", -1), ("limit_window_qty", 0), ("limit_window_qty", -1)]
)
def test_limit_that_makes_no_sense_is_refused(method, lots):
    with pytest.raises(ValueError, match="BTCUSDT"):
        getattr(RiskSymbols([LINEAR], S, 1), method)(LINEAR, lots)


@pytest.mark.parametrize("stranger", [SPOT, INVERSE])
def test_instrument_that_is_not_among_them_is_refused(stranger):
    symbols = RiskSymbols([LINEAR, None], S, 1)
    for ask in (symbols.limits_of, symbols.state_of, lambda it: symbols.limit_position(it, 1)):
        with pytest.raises(ValueError, match=stranger.symbol):
            ask(stranger)
