"""The switches as a client meets them: words of REST replies, signatures, 429s, streams, an admin, a shell."""

import asyncio
import hashlib
import hmac
import json
from contextlib import suppress

import pytest

from tidings.exchange.admin.face import AdminApi
from tidings.exchange.command import main
from tidings.exchange.local_exchange import ExchangeConfig, LocalExchange
from tidings.exchange.rest.authentication import ApiKey, Authenticator
from tidings.exchange.rest.face import RestApi
from tidings.exchange.rest.rate_limits import RateLimits
from tidings.exchange.server.http_request import Request
from tidings.exchange.venue import Venue
from tidings.exchange.venue_config import VenueConfig
from tidings.exchange.venue_rules import PERSONALITIES, Rules, rules_of

T0 = 1_790_000_000_000_000_000
SECRET = b"the secret of a test"
PRICES = {"BTCUSD": "60000", "BTCUSDT": "60000", "sBTCUSDT": "60000"}
LINEAR = "symbol=BTCUSDT&side=Buy&posSide=Merged&orderQtyRq=0.01&priceRp=50000&clOrdID="


class Client:
    """Asks the REST face of an exchange with these rules."""

    def __init__(self, **rules: object) -> None:
        self.venue = Venue(VenueConfig(has_flow=False, prices=PRICES, rules=Rules(**rules)), T0)
        self.rules = self.venue.config.rules
        keys = [ApiKey("key", self.venue.user_ids[0], SECRET)]
        limits = RateLimits(rules=self.rules)
        self.api = RestApi(self.venue, Authenticator(keys, self.rules), limits, lambda: None)
        self.now_ns = T0

    def ask(self, method: str, path: str, query: str = "", *, signed: str | None = None, expiry_s: int = 60, key="key"):
        expiry = str(self.now_ns // 10**9 + expiry_s)
        text = f"{path}{query if signed is None else signed}{expiry}"
        headers = {
            "x-phemex-access-token": key, "x-phemex-request-expiry": expiry,
            "x-phemex-request-signature": hmac.new(SECRET, text.encode(), hashlib.sha256).hexdigest(),
        }
        request = Request(method, path, query, headers, b"", True, b"")
        answer = self.api.respond(request, "192.0.2.1", self.now_ns)
        return answer.status, json.loads(answer.body)

    def create(self, name: str = "one") -> dict:
        return self.ask("PUT", "/g-orders/create", LINEAR + name)[1]["data"]

    def run(self) -> None:
        self.now_ns += 10_000_000
        self.venue.advance(self.now_ns)


def test_the_reply_to_a_create_in_the_words_of_documents_and_of_captures():
    seen = Client().create()
    assert (seen["ordStatus"], seen["execStatus"], seen["priceRp"]) == ("Created", "PendingNew", "50000")
    assert seen["transactTimeNs"] == T0
    assert "reduceOnly" not in seen
    written = Client(accepted_status="Init", accepted_time="zero", price_key="priceRq", reduce_only_key=True).create()
    assert (written["ordStatus"], written["execStatus"], written["priceRq"]) == ("Init", "Init", "50000")
    assert (written["transactTimeNs"], written["reduceOnly"]) == (0, False)
    assert "priceRp" not in written


def test_a_client_id_cannot_pose_as_a_key_that_is_reworded():
    client = Client(price_key="priceRq")
    assert client.create("%22priceRp%22:%221%22")["clOrdID"] == '"priceRp":"1"'


@pytest.mark.parametrize("rule", ["list", "object"])
def test_a_bulk_cancel_answers_a_list_or_one_object(rule):
    client = Client(bulk_cancel_reply=rule)
    ids = [client.create(name)["orderID"] for name in ("one", "two")]
    client.run()
    data = client.ask("DELETE", "/g-orders", f"symbol=BTCUSDT&posSide=Merged&orderID={','.join(ids)}")[1]["data"]
    assert (data["orderID"] if rule == "object" else [row["orderID"] for row in data]) == (
        ids[0] if rule == "object" else ids
    )


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("/orders/activeList?symbol=BTCUSD", {"rows": []}),
        ("/g-orders/activeList?symbol=BTCUSDT", {"rows": [], "nextPageArg": ""}),
        ("/spot/orders?symbol=sBTCUSDT", []),
    ],
)
def test_no_open_orders_are_a_code_or_no_rows(path, data):
    path, _, query = path.partition("?")
    assert Client().ask("GET", path, query)[1]["code"] == 10002
    assert Client(no_open_orders="empty").ask("GET", path, query)[1] == {"code": 0, "msg": "", "data": data}


def test_a_spot_order_without_the_money_in_the_words_of_the_wallet_service():
    def second_order(client: Client) -> dict:  # 300,000 of 500,000 USDT each
        query = "symbol=sBTCUSDT&side=Buy&qtyType=ByBase&baseQtyEv=600000000&priceEp=5000000000000"
        assert client.ask("PUT", "/spot/orders/create", query)[1]["code"] == 0
        return client.ask("PUT", "/spot/orders/create", query)[1]

    assert second_order(Client())["code"] == 11106
    refused = second_order(Client(spot_balance_code=35104))
    assert refused == {"code": 35104, "msg": "phemex.spot.wallet.balance.notenough", "data": None}


