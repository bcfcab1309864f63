"""What the strategies and the order path did, written into a recording beside what came from the venue.

Plugged in only while a recording runs: without one, the order path has a single branch for it, and callbacks are called
as they are. An entry is taken before what it tells of is acted upon, a call's right after it, so what lies between two
events of a recording is what the first one led to.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import msgspec

from tidings.engine.strategy import overridden
from tidings.market.book import Book
from tidings.market.feed_state import FeedEvent
from tidings.model.execution_report import ExecutionReport
from tidings.model.order import Order
from tidings.model.position import Position
from tidings.recorder.entries import EntryKind
from tidings.recorder.order_events import (
    AdoptCall,
    AdoptedTold,
    AmendCall,
    CancelCall,
    CancelManyCall,
    Followed,
    ModeSet,
    NewCall,
    PathLaid,
    PositionTold,
    RunBegins,
    RunStrategy,
    StrategyStarts,
    StrategyStops,
    draft_of,
    encode,
    heard_of,
)  # fmt: skip

if TYPE_CHECKING:
    from tidings.app.engine import Engine
    from tidings.app.strategies.strategy_group import Callback, Member
    from tidings.engine.order_entry import OrderEntry

Take = Callable[[int, int, bytes, int], None]  # kind, source, payload, received_ns: never waits, never raises


def tap_engine(engine: Engine) -> EventTap | None:
    """Plug a tap in where the engine is recorded: before anything is sent or heard."""
    if engine.recording is None:
        return None
    tap = EventTap(engine.recording.take)
    tap.path_laid(engine.entry, engine.settings.order_memory, engine.clock.read_now_ns())
    engine.held.tap_by(tap.position_changed)
    engine.market.tap = tap
    return tap


class EventTap:
    """One recording's view of an engine. `take` is the recorder's."""

    def __init__(self, take: Take) -> None:
        self._take = take
        self._depth = 0  # of callbacks
        self._orders: Any = None

    # ---- What runs -----------------------------------------------------------------------------------------------

    def path_laid(self, entry: OrderEntry, order_memory: int, now_ns: int) -> None:
        """Orders can be sent from now on."""
        self._orders = entry.orders
        ids = entry.orders.ids
        owners = [owner.name for owner in entry.risk.owners]
        self._run(PathLaid(cl_ord_id_prefix=ids.prefix, session_wall_ms=ids.session_wall_ms,
                           order_memory=order_memory, owners=owners), now_ns)  # fmt: skip
        entry.tap_by(self)

    def run_begins(self, members: Sequence[Member], timer_ms: int, now_ns: int) -> None:
        self._run(RunBegins(strategies=[_described(member) for member in members], timer_ms=timer_ms), now_ns)

    def starts(self, member: Member, now_ns: int) -> None:
        self._run(StrategyStarts(strategy=member.name, index=member.index), now_ns)

    def adopted_told(self, now_ns: int) -> None:
        self._run(AdoptedTold(), now_ns)

    def stops(self, member: Member, now_ns: int) -> None:
        self._run(StrategyStops(strategy=member.name, index=member.index), now_ns)

    def mode_set(self, symbol: str, hedged: bool, now_ns: int) -> None:
        self._run(ModeSet(symbol=symbol, hedged=hedged), now_ns)

    def timer(self, member: Member, now_ns: int) -> None:
        self._take(EntryKind.TIMER, member.index, b"", now_ns)

    def around(self, member: Member, name: str, callback: Callback) -> Callback:
        """The callback, so that calls made inside it are known as the strategy's."""

        @functools.wraps(callback)
        def call(*arguments: Any) -> None:
            self._depth += 1
            try:
                callback(*arguments)
            finally:
                self._depth -= 1

        return call

    @contextmanager
    def aside(self) -> Iterator[None]:
        """What is asked for inside is not the strategy's own, though it may be inside its callback."""
        depth, self._depth = self._depth, 0
        try:
            yield
        finally:
            self._depth = depth

    def _run(self, event: msgspec.Struct, now_ns: int) -> None:
        self._take(EntryKind.RUN, 0, encode(event), now_ns)

    # ---- OrderTap: what is asked for, and what came of it at once ---------------------------------------------------

    def submitted(self, order: Order, reason: int, now_ns: int) -> None:
        call = NewCall(
            draft=draft_of(order), reason=reason, handle=order.handle, last_handle=self._orders.last_handle,
            cl_ord_id=order.cl_ord_id if order.handle else "", by_strategy=self._depth > 0,
            encoded_ns=order.encoded_ns if not reason else 0, written_ns=order.written_ns if not reason else 0,
        )  # fmt: skip
        self._take(EntryKind.CALL, 0, encode(call), now_ns)

    def amended(
        self, order: Order, price_ticks: int, qty_lots: int, trigger_ticks: tuple[int, int, int, int], reason: int,
        now_ns: int,
    ) -> None:  # fmt: skip
        call = AmendCall(
            handle=order.handle, price_ticks=price_ticks, qty_lots=qty_lots, reason=reason,
            trigger_ticks=trigger_ticks if any(trigger_ticks) else None, by_strategy=self._depth > 0,
        )  # fmt: skip
        self._take(EntryKind.CALL, 0, encode(call), now_ns)

    def cancelled(self, order: Order, reason: int, now_ns: int) -> None:
        call = CancelCall(handle=order.handle, reason=reason, by_strategy=self._depth > 0)
        self._take(EntryKind.CALL, 0, encode(call), now_ns)

    def cancelled_many(self, orders: list[Order], reason: int, now_ns: int) -> None:
        handles = [order.handle for order in orders]
        call = CancelManyCall(handles=handles, reason=reason, by_strategy=self._depth > 0)
        self._take(EntryKind.CALL, 0, encode(call), now_ns)

    def adopted(self, order: Order, numbers: dict[str, int], history: Sequence[Any], now_ns: int) -> None:
        events = [["report", msgspec.to_builtins(heard_of(event))] if isinstance(event, ExecutionReport)
                  else list(event) for event in history]  # fmt: skip
        sent = msgspec.structs.replace(draft_of(order), **numbers)  # what it asked for then; it has lived since
        call = AdoptCall(draft=sent, cl_ord_id=order.cl_ord_id, handle=order.handle, decided_ns=order.decided_ns,
                         history=events)  # fmt: skip
        self._take(EntryKind.CALL, 0, encode(call), now_ns)

    def followed(self, channels: Iterable[tuple[str, str]], count: int, now_ns: int) -> None:
        """Channels (of a symbol) are followed once more, or once less."""
        self._run(Followed(channels=list(channels), count=count), now_ns)

    def book_lost(self, book: Book, event: FeedEvent, source: int, now_ns: int) -> None:
        """A connection's end or silence makes a book stale."""
        told = {"event": "stale", "symbol": book.symbol, "cause": event.name}
        self._take(EntryKind.FEED, source, encode(told), now_ns)

    # ---- What is heard -----------------------------------------------------------------------------------------------

    def reported(self, order: Order, report: ExecutionReport, now_ns: int) -> None:
        self._take(EntryKind.REPORT, 0, encode(heard_of(report, order)), now_ns)

    def position_changed(self, position: Position, now_ns: int) -> None:
        told = PositionTold(
            symbol=position.symbol, pos_side=position.pos_side, net_qty_lots=position.net_qty_lots,
            venue_qty_lots=position.venue_qty_lots, bought_qty_lots=position.bought_qty_lots,
            sold_qty_lots=position.sold_qty_lots, external_qty_lots=position.external_qty_lots,
            is_known=position.is_known, base_time_ns=position.base_time_ns,
        )  # fmt: skip
        self._take(EntryKind.REPORT, 0, encode(told), now_ns)


def _described(member: Member) -> RunStrategy:
    strategy = member.strategy
    return RunStrategy(
        name=member.name, owner=member.owner, kind=type(strategy).__name__, symbols=list(strategy.symbols),
        has_timer=overridden(strategy, "on_timer") is not None,
    )  # fmt: skip
