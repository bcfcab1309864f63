"""What a test may see and do behind the exchange's back: a plain HTTP endpoint on the loopback interface, without keys.

`ENDPOINTS` says what there is, and so does `GET /`. Numbers in dumps are the core's integers. No key and no secret is
ever shown. Whoever is on this machine may ask, but no web page: a browser on this machine would send its requests here
as well, so what comes from one is refused.
"""

import json
from asyncio import Future, ensure_future
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from tidings.exchange.admin.admin_view import order_row
from tidings.exchange.admin.fault_admin import FAULTS_PATH, answer_faults
from tidings.exchange.admin.rule_admin import RULES_PATH, answer_rules
from tidings.exchange.catalogue import Line
from tidings.exchange.rest.parameters import Parameters, RequestError
from tidings.exchange.rest.response import Response
from tidings.exchange.saved.graph_words import StateError
from tidings.exchange.server.http_request import Request
from tidings.exchange.venue import Venue

_LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")
_SECTIONS = ("orders", "positions", "accounts", "wallets", "books", "counters", "recording")


ENDPOINTS: Final = {
    "GET /": "this list",
    "GET /dump": "everything: orders, positions, accounts, wallets, books, counters",
    "GET /orders": "one section of it, also /positions /accounts /wallets /books /counters; ?user_id=, ?symbol= cut it",
    "GET /open-orders": "?user_id=: only what one user has open; quick, for who asks a thousand times a second",
    "GET /history": "?user_id=: orders of one user, open and done, and the executions by ExecID, as far back as kept",
    "GET /recording": "how far the recording is that is played back",
    "POST /price": 'move prices, any of the three: {"symbol": "BTCUSDT", "last": "61000.5", "mark": …, "index": …}',
    "POST /save": "write the state to the file named by --state",
    "GET /faults": "what is to go wrong, and how often it did",
    "POST /faults": 'one more: {"kind": "delay", "delay_ms": 200}; several: {"fault": […]}, or what GET answered',
    "DELETE /faults": "end them all, or ?id=, or ?kind=",
    "GET /rules": "what the venue does where nobody knows it, and which personality that is",
    "POST /rules": 'change some: {"pending-rule": "refuse"}; {"personality": "docs"} takes a whole set',
    "DELETE /rules": "as they were at the start",
}


@dataclass(slots=True)
class AdminApi:
    """Answers the admin endpoint's requests (an `http_server.Handler`)."""

    venue: Venue
    counters: Callable[[], dict[str, int]]  # of the faces
    on_changed: Callable[[], None]  # the core may have something to publish
    on_rules_changed: Callable[[], None] = lambda: None
    save: Callable[[], Awaitable[dict[str, object]]] | None = None  # writes the state file; None: there is none

    def respond(self, request: Request, address: str, wall_ns: int) -> Response | Future[Response]:
        """The answer to one request; a save takes its time."""
        if _is_of_a_page(request):
            return _json({"error": "web pages may not ask here"}, 403)
        try:
            if request.path == FAULTS_PATH:
                status, document = answer_faults(self.venue.state.faults, request)
                return _json(document, status)
            if request.path == RULES_PATH:
                status, document = answer_rules(self.venue, request, self.on_rules_changed)
                return _json(document, status)
            parameters = Parameters.of_request(request)
            match request.method, request.path:
                case "GET", "/":
                    return _json(ENDPOINTS)
                case "GET", "/dump":
                    return _json(self._view())
                case "GET", path if path[1:] in _SECTIONS:
                    return _json(_filtered(self._view().get(path[1:]), parameters))
                case "GET", "/open-orders":
                    return _json(self._open_orders(parameters.integer("user_id")))
                case "GET", "/history":
                    return _json(self._history(parameters.integer("user_id")))
                case "POST", "/save":
                    return ensure_future(self._save_now())
                case "POST", "/price":
                    return self._set_price(parameters, wall_ns)
        except RequestError as error:
            return _json({"error": error.msg}, 404 if error.code == 404 else 400)
        return _json({"error": "no such admin endpoint; GET / lists them"}, 404)

    def _view(self) -> dict[str, object]:
        view = dict(self.venue.admin_view())
        counters = view.get("counters")
        view["counters"] = (counters if isinstance(counters, dict) else {}) | self.counters()
        if self.venue.playback is not None:
            view["recording"] = self.venue.playback.view()
        view["faults"] = self.venue.state.faults.view()
        return view

    def _open_orders(self, user_id: int) -> list[dict[str, object]]:
        store = self.venue.state.store
        return [order_row(order) for symbol in self.venue.markets for order in store.open_orders(user_id, symbol)]

    def _history(self, user_id: int) -> dict[str, object]:
        store = self.venue.state.store
        fills = [fill for line in Line for fill in store.fills(user_id, line)]
        executions = [
            {"exec_id": fill.exec_id, "order_id": fill.order_id, "symbol": fill.instrument.symbol, "qty": fill.exec_qty}
            for fill in fills
        ]
        return {"orders": [order_row(order) for order in store if order.owner == user_id], "executions": executions}

    async def _save_now(self) -> Response:
        if self.save is None:
            return _json({"error": "no state file was named when the exchange was started"}, 409)
        try:
            return _json(await self.save())
        except StateError as error:
            return _json({"error": str(error)}, 500)

    def _set_price(self, parameters: Parameters, wall_ns: int) -> Response:
        instrument = self.venue.catalogue.instruments.get(parameters.required("symbol"))
        names = [name for name in ("last", "mark", "index") if parameters.has(name)]
        if instrument is None or not instrument.is_listed or not names:
            return _json({"error": "name a listed symbol and one of last, mark, index"}, 400)
        prices = {name: parameters.decimal(name, instrument.price_scale) for name in names}
        if min(prices.values()) <= 0:
            return _json({"error": "a price is above zero"}, 400)
        self.venue.set_price(instrument.symbol, wall_ns, **prices)
        self.on_changed()
        return _json({"symbol": instrument.symbol, **prices})


def _is_of_a_page(request: Request) -> bool:
    """Whether a browser sends this for some page: it says so (the Fetch standard's `Origin` and `Sec-Fetch-Site`), or
    it was led here by a name that somebody made to mean this machine."""
    headers = request.headers
    host = headers.get("host", _LOOPBACK_NAMES[0]).lower()
    name = host if host.endswith("]") else host.rpartition(":")[0] or host
    return "origin" in headers or headers.get("sec-fetch-site", "none") != "none" or name not in _LOOPBACK_NAMES


def _filtered(section: object, parameters: Parameters) -> object:
    """The rows of a section that belong to `user_id` and `symbol`, where those are given."""
    if isinstance(section, dict) and parameters.has("symbol"):
        return section.get(parameters.text("symbol"))
    if not isinstance(section, list):
        return section
    rows = section
    if parameters.has("user_id"):
        user_id = parameters.integer("user_id")
        rows = [row for row in rows if row.get("user_id") == user_id]
    if parameters.has("symbol"):
        rows = [row for row in rows if row.get("symbol") == parameters.text("symbol")]
    return rows


def _json(document: object, status: int = 200) -> Response:
    return Response(json.dumps(document, ensure_ascii=False).encode(), status)
