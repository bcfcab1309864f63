"""A position in one contract: signed quantity, entry value, realised profit, and what its open orders need.

Value, not price, is kept: the average entry price is derived from it, so that nothing is lost by rounding and money
is conserved (over all accounts, balances and entry values always add up to what was put in, less fees).
"""

from collections import deque
from collections.abc import Callable
from typing import Final

from tidings.exchange.accounts.position_terms import PositionTerm
from tidings.exchange.catalogue import Instrument, RiskStep
from tidings.exchange.orders.orders import Order
from tidings.exchange.reports import OrderReport, PositionState

MERGED: Final = "Merged"
LONG: Final = "Long"
SHORT: Final = "Short"
NORMAL: Final = "Normal"
LIQUIDATING: Final = "Liq"  # the venue's word is not known; its integer enum calls such events Liq

class Position:
    """One user's position in one contract, or one side of it in hedged mode."""

    instrument: Instrument
    user_id: int
    account_id: int
    pos_side: str
    status: str
    deleverage_er: int  # its rank among its side: 0 is not deleveraged, 1 (scale 8) before all others
    net_qty: int  # signed
    value: int  # unsigned, at entry
    leverage_er: int
    risk: RiskStep
    added_margin: int  # isolated: assigned beyond the position's cost
    buy_leaves_qty: int
    buy_leaves_value: int
    sell_leaves_qty: int
    sell_leaves_value: int
    buy_leaves_loss: int  # see `order_loss`
    sell_leaves_loss: int
    reducing: dict[int, list[int]]  # by side: quantity, value and loss of its reduce-only orders
    cum_closed_pnl: int
    cum_fee: int
    cum_funding_fee: int
    cur_term_pnl: int
    last_funding_time_ns: int
    term: int
    current: PositionTerm | None  # the present term, or the last one while flat
    finished: deque[PositionTerm]  # oldest first
    last_term_end_time_ns: int
    req_num: int
    data_ver: int
    exec_seq: int
    transact_time_ns: int
    reducers: dict[Order, None]  # open reduce-only orders, which must never exceed it

    def __init__(self, instrument: Instrument, user_id: int, account_id: int, pos_side: str) -> None: ...

    @property
    def side_word(self) -> str:
        """Buy, Sell or None."""

    @property
    def is_cross(self) -> bool:
        """Whether it shares the account's balance (leverage ≤ 0)."""

    @property
    def is_idle(self) -> bool:
        """Whether it is flat and has no open orders."""

    def set_leverage(self, leverage_er: int) -> None:
        """Take a leverage; the risk limit follows it (phemex docs 2026, "Set RiskLimit")."""

    def exposure(self, side: int) -> int:
        """What it would be worth, at entry and order prices, if all open orders on `side` that may add were filled."""

    def room(self, side: int) -> int:
        """How much an order on `side` can reduce it by."""

    def trade(self, side: int, qty: int, value: int, now_ns: int) -> tuple[int, int]:
        """Apply a fill; gives the size it closed and the profit that realised."""

    def terms(self) -> list[PositionTerm]:
        """The terms remembered, the present one last."""

    def charge(self, fee: int) -> None:
        """Book a fee."""

    def pay_funding(self, fee: int, now_ns: int) -> None:
        """Book a funding payment; negative if it is received."""

    def recount(self, order: Order, qty: int, price: int, mark_price: int) -> None:
        """Count `order` among the open orders with `qty` at `price`; 0 takes it out."""

    def count(self, order: Order, qty: int, value: int, loss: int = 0) -> None:
        """Count `order` with `qty` worth `value` instead of what it was counted with; `loss` if it fills at once."""

    def cost(self) -> int:
        """Margin of the position itself."""

    def assigned(self, mark_price: int) -> int:
        """Balance held by the position: its cost, and a cross position's loss or an isolated one's added margin."""

    def order_cost(self) -> int:
        """Margin of the open orders; what only reduces the position is free."""

    def order_loss(self) -> int:
        """What open orders would lose at the mark price, as it was when they were counted, if they were filled.

        What only reduces the position is left out: its loss is the position's already.
        """

    def used(self, mark_price: int) -> int:
        """All the balance it keeps from being used elsewhere."""

    def unrealised_pnl(self, mark_price: int) -> int:
        """Profit at the mark price."""

    def margin(self, mark_price: int, shared_balance: int) -> int:
        """All that backs it; `shared_balance` is what the account has left for its cross positions, perhaps below 0."""

    def bankrupt_price(self, mark_price: int, shared_balance: int) -> int:
        """Where that is lost."""

    def stamp(self, report: OrderReport, mark_price: int) -> None:
        """Put the position on a report."""

    def state(self, mark_price: int, shared_balance: int, pos_mode: str, others_profit: int = 0) -> PositionState:
        """A snapshot; `shared_balance` as for `margin`, what the account's other cross positions gain apart."""

def used_by(held: dict[str, dict[str, Position]], mark_price: Callable[[str], int]) -> int:
    """Sum up what all positions in `held` (symbol → side → position) and their orders keep."""

def profit_beside(
    position: Position, held: dict[str, dict[str, Position]], mark_price: Callable[[str], int]
) -> int:
    """Sum up what the other cross positions in `held` gain, which backs `position`; 0 if that is flat or isolated."""
