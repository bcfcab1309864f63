"""The market of a transcript: what it follows, and what it tells. Lines:

followed BTCUSDT ticker index    since the last such line exactly these channels were asked for
refuses WORDS                    the next subscription is refused
book BTCUSDT 61000*0.5 61000.1*0.2      the book, bids before offers by their price
stale BTCUSDT                    its feed is lost
print BTCUSDT Buy 61000.1 0.01 TIME
ticker BTCUSDT TIME open=60000.5 high=62000 index_price=61000.123
tick BTCUSDT mark 61000.25 TIME
listeners 1                      so many hear figures
"""

from decimal import Decimal

from tidings.app.market.market_listeners import MarketCallbacks, MarketListeners, tell
from tidings.errors import ConnectionLost
from tidings.fix.timestamps import unix_ns
from tidings.market.book import Book
from tidings.market.feed_state import FeedEvent
from tidings.market.price_tick import PriceTick, TickKind
from tidings.market.ticker import Ticker
from tidings.market.trade import Trade
from tidings.model.enums import Side
from tidings.model.scale import price_ticks, qty_lots

ALWAYS = ("open", "high", "low", "last", "volume", "turnover")


class Feeds:
    """The engine's market, and what the account's `subscribe` is."""

    words = ("followed", "left", "refuses", "book", "stale", "print", "ticker", "tick", "listeners")

    def __init__(self, products) -> None:
        self.products, self.listeners = products, MarketListeners()
        self.books: dict[str, Book] = {}
        self.asked: list[tuple[str, ...]] = []
        self.given_back: list[tuple[str, ...]] = []
        self.is_open = True
        self.refusal = ""

    async def subscribe(self, *symbols: str, channels) -> None:
        if self.refusal:
            raise ConnectionLost(self.refusal)
        for symbol in symbols:
            self.asked.append((symbol, *channels))
            if "book" in channels:
                self.books.setdefault(symbol, Book(self.products.find(symbol)))

    def unsubscribe(self, *symbols: str, channels) -> None:
        self.given_back += [(symbol, *channels) for symbol in symbols]

    def add_listener(self, **heard) -> MarketCallbacks:
        listener = MarketCallbacks(**heard)
        self.listeners.add(listener)
        return listener

    def remove_listener(self, listener: MarketCallbacks) -> None:
        self.listeners.remove(listener)

    def book(self, symbol: str) -> Book | None:
        return self.books.get(symbol)

    def play(self, word: str, rest: list[str], market_data) -> None:
        getattr(self, f"_{word}")(market_data, *rest)

    def _followed(self, market_data, *words: str) -> None:
        assert self.asked == [words], f"followed {self.asked}"
        self.asked.clear()

    def _left(self, market_data, *words: str) -> None:
        assert self.given_back == ([words] if words else []), f"given back {self.given_back}"
        self.given_back.clear()

    def _refuses(self, market_data, *words: str) -> None:
        self.refusal = " ".join(words)

    def _listeners(self, market_data, count: str) -> None:
        assert len(self.listeners.ticker) == len(self.listeners.tick) == int(count)

    def _book(self, market_data, symbol: str, *levels: str) -> None:
        book = self.books[symbol]
        rows = sorted(
            (price_ticks(book.instrument, price), qty_lots(book.instrument, qty))
            for price, qty in (level.split("*") for level in levels)
        )
        half = len(rows) // 2
        book.apply_snapshot(rows[:half][::-1], rows[half:], sequence=book.sequence + 1)
        market_data.on_book(book)

    def _stale(self, market_data, symbol: str) -> None:
        self.books[symbol].mark_stale(FeedEvent.DISCONNECTED)
        market_data.on_book(self.books[symbol])

    def _print(self, market_data, symbol: str, side: str, px: str, qty: str, time: str) -> None:
        found = self.products.find(symbol)
        moment_ns = unix_ns(time.encode())
        market_data.on_trade(Trade(found, Side[side.upper()], price_ticks(found, px), qty_lots(found, qty), moment_ns))

    def _ticker(self, market_data, symbol: str, time: str, *told: str) -> None:
        values = dict.fromkeys(ALWAYS, Decimal(1)) | {
            name: Decimal(value) for name, value in (one.split("=") for one in told)
        }
        tell(self.listeners.ticker, Ticker(self.products.find(symbol), unix_ns(time.encode()), **values), 1)

    def _tick(self, market_data, symbol: str, kind: str, value: str, time: str) -> None:
        tick = PriceTick(self.products.find(symbol), TickKind(kind), Decimal(value), unix_ns(time.encode()))
        tell(self.listeners.tick, tick, 1)
