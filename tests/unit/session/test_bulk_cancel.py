"""Many orders cancelled with few requests: each once, however often it is named."""

import pytest
from engine_samples import NOW_NS, Path
from order_samples import LIMIT, said

from tidings.model.enums import DenyReason, ExecType, OrdStatus
from tidings.session.bulk_cancel import cancel_orders


@pytest.fixture
def path():
    return Path()


def asked(path):
    """The requests that were sent, and of which orders."""
    sent = [call for call in path.venue.calls if call[0] in ("send_cancel", "send_cancel_many")]
    return [(call[0], call[1]) for call in sent]


def test_an_order_named_twice_is_cancelled_once(path):
    unanswered, working = path.submit(LIMIT), path.submit(LIMIT)
    path.hear(said(ExecType.NEW, handle=working.handle, ord_status=OrdStatus.NEW))
    assert cancel_orders(path.entry, [working, unanswered, working, unanswered], NOW_NS) == 0
    assert asked(path) == [("send_cancel", unanswered), ("send_cancel_many", [working])]


def test_what_is_being_cancelled_is_not_asked_for_again(path):
    order = path.submit(LIMIT)
    path.hear(said(ExecType.NEW, handle=order.handle, ord_status=OrdStatus.NEW))
    assert [cancel_orders(path.entry, [order], NOW_NS) for _ in range(2)] == [0, -DenyReason.REQUEST_PENDING]
    assert len(asked(path)) == 1
