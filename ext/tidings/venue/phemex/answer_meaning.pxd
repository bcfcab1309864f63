"""What an answer's status, code and echo mean: small judgements of the order gateway, inlined into it."""

from libc.stdint cimport int64_t
from libc.string cimport memcmp

from tidings.model.enums cimport (
    EXEC_CANCEL_REJECTED, EXEC_REJECTED, EXEC_REPLACE_REJECTED, REQUEST_AMEND, REQUEST_CANCEL, REQUEST_NEW,
)
from tidings.model.execution_report cimport ExecutionReport
from tidings.model.order cimport Order
from tidings.net.lane cimport Lane

cdef enum:
    CODE_TOO_MANY_REQUESTS = 39995          # gateway body of HTTP 429 (seen live by several clients)


cdef inline int refusal_of(int request_kind) noexcept:
    """What a refused request of a kind is called in a report."""
    if request_kind == REQUEST_NEW:
        return EXEC_REJECTED
    return EXEC_REPLACE_REJECTED if request_kind == REQUEST_AMEND else EXEC_CANCEL_REJECTED


cdef inline bint is_client_error(int status) noexcept:
    """A refusal with a business code in it; 408 and 425 tell of a request that may have been executed all the same."""
    return 400 <= status < 500 and status != 408 and status != 425


cdef inline bint is_refusal(int status) noexcept:
    """The gateway turned the request away, whatever the body says."""
    return status == 401 or status == 403 or status == 429


cdef inline int code_of_status(int status) noexcept:
    return CODE_TOO_MANY_REQUESTS if status == 429 else status


cdef inline bint echo_fits(Order order, ExecutionReport report) noexcept:
    """Whether a reply is about `order`; one that names none may be."""
    if report.cl_ord_id_bytes == 0:
        return not (report.order_id_high and order.order_id_high) or (
            report.order_id_high == order.order_id_high and report.order_id_low == order.order_id_low
        )
    return (
        report.cl_ord_id_bytes == order.cl_ord_id_bytes
        and memcmp(report.cl_ord_id_text, order.cl_ord_id_text, order.cl_ord_id_bytes) == 0
    )


cdef inline bint is_doubtful(Lane lane, int64_t handle, int request_kind, ExecutionReport report) noexcept:
    """Whether a refusal that names no order may be another request's: one behind it on the lane, or once it was so.

    If an answer was swallowed, or came twice, on the way, those behind it have shifted. An answer that names its order
    proves the line true again, but not the one of an order that was named by the last: it may be that one's copy. A
    cancel may be asked for again: there the code is worth more than the doubt.
    """
    if report is not None and report.cl_ord_id_bytes:
        lane.is_in_doubt = lane.named_last == handle
        lane.named_last = handle
        return False
    if lane.in_flight_count:
        lane.is_in_doubt = True
    return lane.is_in_doubt and request_kind != REQUEST_CANCEL and (report is None or report.code != 0)
