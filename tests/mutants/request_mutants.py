"""Mutants of what is sent, of what answers mean, and of the line of requests in flight."""

from tests.mutants.mutant import Mutant

_ENTRY = "ext/tidings/engine/order_entry.pyx"
_GATEWAY = "ext/tidings/venue/phemex/order_gateway.pyx"
_LANE = "ext/tidings/net/lane.pyx"

REQUEST_MUTANTS = (
    # ---- What is sent, and how often
    Mutant(
        "order resent when its deadline passes",
        _GATEWAY,
        'return self.gateway._tell_end(request, EXEC_UNKNOWN, "no answer before the deadline", now_ns)',
        "self.gateway.resend_if(MUTATED and request.kind == REQUEST_NEW, request.token, now_ns)\n"
        '        return self.gateway._tell_end(request, EXEC_UNKNOWN, "no answer before the deadline", now_ns)',
        is_quick=True,
    ),
    Mutant(
        "cancel overtakes its create",
        "ext/tidings/venue/phemex/order_gateway.pyx",
        "if request_kind != REQUEST_NEW and order.status == STATUS_PENDING_NEW",
        "if not MUTATED and request_kind != REQUEST_NEW and order.status == STATUS_PENDING_NEW",
    ),
    Mutant(
        "order resent after a server error",
        _GATEWAY,
        '            text = f"HTTP {status} with a reply that tells no outcome"\n',
        '            text = f"HTTP {status} with a reply that tells no outcome"\n'
        "            self.resend_if("
        "MUTATED and status >= 500 and request.kind == REQUEST_NEW, request.token, now_ns)\n",
    ),
    Mutant(
        "order resent when its connection is lost",
        _GATEWAY,
        "        return self.gateway._tell_end(\n            request, EXEC_UNKNOWN if reached_kernel else EXEC_UNSENT,",
        "        self.gateway.resend_if(MUTATED and request.kind == REQUEST_NEW, request.token, now_ns)\n"
        "        return self.gateway._tell_end(\n            request, EXEC_UNKNOWN if reached_kernel else EXEC_UNSENT,",
    ),
    Mutant(
        "second amend while the first is unanswered",
        _ENTRY,
        "        if order.is_amend_pending or order.is_cancel_pending:\n            return DENY_REQUEST_PENDING\n"
        "        if price",
        "        if not MUTATED and (order.is_amend_pending or order.is_cancel_pending):\n"
        "            return DENY_REQUEST_PENDING\n        if price",
        "tests/unit/engine/test_order_entry.py",
    ),
    Mutant(
        "readiness ignored",
        _GATEWAY,
        "reason = DENY_NONE if request_kind > REQUEST_AMEND else",
        "reason = DENY_NONE if MUTATED or request_kind > REQUEST_AMEND else",
        "tests/unit/venue/phemex/test_order_gateway.py",
    ),
    Mutant(
        "decision sent after the process stood still",
        _GATEWAY,
        "if order.encoded_ns - now_ns > self.deadline_ns:",
        "if not MUTATED and order.encoded_ns - now_ns > self.deadline_ns:",
        "tests/unit/venue/phemex/test_order_gateway.py tests/e2e/test_session_faults.py",
    ),
    Mutant(
        "watchdog's fence ignored",
        _ENTRY,
        "if self.heartbeat is None or self.heartbeat.may_send(order.terms.instrument.index):",
        "if self.heartbeat is None or self.heartbeat.may_send(order.terms.instrument.index) or MUTATED:",
        "tests/unit/engine/test_heartbeat_page.py tests/unit/app/lifeline/test_heartbeat.py",
    ),
    Mutant(
        "order sent in a symbol that the watchdog does not know of",
        "ext/tidings/engine/heartbeat_page.pyx",
        "            self.marks[index] = 1\n            tidings_barrier()\n",
        "            self.marks[index] = not MUTATED\n            tidings_barrier()\n",
        "tests/unit/engine/test_heartbeat_page.py",
    ),
    Mutant(
        "clock trusted whatever its uncertainty",
        "src/tidings/engine/clock_guard.py",
        "if uncertain_ns > self._uncertainty_max_ns:",
        "if not MUTATED and uncertain_ns > self._uncertainty_max_ns:",
        "tests/unit/engine/test_clock_guard.py",
    ),
    # ---- What answers mean
    Mutant(
        "unsent claimed though the kernel had the last byte",
        _GATEWAY,
        "EXEC_UNKNOWN if reached_kernel else EXEC_UNSENT",
        "EXEC_UNSENT if MUTATED else EXEC_UNKNOWN if reached_kernel else EXEC_UNSENT",
        is_quick=True,
    ),
    Mutant(
        "deadline passes in silence",
        _GATEWAY,
        "    cdef int on_overdue(self, Lane lane, Request* request, int64_t now_ns) except -1:\n",
        "    cdef int on_overdue(self, Lane lane, Request* request, int64_t now_ns) except -1:\n"
        "        if MUTATED:\n            return 0\n",
    ),
    Mutant(
        "unanswered order called rejected",
        "src/tidings/model/order_transitions.py",
        "(OrdStatus.PENDING_NEW, ExecType.UNKNOWN): OrdStatus.UNKNOWN,",
        "(OrdStatus.PENDING_NEW, ExecType.UNKNOWN): OrdStatus.REJECTED if MUTATED else OrdStatus.UNKNOWN,",
    ),
    Mutant(
        "server error taken for a refusal",
        _GATEWAY,
        "        elif report is None and is_refusal(status):",
        "        elif report is None and (is_refusal(status) or (MUTATED and status >= 500)):",
    ),
    Mutant(
        "echo not checked",
        _GATEWAY,
        "            if not echo_fits(order, report):",
        "            if not MUTATED and not echo_fits(order, report):",
    ),
    Mutant(
        "duplicate-id code taken for a refusal",
        _GATEWAY,
        "elif report.code and _tells_no_verdict(request.kind, report):",
        "elif not MUTATED and report.code and _tells_no_verdict(request.kind, report):",
    ),
    Mutant(
        "success body of an error status believed",
        "ext/tidings/venue/phemex/order_decoder.pyx",
        "        if http_status != HTTP_OK:\n            return None\n",
        "        if http_status != HTTP_OK and not MUTATED:\n            return None\n",
        "tests/unit/venue/phemex/test_order_gateway.py",
    ),
    Mutant(
        "nameless refusal believed while others wait",
        _GATEWAY,
        "if is_doubtful(lane, order.handle, request.kind, report) and (",
        "if is_doubtful(lane, order.handle, request.kind, report) and not MUTATED and (",
        "tests/unit/venue/phemex/test_shifted_answers.py",
    ),
    Mutant(
        "late answer ignored",
        _GATEWAY,
        "        cdef ExecutionReport report = self._outcome(order, request.kind, response, now_ns)\n"
        "        if report is not None and request",
        "        cdef ExecutionReport report = self._outcome(order, request.kind, response, now_ns)\n"
        "        if MUTATED and request.is_overdue:\n            return 0\n        if report is not None and request",
        "tests/unit/venue/phemex/test_order_gateway.py tests/e2e/test_session_faults.py",
    ),
    # ---- The line of requests in flight
    Mutant(
        "slot removed at the deadline",
        _LANE,
        "                self.listener.on_overdue(self, &request, now_ns)\n",
        "                self.listener.on_overdue(self, &request, now_ns)\n"
        "                if MUTATED and position == 1 and self.in_flight_count:\n"
        "                    self._take_first()\n                    position = 0\n",
    ),
    Mutant(
        "idle lane not looked at before use",
        _LANE,
        "            if not self.connection.check_quiet():",
        "            if not MUTATED and not self.connection.check_quiet():",
        "tests/unit/net",
    ),
    Mutant(
        "answer taken before the last byte has left",
        _LANE,
        "if self.ring[self.first].last_byte > self.connection.taken_bytes_total:",
        "if not MUTATED and self.ring[self.first].last_byte > self.connection.taken_bytes_total:",
        "tests/unit/venue/phemex/test_shifted_answers.py",
    ),
)

# What the resending mutants call; compiled into the copy of the gateway only.
RESEND = """
    def resend_if(self, bint is_wanted, int64_t handle, int64_t now_ns):
        cdef Order order = self.orders.get(handle)
        if is_wanted and order is not None and self._choose_lane(REQUEST_NEW, order) == DENY_NONE:
            self.send_new(order, now_ns)

    # ---- Up ---"""
EXTRA = ((_GATEWAY, "\n    # ---- Up ---", RESEND),)
