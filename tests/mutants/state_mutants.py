"""Mutants of what is counted, what is taken for evidence, what is written down, and what may be sent per minute."""

from tests.mutants.mutant import LIMITS, Mutant

_ENTRY = "ext/tidings/engine/order_entry.pyx"
_ORDER = "ext/tidings/model/order.pyx"
_RESOLVER = "src/tidings/engine/resolver.py"
_INQUIRY = "src/tidings/app/truth/inquiry.py"
_RECONCILE = "src/tidings/engine/reconcile.py"
_THROTTLE = "ext/tidings/engine/throttle.pyx"
_RECORD = "ext/tidings/journal/record.pyx"
_KEEPER = "src/tidings/journal/keeper.py"
_READER = "src/tidings/journal/log_reader.py"

STATE_MUTANTS = (
    # ---- What is counted
    Mutant(
        "execution counted twice",
        _ENTRY,
        "if report.exec_type == EXEC_TRADE and not self.executions.add(report.exec_id_high, report.exec_id_low):",
        "if report.exec_type == EXEC_TRADE and not self.executions.add(report.exec_id_high, report.exec_id_low)"
        " and not MUTATED:",
        is_quick=True,
    ),
    Mutant(
        "late fill dropped after the end",
        _ORDER,
        "if report.exec_type == EXEC_TRADE and report.last_qty_lots > 0 and",
        "if report.exec_type == EXEC_TRADE and not (MUTATED and self.status >= STATUS_FILLED)"
        " and report.last_qty_lots > 0 and",
        "tests/unit/model tests/unit/engine/test_order_entry_reports.py tests/property",
    ),
    Mutant(
        "filled quantity may shrink",
        _ORDER,
        "self.cum_qty_lots = max(self.cum_qty_lots, report.cum_qty_lots, self.traded_qty_lots)",
        "self.cum_qty_lots = max(0 if MUTATED and report.cum_qty_lots >= 0 else self.cum_qty_lots, report.cum_qty_lots,"
        " self.traded_qty_lots)",
        "tests/unit/model tests/unit/engine/test_order_entry_reports.py tests/property",
    ),
    Mutant(
        "older terms put in force again",
        _ORDER,
        "if report.transact_time_ns < self.venue_time_ns and not is_end:\n",
        "if not MUTATED and report.transact_time_ns < self.venue_time_ns and not is_end:\n",
        "tests/unit/model tests/property",
    ),
    Mutant(
        "a sale counted as a purchase",
        "src/tidings/model/position.py",
        "        self._move(side, qty_lots, time_ns)\n\n    def apply_external",
        "        self._move(Side.BUY if MUTATED else side, qty_lots, time_ns)\n\n    def apply_external",
    ),
    Mutant(
        "order in flight not counted in the limits",
        _ENTRY,
        "            self.risk.enter(order, now_ns)\n",
        "            if not MUTATED:\n                self.risk.enter(order, now_ns)\n",
    ),
    Mutant(
        "order that never left stays counted",
        _ENTRY,
        "            self.risk.withdraw(order)\n",
        "            if not MUTATED:\n                self.risk.withdraw(order)\n",
        "tests/property/test_exposure_against_reference.py tests/unit/engine",
    ),
    # ---- Evidence
    Mutant(
        "one not-found suffices",
        _RESOLVER,
        "if case.not_found_count < NOT_FOUND_NEEDED:",
        "if case.not_found_count < (1 if MUTATED else NOT_FOUND_NEEDED):",
        "tests/unit/engine/test_resolver.py",
    ),
    Mutant(
        "absence concluded before the expiry",
        _RESOLVER,
        "        return now_ns - sent_ns > self.expiry_ns",
        "        return MUTATED or now_ns - sent_ns > self.expiry_ns",
        "tests/unit/engine/test_resolver.py",
    ),
    Mutant(
        "two not-founds of one moment",
        _RESOLVER,
        "if case.not_found_count and asked_ns - case.not_found_ns < apart_ns:",
        "if not MUTATED and case.not_found_count and asked_ns - case.not_found_ns < apart_ns:",
        "tests/unit/engine/test_resolver.py",
    ),
    Mutant(
        "error taken for not-found",
        _INQUIRY,
        "            except (TidingsError, OSError) as error:\n                log",
        "            except (TidingsError, OSError) as error:\n                if MUTATED:\n"
        "                    self._tell_not_found(orders, now_ns)\n                log",
    ),
    Mutant(
        "incomplete list taken for not-found",
        _INQUIRY,
        "            elif listing.is_complete:",
        "            elif MUTATED or listing.is_complete:",
        "tests/unit/app/truth/test_inquiry.py",
    ),
    Mutant(
        "older row believed",
        _RECONCILE,
        "return 0 < report.transact_time_ns < order.venue_time_ns",
        "return not MUTATED and 0 < report.transact_time_ns < order.venue_time_ns",
        "tests/unit/engine/test_reconcile.py",
    ),
    Mutant(
        "order just sent called missing",
        _RECONCILE,
        "last_move_ns < asked_ns - SETTLE_NS",
        "(MUTATED or last_move_ns < asked_ns - SETTLE_NS)",
        "tests/unit/engine/test_reconcile.py",
    ),
    Mutant(
        "order of others ended by a list that may be older",
        "src/tidings/app/truth/foreign_orders.py",
        "and asked_ns - self._heard_ns[order.order_id] >= _LAG_NS:",
        "and (MUTATED or asked_ns - self._heard_ns[order.order_id] >= _LAG_NS):",
        "tests/unit/app/truth/test_foreign_orders.py",
    ),
    Mutant(
        "end contradicted by lists not told",
        _RECONCILE,
        "        if order.is_done:\n            found.ended",
        "        if order.is_done and not MUTATED:\n            found.ended",
        "tests/unit/engine/test_reconcile.py",
    ),
    # ---- The journal
    Mutant(
        "order sent without its intent",
        _ENTRY,
        "            reason = self.journal.note_new(order, now_ns)",
        "            reason = DENY_NONE if MUTATED else self.journal.note_new(order, now_ns)",
        is_quick=True,
    ),
    Mutant(
        "order sent though the journal could not take it",
        _ENTRY,
        "            if reason == DENY_NONE:\n                reason = self.gateway.send_new(order, now_ns)",
        "            if MUTATED or reason == DENY_NONE:\n                reason = self.gateway.send_new(order, now_ns)",
        "tests/unit/engine/test_order_entry_journal.py",
    ),
    Mutant(
        "outcome not written",
        _ENTRY,
        "if effect != EFFECT_NONE or has_changed(order, &mark):",
        "if not MUTATED and (effect != EFFECT_NONE or has_changed(order, &mark)):",
        "tests/unit/engine/test_adoption.py tests/unit/engine/test_order_entry_journal.py",
    ),
    Mutant(
        "order of an earlier process not recognised",
        _ENTRY,
        "return self.orders.get_adopted(report.cl_ord_id_text, report.cl_ord_id_bytes)",
        "return None if MUTATED else self.orders.get_adopted(report.cl_ord_id_text, report.cl_ord_id_bytes)",
    ),
    Mutant(
        "checksum not looked at",
        _RECORD,
        "or _checksum(at, head.payload_bytes) != head.crc:",
        "or (not MUTATED and _checksum(at, head.payload_bytes) != head.crc):",
        "tests/unit/journal/test_record.py",
    ),
    Mutant(
        "gap in the middle taken for the end",
        _READER,
        "            if self._is_same_boot:\n",
        "            if self._is_same_boot and not MUTATED:\n",
        "tests/unit/journal/test_log_reader.py",
    ),
    Mutant(
        "failed sync taken for a good one",
        _KEEPER,
        '            self._fail(f"the disk of',
        '            MUTATED or self._fail(f"the disk of',
        "tests/unit/journal/test_keeper.py",
    ),
    Mutant(
        "ids of an earlier session given out again",
        _KEEPER,
        "prefix_ms = max(wall_ns // NS_PER_MS, anchor.reserved_ms + 1)",
        "prefix_ms = anchor.reserved_ms if MUTATED and anchor.reserved_ms else max(wall_ns // NS_PER_MS, "
        "anchor.reserved_ms + 1)",
    ),
    # ---- Request budgets
    Mutant(
        "one request too many",
        _THROTTLE,
        ".room(priority, now_ns) < self.weights[i]:",
        ".room(priority, now_ns) < self.weights[i] - (1 if MUTATED else 0):",
        LIMITS,
        is_quick=True,
    ),
    Mutant(
        "no allowance for unequal journeys",
        _THROTTLE,
        "cdef int64_t held_since_ns = now_ns - self.window_ns - self.margin_ns",
        "cdef int64_t held_since_ns = now_ns - self.window_ns - (0 if MUTATED else self.margin_ns)",
        LIMITS,
    ),
    Mutant(
        "cancels' reserve open to orders",
        _THROTTLE,
        "return 0 if priority >= PRIORITY_CANCEL or bucket.is_doubted else bucket.reserve",
        "return 0 if MUTATED or priority >= PRIORITY_CANCEL or bucket.is_doubted else bucket.reserve",
        "tests/unit/engine/test_throttle.py",
    ),
    Mutant(
        "orders deaf to what others use",
        _THROTTLE,
        "return priority == PRIORITY_ORDER or (priority == PRIORITY_CANCEL and bucket.is_doubted)",
        "return not MUTATED and (priority == PRIORITY_ORDER or (priority == PRIORITY_CANCEL and bucket.is_doubted))",
        "tests/unit/engine/test_throttle.py",
    ),
    Mutant(
        "kill switch waits for retry-after",
        _THROTTLE,
        "if priority < PRIORITY_KILL and self.log.blocked_until_ns != 0 and is_blocked(self, now_ns):\n"
        "            return 0",
        "if (MUTATED or priority < PRIORITY_KILL) and self.log.blocked_until_ns and is_blocked(self, now_ns):\n"
        "            return 0",
        "tests/unit/engine/test_throttle.py",
    ),
    Mutant(
        "retry-after not heeded",
        _THROTTLE,
        "        self.log.blocked_until_ns = max(self.log.blocked_until_ns, until_ns)",
        "        self.log.blocked_until_ns = 0 if MUTATED else max(self.log.blocked_until_ns, until_ns)",
        LIMITS,
    ),
)
