"""A recording lived through again: entries in, and what they did to books, trades and candles out.

The messages go through the decoder that the engine uses, so what an export calls a live book is what a strategy was
shown: a decoder for each connection, so that garbage on one leaves the others' books alone. What the engine knew beside
the messages (a connection that went down, messages that are missing) makes books stale here as it did there.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import orjson

from tidings.market.book import Book
from tidings.market.feed_state import FeedEvent, FeedState
from tidings.market.kline import Kline
from tidings.market.price_tick import PriceTick
from tidings.market.ticker import Ticker
from tidings.market.trade import Trade
from tidings.model.enums import ProductLine
from tidings.model.instrument import Instrument
from tidings.model.scale import price_ticks, qty_lots
from tidings.recorder.entries import Entry, EntryKind
from tidings.venue.phemex.market_figures import FigureReader, tells_of_many
from tidings.venue.phemex.market_stream import MarketListener, MarketStream
from tidings.venue.phemex.products import Products, parse_products

TIMER_NS = 1_000_000_000  # how often the engine looks for books that are silent
Levels = list[tuple[int, int]]
Document = dict[str, Any]


class BookUpdate(NamedTuple):
    """One message that a book took: levels in ticks and lots, 0 lots: gone; none without `wants_levels`."""

    book: Book
    is_snapshot: bool
    bids: Levels
    offers: Levels
    before: tuple[Levels, Levels] | None
    """What the book held, if it was live and `wants_before`."""


class MarketNews:
    """Inherit and override what you want to hear. `entry` is what it comes from."""

    wants_levels = False
    """Whether updates are to tell the levels of their messages, which costs reading those a second time."""
    wants_before = False
    """Whether an update is to tell what its book held before, which costs reading the book each time."""
    wants_figures = False
    """Whether candles, ticks and tickers are to be told."""

    def trade_printed(self, entry: Entry, trade: Trade) -> None:
        """A new trade, oldest first."""

    def book_updated(self, entry: Entry, update: BookUpdate) -> None:
        """A message after which its book is live."""

    def book_changed(self, entry: Entry, book: Book) -> None:
        """Its levels or its state."""

    def message_taken(self, entry: Entry, document: Document) -> None:
        """A push that its book took, or of trades that could be read, or of neither kind."""

    def candle_told(self, entry: Entry, kline: Kline) -> None:
        """A candle as it is by now."""

    def tick_told(self, entry: Entry, tick: PriceTick) -> None:
        """An index or mark price or a funding rate."""

    def ticker_told(self, entry: Entry, ticker: Ticker) -> None:
        """The figures of a market's last 24 hours."""

    def other_entry(self, entry: Entry) -> None:
        """What is no news of the market."""

    def catalogue_changed(self, products: Products) -> None:
        """Instruments are other objects from now on."""


