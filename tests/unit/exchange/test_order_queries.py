"""What queries show, now and as of a moment ago: the database of the venue lags behind its matching."""

import pytest
from venue_driver import COIN_M_60K, MS_NS, SPOT_60K, SPOT_BTC, USD, Driver

from tidings.exchange.catalogue import Line
from tidings.exchange.orders import recent_changes

TICK = 1000


def statuses(reports) -> list[tuple[str, str]]:
    return [(report.cl_ord_id, report.ord_status) for report in reports]


@pytest.fixture
def d() -> Driver:
    return Driver()


def test_an_order_becomes_visible_when_the_lag_has_passed(d):
    d.create(d.a, "BTCUSD", "Buy", 1, COIN_M_60K - TICK * USD, cl_ord_id="one")
    created_ns = d.now_ns
    d.run()
    queries = d.venue.queries
    assert queries.open_orders(d.a, "BTCUSD", created_ns - 1) == []
    assert queries.by_id(d.a, "BTCUSD", [], ["one"], created_ns - 1) == []
    assert statuses(queries.open_orders(d.a, "BTCUSD", created_ns)) == [("one", "Created")]
    assert statuses(queries.by_id(d.a, "BTCUSD", [], ["one"], d.now_ns)) == [("one", "New")]


def test_an_order_that_ended_is_still_open_in_a_lagging_list_and_not_yet_among_the_closed(d):
    d.place(d.a, "BTCUSD", "Buy", 1, COIN_M_60K - TICK * USD, cl_ord_id="one")
    working_ns = d.now_ns
    d.cancel(d.a, "BTCUSD", cl_ord_id="one")
    d.run()
    queries = d.venue.queries
    assert queries.open_orders(d.a, "BTCUSD") == []
    assert statuses(queries.open_orders(d.a, "BTCUSD", working_ns)) == [("one", "New")]
    assert statuses(queries.by_id(d.a, "BTCUSD", [], ["one"], working_ns)) == [("one", "New")]
    assert queries.closed(d.a, Line.COIN_M, as_of_ns=working_ns) == []
    assert statuses(queries.closed(d.a, Line.COIN_M)) == [("one", "Canceled")]


def test_an_amended_order_shows_its_old_terms_in_a_lagging_list(d):
    d.place(d.a, "BTCUSD", "Buy", 1, COIN_M_60K - TICK * USD, cl_ord_id="one")
    before_ns = d.now_ns
    d.amend(d.a, "BTCUSD", orig_cl_ord_id="one", qty=5)
    d.run()
    (then,) = d.venue.queries.open_orders(d.a, "BTCUSD", before_ns)
    (now,) = d.venue.queries.open_orders(d.a, "BTCUSD")
    assert (then.order_qty, now.order_qty) == (1, 5)


def test_a_fill_is_among_the_executions_from_its_own_time_on(d):
    d.place(d.a, "BTCUSD", "Buy", 7, COIN_M_60K, cl_ord_id="maker")
    d.place(d.b, "BTCUSD", "Sell", 7, COIN_M_60K, cl_ord_id="taker")
    (fill,) = d.venue.queries.fills(d.a, Line.COIN_M)
    assert fill.exec_qty == 7
    assert d.venue.queries.fills(d.a, Line.COIN_M, as_of_ns=fill.transact_time_ns) == [fill]
    assert d.venue.queries.fills(d.a, Line.COIN_M, as_of_ns=fill.transact_time_ns - 1) == []
    assert d.venue.queries.fills(d.a, Line.COIN_M, "cETHUSD") == []


def test_a_waiting_conditional_order_is_open_now_and_a_moment_ago(d):
    stop = {"ord_type": "Stop", "stop_px": COIN_M_60K + USD, "trigger": "ByMarkPrice", "cl_ord_id": "stop"}
    d.place(d.a, "BTCUSD", "Buy", 1, **stop)
    for as_of_ns in (None, d.now_ns):
        assert statuses(d.venue.queries.open_orders(d.a, "BTCUSD", as_of_ns)) == [("stop", "Untriggered")]


def test_a_rejected_order_is_found_by_the_id_its_owner_gave_it(d):
    price = SPOT_60K
    assert d.create(d.a, "sBTCUSDT", "Buy", 10_000 * SPOT_BTC, price, cl_ord_id="too-big").code != 0
    d.run()
    assert statuses(d.venue.queries.by_id(d.a, "sBTCUSDT", [], ["too-big"])) == [("too-big", "Rejected")]
    assert d.venue.queries.by_id(d.b, "sBTCUSDT", [], ["too-big"]) == []
    assert d.venue.queries.by_id(d.a, "sETHUSDT", [], ["too-big"]) == []
    assert d.venue.queries.by_id(d.a, "sBTCUSDT", [], [""]) == []


