"""What an engine does not decide itself: the time, chance, how a connection is opened, and where it keeps a journal."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from tidings.clock import Clock
from tidings.journal.disk import MakeDisk
from tidings.journal.live_disk import LiveDisk
from tidings.net.dialer import Dialer, Endpoint
from tidings.net.tls import TlsContext

MakeDialer = Callable[[Endpoint, Clock, TlsContext | None], Dialer]


@dataclass(frozen=True, slots=True)
class World:
    """The real one by default; a simulation brings its own, and repeats a run exactly."""

    clock: Clock = field(default_factory=Clock)
    chance: random.Random = field(default_factory=random.Random)  # spreads reconnects
    make_dialer: MakeDialer = Dialer
    make_disk: MakeDisk = LiveDisk  # of a directory
    has_threads: bool = True  # False: what a thread would do is done on the loop's timers
