"""The order of checks before an endpoint, and that a defect of ours is a 500 and nothing else."""

import hashlib
import hmac
import json

import pytest

from tidings.exchange.rest import face as rest_face
from tidings.exchange.rest.authentication import ApiKey, Authenticator
from tidings.exchange.rest.face import RestApi
from tidings.exchange.rest.rate_limits import IP_CAPACITY, RateLimits
from tidings.exchange.rest.response import Response
from tidings.exchange.server.http_request import Request
from tidings.exchange.venue import Venue
from tidings.exchange.venue_config import VenueConfig

T0 = 1_790_000_000_000_000_000
SECRET = b"another secret"


class Face:
    """A REST face over a real core; requests are signed unless told otherwise."""

    def __init__(self, **options: object) -> None:
        self.venue = Venue(VenueConfig(has_flow=False), T0)
        self.limits = RateLimits()
        self.changes = 0
        key = ApiKey("key", self.venue.user_ids[0], SECRET)
        self.api = RestApi(self.venue, Authenticator([key]), self.limits, self.on_changed, **options)

    def on_changed(self) -> None:
        self.changes += 1

    def ask(self, method: str, path: str, query: str = "", *, is_signed: bool = True) -> Response:
        expiry = str(T0 // 10**9 + 60)
        signature = hmac.new(SECRET, f"{path}{query}{expiry}".encode(), hashlib.sha256).hexdigest()
        headers = {
            "x-phemex-access-token": "key", "x-phemex-request-expiry": expiry, "x-phemex-request-signature": signature,
        }
        request = Request(method, path, query, headers if is_signed else {}, b"", True, b"")
        return self.api.respond(request, "192.0.2.1", T0)


CREATE = ("PUT", "/orders/create", "symbol=BTCUSD&side=Buy&orderQty=1&priceEp=500000000&clOrdID=once")


@pytest.fixture
def face() -> Face:
    return Face()


def test_a_refused_request_has_no_effect(face):
    for number in range(500):
        face.ask("PUT", "/orders/replace", f"symbol=BTCUSD&orderID=none{number}&priceEp=1")
    refused = face.ask(*CREATE)
    assert (refused.status, refused.body) == (429, b'{"code":"39995","msg":"Too many requests."}')
    assert face.venue.queries.open_orders(face.venue.user_ids[0], "BTCUSD") == []


def test_an_unsigned_order_has_no_effect_and_takes_no_permit(face):
    assert face.ask(*CREATE, is_signed=False).status == 401
    assert face.venue.queries.open_orders(face.venue.user_ids[0], "BTCUSD") == []
    assert "x-ratelimit-remaining-contract: 499\r\n" in face.ask(*CREATE).headers


def test_a_missing_parameter_is_told_by_the_gateway_in_its_own_order_and_without_data(face):
    assert face.ask("GET", "/orders/activeList").body == b'{"msg":"Missing required parameter","code":10500}'
    assert face.ask("GET", "/orders/activeList", "symbol=NONE").body.startswith(b'{"code":11027,"msg":')


@pytest.mark.parametrize(
    ("method", "path", "query"),
    [
        ("DELETE", "/orders/cancel", "symbol=BTCUSD"), ("PUT", "/orders/replace", "symbol=BTCUSD&priceEp=1"),
        ("DELETE", "/g-orders/cancel", "symbol=BTCUSDT&posSide=Merged"), ("DELETE", "/spot/orders", "symbol=sBTCUSDT"),
        ("DELETE", "/orders", "symbol=BTCUSD"), ("GET", "/orders/active", "symbol=BTCUSD"),
    ],
)  # fmt: skip
def test_an_order_that_is_not_named_is_a_missing_parameter(face, method, path, query):
    assert face.ask(method, path, query).body == b'{"msg":"Missing required parameter","code":10500}'


def test_a_blocked_address_is_refused_before_anything_else(face):
    for _ in range(IP_CAPACITY):
        face.ask("GET", "/public/time", is_signed=False)
    assert face.ask("GET", "/public/time", is_signed=False).status == 429
    assert face.ask(*CREATE).status == 429


def test_the_core_is_told_of_private_requests_only(face):
    face.ask("GET", "/public/time", is_signed=False)
    assert face.changes == 0
    face.ask(*CREATE)
    assert face.changes == 1


def test_a_defect_is_a_500_that_says_nothing(face, monkeypatch, caplog):
    def broken(*_: object) -> None:
        raise RuntimeError("something private")

    monkeypatch.setattr(face.venue, "create", broken)
    answer = face.ask(*CREATE)
    assert (answer.status, json.loads(answer.body)) == (500, {"code": 500, "msg": "internal error", "data": None})
    assert "PUT /orders/create failed" in caplog.text
    assert "clOrdID" not in caplog.records[0].getMessage()
    assert face.api.counters["failures"] == 1


def test_the_vip_host_wants_public_paths_signed_too():
    face = Face(needs_key_everywhere=True)
    assert face.ask("GET", "/public/time", is_signed=False).status == 401
    assert face.ask("GET", "/public/time").status == 200


@pytest.mark.parametrize("name", ["ordType", "timeInForce", "triggerType", "pegPriceType", "tpTrigger"])
def test_a_word_that_would_break_our_answer_is_refused(face, name):
    method, path, query = CREATE
    answer = face.ask(method, path, f"{query}&{name}=a%22,%22ordStatus%22:%22Filled")
    assert json.loads(answer.body) == {"code": 39108, "msg": f"{name} is not a word", "data": None}


def test_another_method_is_told_which_there_are(face):
    answer = face.ask("POST", "/spot/orders/all")
    assert (answer.status, answer.headers) == (405, "Allow: DELETE\r\n")
    assert face.ask("HEAD", "/spot/orders").headers == "Allow: DELETE, GET, POST, PUT\r\n"
    assert (face.ask("GET", "/no/such").status, face.ask("GET", "/no/such").headers) == (404, "")


def test_parameters_that_cannot_be_read_cost_what_others_cost(face):
    query = "&".join(f"p{number}=1" for number in range(65))
    answer = face.ask("PUT", "/g-orders/create", query)
    assert (answer.status, json.loads(answer.body)["code"]) == (200, 39108)
    assert "x-ratelimit-remaining-contract: 499\r\n" in answer.headers
    for _ in range(499):
        face.ask("PUT", "/g-orders/create", query)
    assert face.ask("PUT", "/g-orders/create", query).status == 429


@pytest.mark.parametrize(
    ("method", "path", "query", "code", "about"),
    [
        ("PUT", "/orders/create", f"{CREATE[2]}{'e' * 40}", 39108, "clOrdID longer than 40 characters"),
        ("PUT", "/orders/create", CREATE[2].replace("500000000", "500000001"), 39108, "price is not a multiple"),
        ("PUT", "/g-positions/switch-pos-mode-sync", "symbol=BTCUSDT&targetPosMode=Both", 39108, "targetPosMode is"),
        ("GET", "/accounts/accountPositions", "currency=DOGE", 30000, "currency 'DOGE'"),
        ("GET", "/exchange/public/md/v2/kline", "symbol=BTCUSD&resolution=7", 30000, "resolution 7: one of 60,"),
        ("GET", "/exchange/public/md/v2/kline", "symbol=BTCUSD&resolution=60&limit=7", 30000, "limit 7: one of 5,"),
        ("GET", "/orders/activeList", "", 10500, "symbol is missing"),
    ],
)
def test_what_an_answer_does_not_say_of_a_parameter_the_log_does_once(face, caplog, method, path, query, code, about):
    caplog.set_level("INFO", "tidings.exchange")
    for _ in range(2):
        assert json.loads(face.ask(method, path, query).body)["code"] == code
    (line,) = caplog.messages
    assert line.startswith(f"{method} {path} was refused with {code}: ")
    assert about in line


def test_the_log_does_not_grow_without_end_by_nonsense(face, caplog, monkeypatch):
    monkeypatch.setattr(rest_face, "EXPLAINED_MAX", 3)
    caplog.set_level("INFO", "tidings.exchange")
    for number in range(9):
        face.ask("GET", "/accounts/accountPositions", f"currency=X{number}")
    assert len(caplog.messages) == 3
