"""The admin endpoint: sections cut down to a user or symbol, prices that fire triggers, and refusals that say why."""

import json

import pytest

from tidings.exchange.admin.face import AdminApi
from tidings.exchange.catalogue import Line
from tidings.exchange.faults.fault_kinds import KINDS
from tidings.exchange.orders.order_requests import NewOrder
from tidings.exchange.server.http_request import Request
from tidings.exchange.venue import Venue
from tidings.exchange.venue_config import VenueConfig

T0 = 1_790_000_000_000_000_000


@pytest.fixture
def venue() -> Venue:
    return Venue(VenueConfig(has_flow=False, prices={"BTCUSD": "60000"}), T0)


@pytest.fixture
def ask(venue):
    changes: list[str] = []
    api = AdminApi(venue, lambda: {"requests": 5}, lambda: changes.append("changed"))

    def ask(method: str, path: str, query: str = "", body: bytes = b"", **headers: str) -> tuple[int, object]:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        response = api.respond(Request(method, path, query, named, body, True, b""), "127.0.0.1", T0 + 1)
        return response.status, json.loads(response.body)

    ask.changes = changes
    return ask


def place(venue: Venue, user: int, symbol: str, **fields: object) -> str:
    scale = {"BTCUSD": 10_000, "BTCUSDT": 10**9}[symbol]
    request = NewOrder(symbol=symbol, side="Buy", price=50_000 * scale, qty=10_000, **fields)
    reply = venue.create(venue.user_ids[user], request, T0)
    assert reply.code == 0, reply
    return reply.order.order_id


def test_a_section_is_cut_down_to_a_user_and_a_symbol(venue, ask):
    first = place(venue, 0, "BTCUSD")
    place(venue, 0, "BTCUSDT")
    place(venue, 1, "BTCUSD")
    status, rows = ask("GET", "/orders", f"user_id={venue.user_ids[0]}&symbol=BTCUSD")
    assert (status, [row["order_id"] for row in rows]) == (200, [first])
    assert len(ask("GET", "/orders")[1]) == 3
    assert ask("GET", "/orders", "user_id=1")[1] == []
    assert ask("GET", "/books", "symbol=BTCUSD")[1]["last_price"] == 600_000_000


def test_open_orders_are_those_of_one_user_and_no_done_ones(venue, ask):
    order_id = place(venue, 0, "BTCUSD")
    place(venue, 1, "BTCUSD")
    venue.advance(T0 + 10**9)
    shown = ask("GET", "/open-orders", f"user_id={venue.user_ids[0]}")
    assert (shown[0], [row["order_id"] for row in shown[1]]) == (200, [order_id])
    assert shown[1] == ask("GET", "/orders", f"user_id={venue.user_ids[0]}")[1]
    venue.cancel_all(venue.user_ids[0], Line.COIN_M, T0 + 10**9, symbols=["BTCUSD"])
    venue.advance(T0 + 2 * 10**9)
    assert ask("GET", "/open-orders", f"user_id={venue.user_ids[0]}") == (200, [])


def test_the_history_of_a_user_has_done_orders_and_every_execution_once(venue, ask):
    filled, gone = place(venue, 0, "BTCUSDT"), place(venue, 0, "BTCUSD")
    sale = NewOrder(symbol="BTCUSDT", side="Sell", price=50_000 * 10**9, qty=10_000)
    venue.create(venue.user_ids[1], sale, T0)
    venue.advance(T0 + 10**9)
    venue.cancel_all(venue.user_ids[0], Line.COIN_M, T0 + 10**9, symbols=["BTCUSD"])
    venue.advance(T0 + 2 * 10**9)
    status, history = ask("GET", "/history", f"user_id={venue.user_ids[0]}")
    assert status == 200
    assert [row["order_id"] for row in history["orders"]] == [filled, gone]
    (execution,) = history["executions"]
    assert (execution["order_id"], execution["qty"], execution["symbol"]) == (filled, 10_000, "BTCUSDT")
    theirs = ask("GET", "/history", f"user_id={venue.user_ids[1]}")[1]["executions"]
    assert [row["qty"] for row in theirs] == [10_000]


def test_the_dump_has_every_section_and_the_faces_counters(venue, ask):
    status, dump = ask("GET", "/dump")
    assert status == 200
    assert {"orders", "positions", "accounts", "wallets", "books", "scales", "counters"} <= set(dump)
    assert dump["counters"]["requests"] == 5
    assert ask("GET", "/counters")[1] == dump["counters"]


def test_a_price_that_is_set_fires_what_watches_it(venue, ask):
    place(venue, 0, "BTCUSD", ord_type="StopLimit", stop_px=610_000_000, trigger="ByMarkPrice")
    venue.advance(T0)
    assert ask("POST", "/price", body=b'{"symbol":"BTCUSD","mark":60999.9}') == (
        200, {"symbol": "BTCUSD", "mark": 609_999_000},
    )
    assert venue.advance(T0 + 2) == []
    assert ask("POST", "/price", body=b'{"symbol":"BTCUSD","mark":"61000"}')[0] == 200
    venue.advance(T0 + 10**9)
    (order,) = venue.queries.open_orders(venue.user_ids[0], "BTCUSD")
    assert order.ord_status == "New", "it was triggered and rests"
    assert ask.changes == ["changed", "changed"]
    assert venue.queries.closed(venue.user_ids[0], Line.COIN_M) == []


