"""What a callback was told, as one canonical text: the same on every machine, whatever Python's own hashes are."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

from tidings.market.book import Book
from tidings.model.execution_report import ExecutionReport
from tidings.model.instrument import Instrument
from tidings.model.order import Order
from tidings.model.position import Position
from tidings.recorder.order_events import NUMBERS, REPORT_FIELDS, TERMS

if TYPE_CHECKING:
    from tidings.app.strategy_group import Callback, Member

_ORDER: Final = (
    *("handle", "cl_ord_id", "order_id", "symbol", *NUMBERS, "status", "is_acked", "is_cancel_pending"),
    *("is_amend_pending", "amend_price_ticks", "amend_qty_lots", "amend_trigger_ticks", "amend_asked_ns"),
    *("cum_qty_lots", "leaves_qty_lots", "traded_qty_lots", "venue_time_ns", "trade_count", "reject_code", "avg_px"),
    *("decided_ns", "encoded_ns", "written_ns", "replied_ns", "streamed_ns"),
)
_REPORT: Final = ("exec_type", "source", "received_ns", *REPORT_FIELDS)
_BOOK: Final = ("symbol", "state", "stale_cause", "sequence", "venue_time_ns", "received_ns", "depth")
_POSITION: Final = (
    *("symbol", "pos_side", "net_qty_lots", "venue_qty_lots", "bought_qty_lots", "sold_qty_lots"),
    *("external_qty_lots", "is_known", "base_time_ns"),
)


def text_of(value: Any) -> str:
    """One argument, all of it."""
    if isinstance(value, Enum):
        return text_of(value.value)
    if value is None or isinstance(value, bool | int | str):
        return repr(value)
    if isinstance(value, Book):
        return f"book({_fields(value, _BOOK)},{value.bids()},{value.offers()})"
    if isinstance(value, Order):
        return f"order({_fields(value, _ORDER)},{_fields(value.terms, TERMS)})"
    if isinstance(value, ExecutionReport):
        return f"report({_fields(value, _REPORT)})"
    if isinstance(value, Position):
        return f"position({_fields(value, _POSITION)})"
    if isinstance(value, Instrument):
        return value.symbol
    if isinstance(value, tuple | list):
        return f"({','.join(map(text_of, value))})"
    return str(value)  # Decimal


def _fields(value: object, names: Iterable[str]) -> str:
    return ",".join([text_of(getattr(value, name)) for name in names])


class CallbackDigest:
    """Counts and digests the callbacks that pass by: `around` for strategies (see app/strategy_group)."""

    def __init__(self) -> None:
        self.count = 0
        self._digest = hashlib.sha256()

    def around(self, member: Member, name: str, callback: Callback) -> Callback:
        head = f"{member.index} {name} "
        told = 1 if name == "on_start" else 0  # a session is no news

        def call(*arguments: Any) -> None:
            self.note(head + " ".join([text_of(argument) for argument in arguments[told:]]))
            self.count += 1
            callback(*arguments)

        return _named(call, callback)

    def note(self, text: str) -> None:
        """One line of what is digested."""
        self._digest.update(text.encode("utf-8", "surrogatepass") + b"\n")

    def end(self, values: Iterable[object]) -> str:
        """The digest, with what is there at the end: books, orders, positions."""
        digest = self._digest.copy()
        for value in values:
            digest.update(text_of(value).encode("utf-8", "surrogatepass") + b"\n")
        return digest.hexdigest()


def _named(call: Callable[..., None], callback: Callback) -> Callback:
    """Errors are told under the callback's own name."""
    call.__qualname__ = getattr(callback, "__qualname__", str(callback))
    return call
