"""Who hears of orders: the strategy's callbacks, whoever looks on, and what becomes of their exceptions."""

from tidings.engine.ports cimport OrderListener
from tidings.model.execution_report cimport ExecutionReport
from tidings.model.order cimport (
    EFFECT_ACK, EFFECT_AMEND, EFFECT_CANCEL, EFFECT_FILL, EFFECT_REJECT, EFFECT_UNKNOWN, EFFECT_UNSENT, Order,
)

from tidings.engine.strategy import ORDER_CALLBACKS, overridden
from tidings.errors import ENDS_PROGRAM


cdef extern from "Python.h":
    # Declared without Cython's own error checks: the first sets an exception, the second prints and clears it.
    void PyErr_SetObject(object kind, object error)
    void PyErr_WriteUnraisable(object where)


cdef class OrderHearers(OrderListener):
    """The half of the order path that talks up to Python."""

    def tap_by(self, tap, *, bint is_replay=False):
        """Let `tap` know of every call and every report, just as they are; None: nobody. See order_entry.pyi."""
        self.tap, self.is_replay = tap, is_replay

    def listen(self, strategy):
        """Let `strategy` hear order events; None: nobody."""
        callbacks = {name: overridden(strategy, name) if strategy is not None else None for name in ORDER_CALLBACKS}
        self.on_ack, self.on_fill, self.on_reject = callbacks["on_ack"], callbacks["on_fill"], callbacks["on_reject"]
        self.on_cancel, self.on_amend = callbacks["on_cancel"], callbacks["on_amend"]
        self.on_unknown, self.on_unsent = callbacks["on_unknown"], callbacks["on_unsent"]
        self.on_order = callbacks["on_order"]

    cdef int _tell_strategy(self, int effect, Order order, ExecutionReport report, int64_t now_ns) except -1:
        """Once per effect, an ack before its fill; then on_order, once."""
        if effect & EFFECT_ACK:
            self._call(self.on_ack, order, report, now_ns)
        if effect & EFFECT_FILL:
            self._call(self.on_fill, order, report, now_ns)
        if effect & EFFECT_AMEND:
            self._call(self.on_amend, order, report, now_ns)
        if effect & EFFECT_CANCEL:
            self._call(self.on_cancel, order, report, now_ns)
        if effect & EFFECT_REJECT:
            self._call(self.on_reject, order, report, now_ns)
        if effect & EFFECT_UNKNOWN:
            self._call(self.on_unknown, order, report, now_ns)
        if effect & EFFECT_UNSENT:
            self._call(self.on_unsent, order, report, now_ns)
        self._call(self.on_order, order, report, now_ns)
        return 0

    cdef int _call(self, object callback, Order order, ExecutionReport report, int64_t now_ns) except -1:
        if callback is None:
            return 0
        try:
            callback(order, report, now_ns)         # not by _hand_on: this call makes no tuple
        except ENDS_PROGRAM:
            raise
        except BaseException as error:
            self._callback_failed(error, callback)
        return 0

    cdef int _hand_on(self, object callback, tuple arguments) except -1:
        try:
            callback(*arguments)
        except ENDS_PROGRAM:
            raise
        except BaseException as error:
            self._callback_failed(error, callback)
        return 0

    cdef int _note(self, str event, tuple arguments) except -1:
        """A recording must not fail what it records."""
        return self._hand_on(getattr(self.tap, event), arguments)

    cdef int _callback_failed(self, object error, object callback) except -1:
        """A bug of who listens: told, and kept from the reports behind it."""
        self.callback_error_count += 1
        if self.on_error is None:
            PyErr_SetObject(type(error), error)
            PyErr_WriteUnraisable(callback)
        else:
            self.on_error(error, callback)
        return 0
