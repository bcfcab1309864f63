"""Rate groups: what each request draws on, as the venue's table says, and what its headers change."""

import itertools

import pytest

from tidings.errors import UsageError
from tidings.model.enums import ProductLine, RequestKind
from tidings.venue.phemex.endpoints import endpoints_of
from tidings.venue.phemex.rate_groups import CONTRACT, RateBudget, request_of

S = 1_000_000_000
INVERSE, LINEAR, SPOT = ProductLine.INVERSE, ProductLine.LINEAR, ProductLine.SPOT
NEW, AMEND, CANCEL = RequestKind.NEW, RequestKind.AMEND, RequestKind.CANCEL
MANY, ALL, QUERY, PING = RequestKind.CANCEL_MANY, RequestKind.CANCEL_ALL, RequestKind.QUERY, RequestKind.PING

ports = itertools.count(40_000)


def make_budget(environment="local", **options):
    """A budget at a place of its own: the address's bucket is shared by all budgets of one host and port."""
    url = f"//127.0.0.1:{next(ports)}"
    return RateBudget(endpoints_of(environment, rest_url="https:" + url, ws_url="wss:" + url), **options)


def charges(cost):
    return {bucket.name: weight for bucket, weight in cost.charges}


@pytest.mark.parametrize(
    ("line", "kind", "expected"),
    [
        (INVERSE, NEW, {"contract": 1, "ip": 1}), (INVERSE, AMEND, {"contract": 1, "ip": 1}),
        (INVERSE, CANCEL, {"contract": 1, "ip": 1}), (INVERSE, MANY, {"contract": 1, "ip": 1}),
        (INVERSE, ALL, {"contract": 3, "ip": 1}), (INVERSE, QUERY, {"contract": 1, "ip": 1}),
        (LINEAR, NEW, {"contract": 1, "ip": 1}), (LINEAR, AMEND, {"contract": 1, "ip": 1}),
        (LINEAR, CANCEL, {"contract": 1, "ip": 1}), (LINEAR, MANY, {"contract": 1, "ip": 1}),
        (LINEAR, ALL, {"contract": 3, "ip": 1}), (LINEAR, QUERY, {"contract": 1, "ip": 1}),
        (SPOT, NEW, {"spotorder": 1, "ip": 1}), (SPOT, AMEND, {"spotorder": 1, "ip": 1}),
        (SPOT, CANCEL, {"spotorder": 2, "ip": 1}), (SPOT, ALL, {"spotorder": 2, "ip": 1}),
        (SPOT, QUERY, {"spotorder": 1, "ip": 1}), (LINEAR, PING, {"ip": 1}), (SPOT, PING, {"ip": 1}),
    ],
)
def test_order_requests_cost_what_the_table_says(line, kind, expected):
    assert charges(make_budget().order_cost(line, kind, "BTCUSDT")) == expected


@pytest.mark.parametrize(
    ("line", "kind", "request_line"),
    [
        (INVERSE, NEW, ("PUT", "/orders/create")), (LINEAR, AMEND, ("PUT", "/g-orders/replace")),
        (INVERSE, CANCEL, ("DELETE", "/orders/cancel")), (LINEAR, MANY, ("DELETE", "/g-orders")),
        (SPOT, ALL, ("DELETE", "/spot/orders/all")), (SPOT, PING, ("GET", "/public/time")),
    ],
)
def test_request_lines(line, kind, request_line):
    assert request_of(line, kind) == request_line


def test_spot_has_no_bulk_cancel():
    with pytest.raises(UsageError, match="no bulk cancel"):
        make_budget().order_cost(SPOT, MANY)


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/g-accounts/positions", {"contract": 25, "ip": 1}),
        ("GET", "/accounts/positions", {"contract": 25, "ip": 1}),
        ("GET", "/g-accounts/accountPositions", {"contract": 1, "ip": 1}),
        ("GET", "/spot/wallets", {"others": 1, "ip": 1}),
        ("PUT", "/positions/leverage", {"others": 1, "ip": 1}),
        ("PUT", "/g-positions/leverage", {"contract": 1, "ip": 1}),
        ("GET", "/exchange/public/md/kline", {"others": 10, "ip": 1}),
        ("GET", "/never/heard/of", {"others": 1, "ip": 1}),
        ("POST", "/orders", {"contract": 1, "ip": 1}),
        ("POST", "/g-orders", {"contract": 1, "ip": 1}),
        ("POST", "/spot/orders", {"spotorder": 1, "ip": 1}),
    ],
)
def test_queries_and_settings_cost_what_the_table_says(method, path, expected):
    assert charges(make_budget().cost(method, path)) == expected


