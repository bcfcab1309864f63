"""An engine without a venue: the real order path, books and positions, on a clock that a recording drives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tidings.app.engine import Engine
from tidings.app.engine_state import EngineState
from tidings.app.limits.live_limits import LiveLimits
from tidings.app.limits.risk_limits import make_risk
from tidings.app.limits.trading_control import TradingControl
from tidings.app.order_path import EXECUTIONS_PER_ORDER
from tidings.app.replay.replay_market import ReplayMarket
from tidings.app.replay.replay_path import NO_VENUE, RecordedPath
from tidings.app.truth.adopted_orders import AdoptedOrders
from tidings.app.world import World
from tidings.clock import ManualClock
from tidings.config import load_settings
from tidings.engine.adoption import adopt_order
from tidings.engine.order_entry import OrderEntry
from tidings.engine.order_table import ExecIDSet, OrderTable
from tidings.engine.ports import PythonGateway
from tidings.errors import RecordingError
from tidings.model.enums import ExecType
from tidings.model.execution_report import ExecutionReport, uuid_words
from tidings.model.order import Order
from tidings.model.order_ids import ClOrdIDMaker
from tidings.model.terms import OrderTerms
from tidings.recorder.order_events import (
    AdoptCall,
    AmendCall,
    Call,
    CancelCall,
    CancelManyCall,
    Draft,
    Heard,
    NewCall,
    PathLaid,
)  # fmt: skip
from tidings.venue.phemex.products import Products

NS_PER_MS = 1_000_000


class ReplayEngine(Engine):
    """Composed at once; nothing is connected, and nothing has to be stopped."""

    def __init__(
        self, products: Products, laid: PathLaid, expected: Callable[[], Call | None], passed: Callable[[], None]
    ) -> None:
        settings = load_settings("local", environ={}, order_memory=laid.order_memory)
        self.manual_clock = ManualClock()
        super().__init__(settings, World(clock=self.manual_clock))
        self.products, self.credentials = products, None
        orders = OrderTable(ClOrdIDMaker(wall_ns=laid.session_wall_ms * NS_PER_MS), settings.order_memory)
        self.executions = ExecIDSet(EXECUTIONS_PER_ORDER * settings.order_memory)
        self.risk = make_risk(settings, products)
        for name in laid.owners:
            self.risk.owner(name)
        self.entry = OrderEntry(orders, self.risk, self.stages, self.executions)
        self.recorded = RecordedPath(expected, passed, orders)
        self.gateway = self.recorded  # type: ignore[assignment]  # only its words are read
        self.entry.plug(
            PythonGateway(self.recorded), on_execution=self.held.on_execution, on_error=self.strategy_errors.hear
        )
        self.entry.tap_by(self.recorded, is_replay=True)
        self.held.limit_by(self.risk, products.find)
        self.control = TradingControl(self.risk, products.tradable)
        self.limits = LiveLimits(self.risk, products.tradable)
        self.market: Any = ReplayMarket(products, self.risk)
        self._has_path = bool(laid.cl_ord_id_prefix)  # orders could be sent when this was recorded
        self._found: list[Order] = []
        self.adopted = AdoptedOrders(self.entry, [])
        self.is_open = True

    @property
    def state(self) -> EngineState:
        """Ready while all is as it was recorded, whatever connections did meanwhile; then denied with this cause."""
        cause = NO_VENUE if self.recorded.differences or not self._has_path else ""
        return replace(_STATE, denied_because=cause, unknown_orders=self.entry.orders.unknown_count)

    # ---- What a recording tells ----------------------------------------------------------------------------------

    def do_again(self, call: Call, now_ns: int) -> None:
        """A call that no strategy of this replay makes: by whoever else had the session, or by all, if none is here."""
        entry = self.entry
        if isinstance(call, NewCall):
            order = entry.draft_order(self._terms(call.draft))
            if order is not None:
                _set_numbers(order, call.draft)
                entry.submit_order(order, now_ns)
        elif isinstance(call, AmendCall):
            stop, take, loss, peg = call.trigger_ticks or (0, 0, 0, 0)
            entry.amend_triggers(
                self._known(call.handle), call.price_ticks, call.qty_lots, now_ns,
                stop_px_ticks=stop, take_profit_ticks=take, stop_loss_ticks=loss, peg_offset_ticks=peg,
            )  # fmt: skip
        elif isinstance(call, CancelCall):
            entry.cancel_order(self._known(call.handle), now_ns)
        elif isinstance(call, CancelManyCall):
            entry.cancel_orders([self._known(handle) for handle in call.handles], now_ns)

    def adopt(self, call: AdoptCall, now_ns: int) -> None:
        """Take over an order of an earlier session; executions of its past are known ones."""
        history = [_event(words) for words in call.history]
        for event in history:
            if isinstance(event, ExecutionReport) and event.exec_type == ExecType.TRADE:
                self.executions.add_new(*uuid_words(event.exec_id))
        numbers = call.draft.numbers()
        order = adopt_order(
            self.entry, self._terms(call.draft), call.cl_ord_id, numbers, history, decided_ns=call.decided_ns,
            now_ns=now_ns,
        )  # fmt: skip
        if order is None:
            raise RecordingError(f"order {call.cl_ord_id} of an earlier session finds no room")
        self._found.append(order)
        self.adopted = AdoptedOrders(self.entry, self._found)

    def _known(self, handle: int) -> Order:
        order = self.entry.orders.find(handle)
        if order is None:
            raise RecordingError(f"the recording speaks of order {handle}, and nobody has sent it")
        return order

    def _terms(self, draft: Draft) -> OrderTerms:
        instrument = self.products.find(draft.symbol)
        if instrument is None:
            raise RecordingError(f"{draft.symbol} is not in the recorded catalogue")
        return draft.terms(instrument)


_STATE = EngineState(
    is_open=True, has_key=True, lanes_up=1, lane_count=1, lane_down_cause="", is_account_live=True,
    account_down_cause="", denied_because="",
)  # fmt: skip


def _set_numbers(order: Order, draft: Draft) -> None:
    for name, value in draft.numbers().items():
        setattr(order, name, value)


def _event(words: list[Any]) -> Any:
    if words[0] != "report":
        return tuple(words)
    return Heard(**{name: value for name, value in words[1].items() if name != "is"}).report()
