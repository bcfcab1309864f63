"""Orders of others: kept while they are open, told once, and never on the word of a row that is out of date."""

import logging

import pytest
from order_samples import said

from tidings.app.truth.foreign_orders import ForeignOrders
from tidings.model.enums import ExecType, OrdStatus

S = 1_000_000_000
OURS = "T1M82Y8T1N0000000001"


def row(status, at_s=0, *, number=1, cl_ord_id=OURS, **numbers):
    return said(ExecType.STATUS, now_ns=at_s * S + 1, order_id=f"00000000-0000-0000-0000-00000000000{number}",
                cl_ord_id=cl_ord_id, symbol="BTCUSDT", ord_status=status, **numbers)


@pytest.fixture
def told(caplog):
    return lambda: [record.args[0] for record in caplog.records]


def heard(*rows):
    foreign = ForeignOrders()
    for one in rows:
        foreign.hear(one)
    foreign.tell_alarms()
    return foreign


@pytest.mark.parametrize("states", [
    (OrdStatus.NEW, OrdStatus.PARTIALLY_FILLED, OrdStatus.FILLED),      # as the account's snapshot tells them
    (OrdStatus.FILLED, OrdStatus.PARTIALLY_FILLED, OrdStatus.NEW),
    (OrdStatus.PARTIALLY_FILLED, OrdStatus.CANCELED, OrdStatus.PARTIALLY_FILLED),
])
def test_what_has_ended_is_neither_open_nor_told(states, told):
    assert (heard(*map(row, states)).all(), told()) == ([], [])


def test_a_list_that_lags_does_not_open_it_again(told):
    foreign = heard(row(OrdStatus.NEW), row(OrdStatus.FILLED, 1))
    foreign.take_list("BTCUSDT", [row(OrdStatus.NEW, 3)], 3 * S)
    foreign.tell_alarms()
    assert (foreign.all(), told()) == ([], [])


def test_a_list_of_long_after_is_believed(told):
    foreign = heard(row(OrdStatus.NEW), row(OrdStatus.FILLED, 1))
    foreign.take_list("BTCUSDT", [row(OrdStatus.NEW, 6)], 6 * S)
    foreign.tell_alarms()
    assert (len(foreign.all()), told()) == (1, [OURS])


@pytest.mark.parametrize("rows", [[row(OrdStatus.NEW, 1)], [row(OrdStatus.NEW, -9), row(OrdStatus.NEW, 1)]])
def test_a_list_that_may_be_older_than_an_order_does_not_end_it(rows):
    foreign = heard(*rows)
    foreign.take_list("BTCUSDT", [], 5 * S)
    assert len(foreign.all()) == 1


def test_a_list_that_shows_an_order_makes_the_next_one_prove_its_end_anew():
    foreign = heard(row(OrdStatus.NEW))
    for asked_s, listed in ((6, [row(OrdStatus.NEW, 6)]), (8, [])):  # the second answer comes from further behind
        foreign.take_list("BTCUSDT", listed, asked_s * S)
    assert len(foreign.all()) == 1
    foreign.take_list("BTCUSDT", [], 12 * S)
    assert foreign.all() == []


def test_a_row_of_before_takes_nothing_back():
    """A list that lags, and a message that changed places with the one behind it."""
    partly = row(OrdStatus.PARTIALLY_FILLED, 1, transact_time_ns=20, order_qty_lots=30, cum_qty_lots=4)
    before = row(OrdStatus.NEW, 2, transact_time_ns=10, order_qty_lots=10, cum_qty_lots=0)
    foreign = heard(partly)
    foreign.take_list("BTCUSDT", [before], 2 * S)
    foreign.hear(before)
    assert [(one.ord_status, one.order_qty_lots, one.cum_qty_lots) for one in foreign.all()] == [
        (OrdStatus.PARTIALLY_FILLED, 30, 4),
    ]  # fmt: skip
    foreign.hear(row(OrdStatus.PARTIALLY_FILLED, 3, transact_time_ns=30, order_qty_lots=20, cum_qty_lots=5))
    assert [(one.order_qty_lots, one.cum_qty_lots) for one in foreign.all()] == [(20, 5)]


def test_a_list_speaks_of_its_own_symbol_and_of_what_it_leaves_out():
    foreign = heard(row(OrdStatus.NEW), row(OrdStatus.NEW, number=2))
    foreign.take_list("ETHUSDT", [], 60 * S)
    assert len(foreign.all()) == 2
    foreign.take_list("BTCUSDT", [row(OrdStatus.NEW, 60, number=2)], 60 * S)
    assert [order.order_id[-1] for order in foreign.all()] == ["2"]


def test_a_list_that_is_too_long_ends_nothing_and_what_it_shows_is_open_all_the_same():
    foreign = heard(row(OrdStatus.NEW))
    foreign.take_list("BTCUSDT", [row(OrdStatus.NEW, 60, number=2)], 60 * S, is_complete=False)
    assert [order.order_id[-1] for order in foreign.all()] == ["1", "2"]


def test_a_triggered_order_goes_on_under_its_id():
    rows = [row(status) for status in (OrdStatus.UNTRIGGERED, OrdStatus.PENDING_NEW, OrdStatus.NEW)]
    assert [order.ord_status for order in heard(*rows).all()] == [OrdStatus.NEW]


def test_an_order_is_open_while_it_is_being_triggered():
    triggered = [row(OrdStatus.UNTRIGGERED), row(OrdStatus.PENDING_NEW)]
    assert [order.ord_status for order in heard(*triggered).all()] == [OrdStatus.UNTRIGGERED]
    assert heard(row(OrdStatus.PENDING_NEW)).all() == []


def test_it_is_told_once_and_when_it_changes(told):
    foreign = heard(row(OrdStatus.NEW))
    for at_s in range(1, 9):
        foreign.take_list("BTCUSDT", [row(OrdStatus.NEW, at_s)], at_s * S)
        foreign.tell_alarms()
    assert told() == [OURS]
    foreign.hear(row(OrdStatus.PARTIALLY_FILLED, 9, cum_qty_lots=3))
    foreign.tell_alarms()
    foreign.tell_alarms()
    assert told() == [OURS, OURS]


def test_only_those_of_tidings_are_told(told):
    assert len(heard(row(OrdStatus.NEW, cl_ord_id="by-hand"), row(OrdStatus.NEW, number=2, cl_ord_id="")).all()) == 2
    assert told() == []


def test_the_level_is_the_callers(caplog):
    foreign = ForeignOrders(logging.WARNING)
    foreign.hear(row(OrdStatus.NEW))
    foreign.tell_alarms()
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
