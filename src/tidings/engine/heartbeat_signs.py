"""What an engine and its watchdog tell each other, as values: read from the page they share, judged without a clock."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple


class EngineMode(IntEnum):
    """What an engine says of itself."""

    NONE = 0
    RUNNING = 1
    LEFT = 2  # it ended on purpose, its orders stay as they are
    CANCELLED = 3  # it ended on purpose, and has cancelled its orders


class WatchMode(IntEnum):
    """What a watchdog says of itself."""

    NONE = 0
    CONNECTING = 1
    READY = 2
    FLATTENING = 3


class TripCause(IntEnum):
    """Why a watchdog acted."""

    NONE = 0
    DIED = 1
    STALLED = 2
    CUT_OFF = 3
    FOUND_DEAD = 4  # dead already when the watchdog came


class EngineSigns(NamedTuple):
    """One reading of the engine's words. Moments are on the machine's monotonic clock, the same for all processes."""

    mode: int  # EngineMode
    epoch: int  # this engine's turn; each attach begins another
    pid: int
    start_ticks: int  # with the pid: which process (pids are used again); 0 where the system does not tell
    boot: int  # which run of the machine; 0 where the system does not tell
    beat_ns: int
    cut_off_ns: int  # since when no order lane is up; 0: one is
    open_count: int  # orders that are not done, unknown ones included
    expiry_s: int  # of its requests


class WatchSigns(NamedTuple):
    """One reading of the watchdog's words."""

    mode: int  # WatchMode
    pid: int
    start_ticks: int
    beat_ns: int
    stall_ns: int
    armed_epoch: int  # the engine it watches over
    fenced_epoch: int  # the engine it has shut out, for good
    fence_cause: int  # TripCause
    fenced_ns: int
    settled_epoch: int  # the last fenced engine of which nothing can be open any more
