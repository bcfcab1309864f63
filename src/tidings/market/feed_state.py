"""When a book may be traded on: one table of (state, event) → state.

A feed of books promises little: a snapshot first and now and then, changes in between, numbers that grow. Numbers that
jump forward mean nothing (phemex docs 2026, "Subscribe OrderBook": neighbours differ by 1 or by hundreds), so a lost
message shows only by its effects, and those are the events here. What makes a book stale is healed by nothing but a
whole new snapshot.
"""

from enum import IntEnum


class FeedState(IntEnum):
    """What one book is worth."""

    AWAITED = 0
    """No snapshot came yet: there are no levels."""
    LIVE = 1
    STALE = 2
    """Something was lost or wrong: the levels are kept to look at, not to trade on."""


class FeedEvent(IntEnum):
    """What happens to the feed of one book."""

    SNAPSHOT = 0
    INCREMENTAL = 1
    MISMATCH = 2
    """A snapshot of the number we are at told other levels than ours."""
    SEQUENCE_BACK = 3
    """A number smaller than the last one."""
    CROSSED = 4
    """A best bid at or above the best offer: no matching engine leaves that standing."""
    MALFORMED = 5
    """A message about this book that could not be read, or is off the instrument's grid."""
    SILENCE = 6
    """The regular snapshot did not come, whatever else did; or nothing came at all."""
    DISCONNECTED = 7
    CORRECTED = 8
    """A snapshot of another number than ours told other levels: what changed in between, or a loss; nobody can tell."""


# These happen without a message: whoever plays messages again has to be told of them.
UNTOLD = (FeedEvent.SILENCE, FeedEvent.DISCONNECTED)

# A pair that is not listed keeps its state.
FEED_TRANSITIONS = {
    # Even when a change came first: without the whole there is nothing to change.
    (FeedState.AWAITED, FeedEvent.SNAPSHOT): FeedState.LIVE,
    # (LIVE, MISMATCH) and (LIVE, CORRECTED) are not listed on purpose: the snapshot that shows other levels than ours
    # has replaced them.
    (FeedState.LIVE, FeedEvent.SEQUENCE_BACK): FeedState.STALE,
    (FeedState.LIVE, FeedEvent.CROSSED): FeedState.STALE,
    (FeedState.LIVE, FeedEvent.MALFORMED): FeedState.STALE,
    (FeedState.LIVE, FeedEvent.SILENCE): FeedState.STALE,
    (FeedState.LIVE, FeedEvent.DISCONNECTED): FeedState.STALE,
    # Whatever its number: after a reconnect the venue may count anew.
    (FeedState.STALE, FeedEvent.SNAPSHOT): FeedState.LIVE,
}
