"""What the core says: replies to requests, and updates for the account streams.

Every object is a snapshot taken when the thing happened and is never changed afterwards. Numbers are integers on the
scales of `instrument` (orders and positions) or of the currency (accounts and wallets); words are in the venue's
spelling, so that a face only arranges them. Times are wall-clock nanoseconds.
"""

cimport cython

from dataclasses import field

from tidings.exchange.error_codes import SYMBOL_NOT_LISTED, name_of

NIL_UUID = "00000000-0000-0000-0000-000000000000"
NO_ERROR = "No error"


@cython.no_gc
@cython.dataclasses.dataclass
cdef class OrderReport:
    """One event of one order, with the order and its position as they stood right after it.

    On spot `qty` fields are base currency and `value` fields quote currency.
    """

    instrument: object
    user_id: object
    order_id: object
    cl_ord_id: object
    side: object
    pos_side: object
    ord_type: object
    time_in_force: object
    exec_inst: object  # None, ReduceOnly, CloseOnTrigger
    # What was asked, by whom, and what became of it.
    action: object = "New"  # New, Replace, Cancel, CancelAll, SettleFundingFee, LiqRequest
    action_by: object = "ByUser"  # what the venue says of its own actions is not known: BySystem here
    action_time_ns: object = 0  # when the trading engine took the request
    create_time_ns: object = 0
    trigger_time_ns: object = 0
    transact_time_ns: object = 0  # when this event happened
    ord_status: object = "Created"
    exec_status: object = "PendingNew"
    code: object = 0
    message: object = NO_ERROR
    cxl_rej_reason: object = 0
    # The order.
    price: object = 0
    order_qty: object = 0
    display_qty: object = 0
    leaves_qty: object = 0
    leaves_value: object = 0
    cum_qty: object = 0
    cum_value: object = 0
    cum_fee: object = 0
    avg_price: object = 0
    qty_type: object = "ByBase"
    quote_qty: object = 0
    reduce_only: object = False
    # Conditions and attached orders.
    stop_px: object = 0
    stop_direction: object = "UNSPECIFIED"
    trigger: object = "UNSPECIFIED"
    peg_offset: object = 0
    peg_price_type: object = "UNSPECIFIED"
    take_profit: object = 0
    tp_px: object = 0
    tp_trigger: object = "UNSPECIFIED"
    stop_loss: object = 0
    sl_px: object = 0
    sl_trigger: object = "UNSPECIFIED"
    # This execution. `exec_qty` of a cancel is the cancelled quantity; `trade_type` is "Trade" for one.
    exec_id: object = NIL_UUID
    exec_qty: object = 0
    exec_price: object = 0
    exec_value: object = 0
    exec_fee: object = 0
    fee_rate_er: object = 0  # scale 8
    fee_currency: object = ""
    last_liquidity_ind: object = ""  # AddedLiquidity, RemovedLiquidity
    trade_type: object = ""  # Trade, LiqTrade, AdlTrade, Funding, Replace, or "" (the field is left out)
    exec_seq: object = 0  # sequence of the symbol's engine at this event
    added_seq: object = 0  # sequence at which the order entered the book, 0 if never
    related_req_num: object = 0
    # The position (contracts) or the wallets (spot) after the event.
    cur_acc_balance: object = 0
    cur_assigned_pos_balance: object = 0
    cur_leverage_er: object = 0
    cur_pos_side: object = "None"
    cur_pos_size: object = 0  # unsigned
    cur_pos_term: object = 0
    cur_pos_value: object = 0
    cur_risk_limit: object = 0
    closed_size: object = 0
    closed_pnl: object = 0
    cur_base_wallet: object = 0
    cur_quote_wallet: object = 0

    @property
    def is_trade(self):
        """Whether this event is an execution."""
        return self.trade_type in TRADE_TYPES

    @property
    def base_qty(self):
        """What a spot order shows as its base quantity: 0 if it was given in quote currency (docs 2024, observed)."""
        return 0 if self.qty_type == "ByQuote" else self.order_qty

    @property
    def is_done(self):
        """Whether the order is finished."""
        return self.ord_status in DONE_STATUSES


