"""Handles, slots and their reuse; and executions counted once."""

import random

import pytest
from engine_samples import NOW_NS, Path
from order_samples import LIMIT, trade

from tidings.engine.order_table import ExecIDSet, OrderTable
from tidings.model.enums import DenyReason, ExecType, OrdStatus
from tidings.model.execution_report import report_of
from tidings.model.order_ids import ClOrdIDMaker

IDS = ClOrdIDMaker(wall_ns=1_795_000_000_000_000_000)


def finish(path, order):
    path.hear(report_of(ExecType.CANCELED, 1, handle=order.handle))
    assert order.is_done


# ---- Handles -------------------------------------------------------------------------------------------------------

def test_handle_is_the_counter_inside_the_client_id():
    path = Path()
    orders = [path.submit(LIMIT) for _ in range(3)]
    assert [order.handle for order in orders] == [1, 2, 3]
    assert [order.cl_ord_id for order in orders] == [path.table.ids.text(handle) for handle in (1, 2, 3)]
    assert [path.table.find(handle) for handle in (1, 2, 3)] == orders


def test_handles_go_on_from_the_last_one_given_out():
    path = Path(last_handle=41)
    assert path.submit(LIMIT).handle == 42


@pytest.mark.parametrize("handle", [0, -1, 2, 65, 2**62, -(2**63)])
def test_handle_never_given_out_finds_nothing(handle):
    path = Path()
    path.submit(LIMIT)
    assert path.table.find(handle) is None


def test_session_ends_with_its_last_client_id():
    path = Path(last_handle=9_999_999_998)
    path.submit(LIMIT)
    with pytest.raises(OverflowError, match="used all its ClOrdIDs"):
        path.entry.submit_order(path.draft(LIMIT), NOW_NS)
    assert path.venue.names.count("send_new") == 1


# ---- Slots ---------------------------------------------------------------------------------------------------------

def test_done_order_that_nobody_holds_is_used_again():
    path = Path(capacity=2)
    address = id(path.submit(LIMIT))
    finish(path, path.table.find(1))
    path.submit(LIMIT)
    path.forget()
    assert id(path.submit(LIMIT)) == address


def test_order_used_again_is_blank():
    path = Path(capacity=2)
    order = path.submit(LIMIT)
    path.hear(trade(4, 4, handle=1), report_of(ExecType.CANCELED, 1, handle=1, code=5))
    address = id(order)
    del order
    path.submit(LIMIT)
    path.forget()
    order = path.draft(LIMIT, qty_lots=7)
    assert id(order) == address
    numbers = ("handle", "cum_qty_lots", "leaves_qty_lots", "traded_qty_lots", "trade_count", "reject_code")
    assert [getattr(order, name) for name in numbers] == [0] * 6
    assert (order.avg_px, order.order_id, order.cl_ord_id, order.is_acked) == (None, "", "", False)
    assert order.ord_status == OrdStatus.PENDING_NEW


def test_done_order_that_somebody_holds_stays_as_it_is():
    path = Path(capacity=2)
    held = path.submit(LIMIT)
    finish(path, held)
    for _ in range(4):
        finish(path, path.submit(LIMIT))
    assert (held.handle, held.status, held.order_qty_lots) == (1, OrdStatus.CANCELED, 10)
    assert path.table.find(1) is None


def test_open_orders_keep_their_slots_and_their_handles_are_skipped():
    path = Path(capacity=4)
    resting = path.submit(LIMIT)
    handles = []
    for _ in range(6):
        order = path.submit(LIMIT)
        handles.append(order.handle)
        finish(path, order)
    assert handles == [2, 3, 4, 6, 7, 8]
    assert path.table.find(1) is resting


def test_table_full_of_open_orders_gives_no_draft():
    path = Path(capacity=4)
    orders = [path.submit(LIMIT) for _ in range(4)]
    assert path.entry.draft_order(LIMIT) is None
    finish(path, orders[2])
    assert path.submit(LIMIT).handle == 7


def test_long_run_of_resting_orders_does_not_fill_the_table():
    """150 orders side by side in 256 slots: the next handles skip all of them."""
    path = Path(capacity=256)
    resting = [path.submit(LIMIT) for _ in range(150)]
    for _ in range(106):
        finish(path, path.submit(LIMIT))
    assert path.submit(LIMIT).handle == 256 + 151
    assert path.table.open_orders()[:150] == resting


