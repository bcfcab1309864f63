"""What the stream does not tell, the venue's lists do: found by itself, told once, and never guessed."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from fault_server import NIL, Asked, FaultServer, Row
from session_lines import (
    SETTLE_S,
    SPOT,
    USD_M,
    Line,
    contract_line,
    every_line,
    let_deadline_pass,
    placed,
    trade_back,
    until,
)
from test_unknown_orders import LossyVenue

import tidings
from tidings.engine.ports import PythonGateway
from tidings.exchange.server.certificates import Certificates
from tidings.model.enums import ExecType, OrdStatus, ReportSource, RequestKind
from tidings.model.execution_report import report_of

INTERVAL_S = 0.5


class Hearing(tidings.Strategy):
    """Keeps (callback, reconciled) of every order event."""

    def __init__(self) -> None:
        self.told: list[tuple[str, bool]] = []

    def on_ack(self, order, report, now_ns):
        self.told.append(("ack", report.reconciled))

    def on_fill(self, order, report, now_ns):
        self.told.append(("fill", report.reconciled))

    def on_cancel(self, order, report, now_ns):
        self.told.append(("cancel", report.reconciled))

    def on_reject(self, order, report, now_ns):
        self.told.append(("reject", report.reconciled))

    def on_unknown(self, order, report, now_ns):
        self.told.append(("unknown", report.reconciled))


@pytest_asyncio.fixture
async def server(certificates) -> AsyncIterator[FaultServer]:
    async with FaultServer(certificates.server_context()) as running:
        yield running


def session(server: FaultServer, certificates: Certificates, **settings: Any) -> tidings.Phemex:
    common = {"lanes": 1, "deadline_s": SETTLE_S, "rate_limits": False, "reconcile_interval_s": INTERVAL_S}
    return tidings.connect(
        "local", api_url=server.rest_url, ws_url=server.ws_url, ca_file=str(certificates.ca_file),
        api_key="key", api_secret="secret", **common | settings,
    )  # fmt: skip


@pytest_asyncio.fixture
async def phemex(server, certificates) -> AsyncIterator[tidings.Phemex]:
    async with session(server, certificates) as connected:
        connected.hearing = Hearing()
        connected.entry.listen(connected.hearing)
        yield connected


def place(phemex: tidings.Phemex, qty: str = "0.01") -> Any:
    return phemex.limit("BTCUSDT", "buy", qty=qty, price="50000")


def order_row(asked: Asked, status: str, cum_qty: str = "0", **changes: object) -> Row:
    """A row of the open or done USD-M orders (phemex docs 2026, "Query open orders", "Query closed orders")."""
    return {
        "orderID": asked.order_id, "clOrdID": asked.cl_ord_id, "symbol": "BTCUSDT", "side": "Buy", "ordType": "Limit",
        "priceRp": "50000", "orderQtyRq": asked.fields["orderQtyRq"], "cumQtyRq": cum_qty, "ordStatus": status,
        "transactTimeNs": time.time_ns(), **changes,
    }  # fmt: skip


def trade_row(order_id: str, cl_ord_id: str, qty: str, **changes: object) -> Row:
    """A row of the USD-M executions (phemex docs 2026, "Query user trade")."""
    return {
        "transactTimeNs": time.time_ns(), "symbol": "BTCUSDT", "currency": "USDT", "action": "New", "side": "Buy",
        "posSide": "Merged", "tradeType": "Trade", "execQtyRq": qty, "execPriceRp": "50000", "execFeeRv": "0.01",
        "execID": str(uuid.uuid4()), "orderID": order_id, "clOrdID": cl_ord_id, "execStatus": "MakerFill", **changes,
    }  # fmt: skip


def position_row(size: str, side: str = "Buy") -> Row:
    return {"symbol": "BTCUSDT", "currency": "USDT", "posMode": "OneWay", "posSide": "Merged", "side": side,
            "size": size, "transactTimeNs": time.time_ns()}


def stream_fill(trade: Row, asked: Asked, cum_qty: str, status: str = "PartiallyFilled") -> Row:
    """The same execution as the stream tells it."""
    return {
        "action": "New", "clOrdID": asked.cl_ord_id, "orderID": asked.order_id, "symbol": "BTCUSDT", "side": "Buy",
        "ordStatus": status, "execStatus": "MakerFill", "ordType": "Limit", "priceRp": "50000",
        "orderQty": asked.fields["orderQtyRq"], "cumQty": cum_qty, "execID": trade["execID"],
        "execQty": trade["execQtyRq"], "execPriceRp": "50000", "code": 0, "tradeType": "Trade",
        "transactTimeNs": trade["transactTimeNs"], "message": "No error",
    }  # fmt: skip


async def test_silent_stream(server, phemex):
    """Socket and heartbeat fine, frames missing (LEAN, 2026): the lists tell, once, and the stream's late word is no
    second execution.
    """
    order = await place(phemex).accepted()
    asked = server.asked[0]
    trade = trade_row(asked.order_id, asked.cl_ord_id, "0.01")
    server.trade_rows, server.closed_rows = [trade], [order_row(asked, "Filled", "0.01")]
    began_s = time.monotonic()
    await until(lambda: order.is_done, "the fill from the lists")
    assert time.monotonic() - began_s < 2 * INTERVAL_S + 3
    assert (order.status, str(order.cum_qty), str(order.avg_px)) == (OrdStatus.FILLED, "0.01", "50000.0")
    server.tell(asked.cl_ord_id, asked.order_id, **stream_fill(trade, asked, "0.01", "Filled"))
    await until(lambda: phemex.entry.duplicate_count >= 1)
    assert phemex.hearing.told == [("ack", False), ("fill", True)]
    assert phemex.position("BTCUSDT").net_qty_lots == 10
    assert len(server.asked) == 1


async def test_an_ack_that_only_the_open_list_tells(server, phemex):
    server.acts.append(lambda asked: None)
    order = place(phemex)
    await until(lambda: server.asked)
    let_deadline_pass(phemex)
    server.open_rows = [order_row(server.asked[0], "New")]
    await until(lambda: order.status == OrdStatus.NEW, "the list")
    assert phemex.hearing.told == [("unknown", False), ("ack", True)]


async def test_a_cancel_by_another_hand_that_the_stream_left_out(server, phemex):
    order = await place(phemex).accepted()
    server.closed_rows = [order_row(server.asked[0], "Canceled")]
    await until(lambda: order.is_done, "the cancel")
    assert phemex.hearing.told == [("ack", False), ("cancel", True)]


async def test_a_gap_longer_than_the_snapshot_is_filled_from_the_lists(server, phemex):
    """150 fills while the stream was down; the venue's snapshot holds the newest 100."""
    order = await place(phemex, qty="0.15").accepted()
    asked = server.asked[0]
    trades = [trade_row(asked.order_id, asked.cl_ord_id, "0.001") for _ in range(150)]
    server.trade_rows, server.closed_rows = trades[::-1], [order_row(asked, "Filled", "0.15")]
    server.snapshot_rows = [
        stream_fill(trade, asked, f"{count / 1000}") for count, trade in enumerate(trades[50:], start=51)
    ]
    await server.streams[0].close()
    await until(lambda: order.is_done and phemex.state.is_ready, "the reconnect")
    await until(lambda: len(phemex.hearing.told) == 151)
    assert phemex.hearing.told.count(("fill", True)) == 150  # from snapshot or list: learnt, not as it happened
    assert (order.status, order.order.trade_count, order.order.traded_qty_lots) == (OrdStatus.FILLED, 150, 150)


