"""Which faults happen: where, when, how often, and that the same seed and the same occasions decide alike."""

import pytest

from tidings.exchange.catalogue import Line, load_catalogue
from tidings.exchange.faults.fault_file import make_fault
from tidings.exchange.faults.fault_kinds import Point
from tidings.exchange.faults.fault_scope import REQUESTS, Occasion, occasion_of, request_names
from tidings.exchange.faults.plan import FAULTS_MAX, FaultPlan
from tidings.exchange.rest.face import _ENDPOINTS
from tidings.exchange.server.http_request import Request

INSTRUMENTS = load_catalogue().instruments
USERS = (7_000_001, 7_000_002)
CREATE = Occasion("PUT", "/g-orders/create", frozenset({"create", "order"}), Line.USD_M, ("BTCUSDT",), USERS[0])


def plan_of(*rows: dict, seed: int = 5) -> FaultPlan:
    plan = FaultPlan(USERS, seed)
    for row in rows:
        plan.add(make_fault(row))
    return plan


def decisions(plan: FaultPlan, count: int, occasion: Occasion = CREATE) -> list[bool]:
    return [bool(plan.decide(Point.REQUEST, occasion)) for _ in range(count)]


@pytest.mark.parametrize(
    ("where", "is_hit"),
    [
        ({}, True),
        ({"method": "PUT"}, True), ({"method": "POST"}, False),
        ({"path": "/g-orders/create"}, True), ({"path": "/g-orders/*"}, True), ({"path": "/G-ORDERS/*"}, False),
        ({"request": "create"}, True), ({"request": "order"}, True), ({"request": "cancel"}, False),
        ({"line": "USD-M"}, True), ({"line": "Spot"}, False),
        ({"symbol": "BTCUSDT"}, True), ({"symbol": "BTCUSD"}, False),
        ({"account": 0}, True), ({"account": 1}, False),
        ({"method": "PUT", "symbol": "ETHUSDT"}, False),
    ],
)  # fmt: skip
def test_a_fault_keeps_to_where_it_is_told(where, is_hit):
    plan = plan_of({"kind": "fail", **where})
    assert decisions(plan, 1) == [is_hit]
    assert plan.counters == ({"fail": 1} if is_hit else {})


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ({"nth": 3}, [False, False, True, False, False]),
        ({"count": 2}, [True, True, False, False, False]),
        ({"skip": 2}, [False, False, True, True, True]),
        ({"skip": 1, "count": 1}, [False, True, False, False, False]),
        ({"probability": 0.0}, [False] * 5),
        ({"probability": 1}, [True] * 5),
    ],
)
def test_a_fault_happens_when_it_is_told(when, expected):
    assert decisions(plan_of({"kind": "fail", **when}), 5) == expected


def test_a_probability_is_about_that_often():
    hits = sum(decisions(plan_of({"kind": "fail", "probability": 0.2}), 5_000))
    assert 850 < hits < 1_150


def test_the_same_seed_and_the_same_occasions_decide_alike():
    rows = [{"kind": "fail", "probability": 0.5}, {"kind": "drop", "probability": 0.5, "seed": 9}]
    first, second, other = plan_of(*rows), plan_of(*rows), plan_of(*rows, seed=6)

    def kinds(plan: FaultPlan) -> list[tuple[str, ...]]:
        return [tuple(f.fault.kind for f in plan.decide(Point.REQUEST, CREATE)) for _ in range(64)]

    found = kinds(first)
    assert found == kinds(second)
    elsewhere = kinds(other)
    assert found != elsewhere
    assert ["drop" in names for names in found] == ["drop" in names for names in elsewhere], "it has its own seed"


def test_what_is_none_of_its_business_does_not_move_a_faults_chance():
    lonely = plan_of({"kind": "fail", "probability": 0.5, "symbol": "BTCUSDT"})
    busy = plan_of({"kind": "fail", "probability": 0.5, "symbol": "BTCUSDT"})
    other = Occasion("PUT", "/orders/create", frozenset({"create"}), Line.COIN_M, ("BTCUSD",), USERS[1])
    found = []
    for _ in range(50):
        decisions(busy, 3, other)
        found += decisions(busy, 1)
    assert found == decisions(lonely, 50)


def test_delays_and_cuts_are_drawn_from_the_faults_own_chance():
    def drawn() -> list[int]:
        plan = plan_of({"kind": "delay", "delay_ms": 10, "jitter_ms": 5}, {"kind": "cut-response"})
        delay, cut = plan.decide(Point.REQUEST, CREATE)
        return [delay.delay_ns(), delay.delay_ns(), cut.cut_at(100), cut.cut_at(100)]

    first = drawn()
    assert first == drawn()
    assert all(10_000_000 <= delay_ns <= 15_000_000 for delay_ns in first[:2]) and first[0] != first[1]
    assert all(0 <= position <= 100 for position in first[2:])
    (fixed,) = plan_of({"kind": "cut-response", "at_byte": 40}).decide(Point.REQUEST, CREATE)
    assert (fixed.cut_at(100), fixed.cut_at(30)) == (40, 30)


def test_every_byte_can_be_where_it_is_cut():
    (cut,) = plan_of({"kind": "cut-response"}).decide(Point.REQUEST, CREATE)
    assert {cut.cut_at(5) for _ in range(200)} == {0, 1, 2, 3, 4, 5}


