"""Mutants of the limits and of the kill switch: what may leave at all, and what must be gone."""

from tests.mutants.mutant import Mutant

_RISK = "ext/tidings/engine/risk.pyx"
_EXPOSURE = "ext/tidings/engine/exposure.pyx"
_KILL = "src/tidings/app/kill/kill_switch.py"
_FLATTENING = "src/tidings/app/kill/flattening.py"
_PLAN = "src/tidings/app/kill/symbol_plan.py"

RISK_MUTANTS = (
    # ---- The kill switch
    Mutant(
        "orders after the kill switch",
        _RISK,
        "        cdef OwnerRisk owner\n        if self.is_killed:",
        "        cdef OwnerRisk owner\n        if not MUTATED and self.is_killed:",
        is_quick=True,
    ),
    Mutant(
        "amends after the kill switch",
        _RISK,
        "        self.more_lots = self.more_e4 = 0\n        if self.is_killed:",
        "        self.more_lots = self.more_e4 = 0\n        if not MUTATED and self.is_killed:",
    ),
    Mutant(
        "kill latch forgotten after a restart",
        _KILL,
        "        if latched is None:\n            return\n        reasons",
        "        if MUTATED or latched is None:\n            return\n        reasons",
    ),
    Mutant(
        "kill latch never written",
        _KILL,
        "        if self._has_threads:\n            self._latch_writer",
        "        if MUTATED:\n            return\n        if self._has_threads:\n            self._latch_writer",
    ),
    Mutant(
        "latch put up from outside not looked at",
        _KILL,
        "if not self.is_tripped and self.latch.is_set():",
        "if not MUTATED and not self.is_tripped and self.latch.is_set():",
    ),
    Mutant(
        "half of a cancel-all",
        _KILL,
        "HALVES = (False, True)",
        "HALVES = (False,) if MUTATED else (False, True)",
    ),
    Mutant(
        "one cancel-all has to do",
        _PLAN,
        "        elif now_ns >= self._next_cancel_ns:\n",
        "        elif not MUTATED and now_ns >= self._next_cancel_ns:\n",
    ),
    Mutant(
        "kill called done while something is open",
        _FLATTENING,
        "or not all(p.is_settled for p in self._plans.values()):",
        "or not (MUTATED or all(p.is_settled for p in self._plans.values())):",
    ),
    # ---- The limits
    Mutant(
        "order of unknown fate not counted in the position",
        _EXPOSURE,
        "        slot.is_unanswered = not (order.is_acked or order.is_finished())\n",
        "        slot.is_unanswered = not (order.is_acked or order.is_finished())\n"
        "        if MUTATED and order.status == 4:\n            lots = 0\n",
    ),
    Mutant(
        "window of quantity off by one",
        _RISK,
        "        if lots.room(now_ns) < self.more_lots:\n",
        "        if lots.room(now_ns) < self.more_lots - (1 if MUTATED else 0):\n",
    ),
    Mutant(
        "window begins anew at every order",
        "ext/tidings/engine/risk_windows.pyx",
        "        cdef int64_t passed = RING_SLOTS\n        if self.used and",
        "        cdef int64_t passed = RING_SLOTS\n        if not MUTATED and self.used and",
    ),
    Mutant(
        "reducing ignored",
        _RISK,
        "            if self.symbols.limits[terms.instrument.index].state == TRADING_REDUCING:\n",
        "            if not MUTATED and self.symbols.limits[terms.instrument.index].state == TRADING_REDUCING:\n",
    ),
    Mutant(
        "halt of a symbol ignored",
        _RISK,
        "        if self.symbols.limits[terms.instrument.index].state == TRADING_HALTED:\n",
        "        if not MUTATED and self.symbols.limits[terms.instrument.index].state == TRADING_HALTED:\n",
    ),
    Mutant(
        "one open order too many",
        _RISK,
        "        if open_count >= self.max_open:\n",
        "        if open_count >= self.max_open + (1 if MUTATED else 0):\n",
    ),
    Mutant(
        "price collar ignored",
        _RISK,
        "        if price_ticks and is_beyond_collar(",
        "        if not MUTATED and price_ticks and is_beyond_collar(",
    ),
    Mutant(
        "own order on the other side ignored",
        _RISK,
        "        if symbol.first_listed[other] < 0:\n",
        "        if MUTATED or symbol.first_listed[other] < 0:\n",
    ),
    Mutant(
        "breaker of executions ignored",
        _RISK,
        "        if owner.is_tripped:\n",
        "        if not MUTATED and owner.is_tripped:\n",
    ),
    Mutant(
        "amend to a larger quantity not counted",
        _RISK,
        "        self._count_more(order, price_ticks, qty_lots)\n",
        "        self._count_more(order, price_ticks, 0 if MUTATED else qty_lots)\n",
    ),
    Mutant(
        "the same order again while the first is unheard",
        _RISK,
        "if twin and self.exposure.is_unanswered(twin):",
        "if not MUTATED and twin and self.exposure.is_unanswered(twin):",
    ),
)
