"""Plays a recording back on the exchange's schedule: line by line, each as long after the first as it was received.

Trade and book feeds are batched apart, so a book may come before the trades that made it. Trades that a book shows
already (by the venue's own times) and that follow within `LOOK_AHEAD_NS` are played just before it: users' orders
advance by trades, not by what would look like cancels. At the end of the file, or at a line that is wrong, the markets
stand still: what is displayed stays, and users may go on trading with it.
"""

import logging
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Final, TypeAlias

from tidings.exchange.markets.market import Market
from tidings.exchange.markets.recorded_market import RecordedMarket
from tidings.exchange.markets.recording_file import (
    BookPush,
    PricePush,
    Recorded,
    RecordingError,
    RecordingReader,
    TradesPush,
)
from tidings.exchange.venue_state import VenueState

_LOGGER = logging.getLogger(__name__)
CHECKED_LINES: Final = 20_000  # at the start; the others are checked as they are played
LOOK_AHEAD_NS: Final = 100_000_000
GAP_NS: Final = 5_000_000_000  # a silence so long is counted

Play: TypeAlias = Callable[[str, Callable[[], None], int], None]


class Playback:
    """One recording on its way through an exchange."""

    def __init__(self, path: Path, state: VenueState, markets: Mapping[str, Market], play: Play, start_ns: int) -> None:
        """`play(symbol, change, now_ns)`: do `change` within an event of the symbol's engine.

        Raises RecordingError if one of the first lines is wrong.
        """
        self._path = path
        self._state = state
        self._markets = markets
        self._play = play
        reader = RecordingReader(path, state.catalogue)
        for _ in islice(reader, CHECKED_LINES):
            pass
        if reader.skipped_count:
            _LOGGER.info("%s: %d of its lines are skipped: no books, trades or prices", path, reader.skipped_count)
        self._reader = reader
        self.begin(start_ns)

    def begin(self, now_ns: int) -> None:
        """Play from the first line on."""
        self._lines: Iterator[Recorded] = iter(self._reader)
        self._ahead: deque[Recorded] = deque()
        self._recorded: dict[str, RecordedMarket] = {}
        self._is_done = False
        self._played = self._gaps = 0
        self._state_word, self._detail = "playing", ""
        self._start_ns = now_ns
        self._look_ahead(None)
        self._first_ns = self._last_ns = self._ahead[0].received_ns
        self._state.schedule.add(now_ns, self._next)

    def view(self) -> dict[str, Any]:
        """How far it is, for the admin endpoint."""
        return {
            "file": str(self._path), "state": self._state_word, "detail": self._detail, "messages": self._played,
            "skipped": self._reader.skipped_count,
            "played_ms": (self._last_ns - self._first_ns) // 1_000_000, "gaps": self._gaps,
            "symbols": sorted(self._recorded),
        }  # fmt: skip

    def _next(self, now_ns: int) -> None:
        """Play the line that is due, and plan the next."""
        recorded = self._ahead.popleft()
        self._gaps += recorded.received_ns - self._last_ns > GAP_NS
        self._last_ns = recorded.received_ns
        self._played += 1
        until_ns = recorded.received_ns + LOOK_AHEAD_NS
        self._look_ahead(until_ns)
        if isinstance(recorded.push, BookPush):
            self._trades_shown_by(recorded.push, until_ns, now_ns)
        self._apply(recorded.push, now_ns)
        if self._ahead:
            ahead_ns = self._ahead[0].received_ns - self._first_ns
            due_ns = self._start_ns + int(ahead_ns / self._state.config.recording_speed)
            self._state.schedule.add(due_ns, self._next)
        elif self._state_word == "playing":
            self._state_word = "ended"
            _LOGGER.info("%s ended after %d messages; its markets stand still", self._path, self._played)

    def _look_ahead(self, until_ns: int | None) -> None:
        """Have the lines received until then at hand, and one more."""
        while not self._is_done and (not self._ahead or (until_ns and self._ahead[-1].received_ns <= until_ns)):
            try:
                self._ahead.append(next(self._lines))
            except StopIteration:
                self._is_done = True
            except RecordingError as error:
                self._is_done = True
                self._state_word, self._detail = "failed", str(error)
                _LOGGER.error("%s; its markets stand still", error)

    def _trades_shown_by(self, book: BookPush, until_ns: int, now_ns: int) -> None:
        """Play the trades received until then that `book` shows already."""
        for recorded in self._ahead:
            push = recorded.push
            if recorded.received_ns > until_ns:
                return
            if isinstance(push, TradesPush) and push.symbol == book.symbol and not push.is_snapshot:
                shown = [row for row in push.rows if row[0] <= book.time_ns]
                push.rows = [row for row in push.rows if row[0] > book.time_ns]
                if shown:
                    self._apply(TradesPush(push.symbol, False, shown), now_ns)

    def _apply(self, push: BookPush | TradesPush | PricePush, now_ns: int) -> None:
        recorded = self._recorded.get(push.symbol)
        if recorded is None:
            recorded = RecordedMarket(self._markets[push.symbol], self._state.config.rules)
            self._recorded[push.symbol] = recorded
        match push:
            case BookPush():
                change = partial(recorded.on_book, push)
            case TradesPush():
                change = partial(recorded.on_trades, push, now_ns)
            case PricePush():
                change = partial(recorded.on_price, push)
        self._play(push.symbol, change, now_ns)
