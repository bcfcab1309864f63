"""FixMessage and FixParser do to every input what simplefix does to it."""

from datetime import datetime

import pytest
import simplefix
from fix_text import ORDER, REPORT, framed, raw_frame, soh

from tidings.fix.message import (
    BadChecksumValueError,
    BadMessageLengthError,
    FieldOrderError,
    FixMessage,
    FixParser,
    HasPairs,
)


def fill(message: simplefix.FixMessage) -> None:
    message.append_pair(8, "FIX.4.4")
    message.append_pair(35, b"D")
    message.append_pair(11, None)
    message.append_pair("38", 1.5)
    message.append_string("54=1")
    message.append_strings(["58=a=b", "1=é"])
    message.append_data(95, 96, b"x\x01y")
    message.append_utc_timestamp(60, datetime(2027, 3, 14, 9, 26, 53, 589123), precision=6)
    message.append_utc_time_only_parts(273, 9, 26, 53, 589)
    message.append_tz_time_only_parts(1079, 9, 26, offset=-90)
    message.append_pair(49, "DESK7", header=True)
    message.append_pair(56, "VENUE", header=True)
    message.append_pair(58, "second")


def test_message_filled_by_every_append_is_simplefixs() -> None:
    ours, theirs = FixMessage(), simplefix.FixMessage()
    fill(ours)
    fill(theirs)
    assert ours.pairs == theirs.pairs
    assert ours.encode() == theirs.encode()
    assert ours.encode(raw=True) == theirs.encode(raw=True)
    assert ours == theirs == ours.to_simplefix()
    assert (ours.get(58, 2), ours.get(58, 3), ours.count()) == (b"second", None, 14)
    assert 58 in ours
    assert 59 not in ours
    assert ours.remove(58) == theirs.remove(58) == b"a=b"
    assert ours[3] == theirs[3]
    assert type(ours.to_simplefix()) is simplefix.FixMessage
    assert ours.to_simplefix().encode() == FixMessage.from_simplefix(theirs).encode() == ours.encode()


def test_message_without_8_or_35_is_refused_as_by_simplefix() -> None:
    message = FixMessage()
    with pytest.raises(ValueError, match="No message type set"):
        message.encode()
    message.append_pair(35, "0")
    with pytest.raises(ValueError, match="No begin string set"):
        message.encode()


def test_encode_moves_the_frame_and_keeps_the_rest() -> None:
    message = FixMessage()
    for tag, value in ((10, "000"), (55, "X"), (9, "7"), (35, "D"), (11, "a"), (8, "FIX.4.4")):
        message.append_pair(tag, value)
    assert message.encode() == framed("35=D|55=X|11=a|")


STREAMS = {
    "two": ORDER + REPORT,
    "junk in front": b"1=2\x01" + ORDER,
    "junk without equals": b"abc\x01" + ORDER,
    "empty value": framed("35=0|58=|"),
    "wrong sums": soh("8=FIX.4.4|9=1|35=0|10=000|") + REPORT,
    "no type": soh("8=FIX.4.4|9=0|10=000|") + REPORT,
    "9 later": soh("8=FIX.4.4|35=0|9=5|10=000|") + REPORT,
    "data": raw_frame(b"35=B\x0195=9\x0196=a\x0110=000\x01\x0158=b\x01") + REPORT,
    "data far from its length": raw_frame(b"35=B\x0195=3\x0158=b\x0196=a\x01b\x01") + REPORT,
    "data of a later version": raw_frame(b"35=B\x011184=3\x011185=a\x01b\x01") + REPORT,
    "length no number": raw_frame(b"35=B\x0195=x\x0196=a\x01") + REPORT,
    "length of nothing": raw_frame(b"35=B\x0195=3\x0158=x\x01") + raw_frame(b"35=B\x0196=a\x01b\x01") + REPORT,
    "odd tags": framed("35=D|0=a|-5=b|007=c|1_0=d|70000=e|") + REPORT,
    "no tag": framed("35=D|x=a|") + REPORT,
}
# A read that ends there makes simplefix lose step; ours does as both do without the cut.
CUT_BETWEEN_DATA_AND_SOH = {"data", "data far from its length", "length of nothing"}
FLAGS = [
    {},
    {"allow_empty_values": True},
    {"strip_fields_before_begin_string": False},
    {"strip_fields_before_begin_string": False, "allow_missing_begin_string": True},
    {"stop_tag": 11},
    {"stop_byte": b"\n"},
]


def outcome(parser: simplefix.FixParser, stream: bytes, step: int) -> list[object]:
    """Pairs of every message, the error that ended it, and what is left in the buffer."""
    told: list[object] = []
    try:
        for start in range(0, len(stream), step):
            parser.append_buffer(stream[start : start + step])
            while (message := parser.get_message()) is not None:
                told.append((message.pairs, message.begin_string, message.message_type))
    except simplefix.errors.ParsingError as error:
        told.append(repr(error))
    return [*told, parser.get_buffer(), parser.pairs]


@pytest.mark.parametrize("flags", FLAGS, ids=str)
@pytest.mark.parametrize("name", STREAMS)
def test_parser_does_what_simplefixs_does(name: str, flags: dict[str, object]) -> None:
    for step in (1, 50, 10_000):
        ours, theirs = FixParser(**flags), simplefix.FixParser(**flags)
        if name in CUT_BETWEEN_DATA_AND_SOH and step < 10_000:
            assert outcome(ours, STREAMS[name], step)[:-2] == outcome(theirs, STREAMS[name], 10_000)[:-2], step
        else:
            assert outcome(ours, STREAMS[name], step) == outcome(theirs, STREAMS[name], step), step


def test_reset_forgets_a_cut_in_data() -> None:
    parser = FixParser()
    parser.append_buffer(soh("8=FIX.4.4|35=B|95=3|96=abc"))
    assert parser.get_message() is None
    parser.reset()
    parser.append_buffer(ORDER)
    message = parser.get_message()
    assert message is not None
    assert message.encode() == ORDER


def test_private_data_fields() -> None:
    stream = raw_frame(b"35=B\x016000=3\x016001=a\x01b\x01")
    ours, theirs = FixParser(), simplefix.FixParser()
    for parser in (ours, theirs):
        parser.add_raw(6000, 6001)
        parser.remove_raw(95, 96)
    assert outcome(ours, stream, 10_000) == outcome(theirs, stream, 10_000)
    ours.reset()
    assert (ours.get_buffer(), ours.get_message()) == (b"", None)


STRICT = [
    ("8=FIX.4.4|9=6|35=0|10=164|", BadMessageLengthError),
    ("8=FIX.4.4|9=5|35=0|10=000|", BadChecksumValueError),
    ("8=FIX.4.4|35=0|9=5|10=163|", FieldOrderError),
]


@pytest.mark.parametrize(("text", "error"), STRICT)
def test_strict_parser_checks_the_frame(text: str, error: type[Exception]) -> None:
    lax, strict = FixParser(), FixParser(strict=True)
    for parser in (lax, strict):
        parser.append_buffer(soh(text) + ORDER)
    assert lax.get_message() is not None
    with pytest.raises(error):
        strict.get_message()
    message: HasPairs | None = strict.get_message()
    assert message is not None
    assert message.pairs[2:4] == [(b"35", b"D"), (b"34", b"17")]
