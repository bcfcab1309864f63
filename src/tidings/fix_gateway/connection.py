"""One TCP connection: first a visitor whose session is not known, then that session's way in and out."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable

from tidings.clock import Clock
from tidings.fix.session import FixSession
from tidings.fix.session_finder import Visitor
from tidings.net.acceptor import Accepted

log = logging.getLogger("tidings.fix")

# What one connection may do in one turn of the loop, before others have theirs.
READ_PIECE_BYTES = 16_384
REPLAY_WAITING_BYTES = 65_536  # a replay goes on when the client has taken all but so much


class ClientConnection:
    """A guest of the acceptor. `admit` says whether this connection may be that session's."""

    def __init__(
        self,
        accepted: Accepted,
        visitor: Visitor,
        clock: Clock,
        admit: Callable[[ClientConnection, FixSession], bool],
        forget: Callable[[ClientConnection], None],
    ) -> None:
        self.session: FixSession | None = None
        self.out_bytes_max = 0  # more waiting than this, and the connection is cut: it can be resumed
        self._accepted = accepted
        self._unread: deque[bytes] = deque()  # received, and not looked at yet
        self._next_flush: asyncio.Handle | None = None
        self._clock = clock
        self._visitor = visitor
        self._admit = admit
        self._forget = forget

    @property
    def address(self) -> str:
        return self._accepted.address

    @property
    def waiting_bytes(self) -> int:
        return self._accepted.waiting_bytes

    def on_bytes(self, data: bytes) -> None:
        """From the socket; of a flood a piece at a time, so that others have their turn."""
        if self._unread or len(data) > READ_PIECE_BYTES:
            self._queue(data)
        else:
            self._read(data)

    def _queue(self, data: bytes) -> None:
        if not self._unread:
            self._accepted.hold_reading(is_held=True)
            asyncio.get_running_loop().call_soon(self._read_piece)
        self._unread.extend(data[at : at + READ_PIECE_BYTES] for at in range(0, len(data), READ_PIECE_BYTES))

    def _read_piece(self) -> None:
        if not self._unread:
            return
        self._read(self._unread.popleft())
        if self._unread:
            asyncio.get_running_loop().call_soon(self._read_piece)
        else:
            self._accepted.hold_reading(is_held=False)

    def _read(self, data: bytes) -> None:
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

    def on_drained(self) -> None:
        """The client has taken most of what waited."""
        self.flush()

    def on_lost(self) -> None:
        """The socket is gone. What came before still counts: it is read to its end."""
        while self._unread:
            self._read(self._unread.popleft())
        self._forget(self)
        self._leave_session()

    def on_timer(self, now_ns: int) -> None:
        """A visitor that takes too long is sent away."""
        self._visitor.on_timer(now_ns)
        if self._visitor.is_refused:
            self._accepted.close()

    def flush(self) -> None:
        """Write what the session has to say; a long replay in slices, no faster than the client takes it."""
        session = self.session
        if session is None or self._next_flush is not None:
            return
        while not self._is_held_up(session):
            if data := session.take_output():
                self._accepted.write(data)
            if session.is_replaying:  # also after a slice of nothing but gaps
                self._next_flush = asyncio.get_running_loop().call_soon(self._flush_next)
            if session.is_replaying or not data:
                break
        waiting_bytes = self._accepted.waiting_bytes + session.held_back_bytes
        if self.out_bytes_max and waiting_bytes > self.out_bytes_max:
            log.warning("connection from %s is too slow: %d bytes wait", self.address, waiting_bytes)
            self._accepted.abort()
        elif session.wants_close and not session.is_replaying:
            self._accepted.close()

    def _is_held_up(self, session: FixSession) -> bool:
        return session.is_replaying and self._accepted.waiting_bytes > REPLAY_WAITING_BYTES

    def _flush_next(self) -> None:
        self._next_flush = None
        self.flush()

    def hand_over(self) -> None:
        """Another connection is to have the session: this one ends now, and has nothing to do with it any more."""
        self._unread.clear()
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
