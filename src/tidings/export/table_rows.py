"""What happened in a recorded market as rows of the tables."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tidings.export.recorded_market import BookUpdate, MarketNews
from tidings.export.tables import BOOK, KLINES, TABLES, TICKERS, TICKS, TOP, TRADES, Grids, Row, grid_of
from tidings.market.book import Book
from tidings.market.kline import Kline
from tidings.market.price_tick import PriceTick
from tidings.market.ticker import Ticker
from tidings.market.trade import Trade
from tidings.model.enums import Side
from tidings.model.instrument import Instrument
from tidings.recorder.entries import Entry
from tidings.venue.phemex.products import Products

SIDES = {Side.BUY: "buy", Side.SELL: "sell"}
Candles = dict[int, Row]  # start → row


class TableRows(MarketNews):
    """Rows by table, until they are taken."""

    wants_levels = wants_figures = True

    def __init__(self, grids: Grids) -> None:
        self.waiting: dict[str, list[Row]] = {table.name: [] for table in TABLES}
        self._trades, self._book = self.waiting[TRADES.name], self.waiting[BOOK.name]
        self._top, self._klines = self.waiting[TOP.name], self.waiting[KLINES.name]
        self._ticks, self._tickers = self.waiting[TICKS.name], self.waiting[TICKERS.name]
        self._grids = grids
        self._numbers: dict[str, int] = {}  # symbol → of its grid
        self._last_top: dict[str, Row] = {}  # symbol → the cells behind `symbol`
        self._candles: dict[tuple[str, int], Candles] = {}  # (symbol, interval) → those that may still change
        self._closed_ns: dict[tuple[str, int], int] = {}  # → start of the newest one that is written

    @property
    def waiting_count(self) -> int:
        return sum(map(len, self.waiting.values()))

    # ---- MarketNews ----------------------------------------------------------------------------------------------

    def catalogue_changed(self, products: Products) -> None:
        self._numbers.clear()

    def trade_printed(self, entry: Entry, trade: Trade) -> None:
        self._trades.append((
            entry.number, entry.wall_ns, trade.venue_time_ns, self._number(trade.instrument), SIDES[trade.side],
            trade.price_ticks, trade.qty_lots,
        ))  # fmt: skip

    def book_updated(self, entry: Entry, update: BookUpdate) -> None:
        book = update.book
        head = (
            entry.number, entry.wall_ns, book.venue_time_ns, self._number(book.instrument), book.sequence,
            update.is_snapshot,
        )  # fmt: skip
        self._book.extend([(*head, "bid", *level) for level in update.bids])
        self._book.extend([(*head, "ask", *level) for level in update.offers])
        if update.is_snapshot and not update.bids and not update.offers:
            self._book.append((*head, None, None, None))

    def book_changed(self, entry: Entry, book: Book) -> None:
        bid = (book.best_bid_ticks, book.best_bid_lots) if book.best_bid_ticks else (None, None)
        ask = (book.best_offer_ticks, book.best_offer_lots) if book.best_offer_ticks else (None, None)
        cells = ("live" if book.is_live else "stale", *bid, *ask)
        if self._last_top.get(book.symbol) != cells:
            self._last_top[book.symbol] = cells
            number = self._number(book.instrument)
            self._top.append((entry.number, entry.wall_ns, book.venue_time_ns, number, *cells))

    def candle_told(self, entry: Entry, kline: Kline) -> None:
        """A candle as it is by now: kept until a later one shows that it changes no more."""
        start_ns, key = kline.start_s * 1_000_000_000, (kline.symbol, kline.interval_s)
        if start_ns <= self._closed_ns.get(key, -1):
            return  # a snapshot told again after a reconnect
        candles = self._candles.setdefault(key, {})
        candles[start_ns] = (
            entry.number, entry.wall_ns, self._number(kline.instrument), start_ns, kline.interval_s, kline.last_close,
            kline.open, kline.high, kline.low, kline.close, kline.volume, kline.turnover,
        )  # fmt: skip
        newest_ns = max(candles)
        for closed_ns in sorted(start for start in candles if start < newest_ns):
            self._klines.append((*candles.pop(closed_ns), True))
            self._closed_ns[key] = closed_ns

    def tick_told(self, entry: Entry, tick: PriceTick) -> None:
        number = self._number(tick.instrument)
        self._ticks.append((entry.number, entry.wall_ns, tick.venue_time_ns, number, str(tick.kind), tick.value))

    def ticker_told(self, entry: Entry, ticker: Ticker) -> None:
        instrument, venue_ns, *figures = ticker
        self._tickers.append((entry.number, entry.wall_ns, venue_ns, self._number(instrument), *figures))

    def finish(self) -> None:
        """The recording is over: candles that are not are written as they are."""
        for candles in self._candles.values():
            self._klines.extend((*candles[start_ns], False) for start_ns in sorted(candles))
        self._candles.clear()

    def _number(self, instrument: Instrument) -> int:
        if (number := self._numbers.get(instrument.symbol)) is None:
            number = self._numbers[instrument.symbol] = self._grids.number_of(grid_of(instrument))
        return number

    # ---- to go on later ------------------------------------------------------------------------------------------

    def save(self) -> dict[str, Any]:
        """As JSON can hold it; rows that wait are not in it."""
        return {
            "top": {symbol: list(cells) for symbol, cells in self._last_top.items()},
            "candles": [[*key, _texts(list(candles.values()))] for key, candles in self._candles.items()],
            "closed_ns": [[*key, start_ns] for key, start_ns in self._closed_ns.items()],
        }

    def restore(self, state: dict[str, Any]) -> None:
        self._last_top = {symbol: tuple(cells) for symbol, cells in state["top"].items()}
        place = KLINES.place_of("start_ns")
        for symbol, interval_s, rows in state["candles"]:
            self._candles[symbol, interval_s] = {row[place]: _candle(row) for row in rows}
        self._closed_ns = {(symbol, interval_s): start_ns for symbol, interval_s, start_ns in state["closed_ns"]}


def _texts(rows: list[Row]) -> list[list[Any]]:
    return [[str(cell) if isinstance(cell, Decimal) else cell for cell in row] for row in rows]


def _candle(cells: list[Any]) -> Row:
    return tuple(Decimal(cell) if isinstance(cell, str) else cell for cell in cells)
