"""What of a recording is still to be played: entry by entry, with a look at the call that comes next."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any

from tidings.clock import ManualClock
from tidings.recorder.entries import Entry, EntryKind
from tidings.recorder.entry_block import EntryBlock
from tidings.recorder.order_events import AdoptCall, Followed, PathLaid, RunBegins, decode_call, decode_run
from tidings.recorder.reader import RecordingReader

PLAYED = {
    EntryKind.MARKET, EntryKind.FEED, EntryKind.DROPPED, EntryKind.RUN, EntryKind.TIMER, EntryKind.CALL,
    EntryKind.REPORT,
}  # fmt: skip
WALL_NS_MIN = 10**15  # `until`: above it is a Unix time, below the number of an entry


class EntriesAhead:
    """One pass through a recording, up to the entry with number `until`, or to that Unix time in ns; None: to its end.

    `count`: entries passed so far, those too that nothing is played of; `is_over`: all have been looked at.
    """

    def __init__(self, reader: RecordingReader, until: int | None = None) -> None:
        self.count = 0
        self._until = until
        self._blocks = reader.blocks()
        self._block: EntryBlock | None = None
        self._looked_at: deque[Entry] = deque()  # played ones that were taken off their block early
        self._last: deque[Entry] = deque()  # behind `until`, and still to play
        self.is_over = False

    def pop(self) -> Entry | None:
        """The next one to play; None: that was all."""
        return self._looked_at.popleft() if self._looked_at else self._next()

    def pop_many(self, count: int) -> Iterator[Entry]:
        """The next ones, of those `peek_call` has looked at."""
        for _ in range(count):
            yield self._looked_at.popleft()

    def peek_call(self) -> tuple[int, Entry] | None:
        """The call that comes next, and how many entries ahead: a callback may follow or leave channels before it."""
        place = 0
        while True:
            if place == len(self._looked_at):
                if self._market_is_next():
                    return None
                entry = self._next()
                if entry is None:
                    return None
                self._looked_at.append(entry)
            entry = self._looked_at[place]
            if entry.kind is EntryKind.CALL:
                return place, entry
            if entry.kind is not EntryKind.RUN or not isinstance(decode_run(entry.payload), Followed):
                return None
            place += 1

    def peek_left(self) -> Followed | None:
        """The channels that are left next, before anything else happens."""
        if not self._looked_at and not self._market_is_next() and (entry := self._next()) is not None:
            self._looked_at.append(entry)
        entry = self._looked_at[0] if self._looked_at else None
        event = decode_run(entry.payload) if entry is not None and entry.kind is EntryKind.RUN else None
        return event if isinstance(event, Followed) and event.count < 0 else None

    def feed_market(self, takers: dict[int, Any], clock: ManualClock, before_ns: int) -> int:
        """Pass by market messages with nothing else between them, each told at once (see EntryBlock); how many."""
        if self._block is None or self._looked_at or self._until is not None:
            return 0
        fed = self._block.feed_market(takers, clock, before_ns)
        self.count += fed
        return fed

    # ---- Entry by entry ------------------------------------------------------------------------------------------

    def _market_is_next(self) -> bool:
        block = self._block
        return block is not None and block.next_kind() == EntryKind.MARKET and self._until is None

    def _next(self) -> Entry | None:
        while not self.is_over:
            entry = self._read()
            if entry is None or is_beyond(entry, self._until):
                self.is_over = True
                self._take_what_led_to(entry)
                break
            self.count += 1
            if entry.kind in PLAYED:
                return entry
        return self._last.popleft() if self._last else None

    def _read(self) -> Entry | None:
        while self._block is None or not self._block.left:
            self._block = next(self._blocks, None)
            if self._block is None:
                return None
        return self._block.take()

    def _take_what_led_to(self, entry: Entry | None) -> None:
        """What strategies asked for while they were told of the last entry belongs to it: their calls, from `entry` on,
        and the channels they followed or left before one.
        """
        waiting: list[Entry] = []
        place = self.count
        while entry is not None:
            place += 1
            if entry.kind is EntryKind.CALL and _is_by_strategy(entry):
                self.count = place
                self._last.extend((*waiting, entry))
                waiting.clear()
            elif entry.kind is EntryKind.RUN and isinstance(decode_run(entry.payload), Followed):
                waiting.append(entry)
            elif entry.kind in PLAYED:
                return
            entry = self._read()


def is_beyond(entry: Entry, until: int | None) -> bool:
    """By time, entries of the recorder's own end nothing: it tells them when it comes by, ahead of older ones."""
    if until is None or until < WALL_NS_MIN:
        return until is not None and entry.number > until
    return entry.wall_ns > until and entry.kind in PLAYED


def _is_by_strategy(entry: Entry) -> bool:
    return not isinstance(call := decode_call(entry.payload), AdoptCall) and call.by_strategy


def look_ahead(reader: RecordingReader, until: int | None) -> tuple[PathLaid | None, bool, bool]:
    """What is said of the order path; whether somebody looked on at all; whether strategies ran.

    Whoever looks on begins before there is anything to see: a recording with a message first has nobody.
    """
    laid, is_told = None, False
    for entry in reader:
        if is_beyond(entry, until) or (entry.kind is EntryKind.MARKET and not is_told):
            break
        if entry.kind is EntryKind.RUN:
            event, is_told = decode_run(entry.payload), True
            laid = event if isinstance(event, PathLaid) else laid
            if isinstance(event, RunBegins):
                return laid, True, True
    return laid, is_told, False
