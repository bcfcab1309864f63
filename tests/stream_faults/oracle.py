"""Looks at every book between two messages: whether it is trusted, whether it is right, and what was told of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from tests.stream_faults.truth import SNAPSHOT_NS, Truth
from tidings.market.book import Book
from tidings.market.feed_state import FeedEvent

NS_PER_S = 1_000_000_000
# The venue's interval, what we wait for a late whole book, our timer, and how finely we look.
WRONG_MAX_NS = SNAPSHOT_NS + 5 * NS_PER_S + 1_500_000_000
HEAL_MAX_NS = 60 * NS_PER_S  # from the end of all faults: reconnects are up to 15 s apart
LOSSES = (
    *(FeedEvent.SEQUENCE_BACK, FeedEvent.CROSSED, FeedEvent.MALFORMED, FeedEvent.SILENCE, FeedEvent.DISCONNECTED),
    *(FeedEvent.MISMATCH, FeedEvent.CORRECTED),
)


@dataclass
class Findings:
    """What was seen. Wrong books that ended `overwritten`: later changes of the same levels undid what was lost before
    anything could show it.
    """

    looks: int = 0
    wrong: Counter[str] = field(default_factory=Counter)  # intervals, by what ended them
    longest_wrong_s: float = 0.0
    longest_doubt_s: float = 0.0
    violations: list[str] = field(default_factory=list)


class BookWatch:
    """One symbol."""

    def __init__(self, truth: Truth, book: Book, findings: Findings, *, boot_ns: int) -> None:
        """`boot_ns`: what the book's clock shows when the timeline's is 0."""
        self.truth, self.book, self.findings, self.boot_ns = truth, book, findings, boot_ns
        self.told: list[FeedEvent] = []  # since it was last seen right
        self.told_count: Counter[FeedEvent] = Counter()
        self.wrong_since_ns: int | None = None
        self.doubt_since_ns: int | None = 0
        self.last_right_ns = 0

    def hear(self, event: FeedEvent) -> None:
        self.told.append(event)
        self.told_count[event] += 1

    def hear_book(self, now_ns: int) -> None:
        """A message has changed it: what ended a wrong book must not be taken for what comes after it."""
        if self.wrong_since_ns is not None and self.is_right:
            self.look(now_ns)

    @property
    def is_right(self) -> bool:
        """It is trusted, and shows what the venue has told."""
        return self.book.is_live and (self.book.bids(), self.book.offers()) == self.truth.levels

    def look(self, now_ns: int) -> None:
        book, findings, is_right = self.book, self.findings, self.is_right
        if book.is_live and not is_right:
            if self.wrong_since_ns is None:
                # A whole book that came since it was last looked at was right: faults lose those, and spoil none.
                self.wrong_since_ns = max(self.last_right_ns, book.snapshot_ns - self.boot_ns)
            elif now_ns - self.wrong_since_ns > WRONG_MAX_NS:
                self._blame(now_ns, f"wrong for {(now_ns - self.wrong_since_ns) / NS_PER_S:.1f} s")
                self.wrong_since_ns = now_ns
        elif self.wrong_since_ns is not None:
            self._end_wrong(now_ns)
        if book.is_live:
            self.doubt_since_ns = None
        elif self.doubt_since_ns is None:
            self.doubt_since_ns = now_ns
        else:
            findings.longest_doubt_s = max(findings.longest_doubt_s, (now_ns - self.doubt_since_ns) / NS_PER_S)
        if is_right or not book.is_live:
            self.last_right_ns = now_ns
            self.told.clear()

    def _end_wrong(self, now_ns: int) -> None:
        """It is right again, or doubted: what ended it must have been told, unless later changes overwrote it."""
        assert self.wrong_since_ns is not None
        losses = [event for event in self.told if event in LOSSES]
        name = losses[-1].name.lower() if losses else "overwritten"
        if not losses and (not self.book.is_live or self.book.snapshot_ns - self.boot_ns > self.wrong_since_ns):
            self._blame(now_ns, "what ended a wrong book was not told")
        self.findings.wrong[name] += 1
        self.findings.longest_wrong_s = max(self.findings.longest_wrong_s, (now_ns - self.wrong_since_ns) / NS_PER_S)
        self.wrong_since_ns = None

    def _blame(self, now_ns: int, text: str) -> None:
        self.findings.violations.append(f"{now_ns / NS_PER_S:.2f} s, {self.book.symbol}: {text}")
