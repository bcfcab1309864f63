"""The FIX gateway put together: accounts behind it, sessions in front, one port, one loop."""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path
from typing import Any

from tidings.clock import Clock
from tidings.errors import ConfigError
from tidings.fix.file_store import FileStore
from tidings.fix.message_store import MemoryStore, MessageStore
from tidings.fix.session import FixSession
from tidings.fix.session_finder import SessionFinder, Visitor
from tidings.fix_gateway.admin import AdminDesk
from tidings.fix_gateway.admin_socket import socket_path
from tidings.fix_gateway.chain_log import ChainLog, FileChainLog
from tidings.fix_gateway.client_session import ClientSession
from tidings.fix_gateway.config import ClientSettings, GatewayConfig
from tidings.fix_gateway.connection import ClientConnection
from tidings.fix_gateway.drop_copy import GENERATIONS_KEPT, DropCopyFeed
from tidings.fix_gateway.last_told import LastTold
from tidings.fix_gateway.message_logs import MessageLogs
from tidings.fix_gateway.order_chains import OrderChains
from tidings.fix_gateway.order_desk import FixOrderDesk
from tidings.fix_gateway.taking_up import TakingUp
from tidings.net.acceptor import Accepted, Acceptor, server_tls
from tidings.net.event_loop import BusyPoll
from tidings.net.local_line import LocalLine
from tidings.venue.phemex.endpoints import LOCAL
from tidings.venue.phemex.products import Products

log = logging.getLogger("tidings.fix")

Connect = Callable[..., Any]  # tidings.connect
TIMER_S = 0.05
SYNC_S = 0.1
GOODBYE_S = 3.0
VISITORS_MAX = 256  # connections that have not said who they are
FAREWELL_S = 10.0  # for cancels on disconnect; what is still open then is cancelled at the next start
RECOVERY_S = 5.0  # how long clients wait at the door for the cancels that a crash has left
SHUT_DOWN = "Server shutting down"
ENV_NAME = "env"  # of an account's directory: which environment its orders are at
JOURNAL_NAME = "journal"  # of the same: the engine's journal that knows them


