"""Brings what a simulation hears to the judges of I10: the limits' and the kill switch's. One per run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.simulated.http_frames import Passing
from tests.simulated.kill_faults import REASON
from tests.simulated.kill_oracle import KillOracle
from tests.simulated.limits import LimitTraits
from tests.simulated.limits_oracle import LimitsOracle
from tests.simulated.loop import NS_PER_S

if TYPE_CHECKING:
    from tests.simulated.engine_process import EngineProcess
    from tests.simulated.faults import FaultBox
    from tests.simulated.oracle import Oracle
    from tidings.session.phemex import Phemex


class RiskWatch:
    """`is_killed`, and what was heard on the way. `limits` is None where a run has none of its own."""

    def __init__(self, process: EngineProcess, box: FaultBox, oracle: Oracle, limits: LimitTraits | None) -> None:
        self._process, self._box, self._oracle = process, box, oracle
        self._timeline = process.timeline
        self.limits: LimitsOracle | None = None
        if limits is not None:
            expiry_ns = process.traits.expiry_s * NS_PER_S
            self.limits = LimitsOracle(limits, oracle._truth, oracle.blame, expiry_ns)
        self.kill = KillOracle(oracle._truth, oracle.blame, process.state)
        oracle.on_left = self._left
        process.state.on_set = lambda: self.kill.latched(self._timeline.now_ns)
        box.on_kill = self._thrown

    @property
    def is_killed(self) -> bool:
        """Whether the engine says so, or will as soon as it looks."""
        phemex = self._process.phemex
        return self._process.state.is_set or (phemex is not None and phemex.state.killed != "")

    def born(self, process: EngineProcess) -> None:
        """Another engine is up."""
        phemex, now_ns = process.phemex, self._timeline.now_ns
        assert phemex is not None
        switch = phemex.engine.kill
        self.kill.born(now_ns, phemex.state.killed, switch.latch.made_ns)  # type: ignore[attr-defined]
        switch.hears.append(self._kill_told)
        if self.limits is not None:
            self.limits.born({order.cl_ord_id for order in phemex.entry.orders.orders()}, now_ns)

    def arrived(self, request: Passing) -> None:
        """A request came to the exchange's door."""
        if self.limits is not None and request.is_order:
            self.limits.arrived(request, self._timeline.now_ns)

    def heard(self, name: str, cl_ord_id: str, ord_status: str) -> None:
        """The strategy's callback was called."""
        if self.limits is None:
            return
        self.limits.told(cl_ord_id, ord_status)
        if name == "on_fill":
            self.limits.filled(self._timeline.now_ns)

    def changed(self, what: str, symbol: str) -> None:
        """A person restricted trading, led back, or re-armed."""
        if what == "rearm":
            self.kill.rearmed()
        elif self.limits is not None:
            placed = self._oracle.watched
            self.limits.resumed() if what == "resume" else self.limits.restricted(symbol, what, placed)

    def judge_end(self) -> None:
        """What must hold of a kill once all faults are over, and the engine says that nothing is open."""
        phemex, now_ns = self._process.phemex, self._timeline.now_ns
        assert phemex is not None
        self.kill.judge_empty(now_ns, "was verified")
        if phemex.state.is_ready or "kill switch" not in phemex.state.reason:
            self._oracle.blame("I10", now_ns, f"killed, and the state says {phemex.state.reason!r}")

    def is_verified(self) -> bool:
        """Whether an engine is up that is killed, and has seen that nothing is open."""
        phemex = self._process.phemex
        report = phemex.engine.kill.report if phemex is not None else None
        return report is not None and report.is_verified

    def rearm(self, phemex: Phemex) -> None:
        """A person has found the cause, on this machine."""
        self._process.state.kill_file = False
        if not self._process.state.is_set:
            self.kill.unlatched()
        phemex.rearm(f"it was not {REASON}")
        self.changed("rearm", "")

    def _thrown(self) -> None:
        is_first = self.kill.killed_ns is None  # a second while one runs is the same
        self.kill.thrown(self._timeline.now_ns, self._oracle.watched)
        state = self._process.state
        facts = self._process.phemex, state.refused_count, self.kill.rearmed_count
        if is_first:
            self._timeline.after(state.write_takes_ns + 1, self._judge_latch, facts)

    def _judge_latch(self, before: tuple[Any, int, int]) -> None:
        """The process has lived long enough to write the latch, and there was room for it: it must be there."""
        state = self._process.state
        if (self._process.phemex, state.refused_count, self.kill.rearmed_count) == before and not state.is_set:
            self._oracle.blame("I10", self._timeline.now_ns, "killed, and no latch was written")

    def _kill_told(self, event: str, facts: dict[str, Any]) -> None:
        if event == "killed":
            self.kill.verified(self._timeline.now_ns)

    def _left(self, number: int, request: Passing, now_ns: int) -> None:
        if request.kind not in ("create", "amend"):
            return
        loop = self._process.loop
        placed = self._oracle.watched.get(request.cl_ord_id) if request.kind == "create" else None
        decided_ns = placed.placed_ns if placed is not None else now_ns
        is_late = request.kind == "amend" and number in self._box.ever_full  # when it was decided nobody saw
        if not is_late:
            cl_ord_id = request.cl_ord_id if request.kind == "create" else ""
            name = f"create of {cl_ord_id}" if cl_ord_id else f"amend of {request.order_id}"
            self.kill.left(name, cl_ord_id, decided_ns, now_ns, loop.thaws_ns if loop is not None else 0)
        if self.limits is None:
            return
        if request.kind == "create":
            self.limits.create_left(request, decided_ns, now_ns)
        else:
            self.limits.amend_left(request, now_ns, is_late=is_late)
