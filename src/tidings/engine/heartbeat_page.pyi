"""The memory that an engine and its watchdog share: signs of life, symbols that may have open orders, and the fence."""

from collections.abc import Iterable
from mmap import mmap
from typing import Final

from tidings.engine.heartbeat_signs import EngineSigns, WatchSigns
from tidings.model.enums import ProductLine
from tidings.model.instrument import Instrument

class HeartbeatPage:
    """A view of `memory`, which both processes map. Zeros are an empty page.

    The engine's methods are for one engine process at a time, the watchdog's for one watchdog. Raises ConfigError for
    memory of another size or another layout.
    """

    BYTES: Final[int]
    """Size of the memory, and of the file."""

    def __init__(self, memory: mmap | bytearray) -> None: ...
    @property
    def epoch(self) -> int:
        """Of the engine that attached by this object; 0: none did."""
    # The engine's.
    def enlist(self, instruments: Iterable[Instrument]) -> list[int]:
        """Write down who can be marked. Indexes of those still marked from an engine that ended otherwise than flat."""
    def attach(self, *, pid: int, start_ticks: int, boot: int, expiry_s: int, now_ns: int) -> int:
        """Begin an epoch, and give it: from here on a watchdog may act on what is marked. Enlist first."""
    def beat(self, now_ns: int, *, open_count: int, cut_off_ns: int) -> None:
        """A sign of life."""
    def say_goodbye(self, mode: int) -> None:
        """End on purpose (EngineMode LEFT or CANCELLED): a watchdog will not act."""
    def mark(self, index: int) -> None:
        """An order of this instrument may be open."""
    def unmark(self, index: int) -> None:
        """No order of this instrument can be open."""
    def marked_indexes(self) -> list[int]: ...
    def may_send_to(self, index: int) -> bool:
        """Mark, then look at the fence: what each order asks (compiled) before its bytes leave."""
    @property
    def is_fenced(self) -> bool:
        """The watchdog has taken over from the engine that attached by this object."""
    # The watchdog's.
    def watch(self, *, mode: int, pid: int, start_ticks: int, stall_ns: int, now_ns: int) -> None:
        """A sign of life of the watchdog."""
    def arm(self, epoch: int) -> None:
        """Tell the engine of `epoch` that it is watched over."""
    def fence(self, epoch: int, cause: int, now_ns: int) -> None:
        """Shut the engine of `epoch` out: it denies every order from here on. Read the marks after this."""
    def settle(self, epoch: int) -> None:
        """Nothing of the fenced `epoch` can be open any more."""
    # Anybody's.
    def marked(self) -> list[tuple[ProductLine, str]]:
        """Line and symbol of everything that may have open orders."""
    def engine_signs(self) -> EngineSigns: ...
    def watch_signs(self) -> WatchSigns: ...