def test_counts_of_open_and_unknown_orders():
    path = Path()
    first, second = path.submit(LIMIT), path.submit(LIMIT)
    path.hear(report_of(ExecType.UNKNOWN, 4, handle=first.handle, request_kind=1))
    assert (path.table.open_count, path.table.unknown_count) == (2, 1)
    path.hear(report_of(ExecType.NEW, 1, handle=first.handle))
    assert (path.table.open_count, path.table.unknown_count) == (2, 0)
    path.hear(report_of(ExecType.REJECTED, 0, handle=second.handle), report_of(ExecType.CANCELED, 1, handle=1))
    assert (path.table.open_count, path.table.unknown_count) == (0, 0)
    path.hear(report_of(ExecType.NEW, 1, handle=second.handle))
    assert path.table.open_count == 1


def test_lists_are_by_age():
    path = Path(capacity=4)
    first = path.submit(LIMIT)
    finish(path, path.submit(LIMIT))
    finish(path, path.submit(LIMIT))
    finish(path, path.submit(LIMIT))
    path.submit(LIMIT)
    assert [order.handle for order in path.table.orders()] == [1, 3, 4, 6]
    assert path.table.open_orders() == [first, path.table.find(6)]


def test_oldest_open_order_is_found():
    path = Path(capacity=4)
    assert path.table.oldest_open_handle() == 1
    first, second = path.submit(LIMIT), path.submit(LIMIT)
    assert path.table.oldest_open_handle() == 1
    finish(path, first)
    assert path.table.oldest_open_handle() == 2
    finish(path, second)
    assert path.table.oldest_open_handle() == 3


# ---- Drafts --------------------------------------------------------------------------------------------------------

def test_drafts_that_are_dropped_leave_no_trace():
    path = Path()
    for _ in range(200):
        path.draft(LIMIT)
    assert (path.table.last_handle, path.table.open_count, path.table.orders()) == (0, 0, [])


def test_withdrawn_order_is_gone_and_its_handle_is_not_used_again():
    path = Path()
    path.venue.answers["send_new"] = DenyReason.NOT_CONNECTED
    order = path.draft(LIMIT)
    assert path.entry.submit_order(order, NOW_NS) == -DenyReason.NOT_CONNECTED
    assert (path.table.open_count, path.table.orders(), path.table.find(1)) == (0, [], None)
    path.venue.answers.clear()
    assert path.submit(LIMIT).handle == 2


@pytest.mark.parametrize("capacity", [-2, 0, 1, 3, 100, 2**25])
def test_capacity_is_a_power_of_two(capacity):
    with pytest.raises(ValueError, match=f"power of two.* {capacity}"):
        OrderTable(IDS, capacity)


@pytest.mark.parametrize("last_handle", [-1, 9_999_999_999])
def test_last_handle_leaves_one_to_give_out(last_handle):
    with pytest.raises(ValueError, match="last handle"):
        OrderTable(IDS, 2, last_handle)


# ---- Executions ----------------------------------------------------------------------------------------------------

def test_execution_is_new_once():
    seen = ExecIDSet(10)
    assert [seen.add_new(*words) for words in ((1, 2), (1, 2), (2, 1), (1, 2))] == [True, False, True, False]


def test_no_id_is_never_remembered():
    seen = ExecIDSet(10)
    assert [seen.add_new(0, 0) for _ in range(3)] == [True] * 3


def test_ids_that_share_a_word_are_told_apart():
    seen = ExecIDSet(1000)
    ids = [(0, n) for n in range(1, 200)] + [(n, 0) for n in range(1, 200)] + [(n << 40, 5) for n in range(1, 200)]
    assert all(seen.add_new(*words) for words in ids)
    assert not any(seen.add_new(*words) for words in ids)


@pytest.mark.parametrize("memory", [1, 2, 7, 600, 1024])
def test_at_least_the_last_executions_are_remembered(memory):
    """Against a plain list of everything ever seen."""
    chance, seen, told = random.Random(memory), ExecIDSet(memory), []
    for _ in range(memory * 5):
        words = chance.getrandbits(64), chance.getrandbits(64)
        assert seen.add_new(*words)
        told.append(words)
        recent = told[-memory:]
        assert not seen.add_new(*chance.choice(recent))
        assert not seen.add_new(*recent[0])
        assert all(seen.has(*one) for one in recent)


def test_asking_for_an_execution_does_not_remember_it():
    seen = ExecIDSet(10)
    assert [seen.has(1, 2), seen.has(0, 0), seen.add_new(1, 2), seen.has(1, 2)] == [False, False, True, True]


def test_forgotten_executions_make_room():
    seen = ExecIDSet(100)
    assert all(seen.add_new(n, n) for n in range(1, 301))
    assert seen.add_new(1, 1)


@pytest.mark.parametrize("memory", [0, -1, 2**40])
def test_impossible_memory_is_refused(memory):
    with pytest.raises(ValueError, match=str(memory)):
        ExecIDSet(memory)
