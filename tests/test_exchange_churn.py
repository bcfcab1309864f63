"""What the exchange remembers is bounded: the same number of objects after three thousand orders as after six."""

import gc
from collections import deque
from functools import partial
from itertools import islice

import pytest

from benchmarks import exchange_churn
from benchmarks.exchange_churn import Churn
from tidings.exchange.orders import order_store, recent_changes
from tidings.exchange.orders.order_history import History
from tidings.exchange.orders.orders import Order
from tidings.exchange.reports import OrderReport

KEPT = 30
ACCOUNTS = 4 * 3  # users × product lines
LIVE = 5


@pytest.fixture
def churn(monkeypatch) -> Churn:
    monkeypatch.setattr(order_store, "DONE_ORDERS_MAX", KEPT)
    monkeypatch.setattr(order_store, "HISTORY_MAX", KEPT)
    monkeypatch.setattr(order_store, "History", partial(History, KEPT))
    monkeypatch.setattr(recent_changes, "CHANGES_MAX", KEPT)
    monkeypatch.setattr(exchange_churn, "LIVE_ORDERS", LIVE)
    return Churn(seed=3)


def alive(kind: type) -> int:
    gc.collect()
    return sum(1 for thing in gc.get_objects() if type(thing) is kind)


def test_objects_stay_as_many_however_many_orders_there_were(churn):
    others = alive(Order), alive(OrderReport)
    steps, counts = churn.steps(), []
    for _ in range(2):
        deque(islice(steps, 3_000), maxlen=0)
        counts.append((alive(Order) - others[0], alive(OrderReport) - others[1]))
    assert churn.refused == 0 and churn.venue.state.counters.trades > 1_000
    assert len(churn.venue.state.store) <= ACCOUNTS * (KEPT + LIVE + 2)
    for orders, reports in counts:
        assert orders <= ACCOUNTS * (KEPT + LIVE + 2) + KEPT
        assert reports <= ACCOUNTS * 2 * KEPT + 2 * KEPT + ACCOUNTS * LIVE


def test_a_short_churn_ends_flat_and_tells_what_it_did():
    result = exchange_churn.run(400, seed=1)
    assert result["orders"] == 400 and result["refused"] == 0
    assert result["is_flat"] and result["stream_messages"] > 300
