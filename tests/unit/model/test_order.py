"""The order's state table cell by cell, and every arrival order, against expectations written by hand."""

import itertools

import pytest
from order_samples import (
    ACK,
    CANCEL,
    FILL,
    HISTORIES,
    OVERFILL,
    REJECT,
    REVIVED,
    T0,
    TRIGGER,
    UNKNOWN,
    UNSENT,
    check_invariants,
    limit,
    local,
    order_in,
    reply,
    said,
    trade,
)

from tidings.model.enums import ExecType, OrdStatus, ReportSource, RequestKind
from tidings.model.order import apply_report

# What happens next: as the venue tells it, or for the last two we ourselves. TRADE fills 3 more lots.
EVENTS = {
    "pending new": lambda order: reply(ExecType.PENDING_NEW, RequestKind.NEW),
    "new": lambda order: said(ExecType.NEW),
    "untriggered": lambda order: said(ExecType.UNTRIGGERED, ord_status=OrdStatus.UNTRIGGERED),
    "triggered": lambda order: said(ExecType.TRIGGERED),
    "trade": lambda order: trade(3, order.cum_qty_lots + 3, ord_status=-1),
    "canceled": lambda order: said(ExecType.CANCELED),
    "rejected": lambda order: said(ExecType.REJECTED, code=11010),
    "expired": lambda order: said(ExecType.EXPIRED),
    "replaced": lambda order: said(ExecType.REPLACED),
    "pending cancel": lambda order: reply(ExecType.PENDING_CANCEL, RequestKind.CANCEL),
    "pending replace": lambda order: reply(ExecType.PENDING_REPLACE, RequestKind.AMEND),
    "cancel rejected": lambda order: reply(ExecType.CANCEL_REJECTED, RequestKind.CANCEL),
    "replace rejected": lambda order: reply(ExecType.REPLACE_REJECTED, RequestKind.AMEND),
    "unknown": lambda order: local(ExecType.UNKNOWN),
    "unsent": lambda order: local(ExecType.UNSENT),
}

# state          | event → state; what is not written keeps its state.
EXPECTED = """
PENDING_NEW      | pending new → NEW, new → NEW, untriggered → UNTRIGGERED, triggered → NEW, trade → PARTIALLY_FILLED,
                 | canceled → CANCELED, rejected → REJECTED, expired → EXPIRED, replaced → NEW, pending cancel → NEW,
                 | pending replace → NEW, unknown → UNKNOWN, unsent → UNSENT
NEW              | trade → PARTIALLY_FILLED, canceled → CANCELED, rejected → REJECTED, expired → EXPIRED
PARTIALLY_FILLED | canceled → CANCELED, rejected → CANCELED, expired → EXPIRED
UNTRIGGERED      | new → NEW, triggered → NEW, trade → PARTIALLY_FILLED, canceled → CANCELED, rejected → REJECTED,
                 | expired → EXPIRED
UNKNOWN          | pending new → NEW, new → NEW, untriggered → UNTRIGGERED, triggered → NEW, trade → PARTIALLY_FILLED,
                 | canceled → CANCELED, rejected → REJECTED, expired → EXPIRED, replaced → NEW, pending cancel → NEW,
                 | pending replace → NEW, unsent → UNSENT
FILLED           |
CANCELED         |
EXPIRED          |
REJECTED         | new → NEW, untriggered → UNTRIGGERED, triggered → NEW, trade → PARTIALLY_FILLED, replaced → NEW,
                 | canceled → CANCELED, expired → EXPIRED
UNSENT           | new → NEW, untriggered → UNTRIGGERED, triggered → NEW, trade → PARTIALLY_FILLED, replaced → NEW,
                 | canceled → CANCELED, expired → EXPIRED
"""


def expected_cells():
    """{(state, event): state} of the text above."""
    cells, state = {}, ""
    for line in EXPECTED.strip().splitlines():
        head, _, rules = line.partition("|")
        state = head.strip() or state
        cells |= {(state, event): state for event in EVENTS if (state, event) not in cells}
        for rule in filter(None, (rule.strip() for rule in rules.split(","))):
            event, after = rule.split(" → ")
            cells[state, event] = after
    return cells


def test_expectations_name_every_cell():
    assert len(expected_cells()) == len(HISTORIES) * len(EVENTS) == 150


