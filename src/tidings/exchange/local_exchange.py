"""The whole local exchange, plugged together: core, faces, listeners, clocks. `command.py` runs it from a shell.

    exchange = LocalExchange(ExchangeConfig(seed=7))
    ready = await exchange.start()        # the ready object: where it listens, its authority's file, its accounts
    ...
    await exchange.stop()

The core never reads a clock; here the wall clock is read, made to never step back, and the core is advanced whenever
it has something due and after every request, in the loop's next turn, so that a reply leaves before what follows from
it.
"""

import asyncio
import errno
import logging
import os
import ssl
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import partial
from pathlib import Path
from types import MappingProxyType

from tidings.exchange.admin.face import AdminApi
from tidings.exchange.faults.fault_file import FaultSet
from tidings.exchange.faults.http_faults import HttpFaults
from tidings.exchange.rest.authentication import Authenticator, SecretEncoding, make_api_key
from tidings.exchange.rest.face import STREAM_PATHS, RestApi
from tidings.exchange.rest.klines import preparation
from tidings.exchange.rest.rate_limits import Profile, RateLimits, Window
from tidings.exchange.saved.graph_words import StateError
from tidings.exchange.saved.keeper import StateKeeper
from tidings.exchange.saved.state_lock import StateLock
from tidings.exchange.server.certificates import Certificates, is_name
from tidings.exchange.server.http_request import Request
from tidings.exchange.server.http_server import Handler, HttpConnection, ServerState
from tidings.exchange.streams.hub import StreamHub
from tidings.exchange.streams.market_feeds import BOOK_INTERVAL_NS
from tidings.exchange.streams.session import StreamLimits, StreamSession
from tidings.exchange.venue import Venue
from tidings.exchange.venue_config import FIRST_USER_ID, FLOW_TICK_NS, MS_NS, VenueConfig
from tidings.exchange.venue_rules import Rules

_LOGGER = logging.getLogger(__name__)
SWEEP_INTERVAL_S = 1.0
RETRY_AFTER_FAILURE_NS = 100 * MS_NS
TIMER_STEP_S = 0.001  # a loop's timers are no finer: it would turn without rest until a shorter time is over
EVERY_ADDRESS = ("", "0.0.0.0", "::")
HANDSHAKE_PATIENCE_S = 10.0  # and for TLS's way to say goodbye

Ready = dict[str, object]


@dataclass(frozen=True, kw_only=True)
class ExchangeConfig:
    """What can be chosen about one run of the exchange."""

    host: str = "127.0.0.1"
    port: int = 0  # 0: any free one
    has_tls: bool = True
    tls_names: tuple[str, ...] = ()  # in the certificate, beside the loopback's and the host
    seed: int = 1
    prices: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))  # symbol → decimal starting price
    account_count: int = 4  # funded alike, each with a key of its own
    has_flow: bool = True
    flow: str = "normal"  # quiet, normal or crash
    recording: Path | None = None  # played back as the market
    recording_speed: Fraction = Fraction(1)
    flow_rate: Fraction = Fraction(1)  # how many times faster the flow's clock goes
    matching_delay_ms: int = 5
    funding_interval_s: int = 0  # 0: as the catalogue says
    maker_fee_er: int | None = None  # of contracts, on scale 8; None: as the catalogue says
    taker_fee_er: int | None = None
    has_rate_limits: bool = True
    rate_window: Window = "fixed"
    rate_profile: Profile = "public"  # vip: per-symbol groups, and every path must be signed
    secret_encoding: SecretEncoding = "raw"
    faults: FaultSet = field(default_factory=FaultSet)
    rules: Rules = field(default_factory=Rules)  # what these are at the start; the admin endpoint changes them
    state_file: Path | None = None  # what an earlier run saved there goes on: its seed and accounts too
    state_interval_s: float = 30.0  # how often it is saved


