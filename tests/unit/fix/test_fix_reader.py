"""One FIX message: its fields in place, its types, and why it is garbled."""

import pytest
from fix_text import REPORT, framed, raw_frame, soh

from tidings.errors import FieldError
from tidings.fix.reader import FixReader, ReadResult


@pytest.fixture
def reader() -> FixReader:
    return FixReader()


def test_every_field_is_there_in_order(reader: FixReader) -> None:
    assert reader.read(REPORT) is ReadResult.OK
    told = b"".join(b"%d=%b\x01" % field for field in reader.fields())
    assert told == REPORT
    assert (reader.msg_type, len(reader), reader.field_count) == (b"8", 30 + 1, 31)


def test_typed_fields(reader: FixReader) -> None:
    reader.read(REPORT)
    assert (reader.get_int(34), reader.get_fixed(137), reader.get_char(150)) == (91, (-2981, 4), b"F")
    assert reader.get_time_ns(60) == 1805016413_608_000_000
    assert reader.find(55) == b"ETHUSDT"
    assert reader.find(9999) is None


GARBLED = [
    ("", ReadResult.NOT_FIRST_THREE),
    ("8", ReadResult.NOT_FIRST_THREE),
    ("9=5|8=FIX.4.4|35=0|10=000|", ReadResult.NOT_FIRST_THREE),
    ("8=FIX.4.4|9=5|34=1|35=0|10=000|", ReadResult.NOT_FIRST_THREE),
    ("8=FIX.4.4|9=4|35=0|10=162|", ReadResult.BAD_BODY_LENGTH),
    ("8=FIX.4.4|9=6|35=0|10=164|", ReadResult.BAD_BODY_LENGTH),
    ("8=FIX.4.4|9=|35=0|10=164|", ReadResult.BAD_BODY_LENGTH),
    ("8=FIX.4.4|9=x|35=0|10=164|", ReadResult.BAD_BODY_LENGTH),
    ("8=FIX.4.4|9=5|35=0|10=000|", ReadResult.BAD_CHECKSUM),
    ("8=FIX.4.4|9=5|35=0|10=63|", ReadResult.BAD_CHECKSUM),
    ("8=FIX.4.4|9=5|35=0|10=0163|", ReadResult.BAD_CHECKSUM),
    ("8=FIX.4.4|9=5|35=0|10=|", ReadResult.BAD_CHECKSUM),
    ("8=FIX.4.4|9=5|35=0|10=abc|", ReadResult.BAD_CHECKSUM),
    ("8=FIX.4.4|9=5|35=0|", ReadResult.CHECKSUM_NOT_LAST),
    ("8=FIX.4.4|9=5|35=0|10=163|58=late|", ReadResult.CHECKSUM_NOT_LAST),
    ("8=FIX.4.4|9=5|35=0|10=163", ReadResult.CHECKSUM_NOT_LAST),
    ("8=FIX.4.4|9=7|35=0||x|10=163|", ReadResult.BAD_TAG),
    ("8=FIX.4.4|9=7|35=0|58|10=163|", ReadResult.BAD_TAG),
    ("8=FIX.4.4|9=7|35=0|+5=1|10=163|", ReadResult.BAD_TAG),
    ("8=FIX.4.4|9=7|35=0|058=1|10=163|", ReadResult.BAD_TAG),
    ("8=FIX.4.4|9=7|35=0|-0=1|10=163|", ReadResult.BAD_TAG),
    ("8=FIX.4.4|9=7|35=0|-01=1|10=163|", ReadResult.BAD_TAG),
    ("8=FIX.4.4|9=7|35=0|1x=1|10=163|", ReadResult.BAD_TAG),
    ("8=FIX.4.4|9=7|35=0|=1|10=163|", ReadResult.BAD_TAG),
    ("8=FIX.4.4|9=7|35=0|-=1|10=163|", ReadResult.BAD_TAG),
    ("8=FIX.4.4|9=7|35=0|2147483648=1|10=163|", ReadResult.BAD_TAG),
    ("8=FIX.4.4|9=7|35=0|99999999999999999999=1|10=163|", ReadResult.BAD_TAG),
    ("8=FIX.4.4|9=7|35=0|95=2|96=abc|10=163|", ReadResult.BAD_DATA_LENGTH),
    ("8=FIX.4.4|9=7|35=0|95=4|96=abc|10=163|", ReadResult.BAD_DATA_LENGTH),
    ("8=FIX.4.4|9=7|35=0|95=99|96=abc|10=163|", ReadResult.BAD_DATA_LENGTH),
    ("8=FIX.4.4|9=7|35=0|95=-1|96=abc|10=163|", ReadResult.BAD_DATA_LENGTH),
    ("8=FIX.4.4|9=7|35=0|95=x|96=abc|10=163|", ReadResult.BAD_DATA_LENGTH),
]


@pytest.mark.parametrize(("text", "result"), GARBLED)
def test_garbled_message_is_told_why(reader: FixReader, text: str, result: ReadResult) -> None:
    assert reader.read(soh(text)) is result


def test_zeros_in_front_of_body_length_are_allowed(reader: FixReader) -> None:
    text = soh("8=FIX.4.4|9=0000005|35=0|")
    assert reader.read(text + b"10=%03d\x01" % (sum(text) % 256)) is ReadResult.OK


@pytest.mark.parametrize("tag", [0, -1, 999, 1199, 1200, 65535, 70000, 2147483647])
def test_any_number_is_a_tag(reader: FixReader, tag: int) -> None:
    assert reader.read(framed(f"35=D|{tag}=x|11=a|")) is ReadResult.OK
    assert (reader.find(tag), reader.index_of(tag), reader.tag_at(3)) == (b"x", 3, tag)