async def test_a_symbol_takes_orders_only_after_a_clean_comparison(server, phemex):
    await place(phemex).accepted()
    asked = server.asked[0]
    server.open_rows = [order_row(asked, "New")]
    server.query_act = lambda asked: asked.answer(503, b"<html>")
    await server.streams[0].close()
    await until(lambda: not phemex.state.is_ready)
    await until(lambda: phemex.state.is_ready, "the reconnect")
    assert list(phemex.state.symbols) == ["BTCUSDT"]
    assert "comparing its orders" in phemex.state.reason_for("BTCUSDT")
    with pytest.raises(tidings.OrderDenied, match=r"NOT_READY.*comparing its orders") as denied:
        place(phemex)
    assert denied.value.reason == "NOT_READY"
    server.query_act = None
    await until(lambda: not phemex.state.symbols, "a clean comparison")
    await place(phemex).accepted()


async def test_an_order_neither_open_nor_known_there_halts_its_symbol_until_it_is(server, phemex):
    order = await place(phemex).accepted()
    await until(lambda: "neither lists it nor knows" in phemex.state.reason_for("BTCUSDT"), "the halt")
    assert order.status == OrdStatus.NEW  # never guessed
    with pytest.raises(tidings.OrderDenied, match="HALTED"):
        place(phemex)
    server.closed_rows = [order_row(server.asked[0], "Canceled")]
    await until(lambda: order.is_done and not phemex.state.symbols, "the end")
    await place(phemex).accepted()


