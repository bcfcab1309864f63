"""The journal as the order path sees it: what is about to leave, and what became of it, each one a record.

An intent is appended before its request is handed to the gateway. The record lies in the page cache then: it survives
the process, whatever kills it, and a few milliseconds later the disk has it too (journal/keeper). In mode "power" the
append itself waits for the disk.

When the journal cannot take an intent, the order is denied (JOURNAL). Outcomes that cannot be taken are dropped and
counted: after a restart such an order counts as unknown, and the venue is asked. A failed sync is for good: what was
in the page cache may be gone though the next sync succeeds, so nothing is appended any more. Want of space is not: it
ends when a new segment has been made.
"""

cimport cython
from libc.stdint cimport int64_t
from libc.string cimport memcpy, memset
from posix.time cimport nanosleep, timespec

from tidings.clock cimport Clock
from tidings.journal.record cimport PAYLOAD_BYTES_MAX, SEGMENT_HEAD_BYTES, RecordWriter, published
from tidings.model.enums cimport DENY_JOURNAL, DENY_NONE
from tidings.model.execution_report cimport ExecutionReport
from tidings.model.order cimport Order
from tidings.model.terms cimport OrderTerms
from tidings.model.trigger_prices cimport are_set

cdef extern from "Python.h":
    const char* PyUnicode_AsUTF8AndSize(object text, Py_ssize_t* size) except NULL

cdef enum:
    TEXT_BYTES_MAX = 200            # of a venue's sentence


