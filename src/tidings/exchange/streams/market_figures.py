"""Public streams of figures: candles, 24 h tickers, and the ticks of index, mark and funding.

Like the feeds of `market_feeds` they keep what they published last and are polled. Candles are absolute: a message
holds each candle that has changed as it is now, so that whoever joins late needs nothing but the snapshot.
"""

from collections.abc import Callable
from typing import Final

from tidings.exchange.catalogue import Line
from tidings.exchange.markets.market import Market
from tidings.exchange.messages import market_json
from tidings.exchange.messages.json_text import real
from tidings.exchange.venue_rules import Rules

SNAPSHOT_CANDLES: Final = 1_000  # phemex docs 2026, "Subscribe Kline"
TICKER_INTERVAL_NS: Final = 1_000_000_000  # phemex docs 2026, "Subscribe 24 Hours Ticker"
RATE_SCALE: Final = 8


class KlineFeed:
    """`kline` or `kline_p` of one market at one resolution, newest candle first, the unfinished one included."""

    def __init__(self, market: Market, resolution_s: int, rules: Rules) -> None:
        self._market = market
        self._rules = rules
        self._resolution_s = resolution_s
        self._seen_count = market.trade_count
        row = market.candles.current(resolution_s)
        self._start_s = row.candle.start_s if row else 0  # of the newest candle that was published
        self._settled_until_s = -1
        self._settled = ""  # the rows of a snapshot but the newest one, which alone changes: kept as text

    def snapshot(self, now_ns: int) -> list[str]:
        """The last thousand candles."""
        row = self._market.candles.current(self._resolution_s)
        if row is None:
            return [self._message("[]", "snapshot")]
        if self._settled_until_s != row.candle.start_s:
            self._settled_until_s = row.candle.start_s
            rows = self._market.candles.last(self._resolution_s, SNAPSHOT_CANDLES)[-2::-1]
            self._settled = "".join(f",{market_json.candle(row, self._market.instrument)}" for row in rows)
        return [self._message(f"[{market_json.candle(row, self._market.instrument)}{self._settled}]", "snapshot")]

    def poll(self, now_ns: int) -> list[str]:
        """The candles that trades have changed since the last poll, if any."""
        market = self._market
        if market.trade_count == self._seen_count:
            return []
        self._seen_count = market.trade_count
        row = market.candles.current(self._resolution_s)
        rows = [row] if row else []
        if row and row.candle.start_s != self._start_s:
            rows = market.candles.between(self._resolution_s, self._start_s, row.candle.start_s + 1)
            self._start_s = row.candle.start_s
        return [self._message(market_json.candles(reversed(rows), market.instrument), "incremental")]

    def _message(self, candles: str, kind: str) -> str:
        i, sequence = self._market.instrument, self._market.sequence
        names = f'"sequence":{sequence},"symbol":"{i.symbol}","type":"{kind}"'
        key = "kline_p" if i.line is Line.USD_M else "kline"
        if not self._rules.kline_scales:
            return f'{{"{key}":{candles},{names}}}'
        if i.line is Line.USD_M:
            return f'{{"kline_p":{candles},"priceScale":0,{names}}}'
        qty_scale = f'"qtyScale":{i.qty_scale},' if i.line is Line.SPOT else ""
        return f'{{"kline":{candles},"priceScale":{i.price_scale},{qty_scale}{names},"valueScale":{i.value_scale}}}'


class TickerFeed:
    """The 24 h figures of one market or of many, each second."""

    def __init__(self, messages: Callable[[int], list[str]], now_ns: int) -> None:
        self._messages = messages
        self._next_poll_ns = now_ns + TICKER_INTERVAL_NS

    def snapshot(self, now_ns: int) -> list[str]:
        """The figures now."""
        return self._messages(now_ns)

    def poll(self, now_ns: int) -> list[str]:
        """The figures, when a second has passed."""
        if now_ns < self._next_poll_ns:
            return []
        self._next_poll_ns = now_ns + TICKER_INTERVAL_NS
        return self._messages(now_ns)


class TickFeed:
    """`tick` or `tick_p`: the index price, the mark price or a funding rate of one contract, on change."""

    def __init__(self, line: Line, symbol: str, scale: int, value: Callable[[int], int], now_ns: int) -> None:
        self._is_usd_m = line is Line.USD_M
        self._symbol = symbol
        self._scale = scale
        self._value = value
        self._last = value(now_ns)

    def snapshot(self, now_ns: int) -> list[str]:
        """The value as last published."""
        return [self._message(now_ns)]

    def poll(self, now_ns: int) -> list[str]:
        """The value, if it changed."""
        value = self._value(now_ns)
        if value == self._last:
            return []
        self._last = value
        return [self._message(now_ns)]

    def _message(self, now_ns: int) -> str:
        names = f'"symbol":"{self._symbol}","timestamp":{now_ns}'
        if self._is_usd_m:
            return f'{{"tick_p":{{"last":{real(self._last, self._scale)},{names}}}}}'
        return f'{{"tick":{{"last":{self._last},"scale":{self._scale},{names}}}}}'
