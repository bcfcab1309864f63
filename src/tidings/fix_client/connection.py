"""The client's session on one connection after another: bytes in, bytes out, timers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from tidings.clock import Clock
from tidings.fix.session import FixSession
from tidings.net.acceptor import Accepted

log = logging.getLogger("tidings.fix")

TIMER_S = 0.05
REPLAY_WAITING_BYTES = 65_536  # a replay goes on when the venue has taken all but so much
WAITING_BYTES_MAX = 8 * 1024 * 1024  # what is cut off is sent again when the venue asks for it


class InitiatedConnection:
    """A guest of one outgoing connection. `ended` is set when it is gone, with the fault of ours that ended it."""

    def __init__(self, session: FixSession, clock: Clock, on_ready: Callable[[], object]) -> None:
        self.ended: asyncio.Future[Exception | None] = asyncio.get_running_loop().create_future()
        self.has_logged_on = False
        self._session = session
        self._clock = clock
        self._on_ready = on_ready
        self._link: Accepted | None = None
        self._next_flush: asyncio.Handle | None = None
        self._fault: Exception | None = None

    def begin(self, link: Accepted) -> None:
        """The connection is up: log on."""
        self._link = link
        self._session.connected(*self._times())
        self.flush()

    def on_bytes(self, data: bytes) -> None:
        """From the socket. What the application raises ends the connection: its message was not dealt with."""
        try:
            self._session.receive(data, *self._times())
        except Exception as error:
            self._fault = error
            self.abort()
            return
        if not self.has_logged_on and self._session.is_logged_on:
            self.has_logged_on = True
            self._on_ready()
        self.flush()

    def on_drained(self) -> None:
        """The venue has taken most of what waited."""
        self.flush()

    def on_lost(self) -> None:
        """The socket is gone."""
        self._link = None
        self._session.disconnected(*self._times())
        if not self.ended.done():
            self.ended.set_result(self._fault)

    def on_timer(self) -> None:
        """Heartbeats and time limits."""
        if self._link is not None:
            self._session.on_timer(*self._times())
            self.flush()

    def flush(self) -> None:
        """Write what the session has to say; a long replay in slices, no faster than the venue takes it."""
        link, session = self._link, self._session
        if link is None or self._next_flush is not None:
            return
        while not (session.is_replaying and link.waiting_bytes > REPLAY_WAITING_BYTES):
            if data := session.take_output():
                link.write(data)
            if session.is_replaying:  # also after a slice of nothing but gaps
                self._next_flush = asyncio.get_running_loop().call_soon(self._flush_next)
            if session.is_replaying or not data:
                break
        if session.wants_close and not session.is_replaying:
            link.close()
        elif link.waiting_bytes > WAITING_BYTES_MAX:
            log.warning("the venue does not read: %d bytes wait, the connection is cut", link.waiting_bytes)
            link.abort()

    def _flush_next(self) -> None:
        self._next_flush = None
        self.flush()

    def abort(self) -> None:
        """Cut it now."""
        if self._link is not None:
            self._link.abort()

    def _times(self) -> tuple[int, int]:
        return self._clock.read_now_ns(), self._clock.read_wall_ns()
