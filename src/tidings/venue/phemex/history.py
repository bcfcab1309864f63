"""Executions of the past, page by page.

Three services, three shapes: COIN-M from /exchange/order/trade (`data.rows`), USD-M from /api-data/g-futures/trades
and spot from /api-data/spots/trades (a bare list or `rows`); times in milliseconds, at most 200 rows a page (phemex
docs 2026, "Query user trade").
"""

from __future__ import annotations

from typing import Any

from tidings.errors import VenueError
from tidings.venue.phemex.queries import Queries, is_nothing_found, rows_of, shape_of

PAGE_ROWS = 200
PAGES_MAX = 1000


async def trades_between(queries: Queries, symbol: str, start_ms: int, end_ms: int) -> list[dict[str, Any]]:
    """All our executions in `symbol` from `start_ms` to `end_ms` (Unix time), oldest first, as the venue's rows."""
    path = _trades_path(symbol)
    found: list[dict[str, Any]] = []
    for page in range(PAGES_MAX):
        query = f"symbol={symbol}&start={start_ms}&end={end_ms}&offset={page * PAGE_ROWS}&limit={PAGE_ROWS}"
        rows = await _rows(queries, path, query)
        # Pages count from the newest: what trades between two of them shows the last rows of one again in the next.
        found += [row for row in rows if row not in found[-PAGE_ROWS:]]
        if len(rows) < PAGE_ROWS:
            with shape_of(f"GET {path}"):
                return sorted(found, key=_time_ns)
    raise VenueError(f"{symbol}: more than {PAGES_MAX * PAGE_ROWS} executions: ask for a shorter time")


def _trades_path(symbol: str) -> str:
    if symbol.startswith("s"):
        return "/api-data/spots/trades"
    return "/api-data/g-futures/trades" if symbol.endswith(("USDT", "USDC")) else "/exchange/order/trade"


async def _rows(queries: Queries, path: str, query: str) -> list[dict[str, Any]]:
    try:
        data = await queries.request("GET", path, query)
    except VenueError as error:
        if is_nothing_found(error):
            return []
        raise
    return rows_of(data, path)


def _time_ns(row: dict[str, Any]) -> int:
    """When it happened; the services spell it differently."""
    return int(row.get("transactTimeNs") or row.get("transactTime") or row.get("createdAt") or 0)
