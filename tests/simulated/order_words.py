"""What a create or an amend on the wire asks for: exchange integers for quantities, dollars for prices and values."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tests.simulated.exchange_side import DOLLAR, MIDDLE, SMALL_QTY
from tests.simulated.http_frames import Passing

QTY_WHOLE = {"BTCUSD": 1, "BTCUSDT": 1_000 * SMALL_QTY["BTCUSDT"], "sBTCUSDT": 1_000 * SMALL_QTY["sBTCUSDT"]}
PRICE_HIGH = MIDDLE + 1_000  # dollars: what is bought for money is at least money / this
AT_MARKET = MIDDLE * 0.98  # dollars: what trades at market trades at no less
CONDITIONAL = ("Stop", "StopLimit", "MarketIfTouched", "LimitIfTouched")


@dataclass(frozen=True, slots=True)
class Asked:
    """An order as it would be if this request were executed."""

    cl_ord_id: str
    symbol: str
    buys: bool
    qty: int  # 0 for an order of money
    price: float  # in dollars; 0: at market
    stop_px: float
    waits: bool  # for a trigger
    is_money: bool
    money: float  # dollars
    words: tuple[tuple[str, str], ...] = ()  # all of them, but for the id
    is_amend: bool = False
    has_new_price: bool = False

    @property
    def least_qty(self) -> int:
        """So much at least, also for an order of money."""
        return int(self.money / PRICE_HIGH * QTY_WHOLE[self.symbol]) if self.is_money else self.qty

    @property
    def dollars(self) -> float:
        """What it is worth at least."""
        if self.is_money:
            return self.money
        if self.symbol == "BTCUSD":
            return float(self.qty)  # a contract is a dollar
        return self.qty / QTY_WHOLE[self.symbol] * (self.price or self.stop_px or AT_MARKET)


def read_create(request: Passing) -> Asked:
    """The words of a create."""
    fields, symbol = request.fields, request.symbol
    return Asked(
        request.cl_ord_id, symbol, fields["side"] == "Buy", _qty(fields, symbol) or 0,
        _dollars(fields, "price", symbol) or 0.0, _dollars(fields, "stopPx", symbol) or 0.0,
        fields["ordType"] in CONDITIONAL, "quoteQtyEv" in fields, int(fields.get("quoteQtyEv", 0)) / DOLLAR[symbol],
        tuple(sorted((name, value) for name, value in fields.items() if name != "clOrdID")),
    )


def read_amend(request: Passing, before: Asked, order: Any) -> Asked:
    """The order as an amend wants it; what it does not name is as the exchange has it now."""
    symbol = before.symbol
    price, qty = _dollars(request.fields, "price", symbol), _qty(request.fields, symbol)
    old_price = order.price / DOLLAR[symbol] if order is not None and before.price else before.price
    old_qty = 0 if before.is_money else int(order.order_qty) if order is not None else before.qty
    money = int(request.fields["quoteQtyEv"]) / DOLLAR[symbol] if "quoteQtyEv" in request.fields else before.money
    return Asked(
        before.cl_ord_id, symbol, before.buys, old_qty if qty is None else qty, old_price if price is None else price,
        before.stop_px, before.waits, before.is_money, money, is_amend=True, has_new_price=price is not None,
    )


def _qty(fields: dict[str, str], symbol: str) -> int | None:
    if "orderQtyRq" in fields:
        return int(Decimal(fields["orderQtyRq"]) * QTY_WHOLE[symbol])
    text = fields.get("orderQty") or fields.get("baseQtyEv")
    return int(text) if text else None


def _dollars(fields: dict[str, str], name: str, symbol: str) -> float | None:
    if f"{name}Rp" in fields:
        return float(Decimal(fields[f"{name}Rp"]))
    return int(fields[f"{name}Ep"]) / DOLLAR[symbol] if f"{name}Ep" in fields else None
