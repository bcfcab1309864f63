"""What follows from a catalogue about money: settle currencies, value scales, and prices as the venue writes them."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal, InvalidOperation

from tidings.model.enums import ProductLine
from tidings.model.instrument import Instrument


def settle_currencies(instruments: Iterable[Instrument]) -> list[tuple[ProductLine, str]]:
    """(line, currency) of every contract account that listed instruments settle in, sorted."""
    contracts = (found for found in instruments if found.line != ProductLine.SPOT and found.is_listed)
    return sorted({(ProductLine(found.line), found.settle_currency) for found in contracts})


def value_scales(instruments: Iterable[Instrument]) -> dict[str, int]:
    """Currency → exponent of its scaled integers (Ev), as far as the instruments tell."""
    scales: dict[str, int] = {}
    for found in instruments:
        if found.line == ProductLine.SPOT:
            scales[found.base_currency] = found.base_value_scale
        if found.line != ProductLine.LINEAR:
            scales[found.settle_currency] = found.value_scale
    return scales


def told_price_ticks(instrument: Instrument, text: str) -> int:
    """A price as the venue writes it, in ticks, rounded down; 0 if it is none.

    COIN-M and spot prices are scaled integers, USD-M prices decimals (phemex docs 2026, "Price/ratio/value scales").
    For orientation (collars), never for orders: an index or mark price need not lie on the grid.
    """
    try:
        number = Decimal(text)
    except InvalidOperation:
        return 0
    if not number.is_finite() or number <= 0:
        return 0
    scaled = number if instrument.line != ProductLine.LINEAR else number.scaleb(instrument.price_scale)
    return int(scaled) // instrument.tick_mantissa
