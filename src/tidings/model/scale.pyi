"""Exact conversion between what people write (str, int, Decimal) and what the engine counts in (ticks, lots).

Every function into the grid raises GridError, naming the symbol, the step and the nearest values, for what is off the
grid, negative or zero where that makes no sense, not finite, too large, or a float.
"""

from decimal import Decimal

from tidings.model.instrument import Instrument

Value = str | int | Decimal

def price_ticks(instrument: Instrument, value: Value, zero_allowed: bool = False) -> int:
    """A price in ticks of the instrument."""

def qty_lots(instrument: Instrument, value: Value, zero_allowed: bool = False) -> int:
    """A quantity in lots of the instrument."""

def quote_qty_lots(instrument: Instrument, value: Value) -> int:
    """An amount of quote currency to spend (spot), in the smallest units the venue counts: 10**-value_scale."""

def offset_ticks(instrument: Instrument, value: Value) -> int:
    """A signed distance between prices (trailing stops), in ticks; never zero."""

def price_text(instrument: Instrument, ticks: int) -> str:
    """The price as plain decimal text: no exponent, no trailing zeros."""

def qty_text(instrument: Instrument, lots: int) -> str:
    """The quantity as plain decimal text."""

def quote_qty_text(instrument: Instrument, lots: int) -> str:
    """The amount of quote currency as plain decimal text."""

def price_decimal(instrument: Instrument, ticks: int) -> Decimal:
    """The price, exactly."""

def qty_decimal(instrument: Instrument, lots: int) -> Decimal:
    """The quantity, exactly."""

def quote_qty_decimal(instrument: Instrument, lots: int) -> Decimal:
    """The amount of quote currency, exactly."""
