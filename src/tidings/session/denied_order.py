"""The error of an order that was denied: what its DenyReason means, and why it holds right now."""

from __future__ import annotations

from tidings.app.engine import Engine
from tidings.app.engine_view import why_no_room
from tidings.errors import OrderDenied
from tidings.model.enums import DenyReason, RequestKind
from tidings.session.denials import OF_STRATEGIES, denial_numbers, denial_text, waiting_words

_STATE_REASONS = (
    DenyReason.NOT_READY, DenyReason.KILLED, DenyReason.CLOCK_UNSURE, DenyReason.HALTED, DenyReason.SYMBOL_HALTED,
    DenyReason.STALE_BOOK,
)  # fmt: skip


def denied(
    engine: Engine, reason: DenyReason, what: str, cl_ord_id: str, *, symbol: str, kind: RequestKind
) -> OrderDenied:
    """What the engine's state or a request budget denies comes with why."""
    instrument = engine.products.find(symbol or what)
    cause = engine.state.reason_for(symbol or what) if reason in _STATE_REASONS else ""
    if reason == DenyReason.RATE_LIMIT and instrument is not None:
        cause = why_no_room(engine, instrument, kind)
    risk = engine.entry.risk
    strategy = risk.owners[risk.denied_owner].name if reason in OF_STRATEGIES else ""
    numbers = denial_numbers(reason, instrument, risk.asked, risk.allowed, risk.limits.collar_bp)
    if reason == DenyReason.DUPLICATE_ORDER:
        window_s = engine.settings.duplicate_window_s
        numbers = waiting_words(engine.entry.orders.find(risk.asked), window_s, engine.clock.read_now_ns())
    return OrderDenied(f"{denial_text(reason, what, strategy, cause)}{numbers}", reason.name, cl_ord_id)