TRADE_TYPES = frozenset({"Trade", "LiqTrade", "AdlTrade"})
DONE_STATUSES = frozenset({"Filled", "Canceled", "Rejected", "Deactivated"})


@cython.no_gc
@cython.dataclasses.dataclass
cdef class AccountState:
    """A contract account: one user's balance in one settle currency, in units of 10^-`value_scale`."""

    user_id: object
    account_id: object  # user id × 10000 + currency code
    currency: object
    value_scale: object
    balance: object
    total_used_balance: object
    bonus_balance: object = 0
    liq_status: object = "Normal"


@cython.no_gc
@cython.dataclasses.dataclass
cdef class PositionState:
    """One position of one contract: the only one (Merged), or a side of a hedged symbol."""

    instrument: object
    user_id: object
    account_id: object
    pos_mode: object  # OneWay, Hedged
    pos_side: object  # Merged, Long, Short
    side: object  # Buy, Sell, None
    size: object  # unsigned
    value: object
    avg_entry_price: object  # on `instrument.price_scale`
    leverage_er: object  # signed: ≤ 0 cross, > 0 isolated; scale 8
    init_margin_req_er: object
    maint_margin_req_er: object
    risk_limit: object
    pos_cost: object
    assigned_pos_balance: object
    bankrupt_comm: object
    bankrupt_price: object
    liquidation_price: object
    position_margin: object
    used_balance: object
    cross_shared_balance: object
    display_leverage_er: object
    order_cost: object
    estimated_ord_loss: object  # of open orders, at the mark price
    deleverage_er: object  # the share of its side that is not deleveraged before it; 0 without a profit
    buy_leaves_qty: object
    buy_leaves_value: object
    sell_leaves_qty: object
    sell_leaves_value: object
    buy_value_to_cost_er: object
    sell_value_to_cost_er: object
    taker_fee_rate_er: object
    maker_fee_rate_er: object
    mark_price: object
    unrealised_pnl: object
    cum_closed_pnl: object
    cum_transact_fee: object
    cum_funding_fee: object
    cur_term_realised_pnl: object
    free_qty: object  # signed: quantity that can be traded against the position without margin
    term: object
    last_term_end_time_ns: object
    last_funding_time_ns: object
    data_ver: object  # one more with each change of this position
    exec_seq: object
    transact_time_ns: object
    status: object = "Normal"  # or Liq, while it is being liquidated


@cython.no_gc
@cython.dataclasses.dataclass
cdef class WalletState:
    """A spot wallet: one user's holding of one currency, in units of 10^-`value_scale`."""

    user_id: object
    currency: object
    value_scale: object
    balance: object
    locked_trading_balance: object
    last_update_time_ns: object
    wallet_vid: object = 0


@cython.no_gc
@cython.dataclasses.dataclass
cdef class AccountUpdate:
    """One message's worth for one user's account stream: what happened, in order, and the state after all of it.

    Contracts fill `account` and `positions`; spot fills `wallets`. A snapshot's `orders` are open orders, then history.
    """

    line: object
    user_id: object
    currency: object  # settle currency; "" on spot
    sequence: object  # rises, with gaps
    timestamp_ns: object
    orders: object = field(default_factory=list)
    account: object = None
    positions: object = field(default_factory=list)
    wallets: object = field(default_factory=list)
    is_snapshot: object = False


@cython.no_gc
@cython.dataclasses.dataclass
cdef class Reply:
    """The answer to one request, to be sent at once; what follows from it comes out of `Venue.advance`.

    `code` 0 means accepted for processing, nothing more. `order` is the reply body of single-order calls, `orders` of
    bulk calls, `count` of cancel-all.
    """

    code: object = 0
    order: object = None
    orders: object = field(default_factory=list)
    count: object = 0
    detail: object = ""  # for people: which field was wrong, and how

    @property
    def name(self):
        """What the venue sends as `msg`: the enum name of `code`, "" if all is well; one code has a text (observed)."""
        return self.detail if self.code == SYMBOL_NOT_LISTED else name_of(self.code)