def test_every_truncation_is_garbled(reader: FixReader) -> None:
    for end in range(len(REPORT)):
        assert reader.read(REPORT[:end]) is not ReadResult.OK, end
    assert reader.read(REPORT) is ReadResult.OK


def test_bytes_behind_the_message_are_garbled(reader: FixReader) -> None:
    for tail in (b"8", b"\x01", b"58=x\x01", REPORT):
        assert reader.read(REPORT + tail) is not ReadResult.OK, tail


def test_every_changed_byte_is_noticed(reader: FixReader) -> None:
    for place in range(len(REPORT) - 1):
        changed = bytearray(REPORT)
        changed[place] ^= 4
        assert reader.read(bytes(changed)) is not ReadResult.OK, place


def test_garbled_logon_is_known_as_one(reader: FixReader) -> None:
    for text in ("8=FIX.4.4|35=A|9=5|10=000|", "8=FIX.4.4|9=x|35=A|34=1|10=000|", "8=FIX.4.4|9=9|35=A|x|10=000|"):
        assert reader.read(soh(text)) is not ReadResult.OK
        assert reader.msg_type == b"A"
    reader.read(b"nonsense")
    assert reader.msg_type == b""


DATA_PAIRS = [
    (90, 91), (93, 89), (95, 96), (212, 213), (348, 349), (350, 351), (352, 353), (354, 355), (356, 357), (358, 359),
    (360, 361), (362, 363), (364, 365), (445, 446), (618, 619), (621, 622),
]  # fmt: skip


@pytest.mark.parametrize("pair", DATA_PAIRS)
def test_data_is_taken_by_count(reader: FixReader, pair: tuple[int, int]) -> None:
    data = b"a\x0110=000\x01=\x01"
    body = b"35=B\x01%d=%d\x01%d=%b\x0158=after\x01" % (pair[0], len(data), pair[1], data)
    assert reader.read(raw_frame(body)) is ReadResult.OK
    assert (reader.find(pair[1]), reader.find(58)) == (data, b"after")


def test_length_without_its_data_is_a_field_like_others(reader: FixReader) -> None:
    assert reader.read(framed("35=B|95=3|58=abc|96=x|")) is ReadResult.OK
    assert [reader.find(tag) for tag in (95, 58, 96)] == [b"3", b"abc", b"x"]


def test_repeated_tags_are_counted_in_order(reader: FixReader) -> None:
    for high in (270, 5270, 65535):
        reader.read(framed(f"35=W|268=3|{high}=1|271=a|{high}=2|271=b|{high}=3|"))
        assert [reader.find(high, nth) for nth in range(-1, 5)] == [None, b"1", b"2", b"3", None, None]
        assert [reader.index_of(high, nth) for nth in range(4)] == [4, 6, 8, -1]


def test_large_tags_of_one_bucket_are_told_apart(reader: FixReader) -> None:
    tags = list(range(1200, 6200, 7))
    reader.read(framed("35=D|" + "".join(f"{tag}={tag}|" for tag in tags)))
    assert [reader.find(tag) for tag in tags] == [str(tag).encode() for tag in tags]
    assert [reader.find(tag + 1) for tag in tags] == [None] * len(tags)


def test_a_message_knows_nothing_of_the_one_before(reader: FixReader) -> None:
    reader.read(REPORT)
    reader.read(framed("35=0|"))
    assert [reader.find(tag) for tag in (34, 49, 55, 851)] == [None] * 4
    assert [tag for tag, _ in reader.fields()] == [8, 9, 35, 10]


def test_message_of_many_fields(reader: FixReader) -> None:
    body = "35=X|" + "".join(f"279={index}|" for index in range(20000))
    assert reader.read(framed(body)) is ReadResult.OK
    assert reader.find(279, 19999) == b"19999"


def test_places_outside_are_refused(reader: FixReader) -> None:
    reader.read(framed("35=0|"))
    for place in (-1, 4, 1000):
        with pytest.raises(IndexError, match=f"field {place} of a message with 4 fields"):
            reader.value_at(place)
        with pytest.raises(IndexError):
            reader.tag_at(place)


def test_missing_and_empty_fields_say_so(reader: FixReader) -> None:
    reader.read(framed("35=D|38=|"))
    for tag, words, reject_reason in ((38, "has no value", 4), (44, "is missing", 1)):
        for get in (reader.get_int, reader.get_fixed, reader.get_decimal, reader.get_bool, reader.get_char,
                    reader.get_time_ns, reader.get_bytes):  # fmt: skip
            with pytest.raises(FieldError, match=f"tag {tag} {words}") as caught:
                get(tag)
            assert (caught.value.tag, caught.value.reject_reason) == (tag, reject_reason)


def test_fields_without_a_frame_are_read_with_or_without_the_last_soh():
    reader = FixReader()
    for data in (b"35=D\x0111=a\x0195=3\x0196=x\x01y\x01", b"35=D\x0111=a\x0195=3\x0196=x\x01y"):
        assert reader.read_fields(data) is ReadResult.OK
        assert reader.fields() == [(35, b"D"), (11, b"a"), (95, b"3"), (96, b"x\x01y")]


@pytest.mark.parametrize("data", [b"hello", b"35=D\x01x=1\x01", b"=1", b"35", b"35=D\x01\x0111=a\x01", b"95=9\x0196=x"])
def test_what_is_no_fields_is_garbled(data):
    assert FixReader().read_fields(data)
