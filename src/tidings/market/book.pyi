"""One L2 book of an instrument, in ticks and lots."""

from collections.abc import Iterable
from typing import final

from tidings.market.feed_state import FeedEvent, FeedState
from tidings.market.sweep import Sweep
from tidings.model.instrument import Instrument

@final
class Book:
    """Changed in place: read it during the callback that brings it, keep numbers rather than the book.

    Sides are best first. A side without levels has best price and quantity 0.
    """

    instrument: Instrument
    sequence: int
    """The venue's number of the last update. It grows, with gaps that mean nothing."""
    venue_time_ns: int
    """When the venue made the last update, on its own clock; 0 if it did not say."""
    received_ns: int
    """When we took the last update, on the monotonic clock of `now_ns`."""
    snapshot_ns: int
    """When we took the last whole book, on the same clock; 0: none came yet."""
    depth: int
    """Levels per side that the feed maintains; 0: all."""
    stale_count: int
    """How often the book turned stale."""
    mismatch_count: int
    """Snapshots that told other levels than ours at the same number: each proves a lost change."""
    corrected_count: int
    """Snapshots that told other levels at another number: what changed in between, or a loss. A busy book has many."""

    def __init__(self, instrument: Instrument) -> None: ...
    @property
    def symbol(self) -> str: ...
    @property
    def state(self) -> FeedState: ...
    @property
    def stale_cause(self) -> FeedEvent | None:
        """What made it stale; None unless it is."""

    @property
    def is_live(self) -> bool: ...
    @property
    def is_two_sided(self) -> bool:
        """The book is live and has a bid and an offer: its best prices may be used."""

    @property
    def is_crossed(self) -> bool:
        """The best bid is at or above the best offer; such a book is stale."""

    @property
    def best_bid_ticks(self) -> int: ...
    @property
    def best_bid_lots(self) -> int: ...
    @property
    def best_offer_ticks(self) -> int: ...
    @property
    def best_offer_lots(self) -> int: ...
    @property
    def bid_count(self) -> int: ...
    @property
    def offer_count(self) -> int: ...
    def bid_at(self, level_index: int) -> tuple[int, int]:
        """(price_ticks, qty_lots) of the level; 0 is the best. Raises IndexError."""

    def offer_at(self, level_index: int) -> tuple[int, int]:
        """(price_ticks, qty_lots) of the level; 0 is the best. Raises IndexError."""

    def bids(self, level_count: int = ...) -> list[tuple[int, int]]:
        """The best levels (default: all) as (price_ticks, qty_lots). Builds a list: for people, not for hot paths."""

    def offers(self, level_count: int = ...) -> list[tuple[int, int]]:
        """The best levels (default: all) as (price_ticks, qty_lots). Builds a list: for people, not for hot paths."""

    def bid_lots_to(self, price_ticks: int) -> int:
        """Lots bid at this price or above."""

    def offer_lots_to(self, price_ticks: int) -> int:
        """Lots offered at this price or below."""

    def sweep_bids(self, qty_lots: int) -> Sweep:
        """What selling `qty_lots` into the bids would fetch. Raises UsageError unless it is above 0."""

    def sweep_offers(self, qty_lots: int) -> Sweep:
        """What buying `qty_lots` of the offers would cost. Raises UsageError unless it is above 0."""

    def as_bytes(self) -> bytes:
        """State, stale cause (-1: none), sequence, venue_time_ns, received_ns, depth, both counts, then the levels of
        both sides as (price_ticks, qty_lots): 64-bit numbers, little end first. Two books that tell the same have the
        same bytes.
        """

    def apply_snapshot(
        self,
        bids: Iterable[tuple[int, int]],
        offers: Iterable[tuple[int, int]],
        *,
        sequence: int,
        depth: int = 0,
        venue_time_ns: int = 0,
        received_ns: int = 0,
    ) -> bool:
        """Replace all levels by these (price_ticks, qty_lots). True if the book changed.

        Best first is fastest; any order is right. Raises UsageError for a price or quantity that is not above zero.
        """

    def apply_incremental(
        self,
        bids: Iterable[tuple[int, int]],
        offers: Iterable[tuple[int, int]],
        *,
        sequence: int,
        depth: int = 0,
        venue_time_ns: int = 0,
        received_ns: int = 0,
    ) -> bool:
        """Set these levels, delete those of 0 lots, then cut each side to `depth`. True if the book changed.

        A book that is not live stays as it is. Raises UsageError for a price that is not above zero or negative lots.
        """

    def mark_stale(self, cause: FeedEvent) -> bool:
        """Tell of MALFORMED, SILENCE or DISCONNECTED. True if the book was live."""
