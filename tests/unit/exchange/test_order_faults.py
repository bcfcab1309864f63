"""Faults of the order service over a real core: doubles, orders taken off again, slow ways to the book."""

import pytest
from venue_driver import COIN_M_60K, MS_NS, PRICES, SPOT_60K, SPOT_BTC, USD, Driver, steps

from tidings.exchange.catalogue import Line
from tidings.exchange.faults.fault_file import make_fault
from tidings.exchange.schedule import Schedule
from tidings.exchange.venue import Venue
from tidings.exchange.venue_config import VenueConfig

LOW = COIN_M_60K - 1_000 * USD


def driver(*rows: dict, **settings) -> Driver:
    d = Driver(**settings)
    for row in rows:
        d.venue.state.faults.add(make_fault(row))
    return d


def create(d: Driver, name: str):
    return d.create(d.a, "BTCUSD", "Buy", 1, LOW, cl_ord_id=name)


# Doubles.


@pytest.mark.parametrize("code", [10001, 11033, 11085, 19999])
def test_a_double_is_refused_with_the_code_asked_for_and_no_event_tells_of_it(code):
    d = driver({"kind": "duplicate-id", "code": code})
    create(d, "one")
    d.run()
    assert create(d, "one").code == code
    assert d.run() == []


def test_a_double_is_taken_once_the_first_is_forgotten():
    d = driver({"kind": "duplicate-id", "remembered_ms": 1_000})
    create(d, "one")
    d.run(999)
    assert create(d, "one").code == 11085
    d.run(1)
    assert create(d, "one").code == 0
    d.run()
    assert len(d.venue.queries.open_orders(d.a, "BTCUSD")) == 2
    assert len(d.venue.queries.by_id(d.a, "BTCUSD", [], ["one"])) == 2, "a query tells of both"
    assert create(d, "one").code == 11085, "the newest use counts"


def test_a_double_can_be_taken_at_once_and_a_cancel_by_id_takes_the_newest():
    d = driver({"kind": "duplicate-id", "remembered_ms": 0})
    orders = [create(d, "one").order.order_id for _ in range(2)]
    d.run()
    assert d.cancel(d.a, "BTCUSD", cl_ord_id="one").order.order_id == orders[1]
    assert d.cancel(d.a, "BTCUSD", order_id=orders[0]).code == 0


def test_other_users_doubles_are_not_meant():
    d = driver({"kind": "duplicate-id", "remembered_ms": 0, "account": 1})
    create(d, "one")
    assert create(d, "one").code == 11085


# The venue changes its mind.


def test_an_accepted_order_is_rejected_on_the_stream_only():
    d = driver({"kind": "reject-after-accept", "code": 11150})
    reply = create(d, "one")
    assert (reply.code, reply.order.exec_status) == (0, "PendingNew")
    (report,) = d.run()
    assert (report.ord_status, report.exec_status, report.code) == ("Rejected", "CreateRejected", 11150)
    assert (report.order_id, report.leaves_qty) == (reply.order.order_id, 1)
    assert d.venue.queries.open_orders(d.a, "BTCUSD") == []
    assert [r.ord_status for r in d.venue.queries.by_id(d.a, "BTCUSD", [], ["one"])] == ["Rejected"]
    account = d.venue.account(d.a, Line.COIN_M, "BTC")
    assert account.total_used_balance == 0, "its margin is free again"


def test_a_cancel_that_meets_a_rejected_order_comes_too_late():
    d = driver({"kind": "reject-after-accept"})
    create(d, "one")
    assert d.cancel(d.a, "BTCUSD", cl_ord_id="one").code == 0
    assert steps(d.run()) == [("Rejected", "CreateRejected"), ("Rejected", "CancelRejected")]


def test_an_accepted_order_is_taken_off_again_by_the_venue():
    for code, expected in ((101, (0, 101)), (11011, (11011, 0))):
        d = driver({"kind": "cancel-after-accept", "delay_ms": 50, "code": code})
        create(d, "one")
        assert steps(d.run(54)) == [("New", "New")]
        (report,) = d.run(1)
        assert (report.ord_status, report.exec_status, report.action) == ("Canceled", "Aborted", "New")
        assert ((report.code, report.cxl_rej_reason), report.exec_qty) == (expected, 1)


