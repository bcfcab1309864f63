"""The way up: one report applied once, told once, in an order that makes sense, whoever raises on the way."""

import itertools
from uuid import UUID

import pytest
from engine_samples import NOW_NS, Path
from order_samples import ACK, LIMIT, SPOT, T0, reply, said, trade

from tidings.engine.strategy import Strategy
from tidings.model.enums import DenyReason, ExecType, OrdStatus, ReportSource, RequestKind, Side
from tidings.model.terms import OrderTerms


def lost(exec_type, kind, handle=1):
    return said(exec_type, ReportSource.LOCAL, handle=handle, request_kind=kind)


# ---- Whose ---------------------------------------------------------------------------------------------------------

def test_report_finds_its_order_by_its_client_id():
    path = Path()
    order, other = path.submit(LIMIT), path.submit(LIMIT)
    report = said(ExecType.NEW, cl_ord_id=other.cl_ord_id)
    path.hear(report)
    assert (order.is_acked, other.is_acked, report.handle) == (False, True, 2)


@pytest.mark.parametrize(
    "cl_ord_id", ["", "manual-1", "T0000000000000000001", "SettlingFunding", "x" * 40],
)
def test_foreign_report_is_counted_and_handed_on(cl_ord_id):
    path = Path()
    order, report = path.submit(LIMIT), trade(5, 5, cl_ord_id=cl_ord_id)
    path.hear(report)
    assert (path.foreign, path.entry.foreign_count) == ([report], 1)
    assert (path.executions, path.strategy.heard, order.cum_qty_lots) == ([], [], 0)


def test_handle_of_another_session_is_foreign():
    path = Path()
    path.submit(LIMIT)
    path.hear(said(ExecType.NEW, cl_ord_id=path.table.ids.text(2)), said(ExecType.NEW, handle=9))
    assert path.entry.foreign_count == 2


def test_execution_of_a_foreign_order_does_not_use_up_its_id():
    """The session may adopt the order and ask for its history."""
    path = Path()
    order = path.submit(LIMIT)
    execution = trade(5, 5, handle=9)
    path.hear(execution, said(ExecType.TRADE, handle=1, exec_id=execution.exec_id, last_qty_lots=5, last_px_ticks=1))
    assert order.cum_qty_lots == 5


# ---- Once ----------------------------------------------------------------------------------------------------------

def test_execution_counts_once_by_its_id():
    path = Path()
    order, execution = path.submit(LIMIT), trade(4, 4, handle=1)
    path.hear(execution, execution, execution)
    assert (order.cum_qty_lots, order.traded_qty_lots, order.trade_count) == (4, 4, 1)
    assert (path.executions, path.entry.fill_count, path.entry.duplicate_count) == ([(order, execution)], 1, 2)
    assert path.strategy.names == ["ack", "fill"]


def test_the_end_is_heard_though_a_list_told_the_last_execution_first():
    """A list of executions tells no state; the account stream's row, which comes behind it, does."""
    path = Path()
    order, row = path.submit(LIMIT), trade(10, 10, handle=1, ord_status=OrdStatus.FILLED, leaves_qty_lots=0)
    listed = said(
        ExecType.TRADE, ReportSource.QUERY, handle=1, exec_id=row.exec_id, last_qty_lots=10, last_px_ticks=612_500
    )
    ended = []
    path.entry.attach(order, lambda effect, order, report: ended.append((order.is_done, report.exec_type)))
    path.hear(listed, listed)
    assert (order.ord_status, order.leaves_qty_lots, ended) == (
        OrdStatus.PARTIALLY_FILLED, 0, [(False, ExecType.TRADE)])
    path.hear(row, row)
    assert (order.ord_status, order.trade_count, order.traded_qty_lots) == (OrdStatus.FILLED, 1, 10)
    assert (len(path.executions), path.entry.fill_count, path.entry.duplicate_count) == (1, 1, 3)
    assert ended[1:] == [(True, ExecType.STATUS)], "once"
    assert row.exec_type == ExecType.TRADE, "a report belongs to whoever handed it up"


