"""How long until the venue's request budget has room again."""

from __future__ import annotations

from tidings.app.engine import Engine
from tidings.engine.throttle import PRIORITY_CANCEL, PRIORITY_ORDER
from tidings.model.enums import ProductLine, RequestKind

NS_PER_MS = 1_000_000


def retry_after_ms(engine: Engine, symbol: str, kind: RequestKind) -> int:
    """Whole milliseconds, at least 1, if nothing else is sent meanwhile."""
    instrument = engine.products.find(symbol)
    if instrument is None:
        return 1
    now_ns = engine.clock.read_now_ns()
    cost = engine.link.budget.order_cost(ProductLine(instrument.line), kind, symbol)
    priority = PRIORITY_CANCEL if kind == RequestKind.CANCEL else PRIORITY_ORDER
    return max(1, -((now_ns - cost.next_take_ns(priority, now_ns)) // NS_PER_MS))
