"""A cancel that nobody asked for by an order's id is the reason of its end only if the engine has taken it."""

from types import SimpleNamespace

import pytest

from tidings.fix_gateway.order_chains import OrderChains
from tidings.fix_gateway.order_queries import OrderQueries
from tidings.model.enums import DenyReason


@pytest.mark.parametrize(
    ("result", "before", "after"),
    [(0, "", "mass cancel"), (-DenyReason.REQUEST_PENDING, "", ""),
     (-DenyReason.REQUEST_PENDING, "cancel on disconnect", "cancel on disconnect")],
)  # fmt: skip
def test_a_cancel_that_was_denied_ends_nothing(result, before, after):
    entry = SimpleNamespace(cancel_order=lambda order, now_ns: int(result))
    desk = SimpleNamespace(phemex=SimpleNamespace(entry=entry), clock=SimpleNamespace(read_now_ns=lambda: 0))
    chain = OrderChains().begin("o1", "C1", "T1", "BTCUSDT", "1", {})
    chain.order, chain.ended_by = object(), before
    assert OrderQueries(desk).cancel_quietly(chain, "mass cancel") is (result == 0)
    assert chain.ended_by == after
