"""What a fault can be told to keep to: the sort of a request, its product line, its symbols, whose it is.

An `Occasion` says of one request, message or order what faults choose by. Those of requests are read from the raw
target before anybody has checked it: a wrong guess only means that a fault does not happen.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final
from urllib.parse import unquote

from tidings.exchange.catalogue import Instrument, Line
from tidings.exchange.server.http_request import Request

_Calls = frozenset[tuple[str, str]]


def _calls(*texts: str) -> _Calls:
    pairs = (text.split(" ") for text in texts)
    return frozenset((method, path) for method, path in pairs)


_CREATE = _calls(
    "PUT /orders/create", "POST /orders", "PUT /g-orders/create", "POST /g-orders", "PUT /spot/orders/create",
    "POST /spot/orders",
)  # fmt: skip
_AMEND = _calls("PUT /orders/replace", "PUT /g-orders/replace", "PUT /spot/orders")
_CANCEL = _calls(
    "DELETE /orders/cancel", "DELETE /orders", "DELETE /g-orders/cancel", "DELETE /g-orders", "DELETE /spot/orders",
)
_CANCEL_ALL = _calls("DELETE /orders/all", "DELETE /g-orders/all", "DELETE /spot/orders/all")
_OPEN_ORDERS = _calls(
    "GET /orders/activeList", "GET /orders/active", "GET /g-orders/activeList", "GET /g-orders/active",
    "GET /spot/orders", "GET /spot/orders/active",
)  # fmt: skip
_BY_ID = _calls(
    "GET /exchange/order", "GET /api-data/futures/orders/by-order-id", "GET /api-data/g-futures/orders/by-order-id",
    "GET /api-data/spots/orders/by-order-id",
)  # fmt: skip
_CLOSED = _calls(
    "GET /exchange/order/list", "GET /exchange/order/v2/orderList", "GET /exchange/spot/order",
    "GET /api-data/futures/orders", "GET /api-data/g-futures/orders", "GET /api-data/spots/orders",
)  # fmt: skip
_TRADES = _calls(
    "GET /exchange/order/trade", "GET /exchange/order/v2/tradingList", "GET /exchange/spot/order/trades",
    "GET /api-data/futures/trades", "GET /api-data/g-futures/trades", "GET /api-data/spots/trades",
    "GET /api-data/futures/trading-fees", "GET /api-data/g-futures/trading-fees",
)  # fmt: skip

REQUESTS: Final[Mapping[str, _Calls]] = MappingProxyType({
    "create": _CREATE, "amend": _AMEND, "cancel": _CANCEL, "cancel-all": _CANCEL_ALL,
    "order": _CREATE | _AMEND | _CANCEL | _CANCEL_ALL,
    "open-orders": _OPEN_ORDERS, "by-id": _BY_ID, "closed": _CLOSED, "trades": _TRADES,
    "query": _OPEN_ORDERS | _BY_ID | _CLOSED | _TRADES,
})  # fmt: skip

# The line of a path that names none by its symbol; the first that fits.
_PREFIXES: Final = (
    ("/g-", Line.USD_M), ("/api-data/g-", Line.USD_M), ("/exchange/order/v2/", Line.USD_M), ("/spot/", Line.SPOT),
    ("/api-data/spots/", Line.SPOT), ("/exchange/spot/", Line.SPOT), ("/orders", Line.COIN_M),
    ("/accounts/", Line.COIN_M), ("/positions/", Line.COIN_M), ("/exchange/order", Line.COIN_M),
    ("/api-data/futures/", Line.COIN_M),
)  # fmt: skip
_SYMBOL = re.compile(r"(?:^|&)symbol=([^&]*)")


@dataclass(slots=True, frozen=True)
class Occasion:
    """Something that could go wrong; what is not known of it is empty."""

    method: str = ""
    path: str = ""
    requests: frozenset[str] = frozenset()  # names of `REQUESTS`
    line: Line | None = None
    symbols: tuple[str, ...] = ()
    user_id: int = 0
    is_upgrade: bool = False  # a stream knocks at the door
    has_fill: bool = False
    is_snapshot: bool = False


def request_names(method: str, path: str) -> frozenset[str]:
    """What a request asks for, in the words of `REQUESTS`."""
    return frozenset(name for name, calls in REQUESTS.items() if (method, path) in calls)


def occasion_of(
    request: Request, instruments: Mapping[str, Instrument], user_of_key: Callable[[str], int]
) -> Occasion:
    """What faults choose by in a request that has come, whole or only as far as its first line."""
    found = _SYMBOL.search(request.query)
    text = unquote(found[1]) if found else _symbol_in(request.body)
    symbols = tuple(text.split(",")) if text else ()
    instrument = instruments.get(symbols[0]) if symbols else None
    by_path = (line for start, line in _PREFIXES if request.path.startswith(start))
    line = instrument.line if instrument else next(by_path, None)
    names = request_names(request.method, request.path)
    user_id = user_of_key(request.headers.get("x-phemex-access-token", ""))
    return Occasion(request.method, request.path, names, line, symbols, user_id, request.is_websocket_upgrade)


def _symbol_in(body: bytes) -> str:
    """`symbol` of a JSON object; "" for anything else."""
    if not body:
        return ""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    symbol = document.get("symbol") if isinstance(document, dict) else None
    return symbol if isinstance(symbol, str) else ""
