"""The round-trip client of tidings itself: `fire()` of an armed order through the shipped engine, lanes and gateway.

Composed by hand instead of by `connect`, because the server is nginx: it has no account stream and no product list,
and would run into the venue's own limit of orders a minute. All code on an order's path is the product's.
"""

import asyncio
import time
from array import array
from time import perf_counter_ns
from types import SimpleNamespace
from typing import Any

import uvloop

from benchmarks.clients import WireStamps
from benchmarks.instrument import INSTRUMENT, WIDE_LIMITS, make_terms
from benchmarks.messages import API_KEY, API_SECRET, PRICE_TICKS, QTY_LOTS
from tidings.clock import Clock
from tidings.engine.order_entry import OrderEntry
from tidings.engine.order_table import ExecIDSet, OrderTable
from tidings.engine.risk import Risk
from tidings.engine.strategy import Strategy
from tidings.engine.throttle import Bucket, Cost
from tidings.metrics.stages import Stages
from tidings.model.enums import ExecType
from tidings.model.execution_report import ExecutionReport, report_of
from tidings.model.order import Order
from tidings.model.order_ids import ClOrdIDMaker
from tidings.net.dialer import Dialer, Endpoint
from tidings.net.event_loop import BusyPoll, settle_memory
from tidings.net.lane import LanePool
from tidings.net.tls import TlsContext
from tidings.session.armed_order import ArmedOrder
from tidings.venue.phemex.budget import RequestBudget
from tidings.venue.phemex.order_decoder import OrderDecoder
from tidings.venue.phemex.order_encoder import OrderEncoder
from tidings.venue.phemex.order_gateway import PhemexOrderGateway
from tidings.venue.phemex.signing import Credentials

DEADLINE_NS = 1_000_000_000
EXPIRY_S = 60
# As large as the venue's smallest budget, so that its log has the real size, but over a window so short that it never
# runs out: at 20,000 orders a second a hundred are in it.
CAPACITY = 500
WINDOW_NS = 5_000_000


def make_budget() -> RequestBudget:
    """Four buckets per order, as the venue's groups have, with room for a benchmark."""
    buckets = [Bucket(name, CAPACITY, WINDOW_NS, margin_ns=0) for name in ("group", "symbol", "all", "ip")]
    cost = Cost(*((bucket, 1) for bucket in buckets))
    rates = SimpleNamespace(
        by_suffix={}, ip=buckets[-1], ping_cost=lambda: cost, order_cost=lambda line, kind, symbol: cost
    )
    return RequestBudget(rates, [INSTRUMENT])


class RoundTripClient(Strategy):
    """Fires, hears the ack, stamps it, fires again: back to back inside the ack, or after some quiet."""

    def __init__(self, port: int, ca_file: str, busy: bool) -> None:
        self.loop = uvloop.new_event_loop()
        self.busy = busy
        self.stamps = WireStamps()
        self.clock = Clock()
        self.loop.run_until_complete(self.connect(port, ca_file))
        settle_memory()

    async def connect(self, port: int, ca_file: str) -> None:
        risk = Risk([INSTRUMENT], WIDE_LIMITS)
        risk.set_reference_price(INSTRUMENT, PRICE_TICKS)
        orders, stages = OrderTable(ClOrdIDMaker(wall_ns=time.time_ns())), Stages()
        self.entry = OrderEntry(orders, risk, stages, ExecIDSet())
        gateway = PhemexOrderGateway(
            clock=self.clock,
            encoder=OrderEncoder(f"127.0.0.1:{port}", Credentials(API_KEY, API_SECRET)),
            decoder=OrderDecoder(),
            budget=make_budget(),
            stages=stages,
            orders=orders,
            deadline_ns=DEADLINE_NS,
            expiry_s=EXPIRY_S,
        )
        gateway.set_venue_clock(time.time_ns() - self.clock.read_now_ns())
        self.pool = LanePool(gateway.lane_listener, lane_count=1)
        gateway.plug(self.pool, self.entry)
        self.entry.plug(gateway, on_error=self.raise_error)
        self.entry.listen(self)
        dialer = Dialer(Endpoint("127.0.0.1", port), self.clock, TlsContext(ca_file))
        (lane,) = self.pool
        lane.attach(await dialer.connect(lambda: lane), self.clock.read_now_ns())
        gateway.allow_orders(True)
        self.quote = ArmedOrder(self.entry, make_terms(), self.clock)

    def raise_error(self, error: Exception, callback: Any) -> None:
        """An error inside a callback ends the run, not only the callback."""
        if not self.finished.done():
            self.finished.set_exception(error)

    def run(self, count: int, quiet_us: int) -> array:
        return self.loop.run_until_complete(self.orders(count, quiet_us))

    async def orders(self, count: int, quiet_us: int) -> array:
        """`count` orders; then all are declared cancelled, so that the table has room for the next."""
        first_handle = self.entry.orders.last_handle + 1
        self.triples, self.left, self.quiet_s = array("q"), count, quiet_us / 1e6
        self.finished = self.loop.create_future()
        busy_poll = BusyPoll(self.pool, self.loop)
        if self.busy:
            busy_poll.start()
        self.fire()
        await self.finished
        busy_poll.stop()
        for handle in range(first_handle, first_handle + count):
            self.entry.take_report(report_of(ExecType.CANCELED, handle=handle), self.clock.read_now_ns())
        return self.triples

    def fire(self) -> None:
        fire, price_ticks = self.quote.fire, PRICE_TICKS + self.left % 100
        self.stamps.clear()
        decided_ns = perf_counter_ns()
        handle = fire(price_ticks, QTY_LOTS)
        if handle < 0:
            raise RuntimeError(f"an order was denied: {handle}")
        self.decided_ns, self.handle = decided_ns, handle

    def on_ack(self, order: Order, report: ExecutionReport, now_ns: int) -> None:
        parsed_ns = perf_counter_ns()
        if order.handle != self.handle:
            raise RuntimeError(f"an ack of order {order.handle} instead of {self.handle}")
        self.triples.extend(self.stamps.triple(self.decided_ns, parsed_ns))
        self.left -= 1
        if not self.left:
            self.finished.set_result(None)
        elif not self.quiet_s:
            self.fire()
        else:
            self.loop.call_later(self.quiet_s, self.fire)

    def on_unknown(self, order: Order, report: ExecutionReport, now_ns: int) -> None:
        self.fail(report)

    def on_reject(self, order: Order, report: ExecutionReport, now_ns: int) -> None:
        self.fail(report)

    def on_unsent(self, order: Order, report: ExecutionReport, now_ns: int) -> None:
        self.fail(report)

    def fail(self, report: ExecutionReport) -> None:
        """Any other end than an ack ends the run."""
        self.raise_error(RuntimeError(f"an order was not acknowledged: {report!r}"), self.fail)

    def close(self) -> None:
        for lane in self.pool:
            lane.close(ConnectionError("the benchmark is over"))
        self.loop.run_until_complete(asyncio.sleep(0))
        self.loop.close()