class RecordedMarket(MarketListener):
    """`symbols`: only these; none: all."""

    def __init__(self, news: MarketNews, symbols: Iterable[str] = ()) -> None:
        self.message_count = 0  # pushes of market streams
        self.dropped_count = 0  # messages that the recording says are missing
        self.refused_count = 0  # pushes that no book took: unreadable, or not on a live book
        self.symbols: set[str] = set()  # of books, trades and candles that were taken
        self.catalogue_number = 0  # the entry that holds the catalogue of now
        self._news = news
        self._symbols = frozenset(symbols)
        self._products: Products | None = None
        self._streams: dict[int, MarketStream] = {}  # by connection
        self._figures: FigureReader | None = None
        self._tick_symbols: frozenset[str] = frozenset()  # of index and mark prices of the chosen symbols
        self._catalogue = b""
        self._entry = Entry(0, 0, 0, EntryKind.SESSION, 0, b"")
        self._sources: dict[str, int] = {}  # symbol → the connection its book comes by
        self._timer_ns = 0

    def play(self, entry: Entry) -> None:
        """The next entry."""
        self._entry = entry
        if entry.kind == EntryKind.MARKET:
            self._take_message(entry)
        elif entry.kind == EntryKind.CATALOGUE:
            self._take_catalogue(entry)
        elif entry.kind == EntryKind.FEED:
            self._take_feed(entry)
        elif entry.kind == EntryKind.DROPPED:
            self.dropped_count += orjson.loads(entry.payload)["messages"]
            self._lose(0)
        else:
            self._news.other_entry(entry)

    # ---- messages ------------------------------------------------------------------------------------------------

    def _take_message(self, entry: Entry) -> None:
        try:
            document = orjson.loads(entry.payload)
        except orjson.JSONDecodeError:
            document = None
        if not isinstance(document, dict):
            document = {}
        if self._products is None:
            return
        if not self._is_wanted(document):
            if self._news.wants_figures and tells_of_many(document):
                self.message_count += self._take_figures(entry)
            return
        if not 0 <= entry.received_ns - self._timer_ns < TIMER_NS:
            self._timer_ns = entry.received_ns
            for source in sorted(self._streams):
                self._streams[source].on_timer(entry.received_ns)
        stream, symbol = self._stream_of(entry.source), document.get("symbol")
        book = stream.book(symbol) if isinstance(symbol, str) else None
        if book is not None and ("book" in document or "orderbook_p" in document):
            self._take_book(entry, document, stream, book)
        else:
            self._take_other(entry, document, stream)

    def _is_wanted(self, document: Document) -> bool:
        """Whether it is about a chosen symbol, or cannot be told from one that is."""
        if not self._symbols or not document:
            return True
        tick = document.get("tick") or document.get("tick_p")
        told = tick if isinstance(tick, dict) else document
        symbol = told.get("symbol")
        return isinstance(symbol, str) and symbol in (self._tick_symbols if told is tick else self._symbols)

    def _take_book(self, entry: Entry, document: Document, stream: MarketStream, book: Book) -> None:
        is_snapshot = document.get("type") == "snapshot"
        before = (book.bids(), book.offers()) if self._news.wants_before and book.is_live else None
        self.message_count += 1
        self._come_by(entry.source, book)
        count = stream.book_count
        stream.feed(entry.payload, entry.received_ns)
        if stream.book_count == count or not book.is_live:
            self.refused_count += 1
            return
        bids, offers = [], []
        if self._news.wants_levels:
            sides = document["book"] if "book" in document else document["orderbook_p"]
            bids, offers = (levels_of(sides[side], book.instrument) for side in ("bids", "asks"))
        self._news.book_updated(entry, BookUpdate(book, is_snapshot, bids, offers, before))
        self.symbols.add(book.symbol)
        self._news.message_taken(entry, document)

    def _take_other(self, entry: Entry, document: Document, stream: MarketStream) -> None:
        malformed, trades = stream.malformed_count, stream.trade_count
        is_push = stream.feed(entry.payload, entry.received_ns)
        if stream.malformed_count != malformed:
            self.message_count += 1
            self.refused_count += 1
            return
        if not is_push:
            return
        self.message_count += 1
        if stream.trade_count != trades:
            self.symbols.add(document["symbol"])
        elif self._news.wants_figures:
            self._take_figures(entry)
        self._news.message_taken(entry, document)

    def _take_figures(self, entry: Entry) -> bool:
        """Whether there are any of the chosen symbols."""
        assert self._figures is not None
        read = self._figures.read(entry.payload) or ()
        figures = [figure for figure in read if not self._symbols or figure.symbol in self._symbols]
        for figure in figures:
            if self._symbols or not isinstance(figure, Ticker):  # those tell of a whole line, asked for or not
                self.symbols.add(figure.symbol)
            if isinstance(figure, Kline):
                self._news.candle_told(entry, figure)
            elif isinstance(figure, PriceTick):
                self._news.tick_told(entry, figure)
            else:
                self._news.ticker_told(entry, figure)
        return bool(figures)

    # ---- connections ---------------------------------------------------------------------------------------------

    def _stream_of(self, source: int) -> MarketStream:
        stream = self._streams.get(source)
        if stream is None:
            assert self._products is not None
            stream = self._streams[source] = MarketStream(self._products.instruments, self)
        return stream

    def _book(self, symbol: str) -> Book | None:
        """As the connection has it that brings it."""
        stream = self._streams.get(self._sources.get(symbol, 0))
        return stream.book(symbol) if stream is not None else None

    def _come_by(self, source: int, book: Book) -> None:
        """Another connection's book of this symbol, if there was one, is not followed any more."""
        if self._sources.get(book.symbol, source) != source and (before := self._book(book.symbol)) is not None:
            before.mark_stale(FeedEvent.DISCONNECTED)
        self._sources[book.symbol] = source

    # ---- MarketListener ------------------------------------------------------------------------------------------

    def book_changed(self, book: Book, now_ns: int) -> None:
        if book is self._book(book.symbol):
            self._news.book_changed(self._entry, book)

    def trade_printed(self, trade: Trade, now_ns: int) -> None:
        self._news.trade_printed(self._entry, trade)

    # ---- what else happened --------------------------------------------------------------------------------------

    def _take_catalogue(self, entry: Entry) -> None:
        """Each segment may begin with the catalogue: only another one changes anything."""
        if entry.payload == self._catalogue:
            return
        books = self.save()["books"]
        products = self._products = parse_products(entry.payload)
        self._streams = {}
        self._figures = FigureReader(products)
        told = (products.tick_symbols.get(symbol, {}) for symbol in self._symbols)
        self._tick_symbols = frozenset(symbol for symbols in told for symbol in symbols.values())
        self._catalogue, self.catalogue_number = entry.payload, entry.number
        self._news.catalogue_changed(products)
        self._restore_books(books)

    def _take_feed(self, entry: Entry) -> None:
        """A connection's end is told as such, or book by book where the engine told a strategy."""
        told = orjson.loads(entry.payload)
        if told["event"] in ("down", "silent"):
            self._lose(entry.source)
        elif told["event"] == "stale":
            self._lose(entry.source, told["symbol"])

    def _lose(self, source: int, symbol: str = "") -> None:
        """Books that came by this connection (0: all) are not to be trusted until their next snapshot."""
        for found, own_source in self._sources.items():
            book = self._book(found)
            is_meant = source in (0, own_source) and symbol in ("", found)
            if book is not None and is_meant and book.mark_stale(FeedEvent.DISCONNECTED):
                self._news.book_changed(self._entry, book)

    # ---- to go on later ------------------------------------------------------------------------------------------

    def save(self) -> dict[str, Any]:
        """What has to be known to go on behind the last entry, as JSON can hold it."""
        found = map(self._book, self._sources)
        return {
            "catalogue": self.catalogue_number,
            "counts": [self.message_count, self.dropped_count, self.refused_count],
            "symbols": sorted(self.symbols),
            "sources": self._sources,
            "timer_ns": self._timer_ns,
            "candles": self._figures.save() if self._figures is not None else [],
            "books": [_saved_book(book) for book in found if book is not None and book.state != FeedState.AWAITED],
        }

    def restore(self, state: dict[str, Any], catalogue: Entry | None) -> None:
        """Be as `save` found it; `catalogue` is the entry it names, if it names one."""
        if catalogue is not None:
            self._take_catalogue(catalogue)
        self.message_count, self.dropped_count, self.refused_count = state["counts"]
        self.symbols = set(state["symbols"])
        self._sources, self._timer_ns = dict(state["sources"]), state["timer_ns"]
        self._restore_books(state["books"])
        if self._figures is not None:
            self._figures.restore(state["candles"])

    def _restore_books(self, books: list[dict[str, Any]]) -> None:
        for saved in books:
            book = self._stream_of(self._sources[saved["symbol"]]).book(saved["symbol"])
            if book is not None and _grid(book.instrument) == saved["grid"]:
                figures = saved["figures"]
                book.apply_snapshot(saved["bids"], saved["offers"], **{**figures, "received_ns": saved["snapshot_ns"]})
                book.apply_incremental([], [], **figures)
                if not saved["is_live"]:
                    book.mark_stale(FeedEvent.DISCONNECTED)


def levels_of(rows: list[list[Any]], instrument: Instrument) -> Levels:
    """Levels as a message writes them: decimals on USD-M, integers on the instrument's scales elsewhere; with quotes or
    without, as the decoder takes them.
    """
    if instrument.line == ProductLine.LINEAR:
        return [(price_ticks(instrument, str(price)), qty_lots(instrument, str(qty), True)) for price, qty in rows]
    tick, lot = instrument.tick_mantissa, instrument.lot_mantissa
    return [(int(price) // tick, int(qty) // lot) for price, qty in rows]


def _saved_book(book: Book) -> dict[str, Any]:
    return {
        "symbol": book.symbol,
        "grid": _grid(book.instrument),
        "bids": book.bids(),
        "offers": book.offers(),
        "snapshot_ns": book.snapshot_ns,  # a book is silent by the age of its last whole one
        "figures": {
            "sequence": book.sequence,
            "depth": book.depth,
            "venue_time_ns": book.venue_time_ns,
            "received_ns": book.received_ns,
        },
        "is_live": book.is_live,
    }


def _grid(instrument: Instrument) -> list[int]:
    return [instrument.price_scale, instrument.tick_mantissa, instrument.qty_scale, instrument.lot_mantissa]
