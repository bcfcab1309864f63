from typing import final

@final
class ClOrdIDMaker:
    """Gives out the ClOrdIDs of one session: 20 ASCII characters, unique over restarts, sorted by time."""

    last_counter: int
    """The newest counter given out; 0: none yet."""
    session_wall_ms: int

    def __init__(self, *, wall_ns: int) -> None:
        """`wall_ns`: the session's start on the wall clock, Unix nanoseconds."""

    @property
    def prefix(self) -> str:
        """The ten characters all ids of this session begin with."""

    def next(self) -> int:
        """The next counter: the order's handle, 1 to 9,999,999,999."""

    def text(self, counter: int) -> str:
        """The ClOrdID of a counter."""

    def counter(self, text: str) -> int:
        """The counter inside a ClOrdID of this session; 0 for any other text."""

def session_wall_ms_of(text: str) -> int | None:
    """When the session began that made `text` (Unix milliseconds), or None if tidings did not make it."""

def check_cl_ord_id(text: str) -> str:
    """`text` itself if it may be a caller's own ClOrdID: [A-Za-z0-9._-]{1,40} and not of the form made here.

    Raises UsageError otherwise.
    """
