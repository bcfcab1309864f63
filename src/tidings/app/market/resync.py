"""When doubt about market data becomes a request: which book is asked for again, and which connection is given up.

Pure: time comes with each call.
"""

from __future__ import annotations

from collections.abc import Hashable
from enum import Enum

from tidings.app.market.book_gate import worth_of
from tidings.market.book import Book

NS_PER_S = 1_000_000_000
ASK_AGAIN_NS = 5 * NS_PER_S  # a book that turns stale at once again is not asked for in a storm
OVERDUE_NS = 62 * NS_PER_S  # the venue repeats a book each 60 s; after 65 without it the stream makes the book stale
PROBE_ANSWER_NS = 5 * NS_PER_S  # a snapshot asked for comes within a few round trips


def why_ask(book: Book, now_ns: int) -> str:
    """Why a whole book should be asked for; "" if it should not."""
    if not book.is_live:
        return worth_of(book)
    return "overdue: the venue has not repeated it" if now_ns - book.snapshot_ns > OVERDUE_NS else ""


class SnapshotRequests:
    """A book that cannot be trusted is asked for at once, then every five seconds until it heals: the venue's own next
    snapshot is up to a minute away.
    """

    def __init__(self) -> None:
        self.count = 0
        self._asked_ns: dict[Hashable, int] = {}

    def is_due(self, book: Hashable, now_ns: int) -> bool:
        """Whether to ask for it now; True counts as asked."""
        asked_ns = self._asked_ns.get(book)
        if asked_ns is not None and now_ns - asked_ns < ASK_AGAIN_NS:
            return False
        self._asked_ns[book] = now_ns
        self.count += 1
        return True

    def note(self, book: Hashable, now_ns: int) -> None:
        """It was asked for now, without any doubt: by a subscription."""
        self._asked_ns[book] = now_ns

    def forget(self, book: Hashable) -> None:
        self._asked_ns.pop(book, None)


class Verdict(Enum):
    """What to do with a connection."""

    NOTHING = "nothing"
    PROBE = "ask for something it must answer with data"
    GIVE_UP = "it tells nothing, although pings are answered"


class StallRule:
    """A connection that answers pings and brings no data is asked for some, and given up if none comes.

    Quiet markets are silent for long, so silence alone proves nothing; a subscription asked for again does.
    """

    def __init__(self, stall_ns: int) -> None:
        self._stall_ns = stall_ns
        self._probed_ns: int | None = None

    def look(self, now_ns: int, last_data_ns: int) -> Verdict:
        if now_ns - last_data_ns <= self._stall_ns:
            self._probed_ns = None
            return Verdict.NOTHING
        if self._probed_ns is None or last_data_ns > self._probed_ns:
            self._probed_ns = now_ns
            return Verdict.PROBE
        return Verdict.GIVE_UP if now_ns - self._probed_ns > PROBE_ANSWER_NS else Verdict.NOTHING
