"""The product lists: one content, told in the shapes of three generations of endpoints."""

import hashlib
import json

import pytest
from venue_driver import START_NS, Driver

from tidings.exchange.rest import face as rest
from tidings.exchange.rest.endpoint import Call
from tidings.exchange.rest.parameters import Parameters


@pytest.fixture(scope="module")
def ask():
    d = Driver()

    def ask(path: str) -> dict:
        return json.loads(rest._ENDPOINTS["GET", path](Call(d.venue, 0, Parameters({}), START_NS)))

    return ask


def test_the_clock_is_in_milliseconds(ask):
    assert ask("/public/time") == {"code": 0, "msg": "", "data": {"serverTime": START_NS // 1_000_000}}


def test_the_checksum_is_one_of_the_content(ask):
    data = ask("/public/products")["data"]
    checksum = data.pop("md5Checksum")
    text = json.dumps(data, separators=(",", ":"))
    assert hashlib.md5(text.encode(), usedforsecurity=False).hexdigest() == checksum
    data["products"][0]["tickSize"] = 0.5
    text = json.dumps(data, separators=(",", ":"))
    assert hashlib.md5(text.encode(), usedforsecurity=False).hexdigest() != checksum


def test_products_plus_adds_a_timeline_and_collaterals_and_nothing_else(ask):
    data, plus = ask("/public/products")["data"], ask("/public/products-plus")["data"]
    rows = plus.pop("collaterals")
    for name in ("products", "perpProductsV2"):
        for product in plus[name]:
            timeline = product.pop("timeline")
            assert (len(timeline), timeline[1]) == (4, product["listTime"])
    assert plus == data
    assert [row["liquidityInDescendingOrder"] for row in rows] == [*range(1, len(rows) + 1)]
    assert {row["currency"] for row in rows} <= {row["currency"] for row in data["currencies"]}
    assert list(rows[0]) == [
        "currency", "coefficient", "defaultHourlyInterestRate", "liquidityInDescendingOrder", "perpCollateral",
        "perpLoan", "convertRate", "debtLimit",
    ]  # fmt: skip


def test_the_configured_list_has_all_lines_in_one(ask):
    answer, data = ask("/exchange/public/cfg/v2/products"), ask("/public/products")["data"]
    assert answer["msg"] == "OK"
    assert answer["data"]["products"] == data["products"] + data["perpProductsV2"]
    assert {product["type"] for product in answer["data"]["products"]} == {"Perpetual", "PerpetualV2", "Spot"}


@pytest.mark.parametrize("path", ["/exchange/public/products", "/v1/exchange/public/products"])
def test_the_legacy_list_has_its_own_words(ask, path):
    (row,) = (row for row in ask(path)["data"] if row["symbol"] == "BTCUSD")
    assert list(row) == [
        "symbol", "underlyingSymbol", "quoteCurrency", "baseCurrency", "settlementCurrency", "maxOrderQty",
        "maxPriceEp", "lotSize", "tickSize", "contractSize", "priceScale", "ratioScale", "valueScale",
        "defaultLeverage", "maxLeverage", "initMarginEr", "maintMarginEr", "defaultRiskLimitEv", "deleverage",
        "makerFeeRateEr", "takerFeeRateEr", "fundingInterval", "marketUrl", "type",
    ]  # fmt: skip
    assert (row["tickSize"], row["contractSize"], row["underlyingSymbol"]) == ("0.1", "1 USD", ".BTC")
    assert (row["initMarginEr"], row["maintMarginEr"]) == ("1000000", "500000"), "1 % and 0.5 %, as ever"
    assert row["defaultRiskLimitEv"] == 150 * 10**8, "1,500 BTC are allowed at ten times that margin"
