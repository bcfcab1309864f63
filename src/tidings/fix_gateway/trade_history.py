"""Executions from before the gateway's memory, from the venue's own lists: one account's, one request at a time.

The lists are in the venue's group of 100 requests a minute, which the engine needs too when it compares itself with the
venue. So an answer may cost so many questions and no more, some room is always left to the engine, and where that ends
the answer says so.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from tidings.engine.throttle import PRIORITY_ORDER
from tidings.fix_gateway.account import Account
from tidings.model.enums import ProductLine
from tidings.model.instrument import Instrument
from tidings.venue.phemex.rate_groups import OTHERS
from tidings.venue.phemex.trade_lists import read_back, trade_lists
from tidings.venue.phemex.trade_rows import PastTrade

PAGES_MAX = 30  # questions that one answer may cost: 6,000 executions of one list
KEPT_FOR_ENGINE = 30  # of the venue's minute, for the engine's own questions
NS_PER_S = 1_000_000_000
_LINE_ORDER = (ProductLine.LINEAR, ProductLine.INVERSE, ProductLine.SPOT)  # one question tells most, where it can


@dataclass(slots=True)
class Found:
    """Executions, oldest first: of the lists that were asked everything from `since_ns` on."""

    trades: list[PastTrade] = field(default_factory=list)
    since_ns: int = 0
    stopped: str = ""  # why there is more before `since_ns`; "": there is not
    unasked: list[str] = field(default_factory=list)  # symbols, and currencies, that it did not come to


@dataclass(slots=True)
class _Purse:
    """Questions that one answer may still ask."""

    history: TradeHistory
    left: int = PAGES_MAX

    def spend(self) -> str:
        """Take one. Gives why there is none, or ""."""
        if self.left <= 0:
            return f"{PAGES_MAX} pages are one answer's share"
        if wait_s := self.history.wait_s():
            return f"rate limit, retry after {wait_s} s"
        self.left -= 1
        return ""


class TradeHistory:
    """Of one account; its clients' requests wait for each other."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._turn = asyncio.Lock()

    async def read(
        self, wanted: Iterable[Instrument], likely: frozenset[str], begin_ns: int, end_ns: int, *, is_funding: bool
    ) -> Found:
        """Executions in these instruments, the `likely` ones first. Raises TidingsError: the venue did not tell."""
        lists = trade_lists(in_order(wanted, likely))
        found = Found(since_ns=begin_ns)
        async with self._turn:
            purse = _Purse(self)
            for place, source in enumerate(lists):
                queries = self._account.engine.queries
                part = await read_back(queries, source, begin_ns, end_ns, purse.spend, is_funding=is_funding)
                if part.stopped and part.since_ns > end_ns:  # not a page of it
                    found.unasked = [one.words for one in lists[place:]]
                    found.stopped = found.stopped or part.stopped
                    break
                found.stopped = found.stopped or part.stopped
                found.since_ns = max(found.since_ns, part.since_ns)
                found.trades += part.trades
        kept = [one for one in found.trades if one.wall_ns >= found.since_ns]
        found.trades = sorted(kept, key=lambda one: one.wall_ns)
        return found

    def wait_s(self) -> int:
        """How long until a question leaves the engine its room; 0: now."""
        engine = self._account.engine
        bucket, now_ns = engine.link.budget.bucket_of(OTHERS), engine.clock.read_now_ns()
        if bucket is None or bucket.is_doubted:  # the first answer will say what is left
            return 0
        usual = bucket.capacity - bucket.reserve
        weight = min(KEPT_FOR_ENGINE, usual // 2) + 1
        return max(0, -((now_ns - bucket.next_room_ns(weight, PRIORITY_ORDER, now_ns)) // NS_PER_S))


def in_order(wanted: Iterable[Instrument], likely: frozenset[str]) -> Sequence[Instrument]:
    """Where most is to be found first: a budget may end before the last."""
    return sorted(
        wanted, key=lambda one: (one.symbol not in likely, _LINE_ORDER.index(ProductLine(one.line)), one.symbol)
    )
