"""The venue's public history, page by page, oldest first: klines, trades, funding rates.

What can be asked for differs by line (phemex docs 2026, "Query kline", "Query history trades by symbol", "Query funding
rate history"):

    klines    USD-M   /exchange/public/md/v2/kline/list     by time
              others  /exchange/public/md/kline             by time, weight 10
    trades    USD-M   /md/v2/trade                          the last ones, nothing older is kept
              others  /exchange/public/nomics/trades        by trade id, stamped in milliseconds
    funding   contracts /api-data/public/data/funding-rate-history

A page tells how far it reaches, also when it is empty: a market may rest for longer than a page is.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Final, Generic, NamedTuple, TypeVar

from tidings.errors import PeerError, UsageError
from tidings.market.kline import Kline
from tidings.market.past import FundingRate, PublicTrade
from tidings.model.enums import ProductLine
from tidings.model.instrument import Instrument
from tidings.venue.phemex.history_rows import (
    S_NS,
    funding_of,
    id_parts,
    kline_of,
    recent_trade_of,
    trade_of,
    utc_text,
)
from tidings.venue.phemex.market_topics import KLINE_INTERVALS_S
from tidings.venue.phemex.queries import shape_of

# (path, query) → the opened answer. Waits for its turn in the request budget.
Fetch = Callable[[str, str], Awaitable[Any]]

KLINE_PAGE_ROWS: Final = 900  # every edition of the docs allows this many
FUNDING_PAGE_ROWS: Final = 100
FUNDING_USUAL_S: Final = 28_800
FUNDING_WINDOW_ROWS: Final = 90  # one answer holds them all, whichever end of a window the venue begins at
PAGES_WITHOUT_SEARCH: Final = 3  # a longer time is worth asking first when the venue's klines begin
DAY_S: Final = 86_400
MS_NS: Final = 1_000_000

TRADE_LIST: Final = "/exchange/public/nomics/trades"
KLINE_LISTS: Final = {
    ProductLine.INVERSE: "/exchange/public/md/kline",
    ProductLine.LINEAR: "/exchange/public/md/v2/kline/list",
    ProductLine.SPOT: "/exchange/public/md/kline",
}
FUNDING_LIST: Final = "/api-data/public/data/funding-rate-history"
LAST_TRADES: Final = {
    ProductLine.INVERSE: "/md/trade", ProductLine.LINEAR: "/md/v2/trade", ProductLine.SPOT: "/md/trade",
}  # fmt: skip

RowT = TypeVar("RowT")


class Page(NamedTuple, Generic[RowT]):
    """Rows, oldest first, and up to which moment (Unix) all has been told now."""

    rows: list[RowT]
    until_ns: int
    note: str = ""  # what the venue does not keep


async def kline_pages(
    fetch: Fetch, instrument: Instrument, interval_s: int, begin_ns: int, end_ns: int
) -> AsyncIterator[Page[Kline]]:
    """Candles that begin from `begin_ns` to before `end_ns`; the unfinished one is not among them."""
    if interval_s not in KLINE_INTERVALS_S:
        known = ", ".join(map(str, KLINE_INTERVALS_S))
        raise UsageError(f"klines of {interval_s} s: the venue has {known}")
    from_s, end_s = -(-begin_ns // S_NS), -(-end_ns // S_NS)
    step_s = interval_s * KLINE_PAGE_ROWS
    if end_s - from_s > PAGES_WITHOUT_SEARCH * step_s and interval_s < DAY_S:
        first_s = await _first_day_s(fetch, instrument, from_s, end_s)
        if first_s > from_s:
            words = f"no klines of {instrument.symbol} before {utc_text(first_s * S_NS)}: the venue has none"
            yield Page([], first_s * S_NS, words)
            from_s = first_s
    while from_s < end_s:
        to_s = min(from_s + step_s, end_s)
        yield Page(await _klines(fetch, instrument, interval_s, from_s, to_s), to_s * S_NS)
        from_s = to_s


async def _first_day_s(fetch: Fetch, instrument: Instrument, from_s: int, end_s: int) -> int:
    """Where to begin: at the first day that has a candle, or at the last one, whose candle may not be finished."""
    step_s = DAY_S * KLINE_PAGE_ROWS
    for day_s in range(from_s // DAY_S * DAY_S, end_s, step_s):
        days = await _klines(fetch, instrument, DAY_S, day_s, min(day_s + step_s, end_s))
        if days:
            return max(from_s, days[0].start_s)
    return max(from_s, (end_s - 1) // DAY_S * DAY_S)


async def _klines(fetch: Fetch, instrument: Instrument, interval_s: int, from_s: int, to_s: int) -> list[Kline]:
    path = KLINE_LISTS[ProductLine(instrument.line)]
    query = f"symbol={instrument.symbol}&resolution={interval_s}&from={from_s}&to={to_s}"
    data = await fetch(path, query)
    with shape_of(f"GET {path}"):
        found = {kline.start_s: kline for kline in (kline_of(instrument, row) for row in data["rows"])}
    if any(kline.interval_s != interval_s for kline in found.values()):
        raise PeerError(f"GET {path}: asked for klines of {interval_s} s, answered with others")
    # Some services count `to` in, and some give the newest first.
    return [found[start_s] for start_s in sorted(found) if from_s <= start_s < to_s]


async def trade_pages(
    fetch: Fetch, instrument: Instrument, begin_ns: int, end_ns: int
) -> AsyncIterator[Page[PublicTrade]]:
    """Trades from `begin_ns` to before `end_ns`, as far back as the venue keeps them."""
    if instrument.line == ProductLine.LINEAR:
        yield await _last_trades(fetch, instrument, begin_ns, end_ns)
        return
    since, note = await _before(fetch, instrument, begin_ns)
    while True:
        rows = await _trades_after(fetch, instrument, since)
        if not rows:
            yield Page([], end_ns, note)
            return
        since, until_ns = rows[-1].trade_id, rows[-1].venue_time_ns
        wanted = [row for row in rows if begin_ns <= row.venue_time_ns < end_ns]
        yield Page(wanted, min(until_ns, end_ns), note)
        note = ""
        if until_ns >= end_ns:
            return


async def _last_trades(fetch: Fetch, instrument: Instrument, begin_ns: int, end_ns: int) -> Page[PublicTrade]:
    """All there is of USD-M."""
    path = LAST_TRADES[ProductLine(instrument.line)]
    result = await fetch(path, f"symbol={instrument.symbol}")
    with shape_of(f"GET {path}"):
        found = [recent_trade_of(instrument, row) for row in reversed(result["trades_p"])]  # newest first
    found.sort(key=lambda trade: trade.venue_time_ns)
    note = ""
    if not found or found[0].venue_time_ns > begin_ns:
        first = f"they begin at {utc_text(found[0].venue_time_ns)}" if found else "there are none"
        note = f"of USD-M the venue keeps only the last trades: of {instrument.symbol} {len(found)}, {first}"
    return Page([trade for trade in found if begin_ns <= trade.venue_time_ns < end_ns], end_ns, note)


async def _before(fetch: Fetch, instrument: Instrument, begin_ns: int) -> tuple[str, str]:
    """(A trade id before the first trade from `begin_ns` on, what is not kept.) Ids grow with time: it halves them."""
    first = await _trades_after(fetch, instrument, "0-0-0")
    if not first or first[0].venue_time_ns >= begin_ns:
        is_missing = first and first[0].venue_time_ns > begin_ns
        begins = utc_text(first[0].venue_time_ns) if first else ""
        return "0-0-0", f"the venue's trades of {instrument.symbol} begin at {begins}" if is_missing else ""
    path = LAST_TRADES[ProductLine(instrument.line)]
    result = await fetch(path, f"symbol={instrument.symbol}")
    with shape_of(f"GET {path}"):
        high = int(result["sequence"]) + 1
    known, rows = first[0].trade_id, first
    while True:
        known, low = _last_before(rows, begin_ns, known)
        if rows[-1].venue_time_ns >= begin_ns or high - low <= 1:
            return known, ""
        while high - low > 1:
            middle = (low + high) // 2
            rows = await _trades_after(fetch, instrument, f"{middle}-0-0")
            if rows and rows[0].venue_time_ns < begin_ns:
                break
            high = middle
        else:
            return known, ""


def _last_before(rows: list[PublicTrade], begin_ns: int, known: str) -> tuple[str, int]:
    """Id and sequence of the last of `rows` before `begin_ns`; `known` if none is."""
    early = [row.trade_id for row in rows if row.venue_time_ns < begin_ns]
    found = early[-1] if early else known
    return found, id_parts(found)[0]


async def _trades_after(fetch: Fetch, instrument: Instrument, trade_id: str) -> list[PublicTrade]:
    rows = await fetch(TRADE_LIST, f"market={instrument.symbol}&since={trade_id}")
    with shape_of(f"GET {TRADE_LIST}"):
        found = [trade_of(instrument, row) for row in rows]
        places = [id_parts(trade.trade_id) for trade in found]
    if places != sorted(places):
        raise PeerError(f"GET {TRADE_LIST}: the list is not in the order of its ids")
    since = id_parts(trade_id)
    return [trade for trade, place in zip(found, places, strict=True) if place > since]


async def funding_pages(
    fetch: Fetch, instrument: Instrument, rate_symbol: str, begin_ns: int, end_ns: int
) -> AsyncIterator[Page[FundingRate]]:
    """Rates that were paid from `begin_ns` to before `end_ns`; the catalogue tells the `rate_symbol`."""
    interval_s = FUNDING_USUAL_S
    from_ms, end_ms = -(-begin_ns // MS_NS), -(-end_ns // MS_NS)
    while from_ms < end_ms:
        to_ms = min(from_ms + FUNDING_WINDOW_ROWS * interval_s * 1_000, end_ms)
        query = f"symbol={rate_symbol}&start={from_ms}&end={to_ms - 1}&limit={FUNDING_PAGE_ROWS}"
        data = await fetch(FUNDING_LIST, query)
        with shape_of(f"GET {FUNDING_LIST}"):
            rows = data["rows"] if isinstance(data, dict) else data
            found = {rate.venue_time_ns: rate for rate in (funding_of(instrument, row) for row in rows)}
        shortest_s = min((rate.interval_s for rate in found.values()), default=interval_s)
        if len(rows) >= FUNDING_PAGE_ROWS and 0 < shortest_s < interval_s:  # paid more often than thought
            interval_s = shortest_s
            continue
        rates = [found[time_ns] for time_ns in sorted(found) if from_ms * MS_NS <= time_ns < to_ms * MS_NS]
        yield Page(rates, to_ms * MS_NS)
        from_ms = to_ms
