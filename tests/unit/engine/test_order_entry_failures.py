"""What raises on the way down, between steps that belong together: what may have left is in flight, counted once."""

import pytest
from engine_samples import LAST_PX_TICKS, NOW_NS, Path, stop_order
from order_samples import LIMIT, LINEAR, reply, said

from tidings.model.enums import DenyReason, ExecType, OrdStatus, RequestKind


def raising_after(path, *reports):
    """A gateway that hears reports while it sends, and then fails."""

    def send(order, *_):
        path.hear(*(said(exec_type, handle=order.handle) for exec_type in reports))
        raise OSError("the wire broke")

    return send


@pytest.mark.parametrize(
    ("heard", "status", "counts"),
    [
        ([], OrdStatus.UNKNOWN, (1, 1, 1)),
        ([ExecType.NEW], OrdStatus.NEW, (1, 0, 0)),
        ([ExecType.CANCELED], OrdStatus.CANCELED, (0, 0, 0)),
    ],
)
def test_order_whose_sending_failed_is_what_was_heard_of_it_meanwhile(heard, status, counts):
    path = Path()
    path.venue.send_new = raising_after(path, *heard)
    order = path.draft(LIMIT)
    with pytest.raises(OSError, match="the wire broke"):
        path.entry.submit_order(order, NOW_NS)
    assert order.ord_status == status
    assert (path.table.open_count, path.table.unknown_count, path.entry.unknown_count) == counts


def test_amend_whose_sending_failed_may_be_in_force():
    path = Path()
    order = stop_order(path, LAST_PX_TICKS)
    path.venue.answers["send_amend"] = OSError("the wire broke")
    with pytest.raises(OSError, match="the wire broke"):
        path.entry.amend_triggers(order, 0, 25, NOW_NS + 5, stop_px_ticks=LAST_PX_TICKS + 7)
    assert (order.is_amend_pending, order.amend_qty_lots, order.amend_asked_ns) == (True, 25, NOW_NS + 5)
    assert path.risk.exposure.worst_lots(LINEAR) == (25, 0)
    path.venue.answers.clear()
    assert path.entry.amend_order(order, 0, 9, NOW_NS + 6) == -DenyReason.REQUEST_PENDING

    path.hear(said(ExecType.REPLACED, handle=order.handle, order_qty_lots=25, stop_px_ticks=LAST_PX_TICKS + 7))
    assert (order.is_amend_pending, order.order_qty_lots, order.stop_px_ticks) == (False, 25, LAST_PX_TICKS + 7)


def test_amend_that_failed_before_it_was_sent_leaves_no_trace():
    path = Path()
    order = stop_order(path, LAST_PX_TICKS)
    path.venue.answers["take"] = OSError("no budget page")
    with pytest.raises(OSError, match="no budget page"):
        path.entry.amend_triggers(order, 0, 0, NOW_NS, stop_px_ticks=LAST_PX_TICKS + 7)
    assert (order.is_amend_pending, order.amend_trigger_ticks) == (False, (0, 0, 0, 0))
    path.venue.answers.clear()
    assert path.entry.amend_order(order, 0, 9, NOW_NS) == 0
    path.hear(reply(ExecType.REPLACE_REJECTED, RequestKind.AMEND, code=11043, handle=order.handle))
    assert order.stop_px_ticks == LAST_PX_TICKS
