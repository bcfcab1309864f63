"""`FixClient`: an initiator to await. It logs on, stays logged on, and hands on what the venue says."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from tidings.clock import Clock
from tidings.errors import ConfigError, ConnectionLost
from tidings.fix.file_store import FileStore
from tidings.fix.message import FixMessage
from tidings.fix.message_store import MemoryStore, MessageStore
from tidings.fix.reader import FixReader
from tidings.fix.session import FixSession
from tidings.fix.session_settings import SessionSettings
from tidings.fix_client.connection import TIMER_S, InitiatedConnection
from tidings.fix_client.fields import Given, body_fields, host_and_port
from tidings.fix_client.inbox import Inbox
from tidings.net.connector import Backoff
from tidings.net.outgoing import ClientTls, client_tls, open_connection

log = logging.getLogger("tidings.fix")

LOOPBACK = ("127.0.0.1", "localhost", "::1")
MEMORY = "memory"
AUTHS = ("none", "password", "hmac")
SILENT = "the peer closed without a word: does it know these CompIDs, and is nobody else logged on with them?"


class FixClient:
    """One FIX 4.4 session to `address` ("host:port"), logged on inside `async with`.

    `sender` and `target` are the CompIDs 49 and 56 of what we send. TLS, verified, unless the host is this machine or
    `tls=False`; `ca_file` names an authority of your own. `store` is "memory", or the directory where numbers and sent
    messages outlive the process; `reset_on_logon` begins every connection at 1 instead, and what was said while we were
    away is lost. `auth`: "none", "password" (553, 554) or "hmac" (96), with `username` and `secret`.

    Entering raises what refused the first try, unless `patience_s` allows more; afterwards a lost connection is dialled
    again for as long as it takes. `settings` are those of `SessionSettings`.
    """

    def __init__(
        self,
        address: str,
        sender: str,
        target: str,
        *,
        tls: bool | None = None,
        ca_file: str = "",
        verify: bool = True,
        store: str | Path = MEMORY,
        fsync: str = "off",
        reset_on_logon: bool = False,
        heartbeat_s: int = 30,
        auth: str = "none",
        username: str = "",
        secret: str = "",
        patience_s: float = 0.0,
        **settings: object,
    ) -> None:
        self.host, self.port = host_and_port(address)
        if auth not in AUTHS:
            raise ConfigError(f"auth is one of {', '.join(AUTHS)}: was {auth!r}")
        if auth != AUTHS[0] and not secret:
            raise ConfigError(f"auth={auth!r} needs a secret")
        self._tls = self._tls_context(tls, ca_file, verify)
        self._settings = SessionSettings(
            our_comp_id=sender, client_comp_id=target, heartbeat_s=heartbeat_s, reset_on_logon=reset_on_logon,
            auth=auth, username=username, password=secret, **{"is_lenient": True, **settings},  # type: ignore[arg-type]
        )  # fmt: skip
        self._store_at, self._fsync = store, fsync
        self._patience_s = patience_s
        self._clock = Clock()
        self._session: FixSession | None = None
        self._connection: InitiatedConnection | None = None
        self._task: asyncio.Task[None] | None = None
        self._is_closing = False
        self._why_down = ""
        self._failure: Exception | None = None
        self._inbox = Inbox()
        self.logon_count = 0

    def _tls_context(self, tls: bool | None, ca_file: str, verify: bool) -> ClientTls | None:
        if tls is None:
            tls = self.host not in LOOPBACK or bool(ca_file)
        if tls and not verify:
            log.warning("%s: the certificate is not verified: anybody could answer", self._peer)
        return client_tls(ca_file, is_verified=verify) if tls else None

    # ---- Coming and going ---------------------------------------------------------------------------------------

    async def __aenter__(self) -> FixClient:
        store: MessageStore = MemoryStore()
        if self._store_at != MEMORY:
            store = FileStore(self._store_at, self._fsync)
        self._session = FixSession(self._settings, store, self._inbox, is_initiator=True)
        self._session.on_reject = self._inbox.take
        self._task = asyncio.get_running_loop().create_task(self._keep_up(), name="tidings-fix-client")
        try:
            await self.logged_on()
        except BaseException:
            await self._close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._close()
        if self._failure is not None:
            raise self._failure

    async def _close(self) -> None:
        """Say goodbye, wait for the answer for a while, and let go of the store."""
        self._is_closing = True
        session, connection = self.session, self._connection
        if connection is not None:
            session.logout("", self._clock.read_now_ns(), self._clock.read_wall_ns())
            connection.flush()
            with contextlib.suppress(TimeoutError):  # shielded: its end is also `_keep_up`'s to see
                async with asyncio.timeout(self._settings.logout_timeout_s + 1):
                    await asyncio.shield(connection.ended)
            connection.abort()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        session.store.close()

    async def _keep_up(self) -> None:
        """Dial, log on, wait for the end, wait a little longer than last time, dial again."""
        backoff = Backoff(random.Random())
        loop = asyncio.get_running_loop()
        give_up_s = loop.time() + self._patience_s
        while not self._is_closing and self._failure is None:
            try:
                await self._live_once(backoff)
            except ConnectionLost as error:
                self._why_down = str(error).removeprefix(f"{self._peer}: ")  # it is put in front of every reason
            except Exception as error:  # a full disk, perhaps: whoever waits must hear of it
                self._failure = error
            wait_s = backoff.next_s()
            if not self.logon_count and loop.time() + wait_s >= give_up_s:
                self._failure = self._failure or ConnectionLost(f"{self._peer}: {self._why_down}")
            self._inbox.wake()
            if not self._is_closing and self._failure is None:
                log.warning("%s: %s: dialling again in %.2f s", self._peer, self._why_down, wait_s)
                await asyncio.sleep(wait_s)

    async def _live_once(self, backoff: Backoff) -> None:
        """One connection from its beginning to its end. Raises ConnectionLost, and what a listener raised."""
        connection = InitiatedConnection(self.session, self._clock, self._logged_on)
        link = await open_connection(self.host, self.port, connection, self._tls)
        self._connection = connection
        try:
            connection.begin(link)
            while not connection.ended.done():
                await asyncio.wait([connection.ended], timeout=TIMER_S)
                connection.on_timer()
        finally:
            self._connection = None
            connection.abort()
        if connection.has_logged_on:
            backoff.reset()
        reason = self.session.close_reason
        self._why_down = SILENT if reason == "disconnected" and not connection.has_logged_on else reason
        if (fault := connection.ended.result()) is not None:
            raise fault

    def _logged_on(self) -> None:
        self.logon_count += 1
        self._inbox.wake()

    # ---- What callers see ---------------------------------------------------------------------------------------

    @property
    def session(self) -> FixSession:
        """The session: its state and numbers."""
        if self._session is None:
            raise ConfigError("a FixClient lives inside `async with`")
        return self._session

    @property
    def is_logged_on(self) -> bool:
        """Whether what is sent now leaves now."""
        return self._session is not None and self._session.is_logged_on

    def send(self, msg_type: str | bytes, fields: Given, *, is_replayed: bool = True) -> int:
        """Send a message now: its MsgSeqNum. A TransactTime that is missing is added.

        If the venue misses it, it is sent again with PossDupFlag when it asks; with `is_replayed=False` the venue is
        told to do without. Raises ConnectionLost while not logged on (nothing is kept for later), and UsageError.
        """
        kind = msg_type.encode() if isinstance(msg_type, str) else msg_type
        now_ns, wall_ns = self._clock.read_now_ns(), self._clock.read_wall_ns()
        body = body_fields(kind, fields, wall_ns)
        if not self.is_logged_on or self._connection is None:
            raise ConnectionLost(f"{self._peer}: not logged on, nothing was sent: {self._why_down or 'not yet'}")
        seq = self.session.send(kind, body, now_ns, wall_ns, is_replayed=is_replayed)
        self._connection.flush()
        return seq

    def listen(self, listener: Callable[[FixReader], object] | None) -> None:
        """Let `listener` have every application message inline; None: they wait for `receive` and `messages`.

        A message counts as received when the listener returns. If it raises, the client ends with that error, and the
        message comes again with the next logon. The FixReader is good until it returns.
        """
        self._inbox.listener = listener

    async def receive(self, timeout_s: float | None = None) -> FixMessage:
        """The next application message, or Reject (3). Raises TimeoutError, and what ended this client."""
        waiting = self._inbox.waiting
        async with asyncio.timeout(timeout_s):
            await self._inbox.wait_for(lambda: waiting or self._is_over)
        if not waiting:
            raise self._why()
        return waiting.popleft()

    async def messages(self) -> AsyncIterator[FixMessage]:
        """Every message from now on, as `receive` gives them."""
        while True:
            yield await self.receive()

    async def logged_on(self, timeout_s: float | None = None) -> None:
        """Wait until the session is logged on. Raises TimeoutError, and what ended this client."""
        async with asyncio.timeout(timeout_s):
            await self._inbox.wait_for(lambda: self.is_logged_on or self._is_over)
        if not self.is_logged_on:
            raise self._why()

    def cut(self) -> None:
        """End the connection without a goodbye; it is dialled again. For who tests, or has a better network now."""
        if self._connection is not None:
            self._connection.abort()

    @property
    def _peer(self) -> str:
        return f"{self.host}:{self.port}"

    @property
    def _is_over(self) -> bool:
        return self._failure is not None or self._is_closing or self._task is None or self._task.done()

    def _why(self) -> Exception:
        return self._failure or ConnectionLost(f"{self._peer}: {self._why_down or 'closed by us'}")
