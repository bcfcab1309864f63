"""Blocks of entries: refused where they do not fit, taken one by one, and the market's fed on where they lie."""

import contextlib

import pytest
from entry_layout import entry_bytes
from market_instruments import LINEAR

from tidings.clock import ManualClock
from tidings.recorder.entries import Entry, EntryKind
from tidings.recorder.entry_block import EntryBlock
from tidings.venue.phemex.market_stream import MarketListener, MarketStream

KINDS = (None, *EntryKind)
MARKET, CLOCK, CALL = 3, 9, 12
FOREVER_NS = 2**63 - 1


def block_of(content: bytes, count: int, *, first: int = 1, wall_offset_ns: int = 0) -> EntryBlock:
    return EntryBlock(content, first, count, wall_offset_ns, Entry, KINDS, int)


def test_entries_are_taken_with_wall_times() -> None:
    content = entry_bytes(3, 7, b"push", 100) + entry_bytes(9, 0, b"5000", 200) + entry_bytes(3, 7, b"next", 300)
    block = block_of(content, 3, first=11, wall_offset_ns=1000)
    assert (block.left, block.number, block.next_kind(), block.wall_offset_behind_ns) == (3, 11, MARKET, 5000)
    first = block.take()
    assert first == Entry(11, 100, 1100, EntryKind.MARKET, 7, b"push")
    assert type(first) is Entry and type(first.kind) is EntryKind
    assert (block.left, block.number, block.next_kind(), block.wall_offset_ns) == (2, 12, CLOCK, 1000)
    assert block.rest() == [
        Entry(12, 200, 5200, EntryKind.CLOCK, 0, b"5000"),
        Entry(13, 300, 5300, EntryKind.MARKET, 7, b"next"),
    ]
    assert (block.take(), block.rest(), block.next_kind(), block.number) == (None, [], 0, 14)


WHOLE = entry_bytes(3, 7, b"push", 100)


@pytest.mark.parametrize(
    ("content", "count", "words"),
    [
        (WHOLE[:-1], 1, "cut off"),
        (WHOLE[:10], 1, "cut off"),
        (WHOLE, 2, "cut off"),
        (WHOLE + b"x", 1, "behind the last entry"),
        (entry_bytes(14, 0, b"", 0), 1, "kind 14"),
        (entry_bytes(0, 0, b"", 0), 1, "kind 0"),
        (entry_bytes(3, 0, b"", 0, zero=1), 1, "does not know"),
        (entry_bytes(9, 0, b"late", 0), 1, "invalid literal"),
        (b"", -1, "a block of -1 entries"),
        (WHOLE, 2**32 - 1, "entry 2 is cut off"),
    ],
)
def test_what_is_no_block_of_entries_is_refused(content: bytes, count: int, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        block_of(content, count)


def test_what_was_refused_is_no_block_and_no_block_becomes_another() -> None:
    """Whatever is taken off a block relies on its having been looked through."""
    with pytest.raises(TypeError):
        EntryBlock.__new__(EntryBlock)
    with pytest.raises(ValueError, match="cut off"):
        EntryBlock.__new__(EntryBlock, b"", 1, 2, 0, Entry, KINDS, int)
    block = block_of(WHOLE, 1)
    with contextlib.suppress(TypeError, ValueError):
        block.__init__(b"", 1, 2, 0, Entry, KINDS, int)  # type: ignore[misc]
    assert block.rest() == [Entry(1, 100, 100, EntryKind.MARKET, 7, b"push")]


def push(sequence: int) -> bytes:
    return b'{"orderbook_p":{"asks":[["61000.1","1"]],"bids":[["61000","%d"]]},"depth":1,"sequence":%d,' % (
        sequence, sequence
    ) + b'"symbol":"BTCUSDT","timestamp":5,"type":"snapshot"}'  # fmt: skip


class Told(MarketListener):
    """What a book was when it was told, by which clock."""

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.heard: list[tuple[int, int, int, int]] = []
        self.block: EntryBlock | None = None
        self.next_kinds: list[int] = []

    def book_changed(self, book, now_ns):
        clock = self.clock
        self.heard.append((book.sequence, now_ns, clock.read_now_ns(), clock.read_wall_ns()))
        if self.block is not None:
            self.next_kinds.append(self.block.next_kind())


def told_of() -> tuple[Told, dict[int, MarketStream]]:
    told = Told(ManualClock())
    return told, {7: MarketStream({"BTCUSDT": LINEAR}, told)}


def test_market_messages_are_fed_on_at_their_times_up_to_the_last() -> None:
    content = b"".join(entry_bytes(MARKET, 7, push(number), 100 * number) for number in (1, 2, 3))
    told, takers = told_of()
    told.block = block = block_of(content, 3, wall_offset_ns=1000)
    assert block.feed_market(takers, told.clock, FOREVER_NS) == 2
    assert told.heard == [(1, 100, 100, 1100), (2, 200, 200, 1200)]
    assert told.next_kinds == [MARKET, MARKET], "who is told may look at what comes next"
    assert block.take() == Entry(3, 300, 1300, EntryKind.MARKET, 7, push(3))


@pytest.mark.parametrize(
    ("behind", "before_ns", "fed"),
    [
        ([(CALL, 0, 150)], FOREVER_NS, 0),
        ([(MARKET, 7, 200), (CALL, 0, 200)], FOREVER_NS, 1),
        ([(MARKET, 8, 200), (MARKET, 7, 300)], FOREVER_NS, 1),  # of a connection that nobody reads
        ([(MARKET, 7, 200), (MARKET, 7, 300)], 200, 1),
        ([(MARKET, 7, 200), (MARKET, 7, 300)], 100, 0),
        ([], FOREVER_NS, 0),
    ],
)
def test_feeding_ends_before_what_needs_a_look(behind: list[tuple[int, int, int]], before_ns: int, fed: int) -> None:
    entries = [(MARKET, 7, 100), *behind]
    told, takers = told_of()
    block = block_of(b"".join(entry_bytes(kind, source, push(1), ns) for kind, source, ns in entries), len(entries))
    assert block.feed_market(takers, told.clock, before_ns) == fed
    assert ([stamp for _, stamp, _, _ in told.heard], block.number) == ([100] * fed, 1 + fed)


def test_what_a_taker_raises_comes_out_and_its_message_is_passed_by() -> None:
    told, takers = told_of()
    told.heard = None  # type: ignore[assignment]
    block = block_of(entry_bytes(MARKET, 7, push(1), 100) + entry_bytes(MARKET, 7, push(2), 200), 2)
    with pytest.raises(AttributeError):
        block.feed_market(takers, told.clock, FOREVER_NS)
    assert block.number == 2
    with pytest.raises(TypeError):
        block_of(WHOLE + WHOLE, 2).feed_market({7: object()}, told.clock, FOREVER_NS)
