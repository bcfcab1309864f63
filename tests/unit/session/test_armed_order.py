"""Firing sends one order of the armed terms, now; numbers are whole steps, and a denial is a negative reason."""

import pytest
from engine_samples import Path
from order_samples import LIMIT

from tidings.clock import ManualClock
from tidings.model.enums import DenyReason, OrdStatus, OrdType, Side, Trigger
from tidings.model.terms import OrderTerms
from tidings.session.armed_order import ArmedOrder

CLOCK = ManualClock(10**15, 1_795_000_000_000_000_000)


@pytest.fixture
def path():
    return Path()


def test_arming_prepares_the_terms_once(path):
    armed = ArmedOrder(path.entry, LIMIT, CLOCK)
    assert path.venue.prepared == [LIMIT]
    assert armed.terms is LIMIT
    armed.fire(612_500, 10)
    assert path.venue.prepared == [LIMIT]


def test_firing_sends_and_gives_the_handle(path):
    handle = ArmedOrder(path.entry, LIMIT, CLOCK).fire(612_500, 10)
    order = path.table.find(handle)
    assert path.venue.names == ["take", "send_new"]
    assert (order.price_ticks, order.order_qty_lots, order.terms) == (612_500, 10, LIMIT)
    assert (order.ord_status, order.decided_ns) == (OrdStatus.PENDING_NEW, 10**15)


def test_stop_price_goes_with_a_conditional_order(path):
    terms = OrderTerms(LIMIT.instrument, Side.SELL, ord_type=OrdType.STOP_LIMIT, trigger=Trigger.LAST_PRICE)
    armed = ArmedOrder(path.entry, terms, CLOCK)
    assert armed.fire(600_000, 10) == -DenyReason.BAD_PRICE
    assert path.table.find(armed.fire(600_000, 10, 610_000)).stop_px_ticks == 610_000


@pytest.mark.parametrize("reason", [DenyReason.RATE_LIMIT, DenyReason.NOT_CONNECTED, DenyReason.NOT_READY])
def test_denial_is_the_negative_reason(path, reason):
    path.venue.answers["take"] = reason
    assert ArmedOrder(path.entry, LIMIT, CLOCK).fire(612_500, 10) == -reason
    assert path.table.open_count == 0


def test_full_table_is_a_denial(path):
    armed = ArmedOrder(path.entry, LIMIT, CLOCK)
    results = {armed.fire(612_500, 1) for _ in range(path.table.capacity + 1)}
    assert min(results) in (-DenyReason.TABLE_FULL, -DenyReason.MAX_OPEN_ORDERS)


@pytest.mark.parametrize("numbers", [(612_500.0, 10), (612_500, 10.0), (612_500, 10, 0.5), ("612500", 10), (None, 10)])
def test_what_is_no_whole_number_is_refused_and_nothing_sent(path, numbers):
    armed = ArmedOrder(path.entry, LIMIT, CLOCK)
    with pytest.raises(TypeError, match="whole numbers"):
        armed.fire(*numbers)
    assert path.venue.names == []
    assert armed.fire(612_500, 10) > 0
