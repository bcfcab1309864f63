"""Plays of what is no single request: error bodies provoked one by one, signatures, scales of the catalogue."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any, TypeAlias

from tests.fidelity.comparison import Difference
from tests.fidelity.order_setup import Terms
from tests.fidelity.raw_json import Number, loads, spelled
from tests.fidelity.stage import Stage
from tests.fidelity.venue_process import QUIET, VenueProcess, json_ready
from tests.reference.phemex_client import Answer, RestClient
from tidings.exchange.rest.authentication import ApiKey, Authenticator, Unauthenticated
from tidings.exchange.server.http_request import Request

Provoke: TypeAlias = Callable[[Stage], Answer]

_LONG_AGO_NS = 1_500_000_000_000_000_000  # before every vector's expiry


def signatures(stage: Stage) -> Iterator[Difference]:
    """Each signature is taken by the exchange's own check, and refused with its last digit changed."""
    document = stage.sample.document
    authenticator = Authenticator([ApiKey(document["api_key"], 1, document["api_secret"].encode())])
    for vector in document["vectors"]:
        signature = vector["signature"]
        forged = signature[:-1] + ("0" if signature[-1] != "0" else "1")
        for text, expected in ((signature, "taken"), (forged, "refused")):
            got = _checked(authenticator, document["api_key"], vector, text)
            yield from stage.compare(expected, got, f"{vector['name']}: {expected}", is_identical=True)
    login = document["ws_auth"]
    params = ["API", document["api_key"], login["signature"], int(login["expiry"])]
    user = authenticator.user_of_login(params, (int(login["expiry"]) - 60) * 1_000_000_000)
    yield from stage.compare("taken", "taken" if user == 1 else "refused", "ws_auth", is_identical=True)


def _checked(authenticator: Authenticator, api_key: str, vector: dict[str, Any], signature: str) -> str:
    headers = {
        "x-phemex-access-token": api_key,
        "x-phemex-request-expiry": str(vector["expiry"]),
        "x-phemex-request-signature": signature,
    }
    request = Request(vector["method"], vector["path"], vector["query"], headers, vector["body"].encode(), True, b"")
    try:
        authenticator.user_of_request(request, _LONG_AGO_NS)
    except Unauthenticated:
        return "refused"
    return "taken"


def scale_table(stage: Stage) -> Iterator[Difference]:
    """Factors of the documents' table against the catalogue's exponents, for the contracts it lists."""
    data = loads(stage.other.public("/public/products").text)["data"]
    scales = {entry["currency"]: entry["valueScale"] for entry in data["currencies"]}
    listed = {entry["symbol"]: entry for entry in data["products"]}
    for row in stage.sample.document["response"]:
        entry = listed.get(row["symbol"])
        if entry is None:
            continue
        got = {
            "symbol": entry["symbol"],
            "priceScaleFactor": Number(10 ** int(entry["priceScale"])),
            "ratioScaleFactor": Number(10 ** int(entry["ratioScale"])),
            "valueScaleFactor": Number(10 ** int(scales[entry["settleCurrency"]])),
            "settleCurrency": entry["settleCurrency"],
        }
        yield from stage.compare(row, got, row["symbol"], is_identical=True, is_wire=False)


def spot_table(stage: Stage) -> Iterator[Difference]:
    """Steps and scales of the documents' spot table against the catalogue; its limits are older."""
    table = stage.sample.document["response"]
    data = loads(stage.other.public("/public/products").text)["data"]
    listed = {entry["symbol"]: entry for entry in data["products"] if entry["type"] == "Spot"}
    columns = {"price scale factor": "priceScale", "baseTickSizeEv": "baseTickSizeEv",
               "quoteTickSizeEv": "quoteTickSizeEv", "defaultTakerFeeEr": "defaultTakerFeeEr"}  # fmt: skip
    for row in table["rows"]:
        entry = listed.get(row[0])
        for column, name in columns.items() if entry else ():
            wanted = Number(row[table["columns"].index(column)])
            yield from stage.compare(wanted, entry[name], f"{row[0]}.{name}", is_identical=True, is_wire=False)


def leverage_margins(stage: Stage) -> Iterator[Difference]:
    """A table of leverage steps: the catalogue has one of its shape."""
    data = loads(stage.other.public("/public/products").text)["data"]
    response = stage.sample.document["response"]
    rows = [row for row in data["leverageMargins"] if row["index_id"] == response["index_id"]]
    yield from stage.closest(response, rows, "leverageMargins", is_identical=True)


def error_bodies(stage: Stage) -> Iterator[Difference]:
    """Each error that can be provoked is: its body is compared, and its HTTP status where the sample knows it."""
    counted: Counter[str] = Counter()
    for case in stage.sample.document["cases"]:
        when, place = case["when"], counted[case["when"]]
        counted[when] += 1
        name = f"{when} [{place}]" if place else when
        ways = _PROVOKED.get(when, ())
        if place >= len(ways):
            yield Difference(name, "a way to provoke it", "none")
            continue
        got = ways[place](stage)
        yield from stage.compare(_about_ours(case["body"]), loads(got.text), name, is_ordered=True)
        statuses = re.findall(r"\d{3}", str(case["http_status"]).partition("(")[0])  # in brackets stands why
        if statuses and str(got.status) not in statuses:
            yield Difference(f"{name}: status", " or ".join(statuses), str(got.status))


def _about_ours(body: dict[str, Any]) -> dict[str, Any]:
    """The body, about the delisted pair and the unknown key of this play."""
    return loads(json.dumps(json_ready(body)).replace("sMOVRUSDT", "sUSDTTRY").replace(_NOBODY, _STRANGER))


