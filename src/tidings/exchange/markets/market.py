"""The public side of one instrument: book, trades, last, mark and index price, and a day's figures.

Faces read it and publish; they notice change by `sequence` (the book) and `trade_count` (the tape, the candles).
"""

from collections import deque
from itertools import islice
from typing import Final, NamedTuple, TypeAlias

from tidings.exchange.catalogue import Instrument
from tidings.exchange.markets.candles import Candles, Past
from tidings.exchange.markets.matching import BUY, Book, BookSide
from tidings.exchange.markets.rolling_day import Day

TAPE_LENGTH: Final = 1_000  # trades the oldest of the queries gives (observed 2024)
FIRST_SEQUENCE: Final = 10_000_000
TRADES_PER_SEQUENCE: Final = 10_000  # public trade id = sequence × 10000 + index (observed)

Level: TypeAlias = tuple[int, int]  # price, quantity


class PublicTrade(NamedTuple):
    """One print of the tape."""

    trade_id: int
    time_ns: int
    side: str  # of the taker
    price: int
    qty: int


class Market:
    """What everybody may see of one instrument."""

    def __init__(self, instrument: Instrument, start_price: int, past: Past | None = None) -> None:
        self.instrument = instrument
        self.book = Book()
        self.sequence = FIRST_SEQUENCE  # of the book; rises with each change, with gaps
        self.updated_ns = 0  # time of the last change of the book
        self.last_price = start_price
        self.mark_price = start_price
        self.index_price = start_price
        self.trades: deque[PublicTrade] = deque(maxlen=TAPE_LENGTH)  # oldest first
        self.trade_count = 0
        self.candles = Candles(past)
        self.is_recorded = False  # the tape is a recording's: users' trades are not printed
        self._trades_in_sequence = 0

    def levels(self, depth: int = 0) -> tuple[list[Level], list[Level]]:
        """The best `depth` levels (0: all) as (bids, asks), each best first."""
        return _levels(self.book.bids, depth), _levels(self.book.asks, depth)

    def new_trades(self, seen_count: int) -> list[PublicTrade]:
        """The trades after the first `seen_count` ones, oldest first, as far as the tape reaches back."""
        fresh = min(self.trade_count - seen_count, len(self.trades))
        return list(islice(self.trades, len(self.trades) - fresh, None))

    def day(self, now_ns: int) -> Day:
        """The figures of the last 24 hours."""
        return self.candles.day(now_ns, self.last_price)

    def next_sequence(self, now_ns: int) -> int:
        """Begin a new change of the book; its number. The gaps (1 to 7) are a function of the number before."""
        self.sequence += 1 + (self.sequence * 2_654_435_761 >> 9) % 7
        self.updated_ns = now_ns
        self._trades_in_sequence = 0
        return self.sequence

    def note_fill(self, taker_side: int, price: int, qty: int, value: int, now_ns: int) -> int:
        """A trade in the book: on the tape, unless that is a recording's; its index within the current sequence."""
        if not self.is_recorded:
            return self.print_trade(taker_side, price, qty, value, now_ns)
        self._trades_in_sequence += 1
        return self._trades_in_sequence - 1

    def print_trade(self, taker_side: int, price: int, qty: int, value: int, now_ns: int) -> int:
        """Put a trade on the tape; gives its index within the current sequence."""
        index = self._trades_in_sequence
        trade_id = self.sequence * TRADES_PER_SEQUENCE + index
        self.trades.append(PublicTrade(trade_id, now_ns, "Buy" if taker_side == BUY else "Sell", price, qty))
        self._trades_in_sequence += 1
        self.trade_count += 1
        self.last_price = price
        self.candles.trade(now_ns, price, qty, value)
        return index


def _levels(side: BookSide, depth: int) -> list[Level]:
    return [(level.price, level.qty) for level in islice(side, depth or None)]
