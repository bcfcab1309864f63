"""The FIX codec and simplefix understand each other, and no bytes at all break ours."""

from decimal import Decimal

import pytest
import simplefix
from fix_text import ORDER, REPORT, raw_frame
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tidings.errors import FieldError
from tidings.fix.dictionary import FIX44
from tidings.fix.framer import Framer
from tidings.fix.message import FixMessage, FixParser
from tidings.fix.pretty import pretty
from tidings.fix.reader import FixReader, ReadResult
from tidings.fix.writer import FixWriter

LENGTHS = {90, 93, 95, 212, 348, 350, 352, 354, 356, 358, 360, 362, 364, 445, 618, 621}
# simplefix knows lengths of later versions as well; ours does not take their data by count.
LATER_LENGTHS = set(simplefix.FixParser().raw_len_tags) - LENGTHS
DATA = set(simplefix.FixParser().raw_data_tags)
FRAME = {8, 9, 10, 35}
PLAIN_TAGS = st.integers(1, 65535).filter(lambda tag: tag not in LENGTHS | LATER_LENGTHS | DATA | FRAME)
VALUES = st.binary(min_size=1, max_size=40).filter(lambda value: b"\x01" not in value)
DATA_PAIRS = st.tuples(st.sampled_from([90, 95, 212, 348, 354, 445, 621]), st.binary(min_size=1, max_size=60))
FIELDS = st.lists(st.one_of(st.tuples(PLAIN_TAGS, VALUES), DATA_PAIRS), max_size=40)
TYPES = st.sampled_from([b"D", b"8", b"A", b"AE", b"XLQ"])


def written(msg_type: bytes, fields: list[tuple[int, bytes]]) -> bytes:
    writer = FixWriter()
    writer.begin(msg_type)
    for tag, value in fields:
        (writer.put_data if tag in LENGTHS else writer.put)(tag, value)
    return writer.end()


@settings(deadline=None)
@given(TYPES, FIELDS)
def test_ours_to_theirs_to_ours_gives_the_same_pairs(msg_type: bytes, fields: list[tuple[int, bytes]]) -> None:
    text, reader, parser = written(msg_type, fields), FixReader(), simplefix.FixParser()
    assert reader.read(text) is ReadResult.OK
    parser.append_buffer(text)
    theirs = parser.get_message()
    assert [(int(tag), value) for tag, value in theirs.pairs] == reader.fields()
    again = theirs.encode()
    assert again == text
    assert FixMessage.from_simplefix(theirs).encode() == text
    assert FixMessage.from_fields(reader.fields()).encode() == text


@settings(deadline=None)
@given(TYPES, FIELDS, st.lists(st.integers(1, 2000), max_size=6))
@example(b"B", [(95, b"ab\x01")], [31])
@example(b"B", [(95, b"ab\x01")], [31, 31, 32])  # between the data and its SOH
def test_any_split_of_any_stream(msg_type: bytes, fields: list[tuple[int, bytes]], cuts: list[int]) -> None:
    text = written(msg_type, fields)
    stream, framer, parser = text + ORDER + text, Framer(), FixParser()
    framed, parsed, start = [], [], 0
    for end in [*sorted(cuts), len(stream)]:
        framer.feed(stream[start:end])
        parser.append_buffer(stream[start:end])
        framed += iter(framer.next, None)
        parsed += [message.encode(raw=True) for message in iter(parser.get_message, None)]
        start = max(start, end)
    assert framed == parsed == [text, ORDER, text]


@settings(deadline=None)
@given(st.lists(st.tuples(PLAIN_TAGS, VALUES), min_size=1, max_size=60))
def test_fields_are_found_by_tag(fields: list[tuple[int, bytes]]) -> None:
    reader = FixReader()
    reader.read(written(b"D", fields))
    for tag in {tag for tag, _ in fields}:
        values = [value for other, value in fields if other == tag]
        assert [reader.find(tag, nth) for nth in range(len(values) + 1)] == [*values, None]


