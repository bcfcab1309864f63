"""Positions and balances as the account streams tell them."""

from decimal import Decimal

from tidings.model.instrument import Instrument

class PositionUpdate:
    """One position after an event. Immutable."""

    instrument: Instrument
    source: int
    """ReportSource: STREAM as it happens, SNAPSHOT after subscribing."""
    pos_side: int
    """PosSide."""
    is_hedged: int
    """1 hedged, 0 one-way, -1 not told (COIN-M)."""
    net_qty_lots: int
    """Signed; the smallest int64 if not told or off the instrument's grid."""
    avg_entry_mantissa: int
    avg_entry_scale: int
    leverage_mantissa: int
    leverage_scale: int
    exec_seq: int
    """The venue engine's sequence of the event, 0: none."""
    transact_time_ns: int
    """Venue wall clock."""
    data_version: int
    """Counts the changes of this position at the venue."""

    @property
    def avg_entry_px(self) -> Decimal:
        """Average entry price, 0 when flat."""
    @property
    def leverage(self) -> Decimal:
        """As the venue signs it: ≤ 0 cross, > 0 isolated."""

class WalletUpdate:
    """One balance. Immutable."""

    currency: str
    line: int
    """ProductLine the balance belongs to."""
    source: int
    """ReportSource: STREAM as it happens, SNAPSHOT after subscribing."""
    balance_mantissa: int
    balance_scale: int
    used_mantissa: int
    used_scale: int
    update_time_ns: int
    """When the balance last changed, by the venue's wall clock; 0 if not told (contracts)."""

    @property
    def balance(self) -> Decimal: ...
    @property
    def used(self) -> Decimal:
        """Used as margin (contracts) or locked by orders (spot)."""

class AccountStateReader:
    """Reads rows; what it could not place is counted."""

    unknown_count: int
    """Rows of symbols or currencies that are not in the catalogue."""
