"""FIX orders and requests without a clean answer: told as pending with words, never as rejected, then as they are."""

import asyncio

import pytest
import pytest_asyncio
from session_lines import USD_M, until
from test_fix_orders import Client, order_message
from test_unknown_orders import PROOF_LIMIT_S, LossyVenue, lose

from tidings.engine.ports import PythonGateway
from tidings.fix_gateway.order_chains import OrderChains
from tidings.fix_gateway.order_desk import FixOrderDesk
from tidings.model.enums import ExecType, ReportSource, RequestKind
from tidings.model.execution_report import report_of


@pytest_asyncio.fixture
async def lossy(quiet_exchange, open_session):
    """A desk, its client, and a function that makes the next request disappear behind the kernel."""
    phemex = await open_session(quiet_exchange, expiry_s=1)
    desk, client = FixOrderDesk(phemex, OrderChains()), Client()
    desk.join(client)

    def swallow(act):
        phemex.entry.plug(PythonGateway(LossyVenue()))
        result = act()
        phemex.entry.plug(phemex.engine.gateway)
        return result

    return desk, client, swallow


async def test_a_lost_order_is_pending_and_then_rejected_when_it_is_proved_absent(lossy):
    desk, client, swallow = lossy
    order = swallow(lambda: desk.submit(client, order_message()))
    lose(desk.phemex, order, RequestKind.NEW)
    ((kind, pending),) = client.told
    assert (kind, pending[150], pending[39], pending[37]) == (b"8", "A", "A", "NONE")
    assert pending[58] == "UNKNOWN outcome, querying"
    assert 103 not in pending
    async with asyncio.timeout(PROOF_LIMIT_S):
        while len(client.told) < 2:
            await asyncio.sleep(0.05)
    assert client.story() == ["A/A", "8/8"]
    assert client.told[-1][1][103] == "99"


async def test_an_order_that_is_found_after_all_is_new(lossy):
    desk, client, _ = lossy
    order = desk.submit(client, order_message())
    lose(desk.phemex, order, RequestKind.NEW)
    await until(lambda: len(client.told) == 2)
    assert client.story() == ["A/A", "0/0"]


@pytest.mark.parametrize(("kind", "status"), [("F", "6"), ("G", "E")])
async def test_a_lost_request_is_pending_with_its_own_id(lossy, kind, status):
    desk, client, swallow = lossy
    order = desk.submit(client, order_message())
    await until(lambda: client.told)
    if kind == "F":
        swallow(lambda: desk.cancel(client, order_message(t35="F", t11="c1", t41="ord-1")))
        lose(desk.phemex, order, RequestKind.CANCEL)
    else:
        swallow(lambda: desk.replace(client, order_message(t35="G", t11="c1", t41="ord-1", t44=USD_M.at("0.89"))))
        lose(desk.phemex, order, RequestKind.AMEND)
    pending = client.told[-1][1]
    assert (pending[150], pending[39], pending[11], pending[41]) == (status, status, "c1", "ord-1")
    assert pending[58] == "UNKNOWN outcome, querying"


async def test_a_lost_cancel_is_made_again_until_it_is_answered(lossy):
    """It never reached the venue, where the order rests: nothing else would ever answer the client."""
    desk, client, swallow = lossy
    order = desk.submit(client, order_message())
    await until(lambda: client.told)
    swallow(lambda: desk.cancel(client, order_message(t35="F", t11="c1", t41="ord-1")))
    lose(desk.phemex, order, RequestKind.CANCEL)
    await until(lambda: "4/4" in client.story())
    end = client.told[-1][1]
    assert (end[11], end[41], client.story()) == ("c1", "ord-1", ["0/0", "6/6", "4/4"])
    await asyncio.sleep(0.5)
    assert desk.lost_cancels._open == {}


async def test_an_order_that_stays_unknown_is_told_of_twice_and_then_as_it_is(lossy):
    desk, client, swallow = lossy
    desk.news.unknown.timeouts_ns[client.name] = 50_000_000
    order = swallow(lambda: desk.submit(client, order_message()))
    lose(desk.phemex, order, RequestKind.NEW)
    for _ in range(3):
        await asyncio.sleep(0.06)
        desk.news.on_timer(desk.clock.read_now_ns())
    assert client.story() == ["A/A", "A/A"]
    assert [report[58] for _, report in client.told] == ["UNKNOWN outcome, querying", "UNKNOWN outcome, still querying"]
    async with asyncio.timeout(PROOF_LIMIT_S):
        while len(client.told) < 3:
            await asyncio.sleep(0.05)
    assert client.story()[2:] == ["8/8"]


async def test_what_never_left_is_rejected(lossy):
    """A request whose last byte the kernel never took cannot have been executed."""
    desk, client, swallow = lossy
    order = swallow(lambda: desk.submit(client, order_message()))
    now_ns = desk.clock.read_now_ns()
    unsent = report_of(
        ExecType.UNSENT, ReportSource.LOCAL, now_ns, handle=order.handle, request_kind=RequestKind.NEW, text="cut"
    )
    desk.phemex.entry.take_report(unsent, now_ns)
    assert client.story() == ["8/8"]
    assert client.told[0][1][58] == "not sent: cut"
