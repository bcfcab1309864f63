"""What a callback was told, as one canonical text: the same on every machine, whatever Python's own hashes are."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

from tidings.app.replay.line_digest import LineDigest
from tidings.market.book import Book
from tidings.market.trade import Trade
from tidings.model.execution_report import ExecutionReport
from tidings.model.instrument import Instrument
from tidings.model.order import Order
from tidings.model.position import Position
from tidings.recorder.order_events import NUMBERS, REPORT_FIELDS, TERMS

if TYPE_CHECKING:
    from tidings.app.strategies.strategy_group import Callback, Member

_ORDER: Final = (
    *("handle", "cl_ord_id", "order_id", "symbol", *NUMBERS, "status", "is_acked"),
    *("is_cancel_pending", "is_amend_pending", "amend_price_ticks", "amend_qty_lots", "amend_trigger_ticks"),
    *("amend_asked_ns", "cancel_asked_ns"),
    *("cum_qty_lots", "leaves_qty_lots", "traded_qty_lots", "venue_time_ns", "trade_count", "reject_code", "avg_px"),
    *("decided_ns", "encoded_ns", "written_ns", "replied_ns", "streamed_ns"),
)
_REPORT: Final = ("exec_type", "source", "received_ns", *REPORT_FIELDS)
_POSITION: Final = (
    *("symbol", "pos_side", "net_qty_lots", "venue_qty_lots", "bought_qty_lots", "sold_qty_lots"),
    *("external_qty_lots", "is_known", "base_time_ns"),
)


def text_of(value: Any) -> str:
    """One argument, all of it."""
    return _TEXTS.get(type(value), _other_text)(value)


def _other_text(value: Any) -> str:
    if isinstance(value, Enum):
        return text_of(value.value)
    if isinstance(value, tuple | list):
        return f"({','.join(map(text_of, value))})"
    raise TypeError(f"{type(value).__name__} has no canonical text")


def _trade_text(trade: Trade) -> str:
    instrument, side, price_ticks, qty_lots, venue_time_ns = trade
    return f"trade({instrument.symbol},{int(side)},{price_ticks},{qty_lots},{venue_time_ns})"


def _order_text(order: Order) -> str:
    return f"order({_fields(order, _ORDER)},{_fields(order.terms, TERMS)})"


def _report_text(report: ExecutionReport) -> str:
    return f"report({_fields(report, _REPORT)})"


def _position_text(position: Position) -> str:
    return f"position({_fields(position, _POSITION)})"


def _symbol_of(instrument: Instrument) -> str:
    return instrument.symbol


_TEXTS: Final[dict[type, Callable[[Any], str]]] = {
    int: repr, bool: repr, str: repr, type(None): repr, Decimal: str, Instrument: _symbol_of, Trade: _trade_text,
    Order: _order_text, ExecutionReport: _report_text, Position: _position_text,
}  # fmt: skip


def _fields(value: object, names: Iterable[str]) -> str:
    return ",".join([text_of(getattr(value, name)) for name in names])


class CallbackDigest:
    """Counts and digests the callbacks that pass by: `around` for strategies (see app/strategies/strategy_group)."""

    def __init__(self) -> None:
        self.count = 0
        self._lines = LineDigest()

    def around(self, member: Member, name: str, callback: Callback) -> Callback:
        head = f"{member.index} {name} "
        make = {"on_book": self._with_book, "on_trade": self._with_trade}.get(name, self._with_any)
        return _named(make(head, callback, 1 if name == "on_start" else 0), callback)  # a session is no news

    def _with_any(self, head: str, callback: Callback, told: int) -> Callback:
        def call(*arguments: Any) -> None:
            self._add(head + " ".join([text_of(argument) for argument in arguments[told:]]))
            self.count += 1
            callback(*arguments)

        return call

    def _with_book(self, head: str, callback: Callback, told: int) -> Callback:
        head_bytes, add_book = head.encode(), self._lines.add_book

        def call(book: Book, now_ns: int) -> None:
            add_book(head_bytes + book.symbol.encode(), book, now_ns)
            self.count += 1
            callback(book, now_ns)

        return call

    def _with_trade(self, head: str, callback: Callback, told: int) -> Callback:
        add = self._lines.add

        def call(trade: Trade, now_ns: int) -> None:
            add(f"{head}{_trade_text(trade)} {now_ns}".encode())
            self.count += 1
            callback(trade, now_ns)

        return call

    def _add(self, text: str) -> None:
        self._lines.add(text.encode("utf-8", "surrogatepass"))

    def end(self, books: Iterable[Book], others: Iterable[object]) -> str:
        """The digest, with what is there at the end: books, orders, positions. Nothing can be added behind it."""
        for book in books:
            self._lines.add_book(f"book {book.symbol}".encode(), book, 0)
        for value in others:
            self._add(text_of(value))
        return self._lines.hexdigest()


def _named(call: Callable[..., None], callback: Callback) -> Callback:
    """Errors are told under the callback's own name."""
    call.__qualname__ = getattr(callback, "__qualname__", str(callback))
    return call
