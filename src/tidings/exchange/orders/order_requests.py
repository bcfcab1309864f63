"""What a client may ask of the order service, after the faces have read the wire.

Words (`side`, `ord_type`, ...) stay in the venue's spelling and are checked by the core, so that a wrong one is
answered with the venue's code. Numbers are integers on the instrument's scales (`Instrument.price_scale`, `qty_scale`,
`value_scale`); 0 or "" means that the field was absent, as on the wire.
"""

from dataclasses import dataclass


@dataclass(slots=True, kw_only=True)
class NewOrder:
    """A request to create an order on any product line."""

    symbol: str
    side: str  # Buy, Sell
    cl_ord_id: str = ""
    pos_side: str = "Merged"  # contracts: Merged, Long, Short
    ord_type: str = "Limit"  # Limit, Market, Stop, StopLimit, MarketIfTouched, LimitIfTouched
    time_in_force: str = "GoodTillCancel"  # GoodTillCancel, ImmediateOrCancel, FillOrKill, PostOnly, RPIPostOnly
    price: int = 0
    qty: int = 0  # contracts, or base currency
    qty_type: str = "ByBase"  # spot: ByBase, ByQuote
    quote_qty: int = 0  # spot ByQuote: amount of quote currency
    reduce_only: bool = False
    close_on_trigger: bool = False
    stop_px: int = 0
    trigger: str = "UNSPECIFIED"  # ByMarkPrice, ByLastPrice, ByIndexPrice, ByBidPrice, ByAskPrice
    take_profit: int = 0  # attached: trigger price, limit price (0 = market), watched price
    tp_px: int = 0
    tp_trigger: str = "UNSPECIFIED"
    stop_loss: int = 0
    sl_px: int = 0
    sl_trigger: str = "UNSPECIFIED"
    peg_offset: int = 0  # signed price distance of a trailing stop
    peg_price_type: str = "UNSPECIFIED"  # TrailingStopPeg, TrailingTakeProfitPeg
    display_qty: int = 0  # accepted without effect: what it means is not documented
    stp_instruction: str = "None"  # None, CancelMaker, CancelTaker, CancelBoth
    text: str = ""


@dataclass(slots=True, kw_only=True)
class AmendOrder:
    """A request to change an open order, named by `order_id` or by `orig_cl_ord_id`; None leaves a field as it is."""

    symbol: str
    order_id: str = ""
    orig_cl_ord_id: str = ""
    new_cl_ord_id: str = ""  # "" = keeps its own (phemex docs 2024 let an amend rename)
    pos_side: str = ""  # "" = not checked
    price: int | None = None
    qty: int | None = None
    quote_qty: int | None = None
    stop_px: int | None = None
    take_profit: int | None = None
    stop_loss: int | None = None
    peg_offset: int | None = None
    peg_price_type: str | None = None
    trigger: str | None = None


@dataclass(slots=True, kw_only=True)
class CancelOrder:
    """A request to cancel one order, named by `order_id` or by `cl_ord_id`."""

    symbol: str
    order_id: str = ""
    cl_ord_id: str = ""
    pos_side: str = ""  # "" = not checked
