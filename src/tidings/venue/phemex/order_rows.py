"""Orders in the venue's query answers as reports. The cold sibling of the decoders: one row, read by name, exactly.

Three services spell one order differently (phemex docs 2026, "Query orders"): COIN-M in scaled integers, USD-M in
decimal text without the stream's suffixes, spot in scaled integers that are sometimes text. What cannot be read on
the grid is left unset, never rounded.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from tidings.model.enums import ExecType, OrdStatus, ProductLine, ReportSource, RequestKind
from tidings.model.execution_report import ExecutionReport, report_of
from tidings.model.instrument import Instrument

UNSET = -(2**63)

_STATUSES = {
    "Created": OrdStatus.NEW,
    "Init": OrdStatus.NEW,
    "New": OrdStatus.NEW,
    "Triggered": OrdStatus.NEW,
    "PartiallyFilled": OrdStatus.PARTIALLY_FILLED,
    "Filled": OrdStatus.FILLED,
    "Canceled": OrdStatus.CANCELED,
    "Deactivated": OrdStatus.CANCELED,
    "Rejected": OrdStatus.REJECTED,
    "Untriggered": OrdStatus.UNTRIGGERED,
}
# (price, stop price, order quantity, filled, open) per line; the first key that a row holds.
_KEYS: dict[ProductLine, tuple[tuple[str, ...], ...]] = {
    ProductLine.INVERSE: (("priceEp",), ("stopPxEp",), ("orderQty",), ("cumQty",), ("leavesQty",)),
    ProductLine.LINEAR: (("priceRp",), ("stopPxRp",), ("orderQtyRq",), ("cumQtyRq",), ("leavesQtyRq",)),
    ProductLine.SPOT: (
        ("priceEp",), ("stopPxEp",), ("baseQtyEv",), ("cumBaseQtyEv", "cumBaseValueEv"), ("leavesBaseQtyEv",),
    ),
}  # fmt: skip


def report_from_row(instrument: Instrument, row: dict[str, Any], now_ns: int) -> ExecutionReport | None:
    """What a query's row says of an order, reconciled; None if its state is a word we do not know."""
    status = _STATUSES.get(str(row.get("ordStatus")))
    if status is None:
        return None
    line = ProductLine(instrument.line)
    price, stop_px, order_qty, cum_qty, leaves_qty = (_first(row, keys) for keys in _KEYS[line])
    return report_of(
        ExecType.STATUS, ReportSource.QUERY, now_ns, cl_ord_id=cl_ord_id_of(row), request_kind=RequestKind.QUERY,
        order_id=str(row.get("orderID") or row.get("orderId") or ""), symbol=instrument.symbol, ord_status=status,
        code=int(row.get("bizError") or 0), price_ticks=_price_ticks(instrument, price),
        stop_px_ticks=_price_ticks(instrument, stop_px), order_qty_lots=_qty_lots(instrument, order_qty),
        cum_qty_lots=_qty_lots(instrument, cum_qty), leaves_qty_lots=_qty_lots(instrument, leaves_qty),
        transact_time_ns=int(row.get("transactTimeNs") or 0), reconciled=True,
    )  # fmt: skip


def cl_ord_id_of(row: dict[str, Any]) -> str:
    """A row's ClOrdID; one of the services writes it with a small d."""
    return str(row.get("clOrdID") or row.get("clOrdId") or "")


def _first(row: dict[str, Any], keys: tuple[str, ...]) -> Decimal | None:
    value = next((row[key] for key in keys if row.get(key) is not None), None)
    try:
        number = Decimal(str(value)) if value is not None else None
    except InvalidOperation:
        return None
    return number if number is not None and number.is_finite() else None


def _price_ticks(instrument: Instrument, value: Decimal | None) -> int:
    """Ticks; COIN-M and spot prices are scaled integers, USD-M prices decimals."""
    scale = instrument.price_scale if instrument.line == ProductLine.LINEAR else 0
    return _steps(value, scale, instrument.tick_mantissa)


def _qty_lots(instrument: Instrument, value: Decimal | None) -> int:
    scale = instrument.qty_scale if instrument.line == ProductLine.LINEAR else 0
    return _steps(value, scale, instrument.lot_mantissa)


def _steps(value: Decimal | None, scale: int, mantissa: int) -> int:
    if value is None:
        return UNSET
    scaled = value.scaleb(scale)
    if scaled != scaled.to_integral_value() or int(scaled) % mantissa:
        return UNSET
    return int(scaled) // mantissa
