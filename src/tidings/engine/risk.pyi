from collections.abc import Iterable

from tidings.engine.exposure import Exposure
from tidings.engine.risk_limits import RiskLimits, StrategyLimits
from tidings.engine.risk_owner import OwnerRisk
from tidings.engine.risk_symbols import RiskSymbols
from tidings.engine.risk_windows import RollingSum
from tidings.model.enums import TradingState
from tidings.model.instrument import Instrument
from tidings.model.order import Order

class Risk:
    """Limits of one engine, checked before anything reaches the wire. A price that is not known denies.

    Made for the instruments known at the start; any other is denied. Serves one order table.
    """

    limits: RiskLimits  # of the account; changed by adopt()
    symbols: RiskSymbols  # each symbol's own
    owners: list[OwnerRisk]  # each strategy's own; the first is the unnamed one
    exposure: Exposure
    state: int  # TradingState of the account
    is_killed: bool
    trip_count: int  # breakers that have tripped since the start
    notional: RollingSum  # ordered within the window, in 10**-4 of the quote currency
    messages: RollingSum  # orders and amends within a second
    denied_owner: int  # of the last denial by a strategy's own limit: whose
    asked: int  # the numbers of the last denial, in the unit of its reason
    allowed: int

    def __init__(self, instruments: Iterable[Instrument], limits: RiskLimits | None = None) -> None: ...
    def adopt(self, limits: RiskLimits) -> None:
        """Other limits of the account, from now on. What was counted stays counted; the windows keep their lengths."""
    def owner(self, name: str, limits: StrategyLimits | None = None) -> OwnerRisk:
        """A strategy by name; made when first asked for, with these limits or those of unnamed ones."""
    def set_state(self, state: TradingState) -> None:
        """What of new orders is taken of the account; its symbols and strategies have states of their own."""
    def set_killed(self, is_killed: bool) -> None:
        """The kill switch: nothing new and no amend, before any other question is asked."""
    def set_reference_price(self, instrument: Instrument, price_ticks: int) -> None:
        """Tell the last known price of an instrument: the collar's middle, and what positions are valued at."""
    def reference_price(self, instrument: Instrument) -> int:
        """The last known price in ticks; 0: none."""
    def check(self, order: Order, open_count: int = 0, now_ns: int = 0) -> int:
        """The DenyReason for a new order, 0 if it may go: for tests and dry runs. Takes nothing."""
