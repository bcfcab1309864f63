"""Emptying several symbols at once, in virtual time: what the venue is asked, and what is told of it."""

import asyncio
from collections.abc import Callable

import pytest

from tests.simulated.loop import EngineLoop, Timeline
from tidings.app.kill.flattening import Flattening, Symbol
from tidings.errors import RateLimited, RequestUnknown
from tidings.model.enums import ProductLine, RequestKind

S = 10**9
MS = 10**6
BOOT_NS = 77 * S
ARRIVAL_NS = BOOT_NS + 9 * S
ANSWER_S = 0.001
BOOK_S = 0.005  # from the answer to the book

BTC, ETH, SPOT = (ProductLine.LINEAR, "BTCUSDT"), (ProductLine.INVERSE, "cETHUSD"), (ProductLine.SPOT, "sBTCUSDT")


class Door:
    """A venue with so many orders open per symbol. `wrong(kind, symbol)` may raise instead of an answer."""

    def __init__(self, timeline: Timeline, open_orders: dict[Symbol, int]) -> None:
        self.timeline, self.open = timeline, open_orders
        self.asked: list[tuple[int, str, str]] = []
        self.wrong: Callable[[RequestKind, Symbol], object] = lambda kind, symbol: None
        self.wait_s = 0

    async def cancel(self, line: ProductLine, symbol: str) -> None:
        await self._answer(RequestKind.CANCEL_ALL, (line, symbol))
        asyncio.get_running_loop().call_later(BOOK_S, self.open.__setitem__, (line, symbol), 0)

    async def count_open(self, line: ProductLine, symbol: str) -> int:
        await self._answer(RequestKind.QUERY, (line, symbol))
        return self.open[line, symbol]

    def wait_ns(self, line: ProductLine, kind: RequestKind, symbol: str, now_ns: int) -> int:
        return self.wait_s * S

    async def _answer(self, kind: RequestKind, symbol: Symbol) -> None:
        self.asked.append((self.timeline.now_ns // MS, kind.name, symbol[1]))
        await asyncio.sleep(ANSWER_S)
        self.wrong(kind, symbol)

    def cancels(self) -> list[tuple[int, str]]:
        return [(moment_ms, symbol) for moment_ms, kind, symbol in self.asked if kind == "CANCEL_ALL"]


class Trip:
    """One flattening from its begin until it is settled, or `limit_ns` has passed."""

    def __init__(self, open_orders: dict[Symbol, int]) -> None:
        self.timeline = Timeline()
        self.loop = EngineLoop(self.timeline, BOOT_NS, 0)
        self.marked = list(open_orders)
        self.told: list[tuple[str, dict[str, object]]] = []
        self.door = Door(self.timeline, open_orders)

    def run(self, limit_ns: int = 30 * S) -> bool:
        async def flatten() -> None:
            flattening = Flattening(
                self.door, self.loop.clock, arrival_ns=ARRIVAL_NS, marked=lambda: self.marked, tell=self.tell
            )
            flattening.begin()
            await flattening.finish()

        task = self.loop.create_task(flatten())
        self.timeline.run_until(task.done, limit_ns)
        return task.done() and task.exception() is None

    def tell(self, event: str, facts: dict[str, object]) -> None:
        self.told.append((event, facts))

    def events(self, name: str) -> list[dict[str, object]]:
        return [facts for event, facts in self.told if event == name]


@pytest.fixture
def trip() -> Trip:
    return Trip({BTC: 3, ETH: 1, SPOT: 2})


def test_every_symbol_is_cancelled_at_once_and_seen_empty(trip):
    assert trip.run()
    assert trip.door.cancels() == [(0, "BTCUSDT"), (0, "cETHUSD"), (0, "sBTCUSDT")]
    assert trip.events("cancel_sent")[0]["symbols"] == ["BTCUSDT", "cETHUSD", "sBTCUSDT"]
    assert [facts["orders_left"] for facts in trip.events("verified")] == [0]
    assert 6 <= trip.events("verified")[0]["elapsed_ms"] <= 20
    assert [event for event, _ in trip.told] == ["cancel_sent", "verified", "settled"]
    assert trip.timeline.now_ns >= 9 * S


def test_symbol_marked_while_the_fence_went_up_is_cancelled_too(trip):
    late = (ProductLine.LINEAR, "XRPUSDT")
    trip.door.open[late] = 1
    trip.timeline.after(30 * MS, trip.marked.append, late)
    assert trip.run()
    assert trip.events("symbols_added")[0]["symbols"] == ["XRPUSDT"]
    assert trip.door.open[late] == 0
    assert trip.events("verified")[-1]["orders_left"] == 0


def test_venue_that_says_nothing_is_asked_again_and_nothing_is_believed(trip):
    def silence(kind, symbol):
        if trip.timeline.now_ns < 4 * S:
            raise RequestUnknown("no answer in time")

    trip.door.wrong = silence
    assert trip.run()
    told = [facts["orders_left"] for facts in trip.events("verified")]
    assert told[:3] == [None, None, None]
    assert told[-1] == 0
    assert trip.events("verified")[0]["problem"] == "no answer in time"
    assert not any(trip.door.open.values())


@pytest.mark.parametrize("kind", [RequestKind.CANCEL_ALL, RequestKind.QUERY])
def test_an_error_that_nobody_foresaw_ends_no_symbol(trip, kind):
    def wrong(asked, symbol):
        if asked == kind and symbol == ETH and trip.timeline.now_ns < 2 * S:
            raise KeyError("rows")

    trip.door.wrong = wrong
    assert trip.run()
    assert not any(trip.door.open.values())
    assert trip.events("verified")[0]["problem"] == "KeyError('rows')"


def test_one_symbol_that_cannot_be_emptied_holds_back_no_other(trip):
    def refused(kind, symbol):
        if symbol == BTC and kind == RequestKind.CANCEL_ALL:
            raise RequestUnknown("lost")

    trip.door.wrong = refused
    assert not trip.run()
    assert trip.door.open == {BTC: 3, ETH: 0, SPOT: 0}
    assert trip.events("settled") == []
    assert "BTCUSDT" in trip.events("verified")[-1]["left"]


def test_late_order_is_told_and_cancelled(trip):
    trip.timeline.after(1000 * MS, trip.door.open.__setitem__, SPOT, 1)
    assert trip.run()
    assert [facts["orders_left"] for facts in trip.events("verified")] == [0, 1, 0]
    assert [symbol for moment_ms, symbol in trip.door.cancels() if moment_ms > 100] == ["sBTCUSDT"]


def test_spent_budget_is_waited_for(trip):
    def spent(kind, symbol):
        if trip.timeline.now_ns < 2 * S:
            raise RateLimited("too many requests", 60)

    trip.door.wrong, trip.door.wait_s = spent, 3
    assert trip.run()
    assert sorted({moment_ms // 1000 for moment_ms, _ in trip.door.cancels()}) == [0, 3]


def test_engine_with_nothing_marked_is_verified_at_once():
    trip = Trip({})
    assert trip.run()
    assert trip.door.asked == []
    assert [event for event, _ in trip.told] == ["cancel_sent", "verified", "settled"]
