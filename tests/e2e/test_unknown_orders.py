"""Orders of unknown fate against a real exchange: found there, or proved never to have been. Nothing is sent twice."""

import asyncio
from decimal import Decimal

import pytest
from session_lines import COIN_M, USD_M, Line, every_line, placed, until

import tidings
from tidings.engine.ports import PythonGateway
from tidings.model.enums import DenyReason, ExecType, OrdStatus, ReportSource, RequestKind
from tidings.model.execution_report import report_of

# Expiry 1 s + margin 2 s + two answers apart, on a machine that may be busy.
PROOF_LIMIT_S = 60  # a busy machine


class LossyVenue:
    """A gateway that says it sent, and sends nothing: a request lost behind the kernel."""

    def take(self, kind, order, now_ns):
        return DenyReason.NONE

    def send_new(self, order, now_ns):
        return DenyReason.NONE

    send_amend = send_cancel = send_cancel_many = prepare = lambda self, *_: DenyReason.NONE


def lose(phemex: tidings.Phemex, order, kind: RequestKind) -> None:
    """The answer to a request is lost: what the gateway would say at its deadline."""
    now_ns = phemex.engine.clock.read_now_ns()
    report = report_of(
        ExecType.UNKNOWN, ReportSource.LOCAL, now_ns, handle=order.handle, request_kind=kind, text="lost by the test"
    )
    phemex.entry.take_report(report, now_ns)


@every_line
async def test_an_order_lost_on_the_way_is_proved_absent_after_its_expiry(quiet_exchange, open_session, line: Line):
    phemex = await open_session(quiet_exchange, expiry_s=1)
    phemex.entry.plug(PythonGateway(LossyVenue()))
    order = phemex.limit(line.symbol, "buy", qty=line.qty, price=line.low)
    phemex.entry.plug(phemex.engine.gateway)
    lose(phemex, order.order, RequestKind.NEW)
    assert order.status == OrdStatus.UNKNOWN
    await asyncio.wait_for(until_resolved(order), PROOF_LIMIT_S)
    assert order.status == OrdStatus.REJECTED
    last = [report async for report in order.reports()][-1]
    assert (last.reconciled, last.exec_type) == (True, ExecType.REJECTED)
    with pytest.raises(tidings.OrderRejected, match="not found twice"):
        await order.accepted()


@every_line
async def test_an_order_whose_reply_and_stream_report_are_lost_is_found(quiet_exchange, open_session, line: Line):
    owner = await open_session(quiet_exchange)
    live = await placed(owner, line)
    # The same order as a session sees it that heard nothing of it: sent, and no answer.
    row = await owner.engine.queries.find_order(owner.instrument(line.symbol), live.cl_ord_id)
    assert row is not None
    assert await owner.engine.queries.find_order(owner.instrument(line.symbol), "T-never-sent") is None
    await live.cancel()
    await until(lambda: live.is_done)
    assert await owner.engine.queries.find_order(owner.instrument(line.symbol), live.cl_ord_id) is not None


@pytest.mark.parametrize("line", [COIN_M, USD_M], ids=["COIN-M", "USD-M"])
async def test_an_amend_lost_on_the_way_frees_the_order_for_the_next(quiet_exchange, open_session, line: Line):
    phemex = await open_session(quiet_exchange, expiry_s=1, deadline_s=0.2)
    order = await placed(phemex, line)
    await until(lambda: order.order.venue_time_ns > 0)
    phemex.entry.plug(PythonGateway(LossyVenue()))
    assert phemex.amend(order.handle, price_ticks=order.order.price_ticks - 10) == 0
    phemex.entry.plug(phemex.engine.gateway)
    lose(phemex, order.order, RequestKind.AMEND)
    assert order.order.is_amend_pending
    async with asyncio.timeout(PROOF_LIMIT_S):
        while order.order.is_amend_pending:
            await asyncio.sleep(0.05)
    assert order.status == OrdStatus.NEW
    assert order.price == Decimal(line.low)
    await order.amend(price=line.at("0.9", 5))
    assert order.price == Decimal(line.at("0.9", 5))


async def until_resolved(order) -> None:
    while order.status == OrdStatus.UNKNOWN:
        await asyncio.sleep(0.05)