def test_what_a_row_tells_of_its_order_is_heard_though_a_list_told_its_execution_first():
    """Amended by hand, of which the stream told nothing: the row of the next execution has the new terms."""
    path = Path()
    order, terms = path.submit(LIMIT), {"price_ticks": 612_400, "order_qty_lots": 12}
    path.hear(said(ExecType.NEW, handle=1, transact_time_ns=T0, price_ticks=612_500, order_qty_lots=10))
    row = trade(4, 4, handle=1, transact_time_ns=T0 + 2, **terms)
    path.hear(said(
        ExecType.TRADE, ReportSource.QUERY, handle=1, exec_id=row.exec_id, last_qty_lots=4, last_px_ticks=612_400,
        transact_time_ns=T0 + 2,
    ))  # fmt: skip
    path.hear(row)
    assert (order.price_ticks, order.order_qty_lots, order.leaves_qty_lots) == (612_400, 12, 8)
    path.hear(said(ExecType.REPLACED, handle=1, transact_time_ns=T0 + 3, price_ticks=612_300, order_qty_lots=11), row)
    assert (order.price_ticks, order.order_qty_lots) == (612_300, 11), "a row that is late takes nothing back"
    assert (order.ord_status, order.traded_qty_lots, path.entry.fill_count) == (OrdStatus.PARTIALLY_FILLED, 4, 1)


def test_quantity_without_its_execution_is_no_fill_for_the_strategy():
    path = Path()
    order = path.submit(LIMIT)
    heard = []
    path.entry.attach(order, lambda effect, order, report: heard.append(effect))
    path.hear(said(ExecType.NEW, handle=1))
    path.hear(said(ExecType.STATUS, handle=1, ord_status=OrdStatus.FILLED, cum_qty_lots=10))
    assert (path.strategy.names, path.executions, path.entry.fill_count, len(heard)) == (["ack"], [], 0, 2)
    path.hear(trade(10, 10, handle=1))
    assert (path.strategy.names, path.entry.fill_count, len(path.executions)) == (["ack", "fill"], 1, 1)


def test_terminal_state_is_told_once():
    path = Path()
    path.submit(LIMIT)
    canceled = said(ExecType.CANCELED, handle=1)
    path.hear(canceled, canceled, said(ExecType.STATUS, handle=1, ord_status=OrdStatus.CANCELED))
    assert path.strategy.names == ["ack", "cancel"]
    assert path.entry.cancel_count == 1


def test_rejection_by_reply_and_stream_is_told_once():
    path = Path()
    order = path.submit(LIMIT)
    path.hear(reply(ExecType.REJECTED, RequestKind.NEW, handle=1, code=11001),
              said(ExecType.REJECTED, cl_ord_id=order.cl_ord_id, code=11001))
    assert (path.strategy.names, path.entry.reject_count, order.reject_code) == (["reject"], 1, 11001)


# ---- In what order -------------------------------------------------------------------------------------------------

def test_ack_is_told_before_the_fill_that_implies_it():
    path = Path()
    path.submit(LIMIT)
    path.hear(trade(10, 10, handle=1))
    assert path.strategy.names == ["ack", "fill"]


def test_state_is_final_before_the_strategy_hears():
    path = Path()
    path.submit(LIMIT)
    path.hear(trade(10, 10, handle=1))
    assert [status for _, status, _ in path.strategy.heard] == [OrdStatus.FILLED] * 2


def test_positions_hear_of_a_fill_before_the_strategy():
    class Looker(Strategy):
        def on_fill(self, order, report, now_ns):
            seen.append(len(path.executions))

    path, seen = Path(strategy=Looker()), []
    path.submit(LIMIT)
    path.hear(trade(4, 4, handle=1))
    assert seen == [1]