class WallClock:
    """Unix time in nanoseconds that never goes back, whatever the machine's clock does."""

    def __init__(self, least_ns: int = 0) -> None:
        self._last_ns = least_ns

    def __call__(self) -> int:
        """The time now."""
        now_ns = time.time_ns()
        if now_ns > self._last_ns:
            self._last_ns = now_ns
        return self._last_ns


class LocalExchange:
    """One running exchange inside the present event loop."""

    def __init__(self, config: ExchangeConfig) -> None:
        self._lock = StateLock(config.state_file) if config.state_file else None  # before anything is read
        self._keeper = StateKeeper(config.state_file) if config.state_file else None
        if self._keeper is not None and self._keeper.found is not None:
            config = replace(config, seed=self._keeper.seed, account_count=self._keeper.user_count)
        self.config = config
        self._clock = WallClock(self._keeper.saved_ns if self._keeper else 0)
        self.venue = Venue(_venue_config(config), self._clock())
        pairs = self._keeper.key_pairs(config.secret_encoding) if self._keeper else []
        pairs = pairs or [make_api_key(user, os.urandom, config.secret_encoding) for user in self.venue.user_ids]
        self._accounts = [
            {"api_key": key.api_key, "api_secret": secret, "user_id": key.user_id} for key, secret in pairs
        ]
        self._rules = self.venue.config.rules
        authenticator = Authenticator((key for key, _ in pairs), self._rules)
        if self._keeper is not None:
            self._keeper.restore(self.venue, self._clock())
        self.venue.state.schedule.on_sooner = lambda due_ns: self._plan_pump()
        plan = self.venue.state.faults
        plan.seed = config.seed if config.faults.seed is None else config.faults.seed
        for fault in config.faults.faults:
            plan.add(fault)
        self._http_faults = HttpFaults(
            plan, self.venue.catalogue.instruments, authenticator.user_of_key, partial(self.venue.later, self._clock)
        )
        self._limits = RateLimits(config.has_rate_limits, config.rate_window, config.rate_profile, self._rules)
        self._hub = StreamHub(self.venue, authenticator, _stream_limits(self._rules), self._clock, self._pump)
        is_vip = config.rate_profile == "vip"
        self._rest = RestApi(self.venue, authenticator, self._limits, self._after_request, is_vip)
        self._admin = AdminApi(
            self.venue, self._counters, self._plan_pump, self._apply_rules, self._save if self._keeper else None
        )
        self._certificates: Certificates | None = None
        self._listeners: list[tuple[asyncio.Server, ServerState]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._timer_due_ns = 0  # what the timer waits for, if there is one
        self._chores: list[asyncio.Task[None]] = []
        self._is_pump_planned = False

    async def start(self) -> Ready:
        """Listen, and give the ready object. Raises OSError if the address cannot be bound."""
        context, ca_file = None, None
        if self._keeper is not None:
            self._keeper.save(self.venue, self._accounts, self._clock())  # if it cannot be, that is better known now
        if self.config.has_tls:
            self._certificates = Certificates((*_named_host(self.config.host), *self.config.tls_names))
            context, ca_file = self._certificates.server_context(), str(self._certificates.ca_file)
        try:
            port = await self._listen_everywhere(context)
            admin_port = await self._listen(self._admin, "127.0.0.1", 0, None)
        except BaseException:
            await self.stop()
            raise
        chores: list[tuple[float, Callable[[], object]]] = [
            (BOOK_INTERVAL_NS / 1e9, self._poll_markets), (SWEEP_INTERVAL_S, self._drop_silent),
        ]  # fmt: skip
        if self._keeper is not None:
            chores.append((self.config.state_interval_s, self._save))
        self._chores = [asyncio.create_task(self._regularly(*chore)) for chore in chores]
        self._pump()
        secure = "s" if self.config.has_tls else ""
        address = f"{_url_host(self.config.host)}:{port}"
        return {
            "rest": f"http{secure}://{address}",
            "ws": f"ws{secure}://{address}/ws",
            "ca_file": ca_file,
            "accounts": self._accounts,
            "admin": f"http://127.0.0.1:{admin_port}",
            "pid": os.getpid(),
            "seed": self.config.seed,
        }

    async def stop(self) -> None:
        """Stop listening, cut every connection, remove the certificates. Safe to call twice."""
        if self._timer is not None:
            self._timer.cancel()
        for chore in self._chores:
            chore.cancel()
        was_running, chores = bool(self._chores), self._chores
        self._chores = []
        await asyncio.gather(*chores, return_exceptions=True)
        for server, state in self._listeners:
            server.close()
            state.close_all()
        self._listeners.clear()
        await asyncio.sleep(0)  # let the transports say goodbye to their protocols
        if self._certificates is not None:
            self._certificates.close()
        if was_running and self._keeper is not None:
            await self._save()
        if self._lock is not None:
            self._lock.release()

    async def _listen_everywhere(self, context: ssl.SSLContext | None) -> int:
        """Open the REST face; gives the port. `localhost` is both loopback addresses, on one port, if there are two."""
        host, port = self.config.host, self.config.port
        if host != "localhost":
            return await self._listen(self._rest, host, port, context)
        found = await self._listen(self._rest, "127.0.0.1", port, context)
        try:
            await self._listen(self._rest, "::1", found, context)
        except OSError as error:
            if port and error.errno == errno.EADDRINUSE:
                raise
            _LOGGER.info("listening on 127.0.0.1 only: %s", error)
        return found

    async def _listen(self, handler: Handler, host: str, port: int, context: ssl.SSLContext | None) -> int:
        is_main = handler is self._rest
        state = ServerState(
            handler, self._clock,
            upgrade=self._open_stream if is_main else None,
            upgrade_paths=STREAM_PATHS if is_main else frozenset(),
            admits_upgrade=self._limits.admits_stream if is_main else lambda address, wall_ns: True,
            faults=self._http_faults if is_main else None,
            prepare=partial(preparation, self.venue) if is_main else lambda request, wall_ns: None,
            idle_timeout_s=self._rules.idle_timeout_s or None,
        )
        loop = asyncio.get_running_loop()
        patience_s = HANDSHAKE_PATIENCE_S if context else None
        server = await loop.create_server(
            lambda: HttpConnection(state), host, port, ssl=context, backlog=512,
            ssl_handshake_timeout=patience_s, ssl_shutdown_timeout=patience_s,
        )  # fmt: skip
        self._listeners.append((server, state))
        return int(server.sockets[0].getsockname()[1])

    def _open_stream(self, request: Request, transport: asyncio.Transport, rest: bytes) -> StreamSession:
        session = StreamSession(
            transport, self._hub.limits, self._hub.on_request, self._hub.remove, self._clock
        )
        self._hub.add(session)
        session.start(request, rest)
        return session

    def _apply_rules(self) -> None:
        """Have the listeners and streams follow rules that were changed; streams that are open keep their limits."""
        self._hub.limits = _stream_limits(self._rules)
        for _, state in self._listeners:
            state.idle_timeout_s = self._rules.idle_timeout_s or None

    def _after_request(self) -> None:
        """Let the core publish: after the reply, or, if a rule wants it so, before it."""
        if self.venue.state.is_stream_first:
            self._pump()
        elif not self.venue.state.outbox.is_empty:
            self._plan_pump()  # what the schedule holds has the timer

    def _plan_pump(self) -> None:
        """Advance the core in the loop's next turn."""
        if not self._is_pump_planned:
            self._is_pump_planned = True
            asyncio.get_running_loop().call_soon(self._pump)

    def _pump(self) -> None:
        """Let the core do what is due, publish what comes of it, and be back when it next has something to do."""
        self._is_pump_planned = False
        now_ns = self._clock()
        due_ns: int | None = now_ns + RETRY_AFTER_FAILURE_NS
        try:
            if updates := self.venue.advance(now_ns):
                self._hub.publish_all(updates)
            due_ns = self.venue.next_due_ns()
        except Exception:  # the top of the core's own work: a defect must not stop the clock for everybody
            self._rest.counters["failures"] += 1
            _LOGGER.exception("the exchange's core failed at %d", now_ns)
        if due_ns is not None and (self._timer is None or due_ns < self._timer_due_ns):
            self._come_back(due_ns, now_ns)

    def _come_back(self, due_ns: int, now_ns: int) -> None:
        """Pump at `due_ns`: at once, or after at least a millisecond, in which more comes due."""
        if self._timer is not None:
            self._timer.cancel()
        delay_s = max(TIMER_STEP_S, (due_ns - now_ns) / 1e9) if due_ns > now_ns else 0.0
        self._timer_due_ns = due_ns
        self._timer = asyncio.get_running_loop().call_later(delay_s, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        self._pump()

    async def _regularly(self, interval_s: float, chore: Callable[[], object]) -> None:
        """Do a chore again and again; one that fails is told of and is done again all the same."""
        while True:
            await asyncio.sleep(interval_s)
            try:
                if isinstance(doing := chore(), Coroutine):
                    await doing
            except Exception:  # a defect, or a full disk: streams, deadlines and saves go on for everybody
                self._rest.counters["failures"] += 1
                _LOGGER.exception("%s failed", chore.__name__.strip("_"))

    def _poll_markets(self) -> None:
        if self._hub.has_feeds:
            self._hub.poll(self._clock())

    def _drop_silent(self) -> None:
        self._hub.drop_silent(self._clock())
        for _, state in self._listeners:
            state.deadlines.sweep(self._clock())

    def work_count(self) -> int:
        """How many requests there have been, of REST and of streams."""
        return self._rest.counters["requests"] + self._hub.counters["stream_requests"]

    async def _save(self) -> dict[str, object]:
        """Write the state to its file; what the admin endpoint says of it. Raises StateError."""
        if self._keeper is None:
            raise StateError("no state file was named when the exchange was started")
        size_bytes, saved_ns = await self._keeper.save_aside(self.venue, self._accounts, self._clock)
        return {"file": str(self._keeper.path), "size_bytes": size_bytes, "saved_ns": saved_ns}

    def _counters(self) -> dict[str, int]:
        """The faces' counters, for the admin endpoint."""
        faults = Counter({f"fault.{kind}": count for kind, count in self.venue.state.faults.counters.items()})
        cut = Counter({"slow_clients_cut": sum(state.deadlines.cut_count for _, state in self._listeners)})
        return dict(Counter(self._rest.counters) + self._hub.counters + faults + cut)


def _stream_limits(rules: Rules) -> StreamLimits:
    return StreamLimits(
        connections_per_user=rules.stream_connections, subscriptions=rules.stream_subscriptions,
        requests_per_s=rules.stream_requests_per_s, silence_s=rules.stream_silence_s,
        close_code=rules.stream_close_code,
    )


def _venue_config(config: ExchangeConfig) -> VenueConfig:
    return VenueConfig(
        seed=config.seed, prices=config.prices, has_flow=config.has_flow, flow=config.flow,
        recording=config.recording, recording_speed=config.recording_speed,
        flow_tick_ns=int(FLOW_TICK_NS / config.flow_rate),
        matching_delay_ns=config.matching_delay_ms * MS_NS, funding_interval_s=config.funding_interval_s,
        rules=config.rules, maker_fee_er=config.maker_fee_er, taker_fee_er=config.taker_fee_er,
        user_ids=tuple(range(FIRST_USER_ID, FIRST_USER_ID + config.account_count)),
    )


def _named_host(host: str) -> tuple[str, ...]:
    """What the certificate can say of the host: nothing, if it means every address there is."""
    return () if host in EVERY_ADDRESS or not is_name(host) else (host,)


def _url_host(host: str) -> str:
    """How a client on this machine reaches a listener bound to `host`."""
    if host in ("", "0.0.0.0"):
        return "127.0.0.1"
    if host == "::":
        return "[::1]"
    return f"[{host}]" if ":" in host else host