@pytest.mark.parametrize(("state", "event"), list(expected_cells()))
def test_cell_of_the_table(state, event):
    order = order_in(state)
    cum_before = order.cum_qty_lots

    apply_report(order, EVENTS[event](order))

    assert OrdStatus(order.status).name == expected_cells()[state, event]
    assert order.cum_qty_lots == cum_before + (3 if event == "trade" else 0)
    check_invariants(order)


# What each cell that changes something says it changed.
EFFECTS = {
    ("PENDING_NEW", "pending new"): ACK,
    ("PENDING_NEW", "new"): ACK,
    ("PENDING_NEW", "untriggered"): ACK,
    ("PENDING_NEW", "trade"): ACK | FILL,
    ("PENDING_NEW", "canceled"): ACK | CANCEL,
    ("PENDING_NEW", "expired"): ACK | CANCEL,
    ("PENDING_NEW", "pending cancel"): ACK,
    ("PENDING_NEW", "pending replace"): ACK,
    ("PENDING_NEW", "rejected"): REJECT,
    ("PENDING_NEW", "unknown"): UNKNOWN,
    ("PENDING_NEW", "unsent"): UNSENT,
    ("NEW", "trade"): FILL,
    ("NEW", "canceled"): CANCEL,
    ("NEW", "rejected"): REJECT,
    ("NEW", "new"): 0,
    ("NEW", "pending new"): 0,
    ("NEW", "unknown"): 0,
    ("NEW", "unsent"): 0,
    ("PARTIALLY_FILLED", "rejected"): CANCEL,
    ("UNTRIGGERED", "triggered"): TRIGGER,
    ("UNTRIGGERED", "new"): TRIGGER,
    ("UNKNOWN", "new"): ACK,
    ("UNKNOWN", "pending cancel"): ACK,
    ("UNKNOWN", "trade"): ACK | FILL,
    ("UNKNOWN", "canceled"): ACK | CANCEL,
    ("UNKNOWN", "rejected"): REJECT,
    ("UNKNOWN", "unsent"): UNSENT,
    ("UNKNOWN", "unknown"): 0,
    ("FILLED", "trade"): FILL | OVERFILL,
    ("FILLED", "canceled"): 0,
    ("CANCELED", "trade"): FILL,
    ("CANCELED", "canceled"): 0,
    ("EXPIRED", "trade"): FILL,
    ("REJECTED", "new"): ACK | REVIVED,
    ("REJECTED", "trade"): ACK | FILL | REVIVED,
    ("REJECTED", "canceled"): ACK | CANCEL | REVIVED,
    ("REJECTED", "expired"): ACK | CANCEL | REVIVED,
    ("REJECTED", "rejected"): 0,
    ("UNSENT", "new"): ACK | REVIVED,
    ("UNSENT", "canceled"): ACK | CANCEL | REVIVED,
    ("UNSENT", "expired"): ACK | CANCEL | REVIVED,
}


@pytest.mark.parametrize(("state", "event"), EFFECTS)
def test_effect_of_the_cell(state, event):
    order = order_in(state)
    assert apply_report(order, EVENTS[event](order)) == EFFECTS[state, event]


# ---- What may come in any order ------------------------------------------------------------------------------------

def reports_of_a_life():
    """Accepted, amended from 10 to 12 lots, filled 5 and 3, cancelled with 4 left; each tells its venue time."""
    return [
        reply(ExecType.PENDING_NEW, RequestKind.NEW, transact_time_ns=T0),
        said(ExecType.NEW, ord_status=OrdStatus.NEW, order_qty_lots=10, cum_qty_lots=0, transact_time_ns=T0),
        said(ExecType.REPLACED, order_qty_lots=12, cum_qty_lots=0, transact_time_ns=T0 + 1),
        trade(5, 5, order_qty_lots=12, ord_status=OrdStatus.PARTIALLY_FILLED, transact_time_ns=T0 + 2),
        trade(3, 8, order_qty_lots=12, ord_status=OrdStatus.PARTIALLY_FILLED, transact_time_ns=T0 + 3),
        said(ExecType.CANCELED, order_qty_lots=12, cum_qty_lots=8, transact_time_ns=T0 + 4),
    ]


