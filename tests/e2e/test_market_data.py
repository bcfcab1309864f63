"""Books and trades of a running exchange, followed over real TLS with a stock WebSocket client."""

import asyncio
import json
import ssl
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from phemex_client import RestClient
from websockets.asyncio.client import connect

from tidings.market.book import Book
from tidings.market.trade import Trade
from tidings.model.instrument import Instrument
from tidings.venue.phemex.market_stream import MarketListener, MarketStream
from tidings.venue.phemex.products import parse_products

# symbol → channels to subscribe to, and where REST shows the same book
MARKETS = {
    "BTCUSD": ("orderbook.subscribe", "trade.subscribe", "/md/orderbook", "book"),
    "BTCUSDT": ("orderbook_p.subscribe", "trade_p.subscribe", "/md/v2/orderbook", "orderbook_p"),
    "sBTCUSDT": ("orderbook.subscribe", "trade.subscribe", "/md/orderbook", "book"),
}
LIMIT_S = 20  # on a busy machine; alone it takes two seconds
COMPARISONS_MIN = 3
UPDATES_MIN = 20

Sides = tuple[list[tuple[int, int]], list[tuple[int, int]]]


class History(MarketListener):
    """Every state of every book, by its number; and the trades."""

    def __init__(self) -> None:
        self.books: dict[str, dict[int, Sides]] = {symbol: {} for symbol in MARKETS}
        self.trades: list[Trade] = []

    def book_changed(self, book: Book, now_ns: int) -> None:
        assert book.is_two_sided, repr(book)
        self.books[book.symbol][book.sequence] = book.bids(), book.offers()

    def trade_printed(self, trade: Trade, now_ns: int) -> None:
        self.trades.append(trade)


def rest_book(rest: RestClient, instrument: Instrument) -> tuple[int, Sides]:
    """(sequence, levels) of what REST shows, put on the grid by Decimal."""
    *_, path, key = MARKETS[instrument.symbol]
    result = rest.public(path, f"symbol={instrument.symbol}").json["result"]
    price_unit, qty_unit = instrument.tick_size, instrument.lot_size
    if key == "book":
        price_unit, qty_unit = Decimal(instrument.tick_mantissa), Decimal(instrument.lot_mantissa)

    def side(name: str) -> list[tuple[int, int]]:
        return [(exact(price, price_unit), exact(qty, qty_unit)) for price, qty in result[key][name]]

    return result["sequence"], (side("bids"), side("asks"))


def exact(number: int | str, unit: Decimal) -> int:
    steps = Decimal(number) / unit
    assert steps == int(steps)
    return int(steps)


async def follow(ready: dict[str, Any], stream: MarketStream, look: Callable[[], bool]) -> None:
    """Subscribe to all markets and feed what comes, until `look` (asked twenty times a second) is content.

    Not by the threaded client of websockets: it reads and writes one TLS object at the same time, and waits now and
    then for ever (observed with Python 3.11).
    """
    next_look_s = 0.0
    tls = ssl.create_default_context(cafile=ready["ca_file"])
    async with asyncio.timeout(LIMIT_S), connect(ready["ws"], ssl=tls, compression=None) as socket:
        for number, (symbol, (book, trade, *_)) in enumerate(MARKETS.items()):
            for offset, method in enumerate((book, trade)):
                await socket.send(json.dumps({"id": 2 * number + offset, "method": method, "params": [symbol]}))
        async for message in socket:
            is_push = stream.feed(message.encode(), time.monotonic_ns())
            assert is_push == ("id" not in json.loads(message)), message
            if time.monotonic() > next_look_s:
                next_look_s = time.monotonic() + 0.05
                if look():
                    return
    pytest.fail("the exchange closed the stream")


async def test_our_books_are_the_exchanges_books_at_equal_numbers(start_exchange):
    exchange = start_exchange("--no-rate-limits", "--seed", "11")
    rest = RestClient(exchange.ready)
    products = parse_products(rest.public("/public/products").text.encode())
    history = History()
    stream = MarketStream(products.instruments, history)
    shown: dict[str, dict[int, Sides]] = {symbol: {} for symbol in MARKETS}

    def common(symbol: str) -> set[int]:
        return shown[symbol].keys() & history.books[symbol].keys()

    def look() -> bool:
        for symbol in MARKETS:
            sequence, sides = rest_book(rest, products.instruments[symbol])
            shown[symbol][sequence] = sides
        return bool(history.trades) and all(
            len(common(symbol)) >= COMPARISONS_MIN and len(history.books[symbol]) >= UPDATES_MIN for symbol in MARKETS
        )

    await follow(exchange.ready, stream, look)
    rest.close()
    for symbol in MARKETS:
        for sequence in common(symbol):
            assert history.books[symbol][sequence] == shown[symbol][sequence], (symbol, sequence)
    assert (stream.malformed_count, stream.second_try_count) == (0, 0)
    assert all(trade.price_ticks > 0 and trade.qty_lots > 0 for trade in history.trades)
