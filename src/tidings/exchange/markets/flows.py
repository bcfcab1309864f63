"""Runs the background flow of every instrument that is awake, a tick at a time, on the exchange's schedule."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final, TypeAlias

from tidings.exchange.markets.background_flow import BackgroundFlow, Glimpse
from tidings.exchange.markets.flow_regimes import REGIMES
from tidings.exchange.markets.market import Market
from tidings.exchange.markets.matching import BookOrder, Stay
from tidings.exchange.venue_state import VenueState

FLOW_BEHIND_TICKS_MAX: Final = 600  # after a longer sleep the missed ticks are skipped, not replayed

# (symbol, orders to take off, orders to submit, now_ns): an engine's side of one tick
Deliver: TypeAlias = Callable[[str, list[BookOrder], list[tuple[BookOrder, Stay]], int], None]


class Flows:
    """The flows of one exchange. An instrument sleeps until it is first used."""

    def __init__(self, state: VenueState, markets: Mapping[str, Market], deliver: Deliver, start_ns: int) -> None:
        self._state = state
        self._markets = markets
        self._deliver = deliver
        self._start_ns = start_ns
        self._now_ns = start_ns
        self._awake: dict[str, BackgroundFlow] = {}

    def note_time(self, now_ns: int) -> None:
        """It is `now_ns` by the caller's clock, however late the ticks are."""
        self._now_ns = now_ns

    def wake(self, symbol: str, now_ns: int) -> None:
        """Start the flow of `symbol` unless it runs already; its book is full from the first moment."""
        if self._sleeps(symbol):
            self._awake[symbol] = self._flow(symbol)
            self._tick(symbol, self._tick_at(now_ns), now_ns)

    def glimpse(self, symbol: str, now_ns: int) -> Glimpse | None:
        """What an instrument that sleeps would show if it were woken now; it sleeps on. None of another one."""
        return self._flow(symbol).glimpse(self._tick_at(now_ns)) if self._sleeps(symbol) else None

    def _sleeps(self, symbol: str) -> bool:
        config = self._state.config
        is_without = symbol in self._awake or symbol not in self._markets
        return not is_without and config.has_flow and not config.recording

    def _flow(self, symbol: str) -> BackgroundFlow:
        config = self._state.config
        return BackgroundFlow(self._markets[symbol], config.seed, REGIMES[config.flow])

    def _tick_at(self, now_ns: int) -> int:
        return max(0, now_ns - self._start_ns) // self._state.config.flow_tick_ns

    def _tick(self, symbol: str, tick: int, now_ns: int) -> None:
        """Run one tick of a flow and plan the next."""
        tick_ns = self._state.config.flow_tick_ns
        self._state.counters.flow_ticks += 1
        cancels, submits = self._awake[symbol].tick(tick)
        self._deliver(symbol, cancels, submits, now_ns)
        current_tick = (self._now_ns - self._start_ns) // tick_ns
        next_tick = tick + 1 if current_tick - tick < FLOW_BEHIND_TICKS_MAX else current_tick
        self._state.schedule.add(self._start_ns + next_tick * tick_ns, partial(self._tick, symbol, next_tick))

    def restart(self, now_ns: int) -> None:
        """Take all quotes of the flows off, and let those that were awake begin their day now, where the prices are."""
        others = [entry for entry in self._state.schedule.entries() if not self._is_tick(entry[1])]
        self._state.schedule.replace(others)
        for symbol, market in self._markets.items():
            levels = [*market.book.bids, *market.book.asks]
            quotes = [order for level in levels for order in level.orders if not order.owner]
            self._deliver(symbol, quotes, [], now_ns)
        awake, self._awake = dict.fromkeys((*self._awake, *self._state.config.always_awake)), {}
        self._start_ns = self._now_ns = now_ns
        for symbol in awake:
            self.wake(symbol, now_ns)

    def _is_tick(self, action: object) -> bool:
        return isinstance(action, partial) and action.func == self._tick