@cython.final
cdef class OrderJournal:
    """One engine's journal. Made without arguments it is off: it takes everything, and writes nothing."""

    def __init__(self, RecordWriter writer=None, Clock clock=None, segment=None, *, bint awaits_disk=False,
                 Py_ssize_t reserve_bytes=0):
        self.is_on = writer is not None
        self.failure = self.space_cause = ""
        self.retired, self.durable, self.ends = [], [], []
        if not self.is_on:
            return
        if clock is None or segment is None:
            raise TypeError("a journal that is on needs a clock and a segment")
        self.writer, self.clock, self.current = writer, clock, segment
        self.awaits_disk, self.reserve_bytes = awaits_disk, reserve_bytes
        writer.open(segment.buffer, SEGMENT_HEAD_BYTES)

    # ---- Down: before the request leaves -------------------------------------------------------------------------

    cdef int note_new(self, Order order, int64_t now_ns) except -1:
        return self._append_intent(KIND_INTENT, order, now_ns, True) if self.is_on else DENY_NONE

    cdef int note_amend(self, Order order, int64_t price_ticks, int64_t qty_lots, int64_t now_ns) except -1:
        if not self.is_on:
            return DENY_NONE
        if are_set(&order.amend_triggers):
            return self._append_triggers(order, price_ticks, qty_lots, now_ns)
        return self._append_change(KIND_AMEND, order, price_ticks, qty_lots, 0, now_ns, True)

    cdef int note_cancel(self, Order order, int64_t now_ns) except -1:
        return self._append_change(KIND_CANCEL, order, 0, 0, 0, now_ns, False) if self.is_on else DENY_NONE

    cdef int note_adopted(self, Order order, int64_t now_ns) except -1:
        return self._append_intent(KIND_ADOPTED, order, now_ns, False) if self.is_on else DENY_NONE

    cdef int note_withdrawn(self, Order order, int reason, int64_t now_ns) except -1:
        return self._append_change(KIND_WITHDRAWN, order, 0, 0, reason, now_ns, False) if self.is_on else DENY_NONE

    cdef int _append_intent(self, int kind, Order order, int64_t now_ns, bint is_intent) except -1:
        cdef OrderTerms terms = order.terms
        cdef Py_ssize_t symbol_bytes, text_bytes
        cdef const char* symbol = PyUnicode_AsUTF8AndSize(terms.instrument.symbol, &symbol_bytes)
        cdef const char* text = PyUnicode_AsUTF8AndSize(terms.text, &text_bytes)    # 40 of ASCII, as terms are checked
        cdef Py_ssize_t payload_bytes = sizeof(Intent) + order.cl_ord_id_bytes + symbol_bytes + text_bytes
        cdef char* room = self._room(payload_bytes, is_intent)
        cdef Intent intent
        if room == NULL:
            return DENY_JOURNAL
        _fill_intent(&intent, order, terms)
        intent.symbol_bytes, intent.text_bytes = symbol_bytes, text_bytes
        memcpy(room, &intent, sizeof(Intent))
        room += sizeof(Intent)
        memcpy(room, order.cl_ord_id_text, order.cl_ord_id_bytes)
        memcpy(room + order.cl_ord_id_bytes, symbol, symbol_bytes)
        memcpy(room + order.cl_ord_id_bytes + symbol_bytes, text, text_bytes)
        self._append(kind, payload_bytes, now_ns)
        self.last_handle = max(self.last_handle, order.handle)
        return self._await_disk() if self.awaits_disk and is_intent else DENY_NONE

    cdef int _append_change(
        self, int kind, Order order, int64_t price_ticks, int64_t qty_lots, int reason, int64_t now_ns, bint is_intent
    ) except -1:
        cdef char* room = self._room(sizeof(Change), is_intent)
        cdef Change change
        if room == NULL:
            return DENY_JOURNAL
        change.handle, change.price_ticks, change.qty_lots = order.handle, price_ticks, qty_lots
        change.reason = reason
        memcpy(room, &change, sizeof(Change))
        self._append(kind, sizeof(Change), now_ns)
        return self._await_disk() if self.awaits_disk and is_intent else DENY_NONE

    cdef int _append_triggers(self, Order order, int64_t price_ticks, int64_t qty_lots, int64_t now_ns) except -1:
        cdef char* room = self._room(sizeof(TriggerChange), True)
        cdef TriggerChange change
        if room == NULL:
            return DENY_JOURNAL
        change.handle, change.price_ticks, change.qty_lots = order.handle, price_ticks, qty_lots
        change.triggers = order.amend_triggers
        memcpy(room, &change, sizeof(TriggerChange))
        self._append(KIND_AMEND_TRIGGERS, sizeof(TriggerChange), now_ns)
        return self._await_disk() if self.awaits_disk else DENY_NONE

    # ---- Up: what was heard --------------------------------------------------------------------------------------

    cdef int note_report(self, Order order, ExecutionReport report, int effect, int64_t now_ns) except -1:
        """After the order has applied it, before anybody hears of it."""
        cdef Py_ssize_t text_bytes = 0
        cdef const char* text = NULL
        cdef char* room
        cdef Outcome outcome
        if not self.is_on:
            return DENY_NONE
        try:
            text = PyUnicode_AsUTF8AndSize(report.text, &text_bytes)
        except UnicodeError:            # a lone surrogate: the sentence is lost, its meaning is in the numbers
            text_bytes = 0
        text_bytes = min(text_bytes, <Py_ssize_t> TEXT_BYTES_MAX)
        room = self._room(sizeof(Outcome) + text_bytes, False)
        if room == NULL:
            return DENY_JOURNAL
        _fill_outcome(&outcome, order, report, effect)
        outcome.text_bytes = text_bytes
        memcpy(room, &outcome, sizeof(Outcome))
        if text_bytes:
            memcpy(room + sizeof(Outcome), text, text_bytes)
        return self._append(KIND_REPORT, sizeof(Outcome) + text_bytes, now_ns)

    # ---- Room ----------------------------------------------------------------------------------------------------

    cdef char* _room(self, Py_ssize_t payload_bytes, bint is_intent) except? NULL:
        """Where a payload goes; NULL, and counted, when there is no room. Intents leave some to outcomes."""
        cdef Py_ssize_t spare_bytes = self.reserve_bytes if is_intent and self.spare is None else 0
        cdef char* room = NULL
        if not self.failure and payload_bytes <= PAYLOAD_BYTES_MAX:
            room = self.writer.payload_room(payload_bytes, spare_bytes)
            if room == NULL and self.spare is not None:
                self._turn_over()
            if room == NULL and not self.failure:
                room = self.writer.payload_room(payload_bytes, self.reserve_bytes if is_intent else 0)
        if room == NULL:
            self.denied_count += is_intent
            self.dropped_count += not is_intent
        return room

    cdef int _append(self, int kind, Py_ssize_t payload_bytes, int64_t now_ns) except -1:
        self.writer.append(kind, payload_bytes, now_ns, self.clock.wall_ns())
        return 0

    cdef int _turn_over(self) except -1:
        """The segment is full: go on in the spare. What the old one holds is still to be made durable."""
        self.retired.append(self.current)
        self.ends.append((self.last_handle, self.writer.last_seq, self.writer.last_crc))
        self.current, self.spare, self.has_spare = self.spare, None, False
        try:
            self.writer.open(self.current.buffer, SEGMENT_HEAD_BYTES)
        except (ValueError, BufferError) as error:
            self.fail(f"the next segment cannot be used: {error}")
        return 0

    cdef int _await_disk(self) except -1:
        """Mode "power": DENY_NONE when all appended so far is durable."""
        try:
            self.sync()
        except OSError as error:
            self.fail(f"the disk failed: {error}")
        return DENY_JOURNAL if self.failure else DENY_NONE

    # ---- The cold side: who tends the journal --------------------------------------------------------------------

    @property
    def last_seq(self):
        return self.writer.last_seq if self.is_on else 0

    @property
    def denies_because(self):
        """Why new orders are denied; "" when they are not."""
        if self.failure:
            return self.failure
        if not self.is_on or self.spare is not None:
            return ""
        if self.writer.payload_room(PAYLOAD_BYTES_MAX, self.reserve_bytes) != NULL:
            return ""
        return f"its segment is full, and there is no next one: {self.space_cause or 'it is being made'}"

    def append_bytes(self, int kind, bytes payload not None, int64_t now_ns):
        """One record made on the cold side: its sequence number, 0 if there is no room."""
        cdef char* room = self._room(len(payload), False)
        if room == NULL:
            return 0
        memcpy(room, <const char*>payload, len(payload))
        self._append(kind, len(payload), now_ns)
        return self.writer.last_seq

    def offer_spare(self, segment not None):
        """The segment to go on in when this one is full."""
        self.spare, self.has_spare, self.space_cause = segment, True, ""

    def lack_space(self, str cause not None):
        """No spare could be made; another try may go well."""
        self.space_cause = cause

    def fail(self, str cause not None):
        """Take nothing more, for good."""
        self.failure = self.failure or cause

    def wait_for_work(self, int64_t limit_ns, int64_t step_ns):
        """Sleep until something waits for the disk, or there is no spare; False: `limit_ns` went by, and nothing does.

        Looks every `step_ns`, without the interpreter's lock: nothing on the order path has to wake anybody. Keeps the
        pages that come next writable: after the kernel has written a page back, the first store into it costs much.
        """
        cdef RecordWriter writer = self.writer
        cdef timespec step
        cdef int64_t waited_ns = 0
        cdef bint has_work = False
        step.tv_sec, step.tv_nsec = step_ns // 1_000_000_000, step_ns % 1_000_000_000
        with nogil:
            while not has_work and waited_ns < limit_ns:
                nanosleep(&step, NULL)
                writer.touch_ahead()
                waited_ns += step_ns
                has_work = published(writer.last_seq) != published(writer.synced_seq) or not self.has_spare
        return has_work

    def sync(self):
        """Make durable what has been appended before the call. Raises OSError: then `fail` must be called.

        May be called from another thread than the one that appends.
        """
        # Read together, with the lock of the interpreter held all the while: the order path cannot come in between.
        cdef int64_t seq = self.writer.last_seq
        cdef Py_ssize_t used_bytes = self.writer.used_bytes
        cdef object current = self.current
        cdef list retired = list(self.retired)
        self.syncing_count += 1
        try:
            for segment in retired:
                segment.sync(len(segment.buffer))
            current.sync(used_bytes)
        finally:
            self.syncing_count -= 1
        self.writer.note_synced(seq)
        for segment in retired:
            if segment in self.retired:         # another thread may have come first
                self.retired.remove(segment)
                self.durable.append(segment)

    def take_durable(self):
        """The segments that are written full and durable, to be closed; each is given once.

        None while another thread syncs: it may be about to sync one of them.
        """
        taken = [] if self.syncing_count else list(self.durable)
        del self.durable[:len(taken)]
        return taken

    def take_ends(self):
        """(last handle, last sequence number, its checksum) of each segment left behind; each is given once."""
        taken = list(self.ends)
        del self.ends[:len(taken)]
        return taken

    def close(self):
        """Give back the segments' memory; nothing is appended any more. Gives the segments, to be closed."""
        if not self.is_on:
            return []
        segments = [*self.durable, *self.retired, self.current, *([self.spare] if self.spare is not None else [])]
        self.fail("the journal is closed")
        self.writer.close()
        self.current = self.spare = None
        self.retired, self.durable = [], []
        return segments

    # ---- For tests and simulations -------------------------------------------------------------------------------

    def note(self, str what not None, Order order not None, *arguments, int64_t now_ns):
        """Call note_<what> from Python: 0, or a DenyReason."""
        if what == "new":
            return self.note_new(order, now_ns)
        if what == "adopted":
            return self.note_adopted(order, now_ns)
        if what == "cancel":
            return self.note_cancel(order, now_ns)
        if what == "amend":
            return self.note_amend(order, arguments[0], arguments[1], now_ns)
        if what == "withdrawn":
            return self.note_withdrawn(order, arguments[0], now_ns)
        if what == "report":
            return self.note_report(order, arguments[0], arguments[1], now_ns)
        raise ValueError(f"nothing called {what!r} is noted")