def test_an_unsigned_request_draws_on_the_address_only():
    assert charges(make_budget().cost("GET", "/public/products", is_signed=False)) == {"ip": 1}


def test_vip_contract_calls_draw_on_their_symbol_too():
    budget = RateBudget(endpoints_of("vip"))

    assert charges(budget.order_cost(LINEAR, NEW, "BTCUSDT")) == {"contract": 1, "contract_btcusdt": 1, "ip": 1}
    assert charges(budget.order_cost(SPOT, NEW, "sBTCUSDT")) == {"spotorder": 1, "ip": 1}


def test_vip_calls_touching_all_symbols_have_a_bucket():
    budget = RateBudget(endpoints_of("vip"))

    assert charges(budget.order_cost(LINEAR, ALL)) == {"contract": 3, "contact_all_sym": 3, "ip": 1}
    assert charges(budget.order_cost(INVERSE, ALL, "BTCUSD")) == {
        "contract": 3, "contract_btcusd": 3, "contact_all_sym": 3, "ip": 1,
    }


def test_the_vip_host_lays_pings_to_the_user():
    assert charges(RateBudget(endpoints_of("vip")).ping_cost()) == {"others": 1, "ip": 1}


@pytest.mark.parametrize(
    ("environment", "capacities"),
    [
        ("live", {"contract": 500, "spotorder": 500, "others": 100, "ip": 5000}),
        ("testnet", {"contract": 500, "spotorder": 500, "others": 100, "ip": 500}),
        ("vip", {"contract": 5000, "spotorder": 500, "others": 100, "contact_all_sym": 500, "ip": 5000}),
    ],
)
def test_capacities(environment, capacities):
    used = RateBudget(endpoints_of(environment)).used(0)

    assert {name: capacity for name, (_, capacity) in used.items()} == capacities


def test_a_tenth_is_kept_for_cancels():
    cost = make_budget().order_cost(LINEAR, NEW)

    assert sum(cost.take(False, 0) for _ in range(600)) == 450
    assert sum(cost.take(True, 0) for _ in range(600)) == 50


def test_engines_of_a_process_share_the_address():
    first = make_budget()
    second = RateBudget(first.endpoints)

    assert first.ip is second.ip
    assert first.by_suffix[b"contract"] is not second.by_suffix[b"contract"]
    assert make_budget().ip is not first.ip


def test_costs_are_made_once():
    budget = make_budget()

    assert budget.order_cost(LINEAR, NEW, "BTCUSDT") is budget.order_cost(LINEAR, NEW, "ETHUSDT")


def test_headers_correct_the_group_they_name():
    budget = make_budget()
    budget.correct("CONTRACT", 120, 0)
    budget.correct("", 30, 0)
    budget.correct("something-new", 0, 0)

    used = budget.used(0)
    assert (used["contract"], used["others"], used["spotorder"]) == ((380, 500), (70, 100), (0, 500))


@pytest.mark.parametrize(
    ("retry_after_s", "until_s"), [(7, 7), (None, 5), (0, 5), (-3, 5), (10**12, 62)]
)
def test_a_429_blocks_its_group_for_a_bounded_time(retry_after_s, until_s):
    budget = make_budget()
    budget.block(CONTRACT, retry_after_s, 0)
    cost = budget.order_cost(LINEAR, CANCEL)

    assert not cost.take(True, 0)
    assert not cost.take(True, until_s * S - 1)
    assert cost.take(True, until_s * S)
    assert budget.order_cost(SPOT, NEW).take(False, 0)


def test_ceilings_lower_and_never_raise():
    used = make_budget(ceilings={CONTRACT: 100, "spotorder": 9_999, "": 0}).used(0)

    assert (used["contract"][1], used["spotorder"][1], used["others"][1]) == (100, 500, 1)


def test_limits_can_be_off_only_locally():
    budget = make_budget(is_enforced=False)
    assert all(budget.order_cost(LINEAR, NEW).take(False, 0) for _ in range(10_000))

    with pytest.raises(UsageError, match="only in the local environment"):
        RateBudget(endpoints_of("testnet"), is_enforced=False)