def test_open_and_done_orders_together_come_with_the_last_change_first(d):
    d.place(d.a, "BTCUSD", "Buy", 1, COIN_M_60K - TICK * USD, cl_ord_id="first")
    d.place(d.a, "BTCUSD", "Buy", 1, COIN_M_60K - TICK * USD, cl_ord_id="second")
    d.cancel(d.a, "BTCUSD", cl_ord_id="first")
    d.run()
    found = d.venue.queries.all_orders(d.a, Line.COIN_M, ["BTCUSD"])
    assert statuses(found) == [("first", "Canceled"), ("second", "New")]
    assert d.venue.queries.all_orders(d.a, Line.COIN_M, ["cETHUSD"]) == []


def test_changes_are_forgotten_after_the_longest_lag_and_the_answer_stays_right(d, monkeypatch):
    monkeypatch.setattr(recent_changes, "LAG_NS_MAX", 1_000 * MS_NS)
    d.place(d.a, "BTCUSD", "Buy", 1, COIN_M_60K - TICK * USD, cl_ord_id="old")
    recent = d.venue.state.store.recent
    kept = len(recent)
    d.run(2_000)
    d.place(d.a, "BTCUSD", "Buy", 1, COIN_M_60K - TICK * USD, cl_ord_id="new")
    assert len(recent) == kept, "as many as the second order has, the first one's are gone"
    assert [len(views) for views in recent._views.values()] == [1, 2], "of an open order the last one stays"
    assert statuses(d.venue.queries.open_orders(d.a, "BTCUSD", d.now_ns)) == [("old", "New"), ("new", "New")]
    assert statuses(d.venue.queries.open_orders(d.a, "BTCUSD", d.now_ns - 11 * MS_NS)) == [("old", "New")]


def test_an_order_of_long_ago_that_changes_is_still_known_as_it_was(d, monkeypatch):
    monkeypatch.setattr(recent_changes, "LAG_NS_MAX", 1_000 * MS_NS)
    d.place(d.a, "BTCUSD", "Buy", 1, COIN_M_60K - TICK * USD, cl_ord_id="old")
    d.run(2_000)
    d.place(d.a, "BTCUSD", "Buy", 1, COIN_M_60K - TICK * USD, cl_ord_id="new")  # what is older is forgotten
    before_ns = d.now_ns
    d.cancel(d.a, "BTCUSD", cl_ord_id="old")
    d.run()
    assert statuses(d.venue.queries.by_id(d.a, "BTCUSD", [], ["old"], before_ns)) == [("old", "New")]
    assert statuses(d.venue.queries.open_orders(d.a, "BTCUSD", before_ns)) == [("old", "New"), ("new", "New")]
    d.run(2_000)
    d.place(d.a, "BTCUSD", "Buy", 1, COIN_M_60K - TICK * USD, cl_ord_id="third")
    assert len(d.venue.state.store.recent._views) == 2, "a done order is its own last view"


def test_a_busy_exchange_keeps_only_so_many_changes(d, monkeypatch):
    monkeypatch.setattr(recent_changes, "CHANGES_MAX", 10)
    for number in range(20):
        d.place(d.a, "BTCUSD", "Buy", 1, COIN_M_60K - TICK * USD, cl_ord_id=f"o{number}")
    assert len(d.venue.state.store.recent) == 10
    kept = [len(views) for views in d.venue.state.store.recent._views.values()]
    assert kept == [1] * 15 + [2] * 5, "of an open order the last one stays"
    found = statuses(d.venue.queries.open_orders(d.a, "BTCUSD", d.now_ns - 11 * MS_NS))
    assert found == [(f"o{number}", "New") for number in range(19)]


def test_a_view_holds_until_the_next_one_however_long_ago_it_began(d, monkeypatch):
    monkeypatch.setattr(recent_changes, "LAG_NS_MAX", 1_000 * MS_NS)
    d.place(d.a, "BTCUSD", "Buy", 1, COIN_M_60K - TICK * USD, cl_ord_id="old")
    d.run(900)
    d.cancel(d.a, "BTCUSD", cl_ord_id="old")
    d.run(100)
    d.run(200)
    d.place(d.a, "BTCUSD", "Buy", 1, COIN_M_60K - TICK * USD, cl_ord_id="new")
    assert statuses(d.venue.queries.open_orders(d.a, "BTCUSD", d.now_ns - 990 * MS_NS)) == [("old", "New")]
    assert statuses(d.venue.queries.open_orders(d.a, "BTCUSD", d.now_ns)) == [("new", "New")]
