"""What the hot path leaves behind in memory: nothing, once it is warm.

The interpreter's own count of live blocks is read before and after thousands of orders. Blocks may come and go within
an order (Python makes an int of every handle); what must not happen is that their number grows with the orders.
"""

import gc
import sys

import pytest
from engine_samples import NOW_NS, Path
from order_samples import LIMIT

from tidings.engine.strategy import Strategy
from tidings.engine.throttle import Bucket, Cost
from tidings.metrics.histogram import Histogram
from tidings.model.enums import DenyReason, ExecType, ReportSource, TradingState
from tidings.model.execution_report import report_of

ORDERS = 5000
# Caches of the interpreter may settle by a block or two in thousands of calls; a leak would show as thousands.
NOISE_BLOCKS = 10


class NullVenue:
    """Takes everything and keeps nothing."""

    def take(self, kind, order, now_ns):
        return 0

    def send_new(self, order, now_ns):
        return 0

    def send_amend(self, order, price_ticks, qty_lots, now_ns):
        return 0

    def send_cancel(self, order, now_ns):
        return 0


def blocks_grown(action, times=ORDERS):
    """Live blocks added by `times` calls, after a warm-up of as many."""
    for _ in range(times):
        action()
    gc.collect()
    gc.disable()
    try:
        before = sys.getallocatedblocks()
        for _ in range(times):
            action()
        return sys.getallocatedblocks() - before
    finally:
        gc.enable()


@pytest.fixture
def path():
    return Path(strategy=Strategy(), venue=NullVenue())


def submit(path):
    order = path.entry.draft_order(LIMIT)
    order.price_ticks, order.order_qty_lots = 612_500, 10
    return path.entry.submit_order(order, NOW_NS)


def end(path, handle):
    path.entry.take_report(report_of(ExecType.CANCELED, ReportSource.STREAM, handle=handle), NOW_NS)


def test_count_of_blocks_sees_a_leak():
    kept = []
    assert blocks_grown(lambda: kept.append(object()), 1000) >= 1000


def test_orders_sent_and_ended_leave_nothing(path):
    assert blocks_grown(lambda: end(path, submit(path))) <= NOISE_BLOCKS
    assert path.entry.submitted_count == 2 * ORDERS


def test_first_orders_of_a_session_find_their_place_ready():
    """No warm-up but one order: the table is made whole at the start."""
    path = Path(capacity=16_384, strategy=Strategy(), max_open=16_384, venue=NullVenue())
    submit(path)
    before = sys.getallocatedblocks()
    for _ in range(ORDERS):
        submit(path)
    assert sys.getallocatedblocks() - before <= NOISE_BLOCKS
    assert path.table.open_count == ORDERS + 1


def test_denied_orders_leave_nothing(path):
    path.risk.set_state(TradingState.HALTED)
    assert blocks_grown(lambda: submit(path)) <= NOISE_BLOCKS
    assert submit(path) == -DenyReason.HALTED


def test_amends_and_cancels_leave_nothing(path):
    def live_and_die():
        handle = submit(path)
        order = path.table.find(handle)
        path.entry.amend_order(order, 612_400, 12, NOW_NS)
        path.entry.cancel_order(order, NOW_NS)
        end(path, handle)

    assert blocks_grown(live_and_die) <= NOISE_BLOCKS


def test_budget_decisions_leave_nothing():
    cost = Cost(*((Bucket(name, 500, 60 * 10**9), 1) for name in "abcd"))
    assert blocks_grown(lambda: cost.take(False, NOW_NS)) <= NOISE_BLOCKS


def test_recording_a_latency_leaves_nothing():
    histogram = Histogram()
    assert blocks_grown(lambda: histogram.add(123_456)) <= NOISE_BLOCKS
