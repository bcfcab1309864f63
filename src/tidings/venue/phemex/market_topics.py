"""What can be followed of a market, and which subscription of the venue brings it.

Channels, parameters and paces: phemex docs 2026, "WebSocket API". Twenty-four hour figures come for all symbols of a
line in one subscription, each second: COIN-M and spot know no other way, and USD-M's table spares one per symbol.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from tidings.errors import UsageError
from tidings.market.price_tick import TickKind
from tidings.model.enums import ProductLine
from tidings.model.instrument import Instrument
from tidings.venue.phemex.products import Products

BOOK: Final = "book"
TRADE: Final = "trade"
TICKER: Final = "ticker"
KLINE_PREFIX: Final = "kline:"
BOOKS_AND_TRADES: Final = (BOOK, TRADE)
WORDS: Final = (BOOK, TRADE, "kline:SECONDS", TICKER, *TickKind)
KLINE_INTERVALS_S: Final = (
    *(60, 300, 900, 1_800, 3_600, 14_400, 86_400),
    *(604_800, 2_592_000, 7_776_000, 31_104_000),
)
# Beyond its documents, but its clients use them.
_MORE_INTERVALS_S: Final = (180, 7_200, 10_800, 21_600, 43_200)
_TICKERS: Final = {
    ProductLine.INVERSE: "market24h",
    ProductLine.LINEAR: "perp_market24h_pack_p",
    ProductLine.SPOT: "spot_market24h",
}


class Topic(NamedTuple):
    """One subscription at the venue: it takes one of a connection's twenty places."""

    channel: str
    params: tuple[str | int, ...] = ()

    @property
    def is_book(self) -> bool:
        return self.channel.startswith("orderbook")

    @property
    def symbol(self) -> str:
        """Whose it is; "" if it tells of all."""
        return str(self.params[0]) if self.params else ""


def topic_of(instrument: Instrument, word: str, products: Products) -> Topic:
    """The subscription that brings `word` ("book", "trade", "kline:60", "ticker", "index", …) of an instrument.

    Raises UsageError for a word nobody knows, an interval the venue has not, or a figure the line has not.
    """
    symbol, line = instrument.symbol, ProductLine(instrument.line)
    suffix = "_p" if line == ProductLine.LINEAR else ""
    if word == BOOK:
        return Topic(f"orderbook{suffix}", (symbol,))
    if word == TRADE:
        return Topic(f"trade{suffix}", (symbol,))
    if word == TICKER:
        return Topic(_TICKERS[line])
    if word.startswith(KLINE_PREFIX):
        return Topic(f"kline{suffix}", (symbol, _interval_s(word)))
    if word in tuple(TickKind):
        figure = products.tick_symbols.get(symbol, {}).get(TickKind(word))
        if figure is None:
            raise UsageError(f"{symbol}: the venue tells no {word} of it: index, mark and funding are of contracts")
        return Topic(f"tick{suffix}", (figure,))
    raise UsageError(f"no channel {word!r} of {symbol}: there are {', '.join(WORDS)}")


def _interval_s(word: str) -> int:
    text = word.removeprefix(KLINE_PREFIX)
    interval_s = int(text) if text.isascii() and text.isdigit() else 0
    if interval_s not in KLINE_INTERVALS_S + _MORE_INTERVALS_S:
        known = ", ".join(map(str, KLINE_INTERVALS_S))
        raise UsageError(f"channel {word!r}: the venue has candles of these seconds: {known}")
    return interval_s
