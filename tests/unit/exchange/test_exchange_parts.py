"""Schedule, identifiers, error names and the store's memory: the small parts the core stands on."""

import uuid

import pytest

from tidings.exchange.catalogue import load_catalogue
from tidings.exchange.error_codes import meaning_of, name_of, sentence_of
from tidings.exchange.identifiers import Identifiers
from tidings.exchange.orders import order_store
from tidings.exchange.orders.order_requests import NewOrder
from tidings.exchange.orders.order_store import OrderStore
from tidings.exchange.orders.orders import FILLED, Order
from tidings.exchange.schedule import Schedule


def test_actions_run_by_time_and_then_by_order_of_planning() -> None:
    schedule, seen = Schedule(), []
    for due_ns, name in ((20, "b"), (10, "a"), (20, "c"), (31, "d")):
        schedule.add(due_ns, lambda now_ns, name=name: seen.append((name, now_ns)))
    schedule.run_until(30)
    assert seen == [("a", 10), ("b", 20), ("c", 20)]
    assert schedule.next_due_ns() == 31


def test_actions_planned_by_actions_run_in_the_same_pass() -> None:
    schedule, seen = Schedule(), []
    schedule.add(1, lambda now_ns: schedule.add(2, seen.append))
    schedule.run_until(2)
    assert (seen, schedule.next_due_ns()) == ([2], None)


def test_identifiers_are_uuids_of_the_venues_versions() -> None:
    identifiers = Identifiers(1)
    order_ids = [uuid.UUID(identifiers.order_id()) for _ in range(50)]
    exec_ids = [uuid.UUID(identifiers.exec_id("BTCUSD", 7, index)) for index in range(50)]
    assert {(u.version, u.variant) for u in order_ids} == {(4, uuid.RFC_4122)}
    assert {(u.version, u.variant) for u in exec_ids} == {(5, uuid.RFC_4122)}
    payments = [uuid.UUID(identifiers.payment_id("BTCUSD", 7, index)) for index in range(50)]
    assert {(u.version, u.variant) for u in payments} == {(4, uuid.RFC_4122)}
    assert len({*order_ids, *exec_ids, *payments}) == 150


def test_identifiers_repeat_with_the_seed() -> None:
    assert Identifiers(3).order_id() == Identifiers(3).order_id() != Identifiers(4).order_id()


@pytest.mark.parametrize(
    ("code", "name", "sentence"),
    [
        (0, "", ""),
        (11001, "TE_NO_ENOUGH_AVAILABLE_BALANCE", "TE: no enough available balance"),
        (10002, "OM_ORDER_NOT_FOUND", "OM: order not found"),
        (77777, "UNKNOWN_77777", "UNKNOWN: 77777"),
    ],
)
def test_codes_have_names_and_sentences(code: int, name: str, sentence: str) -> None:
    assert (name_of(code), sentence_of(code)) == (name, sentence)


def test_codes_have_meanings() -> None:
    assert meaning_of(10002).startswith("no such order")
    assert meaning_of(77777) == ""


def test_store_forgets_the_oldest_done_orders(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(order_store, "DONE_ORDERS_MAX", 2)
    store, instrument = OrderStore(), load_catalogue().instruments["BTCUSD"]
    for n in range(3):
        request = NewOrder(symbol="BTCUSD", side="Buy", cl_ord_id=f"c{n}")
        order = Order(request, instrument, 1, f"id{n}", 0)
        store.add(order)
        order.ord_status = FILLED
        store.close(order)
    assert [store.is_known(1, f"c{n}") for n in range(3)] == [False, True, True]
    assert store.find(1, "BTCUSD", "id0", "") is None
    assert store.find(1, "BTCUSD", "", "c2").order_id == "id2"
    assert (len(store), store.open_orders(1, "BTCUSD")) == (2, [])
