from decimal import Decimal
from typing import final

from tidings.model.enums import ProductLine

@final
class Instrument:
    """A symbol with its integer grid. Immutable; made from the venue's product catalogue.

    price = price_ticks × tick_mantissa / 10**price_scale; quantity = qty_lots × lot_mantissa / 10**qty_scale.
    """

    symbol: str
    line: ProductLine | int
    index: int
    """Dense, 0…, unique in its catalogue: for per-instrument tables."""
    base_currency: str
    quote_currency: str
    settle_currency: str
    status: str
    """"Listed", or what the venue says."""
    price_scale: int
    tick_mantissa: int
    qty_scale: int
    lot_mantissa: int
    contract_mantissa: int
    """One contract's size = contract_mantissa / 10**contract_scale; 1 for linear and spot."""
    contract_scale: int
    value_scale: int
    """Values of inverse and spot lines travel as integers at 10**value_scale of the settle or quote currency."""
    base_value_scale: int
    """Spot: scale of the base currency; elsewhere the same as value_scale."""
    max_price_ticks: int
    """0: no limit known."""
    max_qty_lots: int
    """0: no limit known."""

    def __init__(
        self,
        *,
        symbol: str,
        line: int,
        index: int,
        base_currency: str,
        quote_currency: str,
        settle_currency: str,
        price_scale: int,
        tick_mantissa: int,
        qty_scale: int,
        lot_mantissa: int,
        contract_mantissa: int = 1,
        contract_scale: int = 0,
        value_scale: int = 0,
        base_value_scale: int | None = None,
        max_price_ticks: int = 0,
        max_qty_lots: int = 0,
        status: str = "Listed",
    ) -> None:
        """Raises UsageError naming the symbol and the field that is out of range."""

    @property
    def is_listed(self) -> bool:
        """Whether the venue lists it for trading."""

    @property
    def tick_size(self) -> Decimal: ...
    @property
    def lot_size(self) -> Decimal: ...
    @property
    def contract_size(self) -> Decimal: ...
    def notional(self, price_ticks: int, qty_lots: int) -> Decimal:
        """The value of an order in the quote currency, rounded up to 0.0001 and capped at int64 of that unit.

        Inverse: contracts × contract size, whatever the price.
        """