def _signed(rules: dict[str, str] | None = None, **headers: str) -> Provoke:
    """A signed request with other headers, perhaps under other rules."""

    def provoke(stage: Stage) -> Answer:
        client, path, query = stage.me, "/g-orders/activeList", "symbol=BTCUSDT"
        changed = {f"x-phemex-{name.replace('_', '-')}": value for name, value in headers.items()}
        stage.rules(rules or {})
        answer = client.send("GET", path, query, "", client.signed_headers(path, query) | changed)
        stage.rules(None)
        return answer

    return provoke


def _get(path: str, query: str) -> Provoke:
    return lambda stage: stage.me.call("GET", path, query)


def _under(provoke: Provoke, **rules: str) -> Provoke:
    """The same, under other rules."""

    def provoked(stage: Stage) -> Answer:
        stage.rules({name.replace("_", "-"): value for name, value in rules.items()})
        try:
            return provoke(stage)
        finally:
            stage.rules(None)

    return provoked


def _create(**fields: str) -> Provoke:
    query = "&".join(f"{name}={value}" for name, value in fields.items())

    def provoke(stage: Stage) -> Answer:
        stage.prepare(Terms(symbol=fields["symbol"], side="Buy"))
        path = "/spot/orders/create" if fields["symbol"].startswith("s") else "/g-orders/create"
        return stage.me.call("PUT", path, query)

    return provoke


def _beyond_balance(stage: Stage) -> Answer:
    """An order worth more than the account holds, within the risk limit: at a leverage of 1."""
    stage.me.call("PUT", "/g-positions/leverage", symbol="BTCUSDT", leverageRr="-1")
    return _create(**_ORDER, orderQtyRq="15")(stage)


def _cancel_all(stage: Stage) -> Answer:
    return stage.me.call("DELETE", "/g-orders/all", "symbol=BTCUSDT")


def _beyond_balance_by_loss(stage: Stage) -> Answer:
    """An order whose margin the account holds, but not what it would lose at the mark price too."""
    stage.me.call("PUT", "/g-positions/leverage", symbol="BTCUSDT", leverageRr="-10")
    stage.price("BTCUSDT", Decimal(60_000))
    return _create(**{**_ORDER, "priceRp": "66000"}, orderQtyRq="60")(stage)


def _too_many(stage: Stage) -> Answer:
    """On an exchange of its own that counts."""
    venue = VenueProcess(*QUIET)
    client = RestClient(venue.ready)
    try:
        answers = (client.call("GET", "/spot/wallets") for _ in range(200))
        return next(answer for answer in answers if answer.status != 200)
    finally:
        client.close()
        venue.stop()


def _transfer(stage: Stage) -> Answer:
    body = {"amountEv": 10**17, "currency": "USDT", "moveOp": 2}  # more than the spot wallet holds
    return stage.me.post("/assets/transfer", body)


def _login_refused(stage: Stage) -> Answer:
    return Answer(0, {}, spelled(stage.stream(login=False).login(signature="0" * 64).raw, 1_000))


_NOBODY = "00000000-0000-0000-0000-000000000000"  # the key in the samples' texts
_STRANGER = "0f0f0f0f-1111-4222-8333-444455556666"
_ORDER = {"symbol": "BTCUSDT", "side": "Buy", "posSide": "Merged", "ordType": "Limit", "priceRp": "50000"}
_PROVOKED: dict[str, tuple[Provoke, ...]] = {  # a way for each case of that name, in order
    "unknown API key / key not loadable": (_signed(request_access_token="", access_token=_STRANGER),),
    "unknown API key (other service)": (
        _signed({"unknown-key-body": "find"}, access_token=_STRANGER),
        _signed({"unknown-key-body": "not-found"}, access_token=_STRANGER),
    ),
    "key lacks permission": (_under(_cancel_all, key_privilege="read"),),
    "key bound to another IP": (_under(_get("/spot/wallets", ""), key_privilege="other-address"),),
    "access denied (gateway text)": (_under(_get("/spot/wallets", ""), key_privilege="none"),),
    "access forbidden": (_get("/margin-trade/orders/active", "symbol=sBTCUSDT"),),
    "bad signature": (_signed(request_signature="0" * 64),),
    "a required parameter is missing": (_get("/g-orders/activeList", ""),),
    "missing parameter on kline": (_get("/exchange/public/md/v2/kline", "symbol=BTCUSD&limit=5"),),
    "kline limit too large": (_get("/exchange/public/md/v2/kline", "symbol=BTCUSD&resolution=60&limit=100000"),),
    "bad arguments (asset/data services)": (_get("/g-accounts/accountPositions", "currency=NONE"),),
    "bad symbol or argument on /md": (_get("/md/orderbook", "symbol=NONE"),),
    "rate limit (gateway text)": (_too_many,),
    "posSide does not fit the position mode": (_create(**{**_ORDER, "posSide": "Long"}, orderQtyRq="0.01"),),
    "risk rejection of a create (seen in live client logs)": (_beyond_balance, _beyond_balance_by_loss),
    "order not found / no open orders": (_get("/g-orders/activeList", "symbol=BTCUSDT"),),
    "websocket: login refused": (_login_refused,),
    "spot balance too low (wallet service)": (_transfer,),
    "symbol not listed": (
        _create(symbol="sUSDTTRY", side="Buy", qtyType="ByBase", baseQtyEv="100000000", priceEp="1"),
    ),
}
