"""REST of the catalogue, no key needed: products in each of the lists the venue has kept over the years, and its clock.

`/public/products` is the catalogue as it is; the others are made from it. `md5Checksum` is of the content, so a client
that keeps it sees a change.
"""

import json
from typing import Any

from tidings.exchange.catalogue import ONE_ER, Catalogue, Instrument, Line
from tidings.exchange.messages.json_text import array, success
from tidings.exchange.rest.endpoint import Call, Table

_NO_TIME = -1  # in a timeline: it has not come, or nobody knows when it came
# What a currency counts as collateral, most liquid first: coefficient, rate of conversion, most debt in whole units.
# The documents of 2026 show the shape for one currency; the numbers here are this exchange's own.
_COLLATERALS = {
    "USDT": ("1", "0.999", "100000"), "USDC": ("0.99", "0.999", "100000"), "BTC": ("0.95", "0.998", "2"),
    "ETH": ("0.95", "0.998", "40"),
}  # fmt: skip


def server_time(call: Call) -> bytes:
    """`GET /public/time`."""
    return success(f'{{"serverTime":{call.now_ns // 1_000_000}}}')


def products(call: Call) -> bytes:
    """`GET /public/products`: the catalogue as it is."""
    return success(call.venue.catalogue.as_json)


def products_plus(call: Call) -> bytes:
    """`GET /public/products-plus`: with a timeline per product, and what each currency counts as collateral."""
    data = dict(call.venue.catalogue.data)
    for name in ("products", "perpProductsV2"):
        data[name] = [entry | {"timeline": _timeline(entry)} for entry in data[name]]
    return success(_compact(data | {"collaterals": _collaterals(call.venue.catalogue)}))


def _timeline(entry: dict[str, Any]) -> list[int]:
    """Four moments of a product: the second is its listing, the fourth its end; the others are not documented."""
    return [_NO_TIME, entry.get("listTime", _NO_TIME), _NO_TIME, entry.get("delistTime", _NO_TIME)]


def _collaterals(catalogue: Catalogue) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for currency, (coefficient, convert_rate, debt_limit) in _COLLATERALS.items():
        if currency in catalogue.currencies:
            rows.append({
                "currency": currency, "coefficient": coefficient, "defaultHourlyInterestRate": "0.00000228",
                "liquidityInDescendingOrder": len(rows) + 1, "perpCollateral": True, "perpLoan": False,
                "convertRate": convert_rate, "debtLimit": debt_limit,
            })
    return rows


def configured_products(call: Call) -> bytes:
    """`GET /exchange/public/cfg/v2/products`: the same document with the products of all lines in one list."""
    data = dict(call.venue.catalogue.data)
    data["products"] = [*data["products"], *data.pop("perpProductsV2")]
    return success(_compact(data), "OK")


def legacy_products(call: Call) -> bytes:
    """`GET /exchange/public/products`: an older list of the COIN-M contracts, with fee rates and sizes in words."""
    catalogue = call.venue.catalogue
    entries = {entry["symbol"]: entry for entry in catalogue.data["products"]}
    steps = {entry["symbol"]: entry["riskLimits"][-1] for entry in catalogue.data["riskLimits"]}
    rows = [
        _compact(_legacy_row(i, entries[i.symbol], steps.get(i.symbol, {}))) for i in catalogue.listed(Line.COIN_M)
    ]
    return success(array(rows), "OK")


def _legacy_row(i: Instrument, entry: dict[str, Any], step: dict[str, Any]) -> dict[str, object]:
    """Margins and risk limit there are those at the maximum leverage: the last `step`, scaled."""
    initial_er = ONE_ER // i.max_leverage
    scale_er = step.get("initialMarginEr", initial_er)
    return {
        "symbol": i.symbol, "underlyingSymbol": i.index_symbol, "quoteCurrency": i.quote_currency,
        "baseCurrency": i.base_currency, "settlementCurrency": i.settle_currency, "maxOrderQty": i.max_qty,
        "maxPriceEp": i.max_price, "lotSize": i.lot_size, "tickSize": str(entry["tickSize"]),
        "contractSize": f"{entry['contractSize']:g} {entry['contractUnderlyingAssets']}",
        "priceScale": i.price_scale, "ratioScale": 8, "valueScale": i.value_scale, "defaultLeverage": 0,
        "maxLeverage": i.max_leverage, "initMarginEr": str(initial_er),
        "maintMarginEr": str(step.get("maintenanceMarginEr", scale_er // 2) * initial_er // scale_er),
        "defaultRiskLimitEv": step.get("limit", 100) * 10**i.value_scale * initial_er // scale_er,
        "deleverage": True, "makerFeeRateEr": i.maker_fee_er, "takerFeeRateEr": i.taker_fee_er, "fundingInterval": 8,
        "marketUrl": f"https://phemex.com/trade/{i.symbol}", "type": "Perpetual",
    }  # fmt: skip


def _compact(document: Any) -> str:
    return json.dumps(document, separators=(",", ":"))


TABLE: Table = {
    ("GET", "/public/time"): server_time,
    ("GET", "/public/products"): products,
    ("GET", "/public/products-plus"): products_plus,
    ("GET", "/exchange/public/products"): legacy_products,
    ("GET", "/v1/exchange/public/products"): legacy_products,
    ("GET", "/exchange/public/cfg/v2/products"): configured_products,
}