def test_a_lag_never_goes_back_further_than_changes_are_kept():
    (lag,) = plan_of({"kind": "query-lag", "lag_ms": 60_000, "jitter_ms": 60_000}).decide(Point.QUERY, Occasion())
    assert lag.lag_ns() == 60_000_000_000


def test_faults_are_asked_for_at_their_own_point_only():
    plan = plan_of({"kind": "refuse-login"}, {"kind": "omit-message"})
    assert [plan.has(point) for point in (Point.LOGIN, Point.MESSAGE, Point.REQUEST)] == [True, True, False]
    assert plan.decide(Point.REQUEST, CREATE) == []
    assert plan.decide(Point.MESSAGE, Occasion(is_snapshot=True)) == [], "incrementals only, unless told otherwise"
    assert len(plan.decide(Point.MESSAGE, Occasion())) == 1


def test_removed_faults_happen_no_more_and_stay_counted():
    plan = plan_of({"kind": "fail"}, {"kind": "drop"})
    told = []
    plan.on_removed.append(lambda: told.append(len(plan.armed)))
    decisions(plan, 2)
    assert (plan.remove([1, 77]), plan.remove([1]), told) == (1, 0, [1])
    assert [f.fault.kind for f in plan.decide(Point.REQUEST, CREATE)] == ["drop"]
    plan.remove([2])
    assert not plan.has(Point.REQUEST)
    assert plan.counters == {"fail": 2, "drop": 3}


def test_the_view_shows_keys_and_counts():
    plan = plan_of({"kind": "fail", "status": 502, "request": "create", "skip": 1})
    decisions(plan, 3)
    assert plan.view() == [{
        "id": 1, "kind": "fail", "request": "create", "skip": 1, "status": 502, "processed": True, "could": 3, "did": 2,
    }]  # fmt: skip


def test_there_is_a_limit_and_accounts_must_exist():
    plan = plan_of()
    with pytest.raises(ValueError, match="account: there are 2, numbered from 0: was 2"):
        plan.add(make_fault({"kind": "refuse-login", "account": 2}))
    plan.check([make_fault({"kind": "fail"})] * FAULTS_MAX)
    with pytest.raises(ValueError, match="no more than 1000"):
        plan.check([make_fault({"kind": "fail"})] * (FAULTS_MAX + 1))


def test_an_upgrade_is_befallen_by_name_only_and_by_what_can_befall_it():
    upgrade = Occasion("GET", "/ws", is_upgrade=True)
    assert decisions(plan_of({"kind": "fail"}), 1, upgrade) == [False]
    assert decisions(plan_of({"kind": "fail", "path": "/ws"}), 1, upgrade) == [True]
    assert decisions(plan_of({"kind": "delay", "path": "/ws", "delay_ms": 1}), 1, upgrade) == [False]


# What a request is about.


def test_every_endpoint_about_orders_has_a_name():
    named = {call for calls in REQUESTS.values() for call in calls}
    assert named <= set(_ENDPOINTS), "no call is misspelt"
    words = ("order", "trade", "tradingList")
    unnamed = {
        (method, path) for method, path in _ENDPOINTS
        if any(word in path for word in words) and (method, path) not in named
        and not path.startswith(("/md", "/v1", "/exchange/public"))
    }
    others = ("orderbook", "md", "tradeAccountDetail")  # of money, not of orders
    assert {path for _, path in unnamed if not any(word in path for word in others)} == set()


@pytest.mark.parametrize(
    ("target", "body", "names", "line", "symbols"),
    [
        ("PUT /g-orders/create?symbol=BTCUSDT&side=Buy", b"", {"create", "order"}, Line.USD_M, ("BTCUSDT",)),
        ("POST /orders", b'{"symbol": "BTCUSD"}', {"create", "order"}, Line.COIN_M, ("BTCUSD",)),
        ("DELETE /g-orders/all?untriggered=true", b"", {"cancel-all", "order"}, Line.USD_M, ()),
        ("DELETE /g-orders/all?symbol=BTCUSDT,ETHUSDT", b"", {"cancel-all", "order"}, Line.USD_M,
         ("BTCUSDT", "ETHUSDT")),
        ("GET /spot/orders?a=1&symbol=s%42TCUSDT", b"", {"open-orders", "query"}, Line.SPOT, ("sBTCUSDT",)),
        ("GET /exchange/order/v2/tradingList?currency=USDT", b"", {"trades", "query"}, Line.USD_M, ()),
        ("GET /public/time", b"", set(), None, ()),
        ("POST /orders", b'["symbol"]', {"create", "order"}, Line.COIN_M, ()),
        ("POST /orders", b'{"symbol": 7', {"create", "order"}, Line.COIN_M, ()),
        ("GET /spot/orders?xsymbol=BTCUSD", b"", {"open-orders", "query"}, Line.SPOT, ()),
    ],
)  # fmt: skip
def test_a_request_is_read_as_far_as_faults_need_it(target, body, names, line, symbols):
    method, _, rest = target.partition(" ")
    path, _, query = rest.partition("?")
    request = Request(method, path, query, {"x-phemex-access-token": "a-key"}, body, True, b"")
    occasion = occasion_of(request, INSTRUMENTS, {"a-key": 42}.__getitem__)
    assert (occasion.requests, occasion.line, occasion.symbols, occasion.user_id) == (names, line, symbols, 42)
    assert request_names(method, path) == names