class Replier(Strategy):
    """Cancels whatever is acknowledged, from inside the callback."""

    def __init__(self):
        self.answers = []

    def on_ack(self, order, report, now_ns):
        self.answers.append(self.entry.cancel_order(order, now_ns))
        self.answers.append(self.entry.cancel_order(order, now_ns))


def test_strategy_may_act_inside_a_callback():
    strategy = Replier()
    path = Path(strategy=strategy)
    strategy.entry = path.entry
    order = path.submit(LIMIT)
    path.hear(said(ExecType.NEW, handle=1))
    assert strategy.answers == [0, -DenyReason.REQUEST_PENDING]
    assert order.ord_status == OrdStatus.PENDING_CANCEL


def test_everything_in_every_arrival_order_ends_the_same():
    """Create, amend and cancel all sent; their replies, New, Replaced, an execution and Canceled come as they like."""
    def reports():
        return [
            reply(ExecType.PENDING_NEW, RequestKind.NEW, handle=1),
            reply(ExecType.PENDING_REPLACE, RequestKind.AMEND, handle=1, price_ticks=612_400, order_qty_lots=12),
            reply(ExecType.PENDING_CANCEL, RequestKind.CANCEL, handle=1),
            said(ExecType.NEW, handle=1, order_qty_lots=10, cum_qty_lots=0, price_ticks=612_500, transact_time_ns=T0),
            said(ExecType.REPLACED, handle=1, order_qty_lots=12, cum_qty_lots=0, price_ticks=612_400,
                 transact_time_ns=T0 + 1),
            said(ExecType.TRADE, handle=1, exec_id=str(UUID(int=77)), last_qty_lots=5, last_px_ticks=612_400,
                 cum_qty_lots=5, order_qty_lots=12, price_ticks=612_400, transact_time_ns=T0 + 2),
            said(ExecType.CANCELED, handle=1, order_qty_lots=12, cum_qty_lots=5, price_ticks=612_400,
                 transact_time_ns=T0 + 3),
        ]

    for arrival in itertools.permutations(range(7)):
        path, told = Path(capacity=2), reports()
        order = path.submit(LIMIT)
        assert path.entry.amend_order(order, 612_400, 12, NOW_NS) == path.entry.cancel_order(order, NOW_NS) == 0
        path.hear(*(told[index] for index in arrival))

        assert (order.status, order.order_qty_lots, order.price_ticks) == (OrdStatus.CANCELED, 12, 612_400)
        assert (order.cum_qty_lots, order.leaves_qty_lots, order.traded_qty_lots) == (5, 0, 5)
        assert not order.is_amend_pending
        assert not order.is_cancel_pending
        names = path.strategy.names
        amended_in_time = min(arrival.index(4), arrival.index(5)) < arrival.index(6)
        assert sorted(names) == sorted(["ack", "fill", "cancel"] + ["amend"] * amended_in_time)
        assert names[0] == "ack"
        assert (path.table.open_count, path.table.unknown_count, path.entry.reject_count) == (0, 0, 0)


# ---- How requests end ----------------------------------------------------------------------------------------------

def test_refused_cancel_is_told_once_and_may_be_asked_again():
    path = Path()
    order = path.submit(LIMIT)
    path.hear(said(ExecType.NEW, handle=1))
    path.entry.cancel_order(order, NOW_NS)
    refusal = reply(ExecType.CANCEL_REJECTED, RequestKind.CANCEL, handle=1, code=11061)
    path.hear(refusal, said(ExecType.CANCEL_REJECTED, handle=1, code=11061))
    assert (path.strategy.names, order.ord_status, order.reject_code) == (["ack", "reject"], OrdStatus.NEW, 0)
    assert path.entry.cancel_order(order, NOW_NS) == 0


