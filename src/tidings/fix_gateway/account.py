"""What the FIX layer needs of the session it stands under: `tidings.Phemex` has it all."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Protocol

from tidings.app.engine import Engine
from tidings.app.truth.foreign_orders import ForeignOrder
from tidings.engine.order_entry import OrderEntry
from tidings.errors import OrderDenied
from tidings.model.enums import RequestKind, Side
from tidings.model.instrument import Instrument
from tidings.model.order import Order
from tidings.model.terms import OrderTerms

Value = str | int | Decimal


class OrderTermsDesk(Protocol):
    """Makes terms of words, and drafts of terms and numbers. Raises UsageError and its kinds, or OrderDenied."""

    def terms(self, symbol: str, side: str | Side, **words: Any) -> OrderTerms: ...
    def draft(self, terms: OrderTerms, *, qty: Value, **numbers: Any) -> Order: ...


class Account(Protocol):
    """One account at the venue, entered."""

    engine: Engine

    @property
    def desk(self) -> Any:
        """An OrderTermsDesk."""

    @property
    def entry(self) -> OrderEntry: ...
    def instrument(self, symbol: str) -> Instrument: ...
    def denial(
        self, reason: int, what: str, cl_ord_id: str = "", *, symbol: str = "", kind: RequestKind = RequestKind.NEW
    ) -> OrderDenied: ...
    def foreign_orders(self) -> list[ForeignOrder]: ...
    async def cancel_all(self, symbol: str) -> None: ...
    async def subscribe(self, *symbols: str, channels: Iterable[str] = ...) -> None: ...
    def unsubscribe(self, *symbols: str, channels: Iterable[str] = ...) -> None: ...
