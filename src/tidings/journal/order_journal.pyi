from typing import Any, final

from tidings.clock import Clock
from tidings.journal.disk import SegmentMemory
from tidings.journal.record import RecordWriter
from tidings.model.order import Order

@final
class OrderJournal:
    """One engine's journal: the order path appends to it, journal/keeper tends it.

    Made without arguments it is off: it takes everything and writes nothing.
    """

    def __init__(
        self,
        writer: RecordWriter | None = None,
        clock: Clock | None = None,
        segment: SegmentMemory | None = None,
        *,
        awaits_disk: bool = False,
        reserve_bytes: int = 0,
    ) -> None:
        """`awaits_disk`: an intent is durable before its request is sent (some milliseconds each).

        `reserve_bytes`: of a segment, kept for outcomes while there is no next one to go on in.
        """
    @property
    def writer(self) -> RecordWriter: ...
    @property
    def current(self) -> SegmentMemory | None: ...
    @property
    def spare(self) -> SegmentMemory | None: ...
    @property
    def is_on(self) -> bool: ...
    @property
    def failure(self) -> str:
        """Why it takes nothing more, for good; "": it does."""
    @property
    def space_cause(self) -> str:
        """Why there is no next segment; "": there is, or it is being made."""
    @property
    def denies_because(self) -> str:
        """Why new orders are denied now; "" when they are not."""
    @property
    def denied_count(self) -> int:
        """Intents it could not take: those orders were denied."""
    @property
    def dropped_count(self) -> int:
        """Outcomes it could not take: after a restart their orders count as unknown."""
    @property
    def last_handle(self) -> int:
        """Of the orders noted."""
    @property
    def last_seq(self) -> int: ...
    def append_bytes(self, kind: int, payload: bytes, now_ns: int) -> int:
        """One record made on the cold side: its sequence number, 0 if there is no room."""
    def offer_spare(self, segment: SegmentMemory) -> None:
        """The segment to go on in when this one is full."""
    def lack_space(self, cause: str) -> None:
        """No next segment could be made; another try may go well."""
    def fail(self, cause: str) -> None:
        """Take nothing more, for good."""
    def wait_for_work(self, limit_ns: int, step_ns: int) -> bool:
        """Sleep until something waits for the disk, or there is no spare; False: `limit_ns` went by, and nothing does.

        Looks every `step_ns`, without the interpreter's lock.
        """
    def sync(self) -> None:
        """Make durable what has been appended before the call, from any thread.

        Raises OSError: then `fail` must be called, for nobody can say what is durable.
        """
    def take_durable(self) -> list[SegmentMemory]:
        """The segments that are written full and durable, to be closed; each is given once.

        None while another thread syncs: it may be about to sync one of them.
        """
    def take_ends(self) -> list[tuple[int, int, int]]:
        """(last handle, last sequence number, its checksum) of each segment left behind; each is given once."""
    def close(self) -> list[SegmentMemory]:
        """Give back all segments, to be closed; nothing is appended any more."""
    def note(self, what: str, order: Order, *arguments: Any, now_ns: int) -> int:
        """Call the compiled note_<what>: 0, or a DenyReason. For tests and simulations."""