@pytest.mark.parametrize(
    ("form", "sent", "decoded"), [("sent", 200, 401), ("decoded", 401, 200), ("either", 200, 200)]
)
def test_which_form_of_the_query_is_signed(form, sent, decoded):
    client = Client(signature_text=form, no_open_orders="empty")
    query, plain = "symbol=BTCUSD&ordStatus=New%2CFilled", "symbol=BTCUSD&ordStatus=New,Filled"
    assert client.ask("GET", "/orders/activeList", query)[0] == sent
    assert client.ask("GET", "/orders/activeList", query, signed=plain)[0] == decoded
    assert client.ask("GET", "/orders/activeList", query, signed=f"{plain}x")[0] == 401


def test_how_far_ahead_an_expiry_may_lie():
    assert Client().ask("GET", "/spot/wallets", expiry_s=86_400)[0] == 200
    client = Client(rest_expiry_max_s=120)
    assert [client.ask("GET", "/spot/wallets", expiry_s=s)[0] for s in (120, 121)] == [200, 401]


@pytest.mark.parametrize(
    ("rule", "code", "msg"),
    [("401", "401", "401 Failed to load API KEY."), ("find", 10500, "Failed to find api-key who"),
     ("not-found", 10500, "Api key not found who")],
)
def test_what_an_unknown_key_is_told(rule, code, msg):
    status, body = Client(unknown_key_body=rule).ask("GET", "/spot/wallets", key='w"ho')
    assert (status, body["code"], body["msg"]) == (401, code, msg)


def test_what_a_key_without_the_privilege_or_from_elsewhere_is_told():
    client = Client(key_privilege="read")
    assert client.ask("GET", "/spot/wallets")[0] == 200
    refused = (403, {"code": "401", "msg": "401 Insufficient privilege."})
    assert client.ask("PUT", "/g-orders/create", LINEAR + "one") == refused
    assert client.ask("DELETE", "/g-orders/all") == refused
    assert client.venue.queries.open_orders(client.venue.user_ids[0], "BTCUSDT") == []
    client.rules.set("key-privilege", "other-address")
    assert client.ask("GET", "/spot/wallets") == (401, {"code": "401", "msg": "401 Request IP mismatch."})
    assert client.ask("GET", "/public/products")[0] == 401, "who signs is looked at on public paths too"
    client.rules.set("key-privilege", "none")
    assert client.ask("GET", "/spot/wallets") == (403, {"code": "39996", "msg": "Access denied."})
    client.rules.set("key-privilege", "other-address")
    token, expiry_s = "key", T0 // 10**9 + 60
    signature = hmac.new(SECRET, f"{token}{expiry_s}".encode(), hashlib.sha256).hexdigest()
    login = ["API", token, signature, expiry_s]
    assert client.api.authenticator.user_of_login(login, T0) is None
    client.rules.set("key-privilege", "all")
    assert client.api.authenticator.user_of_login(login, T0) == client.venue.user_ids[0]


@pytest.mark.parametrize(("rule", "left"), [("free", 25), ("permits", 0)])
def test_whether_a_429_costs(rule, left):
    client = Client(refused_costs=rule)
    for _ in range(19):
        client.ask("GET", "/g-accounts/positions", "currency=USDT")  # 25 of the 500 of a minute
    assert client.ask("GET", "/g-accounts/accountPositions", "currency=USDT")[0] == 200
    assert client.ask("GET", "/g-accounts/positions", "currency=USDT")[0] == 429
    assert client.ask("GET", "/g-accounts/accountPositions", "currency=USDT")[0] == (200 if left else 429)


@pytest.mark.parametrize(
    ("rule", "md", "v1"), [("by-path", 4, 5), ("4", 4, 4), ("5", 5, 5)],
)  # fmt: skip
def test_how_many_columns_trades_have(rule, md, v1):
    client = Client(trade_columns=rule)
    client.venue.markets["BTCUSD"].print_trade(1, 600_000_000, 3, 5_000, T0)
    for path, columns in (("/md/trade", md), ("/v1/md/trade", v1)):
        (row,) = client.ask("GET", path, "symbol=BTCUSD")[1]["result"]["trades"]
        assert (len(row), row[-2:]) == (columns, [600_000_000, 3])


@pytest.mark.parametrize("path", ["/md/v1/ticker/24hr", "/v1/md/ticker/24hr"])
def test_how_the_keys_of_a_ticker_are_spelled(path):
    client = Client()
    assert client.ask("GET", path, "symbol=BTCUSD")[1]["result"]["lastEp"] == 600_000_000
    client.rules.set("v1-ticker-keys", "plain")
    assert client.ask("GET", path, "symbol=BTCUSD")[1]["result"]["close"] == 600_000_000
    assert client.ask("GET", f"{path}/all")[1]["result"][0]["close"] == 600_000_000


