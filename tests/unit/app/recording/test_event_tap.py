"""What a tap writes of an order path, and that all of it is read back as it was."""

from types import SimpleNamespace

from engine_samples import LAST_PX_TICKS, NOW_NS, Path
from order_samples import LIMIT, said, trade

from tidings.app.recording.event_tap import EventTap
from tidings.app.strategies.strategy_group import Member
from tidings.engine.strategy import Strategy
from tidings.market.feed_state import UNTOLD, FeedEvent
from tidings.model.enums import DenyReason, ExecType, TradingState
from tidings.model.position import Position
from tidings.recorder.entries import EntryKind
from tidings.recorder.order_events import (
    AmendCall,
    CancelCall,
    CancelManyCall,
    Heard,
    NewCall,
    PathLaid,
    PositionTold,
    decode_call,
    decode_run,
    decode_told,
    draft_of,
)

REPORT_NAMES = [name for name in dir(said(ExecType.NEW)) if not name.startswith("_")]


class Tapped:
    def __init__(self):
        self.entries, self.path = [], Path()
        self.tap = EventTap(lambda *entry: self.entries.append(entry))
        self.tap.path_laid(self.path.entry, 64, 5)

    def calls(self):
        return [decode_call(payload) for kind, _, payload, _ in self.entries if kind == EntryKind.CALL]


def test_the_order_path_is_described_before_anything_goes_through_it():
    tapped = Tapped()
    (kind, source, payload, at_ns), = tapped.entries
    ids = tapped.path.table.ids
    assert (kind, source, at_ns) == (EntryKind.RUN, 0, 5)
    assert decode_run(payload) == PathLaid(
        cl_ord_id_prefix=ids.prefix, session_wall_ms=ids.session_wall_ms, order_memory=64, owners=[""]
    )


def test_calls_are_told_with_what_came_of_them_and_who_made_them():
    tapped = Tapped()
    path = tapped.path
    order = path.submit(LIMIT)
    inside = tapped.tap.around(Member(Strategy(), None), "on_timer", lambda: path.entry.cancel_order(order, NOW_NS + 2))
    path.entry.amend_order(order, LAST_PX_TICKS + 1, 0, NOW_NS + 1)
    inside()
    path.entry.cancel_orders([order], NOW_NS + 3)
    assert tapped.calls() == [
        NewCall(draft=draft_of(order), handle=1, last_handle=1, cl_ord_id=order.cl_ord_id),
        AmendCall(handle=1, price_ticks=LAST_PX_TICKS + 1),
        CancelCall(handle=1, by_strategy=True),
        CancelManyCall(handles=[1]),
    ]
    assert [at_ns for *_, at_ns in tapped.entries[1:]] == [NOW_NS, NOW_NS + 1, NOW_NS + 2, NOW_NS + 3]


def test_a_denied_order_is_told_with_its_reason_and_the_last_handle():
    tapped = Tapped()
    tapped.path.risk.set_state(TradingState.HALTED)
    tapped.path.entry.submit_order(tapped.path.draft(LIMIT), NOW_NS)
    (call,) = tapped.calls()
    assert (call.reason, call.handle, call.last_handle, call.cl_ord_id) == (DenyReason.HALTED, 0, 0, "")


def test_a_report_is_read_back_with_every_field():
    tapped = Tapped()
    tapped.path.submit(LIMIT)
    whole = trade(4, 4, handle=1, order_id="00000000-0000-0000-0000-0000000000ab", symbol="BTCUSDT", fee_mantissa=-3,
                  fee_scale=2, is_maker=True, exec_seq=9, transact_time_ns=10, trade_type=1, asked_ns=11, text="a – b",
                  price_ticks=5, leaves_qty_lots=6, order_qty_lots=10, reconciled=True, now_ns=12)  # fmt: skip
    for report in (whole, said(ExecType.NEW, handle=1)):
        tapped.path.hear(report)
        told = decode_told(tapped.entries[-1][2])
        assert isinstance(told, Heard)
        again = told.report()
        assert [getattr(again, name) for name in REPORT_NAMES] == [getattr(report, name) for name in REPORT_NAMES]


def test_a_position_is_told_as_it_is_by_now():
    tapped = Tapped()
    numbers = {"net_qty_lots": -7, "venue_qty_lots": -7, "is_known": True, "base_time_ns": 3}
    tapped.tap.position_changed(Position("BTCUSD", **numbers), 8)
    assert decode_told(tapped.entries[-1][2]) == PositionTold(symbol="BTCUSD", **numbers)


def test_a_lost_book_is_told_with_its_connection():
    tapped = Tapped()
    for event in UNTOLD:
        tapped.tap.book_lost(SimpleNamespace(symbol="BTCUSD"), event, 3, 9)
    assert tapped.entries[1:] == [
        (EntryKind.FEED, 3, b'{"event":"stale","symbol":"BTCUSD","cause":"%s"}' % event.name.encode(), 9)
        for event in (FeedEvent.SILENCE, FeedEvent.DISCONNECTED)
    ]
