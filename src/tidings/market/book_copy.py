"""A book as it was: for whoever cannot look while it is told."""

from tidings.market.book import Book
from tidings.market.feed_state import FeedEvent, FeedState


def copy_of(book: Book) -> Book:
    """A book of its own with the same levels, numbers and state; the counts of its past are left behind."""
    copy = Book(book.instrument)
    if book.state == FeedState.AWAITED:
        return copy
    # Its last whole book and its last message came at moments of their own.
    copy.apply_snapshot([], [], sequence=book.sequence, depth=book.depth, received_ns=book.snapshot_ns)
    copy.apply_incremental(
        book.bids(), book.offers(), sequence=book.sequence, depth=book.depth, venue_time_ns=book.venue_time_ns,
        received_ns=book.received_ns,
    )  # fmt: skip
    cause = book.stale_cause
    if cause == FeedEvent.SEQUENCE_BACK:  # only an update can say so
        copy.apply_incremental([], [], sequence=book.sequence - 1)
    elif cause is not None and copy.is_live:  # a crossed one has turned stale by itself
        copy.mark_stale(cause)
    return copy