def test_the_root_lists_every_endpoint_there_is(ask):
    status, listed = ask("GET", "/")
    assert status == 200
    for line in set(listed) - {"POST /save"}:  # which needs a loop
        assert "no such admin endpoint" not in str(ask(*line.split(" "))[1]), line
    assert ask("GET", "/nonsense") == (404, {"error": "no such admin endpoint; GET / lists them"})


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/", b"", 404),
        ("GET", "/secrets", b"", 404),
        ("POST", "/dump", b"", 404),
        ("POST", "/price", b"", 400),
        ("POST", "/price", b"{", 400),
        ("POST", "/price", b'{"symbol":"BTCUSD"}', 400),
        ("POST", "/price", b'{"symbol":"NOPE","mark":"1"}', 400),
        ("POST", "/price", b'{"symbol":"BTCUSD","mark":"-1"}', 400),
        ("POST", "/price", b'{"symbol":"BTCUSD","mark":"1e9"}', 400),
    ],
)
def test_anything_else_is_refused_with_a_reason(ask, method, path, body, status):
    found, document = ask(method, path, body=body)
    assert (found, list(document)) == (status, ["error"])
    assert ask.changes == []


# Faults.


def test_faults_are_added_shown_and_removed(venue, ask):
    status, added = ask("POST", "/faults", body=b'{"kind": "fail", "status": 502, "account": 1}')
    assert (status, added) == (200, {"ids": [1]})
    body = b'{"fault": [{"kind": "refuse-login"}, {"kind": "delay", "delay_ms": 5}]}'
    assert ask("POST", "/faults", body=body)[1] == {"ids": [2, 3]}
    status, shown = ask("GET", "/faults")
    assert (status, [row["kind"] for row in shown["faults"]]) == (200, ["fail", "refuse-login", "delay"])
    assert {"id": 1, "status": 502, "account": 1, "could": 0, "did": 0}.items() <= shown["faults"][0].items()
    assert ask("DELETE", "/faults", "id=2") == (200, {"removed": 1})
    assert ask("DELETE", "/faults", "id=2")[0] == 404
    assert ask("DELETE", "/faults", "kind=fail") == (200, {"removed": 1})
    assert ask("DELETE", "/faults") == (200, {"removed": 1})
    assert ask("GET", "/faults")[1]["faults"] == []
    assert ask("GET", "/dump")[1]["faults"] == []


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_shown_of_a_fault_is_taken_again(venue, ask, kind):
    needed = {"lag_ms": 5, "delay_ms": 5}
    row = {"kind": kind} | {key: value for key, value in needed.items() if key in KINDS[kind].keys}
    if "then" in KINDS[kind].keys:
        row["then"] = "close"
    assert ask("POST", "/faults", body=json.dumps(row).encode())[0] == 200
    shown = ask("GET", "/faults")[1]
    assert ask("POST", "/faults", body=json.dumps(shown).encode()) == (200, {"ids": [2]})
    assert ask("POST", "/faults", body=json.dumps({**shown, "seed": 77}).encode())[0] == 400
    first, second = (armed.fault for armed in venue.state.faults.armed.values())
    assert first == second


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"", "Expecting value"),
        (b"[]", "a fault is a JSON object"),
        (b'{"kind": "fail", "statos": 1}', "fault 1: fail: unknown key 'statos'"),
        (b'{"kind": "fail", "account": 44}', "account: there are 4, numbered from 0: was 44"),
        (b'{"kind": "fail", "symbol": "BTCUSTD"}', "no product 'BTCUSTD' is listed here; `tidings products`"),
        (b'{"fault": [{"kind": "fail"}, {"kind": "explode"}]}', "fault 2: kind: one of "),
        (b'{"fault": [], "seed": 7}', "seed: the exchange's stands since its start"),
        (b"[" * 100_000, "nested too deeply"),
    ],
)
def test_a_wrong_fault_is_refused_and_none_is_added(ask, body, problem):
    status, answer = ask("POST", "/faults", body=body)
    assert status == 400 and problem in answer["error"]
    assert ask("GET", "/faults")[1]["faults"] == []


def test_faults_know_three_methods(ask):
    assert ask("PUT", "/faults") == (405, {"error": "GET, POST or DELETE /faults"})


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://example.com"},
        {"origin": "null"},
        {"sec_fetch_site": "cross-site", "host": "127.0.0.1:8000"},
        {"sec_fetch_site": "same-origin"},
        {"host": "rebound.example.com:8000"},
        {"host": "127.0.0.1.example.com"},
        {"host": ""},
    ],
)
def test_a_web_page_is_refused_whatever_it_asks(venue, ask, headers):
    """A page can have a browser POST to this machine without asking anybody, and read from a name it had rebound."""
    for method, path, body in (("POST", "/price", b'{"symbol":"BTCUSD","mark":1}'), ("GET", "/dump", b"")):
        assert ask(method, path, body=body, **headers) == (403, {"error": "web pages may not ask here"})
    assert ask("POST", "/rules", body=b'{"pending-rule":"refuse"}', **headers)[0] == 403
    assert venue.markets["BTCUSD"].mark_price == 600_000_000
    assert (venue.config.rules.pending_rule, ask.changes) == ("queue", [])


@pytest.mark.parametrize(
    "headers",
    [{}, {"host": "127.0.0.1:8000"}, {"host": "LOCALHOST:1"}, {"host": "localhost"}, {"host": "[::1]:8000"},
     {"host": "[::1]"}, {"host": "127.0.0.1", "sec_fetch_site": "none"}],
)  # fmt: skip
def test_programs_and_the_address_bar_are_answered(ask, headers):
    assert ask("GET", "/counters", **headers)[0] == 200
