"""Scale: what people write becomes ticks and lots exactly, or a GridError that says why not."""

import sys
from decimal import Decimal, InvalidOperation
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tidings.errors import GridError
from tidings.model.enums import ProductLine
from tidings.model.instrument import Instrument
from tidings.model.scale import (
    offset_ticks,
    price_decimal,
    price_text,
    price_ticks,
    qty_decimal,
    qty_lots,
    qty_text,
    quote_qty_decimal,
    quote_qty_lots,
    quote_qty_text,
)

INT64_MAX = 2**63 - 1


def make_instrument(price_scale=1, tick_mantissa=1, qty_scale=3, lot_mantissa=1, **changes):
    return Instrument(**{
        "symbol": "BTCUSDT", "line": ProductLine.LINEAR, "index": 0, "base_currency": "BTC", "quote_currency": "USDT",
        "settle_currency": "USDT", "value_scale": 8, "price_scale": price_scale, "tick_mantissa": tick_mantissa,
        "qty_scale": qty_scale, "lot_mantissa": lot_mantissa, **changes,
    })


LINEAR = make_instrument()
HALF_STEP = make_instrument(price_scale=4, tick_mantissa=5000, qty_scale=8, lot_mantissa=100)


@pytest.mark.parametrize(
    ("value", "ticks"),
    [
        ("61250.0", 612500), ("61250", 612500), ("61250.", 612500), ("0.1", 1), (".1", 1), ("+0.1", 1), ("0.1000", 1),
        ("00061250.10", 612501), ("6.125e4", 612500), ("1E-1", 1), ("0.0001e+3", 1), (61250, 612500), (1, 10),
        (Decimal("61250.0"), 612500), (Decimal("6.125E+4"), 612500), (Decimal("0.1000"), 1), (Decimal("1e-1"), 1),
        ("922337203685477580.7", INT64_MAX), (Decimal("922337203685477580.7"), INT64_MAX),
        (922337203685477580, INT64_MAX - 7),
    ],
)
def test_a_price_on_the_grid_becomes_ticks(value, ticks):
    assert price_ticks(LINEAR, value) == ticks


def test_steps_that_are_not_powers_of_ten():
    assert price_ticks(HALF_STEP, "61250.5") == 122501
    assert qty_lots(HALF_STEP, "0.000003") == 3


@pytest.mark.parametrize(
    ("value", "nearest"),
    [
        ("61250.05", "61250 and 61250.1"), (Decimal("61250.05"), "61250 and 61250.1"), ("0.05", "nearest 0.1"),
        ("1e-999999", "nearest 0.1"), ("0.10000000000000000000000000000000001", "0.1 and 0.2"),
        (Decimal("0." + "9" * 100), "0.9 and 1"),
    ],
)
def test_off_the_grid_names_symbol_step_and_neighbours(value, nearest):
    with pytest.raises(GridError, match=f"BTCUSDT price .* off the grid: the step is 0.1, .*{nearest}$"):
        price_ticks(LINEAR, value)


def test_off_a_coarse_grid():
    with pytest.raises(GridError, match=r"the step is 0\.5, nearest 61250 and 61250\.5$"):
        price_ticks(HALF_STEP, "61250.1")
    with pytest.raises(GridError, match=r"quantity '0\.0000001' .* step is 0\.000001, nearest 0\.000001$"):
        qty_lots(HALF_STEP, "0.0000001")


@pytest.mark.parametrize(
    "value", ["", "+", "-", ".", "-.", "1.2.3", "1_000", " 1", "1 ", "1\n", "1,5", "0x10", "e5", "1e", "1e+", "1e5x",
              "1e5.0", "1e99999999999999999999", "1e-99999999999999999999", "٣", "1\ud800", "1\0", "nan", "NaN", "-inf",
              "Infinity", Decimal("NaN"), Decimal("sNaN"), Decimal("-Infinity")],
)
def test_what_is_not_a_finite_number_is_refused(value):
    with pytest.raises(GridError, match="BTCUSDT price must be a finite decimal number"):
        price_ticks(LINEAR, value)


@pytest.mark.parametrize("exponent", ["9" * 20, "-" + "9" * 20])
def test_an_exponent_that_no_decimal_has_is_refused_too(exponent):
    with pytest.raises(GridError, match="BTCUSDT quantity must be a finite decimal number"):
        qty_lots(LINEAR, f"1e{exponent}")


@pytest.mark.parametrize("value", [61250.0, float("nan"), True, False, None, b"61250", 1j, Fraction(1, 2), [1]])
def test_other_types_are_refused_by_name(value):
    with pytest.raises(GridError, match=f"must be a str, an int or a Decimal, was {type(value).__name__}"):
        price_ticks(LINEAR, value)


@pytest.mark.parametrize(
    "value", ["922337203685477580.8", "9" * 400, 922337203685477581, 10**400, "1e999999999", Decimal("1e999999"),
              Decimal("922337203685477580.8"), "-" + "9" * 30],
)
def test_too_large_is_refused(value):
    with pytest.raises(GridError, match="BTCUSDT price is too large"):
        price_ticks(LINEAR, value)


@pytest.mark.parametrize("zero", ["0", "0.00", "-0", "0e5", 0, Decimal("0E-8"), Decimal("-0"), Decimal("0e999999")])
def test_zero_is_refused_unless_allowed(zero):
    with pytest.raises(GridError, match="BTCUSDT quantity must not be zero"):
        qty_lots(LINEAR, zero)

    assert qty_lots(LINEAR, zero, zero_allowed=True) == 0
    assert price_ticks(LINEAR, zero, zero_allowed=True) == 0


