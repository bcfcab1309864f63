"""What a field's text is worth: every type, at its edges."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from fix_text import framed

from tidings.errors import FieldError
from tidings.fix.reader import FixReader

FORMAT, RANGE = 6, 5


def reading(text: str) -> FixReader:
    reader = FixReader()
    assert not reader.read(framed(f"35=D|44={text}|"))
    return reader


def refusal(get: str, text: str) -> int:
    """The reject reason for this text."""
    with pytest.raises(FieldError, match="tag 44 is ") as caught:
        getattr(reading(text), get)(44)
    return caught.value.reject_reason


INTS = [("0", 0), ("-0", 0), ("7", 7), ("-7", -7), ("007", 7), ("9223372036854775807", 2**63 - 1), ("0" * 40 + "5", 5)]


@pytest.mark.parametrize(("text", "value"), INTS)
def test_whole_number(text: str, value: int) -> None:
    assert reading(text).get_int(44) == value


@pytest.mark.parametrize("text", ["-", "+1", "1.0", "1.", "1e3", " 1", "1 ", "0x1", "1_0", "--1", "1-", "\xb2", "nan"])
def test_text_that_is_no_whole_number(text: str) -> None:
    assert refusal("get_int", text) == FORMAT


FIXED = [
    ("0", 0, 0), ("64321.5", 643215, 1), ("64321.50", 6432150, 2), ("-0.0321", -321, 4), (".5", 5, 1), ("5.", 5, 0),
    ("-.5", -5, 1), ("00012.5", 125, 1), ("0.000000000000000001", 1, 18), ("9223372036854775807", 2**63 - 1, 0),
    ("-9.223372036854775807", -(2**63 - 1), 18),
]  # fmt: skip


@pytest.mark.parametrize(("text", "mantissa", "scale"), FIXED)
def test_fixed_point(text: str, mantissa: int, scale: int) -> None:
    assert reading(text).get_fixed(44) == (mantissa, scale)
    assert reading(text).get_decimal(44) == Decimal(text)


@pytest.mark.parametrize("text", [".", "-", "-.", "1.2.3", "+1", "1e5", "1,5", " 1", "inf", "NaN", "1-2", "\xbd"])
def test_text_that_is_no_number(text: str) -> None:
    assert refusal("get_fixed", text) == refusal("get_decimal", text) == FORMAT


LARGE = ["9223372036854775808", "-9223372036854775809", "1" * 30, "1." + "0" * 19, "0." + "0" * 18 + "1"]


@pytest.mark.parametrize("text", LARGE)
def test_number_of_more_than_64_bits_is_a_decimal(text: str) -> None:
    assert refusal("get_fixed", text) == RANGE
    assert reading(text).get_decimal(44) == Decimal(text)


@pytest.mark.parametrize("text", ["1" * 30 + "x", "1" * 30 + ".1.1", "1." + "0" * 19 + "-"])
def test_large_text_that_is_no_number(text: str) -> None:
    assert refusal("get_fixed", text) == refusal("get_decimal", text) == FORMAT


def test_flags_and_characters() -> None:
    assert (reading("Y").get_bool(44), reading("N").get_bool(44), reading("F").get_char(44)) == (True, False, b"F")
    for text in ("y", "YES", "1", "NO"):
        assert refusal("get_bool", text) == FORMAT
    assert refusal("get_char", "FF") == FORMAT


TIMES = [
    ("19700101-00:00:00", 0), ("19700101-00:00:00.001", 1_000_000), ("19700101-00:00:00.000001", 1000),
    ("19700101-00:00:00.000000001", 1), ("20000229-23:59:59.999", 951_868_799_999_000_000),
    ("16780101-00:00:00", -9_214_560_000_000_000_000), ("22611231-23:59:59.999999999", 9_214_646_399_999_999_999),
]  # fmt: skip


@pytest.mark.parametrize(("text", "unix_ns"), TIMES)
def test_time(text: str, unix_ns: int) -> None:
    assert reading(text).get_time_ns(44) == unix_ns


def test_leap_second_is_the_next_minute() -> None:
    expected_ns = int(datetime(2017, 1, 1, tzinfo=UTC).timestamp()) * 10**9
    assert reading("20161231-23:59:60").get_time_ns(44) == expected_ns


def test_every_day_of_four_centuries_starts_when_it_should() -> None:
    for ordinal in range(datetime(1880, 1, 1).toordinal(), datetime(2261, 12, 31).toordinal(), 11):
        day = datetime.fromordinal(ordinal).replace(tzinfo=UTC)
        expected_ns = int(day.timestamp()) * 10**9
        assert reading(f"{day:%Y%m%d}-00:00:00").get_time_ns(44) == expected_ns


WRONG_TIMES = [
    "20270314", "20270314-09:26", "20270314-09:26:5", "20270314-9:26:53", "20270314 09:26:53", "20270314-09.26:53",
    "20270314-09:26:53.", "20270314-09:26:53.1", "20270314-09:26:53.1234", "20270314-09:26:53,123",
    "20270314-09:26:53.12x", "20271314-09:26:53", "20270014-09:26:53", "20270300-09:26:53", "20270431-09:26:53",
    "20270229-09:26:53", "21000229-09:26:53", "20270314-24:00:00", "20270314-09:60:00", "20270314-09:26:61",
    "2027x314-09:26:53", "00000101-00:00:00", "20270314-09:26:53Z", "20270314-09:26:53.1234567890",
]  # fmt: skip


@pytest.mark.parametrize("text", WRONG_TIMES)
def test_text_that_is_no_time(text: str) -> None:
    assert refusal("get_time_ns", text) == FORMAT


@pytest.mark.parametrize("text", ["16771231-23:59:59", "22620101-00:00:00", "00010101-00:00:00", "99991231-23:59:59"])
def test_time_of_more_than_64_bits(text: str) -> None:
    assert refusal("get_time_ns", text) == RANGE