async def test_a_position_that_executions_do_not_explain_halts_its_symbol(server, certificates):
    server.position_rows = [position_row("0.5")]
    async with session(server, certificates) as phemex:
        assert phemex.position("BTCUSDT").net_qty_lots == 500
        server.position_rows = [position_row("0.3")]
        await until(lambda: phemex.state.symbols, "the halt")
        reason = phemex.state.reason_for("BTCUSDT")
        assert "the venue holds 300 lots" in reason and "executions make 500" in reason
        with pytest.raises(tidings.OrderDenied, match=r"HALTED.*300 lots"):
            place(phemex)
        assert server.asked == []  # nothing is traded to mend it
        phemex.accept_position("BTCUSDT")
        assert phemex.position("BTCUSDT").net_qty_lots == 300
        await place(phemex).accepted()


async def test_executions_by_hand_and_liquidations_explain_a_position(server, certificates):
    server.position_rows = [position_row("0.5")]
    async with session(server, certificates) as phemex:
        by_hand = trade_row(str(uuid.uuid4()), "by-hand", "0.1", side="Sell")
        liquidated = trade_row(str(uuid.uuid4()), "", "0.1", side="Sell", tradeType="LiqTrade")
        server.trade_rows, server.position_rows = [liquidated, by_hand], [position_row("0.3")]
        await until(lambda: phemex.position("BTCUSDT").external_qty_lots == -200, "the executions")
        assert phemex.position("BTCUSDT").net_qty_lots == 300
        await asyncio.sleep(2 * INTERVAL_S)
        assert phemex.state.symbols == {}


async def test_foreign_orders_are_shown_and_not_touched(server, certificates):
    strange = {
        "action": "New", "clOrdID": "by-hand", "orderID": str(uuid.uuid4()), "symbol": "BTCUSDT", "side": "Sell",
        "ordStatus": "New", "execStatus": "New", "ordType": "Limit", "priceRp": "70000", "orderQty": "0.02",
        "cumQty": "0", "execID": NIL, "execQty": "0", "code": 0, "transactTimeNs": 1, "message": "No error",
    }  # fmt: skip
    server.snapshot_rows = [strange]
    server.open_rows = [{**strange, "orderQtyRq": "0.02", "cumQtyRq": "0"}]
    async with session(server, certificates) as phemex:
        (order,) = phemex.foreign_orders()
        assert (order.cl_ord_id, order.order_qty_lots, order.ord_status) == ("by-hand", 20, OrdStatus.NEW)
        assert not order.is_of_tidings
        server.open_rows = []
        await asyncio.sleep(3)
        assert phemex.foreign_orders() == [order]  # a list may be older than the one that showed it
        await until(lambda: phemex.foreign_orders() == [], "the list")
    assert server.asked == []


