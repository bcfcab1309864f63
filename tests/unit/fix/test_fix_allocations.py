"""What the codec leaves behind in memory: nothing, once it is warm. Results are freed by who asked for them."""

import gc
import sys

import pytest
from fix_text import ORDER, REPORT

from tidings.fix.framer import Framer
from tidings.fix.layout import FieldKind, MessageLayout
from tidings.fix.reader import FixReader
from tidings.fix.writer import FixWriter

CALLS = 5000
# Caches of the interpreter may settle by a block or two in thousands of calls; a leak would show as thousands.
NOISE_BLOCKS = 10


def blocks_grown(action) -> int:
    """Live blocks added by so many calls, after a warm-up of as many."""
    for _ in range(CALLS):
        action()
    gc.collect()
    gc.disable()
    try:
        before = sys.getallocatedblocks()
        for _ in range(CALLS):
            action()
        return sys.getallocatedblocks() - before
    finally:
        gc.enable()


READER, FRAMER, WRITER = FixReader(), Framer(), FixWriter()
LAYOUT = MessageLayout(b"D", [(11, FieldKind.BYTES), (44, FieldKind.FIXED, 2), (60, FieldKind.TIME)])


def read() -> None:
    READER.read(REPORT)
    READER.get_fixed(31)
    READER.find(17)
    READER.get_time_ns(60)


def cut() -> None:
    FRAMER.feed(ORDER[:70])
    FRAMER.next()
    FRAMER.feed(ORDER[70:] + REPORT)
    while FRAMER.next() is not None:
        pass


def write() -> None:
    WRITER.begin(b"D")
    WRITER.put(11, b"q7f3k2-000412")
    WRITER.put_time(60, 1_805_016_413_589_000_000)
    WRITER.end()


def encode() -> None:
    LAYOUT.encode("q7f3k2-000412", 198735, 1_805_016_413_589_000_000)


@pytest.mark.parametrize("action", [read, cut, write, encode])
def test_nothing_stays(action) -> None:
    assert blocks_grown(action) <= NOISE_BLOCKS


def test_a_leak_would_show() -> None:
    kept: list[bytes] = []
    assert blocks_grown(lambda: kept.append(b"%d" % len(kept))) > CALLS / 2
