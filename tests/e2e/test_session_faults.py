"""What becomes of a request when the venue, or the way to it, misbehaves: told once, told right, never sent again."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import pytest_asyncio
from fault_server import Act, Asked, FaultServer
from session_lines import SETTLE_S, let_deadline_pass, until

import tidings
from tidings.errors import OrderRejected, OrderUnknown
from tidings.exchange.server.certificates import Certificates
from tidings.model.enums import DenyReason, OrdStatus

CANARY = "canary-s3cret-5f0c1d"


@pytest_asyncio.fixture
async def server(certificates) -> AsyncIterator[FaultServer]:
    async with FaultServer(certificates.server_context()) as running:
        yield running


class Counting(tidings.Strategy):
    """Counts what is told of each order."""

    def __init__(self) -> None:
        self.told: Counter[str] = Counter()

    def on_ack(self, order, report, now_ns):
        self.told["ack"] += 1

    def on_fill(self, order, report, now_ns):
        self.told["fill"] += 1

    def on_reject(self, order, report, now_ns):
        self.told["reject"] += 1

    def on_cancel(self, order, report, now_ns):
        self.told["cancel"] += 1

    def on_unknown(self, order, report, now_ns):
        self.told["unknown"] += 1

    def on_unsent(self, order, report, now_ns):
        self.told["unsent"] += 1


@asynccontextmanager
async def session(server: FaultServer, certificates: Certificates, **settings: Any) -> AsyncIterator[tidings.Phemex]:
    settings = {"lanes": 1, "deadline_s": SETTLE_S, "rate_limits": False, "duplicate_window_s": 1e-6, **settings}
    async with tidings.connect(
        "local", api_url=server.rest_url, ws_url=server.ws_url, ca_file=str(certificates.ca_file),
        api_key="key", api_secret=CANARY, **settings,
    ) as phemex:
        phemex.counting = Counting()
        phemex.entry.listen(phemex.counting)
        yield phemex


@pytest_asyncio.fixture
async def phemex(server, certificates) -> AsyncIterator[tidings.Phemex]:
    async with session(server, certificates) as connected:
        yield connected


def place(phemex: tidings.Phemex) -> Any:
    return phemex.limit("BTCUSDT", "buy", qty="0.01", price="50000")


async def lane_is_back(phemex: tidings.Phemex) -> None:
    await until(lambda: phemex.state.lanes_up == 1, "the reconnect")


async def fresh_lane(phemex: tidings.Phemex) -> None:
    """A lane with nothing in flight: one whose oldest answer is missing is closed, as it would be after 5 s."""
    (lane,) = phemex.engine.lanes.pool
    if lane.in_flight_count:
        lane.close(tidings.ConnectionLost("cut by the test"))
    await lane_is_back(phemex)


def silence(asked: Asked) -> None:
    """No answer ever: `silence_passes` for it."""


async def silence_passes(server: FaultServer, phemex: tidings.Phemex, asked_count: int) -> None:
    """The request of that number has come, and the deadline of its answer is over."""
    await until(lambda: len(server.asked) == asked_count, "the request")
    let_deadline_pass(phemex)


def raw(data: bytes, *, then_cut: bool = False) -> Act:
    def act(asked: Asked) -> None:
        asked.writer.write(data)
        if then_cut:
            asked.writer.close()

    return act


def answer(status: int, body: bytes, *headers: str) -> Act:
    return lambda asked: asked.answer(status, body, *headers)


HTML = b"<html><body>Bad gateway</body></html>"
UNKNOWN_ACTS = {
    "no answer": silence,
    "500": answer(500, b""),
    "502 with HTML": answer(502, HTML),
    "503 with a refusal in it": answer(503, b'{"code":11001,"msg":"TE_NO_ENOUGH_AVAILABLE_BALANCE","data":null}'),
    "504 with a success in it": answer(504, b'{"code":0,"msg":"","data":{"orderID":"x"}}'),
    "408": answer(408, b'{"code":11001,"msg":"","data":null}'),
    "404 with a success in it": answer(404, b'{"code":0,"msg":"","data":null}'),
    "200 with HTML": answer(200, HTML),
    "200 with nothing": answer(200, b""),
    "200 with an array": answer(200, b"[]"),
    "200 without a code": answer(200, b'{"data":{"clOrdID":"x"}}'),
    "200 without an order": answer(200, b'{"code":0,"msg":"","data":null}'),
    "200 nested too deep": answer(200, b"[" * 5000),
    "garbage": raw(b"\x00\xff\x16\x03garbage\r\n\r\n"),
    "a body cut short": raw(b'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"code":0', then_cut=True),
    "a head cut short": raw(b"HTTP/1.1 200 OK\r\nContent-Le", then_cut=True),
    "closed without an answer": lambda asked: asked.writer.close(),
    "reset without an answer": Asked.cut,
    "a body without an end": raw(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n{"),
    "a head without an end": raw(b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 100_000),
    "two lengths": raw(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}"),
    "a redirect": answer(307, b"", "Location: https://127.0.0.1:1/g-orders/create"),
    "an unknown code": lambda asked: asked.refuse(55_555, "SOMETHING NEW"),
    "a duplicate of our only send": lambda asked: asked.refuse(11085, "TE_CL_ORD_ID_DUPLICATE"),
    "another order's reply": lambda asked: asked.accept(clOrdID="somebody-elses"),
    "another symbol's reply": lambda asked: asked.accept(symbol="ETHUSDT"),
}


@pytest.mark.parametrize("act", UNKNOWN_ACTS.values(), ids=UNKNOWN_ACTS.keys())
async def test_a_create_without_a_clean_answer_is_unknown_and_never_sent_again(server, phemex, act):
    server.acts.append(act)
    order = place(phemex)
    if act is silence:
        await silence_passes(server, phemex, 1)
    with pytest.raises(OrderUnknown, match="may be live"):
        await order.accepted()
    assert order.status == OrdStatus.UNKNOWN
    assert [order.handle for order in phemex.open_orders()] == [order.handle]
    await fresh_lane(phemex)
    await place(phemex).accepted()
    assert [asked.cl_ord_id for asked in server.asked].count(order.cl_ord_id) == 1
    assert phemex.counting.told == {"unknown": 1, "ack": 1}


REFUSALS = {
    "a business code": (lambda asked: asked.refuse(11001, "TE_NO_ENOUGH_AVAILABLE_BALANCE"), 11001),
    "a business code in a 400": (lambda asked: asked.refuse(39108, "INVALID_PARAMETER", 400), 39108),
    "a code inside the order": (lambda asked: asked.accept(bizError=11006), 11006),
    "401 without a body": (answer(401, b""), 401),
    "401 with the venue's body": (answer(401, b'{"msg":"API Signature verification failed.","code":10500}'), 10500),
    "403": (answer(403, HTML), 403),
    "429": (answer(429, b""), 39995),
}


@pytest.mark.parametrize(("act", "code"), REFUSALS.values(), ids=REFUSALS.keys())
async def test_a_refusal_is_told_with_code_name_and_meaning(server, phemex, act, code):
    server.acts.append(act)
    order = place(phemex)
    with pytest.raises(OrderRejected) as caught:
        await order.accepted()
    assert caught.value.code == code
    assert caught.value.name
    assert caught.value.meaning
    assert order.status == OrdStatus.REJECTED
    assert phemex.counting.told == {"reject": 1}
    assert len(server.asked) == 1


async def test_a_late_answer_resolves_an_unknown_order(server, phemex):
    server.acts.append(silence)
    order = place(phemex)
    await silence_passes(server, phemex, 1)
    with pytest.raises(OrderUnknown):
        await order.accepted()
    server.asked[0].accept()
    await until(lambda: order.status == OrdStatus.NEW, "the late answer")
    await order.accepted()
    assert phemex.counting.told == {"unknown": 1, "ack": 1}


async def test_a_late_answer_that_knows_no_better_is_not_told_twice(server, phemex):
    server.acts.append(silence)
    order = place(phemex)
    await silence_passes(server, phemex, 1)
    with pytest.raises(OrderUnknown):
        await order.accepted()
    server.asked[0].answer(500, b"")
    (lane,) = phemex.engine.lanes.pool
    await until(lambda: lane.in_flight_count == 0, "the late answer")
    assert order.status == OrdStatus.UNKNOWN
    assert phemex.counting.told == {"unknown": 1}


async def test_the_account_stream_resolves_an_unknown_order(server, phemex):
    server.acts.append(Asked.cut)
    order = place(phemex)
    with pytest.raises(OrderUnknown):
        await order.accepted()
    server.tell(order.cl_ord_id, server.asked[0].order_id)
    await until(lambda: order.status == OrdStatus.NEW, "the stream's word")
    assert phemex.counting.told == {"unknown": 1, "ack": 1}


async def test_a_fill_may_come_before_the_ack_and_twice(server, phemex):
    fill = {"ordStatus": "Filled", "execStatus": "TakerFill", "cumQty": "0.01", "leavesQty": "0", "execQty": "0.01",
            "execPriceRp": "50000", "tradeType": "Trade", "execID": "0f3a9c1e-77b2-5d41-9c08-6a5e4d3c2b1a"}

    def fill_first(asked: Asked) -> None:
        server.tell(asked.cl_ord_id, asked.order_id, **fill)
        server.tell(asked.cl_ord_id, asked.order_id, **fill)
        asyncio.get_running_loop().call_later(0.05, asked.accept)

    server.acts.append(fill_first)
    order = place(phemex)
    await order.done()
    assert (order.status, str(order.cum_qty), str(order.avg_px)) == (OrdStatus.FILLED, "0.01", "50000.0")
    await until(lambda: phemex.engine.lanes.pool.in_flight_total() == 0)
    assert phemex.counting.told == {"ack": 1, "fill": 1}
    assert phemex.engine.positions.of("BTCUSDT").net_qty_lots == 10


async def test_a_shifted_answer_closes_the_lane_and_nothing_is_taken_from_it(server, phemex):
    held: list[Asked] = []
    server.acts.extend([held.append] * 3)
    orders = [place(phemex) for _ in range(3)]
    await until(lambda: len(held) == 3)
    held[1].accept()        # the second's answer where the first's is due
    for order in orders:
        with pytest.raises(OrderUnknown):
            await order.accepted()
    assert phemex.engine.gateway.mismatch_count == 1
    assert phemex.counting.told == {"unknown": 3}
    await lane_is_back(phemex)
    assert len(server.asked) == 3


async def test_answers_before_the_peers_goodbye_count_and_those_behind_are_unknown(server, phemex):
    held: list[Asked] = []
    server.acts.extend([held.append] * 3)
    first, second, third = (place(phemex) for _ in range(3))
    await until(lambda: len(held) == 3)
    held[0].accept()
    held[1].accept("Connection: close")
    held[2].accept()        # on a connection said to be over
    await first.accepted()
    await second.accepted()
    with pytest.raises(OrderUnknown):
        await third.accepted()
    assert phemex.counting.told == {"ack": 2, "unknown": 1}


async def test_what_the_kernel_never_had_was_not_sent(server, phemex):
    (lane,) = phemex.engine.lanes.pool
    with phemex.batch():
        order = place(phemex)
        lane.close(tidings.ConnectionLost("cut by the test"))
        await asyncio.sleep(0)
    with pytest.raises(tidings.OrderNotSent, match="never left whole"):
        await order.accepted()
    assert order.status == OrdStatus.UNSENT
    assert phemex.counting.told == {"unsent": 1}
    await lane_is_back(phemex)
    await asyncio.sleep(0.02)
    assert server.asked == []


async def test_an_answer_nobody_asked_for_closes_an_idle_lane(server, phemex, caplog):
    await place(phemex).accepted()
    connections = server.connection_count
    server.asked[0].accept()
    await until(lambda: server.connection_count > connections, "the new connection")
    await lane_is_back(phemex)
    (down,) = [record.getMessage() for record in caplog.records if " is down: " in record.getMessage()]
    assert "bytes came that no request had asked for" in down
    await place(phemex).accepted()
    assert phemex.counting.told == {"ack": 2}


@pytest.mark.parametrize("act", [answer(500, b""), silence, Asked.cut], ids=["500", "silence", "cut"])
async def test_a_cancel_without_a_clean_answer_is_unknown_and_may_be_asked_again(server, phemex, act):
    order = await place(phemex).accepted()
    server.tell(order.cl_ord_id, server.asked[0].order_id)
    server.acts.append(act)
    cancelling = asyncio.ensure_future(order.cancel())
    if act is silence:
        await silence_passes(server, phemex, 2)
    with pytest.raises(OrderUnknown, match="cancel"):
        await cancelling
    assert not order.is_done
    await fresh_lane(phemex)
    server.acts.append(lambda asked: asked.refuse(11063, "TE_ORDER_STATUS_NOT_CANCELABLE"))
    with pytest.raises(tidings.OrderDone):
        await order.cancel()


async def test_an_unknown_amend_leaves_the_order_as_it_was(server, phemex):
    order = await place(phemex).accepted()
    server.acts.append(answer(502, HTML))
    with pytest.raises(OrderUnknown, match="amend"):
        await order.amend(price="50001")
    assert str(order.price) == "50000"
    assert phemex.amend(order.handle, price_ticks=500_020) == -DenyReason.REQUEST_PENDING
    server.tell(order.cl_ord_id, server.asked[0].order_id, action="Replace", execStatus="Replaced", priceRp="50001")
    await until(lambda: str(order.price) == "50001")
    assert not order.order.is_amend_pending


@pytest.mark.parametrize(
    ("act", "told"),
    [
        (lambda asked: asked.refuse(10002, "OM_ORDER_NOT_FOUND"), "reject"),
        (answer(429, b""), "reject"),
        (answer(500, b""), "unknown"),
        (answer(200, b'{"code":0,"msg":"","data":[]}'), "reject"),
        (silence, "unknown"),
        (Asked.cut, "unknown"),
    ],
    ids=["10002", "429", "500", "none of them", "silence", "cut"],
)
async def test_a_bulk_cancel_ends_once_for_each_of_its_orders(server, phemex, act, told):
    orders = [await place(phemex).accepted() for _ in range(3)]
    phemex.counting.told.clear()
    server.acts.append(act)
    assert phemex.cancel_many(order.handle for order in orders) == 0
    if act is silence:
        await silence_passes(server, phemex, 4)
    await until(lambda: phemex.counting.told[told] == 3)
    await until(lambda: not any(order.order.is_cancel_pending for order in orders))
    assert phemex.counting.told == {told: 3}
    assert len(server.asked) == 4


@pytest.mark.parametrize("headers", [("x-ratelimit-retry-after-CONTRACT: 3",), ()], ids=["told when", "not told"])
async def test_after_a_429_nothing_more_is_sent(server, certificates, headers):
    async with session(server, certificates, rate_limits=True) as phemex:
        server.acts.append(answer(429, b"", *headers))
        with pytest.raises(OrderRejected) as caught:
            await place(phemex).accepted()
        assert caught.value.code == 39995
        with pytest.raises(tidings.OrderDenied) as denied:
            place(phemex)
        assert denied.value.reason == "RATE_LIMIT"
        assert len(server.asked) == 1


async def test_expiries_are_on_the_venues_clock(certificates):
    async with (
        FaultServer(certificates.server_context(), clock_ahead_s=86_400) as server,
        session(server, certificates, expiry_s=5) as phemex,
    ):
        await place(phemex).accepted()
        expiry_s = int(server.asked[0].headers["x-phemex-request-expiry"])
        assert 4 <= expiry_s - 86_400 - time.time() <= 7


async def test_a_wait_ends_with_the_session(server, certificates):
    async with session(server, certificates) as phemex:
        order = await place(phemex).accepted()
        waiting = asyncio.create_task(order.done())
        reading = asyncio.create_task(_all_reports(order))
        await asyncio.sleep(0)
    with pytest.raises(tidings.ConnectionLost, match="the session ended"):
        await waiting
    assert len(await reading) == 1
    with pytest.raises(tidings.ConnectionLost, match="the session is over"):
        await order.done()


async def _all_reports(order: Any) -> list[Any]:
    return [report async for report in order.reports()]
