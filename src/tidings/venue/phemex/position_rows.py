"""Rows of the venue's account query with their prices: what a position was entered at, and what it is worth now.

USD-M tells decimals (`Rp`, `Rv`, `Rr`), COIN-M integers at the instrument's scales (`Ep`, `Ev`, `Er`). What a position
has gained is in this query on neither line (the one that has it weighs 25 times as much), so it is worked out as the
venue does: its worth at the mark price against what was paid for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from typing import Any

from tidings.errors import PeerError
from tidings.model.enums import PosSide, ProductLine
from tidings.model.instrument import Instrument
from tidings.venue.phemex.order_rows import position_from_row

RATIO_SCALE = 8  # of Er numbers (phemex docs 2026, "Price/ratio/value scales")


@dataclass(frozen=True, slots=True)
class HeldPosition:
    """One position as the venue tells it. Prices are 0 where it tells none."""

    instrument: Instrument
    pos_side: PosSide
    net_qty_lots: int
    entry_px: Decimal
    mark_px: Decimal
    liquidation_px: Decimal
    leverage: Decimal  # 0 or negative: cross margin
    realised_pnl: Decimal  # since it was opened, in the settle currency
    entry_value: Decimal = Decimal(0)  # what was paid for all of it: exact where the average price is rounded

    @property
    def unrealised_pnl(self) -> Decimal | None:
        """At the mark price, in the settle currency; None where the venue tells no entry or mark price."""
        instrument = self.instrument
        if not self.net_qty_lots:
            return Decimal(0)
        if not self.mark_px or not (self.entry_px or self.entry_value):
            return None
        gain = self._value_at(self.mark_px) - (self.entry_value or self._value_at(self.entry_px))
        falls = (self.net_qty_lots > 0) == (instrument.line == ProductLine.INVERSE)
        return -gain if falls else gain

    def _value_at(self, px: Decimal) -> Decimal:
        """What the position is worth at a price, unsigned; coins in whole units of the venue's, rounded down."""
        instrument = self.instrument
        size = abs(self.net_qty_lots) * instrument.lot_size * instrument.contract_size
        if instrument.line != ProductLine.INVERSE:
            return size * px
        return (size / px).quantize(Decimal(1).scaleb(-instrument.value_scale), ROUND_DOWN)


def held_position(instrument: Instrument, row: dict[str, Any]) -> HeldPosition:
    """Raises PeerError for a row that cannot be read."""
    told = position_from_row(instrument, row)
    scale = instrument.price_scale
    try:
        return HeldPosition(
            instrument,
            PosSide(told.pos_side),
            told.net_qty_lots,
            entry_px=_number(row, "avgEntryPrice", "Rp", "Ep", scale),
            mark_px=_number(row, "markPrice", "Rp", "Ep", scale),
            liquidation_px=_number(row, "liquidationPrice", "Rp", "Ep", scale),
            leverage=_number(row, "leverage", "Rr", "Er", RATIO_SCALE),
            realised_pnl=_number(row, "curTermRealisedPnl", "Rv", "Ev", instrument.value_scale),
            entry_value=abs(_number(row, "value", "Rv", "Ev", instrument.value_scale)),
        )
    except ArithmeticError as error:
        raise PeerError(f"{instrument.symbol}: a position's numbers cannot be read: {error!r}") from None


def _number(row: dict[str, Any], name: str, real: str, scaled: str, scale: int) -> Decimal:
    if row.get(name + real) is not None:
        return Decimal(str(row[name + real]))
    if row.get(name + scaled) is not None:
        return Decimal(str(row[name + scaled])).scaleb(-scale)
    return Decimal(0)
