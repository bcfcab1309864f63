"""Plays of what is no single request: error bodies provoked one by one, signatures, scales of the catalogue."""

import json
from collections.abc import Callable, Iterator
from typing import Any

from tests.fidelity.comparison import Difference
from tests.fidelity.order_setup import Terms
from tests.fidelity.raw_json import Number, loads
from tests.fidelity.stage import Stage
from tests.fidelity.venue_process import QUIET, VenueProcess, json_ready
from tests.reference.phemex_client import RestClient
from tidings.exchange.rest.authentication import ApiKey, Authenticator, Unauthenticated
from tidings.exchange.server.http_request import Request

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
    """Each error that can be provoked is, and its body compared; a body seen from two services is met by one."""
    cases = stage.sample.document["cases"]
    for when in dict.fromkeys(case["when"] for case in cases):
        bodies = [case["body"] for case in cases if case["when"] == when]
        provoke = _PROVOKED.get(when)
        if provoke is None:
            yield Difference(when, "a way to provoke it", "none")
            continue
        got = provoke(stage)
        found = [list(stage.compare(_about_ours(body), got, when, is_ordered=True)) for body in bodies]
        yield from min(found, key=len)


def _about_ours(body: dict[str, Any]) -> dict[str, Any]:
    """The body, about the delisted pair that this exchange has."""
    return loads(json.dumps(json_ready(body)).replace("sMOVRUSDT", "sUSDTTRY"))


def _signed(stage: Stage, **headers: str) -> Any:
    client = stage.me
    signed = client.signed_headers("/g-orders/activeList", "symbol=BTCUSDT")
    changed = {f"x-phemex-{name.replace('_', '-')}": value for name, value in headers.items()}
    return loads(client.send("GET", "/g-orders/activeList", "symbol=BTCUSDT", "", signed | changed).text)


def _get(path: str, query: str) -> Callable[[Stage], Any]:
    return lambda stage: stage.get(path, query)


def _create(**fields: str) -> Callable[[Stage], Any]:
    query = "&".join(f"{name}={value}" for name, value in fields.items())

    def provoke(stage: Stage) -> Any:
        stage.prepare(Terms(symbol=fields["symbol"], side="Buy"))
        path = "/spot/orders/create" if fields["symbol"].startswith("s") else "/g-orders/create"
        return loads(stage.me.call("PUT", path, query).text)

    return provoke


def _beyond_balance(stage: Stage) -> Any:
    """An order worth more than the account holds, within the risk limit: at a leverage of 1."""
    stage.me.call("PUT", "/g-positions/leverage", symbol="BTCUSDT", leverageRr="-1")
    return _create(**_ORDER, orderQtyRq="15")(stage)


def _too_many(stage: Stage) -> Any:
    """On an exchange of its own that counts."""
    venue = VenueProcess(*QUIET)
    try:
        client = RestClient(venue.ready)
        for _ in range(200):
            answer = client.call("GET", "/spot/wallets")
            if answer.status == 429:
                return loads(answer.text)
        return None
    finally:
        venue.stop()


def _transfer(stage: Stage) -> Any:
    body = {"amountEv": 10**17, "currency": "USDT", "moveOp": 2}  # more than the spot wallet holds
    return loads(stage.me.post("/assets/transfer", body).text)


def _login_refused(stage: Stage) -> Any:
    return stage.stream(login=False).login(signature="0" * 64).raw


_ORDER = {"symbol": "BTCUSDT", "side": "Buy", "posSide": "Merged", "ordType": "Limit", "priceRp": "50000"}
_PROVOKED: dict[str, Callable[[Stage], Any]] = {
    "unknown API key / key not loadable": lambda stage: _signed(stage, request_access_token="", access_token="0" * 36),
    "bad signature": lambda stage: _signed(stage, request_signature="0" * 64),
    "a required parameter is missing": _get("/g-orders/activeList", ""),
    "missing parameter on kline": _get("/exchange/public/md/v2/kline", "symbol=BTCUSD&limit=5"),
    "kline limit too large": _get("/exchange/public/md/v2/kline", "symbol=BTCUSD&resolution=60&limit=100000"),
    "bad arguments (asset/data services)": _get("/g-accounts/accountPositions", "currency=NONE"),
    "bad symbol or argument on /md": _get("/md/orderbook", "symbol=NONE"),
    "rate limit (gateway text)": _too_many,
    "posSide does not fit the position mode": _create(**{**_ORDER, "posSide": "Long"}, orderQtyRq="0.01"),
    "risk rejection of a create (seen in live client logs)": _beyond_balance,
    "order not found / no open orders": _get("/g-orders/activeList", "symbol=BTCUSDT"),
    "websocket: login refused": _login_refused,
    "spot balance too low (wallet service)": _transfer,
    "symbol not listed": _create(symbol="sUSDTTRY", side="Buy", qtyType="ByBase", baseQtyEv="100000000", priceEp="1"),
}
