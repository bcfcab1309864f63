"""Simulated hours of a market watch on a stream with faults: the engine's own code, from the wire's bytes up."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from typing import Any

from tests.simulated.engine_process import BOOT_NS
from tests.simulated.exchange_side import SYMBOLS, WALL_START_NS, small_catalogue
from tests.simulated.loop import NS_PER_S, EngineLoop, Timeline
from tests.simulated.wire import Network, SimulatedDialer, Wire
from tests.stream_faults.faults import Faults, Weather
from tests.stream_faults.oracle import HEAL_MAX_NS, BookWatch, Findings
from tests.stream_faults.venue import FarEnd, FeedVenue
from tidings.app.links.venue_access import VenueAccess
from tidings.app.market.market_watch import MarketWatch
from tidings.app.world import World
from tidings.engine.risk import Risk
from tidings.market.book import Book
from tidings.market.feed_state import FeedEvent, FeedState
from tidings.venue.phemex.endpoints import endpoints_of
from tidings.venue.phemex.products import parse_products

LOOK_NS = NS_PER_S // 4
MIDWAY_NS = LOOK_NS // 2  # messages have arrived by then, and the next ones are not made yet
FAULT_EVERY_S = 30.0
START_NS = 5 * NS_PER_S


class Trial:
    """One seed. `run` lives through it and gives what was found."""

    def __init__(self, seed: int, *, fault_every_s: float = FAULT_EVERY_S) -> None:
        chance = random.Random(f"stream faults {seed}")
        self.timeline, self.chance, self.fault_every_s = Timeline(), chance, fault_every_s
        products = parse_products(f'{{"code":0,"msg":"","data":{small_catalogue().as_json}}}'.encode())
        self.instruments = [products.tradable(symbol) for symbol in SYMBOLS]
        self.venue = FeedVenue(self.timeline, self.instruments, random.Random(chance.getrandbits(32)))
        self.weather = Weather(random.Random(chance.getrandbits(32)))
        self.network = Network(self.timeline, self.weather, self._make_end)  # type: ignore[arg-type]
        self.faults = Faults(self.venue, self.weather, random.Random(chance.getrandbits(32)))
        self.loop = EngineLoop(self.timeline, BOOT_NS, WALL_START_NS - BOOT_NS)
        endpoints = endpoints_of("local", rest_url="http://127.0.0.1:8080", ws_url="ws://127.0.0.1:8080/ws")
        world = World(self.loop.clock, random.Random(chance.getrandbits(32)), self._make_dialer, has_threads=False)
        self.watch = MarketWatch(VenueAccess(endpoints, None), products, Risk(products), world)
        self.watch.add_listener(state=self._hear_state, book=self._hear_book)
        self.findings, self.fired = Findings(), Counter[str]()
        self.books: dict[str, BookWatch] = {}
        self.counted_before = Counter[FeedEvent]()
        self.is_over = False
        self.told_states: dict[str, FeedState] = {}

    def run(self, hours: float, progress: Callable[[float], None] = lambda hours: None) -> Findings:
        timeline, end_ns = self.timeline, round(hours * 3600 * NS_PER_S)
        task = self.loop.create_task(self._live())
        timeline.at(0, self._look, 0)
        timeline.run_to(START_NS)
        self.books = {found.symbol: self._follow(found.symbol) for found in self.instruments}
        timeline.at(START_NS + MIDWAY_NS, self._check)
        self._plan_fault()
        for part in range(1, 101):
            timeline.run_to(START_NS + end_ns * part // 100)
            progress(hours * part / 100)
        self.is_over = True
        timeline.run_to(timeline.now_ns + HEAL_MAX_NS + 200 * NS_PER_S)  # the longest silence, then healing
        self._judge_end(task)
        self.loop.kill()
        return self.findings

    def _judge_end(self, task: asyncio.Task[None]) -> None:
        blame = self.findings.violations.append
        for symbol, watched in self.books.items():
            if not watched.book.is_live or watched.wrong_since_ns is not None:
                blame(f"{symbol} is not right after all faults: {watched.book.state.name}")
        told = sum((watched.told_count for watched in self.books.values()), Counter[FeedEvent]())
        if told != self.watch.state_counts - self.counted_before:
            blame(f"told {dict(told)}, counted {dict(self.watch.state_counts)}")
        if task.done():
            blame(f"the watch ended: {task}")
        for failure in self.loop.failures:
            blame(failure)

    # ---- The client's side ---------------------------------------------------------------------------------------

    async def _live(self) -> None:
        await self.watch.subscribe(self.instruments, channels=("book",))
        while True:
            await asyncio.sleep(1)
            self.watch.on_timer(self.loop.clock.read_now_ns())

    def _follow(self, symbol: str) -> BookWatch:
        book = self.watch.book(symbol)
        assert book is not None and book.is_live
        self.counted_before = Counter(self.watch.state_counts)
        watched = BookWatch(self.venue.truths[symbol], book, self.findings, boot_ns=BOOT_NS)
        watched.last_right_ns = self.timeline.now_ns
        return watched

    def _hear_state(self, book: Book, event: FeedEvent, now_ns: int) -> None:
        if book.symbol in self.books:
            self.books[book.symbol].hear(event)

    def _hear_book(self, book: Book, now_ns: int) -> None:
        self.told_states[book.symbol] = book.state
        if book.symbol in self.books:
            self.books[book.symbol].hear_book(self.timeline.now_ns)

    # ---- What happens --------------------------------------------------------------------------------------------

    def _make_end(self, wire: Wire) -> FarEnd:
        return FarEnd(wire, self.venue)

    def _make_dialer(self, endpoint: Any, clock: Any, tls: Any) -> Any:
        return SimulatedDialer(self.network, self.loop, endpoint, clock)

    def _look(self, number: int) -> None:
        self.venue.look()
        self.timeline.at((number + 1) * LOOK_NS, self._look, number + 1)

    def _check(self) -> None:
        self.findings.looks += 1
        for symbol, watched in self.books.items():
            watched.look(self.timeline.now_ns)
            if self.told_states[symbol] is not watched.book.state:
                self.findings.violations.append(f"{symbol} is {watched.book.state.name}, and that was not told")
        self.timeline.after(LOOK_NS, self._check)

    def _plan_fault(self) -> None:
        self.timeline.after(round(self.chance.expovariate(1 / self.fault_every_s) * NS_PER_S), self._strike)

    def _strike(self) -> None:
        if not self.is_over:
            self.fired[self.faults.strike()] += 1
            self._plan_fault()
