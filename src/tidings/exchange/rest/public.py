"""REST that needs no key and tells of no market: server time and the product catalogue."""

import json
from typing import Any

from tidings.exchange.catalogue import Catalogue, Line
from tidings.exchange.messages.json_text import array, success
from tidings.exchange.rest.endpoint import Call, Table


def server_time(call: Call) -> bytes:
    """`GET /public/time`."""
    return success(f'{{"serverTime":{call.now_ns // 1_000_000}}}')


def products(call: Call) -> bytes:
    """`GET /public/products`: the catalogue as it is."""
    return success(call.venue.catalogue.as_json)


def products_plus(call: Call) -> bytes:
    """`GET /public/products-plus`: with a timeline per product (second place: listed at) and the collateral table."""
    data = dict(call.venue.catalogue.data)
    for name in ("products", "perpProductsV2"):
        data[name] = [entry | {"timeline": [-1, entry.get("listTime", -1), -1, -1]} for entry in data[name]]
    return success(_compact(data | {"collaterals": []}))


def legacy_products(call: Call) -> bytes:
    """`GET /exchange/public/products`: an older list of the contracts, with fee rates and sizes in words."""
    return success(array(_legacy_products(call.venue.catalogue)), "OK")


def _legacy_products(catalogue: Catalogue) -> list[str]:
    entries = {entry["symbol"]: entry for entry in catalogue.data["products"]}
    rows = []
    for i in catalogue.listed(Line.COIN_M):
        entry = entries[i.symbol]
        rows.append(_compact({
            "symbol": i.symbol, "underlyingSymbol": i.index_symbol, "quoteCurrency": i.quote_currency,
            "baseCurrency": i.base_currency, "settlementCurrency": i.settle_currency, "maxOrderQty": i.max_qty,
            "maxPriceEp": i.max_price, "lotSize": i.lot_size, "tickSize": str(entry["tickSize"]),
            "contractSize": f"{entry['contractSize']:g} {entry['contractUnderlyingAssets']}",
            "priceScale": i.price_scale, "ratioScale": 8, "valueScale": i.value_scale, "defaultLeverage": 0,
            "maxLeverage": i.max_leverage, "maintMarginEr": str(i.risk_steps[-1].maint_margin_er), "deleverage": True,
            "makerFeeRateEr": i.maker_fee_er, "takerFeeRateEr": i.taker_fee_er, "fundingInterval": 8,
            "type": "Perpetual",
        }))
    return rows


def _compact(document: Any) -> str:
    return json.dumps(document, separators=(",", ":"))


TABLE: Table = {
    ("GET", "/public/time"): server_time,
    ("GET", "/public/products"): products,
    ("GET", "/public/products-plus"): products_plus,
    ("GET", "/exchange/public/products"): legacy_products,
    ("GET", "/v1/exchange/public/products"): legacy_products,
}
