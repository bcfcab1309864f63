from decimal import Decimal

class ExecutionReport:
    """One thing the venue (or our own deadline) said about an order. Immutable.

    Prices are in ticks and quantities in lots of the order's instrument; a number the message did not hold, or held
    off the grid, is the smallest int64. `transact_time_ns` is the venue's wall clock, `received_ns` our monotonic
    clock.
    """

    @property
    def handle(self) -> int:
        """The order's handle; 0: not an order of this session."""
    @property
    def cl_ord_id(self) -> str: ...
    @property
    def order_id(self) -> str:
        """The venue's id (a UUID), "" when not told."""
    @property
    def exec_id(self) -> str:
        """The execution's id, "" unless `exec_type` is TRADE."""
    @property
    def symbol(self) -> str: ...
    @property
    def exec_type(self) -> int:
        """ExecType: what happened."""
    @property
    def ord_status(self) -> int:
        """OrdStatus the venue told; -1: not told."""
    @property
    def source(self) -> int:
        """ReportSource: who said so."""
    @property
    def request_kind(self) -> int:
        """RequestKind that this answers, or whose loss it tells; 0: neither."""
    @property
    def side(self) -> int: ...
    @property
    def code(self) -> int:
        """The venue's business code; 0: none."""
    @property
    def cancel_reason(self) -> int:
        """The venue's cxlRejReason; 0: none."""
    @property
    def reconciled(self) -> bool:
        """Learnt by comparing or asking, not as it happened."""
    @property
    def price_ticks(self) -> int: ...
    @property
    def stop_px_ticks(self) -> int: ...
    @property
    def take_profit_ticks(self) -> int:
        """Told by query rows only, as the next two."""
    @property
    def stop_loss_ticks(self) -> int: ...
    @property
    def peg_offset_ticks(self) -> int: ...
    @property
    def order_qty_lots(self) -> int: ...
    @property
    def cum_qty_lots(self) -> int: ...
    @property
    def leaves_qty_lots(self) -> int: ...
    @property
    def qty_in_quote(self) -> bool:
        """`order_qty_lots` is money to spend, in the quote currency's smallest unit (spot)."""
    @property
    def last_px_ticks(self) -> int: ...
    @property
    def last_qty_lots(self) -> int: ...
    @property
    def fee_mantissa(self) -> int: ...
    @property
    def fee_scale(self) -> int: ...
    @property
    def fee(self) -> Decimal:
        """Fee of this execution, exact; negative is a rebate."""
    @property
    def is_maker(self) -> bool: ...
    @property
    def trade_type(self) -> int:
        """TradeType: why it happened, of an execution."""
    @property
    def exec_seq(self) -> int: ...
    @property
    def transact_time_ns(self) -> int: ...
    @property
    def asked_ns(self) -> int:
        """When the request was sent that this answers, monotonic; 0: not told."""
    @property
    def received_ns(self) -> int: ...
    @property
    def text(self) -> str: ...

def report_of(
    exec_type: int = ...,
    source: int = ...,
    now_ns: int = ...,
    *,
    handle: int = ...,
    cl_ord_id: str = ...,
    order_id: str = ...,
    symbol: str = ...,
    ord_status: int = ...,
    request_kind: int = ...,
    side: int = ...,
    code: int = ...,
    cancel_reason: int = ...,
    reconciled: bool = ...,
    price_ticks: int = ...,
    stop_px_ticks: int = ...,
    order_qty_lots: int = ...,
    cum_qty_lots: int = ...,
    leaves_qty_lots: int = ...,
    last_px_ticks: int = ...,
    last_qty_lots: int = ...,
    exec_id: str = ...,
    fee_mantissa: int = ...,
    fee_scale: int = ...,
    is_maker: bool = ...,
    trade_type: int = ...,
    exec_seq: int = ...,
    transact_time_ns: int = ...,
    asked_ns: int = ...,
    text: str = ...,
    take_profit_ticks: int = ...,
    stop_loss_ticks: int = ...,
    peg_offset_ticks: int = ...,
    qty_in_quote: bool = ...,
) -> ExecutionReport:
    """Build a report by field names: for reconciliation, replay, tests. Raises ValueError for an id that is no UUID."""

def uuid_text(high: int, low: int) -> str:
    """The usual text of a UUID kept as two words; "" for 0, 0."""

def uuid_words(text: str) -> tuple[int, int]:
    """The two 64-bit words of a UUID's text; 0, 0 for ""."""
