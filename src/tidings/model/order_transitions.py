"""The state table of an order: where each thing that can be said of it leads. `Order.apply` asks it and nothing else.

A pair that is not listed keeps its state: the report is late, repeated, or only moves fields. Two things are not in the
table because they are not about states: a lost request (UNKNOWN, UNSENT) moves the order only if it is the one that
created it; and of two that contradict each other, one is believed: what was said before the venue rejected an order
does not revive it, and a reply that refuses an order does not end one that the venue has shown at work.
"""

from typing import Final

from tidings.model.enums import ExecType, OrdStatus

BY_QTY: Final = 100  # NEW, PARTIALLY_FILLED or FILLED, as the quantities say

_WORKING = (OrdStatus.NEW, OrdStatus.PARTIALLY_FILLED, OrdStatus.UNTRIGGERED)
_OPEN = (OrdStatus.PENDING_NEW, *_WORKING, OrdStatus.UNKNOWN)

# (state, what happened) → state.
ORDER_TRANSITIONS: Final[dict[tuple[int, int], int]] = {
    # Before any word came.
    (OrdStatus.PENDING_NEW, ExecType.PENDING_NEW): BY_QTY,  # the trading engine took it: it can fill from now on
    (OrdStatus.PENDING_NEW, ExecType.NEW): BY_QTY,  # a snapshot may tell fills before anything else did
    (OrdStatus.PENDING_NEW, ExecType.UNTRIGGERED): OrdStatus.UNTRIGGERED,
    (OrdStatus.PENDING_NEW, ExecType.REPLACED): BY_QTY,  # the stream outran both replies
    (OrdStatus.PENDING_NEW, ExecType.PENDING_CANCEL): BY_QTY,  # so did the reply of another lane: what the venue
    (OrdStatus.PENDING_NEW, ExecType.PENDING_REPLACE): BY_QTY,  # cancels or amends, it has
    (OrdStatus.PENDING_NEW, ExecType.UNKNOWN): OrdStatus.UNKNOWN,
    (OrdStatus.PENDING_NEW, ExecType.UNSENT): OrdStatus.UNSENT,
    # Only evidence leads out of UNKNOWN. An accepted amend or cancel is evidence that the order exists; a refused one
    # is not. Its last byte never having left is evidence that it does not.
    (OrdStatus.UNKNOWN, ExecType.UNSENT): OrdStatus.UNSENT,
    (OrdStatus.UNKNOWN, ExecType.PENDING_NEW): BY_QTY,
    (OrdStatus.UNKNOWN, ExecType.NEW): BY_QTY,
    (OrdStatus.UNKNOWN, ExecType.UNTRIGGERED): OrdStatus.UNTRIGGERED,
    (OrdStatus.UNKNOWN, ExecType.REPLACED): BY_QTY,
    (OrdStatus.UNKNOWN, ExecType.PENDING_CANCEL): BY_QTY,
    (OrdStatus.UNKNOWN, ExecType.PENDING_REPLACE): BY_QTY,
    # A conditional order's New says that it was triggered, even when the Triggered report was lost.
    (OrdStatus.UNTRIGGERED, ExecType.NEW): BY_QTY,
    # The create's late reply, to an order that we alone took for rejected: it was taken in, whatever its lists said.
    (OrdStatus.REJECTED, ExecType.PENDING_NEW): BY_QTY,
    # The venue works an order we had written off, or has ended it: believe the venue.
    **{
        (status, event): after
        for status in (OrdStatus.REJECTED, OrdStatus.UNSENT)
        for event, after in (
            (ExecType.NEW, BY_QTY), (ExecType.UNTRIGGERED, OrdStatus.UNTRIGGERED), (ExecType.TRIGGERED, BY_QTY),
            (ExecType.TRADE, BY_QTY), (ExecType.REPLACED, BY_QTY), (ExecType.CANCELED, OrdStatus.CANCELED),
            (ExecType.EXPIRED, OrdStatus.EXPIRED),
        )
    },
    # A fill after a cancel counts, and leaves the order cancelled: (CANCELED, TRADE) is not listed on purpose.
}  # fmt: skip
for _status in _OPEN:
    ORDER_TRANSITIONS[_status, ExecType.TRIGGERED] = BY_QTY
    ORDER_TRANSITIONS[_status, ExecType.TRADE] = BY_QTY
    ORDER_TRANSITIONS[_status, ExecType.CANCELED] = OrdStatus.CANCELED
    ORDER_TRANSITIONS[_status, ExecType.EXPIRED] = OrdStatus.EXPIRED
    # Also after the venue has accepted it: the trading engine answers, the matching engine decides.
    ORDER_TRANSITIONS[_status, ExecType.REJECTED] = OrdStatus.REJECTED
# What has filled was not rejected.
ORDER_TRANSITIONS[OrdStatus.PARTIALLY_FILLED, ExecType.REJECTED] = OrdStatus.CANCELED

# A snapshot or query tells a state, not an event: the event that leads there.
EVENT_OF_ORD_STATUS: Final[dict[int, int]] = {
    OrdStatus.PENDING_NEW: ExecType.PENDING_NEW,
    OrdStatus.NEW: ExecType.NEW,
    OrdStatus.PARTIALLY_FILLED: ExecType.NEW,
    OrdStatus.UNTRIGGERED: ExecType.UNTRIGGERED,
    OrdStatus.FILLED: ExecType.TRADE,
    OrdStatus.CANCELED: ExecType.CANCELED,
    OrdStatus.REJECTED: ExecType.REJECTED,
    OrdStatus.EXPIRED: ExecType.EXPIRED,
}
