from collections.abc import Iterable

from tidings.model.instrument import Instrument

class OwnPositions:
    """What one strategy's own executions have made of each symbol. Made by the Exposure."""

class Exposure:
    """What the account could come to hold: positions, and every open order at its worst.

    An order that is open, in flight or of unknown fate counts as live and as filled, whichever is worse.
    """

    instruments: list[Instrument | None]  # by index
    owners: list[OwnPositions]
    symbol_count: int
    slot_count: int  # of the order table it serves

    def __init__(self, instruments: Iterable[Instrument]) -> None: ...
    def tell_position(self, instrument: Instrument, pos_side: int, net_lots: int, venue_lots: int | None) -> None:
        """What is held by all executions known, and what the venue said last (None: nothing yet).

        While the two differ, the higher counts towards long limits and the lower towards short ones.
        """
    def tell_foreign(self, instrument: Instrument, pos_side: int, buy_lots: int, sell_lots: int) -> None:
        """Open orders of this account that are not ours, as found at the venue: they count like ours."""
    def lots_of(self, instrument: Instrument, money: int, price_ticks: int) -> int:
        """At most so many lots does money, in the quote's smallest unit, buy at the collar's far end below a price."""
    def reference_price(self, instrument: Instrument) -> int:
        """The last known price in ticks; 0: none."""
    def open_instruments(self) -> list[Instrument]:
        """Instruments with open orders of ours, in the order of their indexes. Quick: a kill switch asks it first."""
    def position_lots(self, instrument: Instrument, pos_side: int = 0) -> tuple[int, int | None]:
        """(by our own count, as the venue told last)."""
    def open_lots(self, instrument: Instrument, pos_side: int = 0) -> tuple[int, int, int, int]:
        """(buys, sells, closing buys, closing sells) of our own orders that may still fill."""
    def worst_lots(self, instrument: Instrument, pos_side: int = 0) -> tuple[int, int]:
        """(how long, how short) the position could become; 0 or less: it could not."""
    def account_e4(self) -> tuple[int, int, int]:
        """(gross, net long, net short) of the account at worst, in 10**-4 of the quote currency."""
    def owner_e4(self, owner: int) -> int:
        """Gross of one strategy at worst, by its own executions and open orders."""