cdef int _fill_intent(Intent* intent, Order order, OrderTerms terms) noexcept:
    memset(intent, 0, sizeof(Intent))
    intent.handle, intent.decided_ns = order.handle, order.decided_ns
    intent.price_ticks, intent.order_qty_lots = order.price_ticks, order.order_qty_lots
    intent.stop_px_ticks, intent.display_qty_lots = order.stop_px_ticks, order.display_qty_lots
    intent.take_profit_ticks, intent.stop_loss_ticks = order.take_profit_ticks, order.stop_loss_ticks
    intent.take_profit_px_ticks, intent.stop_loss_px_ticks = order.take_profit_px_ticks, order.stop_loss_px_ticks
    intent.peg_offset_ticks = order.peg_offset_ticks
    intent.tick_mantissa, intent.lot_mantissa = terms.instrument.tick_mantissa, terms.instrument.lot_mantissa
    intent.price_scale, intent.qty_scale = terms.instrument.price_scale, terms.instrument.qty_scale
    intent.line, intent.owner = terms.instrument.line, terms.owner
    intent.side, intent.ord_type, intent.time_in_force = terms.side, terms.ord_type, terms.time_in_force
    intent.exec_inst, intent.pos_side, intent.trigger = terms.exec_inst, terms.pos_side, terms.trigger
    intent.peg_type, intent.stp, intent.qty_in_quote = terms.peg_type, terms.stp, terms.qty_in_quote
    intent.take_profit_trigger, intent.stop_loss_trigger = terms.take_profit_trigger, terms.stop_loss_trigger
    intent.cl_ord_id_bytes = order.cl_ord_id_bytes
    return 0


