"""The past on request: `phemex.history.klines(…)`, `trades(…)`, `funding(…)`.

    async for kline in phemex.history.klines("BTCUSDT", 60, "2026-08-01", "2026-08-02"):
        print(kline.start_s, kline.close)

Rows come oldest first, page by page, as the venue's budget allows; nothing is held but the present page.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from tidings.app.engine import Engine
from tidings.app.links.paced_questions import PacedQuestions
from tidings.errors import UsageError
from tidings.market.kline import Kline
from tidings.market.past import FundingRate, PublicTrade
from tidings.market.price_tick import TickKind
from tidings.model.enums import ProductLine
from tidings.model.instrument import Instrument
from tidings.venue.phemex.backfill import Page, funding_pages, kline_pages, trade_pages
from tidings.venue.phemex.history_rows import S_NS

Moment = str | int | datetime
"""ISO 8601 (UTC where it names no zone), Unix time in nanoseconds, or a datetime."""
RowT = TypeVar("RowT")
EARLIEST_NS = 10**17  # in 1973: no venue's past, but a number of seconds or milliseconds of today is below it


class Backfill(Generic[RowT]):
    """Rows of a stretch of time: `async for row in backfill`, `async for page in backfill.pages()` or `await
    backfill.all()`, once."""

    def __init__(self, pages: AsyncIterator[Page[RowT]], questions: PacedQuestions, begin_ns: int, end_ns: int) -> None:
        self.begin_ns, self.end_ns = begin_ns, end_ns
        self.until_ns = begin_ns
        """Unix time: everything before has been told."""
        self.row_count = 0
        self.notes: list[str] = []
        """What the venue does not keep, in words; complete when the rows are."""
        self.questions = questions
        self._pages = pages

    @property
    def progress(self) -> float:
        """0 at the start, 1 at the end, by time."""
        span_ns = self.end_ns - self.begin_ns
        return (self.until_ns - self.begin_ns) / span_ns if span_ns > 0 else 1.0

    async def pages(self) -> AsyncGenerator[list[RowT], None]:
        """A list of rows per answer of the venue; it may be empty."""
        async for page in self._pages:
            self.row_count += len(page.rows)
            self.until_ns = min(self.end_ns, max(self.until_ns, page.until_ns))
            if page.note:
                self.notes.append(page.note)
            yield page.rows
        self.until_ns = self.end_ns

    async def __aiter__(self) -> AsyncGenerator[RowT, None]:
        async for rows in self.pages():
            for row in rows:
                yield row

    async def all(self) -> list[RowT]:
        """Every row: for a stretch that fits into memory."""
        return [row async for row in self]


class History:
    """The venue's public past, over REST. Needs no key."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.questions = PacedQuestions(engine)

    def klines(self, symbol: str, interval_s: int, begin: Moment, end: Moment | None = None) -> Backfill[Kline]:
        """Candles that begin from `begin` to before `end` (None: now). The unfinished one is not among them."""
        instrument, begin_ns, end_ns = self._asked(symbol, begin, end)
        pages = kline_pages(self.questions.fetch, instrument, interval_s, begin_ns, end_ns)
        return Backfill(pages, self.questions, begin_ns, end_ns)

    def trades(self, symbol: str, begin: Moment, end: Moment | None = None) -> Backfill[PublicTrade]:
        """Trades of everybody. Of USD-M the venue keeps only the last ones; `notes` says where they begin."""
        instrument, begin_ns, end_ns = self._asked(symbol, begin, end)
        pages = trade_pages(self.questions.fetch, instrument, begin_ns, end_ns)
        return Backfill(pages, self.questions, begin_ns, end_ns)

    def funding(self, symbol: str, begin: Moment, end: Moment | None = None) -> Backfill[FundingRate]:
        """Funding rates that were paid. Raises UsageError for spot, which has none."""
        instrument, begin_ns, end_ns = self._asked(symbol, begin, end)
        if instrument.line == ProductLine.SPOT:
            raise UsageError(f"{symbol} is spot: nobody pays funding on it")
        name = self._engine.products.tick_symbols.get(symbol, {}).get(TickKind.FUNDING)
        if name is None:
            raise UsageError(f"the catalogue does not tell under which name the venue keeps the funding of {symbol}")
        pages = funding_pages(self.questions.fetch, instrument, name, begin_ns, end_ns)
        return Backfill(pages, self.questions, begin_ns, end_ns)

    def _asked(self, symbol: str, begin: Moment, end: Moment | None) -> tuple[Instrument, int, int]:
        if not hasattr(self._engine, "products"):
            raise UsageError("the session is not open: ask for the past inside `async with`")
        now_ns = self._engine.clock.read_wall_ns()
        begin_ns = unix_ns(begin)
        end_ns = now_ns if end is None else min(unix_ns(end), now_ns)
        if begin_ns < 0:
            raise UsageError(f"no venue has a past before 1970: was {begin!r}")
        if begin_ns >= end_ns:
            raise UsageError("a backfill begins before it ends, and before now")
        instrument = self._engine.products.find(symbol)
        # What is delisted has a past, too.
        return instrument or self._engine.products.tradable(symbol), begin_ns, end_ns


def unix_ns(moment: Moment) -> int:
    """Unix time in nanoseconds. Raises UsageError for what is no time."""
    if isinstance(moment, bool | float):
        raise UsageError(f"a time is text, a datetime, or Unix time in whole nanoseconds: was {moment!r}")
    if isinstance(moment, int):
        if 0 < moment < EARLIEST_NS:
            raise UsageError(f"Unix time in nanoseconds was expected: {moment} looks like seconds or milliseconds")
        return moment
    try:
        found: Any = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
        if found.tzinfo is None:
            found = found.replace(tzinfo=UTC)
        whole_s = int(found.replace(microsecond=0).timestamp())
    except (ValueError, OverflowError, AttributeError) as error:
        raise UsageError(f"a time like 2026-08-01 or 2026-08-01T12:30:00Z was expected: was {moment!r}") from error
    return whole_s * S_NS + int(found.microsecond) * 1_000
