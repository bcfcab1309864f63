from decimal import Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidings.exchange.scaled import eight_places, from_text, quoted, rescale, to_text


@pytest.mark.parametrize(
    ("text", "scale", "value"),
    [("61250.5", 4, 612505000), ("0", 8, 0), ("-0.5", 1, -5), ("1.0", 0, 1), ("0.00000001", 8, 1), ("007", 0, 7)],
)
def test_text_becomes_an_integer(text: str, scale: int, value: int) -> None:
    assert from_text(text, scale) == value


@pytest.mark.parametrize("text", ["", ".5", "5.", "1e5", "+1", " 1", "1_000", "0x1", "NaN", "١", "1" * 31, "1.234"])
def test_what_is_not_a_plain_decimal_of_the_scale_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="decimal"):
        from_text(text, 2)


@pytest.mark.parametrize(
    ("value", "scale", "text"),
    [(560, 1, "56"), (5, 1, "0.5"), (-5, 2, "-0.05"), (0, 12, "0"), (12, 0, "12"), (1_234_500, 4, "123.45")],
)
def test_integers_are_written_without_trailing_zeros(value: int, scale: int, text: str) -> None:
    assert to_text(value, scale) == text


@given(st.integers(-(10**25), 10**25), st.integers(0, 12))
def test_text_has_the_value_that_decimal_says(value: int, scale: int) -> None:
    assert Decimal(to_text(value, scale)) == Decimal(value).scaleb(-scale)
    assert from_text(to_text(value, scale), scale) == value


def test_rescaling_to_a_coarser_grid_truncates() -> None:
    assert (rescale(12345, 4, 2), rescale(-1, 2, 0), rescale(12, 0, 3)) == (123, -1, 12000)


@pytest.mark.parametrize("value", [2**63 - 1, 2**63, -(2**63) + 1, -(2**63), 10**18, 10**19, 10**40])
@pytest.mark.parametrize("scale", [0, 8, 18, 19, 30])
def test_numbers_around_sixty_three_bits_are_exact(value: int, scale: int) -> None:
    with localcontext(prec=80):
        plain = format(Decimal(value).scaleb(-scale), "f")
    assert to_text(value, scale) == (plain.rstrip("0").rstrip(".") if "." in plain else plain)
    if value != 10**40:  # more digits than a request may have
        assert from_text(to_text(value, scale), scale) == value


@pytest.mark.parametrize(
    ("value", "text"), [(0, '"0"'), (5, '"0.05"'), (-1_230, '"-12.3"'), (10**30, '"1' + "0" * 28 + '"')]
)
def test_a_json_string_holds_the_same(value: int, text: str) -> None:
    assert quoted(value, 2) == text


@pytest.mark.parametrize(
    ("value", "scale", "text"),
    [
        (0, 4, "0E-8"),
        (1, 8, "1E-8"),
        (99, 8, "9.9E-7"),
        (100, 8, "0.00000100"),
        (600_000_000, 4, "60000.00000000"),
        (123_456_789, 8, "1.23456789"),
        (-5, 4, "-0.00050000"),
        (10**30, 8, "1" + "0" * 22 + ".00000000"),
    ],
)
def test_a_real_number_beside_an_integer_has_eight_places(value: int, scale: int, text: str) -> None:
    assert eight_places(value, scale) == text