cdef int _fill_outcome(Outcome* outcome, Order order, ExecutionReport report, int effect) noexcept:
    memset(outcome, 0, sizeof(Outcome))
    outcome.handle, outcome.status_after, outcome.effect = order.handle, order.status, effect
    outcome.price_ticks, outcome.stop_px_ticks = report.price_ticks, report.stop_px_ticks
    outcome.order_qty_lots, outcome.cum_qty_lots = report.order_qty_lots, report.cum_qty_lots
    outcome.leaves_qty_lots = report.leaves_qty_lots
    outcome.last_px_ticks, outcome.last_qty_lots = report.last_px_ticks, report.last_qty_lots
    outcome.fee_mantissa, outcome.fee_scale = report.fee_mantissa, report.fee_scale
    outcome.exec_seq, outcome.transact_time_ns = report.exec_seq, report.transact_time_ns
    outcome.received_ns, outcome.written_ns = report.received_ns, order.written_ns
    outcome.order_id_high, outcome.order_id_low = report.order_id_high, report.order_id_low
    outcome.exec_id_high, outcome.exec_id_low = report.exec_id_high, report.exec_id_low
    outcome.code, outcome.cancel_reason = report.code, report.cancel_reason
    outcome.exec_type, outcome.ord_status, outcome.source = report.exec_type, report.ord_status, report.source
    outcome.request_kind, outcome.side = report.request_kind, report.side
    outcome.reconciled, outcome.is_maker = report.reconciled, report.is_maker
    return 0
