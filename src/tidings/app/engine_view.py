"""An engine's state, gathered from its parts; before it is connected, from what there is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidings.app.engine_state import EngineState
from tidings.engine.throttle import PRIORITY_CANCEL, PRIORITY_ORDER, Cost
from tidings.model.enums import ProductLine, RequestKind
from tidings.model.instrument import Instrument
from tidings.venue.phemex.rate_words import full_budgets
from tidings.venue.phemex.rate_words import why_no_room as words_of

if TYPE_CHECKING:
    from tidings.app.engine import Engine

NS_PER_MS = 1_000_000


def state_of(engine: Engine) -> EngineState:
    """What works right now, and what does not."""
    is_connected = hasattr(engine, "account")
    now_ns = engine.clock.read_now_ns()
    return EngineState(
        is_open=engine.is_open,
        has_key=not engine.is_open or engine.credentials is not None,
        lanes_up=engine.lanes.pool.up_count() if is_connected else 0,
        lane_count=engine.settings.lanes,
        lane_down_cause=next(iter(engine.lanes.down_causes.values()), "") if is_connected else "",
        is_account_live=is_connected and engine.account.is_ready.is_set(),
        account_down_cause=engine.account.down_cause if is_connected else "",
        denied_because=engine.readiness.reason or engine.home.denies_because if is_connected else "",
        symbols=engine.control.halted_symbols | engine.readiness.symbols if is_connected else {},
        rate_limits=full_budgets(engine.link.budget, now_ns) if is_connected else {},
        budgets_of=lambda symbol: _budgets_of(engine, symbol),
        doubtful_books=engine.market.doubts() if hasattr(engine, "market") else {},
        killed=engine.kill.report.reason if is_connected and engine.kill.report else "",
        trading=engine.control.account[0].name if is_connected else "ACTIVE",
        trading_reason=engine.control.account[1] if is_connected else "",
        restricted=engine.control.restricted if is_connected else {},
        unknown_orders=engine.entry.orders.unknown_count if is_connected else 0,
        clock_offset_ms=(engine.venue_clock.wall_ns(now_ns) - engine.clock.read_wall_ns()) / NS_PER_MS,
        clock_uncertainty_ms=engine.venue_clock.uncertainty_ns / NS_PER_MS,
    )


def why_no_room(engine: Engine, instrument: Instrument, kind: RequestKind) -> str:
    """Why the venue's budgets have no room for such a request now, and how long to wait; "" when they have."""
    priority = PRIORITY_ORDER if kind in (RequestKind.NEW, RequestKind.AMEND) else PRIORITY_CANCEL
    return words_of(_cost_of(engine, instrument, kind), priority, engine.clock.read_now_ns())


def _budgets_of(engine: Engine, symbol: str) -> list[str]:
    """The request budgets that a new order of a symbol draws on."""
    instrument = engine.products.find(symbol)
    return [bucket.name for bucket, _ in _cost_of(engine, instrument, RequestKind.NEW).charges] if instrument else []


def _cost_of(engine: Engine, instrument: Instrument, kind: RequestKind) -> Cost:
    return engine.link.budget.order_cost(ProductLine(instrument.line), kind, instrument.symbol)
