"""One row of the venue's lists of executions, read by name, exactly, with the account's own words kept.

The engine reads such rows as reports on its grid (`order_rows`); here they are read for people and for FIX: what an
instrument's grid was once may not be its grid now, so prices and quantities stay decimals.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from tidings.errors import PeerError
from tidings.model.enums import ProductLine, Side
from tidings.model.instrument import Instrument
from tidings.venue.phemex.order_rows import cl_ord_id_of

TRADE, LIQUIDATION, DELEVERAGING, FUNDING = "Trade", "LiqTrade", "AdlTrade", "Funding"
TRADE_TYPES: Final = (TRADE, LIQUIDATION, DELEVERAGING, FUNDING)
_NIL_ID = "00000000-0000-0000-0000-000000000000"
_SIDES = {"Buy": Side.BUY, "Sell": Side.SELL}
# (price, quantity, fee): decimals on USD-M, integers at the instrument's scales elsewhere.
_KEYS = {
    ProductLine.INVERSE: ("execPriceEp", "execQty", "execFeeEv"),
    ProductLine.LINEAR: ("execPriceRp", "execQtyRq", "execFeeRv"),
    ProductLine.SPOT: ("execPriceEp", "execBaseQtyEv", "execFeeEv"),
}


@dataclass(frozen=True, slots=True)
class PastTrade:
    """An execution as the venue lists it; of funding, the position it was paid for, and what was paid as `fee`."""

    instrument: Instrument
    trade_type: str
    exec_id: str
    order_id: str  # "" for funding, which has no order
    cl_ord_id: str
    side: Side
    px: Decimal
    qty: Decimal
    fee: Decimal  # negative: received
    fee_currency: str
    wall_ns: int  # Unix


def past_trade(instrument: Instrument, row: dict[str, Any]) -> PastTrade | None:
    """None for what is neither an execution nor funding (transfers, settings). Raises PeerError for what cannot be
    read: a list with a hole in it must not pass for a whole one.
    """
    if row.get("tradeType") not in TRADE_TYPES:
        return None
    line = ProductLine(instrument.line)
    is_real = line == ProductLine.LINEAR
    px_key, qty_key, fee_key = _KEYS[line]
    try:
        side = _SIDES[str(row["side"])]
        fee_currency, fee_scale = _fee_unit(instrument, side, str(row.get("feeCurrency") or ""))
        order_id, exec_id = str(row.get("orderID") or ""), str(row.get("execID") or row.get("execId") or "")
        wall_ns = int(row["transactTimeNs"])
        if exec_id in ("", _NIL_ID) or wall_ns <= 0:
            raise ValueError(f"execID {exec_id!r} at {wall_ns}")
        return PastTrade(
            instrument,
            str(row["tradeType"]),
            exec_id,
            "" if order_id == _NIL_ID else order_id,
            cl_ord_id_of(row),
            side,
            _decimal(row[px_key], 0 if is_real else instrument.price_scale),
            _decimal(row[qty_key], 0 if is_real else instrument.qty_scale),
            _decimal(row[fee_key], 0 if is_real else fee_scale),
            fee_currency,
            wall_ns,
        )
    except (KeyError, TypeError, ValueError, ArithmeticError) as error:
        raise PeerError(f"{instrument.symbol}: an execution that cannot be read: {error!r}") from error


def _fee_unit(instrument: Instrument, side: Side, told: str) -> tuple[str, int]:
    """Currency and scale of a fee: contracts pay in what they settle in, spot in what is received unless told."""
    if instrument.line != ProductLine.SPOT:
        return instrument.settle_currency, instrument.value_scale
    currency = told or (instrument.base_currency if side == Side.BUY else instrument.quote_currency)
    return currency, instrument.base_value_scale if currency == instrument.base_currency else instrument.value_scale


def _decimal(value: object, scale: int) -> Decimal:
    number = Decimal(str(value))
    if not number.is_finite():
        raise ValueError(f"{value!r} is no number")
    return number.scaleb(-scale)
