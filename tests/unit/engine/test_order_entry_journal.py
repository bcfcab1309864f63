"""The order path and its journal: the intent first, then the bytes; the outcome first, then the strategy."""

import errno

import pytest
from engine_samples import LAST_PX_TICKS, NOW_NS, Path, RecordingVenue
from order_samples import LIMIT, said, trade
from paged_disk import PagedDisk

from tidings.clock import ManualClock
from tidings.journal.entries import RecordKind, decode
from tidings.journal.order_journal import OrderJournal
from tidings.journal.record import SEGMENT_BYTES_BEFORE, RecordWriter, scan
from tidings.model.enums import DenyReason, ExecType, OrdStatus, ReportSource, RequestKind


class WatchingVenue(RecordingVenue):
    """Keeps how many records the journal held when each request came."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def _answer(self, name, *arguments):
        if name != "take":
            self.seen.append((name, self.path.entry.journal.last_seq))
        return super()._answer(name, *arguments)


@pytest.fixture
def disk():
    return PagedDisk()


@pytest.fixture
def path(disk):
    journal = OrderJournal(RecordWriter(), ManualClock(1, 2), disk.map_segment("a", 16384), awaits_disk=True)
    path = Path(journal=journal, venue=WatchingVenue())
    path.venue.path = path
    return path


def told(path):
    records = scan(bytes(path.entry.journal.current.buffer), SEGMENT_BYTES_BEFORE)
    return [(RecordKind(record.kind).name, decode(record)) for record in records]


def names(path):
    return [name for name, _ in told(path)]


def test_path_without_a_journal_has_one_that_is_off():
    path = Path()
    path.submit(LIMIT)
    assert not path.entry.journal.is_on


def test_intent_is_there_before_the_gateway_is_asked(path, disk):
    order = path.submit(LIMIT)
    assert path.venue.seen == [("send_new", 1)]
    assert len(scan(disk.durable[id(disk.files["a"])], SEGMENT_BYTES_BEFORE)) == 1
    ((name, intent),) = told(path)
    assert (name, intent.cl_ord_id, intent.handle, intent.decided_ns) == ("INTENT", order.cl_ord_id, 1, NOW_NS)


def test_order_that_the_journal_cannot_take_is_denied(path):
    path.entry.journal.fail("the disk failed")
    order = path.draft(LIMIT)
    assert path.entry.submit_order(order, NOW_NS) == -DenyReason.JOURNAL
    assert (path.venue.seen, order.ord_status, path.table.open_count) == ([], OrdStatus.DENIED, 0)
    assert (path.entry.denied_count, path.entry.submitted_count, path.table.find(1)) == (1, 0, None)


def test_order_whose_sync_fails_is_not_sent(path, disk):
    disk.failing["segment.sync"] = errno.EIO
    assert path.entry.submit_order(path.draft(LIMIT), NOW_NS) == -DenyReason.JOURNAL
    assert path.venue.seen == []


def test_cancels_go_out_whatever_the_journal_takes(path):
    first, second, third = (path.submit(LIMIT) for _ in range(3))
    path.hear(*(said(ExecType.NEW, handle=order.handle) for order in (first, second, third)))
    path.entry.journal.fail("the disk failed")
    assert path.entry.cancel_order(first, NOW_NS) == 0
    assert path.entry.cancel_orders([second, third], NOW_NS) == 0
    assert path.entry.amend_order(third, LAST_PX_TICKS - 1, 0, NOW_NS) == -DenyReason.REQUEST_PENDING
    assert [name for name, _ in path.venue.seen[3:]] == ["send_cancel", "send_cancel_many"]


def test_amend_that_the_journal_cannot_take_is_denied(path):
    order = path.submit(LIMIT)
    path.hear(said(ExecType.NEW, handle=1))
    path.entry.journal.fail("the disk failed")
    assert path.entry.amend_order(order, LAST_PX_TICKS - 1, 0, NOW_NS) == -DenyReason.JOURNAL
    assert not order.is_amend_pending and "send_amend" not in path.venue.names


def test_requests_are_noted_before_they_leave(path):
    order = path.submit(LIMIT)
    path.entry.amend_order(order, LAST_PX_TICKS - 1, 12, NOW_NS)
    path.hear(said(ExecType.REPLACED, handle=1))
    path.entry.cancel_order(order, NOW_NS)
    assert path.venue.seen == [("send_new", 1), ("send_amend", 2), ("send_cancel", 4)]
    assert names(path) == ["INTENT", "AMEND", "REPORT", "CANCEL"]
    assert told(path)[1][1][:3] == (1, LAST_PX_TICKS - 1, 12)


def test_order_the_gateway_did_not_send_is_withdrawn(path):
    path.venue.answers["send_new"] = DenyReason.NOT_CONNECTED
    path.entry.submit_order(path.draft(LIMIT), NOW_NS)
    assert names(path) == ["INTENT", "WITHDRAWN"]
    assert told(path)[1][1][0:4:3] == (1, DenyReason.NOT_CONNECTED)


def test_gateway_that_raises_leaves_an_unknown_order_in_the_journal_too(path):
    path.venue.answers["send_new"] = RuntimeError("boom")
    with pytest.raises(RuntimeError):
        path.entry.submit_order(path.draft(LIMIT), NOW_NS)
    assert names(path) == ["INTENT", "REPORT"]
    assert told(path)[1][1].status_after == OrdStatus.UNKNOWN


def test_outcome_is_noted_before_anybody_hears_of_it(path):
    order = path.submit(LIMIT)
    seen = []
    path.strategy._hear = lambda name, *_: seen.append((name, path.entry.journal.last_seq))
    path.entry.listen(path.strategy)
    path.hear(said(ExecType.NEW, handle=1), trade(4, 4, handle=1))
    assert seen == [("ack", 2), ("fill", 3)]
    assert [(entry.exec_type, entry.status_after) for _, entry in told(path)[1:]] == [
        (ExecType.NEW, OrdStatus.NEW), (ExecType.TRADE, OrdStatus.PARTIALLY_FILLED),
    ]  # fmt: skip
    assert order.cum_qty_lots == 4


def test_what_changes_nothing_is_not_noted(path):
    path.submit(LIMIT)
    fill = trade(4, 4, handle=1)
    path.hear(said(ExecType.NEW, handle=1), fill)
    count = path.entry.journal.last_seq
    path.hear(fill)                                             # counted already
    path.hear(said(ExecType.STATUS, ReportSource.QUERY, handle=1, ord_status=OrdStatus.PARTIALLY_FILLED))
    path.hear(said(ExecType.NEW, cl_ord_id="somebody-elses"))
    assert path.entry.journal.last_seq == count
    path.hear(said(ExecType.STATUS, ReportSource.QUERY, handle=1, ord_status=OrdStatus.NEW, transact_time_ns=5))
    assert path.entry.journal.last_seq == count + 1             # it dates what we know


def test_own_conclusions_are_noted_with_their_cause(path):
    path.submit(LIMIT)
    path.hear(said(ExecType.UNKNOWN, ReportSource.LOCAL, handle=1, request_kind=RequestKind.NEW, text="no answer"))
    assert (told(path)[-1][1].text, told(path)[-1][1].source) == ("no answer", ReportSource.LOCAL)
