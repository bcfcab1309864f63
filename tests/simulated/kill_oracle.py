"""The kill switch, judged from outside: what leaves behind a kill, what is open when it is called done, and the latch.

A kill holds from the instant it is thrown in a process, in every later life while the latch is there, and from outside
as soon as the engine has had time to look (`NOTICED_WITHIN_NS`). A latch that could not be written, because the disk
was full or the process died first, holds in that process only: that is documented (docs/risk.md), and nothing waits for
it. Requests whose bytes were in the kernel, or behind a full socket buffer, had been decided before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from tests.simulated.loop import NS_PER_S

if TYPE_CHECKING:
    from tests.simulated.ground_truth import GroundTruth
    from tests.simulated.state_directory import StateDirectory

NOTICED_WITHIN_NS = NS_PER_S // 20  # housekeeping looks every 20 ms


class KillOracle:
    """`killed_ns`: since when nothing new may leave; None: it may."""

    def __init__(self, truth: GroundTruth, blame: Callable[[str, int, str], None], state: StateDirectory) -> None:
        self.killed_ns: int | None = None
        self.verified_count = self.rearmed_count = 0
        self._truth, self._blame, self._state = truth, blame, state
        self._placed_before: frozenset[str] = frozenset()  # orders that had been placed when it was thrown
        self._outside_ns: int | None = None  # since when a latch lies there that this engine has not put up itself
        self._born_ns = 0

    # ---- What is heard ----------------------------------------------------------------------------------------------

    def thrown(self, now_ns: int, placed: Iterable[str]) -> None:
        """`phemex.kill` is called; these orders had been placed. Of one instant, only that tells before from behind."""
        if self.killed_ns is None:
            self.killed_ns, self._placed_before = now_ns, frozenset(placed)

    def latched(self, now_ns: int) -> None:
        """A latch lies there from now on."""
        if self._outside_ns is None:
            self._outside_ns = now_ns

    def unlatched(self) -> None:
        """What lay there from outside is gone again, whether an engine has seen it or not."""
        self._outside_ns = None

    def born(self, now_ns: int, killed: str, latch_made_ns: int) -> None:
        """Another engine is up, and says it is `killed` or not; it came to look at the latch at `latch_made_ns`."""
        self._born_ns = now_ns
        self._outside_ns = self._state.set_ns if self._state.is_set else None
        self.killed_ns, self._placed_before = None, frozenset()
        if self._outside_ns is not None and self._outside_ns < latch_made_ns:
            self.killed_ns = now_ns
            if not killed:
                self._blame("I10", now_ns, "the kill switch was latched, and the next engine does not say so")

    def rearmed(self) -> None:
        """A person has led back, and the engine has taken it."""
        self.killed_ns = self._outside_ns = None
        self.rearmed_count += 1

    def verified(self, now_ns: int) -> None:
        """The engine says that nothing is open any more."""
        self.verified_count += 1
        self.judge_empty(now_ns, "is called verified")

    # ---- Judged -----------------------------------------------------------------------------------------------------

    def left(self, what: str, cl_ord_id: str, decided_ns: int, now_ns: int, thaws_ns: int) -> None:
        """A create (of `cl_ord_id`) or amend ("") is on the wire that was decided at `decided_ns`."""
        if self.killed_ns is not None and decided_ns >= self.killed_ns and cl_ord_id not in self._placed_before:
            self._blame("I10", now_ns, f"{what} leaves behind the kill at {self.killed_ns / NS_PER_S:.6f} s")
        elif self._outside_ns is not None:
            since_ns = max(self._outside_ns, self._born_ns, thaws_ns) + NOTICED_WITHIN_NS
            if decided_ns > since_ns:
                self._blame("I10", now_ns, f"{what} leaves, and the latch is there for {now_ns - since_ns} ns too long")

    def judge_empty(self, now_ns: int, how: str) -> None:
        """Nothing of this account is open at the exchange, working or waiting."""
        left = [order.cl_ord_id or order.order_id for order in self._truth.orders() if not order.is_done]
        if left:
            self._blame("I10", now_ns, f"a kill {how}, and {', '.join(left)} is open")
