"""The venue's lists of executions, read from the newest back, a page at a time, as far as a budget of questions goes.

What was read is always a whole: everything from some moment on. Where the budget ends that moment is later than the one
asked for, and whoever asked is told so. Lists: COIN-M and spot have one per symbol, USD-M one per settle currency
(phemex docs 2026, "Query user trade", "Query trade history").
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from tidings.errors import PeerError, RateLimited, VenueError
from tidings.model.enums import ProductLine
from tidings.model.instrument import Instrument
from tidings.venue.phemex.queries import PAGE_ROWS, Queries, is_nothing_found, rows_of
from tidings.venue.phemex.trade_rows import FUNDING, PastTrade, past_trade

NS_PER_MS = 1_000_000
_PATHS = {
    ProductLine.INVERSE: "/exchange/order/trade",
    ProductLine.LINEAR: "/api-data/g-futures/trades",
    ProductLine.SPOT: "/api-data/spots/trades",
}


@dataclass(frozen=True, slots=True)
class TradeList:
    """One list: its endpoint, what names it there, and the instruments that are wanted of it."""

    path: str
    name: str  # "symbol=BTCUSD", "currency=USDT"
    instruments: dict[str, Instrument]

    @property
    def words(self) -> str:
        """For people: a symbol, or a currency."""
        return self.name.partition("=")[2]


def trade_lists(wanted: Iterable[Instrument]) -> list[TradeList]:
    """The fewest lists that have all executions in these instruments, in the order of the instruments."""
    groups: dict[tuple[ProductLine, str], dict[str, Instrument]] = {}
    for one in wanted:
        line = ProductLine(one.line)
        key = one.settle_currency if line == ProductLine.LINEAR else one.symbol
        groups.setdefault((line, key), {})[one.symbol] = one
    found = []
    for (line, key), members in groups.items():
        is_of_currency = line == ProductLine.LINEAR and len(members) > 1
        name = f"currency={key}" if is_of_currency else f"symbol={next(iter(members))}"
        found.append(TradeList(_PATHS[line], name, members))
    return found


@dataclass(slots=True)
class Part:
    """What was read of one list: everything from `since_ns` (Unix) on, up to the end asked for."""

    trades: list[PastTrade] = field(default_factory=list)
    since_ns: int = 0
    stopped: str = ""  # why not further back; "": all that was asked for


async def read_back(
    queries: Queries, source: TradeList, begin_ns: int, end_ns: int, may_ask: Callable[[], str], *,
    is_funding: bool = False,
) -> Part:  # fmt: skip
    """Executions from `begin_ns` to `end_ns`, or funding payments. `may_ask` says why not to ask any more, or "".

    Raises VenueError and its kinds, PeerError, ConnectionLost: then nothing is known of the list.
    """
    window = f"start={begin_ns // NS_PER_MS}&end={-(-end_ns // NS_PER_MS)}"
    kind = f"&tradeType={FUNDING}" if is_funding else ""
    part = Part(since_ns=end_ns + 1)
    seen: set[str] = set()
    oldest_ns = 0
    for page in range(1 << 20):
        rows = await _page(queries, source, f"{source.name}&{window}{kind}", page, part, may_ask)
        if part.stopped:
            break
        for one in _trades(source, rows):
            # Pages count from the newest: what happens between two of them shows rows of one again in the next.
            if one.exec_id not in seen and (one.trade_type == FUNDING) == is_funding:
                seen.add(one.exec_id)
                part.trades.append(one)
        if len(rows) < PAGE_ROWS:
            part.since_ns = begin_ns
            break
        before_ns, oldest_ns = oldest_ns, _time_ns(rows[-1])
        if _time_ns(rows[0]) < oldest_ns or 0 < before_ns < oldest_ns:
            raise PeerError(f"GET {source.path}: the list is not in the order of time, newest first")
        part.since_ns = oldest_ns + 1  # of that very moment the next page may have more
    part.trades = [one for one in part.trades if max(part.since_ns, begin_ns) <= one.wall_ns <= end_ns]
    return part


async def _page(
    queries: Queries, source: TradeList, query: str, page: int, part: Part, may_ask: Callable[[], str]
) -> list[dict[str, Any]]:
    """One page; where the budget does not allow it, `part` learns why."""
    part.stopped = may_ask()
    if part.stopped:
        return []
    try:
        data = await queries.request("GET", source.path, f"{query}&offset={page * PAGE_ROWS}&limit={PAGE_ROWS}")
    except RateLimited as error:
        part.stopped = f"rate limit, retry after {error.retry_after_s} s"
        return []
    except VenueError as error:
        if is_nothing_found(error):
            return []
        raise
    return rows_of(data, source.path)


def _trades(source: TradeList, rows: Iterable[dict[str, Any]]) -> Iterable[PastTrade]:
    for row in rows:
        instrument = source.instruments.get(str(row.get("symbol")))
        if instrument is not None and (one := past_trade(instrument, row)) is not None:
            yield one


def _time_ns(row: dict[str, Any]) -> int:
    try:
        return int(row["transactTimeNs"])
    except (KeyError, TypeError, ValueError) as error:
        raise PeerError(f"an execution without a time: {error!r}") from error
