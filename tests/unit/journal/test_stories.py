"""Records sorted by order, over sessions that count their handles anew."""

import pytest
from journal_samples import WALL_NS, begin, send
from order_samples import LIMIT, local, said, trade
from paged_disk import PagedDisk

from tidings.errors import JournalDamaged
from tidings.journal.log_reader import read_log
from tidings.journal.stories import replay
from tidings.model.enums import DenyReason, ExecType, OrdStatus
from tidings.model.order import apply_report, make_order


def told(disk):
    return replay(read_log(disk).records())


def session(disk, *acts, wall_ns=WALL_NS):
    """One session that does `acts(keeper)` and is closed."""
    keeper = begin(disk, wall_ns=wall_ns)
    made = [act(keeper) for act in acts]
    keeper.close(open_count=0)
    return made


def test_orders_without_an_end_are_open():
    disk = PagedDisk()
    ids = session(
        disk,
        lambda keeper: send(keeper, 1),
        lambda keeper: send(keeper, 2, said(ExecType.NEW), said(ExecType.CANCELED)),
        lambda keeper: send(keeper, 3, local(ExecType.UNKNOWN)),
        lambda keeper: send(keeper, 4, said(ExecType.NEW), trade(10, 10)),
        lambda keeper: send(keeper, 5, local(ExecType.UNSENT)),
        lambda keeper: send(keeper, 6, said(ExecType.NEW), trade(4, 4)),
    )
    result = told(disk)
    assert [story.cl_ord_id for story in result.open_stories()] == [ids[0], ids[2], ids[5]]
    assert list(result.stories) == ids
    assert [OrdStatus(result.stories[one].status).name for one in ids] == [
        "PENDING_NEW", "CANCELED", "UNKNOWN", "FILLED", "UNSENT", "PARTIALLY_FILLED",
    ]  # fmt: skip
    assert len(result.executions) == 2 and result.is_closed


def withdraw(keeper):
    order = make_order(LIMIT, handle=1, cl_ord_id=keeper.ids.text(1), price_ticks=1, order_qty_lots=1)
    keeper.journal.note("new", order, now_ns=1)
    keeper.journal.note("withdrawn", order, DenyReason.NOT_CONNECTED, now_ns=1)
    return order.cl_ord_id


def test_withdrawn_order_was_never_sent():
    disk = PagedDisk()
    (one,) = session(disk, withdraw)
    assert told(disk).open_stories() == []
    assert told(disk).stories[one].status == OrdStatus.DENIED


def test_handles_are_of_their_session():
    disk = PagedDisk()
    first = session(disk, lambda keeper: send(keeper, 1), lambda keeper: send(keeper, 2))
    second = session(disk, lambda keeper: send(keeper, 1, said(ExecType.CANCELED)))
    stories = told(disk).stories
    assert list(stories) == first + second
    assert [stories[one].is_final for one in stories] == [False, False, True]
    assert stories[first[0]].session is not stories[second[0]].session


def adopt(cl_ord_id, handle, *reports):
    def act(keeper):
        order = make_order(LIMIT, handle=handle, cl_ord_id=cl_ord_id, price_ticks=1, order_qty_lots=10)
        keeper.journal.note("adopted", order, now_ns=1)
        for report in reports:
            keeper.journal.note("report", order, report, apply_report(order, report), now_ns=1)

    return act


def test_adopted_order_goes_on_under_its_new_handle():
    disk = PagedDisk()
    (one,) = session(disk, lambda keeper: send(keeper, 7, said(ExecType.NEW)))
    session(disk, adopt(one, 1))
    assert [story.cl_ord_id for story in told(disk).open_stories()] == [one]
    assert told(disk).stories[one].status == OrdStatus.UNKNOWN
    session(disk, adopt(one, 2, trade(10, 10)))
    story = told(disk).stories[one]
    assert story.is_final and told(disk).open_stories() == []
    assert story.intent.handle == 7 and len(story.events) == 5


def test_order_found_at_the_venue_is_known_from_its_adoption():
    disk = PagedDisk()
    session(disk, adopt("T00000000A0000000001", 5))
    assert list(told(disk).stories) == ["T00000000A0000000001"]


def test_id_sent_twice_is_an_alarm():
    disk = PagedDisk()
    keeper = begin(disk)
    send(keeper, 1)
    send(keeper, 1)
    keeper.close(open_count=1)
    with pytest.raises(JournalDamaged, match="a second time"):
        told(disk)


def test_session_that_was_killed_is_not_closed():
    disk = PagedDisk()
    keeper = begin(disk)
    send(keeper, 1)
    assert not told(disk.killed()).is_closed
    assert told(disk.killed()).stories[keeper.ids.text(1)].last_wall_ns == WALL_NS
