"""An HTTP/1.1 lane: one connection, its pipeline of requests in flight, and which answer belongs to which request."""

from collections.abc import Callable, Iterator
from typing import Any, TypedDict, type_check_only

from tidings.net.connection import ByteSink, Connection
from tidings.wire.response_reader import ResponseCopy

DEPTH_CAP: int
"""Requests in flight on one lane unless told otherwise: as many are unknown when it dies."""

@type_check_only
class Request(TypedDict):
    """A request in flight, as a listener sees it."""

    token: int
    kind: int
    sent_ns: int
    deadline_ns: int
    last_byte: int
    is_overdue: bool

class LaneListener:
    """Hears each request's one end; compiled. In Python subclass PythonLaneListener."""

class PythonLaneListener(LaneListener):
    """A listener written in Python: subclass it and define these methods. Never called inside `send_bytes`."""

    def answered(self, lane: Lane, request: Request, response: ResponseCopy, now_ns: int) -> None:
        """The answer to `request`, which may be overdue. An exception closes the lane with that cause."""
    def lost(self, lane: Lane, request: Request, reached_kernel: bool, cause: Exception, now_ns: int) -> None:
        """No answer will come. `reached_kernel` False: it cannot have been executed; True: it may have been."""
    def overdue(self, lane: Lane, request: Request, now_ns: int) -> None:
        """The deadline passed. Told once; `answered` or `lost` still comes."""
    def lane_up(self, lane: Lane, now_ns: int) -> None:
        """Connected."""
    def lane_down(self, lane: Lane, cause: Exception, now_ns: int) -> None:
        """Disconnected; every request in flight has heard `lost`."""

class Lane(ByteSink):
    """A line of requests on one connection at a time."""

    connection: Connection | None
    """The last one, open or not."""
    index: int
    """In its pool."""
    depth_cap: int
    in_flight_count: int
    is_up: bool
    """Connected, and the peer has not announced its end."""
    answer_count: int
    """Since it came up."""
    tap: Any
    """A recording's: `request_left(index, request, now_ns)` and `answer_came(index, answer, now_ns)`; None: nobody."""

    def __init__(self, listener: LaneListener, *, index: int = 0, depth_cap: int = 4) -> None: ...
    def send_bytes(self, request: bytes, token: int, now_ns: int, *, kind: int = 0, deadline_ns: int = 0) -> int:
        """Write one whole request. 1: the kernel has its last byte; 0: the rest follows.

        Raises ConnectionLost when down, full or not taken: it cannot have been executed; the listener hears nothing.
        """
    def has_room(self) -> bool:
        """Whether it is up and below its depth cap."""
    def check_deadlines(self, now_ns: int) -> int:
        """Tell of requests whose deadline has passed; close a lane whose oldest answer is 5 s late."""
    def attach(self, connection: Connection, now_ns: int) -> int:
        """Come up with `connection`, which has this lane as its sink."""
    def close(self, cause: Exception) -> int:
        """Close the connection; what is in flight is lost with it."""
    def when_down(self, on_down: Callable[[Exception], object] | None) -> None:
        """Call `on_down(cause)` each time the connection has ended and every request has heard it."""

class LanePool:
    """Lanes of one listener."""

    lanes: list[Lane]

    def __init__(self, listener: LaneListener, *, lane_count: int = 4, depth_cap: int = 4) -> None: ...
    def pick(self) -> Lane | None:
        """The least busy lane that has room, idle ones first."""
    def cork(self) -> int:
        """Hold writes back until uncork: orders of one lane leave in one record."""
    def uncork(self) -> int:
        """Send what was held back."""
    def poll(self) -> int:
        """One non-blocking read on every lane (busy-poll); how many had something."""
    def check_deadlines(self, now_ns: int) -> int:
        """Lane.check_deadlines on every lane."""
    def up_count(self) -> int:
        """Lanes that are up."""
    def in_flight_total(self) -> int:
        """Requests in flight on all lanes."""
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[Lane]: ...
