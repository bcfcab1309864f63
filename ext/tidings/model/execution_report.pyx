"""One thing the venue (or our own deadline) said about an order.

Decoders fill the fields while they read; once a report is handed up nobody changes it. Reports are born per message, so
dead ones are recycled by a free list instead of the allocator.
"""

cimport cython
from libc.stdint cimport int64_t, uint64_t
from libc.string cimport memcpy

from tidings.model.enums cimport EXEC_STATUS, SOURCE_LOCAL

from decimal import Decimal
from uuid import UUID

from tidings.model.enums import ExecType, OrdStatus, ReportSource


@cython.freelist(64)
@cython.no_gc   # holds only str: no cycle is possible
cdef class ExecutionReport:
    def __cinit__(self):
        self.symbol = ""
        self.text = ""
        self.ord_status = -1
        self.price_ticks = UNSET
        self.stop_px_ticks = UNSET
        self.take_profit_ticks = self.stop_loss_ticks = self.peg_offset_ticks = UNSET
        self.order_qty_lots = UNSET
        self.cum_qty_lots = UNSET
        self.leaves_qty_lots = UNSET
        self.last_px_ticks = UNSET
        self.last_qty_lots = UNSET

    @property
    def cl_ord_id(self):
        return self.cl_ord_id_text[:self.cl_ord_id_bytes].decode("ascii", "replace")

    @property
    def order_id(self):
        return uuid_text(self.order_id_high, self.order_id_low)

    @property
    def exec_id(self):
        return uuid_text(self.exec_id_high, self.exec_id_low)

    @property
    def fee(self):
        return Decimal(self.fee_mantissa).scaleb(-self.fee_scale)

    def __repr__(self):
        parts = [
            f"ExecutionReport {ExecType(self.exec_type).name} from {ReportSource(self.source).name}",
            self.cl_ord_id or "(no ClOrdID)",
        ]
        if self.ord_status >= 0:
            parts.append(OrdStatus(self.ord_status).name)
        for name in (
            "price_ticks", "order_qty_lots", "cum_qty_lots", "leaves_qty_lots", "last_px_ticks", "last_qty_lots"
        ):
            value = getattr(self, name)
            if value != UNSET:
                parts.append(f"{name}={value}")
        parts += [f"code={self.code}"] if self.code else []
        parts += [repr(self.text)] if self.text else []
        return " ".join(parts)


cdef ExecutionReport make_report(int exec_type, int source, int64_t now_ns):
    """A report that says nothing yet but what happened, who said so and when we heard."""
    cdef ExecutionReport report = ExecutionReport.__new__(ExecutionReport)
    report.exec_type = exec_type
    report.source = source
    report.received_ns = now_ns
    return report


cdef ExecutionReport without_execution(ExecutionReport report):
    """What a report of an execution says of its order alone: the state and the quantities. Without a state, nothing."""
    cdef ExecutionReport rest = make_report(EXEC_STATUS, report.source, report.received_ns)
    memcpy(rest.cl_ord_id_text, report.cl_ord_id_text, sizeof(report.cl_ord_id_text))
    rest.cl_ord_id_bytes, rest.handle = report.cl_ord_id_bytes, report.handle
    rest.order_id_high, rest.order_id_low = report.order_id_high, report.order_id_low
    rest.symbol, rest.side, rest.ord_status = report.symbol, report.side, report.ord_status
    rest.price_ticks, rest.stop_px_ticks = report.price_ticks, report.stop_px_ticks
    rest.order_qty_lots, rest.cum_qty_lots = report.order_qty_lots, report.cum_qty_lots
    rest.leaves_qty_lots, rest.qty_in_quote = report.leaves_qty_lots, report.qty_in_quote
    rest.exec_seq, rest.transact_time_ns, rest.text = report.exec_seq, report.transact_time_ns, report.text
    rest.reconciled = report.reconciled
    return rest


def report_of(
    int exec_type=EXEC_STATUS, int source=SOURCE_LOCAL, int64_t now_ns=0, *,
    int64_t handle=0, str cl_ord_id="", str order_id="", str symbol="", int ord_status=-1, int request_kind=0,
    int side=0, int code=0, int cancel_reason=0, bint reconciled=False,
    int64_t price_ticks=UNSET, int64_t stop_px_ticks=UNSET, int64_t order_qty_lots=UNSET, int64_t cum_qty_lots=UNSET,
    int64_t leaves_qty_lots=UNSET, int64_t last_px_ticks=UNSET, int64_t last_qty_lots=UNSET, str exec_id="",
    int64_t fee_mantissa=0, int fee_scale=0, bint is_maker=False, int64_t exec_seq=0, int trade_type=0,
    int64_t transact_time_ns=0, int64_t asked_ns=0, str text="",
    int64_t take_profit_ticks=UNSET, int64_t stop_loss_ticks=UNSET, int64_t peg_offset_ticks=UNSET,
    bint qty_in_quote=False,
):
    """Build a report by field names: for reconciliation, replay and tests."""
    cdef ExecutionReport report = make_report(exec_type, source, now_ns)
    set_cl_ord_id(report, cl_ord_id.encode("ascii"))
    report.order_id_high, report.order_id_low = uuid_words(order_id)
    report.exec_id_high, report.exec_id_low = uuid_words(exec_id)
    report.handle, report.symbol, report.side = handle, symbol, side
    report.ord_status, report.request_kind = ord_status, request_kind
    report.code, report.cancel_reason, report.reconciled = code, cancel_reason, reconciled
    report.price_ticks, report.stop_px_ticks = price_ticks, stop_px_ticks
    report.order_qty_lots, report.cum_qty_lots, report.leaves_qty_lots = order_qty_lots, cum_qty_lots, leaves_qty_lots
    report.last_px_ticks, report.last_qty_lots = last_px_ticks, last_qty_lots
    report.fee_mantissa, report.fee_scale, report.is_maker = fee_mantissa, fee_scale, is_maker
    report.exec_seq, report.transact_time_ns, report.text = exec_seq, transact_time_ns, text
    report.trade_type, report.qty_in_quote = trade_type, qty_in_quote
    report.asked_ns = asked_ns
    report.take_profit_ticks, report.stop_loss_ticks = take_profit_ticks, stop_loss_ticks
    report.peg_offset_ticks = peg_offset_ticks
    return report


cdef int set_cl_ord_id(ExecutionReport report, bytes text) except -1:
    """Copy a ClOrdID; a longer one than any we could have sent is cut, so it can only be foreign."""
    cdef int count = min(<int>len(text), CL_ORD_ID_BYTES_MAX)
    memcpy(report.cl_ord_id_text, <const char*>text, count)
    report.cl_ord_id_bytes = count
    return 0


def uuid_text(uint64_t high, uint64_t low):
    """The usual text of a UUID kept as two words; "" for 0, 0."""
    cdef str text
    if not high and not low:
        return ""
    text = "%016x%016x" % (high, low)       # a UUID object takes three times as long, and nobody asks for one
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def uuid_words(str text not None):
    """The two words of a UUID's text; 0, 0 for \"\"."""
    cdef object number = UUID(text).int if text else 0
    return number >> 64, number & 0xFFFFFFFFFFFFFFFF
