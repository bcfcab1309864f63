"""One WebSocket stream kept alive: connect, log in, subscribe, ping, notice silence, reconnect with back-off.

The session (venue/phemex/stream_session) decides what to say; the decoder takes data pushes straight from the bytes;
this file only carries bytes between them and the socket, and begins anew when either gives up.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable

from tidings.app.recording.session_recording import StreamTap
from tidings.clock import Clock
from tidings.errors import AuthenticationError, ConnectionLost, PeerError, TidingsError
from tidings.net.dialer import Dialer
from tidings.net.web_socket import WebSocketConnection, open_web_socket
from tidings.venue.phemex.stream_session import StreamSession, StreamState
from tidings.wire.frame_reader import MessageTaker

log = logging.getLogger("tidings.feed")

TIMER_S = 0.5
BACKOFF_FIRST_S = 0.2
BACKOFF_MAX_S = 15.0
LIVED_S = 10.0  # a connection that lived so long was a good one; the venue counts 200 new ones in five minutes
LOGIN_REFUSALS_MAX = 3  # in a row; the venue sometimes refuses a right login (code 6012, seen by production clients)
LOGIN_PATIENCE_S = 10.0  # with a login that was taken before: where a clock has jumped, it is followed within seconds


class StreamFeed:
    """`decode(message, now_ns)` takes a data push and answers whether it was one; anything else goes to the session.

    A MessageTaker reads messages where they lie, without a call in Python per message.
    """

    def __init__(
        self,
        name: str,
        *,
        dialer: Dialer,
        url: str,
        session: StreamSession,
        decode: Callable[[bytes, int], bool],
        clock: Clock,
        on_live: Callable[[], None] = lambda: None,
        on_down: Callable[[str], None] = lambda cause: None,
        on_refused: Callable[[AuthenticationError], None] = lambda error: None,
        random_source: random.Random | None = None,
    ) -> None:
        self.name = name
        self.session = session
        self.reconnect_count = 0
        self.down_cause = ""
        self._dialer, self._url, self._clock = dialer, url, clock
        self._decode = decode
        self._on_live, self._on_down, self._on_refused = on_live, on_down, on_refused
        self._random = random_source or random.Random()
        self.tap: StreamTap | None = None  # hears every message, before anybody acts on it
        self._socket: WebSocketConnection | None = None
        self._closed = asyncio.Event()
        self._failure: Exception | None = None
        self._live = asyncio.Event()
        self._was_live = False  # some connection before this one
        self._refused: AuthenticationError | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def is_live(self) -> bool:
        return self._live.is_set()

    def begin(self) -> asyncio.Task[None]:
        """Connect, and stay connected from now on."""
        self._task = asyncio.create_task(self._keep_alive(), name=f"tidings-{self.name}")
        return self._task

    async def start(self, timeout_s: float) -> None:
        """Connect, and wait until every subscription is answered. Raises AuthenticationError or ConnectionLost."""
        task = self.begin()
        try:
            await self._wait_until_live(task, timeout_s)
        except BaseException:  # a start that is cancelled leaves no task behind either
            await self.stop()
            raise

    async def _wait_until_live(self, task: asyncio.Task[None], timeout_s: float) -> None:
        live = asyncio.create_task(self._live.wait())
        try:
            await asyncio.wait({live, task}, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            live.cancel()
        if self._refused is not None:
            raise self._refused
        if not self._live.is_set():
            raise ConnectionLost(
                f"the {self.name} stream did not come up within {timeout_s:g} s: {self.down_cause or 'no answer'}"
            )

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def subscribe(self, method: str, params: list[object]) -> None:
        """Add a subscription, now and after every reconnect."""
        self._send(self.session.subscribe(method, params, self._clock.read_now_ns()))

    def unsubscribe(self, method: str, params: list[object]) -> None:
        """Send a request that ends subscriptions; those that are not to be renewed the session has to forget."""
        self._send(self.session.ask(method, params, self._clock.read_now_ns()))

    def reconnect(self, cause: Exception) -> None:
        """Give this connection up for a new one."""
        self._failure = cause
        self._closed.set()

    async def _keep_alive(self) -> None:
        delay_s, refusals, refused_ns = BACKOFF_FIRST_S, 0, 0
        while True:
            began_ns = self._clock.read_now_ns()
            try:
                await self._live_once()
            except AuthenticationError as error:
                refused_ns = refused_ns if refusals else self._clock.read_now_ns()
                refusals += 1
                self.down_cause = str(error)
                if refusals >= LOGIN_REFUSALS_MAX and self._is_out_of_patience(refused_ns):
                    log.error("%s stream: login refused %d times: giving up: %s", self.name, refusals, error)
                    self._refused = error
                    self._mark_down()
                    self._on_refused(error)
                    return
                log.warning("%s stream: %s: trying again", self.name, error)
            except (TidingsError, OSError) as error:
                self.down_cause = str(error)
                log.warning("%s stream: %s: reconnecting", self.name, error)
            except Exception as error:  # the top of a task: a bug here must not leave the account unheard for ever
                self.down_cause = repr(error)
                log.exception("%s stream: a bug: reconnecting", self.name)
            if self._live.is_set():
                refusals, self._was_live = 0, True
                if self._clock.read_now_ns() - began_ns >= LIVED_S * 1e9:
                    delay_s = BACKOFF_FIRST_S
            self._mark_down()
            await asyncio.sleep(delay_s * self._random.uniform(0.5, 1.0))
            delay_s = min(delay_s * 2, BACKOFF_MAX_S)
            self.reconnect_count += 1

    def _is_out_of_patience(self, since_ns: int) -> bool:
        """Whether a login refused since then will not be taken any more. A first one is wrong; one that was right once
        may be dated wrongly: behind a sleep of this machine, or a step of the venue's clock.
        """
        return not self._was_live or self._clock.read_now_ns() - since_ns >= LOGIN_PATIENCE_S * 1e9

    async def _live_once(self) -> None:
        """One connection's life; ends by raising what ended it."""
        self._closed.clear()
        self._failure = None
        taker = self._decode if isinstance(self._decode, MessageTaker) else None
        self._socket = await open_web_socket(
            self._dialer,
            self._url,
            on_message=self._on_message if taker is None else self._on_answer,
            on_closed=self._on_closed,
            taker=taker,
            tap=self.tap.came if self.tap is not None else None,
        )
        try:
            self._send(self.session.open(self._clock.read_now_ns()))
            while not await self._closed_within(TIMER_S):
                if self._socket.taken_ns:
                    self.session.heard(self._socket.taken_ns)
                self._send(self.session.on_timer(self._clock.read_now_ns()))
        finally:
            self._socket.close()
            self._socket = None
        raise self._failure or ConnectionLost(f"the {self.name} stream was closed by the venue")

    async def _closed_within(self, seconds: float) -> bool:
        try:
            await asyncio.wait_for(self._closed.wait(), seconds)
        except TimeoutError:
            return False
        return True

    def _on_message(self, message: bytes, now_ns: int) -> None:
        try:
            is_taken = self._decode(message, now_ns)
        except (PeerError, AuthenticationError) as error:
            self._on_closed(error)
            return
        if is_taken:
            self.session.heard(now_ns)
        else:
            self._on_answer(message, now_ns)

    def _on_answer(self, message: bytes, now_ns: int) -> None:
        try:
            self._send(self.session.feed(message, now_ns))
        except (PeerError, AuthenticationError) as error:
            self._on_closed(error)
            return
        if self.session.state is StreamState.LIVE and not self._live.is_set():
            self._live.set()
            if self.tap is not None:
                self.tap.up()
            self._on_live()

    def _on_closed(self, cause: Exception | None) -> None:
        self._failure = self._failure or cause
        self._closed.set()

    def _mark_down(self) -> None:
        """Told of every connection that ended, live or not: what it had said so far does not count."""
        self._live.clear()
        if self.session.state is not StreamState.CLOSED:
            self.session.close()
            if self.tap is not None:
                self.tap.down(self.down_cause)
            self._on_down(self.down_cause)

    def _send(self, texts: list[str]) -> None:
        for text in texts:
            if self._socket is None:
                return
            try:
                self._socket.send_text(text)
            except ConnectionLost as error:  # whoever asked need not know: it is all asked again by the next connection
                self.reconnect(error)
                return
