"""Messages written field by field: expected bytes are framed by hand."""

import pytest
from fix_text import framed, raw_frame

from tidings.fix.writer import FixWriter, Frame, framed_fields, utc_time

NOON_NS = 1_805_025_600_123_456_789  # 2027-03-14 12:00:00.123456789


@pytest.fixture
def writer() -> FixWriter:
    return FixWriter()


def test_message_of_all_kinds(writer: FixWriter) -> None:
    for _ in range(3):  # the buffer is used again
        writer.begin(b"D")
        writer.put_int(34, 107)
        writer.put(49, b"DESK7")
        writer.put_time(52, NOON_NS)
        writer.put_bool(141, True)
        writer.put_bool(43, False)
        writer.put_fixed(44, 198735, 2)
        writer.put_char(54, b"1")
        writer.put_data(95, b"a\x01b")
        assert writer.end() == framed(
            "35=D|34=107|49=DESK7|52=20270314-12:00:00.123|141=Y|43=N|44=1987.35|54=1|95=3|96=a|b|"
        )


NUMBERS = [
    (0, 0, "0"), (0, 5, "0"), (5, 1, "0.5"), (-5, 1, "-0.5"), (1500, 3, "1.5"), (100, 0, "100"), (100, 2, "1"),
    (1, 18, "0.000000000000000001"), (2**63 - 1, 0, "9223372036854775807"), (-(2**63), 18, "-9.223372036854775808"),
]  # fmt: skip


@pytest.mark.parametrize(("mantissa", "scale", "text"), NUMBERS)
def test_fixed_point_is_written_without_trailing_zeros(writer: FixWriter, mantissa: int, scale: int, text: str) -> None:
    writer.begin(b"D")
    writer.put_fixed(44, mantissa, scale)
    assert writer.end() == framed(f"35=D|44={text}|")


@pytest.mark.parametrize(("unix_ns", "digits", "text"), [
    (0, 0, "19700101-00:00:00"),
    (999_999_999, 3, "19700101-00:00:00.999"),
    (951_782_400_000_000_001, 9, "20000229-00:00:00.000000001"),
    (4_107_542_399_999_999_999, 6, "21000228-23:59:59.999999"),
    (9_214_646_399_000_000_000, 0, "22611231-23:59:59"),
])  # fmt: skip
def test_time_is_cut_to_its_digits(writer: FixWriter, unix_ns: int, digits: int, text: str) -> None:
    writer.begin(b"0")
    writer.put_time(52, unix_ns, digits)
    assert writer.end() == framed(f"35=0|52={text}|")


def test_long_message(writer: FixWriter) -> None:
    writer.begin(b"B")
    sizes = (1, 1000, 100_000, 3)
    for size in sizes:
        writer.put(58, b"x" * size)
    assert writer.end() == raw_frame(b"35=B\x01" + b"".join(b"58=" + b"x" * size + b"\x01" for size in sizes))


def test_other_begin_string() -> None:
    writer = FixWriter(b"FIXT.1.1")
    writer.begin(b"0")
    assert writer.end() == framed("35=0|", "FIXT.1.1")


@pytest.mark.parametrize("put", [
    lambda writer: writer.put(58, b""),
    lambda writer: writer.put(58, b"a\x0154=2"),
    lambda writer: writer.put_char(54, b"12"),
    lambda writer: writer.put_data(96, b"x"),
    lambda writer: writer.put_data(95, b""),
    lambda writer: writer.put_fixed(44, 1, 19),
    lambda writer: writer.put_fixed(44, 1, -1),
    lambda writer: writer.put_time(52, 1, 4),
    lambda writer: writer.put_time(52, -1),
    *(lambda writer, tag=tag: writer.put(tag, b"1") for tag in (0, -5, 8, 9, 10, 35)),
])  # fmt: skip
def test_what_would_break_the_message_is_refused_and_leaves_no_trace(writer: FixWriter, put) -> None:
    writer.begin(b"D")
    with pytest.raises(ValueError):
        put(writer)
    writer.put(11, b"a")
    assert writer.end() == framed("35=D|11=a|")


def test_field_outside_of_a_message_is_refused(writer: FixWriter) -> None:
    with pytest.raises(ValueError, match="call begin first"):
        writer.put_int(34, 1)
    with pytest.raises(ValueError, match="no message was begun"):
        writer.end()


def test_fields_are_framed_as_they_are():
    around = Frame(b"FIX.4.4")
    for text in ("x", "a\x01b\x01", "y" * 5000, "é"):
        value = text.encode()
        made = framed_fields(around, b"AE", [(34, b"7")], iter([(58, value), (65535, b"z")]))
        assert made == raw_frame(b"35=AE\x0134=7\x0158=" + value + b"\x0165535=z\x01")
    assert framed_fields(around, b"0", [], []) == raw_frame(b"35=0\x01")
    with pytest.raises(TypeError):
        framed_fields(around, b"0", [(34, "7")], [])
    assert framed_fields(around, b"0", [], []) == raw_frame(b"35=0\x01")


@pytest.mark.parametrize("digits", [0, 3, 6, 9])
def test_a_time_is_cut_and_not_rounded(digits):
    text = b"20260801-12:34:56.987654321"
    unix_ns = 1_785_587_696_987_654_321
    assert utc_time(unix_ns, digits) == (text[:17] if not digits else text[: 18 + digits])