async def test_timeout_then_resend(server, phemex):
    """A time-out, and an order that has filled: nothing is sent again, the fill is found (catalyst #317)."""
    server.acts.append(lambda asked: None)
    order = place(phemex)
    await until(lambda: server.asked)
    let_deadline_pass(phemex)
    asked = server.asked[0]
    server.trade_rows = [trade_row(asked.order_id, asked.cl_ord_id, "0.01")]
    server.closed_rows = [order_row(asked, "Filled", "0.01")]
    await until(lambda: order.is_done, "the resolution")
    assert phemex.hearing.told == [("unknown", False), ("ack", True), ("fill", True)]
    await asyncio.sleep(2 * INTERVAL_S)
    assert [each.cl_ord_id for each in server.asked] == [order.cl_ord_id]


async def test_retry_after_accept(server, phemex):
    """An unknown create, and the accept arrives on the stream: nothing is left to fire later (nautilus #4215)."""
    server.acts.append(lambda asked: asked.answer(503, b""))
    order = place(phemex)
    with pytest.raises(tidings.OrderUnknown):
        await order.accepted()
    server.open_rows = [order_row(server.asked[0], "New")]
    server.tell(order.cl_ord_id, server.asked[0].order_id)
    await until(lambda: order.status == OrdStatus.NEW)
    await asyncio.sleep(2 * INTERVAL_S)
    assert phemex.hearing.told == [("unknown", False), ("ack", False)]
    assert len(server.asked) == 1


async def test_a_process_that_stood_still_compares_before_it_trades(server, phemex):
    await place(phemex).accepted()
    server.query_act = lambda asked: None
    phemex.engine.venue_clock._last_tick_ns -= 10_000_000_000
    await until(lambda: "stood still" in phemex.state.reason_for("BTCUSDT"), "the comparison")
    server.query_act = None


# ---- Against a real exchange, on every line --------------------------------------------------------------------------


@every_line
async def test_silent_stream_on_every_line(quiet_exchange, open_session, line: Line):
    """The stream says nothing at all of a fill, a resting order and a cancel; all three are found within 10 s."""
    phemex = await open_session(quiet_exchange, reconcile_interval_s=1.0)
    other = await open_session(quiet_exchange, account=1)
    phemex.entry.listen(hearing := Hearing())
    phemex.engine.account._feed._decode = lambda message, now_ns: True
    before_lots = phemex.position(line.symbol).net_qty_lots
    resting = await phemex.limit(line.symbol, "buy", qty=line.qty, price=line.low).accepted()
    filled = await phemex.limit(line.symbol, "buy", qty=line.qty, price=line.at("0.99")).accepted()
    cancelled = await phemex.limit(line.symbol, "buy", qty=line.qty, price=line.at("0.8")).accepted()
    await other.limit(line.symbol, "sell", qty=line.qty, price=line.at("0.99"), tif="IOC").done()
    await phemex.engine.queries.cancel(phemex.instrument(line.symbol), cancelled.cl_ord_id)
    async with asyncio.timeout(10):
        while not (filled.is_done and cancelled.is_done):
            await asyncio.sleep(0.05)
    assert (filled.status, cancelled.status, resting.status) == (OrdStatus.FILLED, OrdStatus.CANCELED, OrdStatus.NEW)
    assert hearing.told.count(("fill", True)) == filled.order.trade_count == 1
    assert hearing.told.count(("cancel", True)) == 1
    assert filled.order.traded_qty_lots == filled.order.order_qty_lots
    assert phemex.position(line.symbol).net_qty_lots - before_lots == filled.order.order_qty_lots
    assert phemex.state.symbols == {}
    if line is SPOT:
        told = {row["currency"]: row["balanceEv"] for row in await phemex.engine.queries.wallets()}
        await until(lambda: phemex.engine.account.wallets["BTC"] == told["BTC"], "the balance")
    await trade_back(phemex, other)


