"""What the core says: replies to requests, and updates for the account streams.

Every object is a snapshot taken when the thing happened and is never changed afterwards. Numbers are integers on the
scales of `instrument` (orders and positions) or of the currency (accounts and wallets); words are in the venue's
spelling, so that a face only arranges them. Times are wall-clock nanoseconds.
"""

from dataclasses import dataclass, field

from tidings.exchange.catalogue import Instrument, Line

NIL_UUID: str
NO_ERROR: str


@dataclass(slots=True)
class OrderReport:
    """One event of one order, with the order and its position as they stood right after it.

    On spot `qty` fields are base currency and `value` fields quote currency.
    """

    instrument: Instrument
    user_id: int
    order_id: str
    cl_ord_id: str
    side: str
    pos_side: str
    ord_type: str
    time_in_force: str
    exec_inst: str  # None, ReduceOnly, CloseOnTrigger
    # What was asked, by whom, and what became of it.
    action: str = "New"  # New, Replace, Cancel, CancelAll, SettleFundingFee, LiqRequest
    action_by: str = "ByUser"  # what the venue says of its own actions is not known: BySystem here
    action_time_ns: int = 0  # when the trading engine took the request
    create_time_ns: int = 0
    trigger_time_ns: int = 0
    transact_time_ns: int = 0  # when this event happened
    ord_status: str = "Created"
    exec_status: str = "PendingNew"
    code: int = 0
    message: str = NO_ERROR
    cxl_rej_reason: int = 0
    # The order.
    price: int = 0
    order_qty: int = 0
    display_qty: int = 0
    leaves_qty: int = 0
    leaves_value: int = 0
    cum_qty: int = 0
    cum_value: int = 0
    cum_fee: int = 0
    avg_price: int = 0
    qty_type: str = "ByBase"
    quote_qty: int = 0
    reduce_only: bool = False
    # Conditions and attached orders.
    stop_px: int = 0
    stop_direction: str = "UNSPECIFIED"
    trigger: str = "UNSPECIFIED"
    peg_offset: int = 0
    peg_price_type: str = "UNSPECIFIED"
    take_profit: int = 0
    tp_px: int = 0
    tp_trigger: str = "UNSPECIFIED"
    stop_loss: int = 0
    sl_px: int = 0
    sl_trigger: str = "UNSPECIFIED"
    # This execution. `exec_qty` of a cancel is the cancelled quantity; `trade_type` is "Trade" for one.
    exec_id: str = NIL_UUID
    exec_qty: int = 0
    exec_price: int = 0
    exec_value: int = 0
    exec_fee: int = 0
    fee_rate_er: int = 0  # scale 8
    fee_currency: str = ""
    last_liquidity_ind: str = ""  # AddedLiquidity, RemovedLiquidity
    trade_type: str = ""  # Trade, LiqTrade, AdlTrade, Funding, Replace, or "" (the field is left out)
    exec_seq: int = 0  # sequence of the symbol's engine at this event
    added_seq: int = 0  # sequence at which the order entered the book, 0 if never
    related_req_num: int = 0
    # The position (contracts) or the wallets (spot) after the event.
    cur_acc_balance: int = 0
    cur_assigned_pos_balance: int = 0
    cur_leverage_er: int = 0
    cur_pos_side: str = "None"
    cur_pos_size: int = 0  # unsigned
    cur_pos_term: int = 0
    cur_pos_value: int = 0
    cur_risk_limit: int = 0
    closed_size: int = 0
    closed_pnl: int = 0
    cur_base_wallet: int = 0
    cur_quote_wallet: int = 0

    @property
    def is_trade(self) -> bool:
        """Whether this event is an execution."""

    @property
    def base_qty(self) -> int:
        """What a spot order shows as its base quantity: 0 if it was given in quote currency (docs 2024, observed)."""

    @property
    def is_done(self) -> bool:
        """Whether the order is finished."""


TRADE_TYPES: frozenset[str]
DONE_STATUSES: frozenset[str]


@dataclass(slots=True)
class AccountState:
    """A contract account: one user's balance in one settle currency, in units of 10^-`value_scale`."""

    user_id: int
    account_id: int  # user id × 10000 + currency code
    currency: str
    value_scale: int
    balance: int
    total_used_balance: int
    bonus_balance: int = 0
    liq_status: str = "Normal"


@dataclass(slots=True)
class PositionState:
    """One position of one contract: the only one (Merged), or a side of a hedged symbol."""

    instrument: Instrument
    user_id: int
    account_id: int
    pos_mode: str  # OneWay, Hedged
    pos_side: str  # Merged, Long, Short
    side: str  # Buy, Sell, None
    size: int  # unsigned
    value: int
    avg_entry_price: int  # on `instrument.price_scale`
    leverage_er: int  # signed: ≤ 0 cross, > 0 isolated; scale 8
    init_margin_req_er: int
    maint_margin_req_er: int
    risk_limit: int
    pos_cost: int
    assigned_pos_balance: int
    bankrupt_comm: int
    bankrupt_price: int
    liquidation_price: int
    position_margin: int
    used_balance: int
    cross_shared_balance: int
    display_leverage_er: int
    order_cost: int
    estimated_ord_loss: int  # of open orders, at the mark price
    deleverage_er: int  # the share of its side that is not deleveraged before it; 0 without a profit
    buy_leaves_qty: int
    buy_leaves_value: int
    sell_leaves_qty: int
    sell_leaves_value: int
    buy_value_to_cost_er: int
    sell_value_to_cost_er: int
    taker_fee_rate_er: int
    maker_fee_rate_er: int
    mark_price: int
    unrealised_pnl: int
    cum_closed_pnl: int
    cum_transact_fee: int
    cum_funding_fee: int
    cur_term_realised_pnl: int
    free_qty: int  # signed: quantity that can be traded against the position without margin
    term: int
    last_term_end_time_ns: int
    last_funding_time_ns: int
    data_ver: int  # one more with each change of this position
    exec_seq: int
    transact_time_ns: int
    status: str = "Normal"  # or Liq, while it is being liquidated


@dataclass(slots=True)
class WalletState:
    """A spot wallet: one user's holding of one currency, in units of 10^-`value_scale`."""

    user_id: int
    currency: str
    value_scale: int
    balance: int
    locked_trading_balance: int
    last_update_time_ns: int
    wallet_vid: int = 0


@dataclass(slots=True)
class AccountUpdate:
    """One message's worth for one user's account stream: what happened, in order, and the state after all of it.

    Contracts fill `account` and `positions`; spot fills `wallets`. A snapshot's `orders` are open orders, then history.
    """

    line: Line
    user_id: int
    currency: str  # settle currency; "" on spot
    sequence: int  # rises, with gaps
    timestamp_ns: int
    orders: list[OrderReport] = field(default_factory=list)
    account: AccountState | None = None
    positions: list[PositionState] = field(default_factory=list)
    wallets: list[WalletState] = field(default_factory=list)
    is_snapshot: bool = False


@dataclass(slots=True)
class Reply:
    """The answer to one request, to be sent at once; what follows from it comes out of `Venue.advance`.

    `code` 0 means accepted for processing, nothing more. `order` is the reply body of single-order calls, `orders` of
    bulk calls, `count` of cancel-all.
    """

    code: int = 0
    order: OrderReport | None = None
    orders: list[OrderReport] = field(default_factory=list)
    count: int = 0
    detail: str = ""  # for people: which field was wrong, and how

    @property
    def name(self) -> str:
        """What the venue sends as `msg`: the enum name of `code`, "" if all is well; one code has a text (observed)."""