def test_every_arrival_order_ends_the_same():
    for arrival in itertools.permutations(reports_of_a_life()):
        order, cum_before, acks, ends = limit(), 0, 0, 0
        for report in arrival:
            effect = apply_report(order, report)
            acks += bool(effect & ACK)
            ends += bool(effect & CANCEL)
            assert order.cum_qty_lots >= cum_before
            cum_before = order.cum_qty_lots
            check_invariants(order)

        assert (order.status, order.is_done, acks, ends) == (OrdStatus.CANCELED, True, 1, 1)
        assert (order.order_qty_lots, order.cum_qty_lots, order.leaves_qty_lots) == (12, 8, 0)
        assert (order.traded_qty_lots, order.trade_count) == (8, 2)


def test_full_fill_ends_the_same_in_every_arrival_order():
    reports = [
        reply(ExecType.PENDING_NEW, RequestKind.NEW, transact_time_ns=T0),
        said(ExecType.NEW, order_qty_lots=10, cum_qty_lots=0, transact_time_ns=T0),
        trade(6, 6, order_qty_lots=10, transact_time_ns=T0 + 1),
        trade(4, 10, order_qty_lots=10, transact_time_ns=T0 + 2),
    ]
    for arrival in itertools.permutations(reports):
        order, fills = limit(), 0
        for report in arrival:
            fills += bool(apply_report(order, report) & FILL)
            check_invariants(order)

        assert (order.status, order.cum_qty_lots, order.traded_qty_lots, fills) == (OrdStatus.FILLED, 10, 10, 2)


def test_second_copies_of_all_but_executions_change_nothing():
    order = limit()
    for report in reports_of_a_life():
        apply_report(order, report)
        if report.exec_type != ExecType.TRADE:
            assert apply_report(order, report) == 0


# ---- States told, not events ---------------------------------------------------------------------------------------

@pytest.mark.parametrize(
    ("told", "after"),
    [
        (OrdStatus.PENDING_NEW, "NEW"), (OrdStatus.NEW, "NEW"), (OrdStatus.UNTRIGGERED, "UNTRIGGERED"),
        (OrdStatus.FILLED, "FILLED"), (OrdStatus.CANCELED, "CANCELED"), (OrdStatus.REJECTED, "REJECTED"),
        (OrdStatus.EXPIRED, "EXPIRED"),
    ],
)
def test_told_state_is_believed(told, after):
    order = limit()
    apply_report(order, said(ExecType.STATUS, ReportSource.QUERY, ord_status=told))
    assert OrdStatus(order.status).name == after


@pytest.mark.parametrize("told", [-1, 4, 9, 10, 11, 12, 13, 99, 2**31 - 1, -(2**31)])
def test_state_the_venue_cannot_tell_changes_nothing(told):
    order = limit()
    assert apply_report(order, said(ExecType.STATUS, ReportSource.QUERY, ord_status=told)) == 0
    assert order.status == OrdStatus.PENDING_NEW


@pytest.mark.parametrize("event", [-1, 16, 99, 2**31 - 1])
def test_event_nobody_knows_changes_nothing(event):
    order = limit()
    assert apply_report(order, said(event, cum_qty_lots=5)) == 0
    assert (order.status, order.cum_qty_lots) == (OrdStatus.PENDING_NEW, 0)


# ---- Lost requests -------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("kind", [RequestKind.AMEND, RequestKind.CANCEL])
@pytest.mark.parametrize("lost", [ExecType.UNKNOWN, ExecType.UNSENT])
@pytest.mark.parametrize("state", ["PENDING_NEW", "NEW", "UNKNOWN", "UNTRIGGERED"])
def test_lost_amend_or_cancel_does_not_move_the_order(state, lost, kind):
    order = order_in(state)
    apply_report(order, local(lost, kind))
    assert OrdStatus(order.status).name == state


@pytest.mark.parametrize("lost", [ExecType.UNKNOWN, ExecType.UNSENT])
@pytest.mark.parametrize("kind", [RequestKind.AMEND, RequestKind.CANCEL])
def test_lost_answer_about_a_finished_order_is_no_news(kind, lost):
    """The stream told the cancel, and with it the request's end; the overdue reply would end it a second time."""
    order = order_in("CANCELED")
    assert apply_report(order, local(lost, kind)) == 0
    assert order.status == OrdStatus.CANCELED


def test_stream_that_outran_the_lost_reply_is_believed():
    order = order_in("PARTIALLY_FILLED")
    assert apply_report(order, local(ExecType.UNKNOWN)) == 0
    assert order.status == OrdStatus.PARTIALLY_FILLED


