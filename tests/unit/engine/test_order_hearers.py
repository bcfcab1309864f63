"""Who looks on an order path: told of every call and report, whatever came of it, and harmless."""

import pytest
from engine_samples import LAST_PX_TICKS, NOW_NS, Path, RecordingVenue
from order_samples import LIMIT, said, trade

from tidings.engine.adoption import adopt_order, set_stamps
from tidings.engine.ports import PythonGateway
from tidings.model.enums import DenyReason, ExecType, TradingState


class Tap:
    def __init__(self):
        self.told = []

    def submitted(self, order, reason, now_ns):
        self.told.append(("new", order.handle, reason, now_ns))

    def amended(self, order, price_ticks, qty_lots, trigger_ticks, reason, now_ns):
        self.told.append(("amend", order.handle, price_ticks, qty_lots, trigger_ticks, reason, now_ns))

    def cancelled(self, order, reason, now_ns):
        self.told.append(("cancel", order.handle, reason, now_ns))

    def cancelled_many(self, orders, reason, now_ns):
        self.told.append(("cancel_many", [order.handle for order in orders], reason, now_ns))

    def adopted(self, order, numbers, history, now_ns):
        self.told.append(("adopted", order.handle, numbers, list(history), now_ns))

    def reported(self, order, report, now_ns):
        self.told.append(("report", order.handle, report.exec_type, order.cum_qty_lots, now_ns))


def tapped(**options):
    path, tap = Path(), Tap()
    path.entry.tap_by(tap, **options)
    return path, tap


def test_every_call_is_told_with_what_came_of_it():
    path, tap = tapped()
    order, other = path.submit(LIMIT), path.submit(LIMIT, price_ticks=LAST_PX_TICKS - 5)
    path.entry.amend_order(order, LAST_PX_TICKS - 1, 0, NOW_NS + 1)
    path.entry.cancel_order(order, NOW_NS + 2)
    path.entry.cancel_order(order, NOW_NS + 3)
    path.entry.cancel_orders([other], NOW_NS + 4)
    assert tap.told == [
        ("new", 1, 0, NOW_NS),
        ("new", 2, 0, NOW_NS),
        ("amend", 1, LAST_PX_TICKS - 1, 0, (0, 0, 0, 0), 0, NOW_NS + 1),
        ("cancel", 1, 0, NOW_NS + 2),
        ("cancel", 1, DenyReason.REQUEST_PENDING, NOW_NS + 3),
        ("cancel_many", [2], 0, NOW_NS + 4),
    ]


def test_a_denied_order_is_told_of_with_its_reason():
    path, tap = tapped()
    path.risk.set_state(TradingState.HALTED)
    path.entry.submit_order(path.draft(LIMIT), NOW_NS)
    assert tap.told == [("new", 0, DenyReason.HALTED, NOW_NS)]


def test_a_request_of_which_nobody_knows_the_end_is_told_of_too():
    path, tap = tapped()
    path.venue.send_new = lambda order, now_ns: 1 // 0
    with pytest.raises(ZeroDivisionError):
        path.entry.submit_order(path.draft(LIMIT), NOW_NS)
    assert tap.told == [("new", 1, -1, NOW_NS)]


def test_a_report_is_told_before_the_order_applies_it_and_again_when_it_comes_again():
    path, tap = tapped()
    path.submit(LIMIT)
    execution = trade(4, 4, handle=1)
    path.hear(execution, execution, said(ExecType.NEW, cl_ord_id="somebody-elses"))
    assert tap.told[1:] == [
        ("report", 1, ExecType.TRADE, 0, NOW_NS + 1000), ("report", 1, ExecType.TRADE, 4, NOW_NS + 1000)
    ]  # fmt: skip


def test_an_adopted_order_is_told_with_its_past():
    path, tap = tapped()
    numbers, history = {"price_ticks": LAST_PX_TICKS, "order_qty_lots": 10}, [trade(3, 3)]
    adopt_order(path.entry, LIMIT, "T00000000A0000000017", numbers, history, decided_ns=5, now_ns=NOW_NS)
    assert tap.told == [("adopted", 1, numbers, history, NOW_NS)]


def test_an_error_of_the_tap_changes_nothing_for_the_order():
    path, tap = tapped()
    tap.told = None
    order = path.submit(LIMIT)
    path.hear(said(ExecType.NEW, handle=1))
    assert (order.is_acked, len(path.errors)) == (True, 2)


def test_a_replay_is_denied_by_its_gateway_only():
    path, tap = tapped(is_replay=True)
    path.risk.set_state(TradingState.HALTED)
    assert path.submit(LIMIT).handle == 1
    venue = RecordingVenue()
    venue.answers["take"] = DenyReason.PRICE_COLLAR
    path.entry.plug(PythonGateway(venue))
    assert path.entry.submit_order(path.draft(LIMIT), NOW_NS) == -DenyReason.PRICE_COLLAR
    assert [told[2] for told in tap.told] == [0, DenyReason.PRICE_COLLAR]


def test_stamps_are_set_as_they_were():
    order = Path().submit(LIMIT)
    set_stamps(order, 7, 9)
    assert (order.encoded_ns, order.written_ns) == (7, 9)
