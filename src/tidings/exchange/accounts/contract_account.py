"""A contract account: one user's balance in one settle currency, and the positions margined with it."""

from collections.abc import Callable, Sequence
from typing import Final

from tidings.exchange.accounts.ledgers import Fill, HouseLedger, Settlement
from tidings.exchange.accounts.margin import is_past
from tidings.exchange.accounts.position_terms import PositionTerm
from tidings.exchange.accounts.positions import (
    LIQUIDATING,
    LONG,
    MERGED,
    NORMAL,
    SHORT,
    Position,
    profit_beside,
    used_by,
)
from tidings.exchange.catalogue import Currency, Instrument, Line
from tidings.exchange.error_codes import (
    TE_CANNOT_COVER_ESTIMATE_ORDER_LOSS,
    TE_NO_ENOUGH_AVAILABLE_BALANCE,
    TE_RISK_LIMIT_EXCEEDS,
)
from tidings.exchange.orders.orders import Order
from tidings.exchange.reports import AccountState, AccountUpdate, OrderReport, PositionState

ONE_WAY: Final = "OneWay"
HEDGED: Final = "Hedged"
ACCOUNT_ID_FACTOR: Final = 10_000  # account id = user id × 10000 + currency code (holds in every capture)


class ContractAccount:
    """Balance, positions and margin of one user in one settle currency."""

    def __init__(
        self, line: Line, user_id: int, currency: Currency, value_scale: int, balance: int,
        mark_price: Callable[[str], int], house: HouseLedger,
    ) -> None:  # fmt: skip
        self.line = line
        self.user_id = user_id
        self.account_id = user_id * ACCOUNT_ID_FACTOR + currency.code
        self.currency = currency.name
        self.value_scale = value_scale
        self.balance = balance
        self._mark_price = mark_price
        self._house = house
        self.liquidation_count = 0  # positions that are being liquidated now
        self.on_opened: Callable[[str, int], None] | None = None  # told of each flat position that is opened
        self._modes: dict[str, str] = {}
        self._positions: dict[str, dict[str, Position]] = {}  # symbol → position side → position
        self._set_aside: dict[str, dict[str, Position]] = {}  # those of the mode that a symbol is not in: their past

    # Positions.

    def pos_mode(self, symbol: str) -> str:
        """OneWay or Hedged; one-way until switched."""
        return self._modes.get(symbol, ONE_WAY)

    def switch_mode(self, instrument: Instrument, pos_mode: str) -> None:
        """Replace the symbol's positions, which must be idle, by those of the other mode, with the past they had."""
        leverage_er = max((p.leverage_er for p in self.symbol_positions(instrument)), key=abs)
        self._modes[instrument.symbol] = pos_mode
        left = self._positions.pop(instrument.symbol)
        if instrument.symbol in self._set_aside:
            self._positions[instrument.symbol] = self._set_aside[instrument.symbol]
        self._set_aside[instrument.symbol] = left
        for position in self.symbol_positions(instrument):
            position.set_leverage(leverage_er)

    def symbol_positions(self, instrument: Instrument) -> list[Position]:
        """The position of a one-way symbol, or both of a hedged one."""
        sides = self._positions.get(instrument.symbol)
        if sides is None:
            names = (MERGED,) if self.pos_mode(instrument.symbol) == ONE_WAY else (LONG, SHORT)
            sides = {name: Position(instrument, self.user_id, self.account_id, name) for name in names}
            self._positions[instrument.symbol] = sides
        return list(sides.values())

    def held_positions(self, symbol: str) -> list[Position]:
        """Those of the symbol's positions that are not flat."""
        return [position for position in self._positions.get(symbol, {}).values() if position.net_qty]

    def all_held(self) -> list[Position]:
        """All positions that are not flat."""
        return [position for sides in self._positions.values() for position in sides.values() if position.net_qty]

    def position(self, instrument: Instrument, pos_side: str) -> Position | None:
        """The position that orders with `pos_side` work on; None if it does not fit the symbol's mode."""
        sides = self._positions.get(instrument.symbol)
        if sides is None:
            self.symbol_positions(instrument)
            sides = self._positions[instrument.symbol]
        return sides.get(pos_side)

    def position_of(self, order: Order) -> Position:
        """The position an accepted order works on."""
        return self._positions[order.instrument.symbol][order.pos_side]

    # Money.

    def used_balance(self) -> int:
        """What positions and open orders keep."""
        return used_by(self._positions, self._mark_price)

    def available_balance(self) -> int:
        """What new orders may use; negative under water."""
        return self.balance - self.used_balance()

    def reserve(self, order: Order, qty: int, price: int) -> int:
        """Count the order's margin; refused if that grows and the available balance or the risk limit is too small.

        The balance must also cover what opening orders lose at the mark price, which holds none of it. Orders that
        can only reduce the position are never refused.
        """
        position = self.position_of(order)
        held = order.reserved_qty, order.reserved_value, order.reserved_loss
        cost, loss = position.order_cost(), position.order_loss()
        position.recount(order, qty, price, self._mark_price(order.instrument.symbol))
        if order.reduce_only:
            return 0
        wrong = 0
        if order.reserved_value > held[1] and position.exposure(order.side) > position.risk.limit:
            wrong = TE_RISK_LIMIT_EXCEEDS
        elif position.order_cost() > cost and self.available_balance() < 0:
            wrong = TE_NO_ENOUGH_AVAILABLE_BALANCE
        elif position.order_loss() > loss and self.available_balance() < self._order_loss():
            wrong = TE_CANNOT_COVER_ESTIMATE_ORDER_LOSS
        if wrong:
            position.count(order, *held)
        return wrong

    def _order_loss(self) -> int:
        return sum(position.order_loss() for sides in self._positions.values() for position in sides.values())

    def release(self, order: Order) -> None:
        """Stop counting the order."""
        position = self.position_of(order)
        position.count(order, 0, 0)
        position.reducers.pop(order, None)

    def settle(self, order: Order, fill: Fill) -> Settlement:
        """Book a fill on position and balance."""
        instrument, position = order.instrument, self.position_of(order)
        fee = instrument.fee(fill.value, fill.fee_rate_er(instrument))
        if not position.net_qty and self.on_opened is not None:
            self.on_opened(instrument.symbol, fill.now_ns)
        closed_size, closed_pnl = position.trade(order.side, fill.qty, fill.value, fill.now_ns)
        position.charge(fee)
        self.balance += closed_pnl - fee
        self._house.collect(self.line, self.currency, fee)
        position.recount(order, order.leaves_qty, order.price, self._mark_price(instrument.symbol))
        if self.balance < 0 and not self.all_held():
            self._house.insure(self.line, self.currency, self.balance)  # nobody owes the venue
            self.balance = 0
        self.touch(position, fill.sequence, fill.now_ns)
        return Settlement(fee, self.currency, closed_size, closed_pnl)

    def pay_funding(self, position: Position, fee: int, sequence: int, now_ns: int) -> None:
        """Take a funding payment from the balance; what is not available comes out of an isolated position's margin."""
        missing = fee - max(0, self.available_balance())
        if not position.is_cross and missing > 0:
            position.added_margin -= min(missing, position.cost() + position.added_margin)
        position.pay_funding(fee, now_ns)
        self.balance -= fee
        self._house.funding[self.line, self.currency] += fee
        self.touch(position, sequence, now_ns)

    def touch(self, position: Position, sequence: int, now_ns: int) -> None:
        """Note that something about `position` changed."""
        position.exec_seq = sequence
        position.transact_time_ns = now_ns

    # Descriptions.

    def stamp(self, report: OrderReport, order: Order) -> None:
        """Put the account and the order's position on a report (of a refused order: any of the symbol's positions)."""
        position = self.position(order.instrument, order.pos_side) or self.symbol_positions(order.instrument)[0]
        self.stamp_position(report, position)

    def stamp_position(self, report: OrderReport, position: Position) -> None:
        """Put the account and `position` on a report."""
        report.cur_acc_balance = self.balance
        position.stamp(report, self._mark_price(position.instrument.symbol))

    def state(self, used_balance: int | None = None) -> AccountState:
        """The account as it stands; `used_balance` if the caller has just counted it."""
        used = self.used_balance() if used_balance is None else used_balance
        liq_status = LIQUIDATING if self.liquidation_count else NORMAL
        return AccountState(
            self.user_id, self.account_id, self.currency, self.value_scale, self.balance, used, liq_status=liq_status
        )

    def position_states(self, instruments: Sequence[Instrument]) -> list[PositionState]:
        """The positions in `instruments` as they stand, flat ones included."""
        shared = self.available_balance()
        return [
            self._state_of(position, shared)
            for instrument in instruments
            for position in self.symbol_positions(instrument)
        ]

    def _state_of(self, position: Position, shared_balance: int) -> PositionState:
        symbol = position.instrument.symbol
        return position.state(
            self._mark_price(symbol), shared_balance, self._modes.get(symbol, ONE_WAY), self._others_profit(position)
        )

    def _others_profit(self, position: Position) -> int:
        """What the account's other cross positions gain at the mark price: it backs this one, if that is cross too."""
        return profit_beside(position, self._positions, self._mark_price)

    def is_endangered(self, position: Position) -> bool:
        """Whether the mark price has reached the position's liquidation price."""
        if not self._may_be_endangered(position):
            return False
        state = self.state_of(position)
        return is_past(position.net_qty, state.liquidation_price, state.mark_price)

    def _may_be_endangered(self, position: Position) -> bool:
        """Cheap to ask first: true of every position that `is_endangered`, and of few others."""
        loses = position.unrealised_pnl(self._mark_price(position.instrument.symbol)) < 0
        return loses or position.added_margin < 0 or (position.is_cross and self.available_balance() < 0)

    def bounded_price(self, position: Position, side: int, price: int) -> int:
        """`price`, or the bankruptcy price if an order on `side` would close the position beyond that."""
        if position.net_qty * side >= 0 or position.unrealised_pnl(price) >= 0:
            return price
        mark_price = self._mark_price(position.instrument.symbol)
        bound = position.bankrupt_price(mark_price, self.available_balance() + self._others_profit(position))
        return bound if (price - bound) * side > 0 else price

    def state_of(self, position: Position) -> PositionState:
        """One position as it stands."""
        return self._state_of(position, self.available_balance())

    def known_positions(self) -> list[Position]:
        """Every position that was ever touched."""
        return [position for sides in self._positions.values() for position in sides.values() if position.data_ver]

    def all_terms(self) -> list[tuple[Instrument, PositionTerm]]:
        """The terms of every position there ever was, in whichever mode."""
        kept = (*self._positions.values(), *self._set_aside.values())
        positions = [position for sides in kept for position in sides.values()]
        return [(position.instrument, term) for position in positions for term in position.terms()]

    def update(self, reports: list[OrderReport], symbols: Sequence[str], sequence: int, now_ns: int) -> AccountUpdate:
        """An update with the account and the positions in `symbols`, whose versions go up by one."""
        touched = [position for symbol in symbols for position in self._positions[symbol].values()]
        for position in touched:
            position.data_ver += 1
        used = self.used_balance()
        shared = self.balance - used
        states = [self._state_of(position, shared) for position in touched]
        return AccountUpdate(
            self.line, self.user_id, self.currency, sequence, now_ns, reports, self.state(used), states
        )
