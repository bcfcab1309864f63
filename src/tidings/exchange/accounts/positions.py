"""A position in one contract: signed quantity, entry value, realised profit, and what its open orders need.

Value, not price, is kept: the average entry price is derived from it, so that nothing is lost by rounding and money
is conserved (over all accounts, balances and entry values always add up to what was put in, less fees).
"""

from collections import deque
from typing import Final

from tidings.exchange.accounts.margin import (
    bankruptcy,
    initial_margin_er,
    liquidation_price,
    order_cost,
    position_cost,
    unrealised_pnl,
    value_to_cost_er,
)
from tidings.exchange.accounts.position_terms import TERMS_MAX, PositionTerm
from tidings.exchange.accounts.risk_limits import step_for, step_of_size
from tidings.exchange.catalogue import ONE_ER, Instrument, Line
from tidings.exchange.markets.matching import BUY, SELL
from tidings.exchange.orders.orders import Order
from tidings.exchange.reports import PositionState

MERGED: Final = "Merged"
LONG: Final = "Long"
SHORT: Final = "Short"
_QTY, _VALUE, _LOSS = range(3)  # of open orders
NORMAL: Final = "Normal"
LIQUIDATING: Final = "Liq"  # the venue's word is not known; its integer enum calls such events Liq


class Position:
    """One user's position in one contract, or one side of it in hedged mode."""

    def __init__(self, instrument: Instrument, user_id: int, account_id: int, pos_side: str) -> None:
        self.instrument = instrument
        self.user_id = user_id
        self.account_id = account_id
        self.pos_side = pos_side
        self.status = NORMAL
        self.deleverage_er = 0  # its rank among its side: 0 is not deleveraged, 1 (scale 8) before all others
        self.net_qty = 0  # signed
        self.value = 0  # unsigned, at entry
        self.set_leverage(instrument.default_leverage_er)
        self.added_margin = 0  # isolated: assigned beyond the position's cost; below 0 what funding took of that
        self.buy_leaves_qty = self.buy_leaves_value = self.sell_leaves_qty = self.sell_leaves_value = 0
        self.buy_leaves_loss = self.sell_leaves_loss = 0  # see `order_loss`
        self._reducing = {BUY: [0, 0, 0], SELL: [0, 0, 0]}  # what of that is of reduce-only orders
        self.cum_closed_pnl = self.cum_fee = self.cum_funding_fee = self.cur_term_pnl = 0
        self.last_funding_time_ns = 0
        self.term = 1
        self.current: PositionTerm | None = None  # the present term, or the last one while flat
        self.finished: deque[PositionTerm] = deque(maxlen=TERMS_MAX)  # oldest first
        self.last_term_end_time_ns = 0
        self.req_num = 0
        self.data_ver = 0
        self.exec_seq = 0
        self.transact_time_ns = 0
        self.reducers: dict[Order, None] = {}  # open reduce-only orders, which must never exceed it

    @property
    def side_word(self) -> str:
        """Buy, Sell or None."""
        return "None" if self.net_qty == 0 else ("Buy" if self.net_qty > 0 else "Sell")

    @property
    def is_cross(self) -> bool:
        """Whether it shares the account's balance (leverage ≤ 0)."""
        return self.leverage_er <= 0

    @property
    def is_idle(self) -> bool:
        """Whether it is flat and has no open orders."""
        return not (self.net_qty or self.buy_leaves_qty or self.sell_leaves_qty)

    def set_leverage(self, leverage_er: int) -> None:
        """Take a leverage; the risk limit follows it (phemex docs 2026, "Set RiskLimit")."""
        self.leverage_er = leverage_er
        self.risk = step_for(self.instrument, leverage_er)

    def exposure(self, side: int) -> int:
        """What it would be worth, at entry and order prices, if all open orders on `side` were filled."""
        held = self.value if self.net_qty * side >= 0 else -self.value
        return held + (self.buy_leaves_value if side == BUY else self.sell_leaves_value)

    def room(self, side: int) -> int:
        """How much an order on `side` can reduce it by."""
        return abs(self.net_qty) if self.net_qty * side < 0 else 0

    def trade(self, side: int, qty: int, value: int, now_ns: int) -> tuple[int, int]:
        """Apply a fill; gives the size it closed and the profit that realised."""
        if self.net_qty * side >= 0:
            if self.net_qty == 0:
                self.cur_term_pnl = 0
            self._open(side, qty, value, now_ns)
            return 0, 0
        held = abs(self.net_qty)
        closed_qty = min(qty, held)
        entry_value = self.value * closed_qty // held
        exit_value = value * closed_qty // qty
        gain = exit_value - entry_value
        pnl = gain if (self.net_qty > 0) != self.instrument.is_inverse else -gain
        self.net_qty += side * closed_qty
        self.value -= entry_value
        if self.added_margin < 0:  # funding ate into what the position costs: its parts share that
            self.added_margin = -(-self.added_margin * (held - closed_qty) // held)
        self.cum_closed_pnl += pnl
        self.cur_term_pnl += pnl
        if self.current is not None:
            self.current.note_close(closed_qty, entry_value, exit_value, pnl, now_ns)
        if qty >= held:
            self._end_term(now_ns)
        if qty > held:
            self.cur_term_pnl = 0
            self._open(side, qty - held, value - exit_value, now_ns)
        return closed_qty, pnl

    def _open(self, side: int, qty: int, value: int, now_ns: int) -> None:
        if self.current is None or self.current.is_finished:
            self.current = PositionTerm(self.term, "Buy" if side == BUY else "Sell", self.leverage_er, now_ns)
        self.net_qty += side * qty
        self.value += value
        self.current.note_open(qty, value, now_ns)

    def _end_term(self, now_ns: int) -> None:
        self.term += 1
        self.last_term_end_time_ns = now_ns
        self.added_margin = 0
        if self.current is not None:
            self.current.is_finished = True
            self.finished.append(self.current)

    def terms(self) -> list[PositionTerm]:
        """The terms remembered, the present one last."""
        is_open = self.current is not None and not self.current.is_finished
        return [*self.finished, *([self.current] if self.current is not None and is_open else [])]

    def charge(self, fee: int) -> None:
        """Book a fee."""
        self.cum_fee += fee
        self.cur_term_pnl -= fee
        if self.current is not None:
            self.current.fee += fee

    def pay_funding(self, fee: int, now_ns: int) -> None:
        """Book a funding payment; negative if it is received."""
        self.cum_funding_fee += fee
        self.cur_term_pnl -= fee
        self.last_funding_time_ns = now_ns
        if self.current is not None:
            self.current.funding += fee

    def recount(self, order: Order, qty: int, price: int, mark_price: int) -> None:
        """Count `order` among the open orders with `qty` at `price`; 0 takes it out."""
        value = self.instrument.value(qty, price)
        loss = 0
        if (price - mark_price) * order.side > 0:
            loss = max(0, -unrealised_pnl(self.instrument, qty * order.side, value, mark_price))
        self.count(order, qty, value, loss)

    def count(self, order: Order, qty: int, value: int, loss: int = 0) -> None:
        """Count `order` with `qty` worth `value` instead of what it was counted with; `loss` if it fills at once."""
        if order.side == BUY:
            self.buy_leaves_qty += qty - order.reserved_qty
            self.buy_leaves_value += value - order.reserved_value
            self.buy_leaves_loss += loss - order.reserved_loss
        else:
            self.sell_leaves_qty += qty - order.reserved_qty
            self.sell_leaves_value += value - order.reserved_value
            self.sell_leaves_loss += loss - order.reserved_loss
        if order.reduce_only:
            reducing = self._reducing[order.side]
            reducing[_QTY] += qty - order.reserved_qty
            reducing[_VALUE] += value - order.reserved_value
            reducing[_LOSS] += loss - order.reserved_loss
        order.reserved_qty, order.reserved_value, order.reserved_loss = qty, value, loss

    def cost(self) -> int:
        """Margin of the position itself."""
        side = BUY if self.net_qty > 0 else SELL
        return position_cost(self.instrument, side, self.leverage_er, self.value) if self.net_qty else 0

    def assigned(self, mark_price: int) -> int:
        """Balance held by the position: its cost, and a cross position's loss or an isolated one's added margin."""
        if not self.net_qty:
            return 0
        extra = max(0, -self.unrealised_pnl(mark_price)) if self.is_cross else self.added_margin
        return self.cost() + extra

    def order_cost(self) -> int:
        """Margin of the open orders; what only reduces the position is free."""
        buys = self._side_cost(BUY, self.buy_leaves_qty, self.buy_leaves_value)
        return buys + self._side_cost(SELL, self.sell_leaves_qty, self.sell_leaves_value)

    def order_loss(self) -> int:
        """What open orders would lose at the mark price, as it was when they were counted, if they were filled.

        What only reduces the position is left out: its loss is the position's already.
        """
        if not (self.buy_leaves_loss or self.sell_leaves_loss):
            return 0
        buys = self._opening_share(BUY, self.buy_leaves_qty, self.buy_leaves_loss, _LOSS)
        return buys + self._opening_share(SELL, self.sell_leaves_qty, self.sell_leaves_loss, _LOSS)

    def _opening_share(self, side: int, qty: int, amount: int, kind: int) -> int:
        """The part of `amount`, of the open orders for `qty` on `side`, that belongs to what would open a position."""
        if qty <= (room := self.room(side)):
            return 0
        reducing = self._reducing[side]
        able_qty, able_amount = qty - reducing[_QTY], amount - reducing[kind]  # of the orders that may open one
        opening_qty = min(able_qty, qty - room)
        return able_amount if opening_qty == able_qty else able_amount * opening_qty // able_qty

    def _side_cost(self, side: int, qty: int, value: int) -> int:
        charged = self._opening_share(side, qty, value, _VALUE)
        return order_cost(self.instrument, side, self.leverage_er, charged) if charged else 0

    def used(self, mark_price: int) -> int:
        """All the balance it keeps from being used elsewhere."""
        return self.assigned(mark_price) + self.order_cost()

    def unrealised_pnl(self, mark_price: int) -> int:
        """Profit at the mark price."""
        return unrealised_pnl(self.instrument, self.net_qty, self.value, mark_price) if self.net_qty else 0

    def margin(self, mark_price: int, shared_balance: int) -> int:
        """All that backs it; `shared_balance` is what the account has left for its cross positions, perhaps below 0."""
        assigned = self.assigned(mark_price)
        return max(0, assigned + shared_balance) if self.is_cross else assigned

    def bankrupt_price(self, mark_price: int, shared_balance: int) -> int:
        """Where that is lost."""
        return bankruptcy(self.instrument, self.net_qty, self.value, self.margin(mark_price, shared_balance))[0]

    def state(self, mark_price: int, shared_balance: int, pos_mode: str, others_profit: int = 0) -> PositionState:
        """A snapshot; `shared_balance` as for `margin`, what the account's other cross positions gain apart."""
        instrument, cost, pnl = self.instrument, self.cost(), self.unrealised_pnl(mark_price)
        assigned = cost + (max(0, -pnl) if self.is_cross else self.added_margin) if self.net_qty else 0  # as `assigned`
        margin = max(0, assigned + shared_balance + others_profit) if self.is_cross else assigned  # as `margin`
        entry_price = instrument.average_price(abs(self.net_qty), self.value)
        bankrupt_price, bankrupt_comm = bankruptcy(instrument, self.net_qty, self.value, margin)
        order_cost_total = self.order_cost()
        maintenance_er = self.risk.maint_margin_er
        if instrument.line is Line.USD_M:
            # Liquidation asks for the maintenance margin of the position's size, whatever step its leverage puts it
            # on: 259.9 USDT at 5x show 0.0275 and are liquidated 0.005 before bankruptcy (captured 2024).
            maintenance_er = min(maintenance_er, step_of_size(instrument, self.value).maint_margin_er)
        return PositionState(
            instrument=instrument, user_id=self.user_id, account_id=self.account_id, pos_mode=pos_mode,
            pos_side=self.pos_side, side=self.side_word, size=abs(self.net_qty), value=self.value,
            avg_entry_price=entry_price, leverage_er=self.leverage_er,
            init_margin_req_er=initial_margin_er(instrument, self.leverage_er),
            maint_margin_req_er=self.risk.maint_margin_er, risk_limit=self.risk.limit, pos_cost=cost,
            assigned_pos_balance=assigned, bankrupt_comm=bankrupt_comm, bankrupt_price=bankrupt_price,
            liquidation_price=liquidation_price(
                instrument, self.net_qty, entry_price, bankrupt_price, maintenance_er
            ),
            position_margin=margin - bankrupt_comm if self.net_qty else 0, used_balance=assigned + order_cost_total,
            cross_shared_balance=max(0, shared_balance) if self.is_cross else 0, order_cost=order_cost_total,
            estimated_ord_loss=self.order_loss(), deleverage_er=self.deleverage_er if self.net_qty else 0,
            buy_leaves_qty=self.buy_leaves_qty, buy_leaves_value=self.buy_leaves_value,
            sell_leaves_qty=self.sell_leaves_qty, sell_leaves_value=self.sell_leaves_value,
            buy_value_to_cost_er=value_to_cost_er(instrument, BUY, self.leverage_er),
            sell_value_to_cost_er=value_to_cost_er(instrument, SELL, self.leverage_er),
            taker_fee_rate_er=instrument.taker_fee_er, maker_fee_rate_er=instrument.maker_fee_er,
            mark_price=mark_price, unrealised_pnl=pnl,
            cum_closed_pnl=self.cum_closed_pnl, cum_transact_fee=self.cum_fee, cum_funding_fee=self.cum_funding_fee,
            cur_term_realised_pnl=self.cur_term_pnl, free_qty=-self.net_qty, term=self.term,
            last_term_end_time_ns=self.last_term_end_time_ns, last_funding_time_ns=self.last_funding_time_ns,
            data_ver=self.data_ver, exec_seq=self.exec_seq, transact_time_ns=self.transact_time_ns,
            display_leverage_er=self._display_leverage_er(margin), status=self.status,
        )  # fmt: skip

    def _display_leverage_er(self, margin: int) -> int:
        """Value over the margin that really backs it; the set leverage while flat."""
        return self.value * ONE_ER // margin if self.net_qty and margin > 0 else self.leverage_er
