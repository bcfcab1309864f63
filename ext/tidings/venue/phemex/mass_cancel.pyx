"""Cancel-all requests on the order lanes: what a kill switch sends first.

They leave on lanes that are warm, in the call that decided it, as long as our own requests leave room, and whatever the
venue says of its count: a cancel that it refuses costs nothing. Nobody waits for their answers: only a list of open
orders that is empty says that something is cancelled.
"""

from libc.stdint cimport int64_t

from tidings.engine.throttle cimport PRIORITY_KILL
from tidings.model.enums cimport DENY_NONE, REQUEST_CANCEL_ALL
from tidings.model.instrument cimport Instrument
from tidings.venue.phemex.order_gateway cimport PhemexOrderGateway

from tidings.model.enums import ProductLine, RequestKind


cdef class MassCancel:
    def __init__(self, PhemexOrderGateway gateway not None):
        self.gateway = gateway

    def flush(self):
        """Let go what a batch holds back: a cancel must not wait behind it."""
        if self.gateway.pool is not None:
            self.gateway.pool.uncork()

    def send(self, Instrument instrument not None, bint untriggered, int64_t now_ns):
        """Ask for one half of a symbol's orders. False: no lane or no budget for it now."""
        cost = self._rates().order_cost(ProductLine(instrument.line), RequestKind.CANCEL_ALL, instrument.symbol)
        if not self._begin(now_ns):
            return False
        self.gateway.encoder.encode_cancel_all(instrument, untriggered, self.gateway.buffer)
        return self._write(cost, now_ns)

    def send_all_linear(self, bint untriggered, int64_t now_ns):
        """The same of every USD-M symbol at once (phemex docs 2026, "Cancel all orders": symbol is optional there)."""
        cost = self._rates().order_cost(ProductLine.LINEAR, RequestKind.CANCEL_ALL)
        if not self._begin(now_ns):
            return False
        half = "true" if untriggered else "false"
        self.gateway.encoder.encode_request(
            "DELETE", "/g-orders/all", f"untriggered={half}", b"", True, self.gateway.buffer)
        return self._write(cost, now_ns)

    def _rates(self):
        return self.gateway.budget.rate_budget

    def _begin(self, int64_t now_ns):
        """Choose a lane, and make room for a request. False: no lane takes one."""
        if self.gateway.pool is None:
            return False
        self.gateway.lane = self.gateway.pool.pick()
        if self.gateway.lane is None:
            return False
        self.gateway._refresh_expiry(now_ns)
        self.gateway.buffer.clear()
        return True

    cdef bint _write(self, object cost, int64_t now_ns) except -1:
        if not cost.take(PRIORITY_KILL, now_ns) or self.gateway._write(0, REQUEST_CANCEL_ALL, now_ns) != DENY_NONE:
            return False
        self.sent_count += 1
        return True
