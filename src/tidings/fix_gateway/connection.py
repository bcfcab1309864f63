"""One TCP connection: first a visitor whose session is not known, then that session's way in and out."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from tidings.clock import Clock
from tidings.fix.session import FixSession
from tidings.fix.session_finder import SessionFinder, Visitor
from tidings.net.acceptor import Accepted

log = logging.getLogger("tidings.fix")


class ClientConnection:
    """A guest of the acceptor. `admit` says whether this connection may be that session's."""

    def __init__(
        self,
        accepted: Accepted,
        finder: SessionFinder,
        clock: Clock,
        admit: Callable[[ClientConnection, FixSession], bool],
        forget: Callable[[ClientConnection], None],
        max_message_bytes: int,
    ) -> None:
        self.session: FixSession | None = None
        self.out_bytes_max = 0  # more waiting than this, and the connection is cut: it can be resumed
        self._accepted = accepted
        self._clock = clock
        self._visitor = Visitor(finder, clock.read_now_ns(), max_message_bytes=max_message_bytes)
        self._admit = admit
        self._forget = forget

    @property
    def address(self) -> str:
        return self._accepted.address

    @property
    def waiting_bytes(self) -> int:
        return self._accepted.waiting_bytes

    def on_bytes(self, data: bytes) -> None:
        """From the socket."""
        now_ns, wall_ns = self._clock.read_now_ns(), self._clock.read_wall_ns()
        if self.session is not None:
            self.session.receive(data, now_ns, wall_ns)
        else:
            found = self._visitor.receive(data, now_ns)
            if found is not None and self._admit(self, found):
                self.session = found
                found.connected(now_ns, wall_ns)
                found.note_event(f"connected from {self.address}")
                found.receive(self._visitor.received, now_ns, wall_ns)
            elif found is not None or self._visitor.is_refused:
                log.info("connection from %s refused: %s", self.address, self._visitor.reason or "not from there")
                self._accepted.close()
        self.flush()

    def on_lost(self) -> None:
        """The socket is gone."""
        self._forget(self)
        self._leave_session()

    def on_timer(self, now_ns: int) -> None:
        """A visitor that takes too long is sent away."""
        self._visitor.on_timer(now_ns)
        if self._visitor.is_refused:
            self._accepted.close()

    def flush(self) -> None:
        """Write what the session has to say; a long replay in slices, so that others have their turn."""
        session = self.session
        if session is None:
            return
        while data := session.take_output():
            self._accepted.write(data)
            if session.is_replaying:
                asyncio.get_running_loop().call_soon(self.flush)
                break
        if self.out_bytes_max and self._accepted.waiting_bytes > self.out_bytes_max:
            log.warning("connection from %s is too slow: %d bytes wait", self.address, self._accepted.waiting_bytes)
            self._accepted.abort()
        elif session.wants_close and not session.is_replaying:
            self._accepted.close()

    def hand_over(self) -> None:
        """Another connection is to have the session: this one ends now, and has nothing to do with it any more."""
        self._leave_session()
        self._accepted.abort()

    def _leave_session(self) -> None:
        session, self.session = self.session, None
        if session is not None:
            session.disconnected(self._clock.read_now_ns(), self._clock.read_wall_ns())
            session.note_event(f"disconnected: {session.close_reason}")

    def drop(self) -> None:
        """End it now."""
        self._accepted.abort()
