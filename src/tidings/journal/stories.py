"""A log's records sorted by order: the story of each, and what a later engine must go on with.

Within a session records name an order by its handle; its ClOrdID, which is for ever, is told by its intent. An order
that was adopted by a later session has a handle of that session from there on.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from tidings.errors import JournalDamaged
from tidings.journal.entries import (
    ChangeEntry,
    CloseEntry,
    Entry,
    IntentEntry,
    OutcomeEntry,
    RecordKind,
    SessionEntry,
    decode,
)
from tidings.journal.record import Record
from tidings.model.enums import ExecType, OrdStatus

FINAL = frozenset({OrdStatus.FILLED, OrdStatus.CANCELED, OrdStatus.REJECTED, OrdStatus.EXPIRED, OrdStatus.UNSENT})


@dataclass(slots=True)
class OrderStory:
    """Everything the journal knows of one order."""

    intent: IntentEntry
    session: SessionEntry | None  # the one that sent it; None: that part of the journal is gone
    record: Record  # of the intent
    events: list[tuple[Record, Entry]] = field(default_factory=list)  # the intent first
    status: int = OrdStatus.PENDING_NEW

    @property
    def cl_ord_id(self) -> str:
        return self.intent.cl_ord_id

    @property
    def is_final(self) -> bool:
        """Whether nothing can come of it any more: ended at the venue, or never sent."""
        return self.status in FINAL or self.status == OrdStatus.DENIED

    @property
    def last_wall_ns(self) -> int:
        """The machine's Unix time of the newest record about it."""
        return self.events[-1][0].wall_ns


@dataclass(slots=True)
class Replay:
    """What a journal says, in order."""

    stories: dict[str, OrderStory] = field(default_factory=dict)  # by ClOrdID, oldest first
    sessions: list[SessionEntry] = field(default_factory=list)
    executions: list[tuple[int, int]] = field(default_factory=list)  # words of each ExecID counted, oldest first
    entries: list[tuple[Record, Entry]] = field(default_factory=list)
    is_closed: bool = True  # the last session said that it ended

    def open_stories(self) -> list[OrderStory]:
        """Orders without a known end, oldest first."""
        return [story for story in self.stories.values() if not story.is_final]


def replay(records: Iterable[Record]) -> Replay:
    """Sort all records. Raises JournalDamaged for one this version does not understand, and for an id used twice."""
    result = Replay()
    teller = _Teller(result)
    for record in records:
        entry = decode(record)
        result.entries.append((record, entry))
        teller.take(record, entry)
    return result


class _Teller:
    def __init__(self, result: Replay) -> None:
        self._result = result
        self._session: SessionEntry | None = None
        self._by_handle: dict[int, OrderStory] = {}

    def take(self, record: Record, entry: Entry) -> None:
        if isinstance(entry, IntentEntry):
            self._begin(record, entry)
        elif isinstance(entry, SessionEntry):
            self._session, self._by_handle = entry, {}
            self._result.sessions.append(entry)
            self._result.is_closed = False
        elif isinstance(entry, CloseEntry):
            self._result.is_closed = True
        else:
            story = self._by_handle.get(entry.handle)
            if story is not None:  # else a late word about an order whose own segments were dropped
                self._go_on(story, record, entry)

    def _begin(self, record: Record, entry: IntentEntry) -> None:
        story = self._result.stories.get(entry.cl_ord_id)
        if story is not None and record.kind == RecordKind.INTENT:
            raise JournalDamaged(f"journal record {record.seq} sends order {entry.cl_ord_id} a second time")
        if story is None:
            story = OrderStory(entry, self._session, record)
            self._result.stories[entry.cl_ord_id] = story
        if record.kind == RecordKind.ADOPTED:
            story.status = OrdStatus.UNKNOWN
        story.events.append((record, entry))
        self._by_handle[entry.handle] = story

    def _go_on(self, story: OrderStory, record: Record, entry: ChangeEntry | OutcomeEntry) -> None:
        story.events.append((record, entry))
        if isinstance(entry, OutcomeEntry):
            story.status = entry.status_after
            if entry.exec_type == ExecType.TRADE:
                self._result.executions.append((entry.exec_id_high, entry.exec_id_low))
        elif record.kind == RecordKind.WITHDRAWN:
            story.status = OrdStatus.DENIED
