from tidings.model.enums import TradingState
from tidings.model.instrument import Instrument

class RiskSymbols:
    """Each symbol's own limits, window and state. All methods raise ValueError for an instrument not among them."""

    def __init__(self, instruments: list[Instrument | None], window_ns: int, window_orders: int) -> None: ...
    def limit_qty(self, instrument: Instrument, max_qty_lots: int) -> None:
        """Largest order; 0: only its value binds. A window that was given no limit follows: `window_orders` of them."""
    def limit_window_qty(self, instrument: Instrument, max_window_lots: int) -> None:
        """Most that may be ordered within the window."""
    def limit_position(self, instrument: Instrument, max_position_lots: int) -> None:
        """Largest position either way, counting open and unknown orders; 0: only its value binds."""
    def limits_of(self, instrument: Instrument) -> tuple[int, int, int]:
        """(largest order, largest position, most within the window) in lots; 0: only its value binds."""
    def window_qty_used(self, instrument: Instrument, now_ns: int) -> int:
        """Lots ordered within the window."""
    def set_state(self, instrument: Instrument, state: TradingState) -> None:
        """What of new orders is taken in this symbol."""
    def state_of(self, instrument: Instrument) -> TradingState:
        """What of new orders is taken in this symbol."""
