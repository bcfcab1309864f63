"""What a FIX client is told when something happens to its order: (OrdStatus now, event) → messages. One table.

Rows are what the client believes (39 of the last report, or 6 and E while its own request is unanswered), columns what
happened. A cell names the messages in order, as ExecType/OrdStatus (150/39); `*` stands for the status that holds
without the request that just ended, and `9/*` is an OrderCancelReject. `.` is no message. `!` cannot happen: the caller
logs it and asks the venue.

Where several states hold, the precedence is 6 > E > 2 > 4 = C > 1 > 0 = 8 = A, with one exception that the table shows:
an order that has filled is 2, whatever was still being asked of it.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final, NamedTuple


class Event(IntEnum):
    """A column: what happened to the order, or to a request of its client."""

    ACK = 0
    REJECT = 1
    FILL_PART = 2
    FILL_ALL = 3
    CANCEL_ASKED = 4
    CANCELED = 5
    CANCEL_REFUSED = 6
    REPLACED = 7
    REPLACE_REFUSED = 8
    EXPIRED = 9
    TRIGGERED = 10
    REPLACE_ASKED = 11
    REVIVED = 12


class Step(NamedTuple):
    """One message of a cell: 150 and 39 of an ExecutionReport, or 39 of an OrderCancelReject (`exec_type` 9)."""

    exec_type: str
    ord_status: str  # "*": the status that holds


REAL: Final = "*"
CANCEL_REJECT: Final = "9"
CANNOT_HAPPEN: Final = (Step("!", ""),)

# fmt: off
_COLUMNS = (
    Event.ACK, Event.REJECT, Event.FILL_PART, Event.FILL_ALL, Event.CANCEL_ASKED, Event.CANCELED, Event.CANCEL_REFUSED,
    Event.REPLACE_ASKED, Event.REPLACED, Event.REPLACE_REFUSED, Event.EXPIRED, Event.TRIGGERED, Event.REVIVED,
)
_ROWS = {
    #     ack    reject  part         all          cxl?  canceled cxl-no rpl?  replaced rpl-no expired trigger revived
    # The account stream may outrun the answer: a fill of an order that nobody has called New yet makes it New first.
    "A": ("0/0", "8/8", "0/0 F/1",   "0/0 F/2",   "6/6", "4/4",   "9/*", "E/E", "!",     "9/*", "C/C",  "D/0",  "0/0"),
    # A reject of what has been called New cannot be told as one any more: the client has an order, and now it is gone.
    "0": (".",   "4/4", "F/1",       "F/2",       "6/6", "4/4",   "9/*", "E/E", "5/*",   "9/*", "C/C",  "D/0",  "."),
    # What has filled in part waits for no trigger.
    "1": (".",   "4/4", "F/1",       "F/2",       "6/6", "4/4",   "9/*", "E/E", "5/*",   "9/*", "C/C",  ".",    "."),
    # A pending request outlives a partial fill and a trigger; a whole fill ends it. One at a time: another request is
    # refused meanwhile. An ack comes here when the client did not wait for it before it asked: New, still pending.
    "6": ("0/6", "8/8", "F/6",       "F/2",       "9/6", "4/4",   "9/*", "9/6", "5/6",   "9/6", "C/C",  "D/6",  "0/6"),
    "E": ("0/E", "8/8", "F/E",       "F/2",       "9/E", "4/4",   "9/*", "9/E", "5/*",   "9/*", "C/C",  "D/E",  "0/E"),
    # The last word of a filled order is Filled. A second copy of an execution never comes here: its ExecID is known.
    "2": (".",   ".",   ".",         ".",         "9/2", ".",     "9/2", "9/2", ".",     "9/2", ".",    ".",    "."),
    # A late execution of an order that is over is real money: told with the true CumQty, and the status stays, unless
    # it turns out to have filled whole. The venue working an order that was written off is told as a restatement.
    "4": (".",   ".",   "F/4",       "F/2",       "9/4", ".",     "9/4", "9/4", ".",     "9/4", ".",    ".",    "D/*"),
    "8": (".",   ".",   "F/8",       "F/2",       "9/8", ".",     "9/8", "9/8", ".",     "9/8", ".",    ".",    "D/*"),
    "C": (".",   ".",   "F/C",       "F/2",       "9/C", ".",     "9/C", "9/C", ".",     "9/C", ".",    ".",    "D/*"),
}
# fmt: on


def _cell(text: str) -> tuple[Step, ...]:
    if text == ".":
        return ()
    if text == "!":
        return CANNOT_HAPPEN
    return tuple(Step(*step.split("/")) for step in text.split())


EXECUTION_MATRIX: Final[dict[tuple[str, Event], tuple[Step, ...]]] = {
    (status, event): _cell(text) for status, row in _ROWS.items() for event, text in zip(_COLUMNS, row, strict=True)
}
TERMINAL: Final = frozenset("248C")


def steps_for(status: str, event: Event) -> tuple[Step, ...]:
    """What to tell; empty: nothing."""
    return EXECUTION_MATRIX[status, event]
