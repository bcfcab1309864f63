"""Whole messages off a stream: any split, any merge, and what damage does to the framing."""

import random

import pytest
from fix_text import ORDER, REPORT, framed, soh

from tidings.fix.framer import Framer

HEARTBEAT = framed("35=0|34=5|49=A|52=20270314-09:26:53.589|56=B|")


def messages(stream: bytes, *cuts: int) -> list[bytes]:
    """What a framer makes of `stream` fed in pieces that end at `cuts`."""
    framer, found, start = Framer(), [], 0
    for end in (*cuts, len(stream)):
        framer.feed(stream[start:end])
        found += iter(framer.next, None)
        start = end
    return found


STREAMS = {
    "three": (ORDER + REPORT + HEARTBEAT, [ORDER, REPORT, HEARTBEAT]),
    "junk in front": (b"xx8y" + ORDER, [ORDER]),
    "junk between": (ORDER + b"8 9=1\x01" + HEARTBEAT, [ORDER, HEARTBEAT]),
    "length no number": (soh("8=FIX.4.4|9=a7|35=0|10=000|") + ORDER, [ORDER]),
    "length empty": (soh("8=FIX.4.4|9=|35=0|10=000|") + ORDER, [ORDER]),
    "length negative": (soh("8=FIX.4.4|9=-3|35=0|10=000|") + ORDER, [ORDER]),
    "length too short": (soh("8=FIX.4.4|9=2|35=0|10=000|") + ORDER, [soh("8=FIX.4.4|9=2|35=0|10=000|"), ORDER]),
    "length 0": (soh("8=FIX.4.4|9=0|10=000|") + ORDER, [soh("8=FIX.4.4|9=0|10=000|"), ORDER]),
    "length too long": (soh("8=FIX.4.4|9=7|35=0|10=000|") + ORDER, [soh("8=FIX.4.4|9=7|35=0|10=000|") + ORDER]),
    "9 not second": (soh("8=FIX.4.4|35=0|9=5|34=1|10=000|") + ORDER, [soh("8=FIX.4.4|35=0|9=5|34=1|10=000|"), ORDER]),
}  # fmt: skip


@pytest.mark.parametrize("name", STREAMS)
def test_stream_is_cut_the_same_at_every_split(name: str) -> None:
    stream, expected = STREAMS[name]
    assert messages(stream) == expected
    assert messages(stream, *range(1, len(stream))) == expected
    for cut in range(1, len(stream)):
        assert messages(stream, cut) == expected, cut


def test_two_cuts_anywhere() -> None:
    stream, expected = STREAMS["junk between"]
    for first in range(1, len(stream), 3):
        for second in range(first, len(stream), 5):
            assert messages(stream, first, second) == expected


def test_unfinished_message_waits() -> None:
    framer = Framer()
    framer.feed(ORDER[:-1])
    assert (framer.next(), framer.waiting_bytes) == (None, len(ORDER) - 1)
    framer.feed(ORDER[-1:])
    assert (framer.next(), framer.next(), framer.waiting_bytes) == (ORDER, None, 0)


def test_what_was_dropped_is_counted() -> None:
    framer = Framer()
    framer.feed(b"junk" + soh("8=FIX.4.4|9=x|") + HEARTBEAT)
    assert framer.next() == HEARTBEAT
    assert (framer.garbled_count, framer.dropped_bytes) == (1, 4 + 14)


def padded(size: int) -> bytes:
    """A message of exactly `size` bytes."""
    return next(m for count in range(size) if len(m := framed("35=0|58=" + "x" * (size - count) + "|")) == size)


@pytest.mark.parametrize("step", [1, 7, 1000])
@pytest.mark.parametrize(("size", "is_over"), [(999, False), (1000, False), (1001, True), (5000, True)])
def test_limit_is_the_same_at_every_split(size: int, is_over: bool, step: int) -> None:
    framer, found = Framer(max_message_bytes=1000), []
    stream = HEARTBEAT + padded(size) + HEARTBEAT
    for start in range(0, len(stream), step):
        framer.feed(stream[start : start + step])
        found += iter(framer.next, None)
    assert framer.is_over_limit is is_over
    assert found == ([HEARTBEAT] if is_over else [HEARTBEAT, padded(size), HEARTBEAT])


@pytest.mark.parametrize("head", ["8=", "8=FIX.4.4|9=", "8=FIX.4.4|9=5|", "8=FIX.4.4|9=5|35=0|10="])
@pytest.mark.parametrize("step", [1, 3000])
def test_message_that_never_ends_is_over_the_limit(head: str, step: int) -> None:
    framer = Framer(max_message_bytes=1000)
    stream = soh(head) + b"7" * 2000
    for start in range(0, len(stream), step):
        framer.feed(stream[start : start + step])
        assert framer.next() is None
    assert framer.is_over_limit


def test_length_no_message_can_have_is_over_the_limit_at_once() -> None:
    framer = Framer()
    framer.feed(soh("8=FIX.4.4|9=900000|"))
    assert framer.next() is None
    assert framer.is_over_limit
    framer.feed(HEARTBEAT)
    assert framer.next() is None


def test_junk_is_not_kept() -> None:
    framer = Framer()
    for _ in range(100):
        framer.feed(b"no message in sight, none at all" * 100)
        assert framer.next() is None
    assert not framer.is_over_limit
    assert framer.waiting_bytes <= 1  # it might be the 8 of a message


def test_random_bytes_end_somewhere() -> None:
    choose = random.Random(4)
    pieces = [b"8=", b"\x019=", b"\x0110=", b"\x01", b"FIX", b"35=A", b"5", b"12", b"-", b"8", b"=", b"\x00", b"\xff"]
    pieces.append(HEARTBEAT)
    for _ in range(3000):
        stream = b"".join(choose.choices(pieces, k=choose.randrange(1, 30)))
        whole = messages(stream)
        assert messages(stream, *range(1, len(stream))) == whole
        assert messages(stream, choose.randrange(len(stream) + 1)) == whole