def test_an_order_that_filled_first_is_not_taken_off():
    d = driver({"kind": "cancel-after-accept", "delay_ms": 50, "account": 0})
    d.create(d.a, "BTCUSD", "Buy", 1, COIN_M_60K)
    d.place(d.b, "BTCUSD", "Sell", 1, COIN_M_60K)
    assert d.run(100) == []


def test_a_conditional_order_is_taken_off_before_its_trigger():
    d = driver({"kind": "cancel-after-accept", "code": 11150})
    d.create(d.a, "BTCUSD", "Buy", 1, ord_type="Stop", stop_px=COIN_M_60K + USD, trigger="ByMarkPrice")
    assert steps(d.run()) == [("Untriggered", "Registered"), ("Deactivated", "Aborted")]


def test_spot_orders_give_their_money_back_too():
    d = driver({"kind": "reject-after-accept"})
    d.create(d.a, "sBTCUSDT", "Buy", SPOT_BTC, SPOT_60K)
    d.run()
    assert all(wallet.locked_trading_balance == 0 for wallet in d.venue.wallets(d.a))


# The way to the book.


def test_a_slow_create_is_overtaken_by_a_later_one():
    d = driver({"kind": "slow-matching", "request": "create", "nth": 1, "delay_ms": 20})
    create(d, "slow")
    create(d, "quick")
    assert [r.cl_ord_id for r in d.run(5)] == ["quick"]
    assert [r.cl_ord_id for r in d.run(20)] == ["slow"]


def test_a_cancel_that_overtakes_its_order_ends_it():
    d = driver({"kind": "slow-matching", "request": "create", "delay_ms": 20})
    create(d, "slow")
    d.cancel(d.a, "BTCUSD", cl_ord_id="slow")
    assert steps(d.run(30)) == [("Canceled", "Canceled")]


def test_an_amend_that_overtakes_its_order_is_refused_and_the_order_enters_as_it_was():
    d = driver({"kind": "slow-matching", "request": "create", "delay_ms": 20})
    create(d, "slow")
    used = d.venue.account(d.a, Line.COIN_M, "BTC").total_used_balance
    assert d.amend(d.a, "BTCUSD", orig_cl_ord_id="slow", qty=3).code == 0
    early, placed = d.run(30)
    assert (early.exec_status, early.action, early.code, early.order_qty) == ("CancelRejected", "Replace", 11066, 1)
    assert (placed.ord_status, placed.exec_status, placed.action, placed.order_qty) == ("New", "New", "New", 1)
    level = d.venue.markets["BTCUSD"].book.bids.level(LOW)
    assert (level.qty, len(level.orders)) == (1, 1), "it is in the book once"
    assert d.venue.account(d.a, Line.COIN_M, "BTC").total_used_balance == used


def test_a_fill_during_a_slow_cancel_wins():
    d = driver({"kind": "slow-matching", "request": "cancel", "delay_ms": 100})
    d.place(d.a, "BTCUSD", "Buy", 1, COIN_M_60K, cl_ord_id="late")
    assert d.cancel(d.a, "BTCUSD", cl_ord_id="late").code == 0
    assert ("Filled", "MakerFill") in steps(d.place(d.b, "BTCUSD", "Sell", 1, COIN_M_60K))
    assert steps(d.run(100)) == [("Filled", "CancelRejected")]


def test_the_same_seed_treats_the_same_orders_alike():
    def outcomes(seed: int) -> list[tuple[str, str]]:
        d = driver({"kind": "reject-after-accept", "probability": 0.5}, seed=seed)
        for number in range(20):
            create(d, f"o{number}")
        return steps(d.run())

    assert outcomes(3) == outcomes(3)
    assert outcomes(3) != outcomes(4)


def test_whoever_runs_the_schedule_hears_of_a_new_first_action():
    schedule, told = Schedule(), []
    schedule.on_sooner = told.append
    schedule.add(20, lambda due_ns: schedule.add(21, lambda _: None))
    schedule.add(30, lambda due_ns: None)
    schedule.add(10, lambda due_ns: None)
    assert told == [20, 10]
    schedule.run_until(50)
    assert told == [20, 10], "who runs it is there already"


def test_a_venue_calls_back_when_advanced_far_enough():
    venue, called = Venue(VenueConfig(has_flow=False, prices=PRICES, always_awake=()), 0), []
    venue.later(lambda: 5 * MS_NS, 10 * MS_NS, lambda: called.append(True))
    assert venue.next_due_ns() == 15 * MS_NS
    venue.advance(15 * MS_NS - 1)
    assert not called
    venue.advance(15 * MS_NS)
    assert called
