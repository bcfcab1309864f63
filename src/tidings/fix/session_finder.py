"""Which session a new connection is for: the first message says so (its CompIDs).

An unknown pair, a wrong BeginString, anything but a Logon, no Logon in time, or a session that is in use: the
connection is closed and nothing is sent.
"""

from __future__ import annotations

from collections.abc import Iterable

from tidings.fix.session import FixSession

LOGON_TIMEOUT_S = 10


class SessionFinder:
    """All sessions of one acceptor."""

    def __init__(self, sessions: Iterable[FixSession] = ()) -> None:
        self._sessions: dict[tuple[bytes, bytes], FixSession] = {}
        for session in sessions:
            self.add(session)

    def add(self, session: FixSession) -> None:
        """Raises ValueError if there is one with the same CompIDs."""
        raise NotImplementedError


class Visitor:
    """One connection whose session is not known yet."""

    def __init__(self, finder: SessionFinder, now_ns: int, *, logon_timeout_s: int = LOGON_TIMEOUT_S) -> None:
        self.is_refused = False
        self.reason = ""  # why, for the log; the peer is told nothing

    def receive(self, data: bytes, now_ns: int) -> FixSession | None:
        """The session, once it is known: call its `connected`, then its `receive` with `received`."""
        raise NotImplementedError

    def on_timer(self, now_ns: int) -> None:
        """Refuses a connection that took too long."""
        raise NotImplementedError

    @property
    def received(self) -> bytes:
        """All bytes of the connection so far."""
        raise NotImplementedError
