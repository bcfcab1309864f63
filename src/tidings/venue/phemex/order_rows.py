"""Orders, executions and positions in the venue's query answers. The cold sibling of the decoders: one row, read by
name, exactly.

Three services spell one order differently (phemex docs 2026, "Query orders"): COIN-M in scaled integers, USD-M in
decimal text without the stream's suffixes, spot in scaled integers that are sometimes text. What cannot be read on
the grid is left unset, never rounded.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Context, Decimal, InvalidOperation
from typing import Any

from tidings.engine.reconcile import VenueExecution, VenuePosition
from tidings.errors import PeerError
from tidings.model.enums import ExecType, OrdStatus, PosSide, ProductLine, ReportSource, RequestKind, Side, TradeType
from tidings.model.execution_report import ExecutionReport, report_of, uuid_words
from tidings.model.instrument import Instrument
from tidings.venue.phemex.replies import bounded

UNSET = -(2**63)
NUMBER_CHARS_MAX = 64
_EXACT = Context(prec=2 * NUMBER_CHARS_MAX)  # the usual 28 digits would round what is off the grid onto it

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
_TRADE_TYPES = {
    "Trade": TradeType.TRADE, "LiqTrade": TradeType.LIQUIDATION, "AdlTrade": TradeType.DELEVERAGING,
}  # fmt: skip
_SIDES = {"Buy": Side.BUY, "Sell": Side.SELL}
_POS_SIDES = {"Merged": PosSide.MERGED, "Long": PosSide.LONG, "Short": PosSide.SHORT}
# (price, stop price, order quantity, filled, open) per line; the first key that a row holds.
_KEYS: dict[ProductLine, tuple[tuple[str, ...], ...]] = {
    ProductLine.INVERSE: (("priceEp",), ("stopPxEp",), ("orderQty",), ("cumQty",), ("leavesQty",)),
    ProductLine.LINEAR: (("priceRp",), ("stopPxRp",), ("orderQtyRq",), ("cumQtyRq",), ("leavesQtyRq",)),
    ProductLine.SPOT: (
        ("priceEp",), ("stopPxEp",), ("baseQtyEv",), ("cumBaseQtyEv", "cumBaseValueEv"), ("leavesBaseQtyEv",),
    ),
}  # fmt: skip

# (take profit, stop loss, trailing distance) of the lines that have them; a row that leaves one out does not tell it.
_TRIGGER_KEYS: dict[ProductLine, tuple[tuple[str, ...], ...]] = {
    ProductLine.INVERSE: (("takeProfitEp",), ("stopLossEp",), ("pegOffsetValueEp",)),
    ProductLine.LINEAR: (("takeProfitRp",), ("stopLossRp",), ("pegOffsetValueRp",)),
    ProductLine.SPOT: ((), (), ()),
}

# (price, quantity, fee) of one execution per line.
_EXECUTION_KEYS: dict[ProductLine, tuple[tuple[str, ...], ...]] = {
    ProductLine.INVERSE: (("execPriceEp",), ("execQty",), ("execFeeEv",)),
    ProductLine.LINEAR: (("execPriceRp",), ("execQtyRq",), ("execFeeRv",)),
    ProductLine.SPOT: (("execPriceEp",), ("execBaseQtyEv",), ("execFeeEv",)),
}


def report_from_row(
    instrument: Instrument, row: dict[str, Any], now_ns: int, *, untimed_ns: int = 0, handle: int = 0
) -> ExecutionReport:
    """What a query's row says of an order, reconciled. Without a state (-1) if that is a word we do not know.

    `untimed_ns` dates a row that tells no time itself (spot); `handle` names the one that was asked for. Raises
    PeerError for a row that is none.
    """
    word = str(row.get("ordStatus"))
    status = _STATUSES.get(word)
    line = ProductLine(instrument.line)
    is_by_quote = row.get("qtyType") == "ByQuote"  # money to spend, in units of the quote currency's scale
    with _row_of(instrument, "order"):
        _check_symbol(instrument, row)
        price, stop_px, order_qty, cum_qty, leaves_qty = (_first(row, keys) for keys in _KEYS[line])
        take_profit, stop_loss, offset = (_first(row, keys) for keys in _TRIGGER_KEYS[line])
        return report_of(
            ExecType.STATUS, ReportSource.QUERY, now_ns, handle=handle, cl_ord_id=_shown(cl_ord_id_of(row)),
            request_kind=RequestKind.QUERY, symbol=instrument.symbol,
            order_id=str(row.get("orderID") or row.get("orderId") or ""), side=_SIDES.get(str(row.get("side")), 0),
            ord_status=-1 if status is None else status, code=int(row.get("bizError") or 0),
            price_ticks=_price_ticks(instrument, price),
            stop_px_ticks=_price_ticks(instrument, stop_px), order_qty_lots=(
                _steps(_first(row, ("quoteQtyEv",)), 0, 1) if is_by_quote else _qty_lots(instrument, order_qty)
            ),
            cum_qty_lots=_qty_lots(instrument, cum_qty), leaves_qty_lots=_qty_lots(instrument, leaves_qty),
            transact_time_ns=int(row.get("transactTimeNs") or untimed_ns), reconciled=True,
            text=word if status is None else "", qty_in_quote=is_by_quote,
            take_profit_ticks=_price_ticks(instrument, take_profit),
            stop_loss_ticks=_price_ticks(instrument, stop_loss), peg_offset_ticks=_price_ticks(instrument, offset),
        )  # fmt: skip


def execution_from_row(instrument: Instrument, row: dict[str, Any], now_ns: int) -> VenueExecution | None:
    """An execution in a list of trades; None for what moves no position (funding) or cannot be told from others.

    Raises PeerError for a row that is none.
    """
    trade_type = _TRADE_TYPES.get(str(row.get("tradeType")))
    if trade_type is None:
        return None
    exec_id = str(row.get("execID") or row.get("execId") or "")
    with _row_of(instrument, "execution"):
        _check_symbol(instrument, row)
        px, qty, fee = (_first(row, keys) for keys in _EXECUTION_KEYS[ProductLine(instrument.line)])
        qty_lots = _qty_lots(instrument, qty)
        if uuid_words(exec_id) == (0, 0) or qty_lots <= 0:
            raise ValueError(f"execID {exec_id!r}, {qty} executed")
        fee_mantissa, fee_scale = _fee(instrument, fee, str(row.get("feeCurrency") or ""))
        report = report_of(
            ExecType.TRADE, ReportSource.QUERY, now_ns, cl_ord_id=_shown(cl_ord_id_of(row)),
            request_kind=RequestKind.QUERY, order_id=str(row.get("orderID") or ""), symbol=instrument.symbol,
            side=_SIDES.get(str(row.get("side")), 0),
            exec_id=exec_id, last_px_ticks=_price_ticks(instrument, px), last_qty_lots=qty_lots,
            fee_mantissa=fee_mantissa, fee_scale=fee_scale, trade_type=trade_type,
            is_maker=row.get("execStatus") == "MakerFill" or row.get("lastLiquidityInd") == "AddedLiquidity",
            transact_time_ns=int(row.get("transactTimeNs") or 0), reconciled=True,
        )  # fmt: skip
        return VenueExecution(report, _POS_SIDES.get(str(row.get("posSide"))))


def position_from_row(instrument: Instrument, row: dict[str, Any]) -> VenuePosition:
    """A position in the account query. Raises PeerError for one that tells no size on the grid."""
    with _row_of(instrument, "position"):
        size = _first(row, ("size",))
        # Contracts count in lots of the instrument on both lines; the size is unsigned beside a side.
        lots = _steps(size, instrument.qty_scale, instrument.lot_mantissa)
        side = _SIDES.get(str(row.get("side")), 0)
        if lots == UNSET or (lots and not side):
            raise ValueError(f"size {size} {row.get('side')}")
        signed = -abs(lots) if side == Side.SELL else lots
        pos_side = _POS_SIDES.get(str(row.get("posSide"))) or PosSide.MERGED
        return VenuePosition(instrument, pos_side, signed, int(row.get("transactTimeNs") or 0))


def cl_ord_id_of(row: dict[str, Any]) -> str:
    """A row's ClOrdID; one of the services writes it with a small d."""
    return str(row.get("clOrdID") or row.get("clOrdId") or "")


