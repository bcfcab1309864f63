"""The original's connection: questions to the venue, and the way to its order placer."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Self
from urllib.parse import urlencode

from tidings.blocking.account import Account, settings_for
from tidings.blocking.credentials import AuthCredentials, PublicCredentials
from tidings.blocking.order_placer import OrderPlacer
from tidings.errors import RateLimited, UsageError
from tidings.venue.phemex.history import trades_between
from tidings.venue.phemex.queries import Queries
from tidings.venue.phemex.replies import open_envelope, parse_json

TOO_MANY_REQUESTS = 429
PUBLIC_PREFIXES = ("/public/", "/md/", "/v1/md/", "/exchange/public/", "/v1/exchange/public/")
USD_M_CURRENCIES = ("USDT", "USDC")


class PhemexConnection:
    """One account, or the public endpoints. It connects at first use; the order engine starts with the first order.

    `api_url`: default PHEMEX_API_URL, else the testnet; live must be written out. `ca_file`: certificate authority of
    a local exchange. `request_timeout`: seconds one request may take. `rate` (requests per second) and `capacity` (per
    minute) may only lower the venue's own limits.
    """

    def __init__(
        self,
        credentials: AuthCredentials | PublicCredentials | None = None,
        api_url: str | None = None,
        request_timeout: float = 30.0,
        rate: float | None = None,
        capacity: int | None = None,
        *,
        ca_file: str | None = None,
    ) -> None:
        who = credentials or PublicCredentials()
        if not isinstance(who, AuthCredentials | PublicCredentials):
            raise UsageError(f"credentials: expected AuthCredentials(api_key, secret_key): was a {type(who).__name__}")
        settings = settings_for(
            who.settings(),
            api_url=api_url,
            ca_file=ca_file,
            timeout_s=_positive(request_timeout, "request_timeout"),
            requests_max=_requests_per_minute(rate, capacity),
        )
        self._account = Account(settings)
        self._order_placer = OrderPlacer(self._account)

    def get_products(self) -> dict[str, Any]:
        """The venue's envelope of the product catalogue."""
        return self._envelope("/public/products", {})

    def get_account_positions(self, currency: str) -> dict[str, Any]:
        """The venue's envelope: account and positions of one settle currency.

        Raises ConfigError without a key, AuthenticationError, VenueError.
        """
        self._account.need_key("positions")
        _check_text(currency, "currency", "BTC")
        prefix = "/g-accounts" if currency in USD_M_CURRENCIES else "/accounts"
        return self._envelope(f"{prefix}/accountPositions", {"currency": currency})

    def get_trades(self, symbol: str, start_date: datetime, end_date: datetime) -> list[dict[str, Any]]:
        """Our executions in one symbol, all pages, oldest first. A date without a time zone is local time.

        More pages than the minute's requests allow are waited for.
        """
        self._account.need_key("trades")
        _check_text(symbol, "symbol", "BTCUSD")
        return self._account.wait(self._trades(symbol, _unix_ms(start_date), _unix_ms(end_date)))

    def send_message(
        self,
        method: str,
        endpoint: str,
        params: Mapping[str, Any] | None = None,
        data: Mapping[str, Any] | list[Any] | str | None = None,
    ) -> Any:
        """Any endpoint, signed if it is private and there is a key: what the venue answers, numbers exact.

        `data`: the JSON body, as objects or as text. The answer is not judged: look at its "code". Raises RateLimited,
        ConnectionLost (RequestNotSent, RequestUnknown), PeerError.
        """
        _check_text(method, "method", "GET")
        _check_text(endpoint, "endpoint", "/public/time")
        status, answer = self._ask(method.upper(), endpoint, params or {}, data)
        if status == TOO_MANY_REQUESTS:
            open_envelope(status, answer, f"{method} {endpoint}")  # raises RateLimited
        return parse_json(status, answer, f"{method} {endpoint}")

    def get_order_placer(self) -> OrderPlacer:
        """The way to orders. Raises ConfigError without a key."""
        self._account.need_key("orders")
        return self._order_placer

    def close(self) -> None:
        """Close the connections and end the thread. Open orders stay open."""
        self._account.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # ---- Inside --------------------------------------------------------------------------------------------------

    def _ask(self, method: str, path: str, params: Mapping[str, Any], data: Any = None) -> tuple[int, bytes]:
        """HTTP status and body."""
        query, body = _query_text(params), _body_bytes(data)
        is_signed = self._account.has_key and not path.startswith(PUBLIC_PREFIXES)

        async def ask() -> tuple[int, bytes]:
            engine = await self._account.engine()
            return await engine.link.ask(method, path, query, body, is_signed)

        return self._account.wait(ask())

    def _envelope(self, path: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """The envelope of an answer that went well. Raises VenueError, AuthenticationError, RateLimited, PeerError."""
        status, answer = self._ask("GET", path, params)
        open_envelope(status, answer, f"GET {path}")
        envelope: dict[str, Any] = parse_json(status, answer, f"GET {path}")
        return envelope

    async def _trades(self, symbol: str, start_ms: int, end_ms: int) -> list[dict[str, Any]]:
        engine = await self._account.engine()

        async def ask_patiently(*request: Any) -> tuple[int, bytes]:
            while True:
                try:
                    return await engine.link.ask(*request)
                except RateLimited as limit:  # by our own count: nothing was sent
                    await asyncio.sleep(limit.retry_after_s)

        return await trades_between(Queries(ask_patiently), symbol, start_ms, end_ms)


def _query_text(params: Mapping[str, Any]) -> str:
    """Parameters as a query: booleans in the venue's words, lists as repeated keys, None left out."""
    if not isinstance(params, Mapping):
        raise UsageError(f"params: expected a dict, names to values: was {params!r}")
    pairs = []
    for name, values in params.items():
        for value in values if isinstance(values, list | tuple) else (values,):
            if value is not None:
                pairs.append((name, str(value).lower() if isinstance(value, bool) else str(value)))
    return urlencode(pairs, safe=",")


def _body_bytes(data: Any) -> bytes:
    """A body as JSON text; Decimals as strings, which is how the venue takes exact numbers."""
    if data is None:
        return b""
    if isinstance(data, str):
        return data.encode()
    try:
        return json.dumps(data, separators=(",", ":"), default=_decimal_text, allow_nan=False).encode()
    except (TypeError, ValueError) as error:
        raise UsageError(f"data cannot be written as JSON: {error}") from None


def _decimal_text(value: object) -> str:
    if isinstance(value, Decimal):
        return format(value, "f")
    raise TypeError(f"a {type(value).__name__} has no JSON form")


def _check_text(value: object, name: str, example: str) -> None:
    if not isinstance(value, str) or not value:
        raise UsageError(f"{name}: expected a text like {example!r}: was {value!r}")


def _unix_ms(moment: datetime) -> int:
    if not isinstance(moment, datetime):
        raise UsageError(f"start_date and end_date are datetimes: was {moment!r}")
    return math.floor(moment.timestamp() * 1000)


def _positive(value: float, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
        raise UsageError(f"{name} must be a number above 0: was {value!r}")
    return float(value)


def _requests_per_minute(rate: float | None, capacity: int | None) -> int | None:
    """What `rate` and `capacity` leave of the venue's limits; None: all of them."""
    limits = [_positive(rate, "rate") * 60] if rate is not None else []
    limits += [_positive(capacity, "capacity")] if capacity is not None else []
    if limits and min(limits) < 1:
        raise UsageError(f"rate and capacity must leave at least one request a minute: were {rate} and {capacity}")
    return int(min(limits)) if limits else None
