"""Faults of account streams over a real core: what each client hears, in which order, and when."""

import hashlib
import hmac
import json

import pytest
from venue_driver import COIN_M_60K, MS_NS, PRICES, START_NS, USD
from websockets.server import ServerProtocol

from tidings.exchange.faults.fault_file import make_fault
from tidings.exchange.orders.order_requests import CancelOrder, NewOrder
from tidings.exchange.rest.authentication import ApiKey, Authenticator
from tidings.exchange.streams.hub import StreamHub
from tidings.exchange.streams.session import StreamLimits, StreamSession
from tidings.exchange.venue import Venue
from tidings.exchange.venue_config import VenueConfig

SECRET = b"a secret of this test"


class Wire:
    """The transport of one session: keeps what is written."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.end = ""

    def write(self, data) -> None:
        self.data += data

    def get_write_buffer_size(self) -> int:
        return 0

    def is_closing(self) -> bool:
        return bool(self.end)

    def close(self) -> None:
        self.end = "close"

    def abort(self) -> None:
        self.end = "abort"


class Exchange:
    """A hub with one client of user a, logged in and subscribed to the COIN-M account, and these faults."""

    def __init__(self, *rows: dict, channel: str = "aop") -> None:
        self.now_ns = START_NS
        self.venue = Venue(VenueConfig(has_flow=False, prices=PRICES, seed=1, matching_delay_ns=0), START_NS)
        self.a, self.b = self.venue.user_ids[:2]
        self.plan = self.venue.state.faults
        self.ids = [self.plan.add(make_fault(row)) for row in rows]
        keys = [ApiKey(f"key-{user_id}", user_id, SECRET) for user_id in (self.a, self.b)]
        self.hub = StreamHub(self.venue, Authenticator(keys), StreamLimits(), lambda: self.now_ns, self.run)
        self.wire = Wire()
        self.session = StreamSession(
            self.wire, self.hub.limits, self.hub.on_request, self.hub.remove, lambda: self.now_ns
        )
        self.session._protocol = ServerProtocol()
        self.session._protocol.state = self.session._protocol.state.__class__.OPEN
        self.hub.add(self.session)
        self.login = self.ask("user.auth", self.auth(self.a))
        self.subscription = self.ask(f"{channel}.subscribe")
        self.first = self.heard()

    def auth(self, user_id: int) -> list[object]:
        expiry_s = self.now_ns // 10**9 + 60
        key = f"key-{user_id}"
        return ["API", key, hmac.new(SECRET, f"{key}{expiry_s}".encode(), hashlib.sha256).hexdigest(), expiry_s]

    def ask(self, method: str, params: object = ()) -> dict:
        """The answer to a request; what came before it is kept."""
        before = len(self.wire.data)
        self.hub.on_request(self.session, 9, method, list(params))
        new = [json.loads(text) for text in texts(bytes(self.wire.data[before:]))]
        return next((message for message in new if message.get("id") == 9), {})

    def run(self, ms: int = 0) -> None:
        for _ in range(max(1, ms)):
            self.now_ns += MS_NS if ms else 0
            for update in self.venue.advance(self.now_ns):
                self.hub.publish(update)

    def create(self, name: str, side: str = "Buy", user: int = 0, dollars: int = -1_000) -> None:
        """An order far from the market, or at it, and the message it causes."""
        request = NewOrder(
            symbol="BTCUSD", side=side, qty=1, price=COIN_M_60K + dollars * USD, cl_ord_id=name
        )
        assert self.venue.create(user or self.a, request, self.now_ns).code == 0
        self.run()

    def heard(self) -> list[dict]:
        """Account messages since the last call."""
        found = [json.loads(text) for text in texts(bytes(self.wire.data))]
        self.wire.data.clear()
        return [message for message in found if "orders" in message]

    def names(self) -> list[list[str]]:
        """The client ids of each message."""
        return [[order["clOrdID"] for order in message["orders"]] for message in self.heard()]


def texts(data: bytes) -> list[str]:
    """Text frames without masks, read by hand (RFC 6455 §5.2)."""
    found, at = [], 0
    while at < len(data):
        opcode, size, at = data[at] & 15, data[at + 1], at + 2
        if size >= 126:
            width = 2 if size == 126 else 8
            size, at = int.from_bytes(data[at : at + width], "big"), at + width
        if opcode == 1:
            found.append(data[at : at + size].decode())
        at += size
    return found


def test_without_a_fault_every_message_comes_once_and_in_order():
    e = Exchange()
    for name in "ab":
        e.create(name)
    assert e.names() == [["a"], ["b"]]


def test_a_message_is_omitted():
    e = Exchange({"kind": "omit-message", "nth": 2})
    for name in "abc":
        e.create(name)
    assert e.names() == [["a"], ["c"]]
    assert e.plan.counters["omit-message"] == 1


def test_a_message_comes_again():
    e = Exchange({"kind": "duplicate-message", "times": 2, "nth": 1})
    for name in "ab":
        e.create(name)
    assert e.names() == [["a"], ["a"], ["a"], ["b"]]


def test_a_message_comes_behind_the_next_one_or_alone_after_a_while():
    e = Exchange({"kind": "reorder-messages", "count": 2, "delay_ms": 100})
    e.create("a")
    assert e.names() == []
    e.create("b")
    e.create("c")
    assert e.names() == [["c"], ["a"], ["b"]]
    e = Exchange({"kind": "reorder-messages", "nth": 1, "delay_ms": 100})
    e.create("a")
    e.run(99)
    assert e.names() == []
    e.run(1)
    assert e.names() == [["a"]]


def test_a_late_message_is_overtaken():
    e = Exchange({"kind": "delay-message", "nth": 1, "delay_ms": 30})
    e.create("a")
    e.create("b")
    e.run(30)
    assert e.names() == [["b"], ["a"]]


def test_only_the_message_of_an_execution_is_late_and_may_come_after_the_end():
    e = Exchange({"kind": "late-fill", "delay_ms": 30})
    e.create("a", dollars=0)
    e.create("taker", "Sell", user=e.b, dollars=0)
    e.create("other")
    e.run(30)
    messages = e.heard()
    states = [(o["clOrdID"], o["ordStatus"]) for message in messages for o in message["orders"]]
    assert states == [("a", "New"), ("other", "New"), ("a", "Filled")]


def test_a_stalled_stream_says_nothing_while_pings_are_answered_then_all_of_it():
    e = Exchange({"kind": "stall-stream", "nth": 1, "duration_ms": 50})
    for name in "ab":
        e.create(name)
    assert e.names() == []
    assert e.ask("server.ping")["result"] == "pong"
    e.run(50)
    assert e.names() == [["a"], ["b"]]
    e.create("c")
    assert e.names() == [["c"]]


def test_a_stalled_stream_may_lose_what_it_held_and_stays_until_the_fault_is_removed():
    for backlog, expected in (("lose", []), ("deliver", [["a"]])):
        e = Exchange({"kind": "stall-stream", "nth": 1, "backlog": backlog})
        e.create("a")
        e.run(200)
        assert e.names() == []
        e.plan.remove(e.ids)
        assert e.names() == expected
        e.create("b")
        assert e.names() == [["b"]]


def test_a_mute_stream_does_not_even_answer_pings():
    e = Exchange({"kind": "stall-stream", "nth": 1, "heartbeats": False, "duration_ms": 20})
    e.create("a")
    assert e.ask("server.ping") == {}
    e.run(20)
    assert e.ask("server.ping")["result"] == "pong"


@pytest.mark.parametrize(("code", "opcodes"), [(0, []), (1012, [8])])
def test_a_stream_ends_instead_of_saying_it(code, opcodes):
    e = Exchange({"kind": "cut-stream", **({"close_code": code} if code else {})})
    e.create("a")
    data = bytes(e.wire.data)
    assert [byte & 15 for byte in data[:1]] == opcodes
    if code:
        assert int.from_bytes(data[2:4], "big") == 1012
    else:
        assert e.wire.end == "close"


def test_a_right_login_is_refused_so_often():
    e = Exchange({"kind": "refuse-login", "count": 2})
    refusal = {"error": {"code": 6012, "message": "invalid login token"}, "id": 9, "result": None}
    assert e.login == refusal
    assert e.ask("user.auth", e.auth(e.a)) == refusal
    assert e.ask("user.auth", e.auth(e.a))["result"] == {"status": "success"}


def test_a_wrong_login_is_none_of_the_faults_business():
    e = Exchange({"kind": "refuse-login", "nth": 2})
    assert e.login["error"] is None
    assert e.ask("user.auth", ["API", "nobody", "0" * 64, 0])["error"]["code"] == 6012
    assert e.ask("user.auth", e.auth(e.a))["error"]["code"] == 6012
    assert e.plan.counters["refuse-login"] == 1


def test_a_subscription_is_refused_on_its_line_only():
    assert Exchange({"kind": "refuse-subscription", "line": "COIN-M"}).subscription["error"]["code"] == 6001
    assert Exchange({"kind": "refuse-subscription", "line": "USD-M"}).subscription["error"] is None


def test_snapshots_are_befallen_if_told():
    assert len(Exchange().first) == len(Exchange({"kind": "omit-message"}).first) > 0
    assert Exchange({"kind": "omit-message", "message": "snapshot"}).first == []
    twice = Exchange({"kind": "duplicate-message", "message": "any"}).first
    assert len(twice) == 2 * len(Exchange().first)


def test_faults_of_another_account_line_or_symbol_do_not_touch_it():
    for where in ({"account": 1}, {"line": "Spot"}, {"symbol": "cETHUSD"}):
        e = Exchange({"kind": "omit-message", **where})
        e.create("a")
        assert e.names() == [["a"]]
    e = Exchange({"kind": "omit-message", "symbol": "BTCUSD", "account": 0, "line": "COIN-M"})
    e.create("a")
    assert e.names() == []


def test_a_client_that_left_gets_nothing_late():
    e = Exchange({"kind": "stall-stream", "nth": 1, "duration_ms": 20}, {"kind": "delay-message", "delay_ms": 20})
    e.create("a")
    e.hub.remove(e.session)
    e.wire.close()
    e.wire.data.clear()
    e.venue.cancel(e.a, CancelOrder(symbol="BTCUSD", cl_ord_id="a"), e.now_ns)
    e.run(50)
    assert not e.wire.data


