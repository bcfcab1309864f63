"""The REST face: who asks, is it allowed now, what does it carry, which endpoint answers; in that order.

A refusal by the gateway has an HTTP status of its own (401, 404, 405, 429) and no effect; what the exchange itself says
comes with status 200, code 0 or not.
"""

import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from tidings.exchange.faults.fault_kinds import Point
from tidings.exchange.faults.fault_scope import occasion_of, request_names
from tidings.exchange.messages.json_text import failure
from tidings.exchange.rest import contract as rest_contract
from tidings.exchange.rest import contract_accounts as rest_accounts
from tidings.exchange.rest import funding as rest_funding
from tidings.exchange.rest import funds as rest_funds
from tidings.exchange.rest import history as rest_history
from tidings.exchange.rest import klines as rest_klines
from tidings.exchange.rest import linear as rest_linear
from tidings.exchange.rest import market_data as rest_market_data
from tidings.exchange.rest import not_offered as rest_not_offered
from tidings.exchange.rest import products as rest_products
from tidings.exchange.rest import spot as rest_spot
from tidings.exchange.rest import transfers as rest_transfers
from tidings.exchange.rest.authentication import Authenticator, Unauthenticated
from tidings.exchange.rest.endpoint import Call, Endpoint
from tidings.exchange.rest.parameters import Parameters, RequestError
from tidings.exchange.rest.rate_limits import TOO_MANY_REQUESTS, RateLimits
from tidings.exchange.rest.response import Response
from tidings.exchange.server.http_request import Request
from tidings.exchange.venue import Venue

_LOGGER = logging.getLogger(__name__)
STREAM_PATHS = frozenset({"/", "/ws"})  # ws.phemex.com has no path, the other hosts /ws
EXPLAINED_MAX = 1_000  # whoever sends nonsense without end shall not fill the disk
_NOT_FOUND = failure(404, "no such endpoint")
_WRONG_METHOD = failure(405, "the endpoint exists, with another method")

_PRIVATE = {
    **rest_transfers.TABLE, **rest_funds.TABLE,
    **rest_contract.TABLE, **rest_linear.TABLE, **rest_spot.TABLE, **rest_accounts.TABLE, **rest_history.TABLE,
    **rest_not_offered.TABLE,
}
_PUBLIC = {**rest_products.TABLE, **rest_market_data.TABLE, **rest_klines.TABLE, **rest_funding.TABLE}
_ENDPOINTS: dict[tuple[str, str], Endpoint] = {**_PUBLIC, **_PRIVATE}


def _not_served(path: str) -> Response:
    """The answer to a path that is not here, or not with this method (RFC 9110 §15.5.6: then the others are named)."""
    methods = sorted(method for method, known in _ENDPOINTS if known == path)
    if methods:
        return Response(_WRONG_METHOD, 405, f"Allow: {', '.join(methods)}\r\n")
    return Response(_NOT_FOUND, 404)


def _refusing(error: RequestError) -> Endpoint:
    """An endpoint for parameters that cannot be read."""

    def endpoint(call: Call) -> bytes:
        raise error

    return endpoint


@dataclass(slots=True)
class RestApi:
    """Answers every request of the REST face (an `http_server.Handler`)."""

    venue: Venue
    authenticator: Authenticator
    limits: RateLimits
    on_changed: Callable[[], None]  # told after each private request: the core may have something to publish
    needs_key_everywhere: bool = False  # the venue's VIP host wants even the public paths signed
    counters: Counter[str] = field(default_factory=Counter)
    _explained: set[tuple[str, str]] = field(default_factory=set)  # (path, sentence)

    def respond(self, request: Request, address: str, wall_ns: int) -> Response:
        """The answer to `request`, taken at `wall_ns` from `address`."""
        self.counters["requests"] += 1
        if not self.limits.admits_address(address, wall_ns):
            return self._too_many("")
        if request.is_websocket_upgrade and request.path in STREAM_PATHS:
            return self._too_many("")  # or the listener had opened a stream instead of asking here
        if request.path == rest_klines.TRADE_LIST and not self.limits.admits_trade_list(address, wall_ns):
            return self._too_many("")
        endpoint = _ENDPOINTS.get((request.method, request.path))
        if endpoint is None and request.path.startswith(rest_not_offered.PREFIXES):
            endpoint = rest_not_offered.not_offered
        if endpoint is None:
            return _not_served(request.path)
        try:
            user_id = self._user(request, wall_ns)
        except Unauthenticated as error:
            self.counters["unauthenticated"] += 1
            return Response(error.body, error.status)
        try:
            parameters = Parameters.of_request(request)
        except RequestError as error:  # which costs as any other request does
            return self._answer(_refusing(error), request, Call(self.venue, user_id, Parameters({}), wall_ns))
        lag_ns = self._query_lag_ns(request) if self.venue.state.faults.has(Point.QUERY) else 0
        return self._answer(endpoint, request, Call(self.venue, user_id, parameters, wall_ns, lag_ns))

    def _query_lag_ns(self, request: Request) -> int:
        """How far behind the database is that answers this query; 0 for what is no query of orders."""
        if "query" not in request_names(request.method, request.path):
            return 0
        occasion = occasion_of(request, self.venue.catalogue.instruments, self.authenticator.user_of_key)
        return max((armed.lag_ns() for armed in self.venue.state.faults.decide(Point.QUERY, occasion)), default=0)

    def _user(self, request: Request, wall_ns: int) -> int:
        """Who signed; 0 for an unsigned public request."""
        is_public = (request.method, request.path) in _PUBLIC and not self.needs_key_everywhere
        if is_public and "x-phemex-access-token" not in request.headers:
            return 0
        return self.authenticator.user_of_request(request, wall_ns)

    def _answer(self, endpoint: Endpoint, request: Request, call: Call) -> Response:
        """Take the permits, run the endpoint. Unsigned requests count by their address only."""
        headers = ""
        if call.user_id:
            symbol = call.parameters.text("symbol")
            if symbol not in self.venue.catalogue.instruments:
                symbol = ""
            decision = self.limits.take(call.user_id, request.method, request.path, symbol, call.now_ns)
            if not decision.is_allowed:
                return self._too_many(decision.headers)
            headers = decision.headers
        try:
            body = endpoint(call)
        except RequestError as error:
            if error.about:
                self._explain(request, error)
            return Response(error.body, error.status, headers)
        except Exception:  # the top of one request: a defect of ours is a 500, as it would be at the venue
            _LOGGER.exception("%s %s failed", request.method, request.path)
            self.counters["failures"] += 1
            return Response(failure(500, "internal error"), 500, headers)
        finally:
            if call.user_id:
                self.on_changed()
        return Response(body, 200, headers)

    def _explain(self, request: Request, error: RequestError) -> None:
        """Say in the log what the answer does not: which parameter, and why. Each sentence once."""
        told = (request.path, error.about)
        if told not in self._explained and len(self._explained) < EXPLAINED_MAX:
            self._explained.add(told)
            _LOGGER.info("%s %s was refused with %d: %s", request.method, request.path, error.code, error.about)

    def _too_many(self, headers: str) -> Response:
        self.counters["rate_limited"] += 1
        return Response(TOO_MANY_REQUESTS, self.venue.config.rules.too_many_status, headers)
