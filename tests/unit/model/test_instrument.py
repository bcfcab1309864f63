"""Instrument: refuses impossible grids, and values orders exactly."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidings.errors import UsageError
from tidings.model.enums import ProductLine
from tidings.model.instrument import Instrument

INT64_MAX = 2**63 - 1

LINEAR = {
    "symbol": "BTCUSDT", "line": ProductLine.LINEAR, "index": 0, "base_currency": "BTC", "quote_currency": "USDT",
    "settle_currency": "USDT", "price_scale": 1, "tick_mantissa": 1, "qty_scale": 3, "lot_mantissa": 1,
    "value_scale": 8,
}
INVERSE = {
    "symbol": "BTCUSD", "line": ProductLine.INVERSE, "index": 1, "base_currency": "BTC", "quote_currency": "USD",
    "settle_currency": "BTC", "price_scale": 4, "tick_mantissa": 1000, "qty_scale": 0, "lot_mantissa": 1,
    "value_scale": 8,
}
SPOT = {
    "symbol": "sBTCUSDT", "line": ProductLine.SPOT, "index": 2, "base_currency": "BTC", "quote_currency": "USDT",
    "settle_currency": "USDT", "price_scale": 8, "tick_mantissa": 1_000_000, "qty_scale": 8, "lot_mantissa": 100,
    "value_scale": 8,
}


def test_sizes_are_exact_decimals():
    spot = Instrument(**SPOT)

    assert (spot.tick_size, spot.lot_size, spot.contract_size) == (Decimal("0.01"), Decimal("0.000001"), Decimal(1))


def test_base_value_scale_follows_value_scale_unless_given():
    assert Instrument(**SPOT).base_value_scale == 8
    assert Instrument(**SPOT | {"base_value_scale": 2}).base_value_scale == 2


def test_repr_names_symbol_line_and_grid():
    assert repr(Instrument(**LINEAR)) == "<Instrument BTCUSDT LINEAR tick 0.1 lot 0.001>"
    assert repr(Instrument(**LINEAR | {"status": "Delisted"})).endswith("lot 0.001 Delisted>")


def test_fields_cannot_be_changed():
    with pytest.raises(AttributeError):
        Instrument(**LINEAR).tick_mantissa = 5


def test_linear_notional_is_price_times_quantity():
    # 0.01 BTC at 61250.0 USDT
    assert Instrument(**LINEAR).notional(612_500, 10) == Decimal("612.5")


def test_inverse_notional_ignores_the_price():
    hundredth = Instrument(**INVERSE | {"contract_mantissa": 1, "contract_scale": 2})

    assert hundredth.notional(0, 700) == hundredth.notional(61_250, 700) == Decimal(7)


def test_spot_notional_is_price_times_quantity():
    # 0.000001 BTC at 0.01 USDT is 10**-8 USDT, rounded up to the money unit
    assert Instrument(**SPOT).notional(1, 1) == Decimal("0.0001")
    assert Instrument(**SPOT).notional(6_125_000, 10_000) == Decimal("612.5")


@pytest.mark.parametrize("instrument", [Instrument(**LINEAR), Instrument(**INVERSE), Instrument(**SPOT)], ids=repr)
@given(price_ticks=st.integers(-(2**63), INT64_MAX), qty_lots=st.integers(-(2**63), INT64_MAX))
def test_notional_never_wraps(instrument, price_ticks, qty_lots):
    value = abs(qty_lots) * instrument.lot_size.as_integer_ratio()[0] * instrument.contract_size.as_integer_ratio()[0]
    denominator = instrument.lot_size.as_integer_ratio()[1] * instrument.contract_size.as_integer_ratio()[1]
    if instrument.line != ProductLine.INVERSE:
        value *= abs(price_ticks) * instrument.tick_size.as_integer_ratio()[0]
        denominator *= instrument.tick_size.as_integer_ratio()[1]
    expected = min(-(-value * 10_000 // denominator), INT64_MAX)

    assert instrument.notional(price_ticks, qty_lots) * 10_000 == expected


@given(
    price_scale=st.integers(0, 10), tick_mantissa=st.integers(1, 10**7), qty_scale=st.integers(0, 8),
    lot_mantissa=st.integers(1, 10**7), price_ticks=st.integers(0, 10**12), qty_lots=st.integers(0, 10**12),
)
def test_notional_of_any_grid_agrees_with_integers_of_any_size(
    price_scale, tick_mantissa, qty_scale, lot_mantissa, price_ticks, qty_lots
):
    instrument = Instrument(**LINEAR | {
        "price_scale": price_scale, "tick_mantissa": tick_mantissa, "qty_scale": qty_scale,
        "lot_mantissa": lot_mantissa,
    })
    scaled = price_ticks * tick_mantissa * qty_lots * lot_mantissa * 10_000
    expected = min(-(-scaled // 10 ** (price_scale + qty_scale)), INT64_MAX)

    assert instrument.notional(price_ticks, qty_lots) * 10_000 == expected


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"symbol": ""}, "symbol"), ({"symbol": "BTC USDT"}, "symbol"), ({"symbol": "A" * 33}, "symbol"),
        ({"symbol": "BTC\n"}, "symbol"), ({"line": 3}, "line"), ({"line": -1}, "line"), ({"index": -1}, "index"),
        ({"price_scale": 19}, "price_scale"), ({"qty_scale": -1}, "qty_scale"), ({"value_scale": 40}, "value_scale"),
        ({"tick_mantissa": 0}, "tick_mantissa"), ({"lot_mantissa": -5}, "lot_mantissa"),
        ({"contract_mantissa": 0}, "contract_mantissa"), ({"contract_scale": 3}, "contract size"),
        ({"max_price_ticks": -1}, "max_price_ticks"), ({"max_qty_lots": -1}, "max_qty_lots"),
        ({"price_scale": 18, "qty_scale": 18}, "one tick"),
    ],
)
def test_an_impossible_field_is_named(changes, named):
    with pytest.raises(UsageError, match=named):
        Instrument(**LINEAR | changes)


@pytest.mark.parametrize("field", ["tick_mantissa", "price_scale", "max_qty_lots"])
def test_floats_are_refused(field):
    with pytest.raises(TypeError):
        Instrument(**LINEAR | {field: 1.0})
