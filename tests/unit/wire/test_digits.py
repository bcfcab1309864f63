"""Digits against Decimal and int: exact both ways, or a named refusal."""

import re
from decimal import Context, Decimal
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tidings.wire.digits import format_decimal, format_fixed, format_int, format_uuid, parse_int, parse_scaled

INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1
EXACT = Context(prec=200)
JSON_NUMBER = re.compile(rb"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")

int64s = st.integers(INT64_MIN, INT64_MAX) | st.integers(-(10**6), 10**6)
scales = st.integers(0, 18)


def plain(mantissa: int, scale: int) -> str:
    """Plain digits by Decimal, trailing zeros dropped."""
    text = format(Decimal(mantissa).scaleb(-scale, EXACT), "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


@given(int64s)
@example(INT64_MIN)
@example(INT64_MAX)
@example(0)
def test_format_int_is_str(value):
    assert format_int(value) == str(value)


@given(st.integers(0, 2**64 - 1))
def test_format_fixed_fills_with_zeros(value):
    assert format_fixed(value, 20) == f"{value:020d}"


@pytest.mark.parametrize(("value", "width"), [(10, 1), (10**10, 10), (0, 0), (1, 41)])
def test_format_fixed_refuses_what_does_not_fit(value, width):
    with pytest.raises(ValueError, match="digits"):
        format_fixed(value, width)


@pytest.mark.parametrize(
    ("mantissa", "scale", "text"),
    [(612500, 4, "61.25"), (560, 1, "56"), (5, 1, "0.5"), (-5, 8, "-0.00000005"), (0, 8, "0"), (100, 0, "100")],
)
def test_format_decimal_as_the_venue_writes(mantissa, scale, text):
    assert format_decimal(mantissa, scale) == text


@given(int64s, scales)
@example(INT64_MIN, 18)
@example(INT64_MIN, 0)
@example(INT64_MAX, 18)
def test_format_decimal_is_plain_decimal(mantissa, scale):
    assert format_decimal(mantissa, scale) == plain(mantissa, scale)


@given(st.uuids())
@example(UUID(int=0))
@example(UUID(int=2**128 - 1))
def test_format_uuid_is_its_usual_text(uuid):
    assert format_uuid(uuid.int >> 64, uuid.int & 2**64 - 1) == str(uuid)


@given(int64s, scales)
def test_parse_scaled_reads_what_decimal_writes(mantissa, scale):
    text = format(Decimal(mantissa).scaleb(-scale, EXACT), "f").encode()

    assert parse_scaled(text, scale) == mantissa


@pytest.mark.parametrize(
    ("text", "scale", "value"),
    [
        (b"0E-8", 8, 0),
        (b"0E-8", 0, 0),
        (b"0e+99999999999", 0, 0),
        (b"-0", 4, 0),
        (b"32000.00000000", 4, 320000000),
        (b"3.093E-5", 8, 3093),
        (b"1.5e3", 0, 1500),
        (b"120e-1", 0, 12),
        (b"9223372036854775807", 0, INT64_MAX),
        (b"-9223372036854775808", 0, INT64_MIN),
        (b"-9.223372036854775808000", 18, INT64_MIN),
        (b"0.000000000000000001", 18, 1),
        (b"1" + b"0" * 30 + b"e-30", 0, 1),
        (b"0." + b"0" * 40, 2, 0),
    ],
)
def test_parse_scaled_is_exact(text, scale, value):
    assert parse_scaled(text, scale) == value


@pytest.mark.parametrize(
    ("text", "scale"),
    [
        (b"9223372036854775808", 0),
        (b"-9223372036854775809", 0),
        (b"92233720368547758070", 0),
        (b"1e19", 0),
        (b"10", 18),
        (b"123456789012345678901", 0),
        (b"10000000000000000000001e5", 0),
        (b"1e999999999999999999999", 0),
    ],
)
def test_parse_scaled_names_overflow(text, scale):
    with pytest.raises(OverflowError):
        parse_scaled(text, scale)


@pytest.mark.parametrize(
    ("text", "scale"), [(b"0.5", 0), (b"1.001", 2), (b"1e-1", 0), (b"0." + b"1" * 30, 18), (b"1e-99999", 18)]
)
def test_parse_scaled_refuses_more_decimals_than_the_scale(text, scale):
    with pytest.raises(ValueError, match="decimals"):
        parse_scaled(text, scale)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"-",
        b".",
        b"1.",
        b".5",
        b"+1",
        b"01",
        b"-01",
        b"00",
        b"1e",
        b"1e+",
        b"e5",
        b"1 ",
        b" 1",
        b"1,0",
        b"0x1",
        b"NaN",
        b"--1",
        b"1.2.3",
        b"1\x00",
        b"\xb1",
        b"1e5.0",
    ],
)
def test_parse_scaled_refuses_what_is_no_number(text):
    with pytest.raises(ValueError, match="not a plain number"):
        parse_scaled(text, 8)


@given(st.text("0123456789.eE+-", max_size=26).map(str.encode), scales)
def test_parse_scaled_agrees_with_decimal_on_any_text(text, scale):
    if not JSON_NUMBER.fullmatch(text):
        with pytest.raises(ValueError, match="not a plain number"):
            parse_scaled(text, scale)
        return
    number = Decimal(text.decode())
    if number and abs(number.adjusted()) > 60:
        with pytest.raises((ValueError, OverflowError)):
            parse_scaled(text, scale)
        return
    scaled = number.scaleb(scale, EXACT) if number else Decimal(0)
    if scaled != scaled.to_integral_value():
        with pytest.raises(ValueError, match="decimals"):
            parse_scaled(text, scale)
    elif not INT64_MIN <= scaled <= INT64_MAX:
        with pytest.raises(OverflowError):
            parse_scaled(text, scale)
    else:
        assert parse_scaled(text, scale) == int(scaled)


@given(st.binary(max_size=30))
def test_parse_int_agrees_with_int_on_any_bytes(text):
    if re.fullmatch(rb"-?(0|[1-9][0-9]*)", text) and INT64_MIN <= int(text) <= INT64_MAX:
        assert parse_int(text) == int(text)
    else:
        with pytest.raises((ValueError, OverflowError)):
            parse_int(text)


@pytest.mark.parametrize("text", [b"1.0", b"1e2", b"0E-8"])
def test_parse_int_takes_no_decimals_and_no_exponents(text):
    with pytest.raises(ValueError, match="not a plain number"):
        parse_int(text)


@pytest.mark.parametrize("scale", [-1, 19])
def test_scales_have_a_limit(scale):
    with pytest.raises(ValueError, match="scale"):
        parse_scaled(b"1", scale)
    with pytest.raises(ValueError, match="scale"):
        format_decimal(1, scale)
