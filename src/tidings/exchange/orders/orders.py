"""One client order inside the exchange: its terms, how far it got, and the report that says so.

The order itself decides nothing; `order_life` moves it through its states and takes a report at each step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tidings.exchange.markets.matching import BUY, SELL, BookOrder, SelfTrade, Stay
from tidings.exchange.orders.order_view import view
from tidings.exchange.reports import DONE_STATUSES, OrderReport

if TYPE_CHECKING:
    from tidings.exchange.accounts.ledgers import Ledger
    from tidings.exchange.catalogue import Instrument
    from tidings.exchange.orders.order_requests import AmendOrder, NewOrder

SIDES: Final = {"Buy": BUY, "Sell": SELL}
SIDE_WORDS: Final = {BUY: "Buy", SELL: "Sell"}
STAYS: Final = {
    "GoodTillCancel": Stay.REST,
    "ImmediateOrCancel": Stay.IOC,
    "FillOrKill": Stay.FOK,
    "PostOnly": Stay.POST_ONLY,
}
SELF_TRADES: Final = {
    "None": SelfTrade.ALLOW,
    "CancelMaker": SelfTrade.CANCEL_MAKER,
    "CancelTaker": SelfTrade.CANCEL_TAKER,
    "CancelBoth": SelfTrade.CANCEL_BOTH,
}
CONDITIONAL_TYPES: Final = frozenset({"Stop", "StopLimit", "MarketIfTouched", "LimitIfTouched"})
MARKET_TYPES: Final = frozenset({"Market", "Stop", "MarketIfTouched"})

# Where an order stands, in the venue's words.
CREATED: Final = "Created"  # taken, on its way to the book
UNTRIGGERED: Final = "Untriggered"
TRIGGERED: Final = "Triggered"
NEW: Final = "New"
PARTIALLY_FILLED: Final = "PartiallyFilled"
FILLED: Final = "Filled"
CANCELED: Final = "Canceled"
REJECTED: Final = "Rejected"
DEACTIVATED: Final = "Deactivated"  # a conditional order removed before it triggered


class Order(BookOrder):
    """A client's order. `leaves_qty` is what may still trade; `owner` is the user id."""

    __slots__ = (
        "action", "action_time_ns", "added_seq", "anchor_price", "cl_ord_id", "close_on_trigger", "create_time_ns",
        "cum_fee", "cum_qty", "display_qty", "due_ns", "exec_status", "has_attached", "instrument", "is_activated",
        "ledger", "ord_status", "ord_type", "order_id", "order_qty", "peg_offset", "peg_price_type", "pending",
        "pos_side", "qty_type", "quote_left", "quote_qty", "reduce_only", "req_num", "reserved_loss", "reserved_qty",
        "reserved_value", "sl_px", "sl_trigger", "stop_direction", "stop_loss", "stop_px", "take_profit", "text",
        "time_in_force", "tp_px", "tp_trigger", "transact_time_ns", "trigger", "trigger_time_ns",
    )  # fmt: skip

    def __init__(self, request: NewOrder, instrument: Instrument, user_id: int, order_id: str, now_ns: int) -> None:
        super().__init__(
            SIDES.get(request.side, BUY), 0 if request.ord_type in MARKET_TYPES else request.price, request.qty,
            user_id, SELF_TRADES.get(request.stp_instruction, SelfTrade.ALLOW),
        )  # fmt: skip
        self.instrument = instrument
        self.order_id = order_id
        self.cl_ord_id = request.cl_ord_id
        self.pos_side = request.pos_side
        self.ord_type = request.ord_type
        self.time_in_force = "ImmediateOrCancel" if request.ord_type in MARKET_TYPES else request.time_in_force
        self.reduce_only = request.reduce_only or request.close_on_trigger
        self.close_on_trigger = request.close_on_trigger
        self.order_qty = request.qty
        self.qty_type = request.qty_type
        self.quote_qty = request.quote_qty
        self.quote_left: int | None = None  # budget of a market order by quote amount
        self.text = request.text
        self.display_qty = 0  # what to show of it instead of all
        # Conditions, and the orders to attach to the position it opens.
        self.stop_px = request.stop_px
        self.stop_direction = "UNSPECIFIED"
        self.trigger = request.trigger
        self.peg_offset = request.peg_offset
        self.peg_price_type = request.peg_price_type
        self.anchor_price = 0  # trailing: the best price seen since the order was activated
        self.is_activated = False
        self.take_profit, self.tp_px, self.tp_trigger = request.take_profit, request.tp_px, request.tp_trigger
        self.stop_loss, self.sl_px, self.sl_trigger = request.stop_loss, request.sl_px, request.sl_trigger
        self.has_attached = False  # take-profit and stop-loss orders exist already
        # Progress.
        self.ord_status = CREATED
        self.exec_status = "PendingNew"  # of the last event
        self.pending = ""  # request on its way to the book: New, Replace, Cancel
        self.due_ns = 0  # when the last one is there
        self.action = "New"
        self.cum_qty = self.cum_value = self.cum_fee = 0
        self.create_time_ns = self.action_time_ns = self.transact_time_ns = now_ns
        self.trigger_time_ns = 0
        self.added_seq = 0
        self.req_num = 0
        # What its ledger has set aside for it.
        self.ledger: Ledger
        self.reserved_qty = self.reserved_value = self.reserved_loss = 0

    @property
    def stay(self) -> Stay:
        """How long it may live once it reaches the book."""
        return STAYS[self.time_in_force]

    @property
    def is_done(self) -> bool:
        """Whether nothing can happen to it any more."""
        return self.ord_status in DONE_STATUSES

    @property
    def is_conditional(self) -> bool:
        """Whether it waits, or once waited, for a trigger."""
        return self.ord_type in CONDITIONAL_TYPES

    @property
    def is_market(self) -> bool:
        """Whether its price was set by the exchange as a protection, not by the client."""
        return self.ord_type in MARKET_TYPES

    @property
    def is_position_sized(self) -> bool:
        """Whether it takes its quantity from the position when it triggers."""
        return self.close_on_trigger and self.order_qty == 0

    @property
    def exec_inst(self) -> str:
        """The execution instruction in the venue's words."""
        if self.close_on_trigger:
            return "CloseOnTrigger"
        return "ReduceOnly" if self.reduce_only else "None"

    def takeable_qty(self, price: int) -> int:
        """How much may trade at `price`: the open quantity, or what is left of the budget."""
        if self.quote_left is None:
            return self.leaves_qty
        return min(self.leaves_qty, self.instrument.qty_for(self.quote_left, price))

    def size_by_quote(self) -> bool:
        """Turn a quote amount into a base quantity at `price`: exact for a limit order, a bound for a market order.

        False if it buys less than one lot.
        """
        instrument = self.instrument
        qty = instrument.qty_for(self.quote_qty, self.price)
        if self.is_market:
            self.quote_left = self.quote_qty
            bound = instrument.max_qty if self.side == BUY else min(instrument.max_qty, qty + instrument.lot_size)
            qty = bound if qty else 0
        self.leaves_qty = self.order_qty = qty
        return qty > 0

    def describe(self) -> OrderReport:
        """The order as it stands, for queries."""
        return self.report(self.exec_status, self.transact_time_ns)

    def report(self, exec_status: str, now_ns: int, *, code: int = 0, **details: Any) -> OrderReport:
        """A report of something that just happened, with the order as it stands. `details` override fields."""
        report = view(self, exec_status, now_ns, code)
        for name, value in details.items():
            setattr(report, name, value)
        return report


def take_conditions(order: Order | OrderReport, request: AmendOrder) -> None:
    """Give `order`, or a view of it, the amended quote amount, trigger, peg and attached prices."""
    if request.quote_qty is not None:
        order.quote_qty = request.quote_qty
    if request.stop_px is not None:
        order.stop_px = request.stop_px
    if request.trigger is not None:
        order.trigger = request.trigger
    if request.peg_offset is not None:
        order.peg_offset = request.peg_offset
    if request.peg_price_type is not None:
        order.peg_price_type = request.peg_price_type
    if request.take_profit is not None:
        order.take_profit = request.take_profit
    if request.stop_loss is not None:
        order.stop_loss = request.stop_loss
