"""The exchange's core as one object: everything below HTTP and WebSocket.

A face calls a request method and sends its `Reply` at once; whatever follows (book outcome, fills, triggers, background
flow) comes out of `advance`, in order, as `AccountUpdate`s to publish. The core reads no clock: `now_ns` is the wall
clock in nanoseconds, given with every call and never going backwards, so that a test can drive it by hand.

    reply = venue.create(user_id, NewOrder(symbol="BTCUSD", side="Buy", qty=1, price=610_000_000), now_ns)
    for update in venue.advance(now_ns):        # again at venue.next_due_ns()
        publish(update)
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import Any, Final, TypeAlias

from tidings.exchange import error_codes as code
from tidings.exchange.accounts import position_settings
from tidings.exchange.accounts.contract_account import ContractAccount
from tidings.exchange.accounts.funding_desk import FundingDesk
from tidings.exchange.accounts.ledgers import Ledger
from tidings.exchange.accounts.liquidation import LiquidationDesk
from tidings.exchange.accounts.open_interest import open_interest
from tidings.exchange.accounts.opening import open_contract_accounts, open_spot_wallets
from tidings.exchange.accounts.position_terms import PositionTerm
from tidings.exchange.accounts.spot_wallets import SpotWallets
from tidings.exchange.accounts.transfers import TransferDesk
from tidings.exchange.admin.admin_view import admin_view
from tidings.exchange.catalogue import Catalogue, Instrument, Line, load_catalogue
from tidings.exchange.faults.plan import FaultPlan
from tidings.exchange.identifiers import Identifiers
from tidings.exchange.markets.background_flow import start_price
from tidings.exchange.markets.flows import Flows
from tidings.exchange.markets.market import Market
from tidings.exchange.markets.matching import BookOrder, Stay
from tidings.exchange.markets.playback import Playback
from tidings.exchange.markets.price_history import PriceHistory
from tidings.exchange.markets.tickers import Tickers
from tidings.exchange.orders.order_checks import Refused
from tidings.exchange.orders.order_desk import OrderDesk
from tidings.exchange.orders.order_life import OrderLife
from tidings.exchange.orders.order_queries import OrderQueries
from tidings.exchange.orders.order_requests import AmendOrder, CancelOrder, NewOrder
from tidings.exchange.outbox import Outbox
from tidings.exchange.reports import AccountState, AccountUpdate, OrderReport, PositionState, Reply, WalletState
from tidings.exchange.venue_config import VenueConfig
from tidings.exchange.venue_state import VenueState

SECOND_NS: Final = 1_000_000_000

Setting: TypeAlias = Callable[[ContractAccount, Instrument], None]


class Venue:
    """A whole exchange with its users, instruments and background flow."""

    def __init__(self, config: VenueConfig, start_ns: int, catalogue: Catalogue | None = None) -> None:
        """`catalogue`: what is listed; the embedded one by default, read anew. Exchanges may share one."""
        self.config = config = replace(config, rules=replace(config.rules))  # rules may change: not the caller's
        self.start_rules = replace(config.rules)  # to go back to
        catalogue = catalogue or load_catalogue()
        self.catalogue = catalogue.with_contract_fees(config.maker_fee_er, config.taker_fee_er)
        self.user_ids = config.user_ids
        identifiers = Identifiers(config.seed)
        faults = FaultPlan(config.user_ids, config.seed, {i.symbol for i in self.catalogue.listed()})
        self.state = VenueState(config, self.catalogue, identifiers, Outbox(identifiers), faults)
        self.queries = OrderQueries(self.state.store, self.catalogue)
        self.markets = self._make_markets(start_ns)
        self.lives = {symbol: OrderLife(self.state, market) for symbol, market in self.markets.items()}
        self._accounts = open_contract_accounts(self.state, self._mark_price)
        self._wallets = open_spot_wallets(self.state, start_ns)
        self.funding = FundingDesk(self.state, self.markets, self._accounts)
        self.tickers = Tickers(
            self.markets, self.funding.rates, lambda: open_interest(self.contract_accounts, self.state.house),
            lambda symbol, now_ns: self._flows.glimpse(symbol, now_ns),
        )  # fmt: skip
        self._liquidation = LiquidationDesk(self.state, self.lives, self._accounts)
        self.funding.on_paid = self._liquidation.check
        self.transfers = TransferDesk(self.state, self._accounts, self._wallets)
        self._desk = OrderDesk(self.state, self.lives, self._ledger_of)
        self.start_ns = start_ns
        self._flows = Flows(self.state, self.markets, self._deliver, start_ns)
        for symbol in config.always_awake:
            self._flows.wake(symbol, start_ns)
        self.playback = None
        if config.recording is not None:
            self.playback = Playback(config.recording, self.state, self.markets, self._play, start_ns)

    # Requests. Unknown users are a caller's error (KeyError): the faces authenticate first.

    def create(self, user_id: int, request: NewOrder, now_ns: int) -> Reply:
        """Take a new order. Code 0: `reply.order` is Created/PendingNew, or Untriggered/Registered if conditional."""
        self._flows.wake(request.symbol, now_ns)
        return self._desk.create(user_id, request, now_ns)

    def amend(self, user_id: int, request: AmendOrder, now_ns: int) -> Reply:
        """Change an open order and queue it anew. Code 0: `reply.order` is New/PendingReplace with the new values."""
        return self._desk.amend(user_id, request, now_ns)

    def cancel(self, user_id: int, request: CancelOrder, now_ns: int) -> Reply:
        """Ask to take an order off. Code 0: `reply.order` is New/PendingCancel."""
        return self._desk.cancel(user_id, request, now_ns)

    def cancel_many(
        self, user_id: int, symbol: str, now_ns: int, *, order_ids: Sequence[str] = (), cl_ord_ids: Sequence[str] = (),
        pos_side: str = "",
    ) -> Reply:
        """Cancel each order named; `reply.orders` are those whose cancel was taken. Refused only if none was."""
        return self._desk.cancel_many(user_id, symbol, order_ids, cl_ord_ids, now_ns, pos_side)

    def cancel_all(
        self, user_id: int, line: Line, now_ns: int, *, symbols: Sequence[str] = (), untriggered: bool = False
    ) -> Reply:
        """Cancel all active orders of `line` (of `symbols` if given); with `untriggered` the waiting conditionals."""
        for symbol in symbols:
            instrument = self.catalogue.instruments.get(symbol)
            if instrument is None or instrument.line is not line:
                return Reply(code.TE_SYMBOL_INVALID, detail=f"no symbol {symbol!r} on this line")
        chosen = [i.symbol for i in self.catalogue.listed(line) if not symbols or i.symbol in symbols]
        return self._desk.cancel_all(user_id, chosen, untriggered, now_ns)

    def set_leverage(
        self, user_id: int, symbol: str, now_ns: int, *, leverage_er: int | None = None,
        long_leverage_er: int | None = None, short_leverage_er: int | None = None,
    ) -> Reply:  # fmt: skip
        """Set leverage (scale 8; ≤ 0 cross, > 0 isolated, 0 = cross at the maximum): one value in one-way mode, both
        sides in hedged mode.
        """
        def change(account: ContractAccount, instrument: Instrument) -> None:
            position_settings.set_leverage(account, instrument, leverage_er, long_leverage_er, short_leverage_er)

        return self._set(user_id, symbol, now_ns, change)

    def set_risk_limit(self, user_id: int, symbol: str, limit: int, now_ns: int) -> Reply:
        """Put a COIN-M position on the risk step with this `limit` (value scale of the instrument)."""
        return self._set(user_id, symbol, now_ns, partial(position_settings.set_risk_limit, limit=limit))

    def set_position_mode(self, user_id: int, symbol: str, pos_mode: str, now_ns: int) -> Reply:
        """Switch a USD-M symbol to "OneWay" or "Hedged"; refused while it has a position or open orders."""
        has_orders = bool(self.state.store.open_orders(user_id, symbol))

        def change(account: ContractAccount, instrument: Instrument) -> None:
            position_settings.switch_position_mode(
                account, instrument, pos_mode, has_orders=has_orders, refusal_code=self.config.rules.mode_switch_code
            )

        return self._set(user_id, symbol, now_ns, change)

    def assign_margin(self, user_id: int, symbol: str, pos_side: str, amount: int, now_ns: int) -> Reply:
        """Set the balance assigned to an isolated position to `amount` (value scale of the instrument)."""
        def change(account: ContractAccount, instrument: Instrument) -> None:
            position_settings.assign_margin(account, instrument, pos_side, amount)

        return self._set(user_id, symbol, now_ns, change)

    def set_price(
        self, symbol: str, now_ns: int, *, last: int | None = None, mark: int | None = None, index: int | None = None
    ) -> bool:
        """Set what is shown as last, mark or index price and fire what watches it; False if `symbol` is not listed.

        For tests: where a background flow runs, its next tick sets mark and index anew.
        """
        market = self.markets.get(symbol)
        if market is None:
            return False
        market.last_price = market.last_price if last is None else last
        market.mark_price = market.mark_price if mark is None else mark
        market.index_price = market.index_price if index is None else index
        self.state.schedule.add(now_ns, partial(self.lives[symbol].flow, [], []))
        return True

    # Time.

    def advance(self, now_ns: int) -> list[AccountUpdate]:
        """Do everything due until `now_ns` and give what is to be published, in order."""
        self._flows.note_time(now_ns)
        self.state.schedule.run_until(now_ns)
        updates = self.state.outbox.take()
        self.state.counters.updates += len(updates)
        return updates

    def restart_flows(self, now_ns: int) -> None:
        """Begin the background flows, or the recording, anew: by the settings of this run."""
        for market in self.markets.values():
            market.is_recorded = False
        self._flows.restart(now_ns)
        if self.playback is not None:
            self.playback.begin(now_ns)

    def later(self, wall_ns: Callable[[], int], delay_ns: int, action: Callable[[], None]) -> None:
        """Have `advance` call `action` so long from now, by the caller's clock: for the faces' faults."""
        self.state.schedule.add(wall_ns() + delay_ns, lambda due_ns: action())

    def next_due_ns(self) -> int | None:
        """When `advance` has something to do next (may lie in the past: call it now); None if nothing is planned."""
        return self.state.schedule.next_due_ns()

    # Queries. Those of orders are `queries`.

    def account(self, user_id: int, line: Line, currency: str) -> AccountState | None:
        """One contract account, or None if there is no such currency on the line."""
        account = self._accounts.get((user_id, line, currency))
        return account.state() if account else None

    def positions(self, user_id: int, line: Line, currency: str = "", symbol: str = "") -> list[PositionState]:
        """The user's positions, flat ones included: one per one-way symbol, two per hedged symbol."""
        return [
            state
            for account in self._accounts.values()
            if account.user_id == user_id and account.line is line and currency in ("", account.currency)
            for state in self._position_states(account, self._instruments(account, symbol))
        ]

    def wallets(self, user_id: int, currency: str = "") -> list[WalletState]:
        """The user's spot wallets, all or one."""
        wallets = self._wallets[user_id]
        return wallets.states(name for name in wallets.wallets if currency in ("", name))

    def closed_terms(
        self, user_id: int, line: Line, currency: str = "", symbol: str = ""
    ) -> list[tuple[Instrument, PositionTerm]]:
        """The terms of the user's positions in which something was closed, the one that changed last first."""
        found = [
            (instrument, term)
            for account in self._accounts.values()
            if account.user_id == user_id and account.line is line and currency in ("", account.currency)
            for instrument, term in account.all_terms()
            if symbol in ("", instrument.symbol) and term.closed_qty
        ]
        return sorted(found, key=lambda entry: -entry[1].updated_ns)

    def account_snapshot(self, user_id: int, line: Line, now_ns: int) -> list[AccountUpdate]:
        """What a new subscriber of aop, aop_p or wo is sent first: one update per currency (one in all for spot).

        Its orders are the open ones, then up to `history_orders` each of fills and of closed orders, oldest first.
        """
        history = self._history(user_id, line)
        sequence = self.state.identifiers.stream_sequence()
        if line is Line.SPOT:
            return [AccountUpdate(line, user_id, "", sequence, now_ns, history, wallets=self.wallets(user_id),
                                  is_snapshot=True)]  # fmt: skip
        return [
            AccountUpdate(
                line, user_id, account.currency, sequence, now_ns,
                [report for report in history if report.instrument.settle_currency == account.currency],
                account.state(), self._position_states(account, _held(account)), is_snapshot=True,
            )
            for account in self._accounts.values()
            if account.user_id == user_id and account.line is line
        ]

    def market(self, symbol: str, now_ns: int) -> Market | None:
        """The public side of a listed instrument (its flow starts now if it slept), or None."""
        self._flows.wake(symbol, now_ns)
        return self.markets.get(symbol)

    @property
    def contract_accounts(self) -> Iterable[ContractAccount]:
        """All contract accounts of all users."""
        return self._accounts.values()

    @property
    def spot_wallets(self) -> Iterable[SpotWallets]:
        """The wallets of all users."""
        return self._wallets.values()

    def admin_view(self) -> dict[str, Any]:
        """All orders, books, positions, balances and counters as JSON-ready dicts of integers and strings."""
        return admin_view(self.state, self.markets, self.contract_accounts, self.spot_wallets)

    # Inside.

    def _make_markets(self, start_ns: int) -> dict[str, Market]:
        listed = {instrument.symbol: instrument for instrument in self.catalogue.listed()}
        for symbol in self.config.prices:
            if symbol not in listed:
                raise ValueError(f"no listed symbol {symbol!r} to start at a price; there are: {', '.join(listed)}")
        return {symbol: self._make_market(instrument, start_ns) for symbol, instrument in listed.items()}

    def _make_market(self, instrument: Instrument, start_ns: int) -> Market:
        """A market without a flow has no past either: nobody but the users trades in it."""
        price = start_price(instrument, self.config.prices.get(instrument.symbol, ""))
        if not self.config.has_flow:
            return Market(instrument, price)
        return Market(instrument, price, PriceHistory(instrument, self.config.seed, price, start_ns // SECOND_NS))

    def _deliver(
        self, symbol: str, cancels: list[BookOrder], submits: list[tuple[BookOrder, Stay]], now_ns: int
    ) -> None:
        self.lives[symbol].flow(cancels, submits, now_ns)

    def _play(self, symbol: str, change: Callable[[], None], now_ns: int) -> None:
        self.lives[symbol].play(change, now_ns)

    def _mark_price(self, symbol: str) -> int:
        market = self.markets.get(symbol)
        return market.mark_price if market is not None else 0

    def _ledger_of(self, user_id: int, instrument: Instrument) -> Ledger:
        if instrument.line is Line.SPOT:
            return self._wallets[user_id]
        return self._accounts[user_id, instrument.line, instrument.settle_currency]

    def _position_states(self, account: ContractAccount, instruments: list[Instrument]) -> list[PositionState]:
        for instrument in instruments:
            if account.held_positions(instrument.symbol):
                self._liquidation.rank(instrument.symbol)
        return account.position_states(instruments)

    def _instruments(self, account: ContractAccount, symbol: str) -> list[Instrument]:
        return [
            instrument
            for instrument in self.catalogue.listed(account.line)
            if instrument.settle_currency == account.currency and symbol in ("", instrument.symbol)
        ]

    def _history(self, user_id: int, line: Line) -> list[OrderReport]:
        store, count = self.state.store, self.config.rules.history_orders
        open_orders = [r for i in self.catalogue.listed(line) for r in self.queries.open_orders(user_id, i.symbol)]
        fills = list(islice(store.fills(user_id, line), count))
        closed = [report for report in islice(store.closed(user_id, line), count) if not report.is_trade]
        return open_orders + sorted(fills + closed, key=lambda report: report.transact_time_ns)

    def _set(self, user_id: int, symbol: str, now_ns: int, change: Setting) -> Reply:
        """Apply a change of settings and have the account stream tell of it."""
        instrument = self.catalogue.instruments.get(symbol)
        if instrument is None or symbol not in self.markets or instrument.line is Line.SPOT:
            return Reply(code.TE_SYMBOL_INVALID, detail=f"no contract {symbol!r}")
        account = self._accounts[user_id, instrument.line, instrument.settle_currency]
        try:
            change(account, instrument)
        except Refused as refused:
            return Reply(refused.code, detail=refused.detail)
        account.symbol_positions(instrument)  # made now if this is the first thing that ever happened to them
        self.state.schedule.add(now_ns, partial(self.lives[symbol].touch_position, account))
        return Reply()


def _held(account: ContractAccount) -> list[Instrument]:
    return list(dict.fromkeys(position.instrument for position in account.known_positions()))
