"""The gateway written in Python forwards every request, and answers with what it was answered."""

import pytest
from engine_samples import NOW_NS, Path
from order_samples import LIMIT

from tidings.engine.ports import PythonGateway


def test_each_request_reaches_its_method():
    path = Path()
    order = path.submit(LIMIT)
    path.entry.amend_order(order, 612_600, 0, NOW_NS)
    path.entry.cancel_order(order, NOW_NS)
    path.entry.cancel_orders([order], NOW_NS)
    sends = [name for name in path.venue.names if name != "take"]
    assert sends == ["send_new", "send_amend", "send_cancel", "send_cancel_many"]
    assert path.venue.names.count("take") == 4


@pytest.mark.parametrize("method", ["take", "send_new"])
def test_exception_of_the_venue_reaches_the_caller(method):
    path = Path()
    path.venue.answers[method] = LookupError("no lane")
    with pytest.raises(LookupError, match="no lane"):
        path.entry.submit_order(path.draft(LIMIT), NOW_NS)


def test_gateway_needs_a_venue():
    with pytest.raises(TypeError):
        PythonGateway(None)