@every_line
async def test_orders_of_another_program_are_shown_on_every_line(quiet_exchange, open_session, line: Line):
    theirs = await open_session(quiet_exchange)
    order = await placed(theirs, line)
    phemex = await open_session(quiet_exchange)
    (shown,) = [each for each in phemex.foreign_orders() if each.cl_ord_id == order.cl_ord_id]
    assert (shown.symbol, shown.order_qty_lots, shown.is_of_tidings) == (line.symbol, order.order.order_qty_lots, True)
    assert shown.price_ticks == order.order.price_ticks
    await order.cancel()
    await until(lambda: not phemex.foreign_orders(), "the cancel")


@contract_line
async def test_a_position_moved_by_another_program_is_counted(quiet_exchange, open_session, line: Line):
    phemex = await open_session(quiet_exchange, reconcile_interval_s=0.5)
    theirs = await open_session(quiet_exchange)
    other = await open_session(quiet_exchange, account=1)
    before_lots = phemex.position(line.symbol).net_qty_lots
    bid = await theirs.limit(line.symbol, "buy", qty=line.qty, price=line.price).accepted()
    await other.limit(line.symbol, "sell", qty=line.qty, price=line.price, tif="IOC").done()
    await until(lambda: phemex.position(line.symbol).net_qty_lots != before_lots, "the execution")
    assert phemex.position(line.symbol).net_qty_lots - before_lots == bid.order.order_qty_lots
    await asyncio.sleep(1.5)
    assert phemex.state.symbols == {}
    await trade_back(theirs, other)


async def test_five_hundred_unknown_orders_cost_a_handful_of_questions(quiet_exchange, open_session):
    """R5: they are found in two lists, and the rate budget keeps the cancels' share."""
    phemex = await open_session(quiet_exchange, expiry_s=1, rate_limits=True, max_open_orders=1000)
    instrument = phemex.instrument(USD_M.symbol)
    phemex.entry.plug(PythonGateway(LossyVenue()))
    bid = phemex.arm(USD_M.symbol, "buy")
    price_ticks, lots = phemex.on_grid(instrument, USD_M.low, USD_M.qty)
    orders = [phemex.order(bid.fire(price_ticks, lots)) for _ in range(500)]
    phemex.entry.plug(phemex.engine.gateway)
    for order in orders:
        now_ns = phemex.engine.clock.read_now_ns()
        phemex.entry.take_report(
            report_of(ExecType.UNKNOWN, ReportSource.LOCAL, now_ns, handle=order.handle, request_kind=RequestKind.NEW),
            now_ns,
        )
    await until(lambda: "500 orders of unknown fate" in phemex.state.reason_for(USD_M.symbol), "the halt")
    async with asyncio.timeout(15):
        while phemex.state.unknown_orders:
            await asyncio.sleep(0.05)
    assert {order.status for order in orders} == {OrdStatus.REJECTED}
    assert phemex.engine.truth.inquiry.question_count < 20
    await until(lambda: not phemex.state.symbols)


async def test_a_cancel_accepted_and_never_heard_of_again_may_be_asked_again(server, certificates):
    async with session(server, certificates, deadline_s=1.0) as phemex:  # asked about half a second behind it
        phemex.entry.listen(hearing := Hearing())
        order = await place(phemex).accepted()
        asked = server.asked[0]
        server.open_rows = [order_row(asked, "New")]
        assert phemex.cancel(order.handle) == 0
        assert order.order.is_cancel_pending
        async with asyncio.timeout(10):
            while order.order.is_cancel_pending:
                await asyncio.sleep(0.05)
        assert hearing.told == [("ack", False), ("reject", True)]
        assert phemex.cancel(order.handle) == 0