def test_cancel_refused_because_the_order_had_filled_is_told():
    path = Path()
    order = path.submit(LIMIT)
    path.entry.cancel_order(order, NOW_NS)
    path.hear(trade(10, 10, handle=1), reply(ExecType.CANCEL_REJECTED, RequestKind.CANCEL, handle=1, code=10002))
    assert (path.strategy.names, order.status) == (["ack", "fill", "reject"], OrdStatus.FILLED)


@pytest.mark.parametrize("end", [ExecType.UNKNOWN, ExecType.UNSENT])
def test_cancel_whose_answer_is_lost_may_be_asked_again(end):
    path = Path()
    order = path.submit(LIMIT)
    path.hear(said(ExecType.NEW, handle=1))
    path.entry.cancel_order(order, NOW_NS)
    path.hear(lost(end, RequestKind.CANCEL), lost(end, RequestKind.CANCEL))
    assert path.strategy.names == ["ack", end.name.lower()]
    assert (order.ord_status, path.entry.cancel_order(order, NOW_NS)) == (OrdStatus.NEW, 0)


def test_amend_that_never_left_may_be_asked_again():
    path = Path()
    order = path.submit(LIMIT)
    path.hear(said(ExecType.NEW, handle=1))
    path.entry.amend_order(order, 612_400, 0, NOW_NS)
    path.hear(lost(ExecType.UNSENT, RequestKind.AMEND))
    assert (path.strategy.names, path.entry.amend_order(order, 612_400, 0, NOW_NS)) == (["ack", "unsent"], 0)


def test_amend_of_unknown_fate_stays_pending_until_the_venue_shows_it():
    path = Path()
    order = path.submit(LIMIT)
    path.hear(said(ExecType.NEW, handle=1))
    path.entry.amend_order(order, 612_400, 0, NOW_NS)
    path.hear(lost(ExecType.UNKNOWN, RequestKind.AMEND))
    assert path.entry.amend_order(order, 612_300, 0, NOW_NS) == -DenyReason.REQUEST_PENDING
    path.hear(said(ExecType.REPLACED, handle=1, price_ticks=612_400, transact_time_ns=T0))
    assert path.strategy.names == ["ack", "unknown", "amend"]
    assert path.entry.amend_order(order, 612_300, 0, NOW_NS) == 0


def test_lost_cancel_does_not_write_off_an_order_whose_reply_is_still_to_come():
    """Both sent; the cancel's lane dies before its last byte; the create's reply is still on its way."""
    path = Path()
    order = path.submit(LIMIT)
    path.entry.cancel_order(order, NOW_NS)
    path.hear(lost(ExecType.UNSENT, RequestKind.CANCEL))
    assert (order.ord_status, path.table.open_count) == (OrdStatus.PENDING_NEW, 1)
    path.hear(reply(ExecType.PENDING_NEW, RequestKind.NEW, handle=1))
    assert (order.ord_status, path.strategy.names) == (OrdStatus.NEW, ["unsent", "ack"])


def test_row_that_shows_the_amended_terms_ends_the_amend():
    """Spot has no Replaced event."""
    path = Path()
    path.risk.set_reference_price(SPOT, 6_125_000)
    order = path.submit(OrderTerms(SPOT, Side.BUY), qty_lots=100, price_ticks=6_125_000)
    row = {"handle": 1, "ord_status": OrdStatus.NEW, "cum_qty_lots": 0, "transact_time_ns": T0}
    path.hear(said(ExecType.STATUS, **row, price_ticks=6_125_000, order_qty_lots=100))
    path.entry.amend_order(order, 6_124_000, 0, NOW_NS)
    path.hear(said(ExecType.STATUS, **row, price_ticks=6_125_000, order_qty_lots=100))
    assert order.is_amend_pending
    path.hear(said(ExecType.STATUS, **row, price_ticks=6_124_000, order_qty_lots=100))
    assert (path.strategy.names, order.price_ticks, order.is_amend_pending) == (["ack", "amend"], 6_124_000, False)