@pytest.mark.parametrize("status", [429, 403, 418])
def test_what_a_request_above_the_limits_gets(status):
    client = Client(too_many_status=status)
    for _ in range(20):
        client.ask("GET", "/g-accounts/positions", "currency=USDT")
    refused = client.ask("GET", "/g-accounts/positions", "currency=USDT")
    assert refused == (status, {"code": "39995", "msg": "Too many requests."})


@pytest.fixture
def admin():
    venue = Venue(VenueConfig(has_flow=False, rules=rules_of("docs")), T0)
    told: list[str] = []
    api = AdminApi(venue, dict, lambda: None, lambda: told.append("changed"))

    def ask(method: str, body: object = None) -> tuple[int, dict]:
        data = b"" if body is None else json.dumps(body).encode()
        answer = api.respond(Request(method, "/rules", "", {}, data, True, b""), "127.0.0.1", T0)
        return answer.status, json.loads(answer.body)

    ask.venue, ask.told = venue, told
    return ask


def test_the_admin_endpoint_reads_changes_and_restores_the_rules(admin):
    status, shown = admin("GET")
    assert (status, shown["bulk-cancel-reply"], shown["pending-rule"]) == (200, "object", "queue")
    status, shown = admin("POST", {"pending-rule": "refuse", "max-active-orders": 3, "stray-messages": True})
    assert (status, shown["max-active-orders"], shown["stray-messages"]) == (200, "3", "on")
    assert admin.venue.config.rules.pending_rule == "refuse"
    assert admin("POST", {"personality": "strict", "pending-rule": "queue"})[1]["max-active-orders"] == "50"
    assert admin("DELETE")[1] == {"personality": "docs", **rules_of("docs").view()} == admin("GET")[1]
    assert admin.told == ["changed"] * 3


@pytest.mark.parametrize("personality", PERSONALITIES)
def test_the_rules_are_shown_with_their_personality_and_taken_as_they_are_shown(admin, personality):
    shown = admin("POST", {"personality": personality, "rest-expiry-max-s": 119})[1]
    assert (shown["personality"], shown["rest-expiry-max-s"]) == (personality, "119")
    admin("DELETE")
    assert admin("POST", shown)[1] == shown == admin("GET")[1]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"pending-rule": "refuse", "no-such": "x"}, "no rule 'no-such'"),
        ({"max-active-orders": 1.5}, "max-active-orders is a word or a whole number"),
        ({"personality": "kind"}, "no personality 'kind'"),
        (["pending-rule"], "rules are a JSON object"),
    ],
)
def test_a_change_that_cannot_be_made_changes_nothing(admin, body, told):
    status, answer = admin("POST", body)
    assert (status, answer["error"][: len(told)]) == (400, told)
    assert admin.venue.config.rules == rules_of("docs")
    assert admin("PUT")[0] == 405


@pytest.mark.parametrize(
    ("option", "told"),
    [
        (["--rule", "no-such=1"], "no rule 'no-such'"),
        (["--rule", "pending-rule=wait"], "pending-rule is one of queue, refuse, not 'wait'"),
        (["--personality", "kind"], "invalid choice: 'kind'"),
    ],
)
def test_the_command_refuses_a_rule_by_its_name(option, told, capsys):
    with pytest.raises(SystemExit) as end:
        main(option)
    assert end.value.code == 2
    assert told in capsys.readouterr().err


async def test_rules_reach_listeners_and_streams_of_a_running_exchange():
    exchange = LocalExchange(ExchangeConfig(has_flow=False, has_tls=False, rules=Rules(stream_subscriptions=7)))
    ready = await exchange.start()
    try:
        assert exchange._hub.limits.subscriptions == 7
        host, _, port = str(ready["rest"]).removeprefix("http://").partition(":")
        exchange.venue.config.rules.set("idle-timeout-s", "1")
        exchange.venue.config.rules.set("stream-close-code", "1013")
        exchange._apply_rules()
        assert exchange._hub.limits.close_code == 1013
        reader, writer = await asyncio.open_connection(host, int(port))
        assert await asyncio.wait_for(reader.read(), 30) == b"", "cut after a second without a request"
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
    finally:
        await exchange.stop()


def test_rules_are_listed_for_programs_and_each_choice_can_be_set(capsys):
    assert main(["--list-rules", "--json", "--personality", "docs", "--rule", "max-active-orders=7"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert listed["rules"]["max-active-orders"] == {
        "value": "7", "default": "500", "from": 1, "to": 1_000_000,
        "says": "active orders per account and symbol, then code 11032",
    }  # fmt: skip
    assert listed["rules"]["reduce-only-key"]["value"] == "on"
    assert listed["rules"]["pending-rule"]["values"] == ["queue", "refuse"]
    assert listed["personalities"]["docs"]["sets"]["client-id-required"] == "on"
    for name, rule in listed["rules"].items():
        for value in rule.get("values", [rule.get("from"), rule.get("to")]):
            rules_of(settings=[(name, str(value))])
    assert main(["--list-rules"]) == 0
    assert "    pending-rule " in capsys.readouterr().out
