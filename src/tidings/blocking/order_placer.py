"""The original's order placer and handles: place, cancel, and wait for the venue's word."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from typing import Any, TypeVar
from weakref import WeakSet

from tidings.blocking.account import Account
from tidings.blocking.order_model import (
    Condition,
    ConditionalOrder,
    Contract,
    LimitOrder,
    MarketOrder,
    OrderFactory,
    TimeInForce,
    Trigger,
    exact,
)
from tidings.errors import OrderUnknown, UsageError
from tidings.session.order_ticket import OrderTicket
from tidings.session.phemex import Phemex

Result = TypeVar("Result")
Kind = TypeVar("Kind")

LAST_REPORTS_S = 2.0  # for the stream to tell of what a cancel-all took off; it takes milliseconds


class OrderHandle:
    """A placed order."""

    def __init__(self, placer: OrderPlacer, ticket: OrderTicket) -> None:
        self._placer = placer
        self.ticket = ticket

    def get_symbol(self) -> str:
        return self.ticket.order.symbol

    def get_order_id(self) -> str:
        """The venue's id."""
        return self.ticket.order.order_id

    def cancel(self) -> None:
        """Cancel it, and wait until it is off the book.

        Raises OrderDone if it is finished, OrderRejected, OrderUnknown without a clean answer.
        """
        self._placer.cancel(self)

    def __repr__(self) -> str:
        return f"OrderHandle({self.ticket.order!r})"


class OrderPlacer:
    """Made by `PhemexConnection.get_order_placer`."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._tickets: WeakSet[OrderTicket] = WeakSet()
        self._leverages: dict[str, int] = {}

    def get_order_factory(self) -> OrderFactory:
        return OrderFactory()

    def submit(self, order: LimitOrder | MarketOrder | ConditionalOrder) -> OrderHandle:
        """Place it, and wait until the venue has it.

        Raises OrderRejected, OrderDenied, OrderNotSent, OrderUnknown, GridError, UnknownSymbol, UsageError.
        """
        plain = order.order if isinstance(order, ConditionalOrder) else order
        if not isinstance(plain, LimitOrder | MarketOrder):
            raise UsageError(f"expected a limit, market or conditional order: was {order!r}")
        words = _words(order, plain)  # before anything is sent for it, a leverage either
        return OrderHandle(self, self._account.wait(self._submit(words, plain.contract)))

    def cancel(self, handle: OrderHandle) -> None:
        """`handle.cancel()`."""
        self._account.wait(self._cancel(handle.ticket))

    def cancel_all(self, symbol: str) -> None:
        """Cancel every order of a symbol, whoever placed it, conditional ones included; wait until ours are off."""
        self._account.wait(self._cancel_all(symbol))

    # ---- In the engine's thread ----------------------------------------------------------------------------------

    async def _submit(self, words: dict[str, Any], contract: Contract) -> OrderTicket:
        phemex = await self._account.session()
        await self._set_leverage(phemex, contract)
        ticket = _place(phemex, words)
        self._tickets.add(ticket)
        return await self._in_time(ticket.accepted(), ticket)

    async def _set_leverage(self, phemex: Phemex, contract: Contract) -> None:
        """Once for each value: a change by somebody else in between is theirs."""
        leverage = contract.leverage
        if leverage is not None and self._leverages.get(contract.symbol) != leverage:
            await phemex.set_leverage(contract.symbol, leverage)
            self._leverages[contract.symbol] = leverage

    async def _cancel(self, ticket: OrderTicket) -> None:
        await self._in_time(ticket.cancel(), ticket)

    async def _cancel_all(self, symbol: str) -> None:
        phemex = await self._account.session()
        ours = [ticket for ticket in self._tickets if ticket.order.symbol == symbol and not ticket.is_done]
        await phemex.cancel_all(symbol)
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST_REPORTS_S):  # how each of them ended is told by its handle, not here
                await asyncio.gather(*(ticket.done() for ticket in ours), return_exceptions=True)

    async def _in_time(self, answer: Awaitable[Result], ticket: OrderTicket) -> Result:
        """The engine ends every request at its deadline; only a stream that says nothing can take longer."""
        limit_s = 2 * self._account.settings.request_timeout_s
        try:
            return await asyncio.wait_for(answer, limit_s)
        except TimeoutError:
            raise OrderUnknown(
                f"order {ticket.cl_ord_id}: the venue took the request, but within {limit_s:g} s nothing came of it:"
                " it may be live",
                ticket.cl_ord_id,
            ) from None


def _words(order: Any, plain: LimitOrder | MarketOrder) -> dict[str, Any]:
    """The order in the session's words. Raises UsageError."""
    words: dict[str, Any] = {
        "symbol": _checked(plain.contract, Contract, "contract").symbol,
        "side": plain.side,
        "qty": exact(plain.qty),
        "reduce_only": plain.reduce_only,
    }
    if isinstance(plain, LimitOrder):
        words |= {
            "price": exact(plain.price),
            "tif": _checked(plain.time_in_force, TimeInForce, "time_in_force").in_engine_words(),
            "post_only": plain.post_only,
        }
    if isinstance(order, ConditionalOrder):
        words |= {
            "kind": _checked(order.condition, Condition, "condition").value,
            "stop_px": exact(order.trigger_price),
            "trigger": _checked(order.trigger, Trigger, "trigger").value,
            "close_on_trigger": order.close_on_trigger,
        }
    return words


def _place(phemex: Phemex, words: dict[str, Any]) -> OrderTicket:
    if "kind" in words:
        return phemex.conditional(**words)
    return phemex.limit(**words) if "price" in words else phemex.market(**words)


def _checked(value: object, kind: type[Kind], name: str) -> Kind:
    """The value, if it is of this module's own kind: the engine's enumerations have the same names."""
    if not isinstance(value, kind):
        raise UsageError(f"{name}: expected a tidings.blocking.{kind.__name__}: was {value!r}")
    return value
