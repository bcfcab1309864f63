"""The newest executions of an account's FIX orders, to be told again to whoever asks (TradeCaptureReportRequest)."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from tidings.fix_gateway.order_chains import OrderChain
from tidings.model.execution_report import ExecutionReport
from tidings.model.order import Order

EXECUTIONS_KEPT = 10_000


@dataclass(frozen=True, slots=True)
class Execution:
    """One execution of an order, and the id its client knew the order by then."""

    chain: OrderChain
    order: Order
    report: ExecutionReport
    cl_ord_id: str
    wall_ns: int


class ExecutionMemory:
    """Each once, oldest first. What is older than `since_ns` (Unix) it does not know of for certain."""

    def __init__(self, since_ns: int) -> None:
        self.since_ns = since_ns
        self._kept: deque[Execution] = deque()
        self._exec_ids: set[str] = set()

    def note(self, chain: OrderChain, order: Order, report: ExecutionReport, wall_ns: int) -> None:
        """Keep one, unless it is known."""
        if not report.exec_id or report.exec_id in self._exec_ids:
            return
        self._kept.append(Execution(chain, order, report, chain.head_id, wall_ns))
        self._exec_ids.add(report.exec_id)
        if len(self._kept) > EXECUTIONS_KEPT:
            forgotten = self._kept.popleft()
            self._exec_ids.discard(forgotten.report.exec_id)
            self.since_ns = max(self.since_ns, forgotten.wall_ns + 1)

    def __iter__(self) -> Iterator[Execution]:
        return iter(self._kept)

    def __len__(self) -> int:
        return len(self._kept)
