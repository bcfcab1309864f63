"""The gateway between a real engine and a loopback socket, without a loop and on a clock that stands still."""

import json
import select
import socket
from typing import Any

from engine_samples import wide_limits
from phemex_requests import API_KEY, BTCUSD, BTCUSDT, SBTCUSDT, SECRET

from tidings.clock import ManualClock
from tidings.engine.order_entry import OrderEntry
from tidings.engine.order_table import ExecIDSet, OrderTable
from tidings.engine.risk import Risk
from tidings.engine.strategy import Strategy
from tidings.errors import ConnectionLost
from tidings.metrics.stages import Stages
from tidings.model.enums import Side
from tidings.model.order import Order
from tidings.model.order_ids import ClOrdIDMaker
from tidings.model.terms import OrderTerms
from tidings.net.channel import PlainChannel
from tidings.net.connection import Connection
from tidings.net.lane import LanePool
from tidings.venue.phemex.budget import RequestBudget
from tidings.venue.phemex.endpoints import endpoints_of
from tidings.venue.phemex.order_decoder import OrderDecoder
from tidings.venue.phemex.order_encoder import OrderEncoder
from tidings.venue.phemex.order_gateway import PhemexOrderGateway
from tidings.venue.phemex.rate_groups import RateBudget
from tidings.venue.phemex.signing import Credentials

NOW_NS = 50_000_000_000
WALL_NS = 1_790_000_000_400_000_000
DEADLINE_NS = 1_000_000_000
INSTRUMENTS = (BTCUSD, BTCUSDT, SBTCUSDT)
LIMIT = OrderTerms(BTCUSDT, Side.BUY)


class StillLoop:
    """What a connection asks of a loop; `pass_once` runs what it wanted called."""

    def __init__(self) -> None:
        self.soon: list[Any] = []

    def add_reader(self, *_: object) -> None: ...
    def add_writer(self, *_: object) -> None: ...
    def remove_reader(self, *_: object) -> None: ...
    def remove_writer(self, *_: object) -> None: ...

    def call_soon(self, act: Any, *arguments: object) -> None:
        self.soon.append((act, arguments))

    def pass_once(self) -> None:
        calls, self.soon = self.soon, []
        for act, arguments in calls:
            act(*arguments)


class Told(Strategy):
    """Keeps (event, handle, code, text)."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, int]] = []
        self.reports: list[tuple[int, str]] = []

    def _hear(self, event: str, order: Order, report: Any) -> None:
        self.heard.append((event, order.handle))
        self.reports.append((report.code, report.text))

    def on_ack(self, order, report, now_ns):
        self._hear("ack", order, report)

    def on_reject(self, order, report, now_ns):
        self._hear("reject", order, report)

    def on_cancel(self, order, report, now_ns):
        self._hear("cancel", order, report)

    def on_unknown(self, order, report, now_ns):
        self._hear("unknown", order, report)

    def on_unsent(self, order, report, now_ns):
        self._hear("unsent", order, report)


class Wired:
    """`peers[i]` is the venue's end of lane i."""

    def __init__(self, *, lane_count: int = 1, depth_cap: int = 4, is_ready: bool = True, on_sent: Any = None) -> None:
        self.clock, self.loop, self.told = ManualClock(NOW_NS, WALL_NS), StillLoop(), Told()
        self.table = OrderTable(ClOrdIDMaker(wall_ns=WALL_NS), 256)
        risk = Risk(INSTRUMENTS, wide_limits(max_notional_e4=10**9))
        for instrument in INSTRUMENTS:
            risk.set_reference_price(instrument, 600_000 if instrument is not SBTCUSDT else 6_000_000)
        self.entry = OrderEntry(self.table, risk, Stages(), ExecIDSet())
        self.rates = RateBudget(endpoints_of("testnet"))
        self.rates.ip = self.rates.ip.__class__("ip", 5000, 300_000_000_000)
        self.gateway = PhemexOrderGateway(
            clock=self.clock, encoder=OrderEncoder("venue.test", Credentials(API_KEY, SECRET)), decoder=OrderDecoder(),
            budget=RequestBudget(self.rates, INSTRUMENTS), stages=self.entry.stages, orders=self.table,
            deadline_ns=DEADLINE_NS, expiry_s=5,
        )
        self.gateway.set_venue_clock(WALL_NS - NOW_NS)
        self.pool = LanePool(self.gateway.lane_listener, lane_count=lane_count, depth_cap=depth_cap)
        self.changes: list[tuple[int, bool]] = []
        self.gateway.plug(self.pool, self.entry, self._on_lane_change, on_sent)
        self.gateway.allow_orders(is_ready)
        self.entry.plug(self.gateway)
        self.entry.listen(self.told)
        self.ends: list[socket.socket] = []     # the engine's, of each lane
        self.peers = [self._connect(lane) for lane in self.pool]

    def _on_lane_change(self, index: int, is_up: bool, cause: Exception | None) -> None:
        self.changes.append((index, is_up))

    def _connect(self, lane: Any) -> socket.socket:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            ours = socket.create_connection(listener.getsockname())
            theirs, _ = listener.accept()
        ours.setblocking(False)
        theirs.settimeout(30)
        self.ends.append(ours)
        channel = PlainChannel(ours, "venue.test:443", self.clock)
        lane.attach(Connection(channel, lane, self.loop), NOW_NS)
        return theirs

    def submit(self, terms: OrderTerms = LIMIT, price_ticks: int = 500_000, qty_lots: int = 10) -> Order:
        order = self.entry.draft_order(terms)
        order.price_ticks, order.order_qty_lots = price_ticks, qty_lots
        result = self.entry.submit_order(order, self.clock.read_now_ns())
        assert result > 0, result
        return order

    def asked(self, lane: int = 0) -> str:
        """What the venue has got on a lane since the last look."""
        return self.peers[lane].recv(65536).decode()

    def answer(self, status: int, body: bytes | dict[str, Any], *headers: str, lane: int = 0) -> None:
        """Answer the oldest request of a lane, and let the engine read it."""
        if isinstance(body, dict):
            body = json.dumps(body).encode()
        lines = [f"HTTP/1.1 {status} Told", f"Content-Length: {len(body)}", *headers, "", ""]
        self.peers[lane].sendall("\r\n".join(lines).encode() + body)
        if self.pool.lanes[lane].connection.is_open:
            select.select([self.ends[lane]], [], [], 30)     # the kernel may pace what is sent, on loopback too
        self.pool.lanes[lane].connection.poll()
        self.loop.pass_once()

    def accept(self, order: Order, lane: int = 0, status: int = 200, **changes: object) -> None:
        row = {"bizError": 0, "orderID": f"5d1e7c02-93b4-4f6a-8c55-{order.handle:012d}", "clOrdID": order.cl_ord_id,
               "symbol": order.symbol, "side": "Buy", "ordStatus": "Created", "execStatus": "PendingNew", **changes}
        self.answer(status, {"code": 0, "msg": "", "data": row}, lane=lane)

    def cut(self, lane: int = 0) -> None:
        self.pool.lanes[lane].close(ConnectionLost("cut"))

    def close(self) -> None:
        for lane, peer in zip(self.pool, self.peers, strict=True):
            lane.close(ConnectionLost("the test is over"))
            peer.close()
