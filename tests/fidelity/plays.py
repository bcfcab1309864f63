"""Which play a sample gets: by what it asks for, not by its name."""

from collections.abc import Callable, Iterator

from tests.fidelity import account_plays, market_plays, order_plays, stream_plays, table_plays
from tests.fidelity.comparison import Difference
from tests.fidelity.raw_json import spelled
from tests.fidelity.samples import Sample
from tests.fidelity.stage import Stage
from tests.fidelity.venue_process import FUNDED, LIVELY, UNCOUNTED

Play = Callable[[Stage], Iterator[Difference]]
_ALL = 1_000_000  # characters

_REQUESTS: dict[str, Play] = {
    **dict.fromkeys(
        ("PUT /orders/create", "POST /orders", "PUT /g-orders/create", "POST /g-orders", "PUT /spot/orders/create"),
        order_plays.created,
    ),
    **dict.fromkeys(("PUT /orders/replace", "PUT /g-orders/replace"), order_plays.replaced),
    **dict.fromkeys(("DELETE /orders/cancel", "DELETE /g-orders/cancel", "DELETE /g-orders"), order_plays.cancelled),
    **dict.fromkeys(
        ("DELETE /orders/all", "DELETE /g-orders/all", "DELETE /spot/orders/all"), order_plays.all_cancelled
    ),
    **dict.fromkeys(("GET /orders/activeList", "GET /g-orders/activeList"), order_plays.listed),
    "GET /exchange/order": order_plays.history(),
    "GET /exchange/order/list": order_plays.history(),
    "GET /exchange/order/trade": order_plays.history(),
    "GET /exchange/spot/order": order_plays.history(),
    "GET /exchange/spot/order/trades": order_plays.history(),
    "GET /exchange/order/v2/orderList": order_plays.history(),
    "GET /exchange/order/v2/tradingList": order_plays.history(),
    "GET /api-data/g-futures/orders": order_plays.history(),
    "GET /api-data/g-futures/orders/by-order-id": order_plays.history(),
    "GET /api-data/g-futures/trades": order_plays.history(),
    "GET /api-data/spots/orders/by-order-id": order_plays.history(),
    "GET /api-data/spots/trades": order_plays.history(),
    **dict.fromkeys(
        (
            "GET /accounts/accountPositions", "GET /accounts/positions", "GET /g-accounts/accountPositions",
            "GET /g-accounts/positions",
        ),
        account_plays.positions,
    ),
    **dict.fromkeys(("POST /positions/assign", "POST /g-positions/assign"), account_plays.assigned),
    "GET /spot/wallets": account_plays.wallets,
    **dict.fromkeys(
        ("GET /md/orderbook", "GET /md/fullbook", "GET /md/v2/orderbook"), market_plays.book
    ),
    "GET /public/products": market_plays.products,
    "GET /v1/exchange/public/products": market_plays.legacy_products,
    "GET /public/time": market_plays.asked,
    "GET /exchange/public/md/v2/kline": market_plays.asked,
    "GET /g-accounts/risk-unit": account_plays.risk_unit,
    "GET /api-data/futures/fee-rate": account_plays.fee_rates,
    "GET /api-data/futures/v2/tradeAccountDetail": account_plays.closed,
    "GET /api-data/g-futures/closedPosition": account_plays.closed,
    "GET /api-data/futures/funding-fees": account_plays.funded,
    "GET /api-data/g-futures/funding-fees": account_plays.funded,
    **dict.fromkeys(
        (
            "GET /md/trade", "GET /v1/md/trade", "GET /md/v2/trade", "GET /md/spot/ticker/24hr",
            "GET /v1/md/spot/ticker/24hr", "GET /md/v1/ticker/24hr", "GET /v1/md/ticker/24hr",
            "GET /md/v2/ticker/24hr", "GET /md/v3/ticker/24hr", "GET /exchange/public/nomics/trades",
            "GET /contract-biz/public/real-funding-rates",
            "GET /api-data/public/data/funding-rate-history",
        ),
        market_plays.stirred,
    ),
}  # fmt: skip
_CHANNELS: dict[str, Play] = {
    "aop": stream_plays.account_stream, "aop_p": stream_plays.account_stream, "aop_v1": stream_plays.account_stream,
    "wo": stream_plays.account_stream, "ras_p": stream_plays.account_stream, "user.auth": stream_plays.login,
}  # fmt: skip
_NOT_OFFERED = {  # by the beginning of the path, or the channel
    "/margin": "margin spot is not offered",
    "mao": "margin spot is not offered",
    "wm": "investments are not offered",
}


def arguments_for(sample: Sample) -> tuple[str, ...]:
    """How the exchange is started that a sample is played against."""
    path = sample.request.get("path", "")
    if path.endswith("/kline"):
        return LIVELY
    return FUNDED if '"Funding"' in spelled(sample.response, _ALL) or path.endswith("/funding-fees") else UNCOUNTED


class NotPlayed(Exception):
    """There is nothing to compare, and why."""


def play_of(sample: Sample) -> Play:
    """The play of a sample. Raises `NotPlayed` where there is none."""
    document = sample.document
    if "subscribe" in document:
        return _stream_play(sample)
    request = sample.request
    if request:
        _must_be_offered(request["path"])
        if "bodies" in request:
            return order_plays.order_types if "body" in request["bodies"][0] else order_plays.bodies_created
        return _REQUESTS.get(f"{request['method']} {request['path']}", account_plays.answered())
    return _table_play(sample)


def _stream_play(sample: Sample) -> Play:
    wanted = sample.document["subscribe"]
    method = (wanted[0] if isinstance(wanted, list) else wanted)["method"]
    channel = method.removesuffix(".subscribe")
    _must_be_offered(channel)
    return _CHANNELS.get(channel, stream_plays.market_stream)


def _table_play(sample: Sample) -> Play:
    document, response = sample.document, sample.document.get("response")
    if "exchanges" in document:
        raise NotPlayed("the unified account is not offered")
    if "cases" in document:
        return table_plays.error_bodies
    if "vectors" in document:
        return table_plays.signatures
    if isinstance(response, list) and response and "priceScaleFactor" in response[0]:
        return table_plays.scale_table
    if isinstance(response, dict) and "columns" in response:
        return table_plays.spot_table
    if isinstance(response, dict) and "index_id" in response:
        return table_plays.leverage_margins
    raise NotPlayed("a table without a request")


def _must_be_offered(name: str) -> None:
    for start, reason in _NOT_OFFERED.items():
        if name == start or (start.startswith("/") and name.startswith(start)):
            raise NotPlayed(reason)
