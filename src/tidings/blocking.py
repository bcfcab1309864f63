"""The small synchronous API of the package tidings grew from, for plain scripts without a loop of their own.

    conn = PhemexConnection(AuthCredentials(api_key, secret_key))
    placer = conn.get_order_placer()
    handle = placer.submit(placer.get_order_factory().create_limit_order(Side.SELL, 1, "10000.0", Contract("BTCUSD")))
    handle.cancel()

A thin shell: the engine runs in a loop on a thread of its own, every call here waits for its answer. Prices may be
floats, as in the original: they are taken by their shortest decimal form, exactly; the engine's own API refuses
floats.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any, Self, TypeVar
from urllib.parse import urlencode

from tidings.app.engine import Engine, engine_for
from tidings.errors import ConfigError, UsageError
from tidings.model.enums import Side
from tidings.model.enums import TimeInForce as EngineTimeInForce
from tidings.session.order_ticket import OrderTicket
from tidings.session.phemex import Phemex
from tidings.venue.phemex.endpoints import API_URL_VARIABLE, environment_of
from tidings.venue.phemex.history import trades_between
from tidings.venue.phemex.replies import parse_json

__all__ = [
    "AuthCredentials",
    "Condition",
    "ConditionalOrder",
    "Contract",
    "LimitOrder",
    "MarketOrder",
    "OrderFactory",
    "OrderHandle",
    "OrderPlacer",
    "PhemexConnection",
    "PublicCredentials",
    "Side",
    "TimeInForce",
    "Trigger",
]

Number = str | int | float | Decimal
Result = TypeVar("Result")

TESTNET_URL = "https://testnet-api.phemex.com"


class TimeInForce(Enum):
    DAY = "Day"
    GTC = "GTC"
    IOC = "IOC"
    FOK = "FOK"


class Condition(Enum):
    """IF_TOUCHED: the price comes to us in our favour; STOP: it moves against us."""

    IF_TOUCHED = "if_touched"
    STOP = "stop"


class Trigger(Enum):
    LAST_PRICE = "last"
    MARK_PRICE = "mark"


@dataclass(frozen=True, slots=True)
class Contract:
    """A symbol, and the leverage to set before an order of it (0: cross margin; None: leave the account's setting
    alone).
    """

    symbol: str
    leverage: int | None = None


class AuthCredentials:
    """`secret_encoding`: "raw" as the venue and its clients use it today, or "base64url" as the original package
    decoded it.
    """

    def __init__(self, api_key: str, secret_key: str, secret_encoding: str = "raw") -> None:
        self.api_key = api_key
        self._secret_key = secret_key
        self.secret_encoding = secret_encoding

    def settings(self) -> dict[str, Any]:
        return {"api_key": self.api_key, "api_secret": self._secret_key, "secret_encoding": self.secret_encoding}

    def __repr__(self) -> str:
        return f"AuthCredentials({self.api_key!r}, ***)"


class PublicCredentials:
    """No key: public endpoints only."""

    def settings(self) -> dict[str, Any]:
        return {}


@dataclass(frozen=True, slots=True)
class LimitOrder:
    side: Side
    quantity: Number
    price: Number
    contract: Contract
    time_in_force: TimeInForce = TimeInForce.GTC
    post_only: bool = False
    reduce_only: bool = False


@dataclass(frozen=True, slots=True)
class MarketOrder:
    side: Side
    quantity: Number
    contract: Contract
    reduce_only: bool = False


@dataclass(frozen=True, slots=True)
class ConditionalOrder:
    """An order that is placed when `trigger` reaches `trigger_price`."""

    condition: Condition
    trigger: Trigger
    trigger_price: Number
    order: LimitOrder | MarketOrder
    close_on_trigger: bool = False


class OrderFactory:
    def create_limit_order(
        self,
        side: Side,
        quantity: Number,
        price: Number,
        contract: Contract,
        *,
        time_in_force: TimeInForce = TimeInForce.GTC,
        post_only: bool = False,
        reduce_only: bool = False,
    ) -> LimitOrder:
        return LimitOrder(side, quantity, price, contract, time_in_force, post_only, reduce_only)

    def create_market_order(
        self, side: Side, quantity: Number, contract: Contract, *, reduce_only: bool = False
    ) -> MarketOrder:
        return MarketOrder(side, quantity, contract, reduce_only)


class PhemexConnection:
    """One account, or the public endpoints. `request_timeout` in seconds; `rate` (per second) and `capacity` (per
    minute) may only lower the venue's own limits. `api_url` defaults to PHEMEX_API_URL, else the testnet: live must
    be written out. `ca_file` names the certificate authority of a local exchange.
    """

    def __init__(
        self,
        credentials: AuthCredentials | PublicCredentials | None = None,
        *,
        api_url: str | None = None,
        ca_file: str | None = None,
        request_timeout: float = 30.0,
        rate: float | None = None,
        capacity: int | None = None,
    ) -> None:
        self._timeout_s = request_timeout
        self._settings = {
            **(credentials or PublicCredentials()).settings(),
            "api_url": (url := api_url or os.environ.get(API_URL_VARIABLE) or TESTNET_URL),
            "ca_file": ca_file,
            "requests_per_minute_max": _lower(rate, capacity),
        }
        self._env = environment_of(url)
        self._trades = isinstance(credentials, AuthCredentials)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="tidings-blocking", daemon=True)
        self._thread.start()
        self._engine: Engine | None = None
        self._phemex: Phemex | None = None

    # ---- The original surface ------------------------------------------------------------------------------------

    def get_products(self) -> dict[str, Any]:
        """The venue's envelope of the product catalogue."""
        return self.send_message("GET", "/public/products")

    def get_account_positions(self, currency: str) -> dict[str, Any]:
        """The venue's envelope: account and positions of one settle currency."""
        prefix = "/g-accounts" if currency in ("USDT", "USDC") else "/accounts"
        return self.send_message("GET", f"{prefix}/accountPositions", {"currency": currency})

    def get_trades(self, symbol: str, start_date: datetime, end_date: datetime) -> list[dict[str, Any]]:
        """Our executions in one symbol, all pages, oldest first."""
        queries = self._started().queries
        rows = trades_between(queries, symbol, _ms(start_date), _ms(end_date))
        return self._wait(rows)

    def send_message(
        self, method: str, path: str, params: dict[str, Any] | None = None, data: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Any endpoint, signed if there are credentials: the venue's envelope with exact numbers (Decimal, never
        float).
        """
        import orjson  # the one place that writes free-form JSON

        query = urlencode(params or {}, safe=",")
        body = orjson.dumps(data) if data is not None else b""
        status, answer = self._wait(self._started().link.ask(method, path, query, body, self._trades))
        envelope: dict[str, Any] = parse_json(status, answer, f"{method} {path}")
        return envelope

    def get_order_placer(self) -> OrderPlacer:
        if not self._trades:
            raise ConfigError("placing orders needs AuthCredentials(api_key, secret_key)")
        return OrderPlacer(self)

    def close(self) -> None:
        """Close the connections and end the thread."""
        if self._loop.is_closed():
            return
        if self._engine is not None:
            self._wait(self._engine.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # ---- Inside --------------------------------------------------------------------------------------------------

    def _started(self) -> Engine:
        """The engine, connected at first use."""
        if self._engine is None:
            self._engine = self._wait(self._start())
        return self._engine

    async def _start(self) -> Engine:
        engine = engine_for(self._env, **self._settings)
        await engine.start()
        return engine

    def _session(self) -> Phemex:
        if self._phemex is None:
            self._phemex = Phemex(self._started())
        return self._phemex

    def _wait(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Run on the engine's loop and wait. The order's own deadline ends an order's wait long before this one."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(self._timeout_s)


class OrderPlacer:
    def __init__(self, connection: PhemexConnection) -> None:
        self._connection = connection
        self._leverages: dict[str, int] = {}

    def get_order_factory(self) -> OrderFactory:
        return OrderFactory()

    def submit(self, order: LimitOrder | MarketOrder | ConditionalOrder) -> OrderHandle:
        """Place it, and wait until the venue has it.

        Raises OrderRejected, OrderDenied, OrderUnknown, OrderNotSent, GridError.
        """
        ticket = self._connection._wait(self._submit(order))
        return OrderHandle(self._connection, ticket)

    def cancel_all(self, symbol: str) -> None:
        """Cancel every order of a symbol, conditional ones included."""
        self._connection._wait(self._connection._session().cancel_all(symbol))

    async def _submit(self, order: LimitOrder | MarketOrder | ConditionalOrder) -> OrderTicket:
        phemex = self._connection._phemex or Phemex(self._connection._engine or await self._connection._start())
        plain = order.order if isinstance(order, ConditionalOrder) else order
        await self._set_leverage(phemex, plain.contract)
        ticket = self._place(phemex, order, plain)
        return await ticket.accepted()

    async def _set_leverage(self, phemex: Phemex, contract: Contract) -> None:
        if contract.leverage is not None and self._leverages.get(contract.symbol) != contract.leverage:
            await phemex.set_leverage(contract.symbol, contract.leverage)
            self._leverages[contract.symbol] = contract.leverage

    def _place(
        self, phemex: Phemex, order: LimitOrder | MarketOrder | ConditionalOrder, plain: LimitOrder | MarketOrder
    ) -> OrderTicket:
        symbol, side, qty = plain.contract.symbol, plain.side, exact(plain.quantity)
        words: dict[str, Any] = {"reduce_only": plain.reduce_only}
        price = None
        if isinstance(plain, LimitOrder):
            price = exact(plain.price)
            words |= {"post_only": plain.post_only, "tif": _engine_tif(plain.time_in_force)}
        if isinstance(order, ConditionalOrder):
            return phemex.conditional(
                symbol,
                side,
                kind=order.condition.value,
                qty=qty,
                stop_px=exact(order.trigger_price),
                price=price,
                trigger=order.trigger.value,
                close_on_trigger=order.close_on_trigger,
                **words,
            )
        if price is None:
            return phemex.market(symbol, side, qty=qty, **words)
        return phemex.limit(symbol, side, qty=qty, price=price, **words)


class OrderHandle:
    """A placed order."""

    def __init__(self, connection: PhemexConnection, ticket: OrderTicket) -> None:
        self._connection = connection
        self._ticket = ticket

    def get_symbol(self) -> str:
        return self._ticket.order.symbol

    def get_order_id(self) -> str:
        return self._ticket.order.order_id

    def cancel(self) -> None:
        """Cancel it, and wait until it is off the book.

        Raises OrderDone if it is finished, OrderUnknown without a clean answer.
        """
        self._connection._wait(self._ticket.cancel())


def exact(number: Number) -> str | int | Decimal:
    """A number as written: floats by their shortest decimal form, which is what the caller typed."""
    if isinstance(number, float):
        return Decimal(repr(number)).normalize()
    return number


def _engine_tif(tif: TimeInForce) -> EngineTimeInForce:
    if tif is TimeInForce.DAY:
        raise UsageError("TimeInForce.DAY: the venue has no day orders: use GTC and cancel at the end of your day")
    return EngineTimeInForce[tif.name]


def _lower(rate: float | None, capacity: int | None) -> int | None:
    """Requests per minute that rate (per second) and capacity (per minute) leave; None: the venue's own limits."""
    limits = [int(rate * 60)] if rate is not None else []
    limits += [int(capacity)] if capacity is not None else []
    if limits and min(limits) < 1:
        raise UsageError(f"rate and capacity must leave at least one request a minute: were {rate} and {capacity}")
    return min(limits) if limits else None


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