def test_unknown_order_is_resolved_by_one_report():
    path = Path()
    order = path.submit(LIMIT)
    path.hear(lost(ExecType.UNKNOWN, RequestKind.NEW), lost(ExecType.UNKNOWN, RequestKind.NEW))
    assert path.table.unknown_count == 1
    path.hear(said(ExecType.NEW, cl_ord_id=order.cl_ord_id), said(ExecType.NEW, cl_ord_id=order.cl_ord_id))
    assert (path.strategy.names, path.table.unknown_count) == (["unknown", "ack"], 0)


def test_written_off_order_that_the_venue_works_is_an_alarm():
    path = Path()
    order = path.submit(LIMIT)
    path.hear(lost(ExecType.UNSENT, RequestKind.NEW))
    assert (order.is_done, path.table.open_count) == (True, 0)
    path.hear(trade(4, 4, handle=1))
    assert (order.ord_status, path.table.open_count) == (OrdStatus.PARTIALLY_FILLED, 1)
    assert (path.entry.revived_count, path.strategy.names) == (1, ["unsent", "ack", "fill"])


# ---- Who hears, and the stages -------------------------------------------------------------------------------------

def test_only_overridden_callbacks_are_called_and_nobody_is_fine():
    path = Path(strategy=Strategy())
    path.submit(LIMIT)
    path.hear(said(ExecType.NEW, handle=1))
    path.entry.listen(None)
    path.hear(said(ExecType.CANCELED, handle=1))
    assert (path.entry.ack_count, path.entry.cancel_count, path.errors) == (1, 1, [])


def test_listener_hears_until_it_is_detached():
    path, heard = Path(), []
    order = path.submit(LIMIT)
    path.entry.attach(order, lambda *event: heard.append(event))
    acked = said(ExecType.NEW, handle=1)
    path.hear(acked, acked)
    path.entry.attach(order, None)
    path.hear(said(ExecType.CANCELED, handle=1))
    assert heard == [(ACK, order, acked)]


def test_stages_are_measured_from_the_decision_once():
    path = Path()
    order = path.submit(LIMIT)
    path.hear(said(ExecType.NEW, handle=1), now_ns=NOW_NS + 40)
    path.hear(reply(ExecType.PENDING_NEW, RequestKind.NEW, handle=1), now_ns=NOW_NS + 50)
    path.hear(reply(ExecType.PENDING_CANCEL, RequestKind.CANCEL, handle=1), trade(1, 1, handle=1), now_ns=NOW_NS + 60)
    assert (order.streamed_ns, order.replied_ns) == (NOW_NS + 40, NOW_NS + 50)
    assert [(h.count, h.max) for h in (path.stages.reply, path.stages.stream)] == [(1, 50), (1, 40)]


@pytest.mark.parametrize("source", [ReportSource.SNAPSHOT, ReportSource.QUERY, ReportSource.LOCAL])
def test_what_was_asked_for_later_is_no_latency(source):
    path = Path()
    path.submit(LIMIT)
    path.hear(said(ExecType.STATUS, source, handle=1, ord_status=OrdStatus.NEW))
    assert (path.stages.reply.count, path.stages.stream.count) == (0, 0)


def test_counters_count_effects():
    path = Path()
    for _ in range(4):
        path.submit(LIMIT)
    path.hear(
        trade(10, 10, handle=1), trade(2, 12, handle=1), said(ExecType.NEW, handle=2),
        said(ExecType.CANCELED, handle=2), reply(ExecType.REJECTED, RequestKind.NEW, handle=3),
        lost(ExecType.UNKNOWN, RequestKind.NEW, 4),
    )
    entry = path.entry
    assert (entry.submitted_count, entry.ack_count, entry.fill_count, entry.overfill_count) == (4, 2, 2, 1)
    assert (entry.cancel_count, entry.reject_count, entry.unknown_count, entry.unsent_count) == (1, 1, 1, 0)