@settings(deadline=None)
@given(st.integers(-(2**63), 2**63 - 1), st.integers(0, 18))
@example(-(2**63), 18)
def test_fixed_point_survives(mantissa: int, scale: int) -> None:
    writer, reader = FixWriter(), FixReader()
    writer.begin(b"D")
    writer.put_fixed(44, mantissa, scale)
    reader.read(writer.end())
    exact = Decimal(mantissa).scaleb(-scale)
    assert reader.get_decimal(44) == exact
    if mantissa > -(2**63):
        read_mantissa, read_scale = reader.get_fixed(44)
        assert Decimal(read_mantissa).scaleb(-read_scale) == exact


@settings(deadline=None)
@given(st.integers(0, 9_214_646_399_999_999_999))
def test_time_survives_at_nine_digits(unix_ns: int) -> None:
    writer, reader = FixWriter(), FixReader()
    for digits, unit_ns in ((9, 1), (6, 1000), (3, 10**6), (0, 10**9)):
        writer.begin(b"0")
        writer.put_time(52, unix_ns, digits)
        reader.read(writer.end())
        assert reader.get_time_ns(52) == unix_ns // unit_ns * unit_ns


def ask_everything(reader: FixReader, data: bytes) -> None:
    """Every question there is; only the answers may be errors."""
    reader.read(data)
    for tag in {8, 9, 35, 10, 95, 96, 268, 453, 0, -1, *(tag for tag, _ in reader.fields()[:50])}:
        reader.find(tag)
        reader.find(tag, 1)
        for get in (reader.get_int, reader.get_fixed, reader.get_decimal, reader.get_bool, reader.get_char,
                    reader.get_time_ns, reader.get_bytes):  # fmt: skip
            try:
                get(tag)
            except FieldError as error:
                assert error.tag == tag
    for layout in FIX44.groups(reader.msg_type).values():
        try:
            for entry in reader.groups(layout):
                entry.fields()
        except FieldError:
            pass
    pretty(data)


PIECES = st.lists(
    st.one_of(
        st.sampled_from([b"8=FIX.4.4\x01", b"9=5\x01", b"35=8\x01", b"10=000\x01", b"95=3\x01", b"96=", b"=", b"-"]),
        st.sampled_from([b"136=2\x01137=1\x01", b"552=1\x0154=1\x01", b"268=1\x01269=0\x01", b"8=", b"\x0110="]),
        st.binary(max_size=12),
    ),
    max_size=25,
).map(b"".join)  # fmt: skip
READER = FixReader()


@settings(deadline=None, max_examples=400)
@given(PIECES, st.booleans())
def test_no_bytes_break_the_reader_or_the_framer(data: bytes, is_framed: bool) -> None:
    ask_everything(READER, raw_frame(b"35=8\x01" + data) if is_framed else data)
    framer = Framer(max_message_bytes=200)
    framer.feed(data)
    for message in iter(framer.next, None):
        ask_everything(READER, message)


@settings(deadline=None)
@given(st.sampled_from([ORDER, REPORT]), st.data())
def test_damage_is_never_taken_for_a_message(message: bytes, data: st.DataObject) -> None:
    """One byte changed always changes the sum; two may cancel out, as with any FIX engine."""
    place = data.draw(st.integers(0, len(message) - 1))
    value = data.draw(st.integers(0, 255).filter(lambda value: value != message[place]))
    damaged = message[:place] + bytes([value]) + message[place + 1 :]
    assert FixReader().read(damaged) is not ReadResult.OK


@settings(deadline=None)
@given(st.binary(min_size=1, max_size=30))
def test_value_with_soh_is_refused(value: bytes) -> None:
    writer = FixWriter()
    writer.begin(b"D")
    if b"\x01" in value:
        with pytest.raises(ValueError, match="holds SOH"):
            writer.put(58, value)
    else:
        writer.put(58, value)
        reader = FixReader()
        assert reader.read(writer.end()) is ReadResult.OK
        assert reader.find(58) == value
