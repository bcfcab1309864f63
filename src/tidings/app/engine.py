"""The composition root: settings in, a running engine out.

start   clock offset → catalogue → journal → last prices → order lanes → account streams → comparison → ready
        (`reach_venue` is its first step, and enough to ask questions)
run     a strategy hears books, trades and order events; timers drive deadlines and keep-warm pings
stop    streams, lanes, and the exchange if it is ours
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

from tidings.app.engine_state import EngineState
from tidings.app.engine_view import state_of
from tidings.app.kill.kill_signal import listen
from tidings.app.kill.kill_switch import KillSwitch
from tidings.app.kill.killable import longest_expiry_s, make_kill_switch
from tidings.app.lifeline.watchdog_link import WatchdogLink, watchdog_link
from tidings.app.limits.last_prices import learn_last_prices
from tidings.app.limits.live_limits import LiveLimits
from tidings.app.limits.trading_control import TradingControl
from tidings.app.links.account_watch import AccountWatch
from tidings.app.links.catalogue import Catalogue, carried_over
from tidings.app.links.order_lanes import OrderLanes
from tidings.app.links.rate_watch import RateWatch
from tidings.app.links.venue_access import VenueAccess, find_venue
from tidings.app.links.venue_clock import VenueClock
from tidings.app.links.venue_link import VenueLink
from tidings.app.market.market_watch import MarketWatch, lay_market
from tidings.app.order_path import OrderPath, lay_order_path
from tidings.app.parting import cancel_what_is_open
from tidings.app.readiness import Readiness
from tidings.app.recording.event_tap import EventTap, tap_engine
from tidings.app.recording.session_recording import Recording, recording_of
from tidings.app.strategies.held_positions import HeldPositions
from tidings.app.strategies.strategy_errors import StrategyErrors
from tidings.app.strategies.strategy_group import Member
from tidings.app.strategies.strategy_run import run_strategies
from tidings.app.timers import Ticks, every
from tidings.app.truth.adopted_orders import AdoptedOrders
from tidings.app.truth.journal_home import JournalHome, open_journal
from tidings.app.truth.order_truth import OrderTruth
from tidings.app.truth.recovery import recover
from tidings.app.world import World
from tidings.config import EngineSettings, load_settings
from tidings.engine.order_entry import OrderEntry
from tidings.engine.risk import Risk
from tidings.errors import AuthenticationError, ConfigError, TidingsError
from tidings.metrics.stages import Stages
from tidings.model.enums import DenyReason, ProductLine
from tidings.model.execution_report import ExecutionReport
from tidings.venue.phemex.currencies import value_scales
from tidings.venue.phemex.endpoints import LOCAL
from tidings.venue.phemex.order_gateway import PhemexOrderGateway
from tidings.venue.phemex.products import Products
from tidings.venue.phemex.queries import Queries
from tidings.venue.phemex.rate_groups import RateBudget
from tidings.venue.phemex.signing import Credentials

log = logging.getLogger("tidings")

TRUTH_LOOK_S = 0.2
BOOK_CHECK_S = 1.0
FOREIGN_LOOK_S = 1.0
ADOPTED_LOOK_S = 1.0
CLOCK_LOOK_S = 1.0
KILL_LIMIT_S = 2.0  # an engine that ends gives a kill that is under way this long
HOUSEKEEPING_S = 0.02  # deadlines are seen at most this late


class Engine:
    """One account's engine in the running event loop. Made by `engine_for`; started and stopped by the session."""

    # Made by start(), in this order.
    access: VenueAccess
    credentials: Credentials | None
    link: VenueLink
    queries: Queries
    catalogue: Catalogue
    products: Products
    home: JournalHome
    path: OrderPath
    risk: Risk
    entry: OrderEntry
    gateway: PhemexOrderGateway
    readiness: Readiness
    control: TradingControl
    limits: LiveLimits
    market: MarketWatch
    recording: Recording | None = None
    tap: EventTap | None = None  # of the recording, on what strategies and the order path do
    lanes: OrderLanes
    account: AccountWatch
    truth: OrderTruth
    adopted: AdoptedOrders
    kill: KillSwitch
    watchdog: WatchdogLink | None = None

    def __init__(self, settings: EngineSettings, world: World | None = None) -> None:
        self.settings = settings
        self.world = world or World()
        self.clock = self.world.clock
        self.stages = Stages()
        self.held = HeldPositions(self.clock)
        self.positions = self.held.account
        self.venue_clock = VenueClock(self.clock)
        self.strategy_errors = StrategyErrors(self.clock)
        self.is_open = False  # start() has gone through, and stop() has not begun
        self.on_foreign: Callable[[ExecutionReport], None] | None = None  # reports of orders that are not ours, as well
        self._refusal: AuthenticationError | None = None
        self._closing = AsyncExitStack()
        self._is_reached = False
        self._was_heard = False  # the account's stream is live
        self._hedged: set[str] = set()
        self._stopped = asyncio.Event()

    async def start(self) -> None:
        """Connect everything. On an error everything is closed again, and the error says what to do."""
        try:
            if not self._is_reached:
                await self.reach_venue()
            self.products = await self.catalogue.read()
            self._compose()
            await self._learn_prices()
            if self.credentials is not None:
                await self._open_account()
            if self.watchdog is not None:
                await self.watchdog.begin(self.lanes.pool.up_count, self._on_timer_error)
        except BaseException:
            await self.stop()
            raise
        self._tick(HOUSEKEEPING_S, self._keep_house)
        self._repeat(self.settings.reference_interval_s, self._learn_prices)
        self._tick(BOOK_CHECK_S, self._check_books)
        self._repeat(CLOCK_LOOK_S, self._follow_clock)
        self.is_open = True
        if self.recording is not None:
            self.recording.has_begun = True
        self._judge_readiness(None)
        if self.credentials is not None:
            self._repeat(TRUTH_LOOK_S, self.truth.inquiry.look)
            self._tick(FOREIGN_LOOK_S, self._look_at_foreign)
            self._tick(ADOPTED_LOOK_S, self.adopted.look)
            self._repeat(TRUTH_LOOK_S, self.truth.reconciliation.look)
            self.lanes.begin_polling()

    def _repeat(self, seconds: float, act: Callable[[], Awaitable[None]]) -> None:
        self._closing.callback(every(seconds, act, self._on_timer_error).cancel)

    def _tick(self, seconds: float, act: Callable[[], None]) -> None:
        self._closing.callback(Ticks(seconds, act, self._on_timer_error).cancel)

    async def stop(self) -> None:
        """End on purpose: open orders are left or cancelled, as `on_stop` says; a watchdog hears of it."""
        was_open, self.is_open = self.is_open, False
        self._stopped.set()
        self._judge_readiness(None)
        try:
            await self._part(was_open)
        finally:
            await self._closing.aclose()

    async def _part(self, was_open: bool) -> None:
        """What a kill has not seen to its end, or `on_stop` not seen cancelled, is left to the watchdog."""
        is_flat, wants_flat = False, was_open and self.credentials is not None and self.settings.on_stop == "cancel"
        try:
            if hasattr(self, "kill"):
                await self.kill.stop(KILL_LIMIT_S)
            if wants_flat:
                is_flat = await cancel_what_is_open(self.entry, self.queries)
        finally:
            if self.watchdog is not None:
                is_killed = hasattr(self, "kill") and self.kill.is_unfinished
                self.watchdog.end(is_on_purpose=not is_killed and (is_flat or not wants_flat), is_flat=is_flat)

    async def reach_venue(self) -> None:
        """Address, key and clock: from here on `queries` and `link` answer. `start` does it where nobody has."""
        try:
            await self._connect_link()
        except BaseException:
            await self.stop()
            raise
        self._is_reached = True

    @property
    def state(self) -> EngineState:
        """What works right now, and what does not."""
        return state_of(self)

    def _judge_readiness(self, refusal: AuthenticationError | None) -> None:
        """New orders are taken only while their fills would be heard."""
        self._refusal = self._refusal or refusal
        if refusal is not None:
            self._stopped.set()
        if not hasattr(self, "readiness"):
            return
        is_heard = hasattr(self, "account") and self.account.is_ready.is_set()
        if is_heard and not self._was_heard:
            self.truth.reconciliation.begin("the account stream was down" if self.is_open else "just connected")
        self._was_heard = is_heard
        if self.is_open and is_heard:
            self.readiness.allow_all("account")
        else:
            self.readiness.deny_all("account", DenyReason.NOT_READY, "")

    # ---- Start, step by step -------------------------------------------------------------------------------------

    async def _connect_link(self) -> None:
        settings = self.settings
        self.access = await find_venue(settings, self._closing)
        self.credentials = self.access.credentials(settings.secret_encoding)
        most = settings.requests_per_minute_max
        ceilings = dict.fromkeys(("contract", "spotorder", ""), most) if most is not None else None
        budget = RateBudget(self.access.endpoints, is_enforced=settings.rate_limits, ceilings=ceilings)
        self.link = VenueLink(
            self.access, self.credentials, budget, self.world,
            expiry_s=settings.expiry_s, timeout_s=settings.request_timeout_s,
        )  # fmt: skip
        await self._closing.enter_async_context(self.link)
        self.queries = Queries(self.link.ask)
        await self.venue_clock.measure(self.queries)
        self.link.set_venue_clock(self.venue_clock.expiry_offset_ns)
        self._rate_watch = RateWatch(budget)
        self.catalogue = Catalogue(self.queries, self.access.endpoints, self.clock, settings.products_max_age_s)

    def _compose(self) -> None:
        """Lay the order path, and plug in who hears beside the strategy."""
        venue_wall_ns = self.venue_clock.wall_ns(self.clock.read_now_ns())
        self.home = open_journal(self.settings, self.access, self.world, venue_wall_ns)
        self._closing.callback(self.home.close)
        path = lay_order_path(
            self.settings, self.access, self.credentials, self.products, self.link.budget, self.stages, self.clock,
            self.venue_clock, self.home,
        )  # fmt: skip
        self.entry, self.risk, self.gateway = path.entry, path.risk, path.gateway
        self.path, self.home.orders = path, self.entry.orders
        self.readiness = Readiness(self.gateway)
        self.control = TradingControl(self.risk, self.products.tradable)
        self.limits = LiveLimits(self.risk, self.products.tradable)
        self._judge_readiness(None)
        self.held.limit_by(self.risk, lambda symbol: self.products.find(symbol))
        self.entry.plug(
            self.gateway,
            on_execution=self.held.on_execution,
            on_foreign=self._on_foreign,
            on_error=self.strategy_errors.hear,
        )
        if self.credentials is not None:
            self.watchdog = watchdog_link(
                self.settings, self.access, self.products, self.entry, self.readiness, self.queries, self.clock,
                longest_expiry_s(self.home.past, self.settings.expiry_s),
            )  # fmt: skip
        self.market = lay_market(self)
        self.recording = self.market.recording = recording_of(self, self._closing)
        self.tap = tap_engine(self)
        self._closing.push_async_callback(self.market.stop)

    async def _open_account(self) -> None:
        """Order lanes, then the account's streams with their snapshots, then a comparison with the venue's lists."""
        assert self.credentials is not None
        self.truth = OrderTruth(
            self.settings,
            self.entry,
            self.queries,
            self.products,
            self.positions,
            self.readiness,
            self.link.budget,
            self.clock,
            self.venue_clock,
            self.set_hedged,
            self.path.executions,
        )
        found = recover(self.home, self.path, self.products, self.settings.expiry_s, self.world, self.truth.resolver)
        self.adopted = AdoptedOrders(self.entry, found)
        self.kill = make_kill_switch(self)
        self._closing.callback(listen(self.settings.kill_signal, self.kill))
        for account in self.truth.watch.accounts[:1]:
            await self.queries.account_positions(*account)  # a wrong key shows here, by a question, with its cause
        self.lanes = OrderLanes(self.access, self.gateway, self.entry, self.settings, self.world)
        self._closing.push_async_callback(self.lanes.stop)
        self.lanes.record(self.recording)
        await self.lanes.start()
        self.account = AccountWatch(
            self.access,
            self.credentials,
            self.products,
            self.entry,
            self.positions,
            self.world,
            self.venue_clock,
            self._judge_readiness,
        )
        self._closing.push_async_callback(self.account.stop)
        self.account.record(self.recording)
        await self.account.start(self.settings.connect_timeout_s)
        self.kill.heed_latch()
        spot = [instrument for instrument in self.products if instrument.line == ProductLine.SPOT]
        self.truth.reconciliation.keep_balances(self.account.wallets, value_scales(spot))
        # Killed, it takes no orders and must stay up to cancel: a comparison the cancels leave no room for goes on.
        await (self.truth.reconciliation.look() if self.kill.is_tripped else self.truth.reconciliation.catch_up())
        self.adopted.look()

    def is_hedged(self, symbol: str) -> bool:
        return symbol in self._hedged

    def set_hedged(self, symbol: str, hedged: bool) -> None:
        if self.tap is not None and hedged != self.is_hedged(symbol):
            self.tap.mode_set(symbol, hedged, self.clock.read_now_ns())
        (self._hedged.add if hedged else self._hedged.discard)(symbol)

    # ---- Running -------------------------------------------------------------------------------------------------

    async def run(self, members: list[Member], *, seconds: float | None, timer_ms: int) -> None:
        """Plug strategies in until time is up or the engine stops.

        Their exceptions in callbacks are logged and counted; one in on_start ends the run. Those that run first are
        told, after on_start, what was learnt of adopted orders before. Order events go on to them after the end, until
        others run. Raises AuthenticationError when the account's stream is refused.
        """
        await run_strategies(self, members, self._stopped, seconds=seconds, timer_ms=timer_ms)
        if self._refusal is not None:
            raise self._refusal

    def _keep_house(self) -> None:
        if not self.world.has_threads:
            self.home.tend()
        self.control.notice_trips()
        self._rate_watch.look(self.clock.read_now_ns())
        stood_still = self.venue_clock.has_stood_still()
        if self.credentials is not None:
            self.kill.look()
            if stood_still:
                self.truth.reconciliation.begin("this process stood still")
            self.lanes.keep_house(self.clock.read_now_ns())

    def _look_at_foreign(self) -> None:
        self.truth.look_at_foreign()
        self.home.tell_alarms(self.truth.reconciliation.foreign.all())

    async def _follow_clock(self) -> None:
        """Where the venue's clock is, for expiries; too unsure, and new orders are denied."""
        try:
            await self.venue_clock.look(self.queries)
        finally:
            self.link.set_venue_clock(self.venue_clock.expiry_offset_ns)
            self.gateway.set_venue_clock(self.venue_clock.expiry_offset_ns)
            unsure = self.venue_clock.reason(self.clock.read_now_ns())
            if unsure:
                self.readiness.deny_all("clock", DenyReason.CLOCK_UNSURE, unsure)
            else:
                self.readiness.allow_all("clock")

    def _check_books(self) -> None:
        self.market.on_timer(self.clock.read_now_ns())

    async def _learn_prices(self) -> None:
        await learn_last_prices(self.queries, self.products, self.risk)

    async def refresh_products(self) -> Products:
        """Read the catalogue again; what is new, changed or delisted since the start is refused from now on."""
        self.products = carried_over(self.products, await self.catalogue.read_anew())
        if self.recording is not None:
            self.recording.tell_catalogue(self.catalogue.body)
        return self.products

    @property
    def strategy_error_count(self) -> int:
        """Exceptions that the strategy's callbacks have raised."""
        return self.strategy_errors.count

    def budget_use(self) -> dict[str, dict[str, int]]:
        """Requests counted in the present window, and how many the venue allows, per group."""
        used = self.link.budget.used(self.clock.read_now_ns())
        return {name: {"used": weight, "capacity": capacity} for name, (weight, capacity) in used.items()}

    # ---- What the rooms tell us ----------------------------------------------------------------------------------

    def _on_foreign(self, report: Any) -> None:
        log.debug("report about an order that is not of this session: %r", report)
        self.truth.hear_foreign(report)
        if self.on_foreign is not None:
            self.on_foreign(report)

    def _on_timer_error(self, error: Exception, act: Any) -> None:
        """A timer of ours failed: what the venue refused is a warning, anything else a bug to be seen."""
        level = logging.WARNING if isinstance(error, TidingsError) else logging.ERROR
        log.log(level, "%s: %s", getattr(act, "__qualname__", act), error, exc_info=level == logging.ERROR)


def engine_for(env: str, **options: Any) -> Engine:
    """An engine for an environment, its settings checked. Raises ConfigError naming the setting."""
    settings = load_settings(env, **options)
    if settings.env != LOCAL and settings.api_key is None and settings.account:
        raise ConfigError("account picks one of the local exchange's accounts; elsewhere the key decides")
    return Engine(settings)
