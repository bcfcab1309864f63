"""The tables an export writes: their columns, in what unit each is, and what it means. docs/export.md shows the same.

Rows are tuples in the order of a table's columns. Prices and quantities in them are whole ticks and lots, symbols are
numbers of a `Grids`: the same row becomes text, a Parquet column or an event, each exact in its own way.
"""

from __future__ import annotations

from enum import Enum
from typing import Any, Final, NamedTuple

from tidings.model.instrument import Instrument

Row = tuple[Any, ...]


class Kind(Enum):
    """How a column's values are kept in rows, and written."""

    INTEGER = "int64"
    TIME_NS = "int64: nanoseconds since 1970 UTC"
    FLAG = "boolean"
    WORD = "text"
    SYMBOL = "text, by number of its grid"
    PRICE = "decimal, in ticks"
    QTY = "decimal, in lots"
    EXACT = "decimal, as Decimal"


class Column(NamedTuple):
    name: str
    kind: Kind
    unit: str
    meaning: str


class Table(NamedTuple):
    """`columns`, one per cell of a row."""

    name: str
    columns: tuple[Column, ...]

    def place_of(self, name: str) -> int:
        return next(place for place, column in enumerate(self.columns) if column.name == name)


RECORD: Final = Column("record", Kind.INTEGER, "", "number of the entry in the recording that this comes from")
RECEIVED: Final = Column("received_ns", Kind.TIME_NS, "ns", "when its bytes came, on our clock")
VENUE: Final = Column("venue_ns", Kind.TIME_NS, "ns", "when the venue made it, on its clock; 0: it did not say")
SYMBOL: Final = Column("symbol", Kind.SYMBOL, "", "the venue's symbol")

TRADES: Final = Table("trades", (
    RECORD,
    RECEIVED,
    VENUE,
    SYMBOL,
    Column("side", Kind.WORD, "", "of the taker: buy lifted an offer, sell hit a bid"),
    Column("price", Kind.PRICE, "quote currency", "of one unit of the base currency"),
    Column("qty", Kind.QTY, "base currency; COIN-M: contracts", "how much was traded"),
))  # fmt: skip
BOOK: Final = Table("book", (
    RECORD,
    RECEIVED,
    VENUE,
    SYMBOL,
    Column("sequence", Kind.INTEGER, "", "the venue's number of the message: it grows, gaps mean nothing"),
    Column("is_snapshot", Kind.FLAG, "", "the rows of this record are the whole book; else what changed in it"),
    Column("side", Kind.WORD, "", "bid or ask; none: the one row of a snapshot without levels"),
    Column("price", Kind.PRICE, "quote currency", "of the level"),
    Column("qty", Kind.QTY, "base currency; COIN-M: contracts", "what stands there from now on; 0: the level is gone"),
))  # fmt: skip
TOP: Final = Table("top", (
    RECORD,
    RECEIVED,
    VENUE,
    SYMBOL,
    Column("state", Kind.WORD, "", "live; stale: something was lost, the prices are old until it is live again"),
    Column("bid_price", Kind.PRICE, "quote currency", "the best bid; none: there are no bids"),
    Column("bid_qty", Kind.QTY, "base currency; COIN-M: contracts", "at the best bid"),
    Column("ask_price", Kind.PRICE, "quote currency", "the best offer; none: there are no offers"),
    Column("ask_qty", Kind.QTY, "base currency; COIN-M: contracts", "at the best offer"),
))  # fmt: skip
KLINES: Final = Table("klines", (
    RECORD,
    RECEIVED,
    SYMBOL,
    Column("start_ns", Kind.TIME_NS, "ns", "when the candle begins, on the venue's clock"),
    Column("interval_s", Kind.INTEGER, "s", "its length"),
    Column("last_close", Kind.EXACT, "quote currency", "the close of the candle before it"),
    Column("open", Kind.EXACT, "quote currency", "the first price"),
    Column("high", Kind.EXACT, "quote currency", "the highest price"),
    Column("low", Kind.EXACT, "quote currency", "the lowest price"),
    Column("close", Kind.EXACT, "quote currency", "the last price so far"),
    Column("volume", Kind.EXACT, "base currency; COIN-M: contracts", "how much was traded"),
    Column("turnover", Kind.EXACT, "settle currency; spot: quote currency", "what that was worth"),
    Column("is_closed", Kind.FLAG, "", "a later candle was seen: this one changes no more"),
))  # fmt: skip
TICKS: Final = Table("ticks", (
    RECORD,
    RECEIVED,
    VENUE,
    SYMBOL,
    Column("kind", Kind.WORD, "", "index, mark, funding (of the running interval) or predicted_funding (of the next)"),
    Column("value", Kind.EXACT, "quote currency; funding: 0.0001 is a basis point", "the figure from now on"),
))  # fmt: skip
TICKERS: Final = Table("tickers", (
    RECORD,
    RECEIVED,
    VENUE,
    SYMBOL,
    Column("open", Kind.EXACT, "quote currency", "the price 24 hours before"),
    Column("high", Kind.EXACT, "quote currency", "the highest price of 24 hours"),
    Column("low", Kind.EXACT, "quote currency", "the lowest price of 24 hours"),
    Column("last", Kind.EXACT, "quote currency", "the last price"),
    Column("volume", Kind.EXACT, "base currency; COIN-M: contracts", "how much was traded in 24 hours"),
    Column("turnover", Kind.EXACT, "settle currency; spot: quote currency", "what that was worth"),
    Column("open_interest", Kind.EXACT, "base currency; COIN-M: contracts", "of all; none: the channel has none"),
    Column("index_price", Kind.EXACT, "quote currency", "none: the channel has none"),
    Column("mark_price", Kind.EXACT, "quote currency", "none: the channel has none"),
    Column("funding_rate", Kind.EXACT, "0.0001 is a basis point", "of the running interval; none: it has none"),
    Column("predicted_funding_rate", Kind.EXACT, "0.0001 is a basis point", "of the next interval; none: it has none"),
    Column("bid", Kind.EXACT, "quote currency", "the best bid; none: the channel has none"),
    Column("offer", Kind.EXACT, "quote currency", "the best offer; none: the channel has none"),
))  # fmt: skip
TABLES: Final = (TRADES, BOOK, TOP, KLINES, TICKS, TICKERS)
IF_ANY: Final = ("ticks", "tickers")  # written only where such channels were recorded


