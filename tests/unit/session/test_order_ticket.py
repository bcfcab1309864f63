"""What who awaits an order is told: by a state and no event, of a request that ends without a number, at the end."""

import asyncio
from types import SimpleNamespace

import pytest
from engine_samples import NOW_NS, Path
from order_samples import LIMIT, said

from tidings.errors import ConnectionLost, OrderRejected, OrderUnknown
from tidings.model.enums import ExecType, OrdStatus, ReportSource, RequestKind
from tidings.session.order_ticket import OrderTicket

PATIENCE_S = 30  # a busy machine
REJECTED_ROW = {"ord_status": OrdStatus.REJECTED, "reconciled": True}


class Session:
    """In place of Phemex: an order path, and nothing that ends."""

    def __init__(self):
        self.path, self.waiting, self.engine = Path(), set(), SimpleNamespace(is_open=True)
        self.entry = self.path.entry

    def cancel(self, handle):
        return self.entry.cancel_order(self.entry.orders.find(handle), NOW_NS)

    def amend(self, handle, price_ticks, qty_lots):
        return self.entry.amend_order(self.entry.orders.find(handle), price_ticks, qty_lots, NOW_NS)

    def on_grid(self, instrument, price, qty):
        return int(price), 0

    def ticket(self):
        return OrderTicket(self, self.path.submit(LIMIT))

    def hear(self, ticket, exec_type, source=ReportSource.STREAM, **fields):
        self.path.hear(said(exec_type, source, handle=ticket.handle, **fields))

    def lose(self, ticket):
        self.hear(ticket, ExecType.UNKNOWN, ReportSource.LOCAL, request_kind=RequestKind.NEW)


@pytest.fixture
def session():
    return Session()


async def awaited(coroutine):
    """A task that waits already."""
    task = asyncio.create_task(coroutine)
    await asyncio.sleep(0)
    return task


@pytest.mark.parametrize("source", [ReportSource.QUERY, ReportSource.SNAPSHOT])
@pytest.mark.parametrize("wait", ["accepted", "done"])
async def test_a_row_that_shows_the_order_rejected_is_no_acceptance(session, source, wait):
    ticket = session.ticket()
    waiting = await awaited(getattr(ticket, wait)())
    session.hear(ticket, ExecType.STATUS, source, code=11001, **REJECTED_ROW)
    with pytest.raises(OrderRejected) as raised:
        await asyncio.wait_for(waiting, PATIENCE_S)
    assert (raised.value.code, raised.value.name) == (11001, "TE_NO_ENOUGH_AVAILABLE_BALANCE")
    with pytest.raises(OrderRejected):
        await getattr(ticket, wait)()


@pytest.mark.parametrize("wait", ["accepted", "done"])
async def test_what_was_unknown_and_is_shown_rejected_is_not_called_unknown_any_more(session, wait):
    ticket = session.ticket()
    session.lose(ticket)
    with pytest.raises(OrderUnknown):
        await getattr(ticket, wait)()
    session.hear(ticket, ExecType.STATUS, ReportSource.QUERY, **REJECTED_ROW)
    with pytest.raises(OrderRejected, match="0 REJECTED: the venue tells no reason"):
        await getattr(ticket, wait)()


async def test_an_order_proved_absent_is_called_so(session):
    ticket = session.ticket()
    session.lose(ticket)
    session.hear(ticket, ExecType.REJECTED, ReportSource.QUERY, request_kind=RequestKind.NEW, text="not found twice")
    with pytest.raises(OrderRejected, match=r"^order \S+ rejected: 0 NOT_AT_THE_VENUE: not found twice"):
        await ticket.accepted()


async def test_an_amend_that_is_not_in_force_does_not_say_that_its_order_is_not_at_the_venue(session):
    ticket = session.ticket()
    session.hear(ticket, ExecType.NEW, ord_status=OrdStatus.NEW)
    waiting = await awaited(ticket.amend(price=612_000))
    session.hear(ticket, ExecType.REPLACE_REJECTED, ReportSource.QUERY, request_kind=RequestKind.AMEND,
                 text="the amend is not in force")
    with pytest.raises(OrderRejected, match=r"^amend of order \S+ rejected: 0 WITHOUT_EFFECT: the amend is not"):
        await asyncio.wait_for(waiting, PATIENCE_S)


async def test_a_cancel_without_effect_does_not_say_that_its_order_is_not_at_the_venue(session):
    ticket = session.ticket()
    session.hear(ticket, ExecType.NEW, ord_status=OrdStatus.NEW)
    waiting = await awaited(ticket.cancel())
    session.hear(ticket, ExecType.CANCEL_REJECTED, ReportSource.QUERY, request_kind=RequestKind.CANCEL,
                 text="the order is open long after")
    with pytest.raises(OrderRejected, match=r"^cancel of order \S+ rejected: 0 WITHOUT_EFFECT: the order is open"):
        await asyncio.wait_for(waiting, PATIENCE_S)


async def test_a_cancel_that_the_venue_refuses_does_not_call_its_order_rejected(session):
    ticket = session.ticket()
    session.hear(ticket, ExecType.NEW, ord_status=OrdStatus.NEW)
    waiting = await awaited(ticket.cancel())
    session.hear(ticket, ExecType.CANCEL_REJECTED, code=39995, request_kind=RequestKind.CANCEL)
    with pytest.raises(OrderRejected, match=r"^cancel of order \S+ rejected by the venue: 39995 TOO_MANY_REQUESTS"):
        await asyncio.wait_for(waiting, PATIENCE_S)
    assert ticket.status == OrdStatus.NEW


async def read_all(ticket):
    return [report.exec_type async for report in ticket.reports()]


async def test_who_reads_reports_is_let_go_when_the_session_ends(session):
    ticket = session.ticket()
    reading = await awaited(read_all(ticket))
    waiting = await awaited(ticket.accepted())
    session.hear(ticket, ExecType.NEW, ord_status=OrdStatus.NEW)
    await asyncio.wait_for(waiting, PATIENCE_S)
    assert session.waiting == {ticket}
    ticket.end_waits(ConnectionLost("the session ended"))
    assert await asyncio.wait_for(reading, PATIENCE_S) == [ExecType.NEW]
    assert session.waiting == set()


async def test_who_reads_reports_after_the_session_gets_those_there_are(session):
    ticket = session.ticket()
    session.hear(ticket, ExecType.NEW, ord_status=OrdStatus.NEW)
    session.engine.is_open = False
    assert await asyncio.wait_for(read_all(ticket), PATIENCE_S) == [ExecType.NEW]
