"""The market channels: what each is called, which parameters it takes, and the feed behind it.

Subscribers of the same thing share one feed; a feed is polled every 20 ms, and each message is built and framed once,
however many clients it goes to. Channels, parameters and paces: phemex docs 2026, "WebSocket API".
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from tidings.exchange.catalogue import Instrument, Line
from tidings.exchange.markets.candles import RESOLUTIONS_S
from tidings.exchange.markets.market import Market
from tidings.exchange.markets.tickers import Ticker
from tidings.exchange.messages import ticker_json
from tidings.exchange.streams.market_feeds import (
    BOOK_INTERVAL_NS,
    DEFAULT_DEPTH,
    DEPTHS,
    FULL_BOOK_INTERVAL_NS,
    SLOW_BOOK_INTERVAL_NS,
    BookFeed,
    TradeFeed,
)
from tidings.exchange.streams.market_figures import RATE_SCALE, KlineFeed, TickerFeed, TickFeed
from tidings.exchange.streams.session import StreamSession, text_frame
from tidings.exchange.streams.subscriptions import Key, Subscriptions
from tidings.exchange.venue import Venue
from tidings.exchange.venue_rules import Rules


class Feed(Protocol):
    """What the subscribers of one key are told."""

    def snapshot(self, now_ns: int) -> list[str]:
        """What a newcomer is sent first: the state as last published, so that what follows continues it."""

    def poll(self, now_ns: int) -> list[str]:
        """What is to be published now, if anything."""


FeedMaker = Callable[[Venue, Market, Key, int], Feed]


def _no_detail(rest: list[object]) -> tuple[int, ...] | None:
    return None if rest else ()


@dataclass(frozen=True, slots=True)
class Channel:
    """One channel: which parameters it takes, and what makes its feeds."""

    lines: tuple[Line, ...]
    of_symbol: FeedMaker | None = None  # for `[symbol, …]`
    of_all: Callable[[Venue, int], Feed] | None = None  # for `[]`
    detail: Callable[[list[object]], tuple[int, ...] | None] = _no_detail  # of what follows the symbols; None: nonsense
    is_derived: bool = False  # its symbols are those of index and mark prices and funding rates


def _book_detail(rest: list[object]) -> tuple[int, ...] | None:
    """Depth and pace: `[symbol]`, `[symbol, is_full]`, `[symbol, is_slow, depth]`."""
    match rest:
        case [] | [False]:
            return DEFAULT_DEPTH, BOOK_INTERVAL_NS
        case [True]:
            return 0, FULL_BOOK_INTERVAL_NS
        case [bool(is_slow), int() | str() as depth]:
            if str(depth) not in map(str, DEPTHS):  # the docs quote the depth, clients of the venue send a number
                return None
            return int(depth), SLOW_BOOK_INTERVAL_NS if is_slow else BOOK_INTERVAL_NS
    return None


def _kline_detail(rest: list[object]) -> tuple[int, ...] | None:
    """The resolution: `[symbol, seconds]`."""
    match rest:
        case [int(resolution_s)] if resolution_s in RESOLUTIONS_S:
            return (resolution_s,)
    return None


def _book(venue: Venue, market: Market, key: Key, now_ns: int) -> Feed:
    depth, interval_ns = key.detail
    return BookFeed(market, depth, interval_ns, now_ns, venue.config.rules)


def _trades(venue: Venue, market: Market, key: Key, now_ns: int) -> Feed:
    return TradeFeed(market, venue.config.rules)


def _klines(venue: Venue, market: Market, key: Key, now_ns: int) -> Feed:
    (resolution_s,) = key.detail
    return KlineFeed(market, resolution_s, venue.config.rules)


def _tick(venue: Venue, market: Market, key: Key, now_ns: int) -> Feed:
    i, rates = market.instrument, venue.funding.rates[market.instrument.symbol]
    values: dict[str, tuple[int, Callable[[int], int]]] = {
        i.index_symbol: (i.price_scale, lambda now_ns: market.index_price),
        i.mark_symbol: (i.price_scale, lambda now_ns: market.mark_price),
        i.funding_symbol: (RATE_SCALE, rates.predicted_rate_er),
        i.funding_8h_symbol: (RATE_SCALE, rates.rate_er),
    }
    return TickFeed(i.line, key.symbol, *values[key.symbol], now_ns)


Wording = Callable[[Ticker, Rules], str]


def _ticker(wording: Wording) -> FeedMaker:
    def make(venue: Venue, market: Market, key: Key, now_ns: int) -> Feed:
        rules = venue.config.rules
        return TickerFeed(lambda now_ns: [wording(venue.tickers.of(key.symbol, now_ns), rules)], now_ns)

    return make


def _tickers(line: Line, wording: Wording) -> Callable[[Venue, int], Feed]:
    """Every symbol of a line, each in a message of its own."""
    def make(venue: Venue, now_ns: int) -> Feed:
        rules = venue.config.rules
        return TickerFeed(lambda now_ns: [wording(t, rules) for t in venue.tickers.all(line, now_ns)], now_ns)

    return make


def _pack(venue: Venue, now_ns: int) -> Feed:
    return TickerFeed(lambda now_ns: [ticker_json.pack_message(venue.tickers.all(Line.USD_M, now_ns), now_ns)], now_ns)


def _day_channel(line: Line, wording: Wording) -> Channel:
    """The docs have `[]` for every symbol, a client of the venue sends `[symbol]` (observed 2025); both are taken."""
    return Channel((line,), _ticker(wording), _tickers(line, wording))


_SCALED = (Line.COIN_M, Line.SPOT)
_COIN_M = (Line.COIN_M,)
_USD_M = (Line.USD_M,)
CHANNELS = {
    "orderbook": Channel(_SCALED, _book, detail=_book_detail),
    "orderbook_p": Channel(_USD_M, _book, detail=_book_detail),
    "trade": Channel(_SCALED, _trades),
    "trade_p": Channel(_USD_M, _trades),
    "kline": Channel(_SCALED, _klines, detail=_kline_detail),
    "kline_p": Channel(_USD_M, _klines, detail=_kline_detail),
    "tick": Channel(_COIN_M, _tick, is_derived=True),
    "tick_p": Channel(_USD_M, _tick, is_derived=True),
    "market24h": _day_channel(Line.COIN_M, ticker_json.contract_message),
    "market24h_p": _day_channel(Line.USD_M, ticker_json.linear_message),
    "spot_market24h": _day_channel(Line.SPOT, ticker_json.spot_message),
    "perp_market24h_pack_p": Channel(_USD_M, of_all=_pack),
}


class MarketChannels:
    """The feeds somebody listens to."""

    def __init__(self, venue: Venue, subscriptions: Subscriptions) -> None:
        self._venue = venue
        self._subscriptions = subscriptions
        self._feeds: dict[Key, Feed] = {}
        self._derived = _derived_symbols(venue)

    @property
    def has_feeds(self) -> bool:
        """Whether somebody listens to a market."""
        return bool(self._feeds)

    def keys(self, name: str, params: object) -> list[Key]:
        """The subscriptions that `params` ask for; none if they make no sense. Several symbols are tolerated."""
        channel = CHANNELS[name]
        if params in (None, []):
            return [Key(name)] if channel.of_all else []
        if not isinstance(params, list) or channel.of_symbol is None:
            return []
        symbols, rest = _symbols_and_rest(params)
        detail = channel.detail(rest)
        if detail is None or not all(self._instrument(channel, symbol) for symbol in symbols):
            return []
        return [Key(name, symbol, detail) for symbol in symbols]

    def open(self, session: StreamSession, keys: list[Key], now_ns: int) -> Iterator[str]:
        """Subscribe a client to what `keys` gave, and give what it is sent first."""
        for key in keys:
            feed = self._feeds.get(key)
            if feed is None:
                feed = self._feeds[key] = self._make_feed(key, now_ns)
            self._subscriptions.attach(session, key)
            yield from feed.snapshot(now_ns)

    def unsubscribe(self, session: StreamSession, name: str, params: object) -> None:
        """Drop the channel's subscriptions of a client: all of them, or those of the symbols named."""
        symbols, rest = _symbols_and_rest(params if isinstance(params, list) else [])
        detail = CHANNELS[name].detail(rest) if rest else None
        for key in self._subscriptions.of(session):
            if key.channel == name and (not symbols or key.symbol in symbols) and detail in (None, key.detail):
                self.forget(key, is_last=self._subscriptions.detach(session, key))

    def forget(self, key: Key, *, is_last: bool = True) -> None:
        """A client has left `key`, the last one if `is_last`."""
        if is_last:
            self._feeds.pop(key, None)

    def poll(self, now_ns: int, counters: Counter[str]) -> None:
        """Publish what changed in the markets since the last poll.

        A feed that fails takes nothing from the others; the first failure is raised when all had their turn.
        """
        failures: list[Exception] = []
        for key, feed in tuple(self._feeds.items()):
            try:
                messages = feed.poll(now_ns)
            except Exception as error:
                failures.append(error)
                continue
            for message in messages:
                frame, listeners = text_frame(message), self._subscriptions.listeners(key)
                for session in listeners:
                    session.send(frame)
                counters["market_messages"] += len(listeners)
        if failures:
            raise failures[0]

    def _instrument(self, channel: Channel, symbol: str) -> Instrument | None:
        """The listed instrument that `symbol` is of on this channel."""
        instruments = self._derived if channel.is_derived else self._venue.catalogue.instruments
        instrument = instruments.get(symbol)
        return instrument if instrument and instrument.line in channel.lines and instrument.is_listed else None

    def _make_feed(self, key: Key, now_ns: int) -> Feed:
        channel = CHANNELS[key.channel]
        if not key.symbol and channel.of_all:
            return channel.of_all(self._venue, now_ns)
        instrument = self._instrument(channel, key.symbol)
        market = self._venue.market(instrument.symbol, now_ns) if instrument else None
        if market is None or channel.of_symbol is None:
            raise KeyError(key)
        return channel.of_symbol(self._venue, market, key, now_ns)


def _symbols_and_rest(params: list[object]) -> tuple[list[str], list[object]]:
    """The symbols at the front of a request's parameters, each once, and what follows them."""
    count = next((n for n, value in enumerate(params) if not isinstance(value, str)), len(params))
    return list(dict.fromkeys(map(str, params[:count]))), params[count:]


def _derived_symbols(venue: Venue) -> dict[str, Instrument]:
    """Contracts by the symbols of their index, mark price and funding rates."""
    contracts = [i for i in venue.catalogue.listed() if i.line is not Line.SPOT]
    return {
        symbol: i
        for i in contracts
        for symbol in (i.index_symbol, i.mark_symbol, i.funding_symbol, i.funding_8h_symbol)
    }
