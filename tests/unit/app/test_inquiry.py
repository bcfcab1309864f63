"""When the venue is asked about orders of unknown fate, and when not even the order table is read."""

from engine_samples import Path
from order_samples import LIMIT, said

from tidings.app.inquiry import Inquiry
from tidings.clock import Clock
from tidings.engine.resolver import Resolver
from tidings.errors import ConnectionLost
from tidings.model.enums import ExecType, ReportSource, RequestKind


class Questions:
    """In place of Queries: keeps what it was asked."""

    def __init__(self):
        self.asked = []

    async def find_order(self, instrument, cl_ord_id):
        self.asked.append(cl_ord_id)
        raise ConnectionLost("no answer")


class Looks(Resolver):
    """Counts how often the open orders were looked through; everything unclear is due at once."""

    looks = 0

    def due(self, orders, now_ns):
        self.looks += 1
        return super().due(orders, now_ns + 10**9 * self.looks)


def engine():
    path, questions, resolver = Path(), Questions(), Looks(deadline_ns=1, expiry_ns=10**9)
    return path, questions, resolver, Inquiry(path.entry, questions, resolver, Clock())


async def test_order_table_is_not_read_while_nothing_is_lost():
    path, questions, resolver, inquiry = engine()
    path.submit(LIMIT)
    for _ in range(3):
        await inquiry.look()
    assert (resolver.looks, questions.asked) == (0, [])


async def test_lost_order_is_asked_about_again_and_again_while_asking_fails():
    path, questions, resolver, inquiry = engine()
    order = path.submit(LIMIT)
    path.hear(said(ExecType.UNKNOWN, ReportSource.LOCAL, handle=order.handle, request_kind=RequestKind.NEW))
    for _ in range(6):
        await inquiry.look()
    assert resolver.looks == 6
    assert len(questions.asked) > 1
    assert set(questions.asked) == {order.cl_ord_id}
