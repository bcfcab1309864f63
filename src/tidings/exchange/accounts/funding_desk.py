"""Pays funding: at each funding time every open position pays, or is paid, its value at the mark price times the rate.

Longs pay shorts while the rate is positive. The other side of a user's payment is the other users and the house, which
holds what they do not: with fees rounded up, what does not cancel out to the last unit stays with the house.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from tidings.exchange.accounts.contract_account import ContractAccount
from tidings.exchange.accounts.opening import ContractAccounts
from tidings.exchange.accounts.positions import Position
from tidings.exchange.catalogue import Line
from tidings.exchange.markets.funding import FundingRates
from tidings.exchange.markets.market import Market
from tidings.exchange.reports import NIL_UUID, OrderReport
from tidings.exchange.venue_state import VenueState

CL_ORD_ID: Final = "SettlingFunding"  # of the events and rows that tell of a payment (phemex docs 2026, user trades)


class FundingDesk:
    """The funding rates of all contracts, and the payments."""

    def __init__(self, state: VenueState, markets: Mapping[str, Market], accounts: ContractAccounts) -> None:
        self._state = state
        self._markets = markets
        self._accounts = accounts
        config = state.config
        self.rates = {
            instrument.symbol: FundingRates(instrument, config.seed, config.funding_interval_s)
            for instrument in state.catalogue.listed()
            if instrument.line is not Line.SPOT
        }
        self.on_paid: Callable[[str, int], None] | None = None  # told of each contract whose holders have paid
        self._planned: set[str] = set()
        for account in accounts.values():
            account.on_opened = self.plan

    def plan(self, symbol: str, now_ns: int) -> None:
        """Be there at the contract's next funding time: somebody holds it."""
        if symbol not in self._planned:
            self._planned.add(symbol)
            self._state.schedule.add(self.rates[symbol].next_time_ns(now_ns), partial(self._settle, symbol))

    def plan_anew(self, now_ns: int) -> None:
        """Be there at this run's funding times instead of those that another run had planned."""
        schedule = self._state.schedule
        schedule.replace([entry for entry in schedule.entries() if not self._is_settlement(entry[1])])
        held, self._planned = sorted(self._planned), set()
        for symbol in held:
            self.plan(symbol, now_ns)

    def _is_settlement(self, action: object) -> bool:
        return isinstance(action, partial) and action.func == self._settle

    def _settle(self, symbol: str, due_ns: int) -> None:
        """Pay the funding of one contract that is due now, and plan the next if anybody holds it."""
        self._planned.discard(symbol)
        market = self._markets[symbol]
        rate_er = self.rates[symbol].paid_rate_er(due_ns)
        for account in self._accounts.values():
            if account.line is market.instrument.line and account.currency == market.instrument.settle_currency:
                for position in account.held_positions(symbol):
                    self._pay(account, position, market, rate_er, due_ns)
                    self.plan(symbol, due_ns)
        self._state.outbox.flush(due_ns)
        if self.on_paid is not None:
            self.on_paid(symbol, due_ns)

    def _pay(self, account: ContractAccount, position: Position, market: Market, rate_er: int, due_ns: int) -> None:
        instrument = market.instrument
        size, is_long = abs(position.net_qty), position.net_qty > 0
        value = instrument.value(size, market.mark_price)
        fee_rate_er = rate_er if is_long else -rate_er
        fee = instrument.fee(value, fee_rate_er)
        account.pay_funding(position, fee, market.sequence, due_ns)
        index = 2 * position.user_id + is_long
        report = OrderReport(
            instrument, position.user_id, NIL_UUID, CL_ORD_ID, position.side_word, position.pos_side, "UNSPECIFIED",
            "UNSPECIFIED", "None", action="SettleFundingFee", action_by="BySystem", action_time_ns=due_ns,
            create_time_ns=due_ns, transact_time_ns=due_ns, exec_status="Init", trade_type="Funding",
            exec_id=self._state.identifiers.payment_id(instrument.symbol, due_ns, index),
            exec_qty=size, exec_price=market.mark_price, exec_value=value, exec_fee=fee, fee_rate_er=fee_rate_er,
            fee_currency=account.currency, exec_seq=market.sequence,
        )  # fmt: skip
        account.stamp_position(report, position)
        self._state.store.record_event(report)
        self._state.outbox.add_event(account, report)