class Gateway:
    """`async with`: enter to serve on `port`, leave to say goodbye to everybody and let go of everything."""

    def __init__(self, config: GatewayConfig, connect: Connect, env: str, **options: Any) -> None:
        self.config = config
        self.port = 0
        self.clients: dict[str, ClientSession] = {}
        self.connections: dict[FixSession, ClientConnection] = {}
        self.env = env
        self.desks: dict[str, FixOrderDesk] = {}  # by the account's name
        self._connect = connect
        self._options = options
        self._clock = Clock()
        self._closing = AsyncExitStack()
        self._stores = ExitStack()
        self._finder = SessionFinder()
        self._logs: MessageLogs | None = MessageLogs(Path(config.log)) if config.log else None
        self._visitors: dict[ClientConnection, None] = {}  # oldest first
        self._logon_timeout_s = max(session.logon_timeout for session in config.session)
        self._acceptor = Acceptor(self._welcome)

    async def __aenter__(self) -> Gateway:
        try:
            await self._start()
        except BaseException:
            await self._closing.aclose()
            raise
        return self

    async def _start(self) -> None:
        listen = self.config.listen
        if self._logs is not None:
            self._closing.callback(self._logs.close)
        tls = server_tls(listen.tls_certificate, listen.tls_key) if listen.tls_certificate else None
        self._closing.callback(self._stores.close)  # last: an engine that stops still has reports for them
        for account in dict.fromkeys(session.account for session in self.config.session):
            await self._open_account(account)
        for client in self.clients.values():
            client.recover()
        await self._finish_cancels(RECOVERY_S)
        self._do(self._keep_time())
        if self._logs is not None:
            self._do(self._logs.run())
        self.port = await self._acceptor.listen(listen.host, listen.port, tls)
        self._closing.callback(self._acceptor.close)
        if listen.busy_poll:
            busy_poll = BusyPoll(self._acceptor, asyncio.get_running_loop())
            busy_poll.start()
            self._closing.callback(busy_poll.stop)
        await self._open_admin()

    async def _open_admin(self) -> None:
        """The operator's socket. Without it the gateway serves all the same."""
        line = LocalLine(socket_path(os.getpid()), AdminDesk(self, self._clock).answer)
        try:
            await line.open()
        except ConfigError as error:
            log.warning("no questions can be asked of this gateway: %s", error)
        self._closing.callback(line.close)

    @property
    def visitor_count(self) -> int:
        """Connections that have not said who they are."""
        return len(self._visitors)

    async def _open_account(self, name: str) -> None:
        """The account's engine, its chains, its sessions; and what was left untold is told, into the stores."""
        sessions = [session for session in self.config.session if session.account == name]
        # What the account's sessions remember must be there before the engine hears anything.
        chains = OrderChains(self._chain_log(name, sessions))
        self._closing.callback(chains.close)
        busy = {"busy_poll": "always"} if self.config.listen.busy_poll else {}
        options = {**busy, **self.config.engine, **self._options, **self.config.account_options(name, self.env)}
        phemex = await self._closing.enter_async_context(self._connect(self.env, **options))
        for settings in sessions:
            _check_symbols(settings, phemex.engine.products)
        self._check_journal(_account_directory(sessions), Path(phemex.engine.home.where).name, chains)
        desk = self.desks[name] = FixOrderDesk(phemex, chains)
        for settings in sessions:
            self._add_session(settings, desk)
        last_told = LastTold(chains, phemex.engine.products.find)
        for settings in sessions:
            client = self.clients[settings.name]
            if client.session is not None and settings.kind == "order":
                client.refused_before = last_told.read(settings.name, client.session.store)
        strategy = TakingUp(desk, [self.clients[settings.name].market_data for settings in sessions])
        self._do(phemex.run(strategy)).add_done_callback(_tell_end)
        await strategy.is_done.wait()

    def _do(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Let it run until the gateway ends."""
        task = asyncio.get_running_loop().create_task(work)
        self._closing.callback(task.cancel)
        return task

    def _chain_log(self, name: str, sessions: list[ClientSettings]) -> ChainLog | None:
        """Beside the stores of the account's sessions; in memory where all of them are."""
        home = _account_directory(sessions)
        if home is None:
            return None
        self._lock(home)
        self._claim(home)
        fsync = next(settings.fsync for settings in sessions if settings.directory is not None)
        return FileChainLog(home, fsync or self.config.fsync)

    def _lock(self, directory: Path) -> None:
        """One gateway per account and directory."""
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(directory / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            raise ConfigError(f"{directory} is used by another gateway") from None
        self._closing.callback(os.close, descriptor)

    def _claim(self, directory: Path) -> None:
        """It remembers the orders of one environment: in another one, what is open would be told as never sent."""
        path = directory / ENV_NAME
        owner = path.read_text(encoding="utf-8").strip() if path.exists() else ""
        if owner not in ("", self.env):
            raise ConfigError(f"{directory} has the orders of --env {owner}: give each environment a store of its own")
        path.write_text(self.env + "\n", encoding="utf-8")

    def _check_journal(self, directory: Path | None, journal: str, chains: OrderChains) -> None:
        """What became of open orders is in the journal they were written into; without it they would be told as never
        sent. A local exchange may be another one each time, and takes its orders with it.
        """
        if directory is None:
            return
        if not journal:
            raise ConfigError(f'journal = "none" forgets the orders that {directory} remembers: use store = "memory"')
        path = directory / JOURNAL_NAME
        former = path.read_text(encoding="utf-8").strip() if path.exists() else ""
        if former not in ("", journal) and chains.open_chains() and self.env != LOCAL:
            raise ConfigError(
                f"{directory} has open orders of journal {former}, and this key's is {journal}: start with the key they"
                " were placed with, or move the directory away after cancelling them at the venue"
            )
        path.write_text(journal + "\n", encoding="utf-8")

    def _add_session(self, settings: ClientSettings, desk: FixOrderDesk) -> None:
        def flush() -> None:
            self.flush(client)

        def is_behind() -> bool:
            return self._is_behind(client)

        client = ClientSession(settings, desk, flush, is_behind)
        directory, is_copy = settings.directory, settings.kind == "dropcopy"
        store: MessageStore = MemoryStore(GENERATIONS_KEPT if is_copy else 0)
        if directory is not None:
            store = FileStore(directory, settings.fsync, keep_days=self.config.keep_days)
        self._stores.callback(store.close)
        client.session = FixSession(settings.session_settings(self.config.max_message), store, client)
        client.drop_copy = DropCopyFeed(client.session, directory if is_copy else None, flush, is_behind)
        self._stores.callback(client.drop_copy.backlog.close)
        if self._logs is not None:
            client.session.log_messages(self._logs.open(settings.name))
        self._finder.add(client.session)
        desk.news.unknown.timeouts_ns[settings.name] = int(settings.unknown_timeout * 1e9)
        self.clients[settings.name] = client

    # ---- Connections --------------------------------------------------------------------------------------------

    def _welcome(self, accepted: Accepted) -> ClientConnection:
        visitor = Visitor(
            self._finder, self._clock.read_now_ns(), logon_timeout_s=self._logon_timeout_s,
            max_message_bytes=self.config.max_message,
        )  # fmt: skip
        connection = ClientConnection(accepted, visitor, self._clock, self._admit, self._forget)
        connection.out_bytes_max = self.config.max_out_buffer
        self._visitors[connection] = None
        if len(self._visitors) > VISITORS_MAX:
            oldest = next(iter(self._visitors))
            log.warning("%d connections without a Logon: the oldest, from %s, goes", VISITORS_MAX, oldest.address)
            del self._visitors[oldest]
            oldest.drop()
        return connection

    def _admit(self, connection: ClientConnection, session: FixSession) -> bool:
        """Whether this address may be that session; and if so, its messages go to this connection."""
        self._visitors.pop(connection, None)
        client = session.application
        assert isinstance(client, ClientSession)
        allowed = client.settings.allowed_addresses
        if allowed and connection.address not in allowed:
            log.warning("%s: refused from %s", client.name, connection.address)
            return False
        if (former := self.connections.get(session)) is not None:
            log.warning("%s: a connection from %s takes over", client.name, connection.address)
            former.hand_over()
        self.connections[session] = connection
        return True

    def _forget(self, connection: ClientConnection) -> None:
        self._visitors.pop(connection, None)
        session = connection.session
        if session is not None and self.connections.get(session) is connection:
            del self.connections[session]

    def flush(self, client: ClientSession) -> None:
        """Write what its session has to say, if it is there."""
        connection = self.connections.get(client.session) if client.session is not None else None
        if connection is not None:
            connection.flush()

    def _is_behind(self, client: ClientSession) -> bool:
        """Whether so much waits for it that market data must."""
        connection = self.connections.get(client.session) if client.session is not None else None
        return connection is not None and connection.waiting_bytes > self.config.max_out_buffer // 8

    async def _finish_cancels(self, limit_s: float) -> None:
        """Wait for cancels on disconnect that are under way; what takes longer goes on by itself."""
        waits = [asyncio.create_task(client.finish()) for client in self.clients.values()]
        await asyncio.wait(waits, timeout=limit_s)

    async def _keep_time(self) -> None:
        """Heartbeats and time limits of everybody; disks now and then."""
        next_sync_ns = 0
        while True:
            await asyncio.sleep(TIMER_S)
            now_ns, wall_ns = self._clock.read_now_ns(), self._clock.read_wall_ns()
            for client in self.clients.values():
                self._give_time(client, now_ns, wall_ns)
            for visitor in list(self._visitors):
                visitor.on_timer(now_ns)
            is_sync_due = now_ns >= next_sync_ns
            if is_sync_due:
                next_sync_ns = now_ns + int(SYNC_S * 1e9)
            for name, desk in self.desks.items():
                _give_desk_time(name, desk, now_ns, is_sync_due=is_sync_due)

    def _give_time(self, client: ClientSession, now_ns: int, wall_ns: int) -> None:
        """One session's fault, a full disk of its store perhaps, must not stop the others' clocks."""
        if client.session is None:
            return
        try:
            client.session.on_timer(now_ns, wall_ns)
            client.on_timer(now_ns)
            self.flush(client)
        except Exception:
            log.exception("%s: its time could not be kept", client.name)

    # ---- The end ------------------------------------------------------------------------------------------------

    async def __aexit__(self, *_: object) -> None:
        self._acceptor.close()
        now_ns, wall_ns = self._clock.read_now_ns(), self._clock.read_wall_ns()
        for client in self.clients.values():
            client.is_stopping = True
            if client.session is not None and client.session.is_logged_on:
                client.session.logout(SHUT_DOWN, now_ns, wall_ns)
                self.flush(client)
        deadline_s = asyncio.get_running_loop().time() + GOODBYE_S
        while self.connections and asyncio.get_running_loop().time() < deadline_s:
            await asyncio.sleep(0.01)
        for connection in list(self.connections.values()):
            connection.drop()
        if self.clients:
            await self._finish_cancels(FAREWELL_S)
        await self._closing.aclose()


def _account_directory(sessions: list[ClientSettings]) -> Path | None:
    """Beside the first store on disk of an account's sessions."""
    found = (one.directory.parent / f"account-{one.account}" for one in sessions if one.directory is not None)
    return next(found, None)


def _check_symbols(settings: ClientSettings, products: Products) -> None:
    """A symbol that is misspelt would only show when its orders are refused. Raises ConfigError that names it."""
    for symbol in settings.symbols:
        if products.find(symbol) is None:
            hint = ", ".join(products.near(symbol))
            near = f": near it are {hint}" if hint else ""
            raise ConfigError(f"session {settings.client_comp_id}: symbols: the venue has no {symbol!r}{near}")


def _give_desk_time(account: str, desk: FixOrderDesk, now_ns: int, *, is_sync_due: bool) -> None:
    """A fault of one account, or of a disk, must not stop the clock of the gateway."""
    try:
        desk.news.on_timer(now_ns)
        if is_sync_due:
            desk.chains.sync()
    except Exception:
        log.exception("account %s: its time could not be kept", account)


def _tell_end(run: asyncio.Task[None]) -> None:
    if not run.cancelled() and (error := run.exception()) is not None:
        log.error("the engine behind the gateway has ended: %s", error)