@pytest.mark.parametrize("value", ["-1", "-0.1", "-0.05", -1, Decimal("-61250.05")])
def test_negative_is_refused_even_where_zero_is_allowed(value):
    with pytest.raises(GridError, match="BTCUSDT price must be positive"):
        price_ticks(LINEAR, value, zero_allowed=True)


def test_offsets_are_signed_and_never_zero():
    assert offset_ticks(LINEAR, "-12.5") == -125
    assert offset_ticks(LINEAR, Decimal("12.5")) == 125
    assert offset_ticks(LINEAR, "-0.1") == -1
    with pytest.raises(GridError, match="BTCUSDT price offset must not be zero"):
        offset_ticks(LINEAR, 0)
    with pytest.raises(GridError, match=r"nearest -12\.6 and -12\.5$"):
        offset_ticks(LINEAR, "-12.55")


def test_quote_quantities_count_in_the_value_scale():
    spot = make_instrument(8, 1_000_000, 8, 100, symbol="sBTCUSDT", line=ProductLine.SPOT)

    assert quote_qty_lots(spot, "25.5") == 2_550_000_000
    assert quote_qty_text(spot, 2_550_000_000) == "25.5"
    assert quote_qty_decimal(spot, 1) == Decimal("1e-8")


def test_a_huge_value_is_not_repeated_in_the_message():
    with pytest.raises(GridError) as refused:
        price_ticks(LINEAR, "1" * 1_000_000)

    assert len(str(refused.value)) < 200


@pytest.mark.parametrize(
    ("ticks", "text"), [(612500, "61250"), (612501, "61250.1"), (1, "0.1"), (0, "0"), (-125, "-12.5"), (-1, "-0.1")]
)
def test_price_text_is_plain_and_trimmed(ticks, text):
    assert price_text(LINEAR, ticks) == text
    assert price_decimal(LINEAR, ticks) == Decimal(text)


def test_qty_text_without_decimals_keeps_its_zeros():
    contracts = make_instrument(qty_scale=0, lot_mantissa=10)

    assert qty_text(contracts, 100) == "1000"
    assert qty_decimal(contracts, 100) == Decimal(1000)


def test_text_of_the_largest_ticks_does_not_wrap():
    assert price_text(HALF_STEP, INT64_MAX) == "4611686018427387903.5"


grids = st.builds(make_instrument, st.integers(0, 10), st.integers(1, 10**6), st.integers(0, 10), st.integers(1, 10**6))


@given(instrument=grids, ticks=st.integers(1, 10**10))
def test_ticks_survive_the_round_trip(instrument, ticks):
    assert price_ticks(instrument, price_text(instrument, ticks)) == ticks
    assert price_ticks(instrument, price_decimal(instrument, ticks)) == ticks
    assert qty_lots(instrument, qty_text(instrument, ticks)) == ticks
    assert qty_lots(instrument, qty_decimal(instrument, ticks)) == ticks


@given(instrument=grids, ticks=st.integers(1, 10**10))
def test_text_is_what_fractions_say(instrument, ticks):
    expected = Fraction(ticks * instrument.tick_mantissa, 10**instrument.price_scale)

    assert Fraction(price_text(instrument, ticks)) == expected


def slow_ticks(instrument, value):
    """The rule by exact fractions: ticks, or None where the value must be refused."""
    try:
        number = Decimal(value)
    except InvalidOperation:
        return None
    if not number.is_finite() or not -60 < number.adjusted() < 60:
        return None
    steps = Fraction(number) * 10**instrument.price_scale / instrument.tick_mantissa
    if steps.denominator != 1 or steps <= 0 or steps * instrument.tick_mantissa > INT64_MAX:
        return None
    return int(steps)


def checked_ticks(instrument, value):
    try:
        return price_ticks(instrument, value)
    except GridError:
        return None


@given(instrument=grids, value=st.decimals(allow_nan=True, allow_infinity=True))
@example(LINEAR, Decimal("0E-30"))
def test_decimals_agree_with_fractions(instrument, value):
    assert checked_ticks(instrument, value) == slow_ticks(instrument, value)


@given(instrument=grids, value=st.from_regex(r"\A[+-]?[0-9]{0,20}(\.[0-9]{0,20})?([eE][+-]?[0-9]{1,2})?\Z"))
def test_numeric_text_agrees_with_fractions(instrument, value):
    assert checked_ticks(instrument, value) == slow_ticks(instrument, value)


@given(instrument=grids, value=st.integers(-(2**70), 2**70) | st.integers(0, 10**7))
def test_integers_agree_with_fractions(instrument, value):
    assert checked_ticks(instrument, value) == slow_ticks(instrument, value)


@given(value=st.text(max_size=12) | st.text("0123456789.eE+-", max_size=12))
def test_any_text_gives_ticks_or_a_grid_error(value):
    found = checked_ticks(LINEAR, value)

    assert found is None or found == slow_ticks(LINEAR, value)


def test_refusing_does_not_depend_on_the_integer_text_limit():
    # CPython refuses to print an int of more than 4300 digits; our message must still come.
    with pytest.raises(GridError, match="too large"):
        price_ticks(LINEAR, 10 ** (sys.get_int_max_str_digits() + 1))
