"""What a picture shows of a recording: prices, spread and trades of each symbol, own orders and fills."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tidings.errors import UsageError
from tidings.export.conversion import PROGRESS_ENTRIES, Progress
from tidings.export.own_orders import Fill, OwnOrders, Stand
from tidings.export.price_bins import PriceBins
from tidings.export.recorded_market import MarketNews, RecordedMarket
from tidings.market.book import Book
from tidings.market.trade import Trade
from tidings.model.enums import Side
from tidings.model.instrument import Instrument
from tidings.recorder.entries import Entry, EntryKind
from tidings.recorder.reader import RecordingReader
from tidings.venue.phemex.products import Products


@dataclass
class Chart:
    """One symbol's."""

    instrument: Instrument
    prices: PriceBins
    stands: list[Stand]
    fills: list[Fill]


@dataclass
class Charts:
    """Of one recording."""

    charts: list[Chart]
    start_ns: int
    end_ns: int
    messages: int
    left_out: int  # own orders and fills that were too many to draw
    damage: str


class ChartNews(MarketNews):
    """Hears the recording."""

    def __init__(self) -> None:
        self.prices: dict[str, PriceBins] = {}
        self.instruments: dict[str, Instrument] = {}
        self.own = OwnOrders()

    def catalogue_changed(self, products: Products) -> None:
        self.instruments |= products.instruments  # what is listed no more has been drawn of
        self.own.catalogue_changed(products)

    def book_changed(self, entry: Entry, book: Book) -> None:
        self._prices(book.symbol).note_quote(entry.wall_ns, book.best_bid_ticks, book.best_offer_ticks, book.is_live)

    def trade_printed(self, entry: Entry, trade: Trade) -> None:
        is_buy = trade.side is Side.BUY
        self._prices(trade.symbol).note_trade(entry.wall_ns, trade.price_ticks, trade.qty_lots, is_buy)

    def other_entry(self, entry: Entry) -> None:
        if entry.kind is EntryKind.ACCOUNT:
            self.own.take(entry)

    def _prices(self, symbol: str) -> PriceBins:
        if (prices := self.prices.get(symbol)) is None:
            prices = self.prices[symbol] = PriceBins()
        return prices


def read_charts(directory: Path, symbols: Iterable[str] = (), progress: Progress = lambda *_: None) -> Charts:
    """Read a recording for its picture. Raises RecordingError, and UsageError where there is nothing to draw."""
    reader = RecordingReader(directory)
    news = ChartNews()
    market = RecordedMarket(news, symbols)
    start_ns = end_ns = 0
    for entry in reader:
        market.play(entry)
        start_ns, end_ns = start_ns or entry.wall_ns, entry.wall_ns
        if entry.number % PROGRESS_ENTRIES == 0:
            progress(entry.number, reader.read_bytes, reader.total_bytes)
    news.own.finish(end_ns)
    for prices in news.prices.values():
        prices.end_stale(end_ns)
    if missing := sorted(set(symbols) - news.prices.keys()):
        raise UsageError(f"nothing of {', '.join(missing)} is in this recording")
    charts = [
        Chart(news.instruments[symbol], prices, news.own.stands.get(symbol, []), news.own.fills.get(symbol, []))
        for symbol, prices in sorted(news.prices.items())
        if prices.bins
    ]
    if not charts:
        raise UsageError(f"there is nothing to draw in {directory}: no book and no trade")
    return Charts(charts, start_ns, end_ns, market.message_count, news.own.left_out, reader.damage)