def _shown(cl_ord_id: str) -> str:
    """A ClOrdID fit for a report. With characters beyond ASCII it cannot be ours, but may be somebody's."""
    return cl_ord_id.encode("ascii", "replace").decode("ascii")


def _check_symbol(instrument: Instrument, row: dict[str, Any]) -> None:
    """A list of another symbol's rows is the answer to another question: nothing is missing in it."""
    if row.get("symbol") not in (None, "", instrument.symbol):
        raise ValueError(f"it is of {str(row['symbol'])[:NUMBER_CHARS_MAX]!r}")


def _fee(instrument: Instrument, fee: Decimal | None, currency: str) -> tuple[int, int]:
    """Mantissa and scale; (0, 0) where it is not told, or in a currency whose scale is not ours to know."""
    if fee is None:
        return 0, 0
    if instrument.line == ProductLine.LINEAR:
        exponent = fee.as_tuple().exponent
        assert isinstance(exponent, int)  # finite
        scale = max(0, -exponent)
        return int(fee.scaleb(scale)), scale
    if instrument.line == ProductLine.INVERSE or currency == instrument.quote_currency:
        return int(fee), instrument.value_scale
    return (int(fee), instrument.base_value_scale) if currency == instrument.base_currency else (0, 0)


@contextmanager
def _row_of(instrument: Instrument, what: str) -> Iterator[None]:
    """A row that cannot be read is a broken answer, and says nothing about what it left out."""
    try:
        yield
    except (TypeError, ValueError, ArithmeticError) as error:
        raise PeerError(f"{instrument.symbol}: the venue told an {what} that cannot be read: {error}") from error


def _first(row: dict[str, Any], keys: tuple[str, ...]) -> Decimal | None:
    """A number of the row; None where it has none that is one. Raises ValueError for one that no venue means."""
    text = next((str(row[key]) for key in keys if row.get(key) is not None), "")
    if len(text) > NUMBER_CHARS_MAX:
        raise ValueError(f"a number of {len(text)} characters")
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return bounded(number) if number.is_finite() else None


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
    scaled = value.scaleb(scale, _EXACT)
    if scaled != scaled.to_integral_value() or int(scaled) % mantissa:
        return UNSET
    return int(scaled) // mantissa