class Grid(NamedTuple):
    """A symbol and the grid its ticks and lots lie on: a new catalogue may give a symbol another one."""

    symbol: str
    line: int
    price_scale: int
    tick_mantissa: int
    qty_scale: int
    lot_mantissa: int

    def price_text(self, ticks: int) -> str:
        return text_of_steps(ticks, self.tick_mantissa, self.price_scale)

    def qty_text(self, lots: int) -> str:
        return text_of_steps(lots, self.lot_mantissa, self.qty_scale)


def grid_of(instrument: Instrument) -> Grid:
    return Grid(
        instrument.symbol, int(instrument.line), instrument.price_scale, instrument.tick_mantissa,
        instrument.qty_scale, instrument.lot_mantissa,
    )  # fmt: skip


class Grids:
    """The grids of an export, numbered as they come."""

    def __init__(self, grids: list[Grid] | None = None) -> None:
        self.all = grids or []
        self._numbers = {grid: number for number, grid in enumerate(self.all)}

    def __getitem__(self, number: int) -> Grid:
        return self.all[number]

    def number_of(self, grid: Grid) -> int:
        if (number := self._numbers.get(grid)) is None:
            number = self._numbers[grid] = len(self.all)
            self.all.append(grid)
        return number


def text_of_steps(steps: int, mantissa: int, scale: int) -> str:
    """steps × mantissa / 10**scale as plain decimal text, with the decimals of the step: as the venue shows it."""
    decimals = places(mantissa, scale)
    whole, part = divmod(abs(steps) * step_at(decimals, mantissa, scale), int(10**decimals))
    text = f"{whole}.{part:0{decimals}}" if decimals else str(whole)
    return f"-{text}" if steps < 0 else text


def places(mantissa: int, scale: int) -> int:
    """Decimals that a step and its multiples need."""
    while scale and mantissa % 10 == 0:
        mantissa, scale = mantissa // 10, scale - 1
    return scale


def step_at(wanted_scale: int, mantissa: int, scale: int) -> int:
    """The step's mantissa on another scale, which holds it."""
    return mantissa * int(10**wanted_scale) // int(10**scale)
