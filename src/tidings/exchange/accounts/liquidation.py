"""Liquidation: what happens to a position whose mark price has reached its liquidation price.

Its orders are cancelled and new ones refused (11023). A moment later, unless the margin that this freed has made it
safe again, the house takes the position over at its bankruptcy price (an execution of type LiqTrade for its owner)
and sells it into the book at that price or better. What the book pays beyond it goes to the insurance fund. What
nobody takes at that price the fund pays for at the mark price; if it cannot, the users who hold the most profitable
positions of the other side have them reduced at the bankruptcy price (AdlTrade); and if there are none left, the fund
goes below zero.

A cross position shares its account's balance: the liquidation price already counts what the account's other positions
lose and its other cross positions gain, and its end takes whatever balance they have not tied up.
"""

import logging
from collections import defaultdict
from collections.abc import Mapping
from functools import partial
from typing import Final

from tidings.exchange.accounts.contract_account import ContractAccount
from tidings.exchange.accounts.opening import ContractAccounts
from tidings.exchange.accounts.positions import LIQUIDATING, NORMAL, Position
from tidings.exchange.accounts.takeovers import adl_candidates, force_close, note_ranks, pnl_of_sale
from tidings.exchange.catalogue import Instrument, Line
from tidings.exchange.markets.market import Market
from tidings.exchange.markets.matching import BUY, SELL, BookOrder, Stay
from tidings.exchange.orders.order_life import OrderLife
from tidings.exchange.orders.orders import UNTRIGGERED, Order
from tidings.exchange.venue_state import VenueState

_LOGGER = logging.getLogger(__name__)
LIQUIDATION: Final = "LiqRequest"  # the action of everything that is done to a position in liquidation


class LiquidationDesk:
    """Watches all contract accounts."""

    def __init__(self, state: VenueState, lives: Mapping[str, OrderLife], accounts: ContractAccounts) -> None:
        self._state = state
        self._lives = lives
        self._accounts: defaultdict[tuple[Line, str], list[ContractAccount]] = defaultdict(list)
        for account in accounts.values():
            self._accounts[account.line, account.currency].append(account)
        for symbol, life in lives.items():
            if life.market.instrument.line is not Line.SPOT:
                life.after_flow = partial(self.check, symbol)

    def check(self, symbol: str, now_ns: int) -> None:
        """Begin to liquidate what the prices of `symbol`, as they are now, endanger."""
        instrument = self._lives[symbol].market.instrument
        self.rank(symbol)
        for account in self._accounts[instrument.line, instrument.settle_currency]:
            if account.held_positions(symbol):
                for position in account.all_held():
                    if position.status == NORMAL and account.is_endangered(position):
                        self._begin(account, position, now_ns)

    def rank(self, symbol: str) -> None:
        """Find out who would be deleveraged first at the prices of `symbol` as they are now."""
        market = self._lives[symbol].market
        instrument = market.instrument
        note_ranks(self._accounts[instrument.line, instrument.settle_currency], symbol, market.mark_price)

    def _begin(self, account: ContractAccount, position: Position, now_ns: int) -> None:
        position.status = LIQUIDATING
        account.liquidation_count += 1
        self._state.counters.liquidations += 1
        self._lives[position.instrument.symbol].touch_position(account, now_ns)
        for order in self._orders_to_cancel(account, position):
            self._lives[order.instrument.symbol].remove(order, LIQUIDATION, now_ns, now_ns)
        due_ns = now_ns + self._state.config.liquidation_delay_ns
        self._state.schedule.add(due_ns, partial(self._finish, account, position))

    def _orders_to_cancel(self, account: ContractAccount, position: Position) -> list[Order]:
        """All orders of the position; of a cross one also those that hold margin elsewhere in the account."""
        orders = dict.fromkeys(self._own_orders(position))
        if position.is_cross:
            for instrument in self._state.catalogue.listed(account.line):
                if instrument.settle_currency == account.currency:
                    opened = self._state.store.open_orders(account.user_id, instrument.symbol)
                    orders |= dict.fromkeys(o for o in opened if o.ord_status != UNTRIGGERED and not o.reduce_only)
        return list(orders)

    def _own_orders(self, position: Position) -> list[Order]:
        orders = self._state.store.open_orders(position.user_id, position.instrument.symbol)
        return [order for order in orders if order.pos_side == position.pos_side]

    def _finish(self, account: ContractAccount, position: Position, now_ns: int) -> None:
        """Take the position over, unless it is closed or safe by now."""
        position.status = NORMAL
        account.liquidation_count -= 1
        life = self._lives[position.instrument.symbol]
        if not position.net_qty or not account.is_endangered(position):
            life.touch_position(account, now_ns)
            return
        price = account.state_of(position).bankrupt_price
        qty, side = abs(position.net_qty), SELL if position.net_qty > 0 else BUY
        force_close(self._state, life, account, position, qty, price, "LiqTrade", now_ns)
        self._state.outbox.flush(now_ns)
        self._sell(life, side, qty, price, now_ns)

    def _sell(self, life: OrderLife, side: int, qty: int, price: int, now_ns: int) -> None:
        """Bring what was taken over at `price` into the book; `side` is the side that closes it."""
        instrument = life.market.instrument
        order = BookOrder(side, price, qty)
        life.flow([], [(order, Stay.IOC)], now_ns)
        cost = instrument.value(qty - order.leaves_qty, price)
        self._insure(instrument, pnl_of_sale(instrument, side, order.cum_value, cost))
        if order.leaves_qty:
            self._cover(life, side, order.leaves_qty, price, now_ns)

    def _cover(self, life: OrderLife, side: int, qty: int, price: int, now_ns: int) -> None:
        """Find somebody to bear what the book did not take."""
        market, instrument = life.market, life.market.instrument
        house = self._state.house
        key = instrument.line, instrument.settle_currency
        if house.insurance[key] + _pnl_at_mark(market, side, qty, price) < 0:
            for account, position in adl_candidates(self._accounts[key], instrument, side, price, market.mark_price):
                for order in self._own_orders(position):
                    life.remove(order, LIQUIDATION, now_ns, now_ns)
                reduced = min(qty, position.room(-side))  # what is removed may let another order fire, and trade
                if not reduced:
                    continue
                force_close(self._state, life, account, position, reduced, price, "AdlTrade", now_ns)
                self._state.counters.deleveraged += 1
                qty -= reduced
                if not qty:
                    break
            self._state.outbox.flush(now_ns)
        self._insure(instrument, _pnl_at_mark(market, side, qty, price))
        balance = house.insurance[key]
        if balance < 0:
            _LOGGER.warning("the insurance fund of %s is at %d: nobody else could bear a loss", key, balance)

    def _insure(self, instrument: Instrument, gain: int) -> None:
        """Move a gain or loss of the house's trade to the insurance fund."""
        self._state.house.insure(instrument.line, instrument.settle_currency, gain)
        self._state.house.cash[instrument.line, instrument.settle_currency] -= gain


def _pnl_at_mark(market: Market, side: int, qty: int, price: int) -> int:
    """What it would bring to trade at the mark price what was taken over at `price`."""
    instrument = market.instrument
    return pnl_of_sale(instrument, side, instrument.value(qty, market.mark_price), instrument.value(qty, price))
