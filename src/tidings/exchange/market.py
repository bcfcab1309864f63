"""The public side of one instrument: book, trades, last, mark and index price, and a day's figures.

Faces read it and publish; they notice change by `sequence` (the book) and `trade_count` (the tape).
"""

from collections import deque
from collections.abc import Iterable
from typing import Final, NamedTuple, TypeAlias

from tidings.exchange.catalogue import Instrument

TAPE_LENGTH: Final = 200  # trades in a stream snapshot (phemex docs 2026, trade.subscribe)

Level: TypeAlias = tuple[int, int]  # price, quantity


class PublicTrade(NamedTuple):
    """One print of the tape."""

    trade_id: int  # sequence × 10000 + index, as the venue's 5-column rows
    time_ns: int
    side: str  # of the taker
    price: int
    qty: int


class Market:
    """What everybody may see of one instrument."""

    def __init__(self, instrument: Instrument, start_price: int) -> None:
        self.instrument = instrument
        self.sequence = 0  # of the book; rises with each change, with gaps
        self.updated_ns = 0  # time of the last change of the book
        self.last_price = start_price
        self.mark_price = start_price
        self.index_price = start_price
        self.trades: deque[PublicTrade] = deque(maxlen=TAPE_LENGTH)  # oldest first
        self.trade_count = 0  # since the start; the newest min(trade_count - seen, len(trades)) are new to a reader
        self.open_price = start_price
        self.high_price = start_price
        self.low_price = start_price
        self.volume = 0  # quantity scale
        self.turnover = 0  # value scale

    def levels(self, depth: int = 0) -> tuple[list[Level], list[Level]]:
        """The best `depth` levels (0: all) as (bids, asks), each best first."""
        raise NotImplementedError

    def new_trades(self, seen_count: int) -> Iterable[PublicTrade]:
        """The trades after the first `seen_count` ones, oldest first, as far as the tape reaches back."""
        fresh = min(self.trade_count - seen_count, len(self.trades))
        return list(self.trades)[len(self.trades) - fresh :]
