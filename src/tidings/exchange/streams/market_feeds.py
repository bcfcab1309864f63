"""Public streams of one market: what a subscriber is sent first, and what has changed since the last look.

A feed keeps what it published last and is polled; it knows no connection. Books are batched (20, 100 or 120 ms), say
only what changed, and send a fresh snapshot every minute (phemex docs 2026, "Subscribe OrderBook"). A level that
merely fell out of the depth is not deleted: the client cuts its own book after each update.
"""

from collections.abc import Sequence

from tidings.exchange.catalogue import Line
from tidings.exchange.markets.market import Level, Market
from tidings.exchange.messages import market_json
from tidings.exchange.venue_rules import Rules

MS_NS = 1_000_000
BOOK_INTERVAL_NS = 20 * MS_NS
FULL_BOOK_INTERVAL_NS = 100 * MS_NS  # [symbol, true]
SLOW_BOOK_INTERVAL_NS = 120 * MS_NS  # [symbol, true, depth]
SNAPSHOT_INTERVAL_NS = 60_000 * MS_NS
DEPTHS = (0, 1, 5, 10, 30)  # 0: the whole book
DEFAULT_DEPTH = 30
SNAPSHOT_TRADES = 200  # phemex docs 2026, "Subscribe Trade"


class BookFeed:
    """`orderbook` or `orderbook_p` of one market at one depth and pace."""

    def __init__(self, market: Market, depth: int, interval_ns: int, now_ns: int, rules: Rules) -> None:
        self._market = market
        self._rules = rules
        self._depth = depth
        self._interval_ns = interval_ns
        self._bids, self._asks = market.levels(depth)
        self._sequence = market.sequence
        self._next_poll_ns = now_ns + interval_ns
        self._next_snapshot_ns = now_ns + SNAPSHOT_INTERVAL_NS

    def snapshot(self, now_ns: int) -> list[str]:
        """The book as last published: later incrementals continue it."""
        return [self._message(self._bids, self._asks, "snapshot", now_ns)]

    def poll(self, now_ns: int) -> list[str]:
        """What is to be published now, if anything."""
        if now_ns < self._next_poll_ns:
            return []
        self._next_poll_ns = now_ns + self._interval_ns
        is_snapshot = now_ns >= self._next_snapshot_ns
        if self._market.sequence == self._sequence and not is_snapshot:
            return []
        bids, asks = self._market.levels(self._depth)
        changed_bids = changes(self._bids, bids, self._depth, is_descending=True)
        changed_asks = changes(self._asks, asks, self._depth, is_descending=False)
        self._bids, self._asks, self._sequence = bids, asks, self._market.sequence
        if is_snapshot:
            self._next_snapshot_ns = now_ns + SNAPSHOT_INTERVAL_NS
            return self.snapshot(now_ns)
        if not changed_bids and not changed_asks:
            return []
        return [self._message(changed_bids, changed_asks, "incremental", now_ns)]

    def _message(self, bids: Sequence[Level], asks: Sequence[Level], kind: str, now_ns: int) -> str:
        market = self._market
        book = market_json.book(bids, asks, market.instrument)
        tail = (
            f'"sequence":{self._sequence},"symbol":"{market.instrument.symbol}",'
            f'"timestamp":{market.updated_ns or now_ns},"type":"{kind}"}}'
        )
        if market.instrument.line is Line.USD_M:
            return f'{{"depth":{self._depth},{_gateway_times(self._rules, now_ns)}"orderbook_p":{book},{tail}'
        return f'{{"book":{book},"depth":{self._depth},{tail}'


def changes(old: Sequence[Level], new: Sequence[Level], depth: int, *, is_descending: bool) -> list[Level]:
    """What turns the side `old` into `new` for a client that cuts to `depth`, best first; quantity 0 deletes."""
    before, after = dict(old), dict(new)
    is_full = depth != 0 and len(new) == depth
    worst = new[-1][0] if is_full else 0

    def is_gone(price: int) -> bool:
        if price in after:
            return False
        return not is_full or (price > worst if is_descending else price < worst)

    changed = [level for level in new if before.get(level[0]) != level[1]]
    changed += [(price, 0) for price in before if is_gone(price)]
    return sorted(changed, reverse=is_descending)


class TradeFeed:
    """`trade` or `trade_p` of one market: the last 200, then each new one."""

    def __init__(self, market: Market, rules: Rules) -> None:
        self._market = market
        self._rules = rules
        self._seen_count = market.trade_count

    def snapshot(self, now_ns: int) -> list[str]:
        """The tape as last published, newest first."""
        unseen = self._market.trade_count - self._seen_count
        prints = list(self._market.trades)
        seen = prints[: max(0, len(prints) - unseen)][-SNAPSHOT_TRADES:]
        return [self._message(market_json.trades(seen, self._market.instrument), "snapshot", now_ns)]

    def poll(self, now_ns: int) -> list[str]:
        """The trades since the last poll, if any."""
        market = self._market
        if market.trade_count == self._seen_count:
            return []
        fresh = market.new_trades(self._seen_count)
        self._seen_count = market.trade_count
        return [self._message(market_json.trades(fresh, market.instrument), "incremental", now_ns)]

    def _message(self, rows: str, kind: str, now_ns: int) -> str:
        market = self._market
        head = f'"sequence":{market.sequence},"symbol":"{market.instrument.symbol}"'
        if market.instrument.line is Line.USD_M:
            return f'{{{_gateway_times(self._rules, now_ns)}{head},"trades_p":{rows},"type":"{kind}"}}'
        return f'{{{head},"trades":{rows},"type":"{kind}"}}'


def _gateway_times(rules: Rules, now_ns: int) -> str:
    """When the venue's gateway and its market data service handled a message (observed 2025)."""
    return f'"dts":{now_ns},"mts":{now_ns},' if rules.gateway_times else ""
