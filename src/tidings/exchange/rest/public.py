"""REST that needs no key: server time, the product catalogue, books, trades and 24-hour figures.

Everything under `/md` has an envelope of its own: `{"error":null,"id":0,"result":...}` (phemex docs 2026, "Market
data").
"""

import json
from collections.abc import Callable
from typing import Any

from tidings.exchange.catalogue import Catalogue, Line
from tidings.exchange.markets.market import Market
from tidings.exchange.messages import market_json
from tidings.exchange.messages.json_text import array, quote, success
from tidings.exchange.rest.endpoint import Call, Endpoint, Table

DEFAULT_DEPTH = 30
QUERY_TRADES = 200  # rows of the newer queries; the docs say no number
_INVALID_ARGUMENT = b'{"error":{"code":6001,"message":"invalid argument"},"id":null,"result":null}'

Result = Callable[[Market, int], str]
"""JSON of one market at a time in nanoseconds."""


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
            "maxLeverage": i.max_leverage, "maintMarginEr": str(i.maint_margin_er), "deleverage": True,
            "makerFeeRateEr": i.maker_fee_er, "takerFeeRateEr": i.taker_fee_er, "fundingInterval": 8,
            "type": "Perpetual",
        }))
    return rows


def _compact(document: Any) -> str:
    return json.dumps(document, separators=(",", ":"))


def _market_data(result: Result, *lines: Line) -> Endpoint:
    """An endpoint that answers with `result` for the market named by `symbol`, if it is of one of `lines`."""

    def endpoint(call: Call) -> bytes:
        instrument = call.venue.catalogue.instruments.get(call.parameters.text("symbol"))
        market = call.venue.market(instrument.symbol, call.now_ns) if instrument and instrument.line in lines else None
        if market is None:
            return _INVALID_ARGUMENT
        return f'{{"error":null,"id":{call.parameters.integer("id")},"result":{result(market, call.now_ns)}}}'.encode()

    return endpoint


def _all_markets(result: Result, line: Line) -> Endpoint:
    """An endpoint that answers with `result` for every market of `line`; it wakes none of them."""

    def endpoint(call: Call) -> bytes:
        markets = [call.venue.markets[instrument.symbol] for instrument in call.venue.catalogue.listed(line)]
        rows = array(result(market, call.now_ns) for market in markets)
        return f'{{"error":null,"id":{call.parameters.integer("id")},"result":{rows}}}'.encode()

    return endpoint


def _book(depth: int) -> Result:
    def result(market: Market, now_ns: int) -> str:
        bids, asks = market.levels(depth)
        members = (
            f'"sequence":{market.sequence},"timestamp":{market.updated_ns or now_ns},'
            f'"symbol":"{market.instrument.symbol}","type":"snapshot"'
        )
        if market.instrument.line is Line.USD_M:
            return f'{{"depth":{depth},"orderbook_p":{market_json.book(bids, asks, market.instrument)},{members}}}'
        return f'{{"book":{market_json.book(bids, asks, market.instrument)},"depth":{depth},{members}}}'

    return result


def _trades(market: Market, now_ns: int) -> str:
    key = "trades_p" if market.instrument.line is Line.USD_M else "trades"
    rows = market_json.trades(list(market.trades)[-QUERY_TRADES:], market.instrument)
    return (
        f'{{"sequence":{market.sequence},"symbol":{quote(market.instrument.symbol)},"{key}":{rows},"type":"snapshot"}}'
    )


def _trades_with_ids(market: Market, now_ns: int) -> str:
    rows = array(map(market_json.trade_with_id, reversed(market.trades)))
    symbol = market.instrument.symbol
    return f'{{"sequence":{market.sequence},"symbol":"{symbol}","trades":{rows},"type":"snapshot"}}'


def _linear_ticker(version: int) -> Result:
    return lambda market, now_ns: market_json.linear_ticker(market, now_ns, version)


def _tickers(path: str, result: Result, line: Line) -> Table:
    """Both forms of a 24-hour query: of one symbol, and of all."""
    return {
        ("GET", path): _market_data(result, line),
        ("GET", f"{path}/all"): _all_markets(result, line),
    }


_SCALED = (Line.COIN_M, Line.SPOT)

TABLE: Table = {
    ("GET", "/public/time"): server_time,
    ("GET", "/public/products"): products,
    ("GET", "/public/products-plus"): products_plus,
    ("GET", "/exchange/public/products"): legacy_products,
    ("GET", "/v1/exchange/public/products"): legacy_products,
    ("GET", "/md/orderbook"): _market_data(_book(DEFAULT_DEPTH), *_SCALED),
    ("GET", "/v1/md/orderbook"): _market_data(_book(DEFAULT_DEPTH), *_SCALED),
    ("GET", "/md/fullbook"): _market_data(_book(0), *_SCALED),
    ("GET", "/md/v2/orderbook"): _market_data(_book(DEFAULT_DEPTH), Line.USD_M),
    ("GET", "/md/trade"): _market_data(_trades, *_SCALED),
    ("GET", "/v1/md/trade"): _market_data(_trades_with_ids, *_SCALED),
    ("GET", "/md/v2/trade"): _market_data(_trades, Line.USD_M),
    **_tickers("/md/v1/ticker/24hr", market_json.contract_ticker, Line.COIN_M),
    **_tickers("/v1/md/ticker/24hr", market_json.contract_ticker, Line.COIN_M),
    **_tickers("/md/spot/ticker/24hr", market_json.spot_ticker, Line.SPOT),
    **_tickers("/v1/md/spot/ticker/24hr", market_json.spot_ticker, Line.SPOT),
    **_tickers("/md/v2/ticker/24hr", _linear_ticker(2), Line.USD_M),
    **_tickers("/md/v3/ticker/24hr", _linear_ticker(3), Line.USD_M),
}
