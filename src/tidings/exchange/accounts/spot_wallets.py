"""One user's spot wallets: a balance per currency, part of it locked by open orders."""

from collections.abc import Iterable, Sequence

from tidings.exchange.accounts.ledgers import Fill, HouseLedger, Settlement
from tidings.exchange.catalogue import Currency, Line
from tidings.exchange.error_codes import (
    TE_PLACE_ORDER_INSUFFICIENT_BASE_BALANCE,
    TE_PLACE_ORDER_INSUFFICIENT_QUOTE_BALANCE,
)
from tidings.exchange.markets.matching import BUY
from tidings.exchange.orders.orders import Order
from tidings.exchange.reports import AccountUpdate, OrderReport, WalletState


class Wallet:
    """Balance and lock of one currency, in units of its value scale."""

    __slots__ = ("balance", "currency", "locked", "updated_ns")

    def __init__(self, currency: Currency, balance: int, now_ns: int) -> None:
        self.currency = currency
        self.balance = balance
        self.locked = 0
        self.updated_ns = now_ns

    @property
    def available(self) -> int:
        """What new orders may lock."""
        return self.balance - self.locked


class SpotWallets:
    """All wallets of one user."""

    line = Line.SPOT

    def __init__(
        self, user_id: int, wallets: Iterable[Wallet], pairs: dict[str, tuple[str, str]], house: HouseLedger
    ) -> None:
        self.user_id = user_id
        self.wallets = {wallet.currency.name: wallet for wallet in wallets}
        self._pairs = pairs  # symbol → base, quote
        self._house = house

    def reserve(self, order: Order, qty: int, price: int) -> int:
        """Lock what the order may pay: quote currency for a buy, rounded up, base currency for a sell."""
        need = self._need(order, qty, price)
        wallet = self._paying_wallet(order)
        if need > wallet.available + order.reserved_value:
            is_buy = order.side == BUY
            return TE_PLACE_ORDER_INSUFFICIENT_QUOTE_BALANCE if is_buy else TE_PLACE_ORDER_INSUFFICIENT_BASE_BALANCE
        self._lock(wallet, order, need)
        return 0

    def release(self, order: Order) -> None:
        """Unlock what is left."""
        self._lock(self._paying_wallet(order), order, 0)

    def settle(self, order: Order, fill: Fill) -> Settlement:
        """Exchange the currencies; the fee is taken from what is received (phemex docs 2026, wo `feeCurrency`)."""
        instrument = order.instrument
        base, quote = self.wallets[instrument.base_currency], self.wallets[instrument.quote_currency]
        is_buy = order.side == BUY
        received = base if is_buy else quote
        fee = instrument.fee(fill.qty if is_buy else fill.value, fill.fee_rate_er(instrument))
        base.balance += order.side * fill.qty
        quote.balance -= order.side * fill.value
        received.balance -= fee
        self._house.collect(self.line, received.currency.name, fee)
        if order.quote_left is not None:
            order.quote_left -= fill.value
        self._lock(quote if is_buy else base, order, self._need(order, order.leaves_qty, order.price))
        base.updated_ns = quote.updated_ns = fill.now_ns
        return Settlement(fee, received.currency.name)

    def stamp(self, report: OrderReport, order: Order) -> None:
        """Put the pair's balances on a report."""
        instrument = order.instrument
        report.cur_base_wallet = self.wallets[instrument.base_currency].balance
        report.cur_quote_wallet = self.wallets[instrument.quote_currency].balance
        report.fee_currency = instrument.base_currency if order.side == BUY else instrument.quote_currency

    def states(self, currencies: Iterable[str]) -> list[WalletState]:
        """The wallets of `currencies` as they stand."""
        wallets = [self.wallets[name] for name in currencies]
        return [
            WalletState(self.user_id, w.currency.name, w.currency.value_scale, w.balance, w.locked, w.updated_ns)
            for w in wallets
        ]

    def update(self, reports: list[OrderReport], symbols: Sequence[str], sequence: int, now_ns: int) -> AccountUpdate:
        """An update with both wallets of each pair in `symbols`."""
        currencies = dict.fromkeys(currency for symbol in symbols for currency in self._pairs[symbol])
        wallets = self.states(currencies)
        return AccountUpdate(Line.SPOT, self.user_id, "", sequence, now_ns, reports, wallets=wallets)

    def balance_update(self, currencies: Iterable[str], sequence: int, now_ns: int) -> AccountUpdate:
        """An update with the wallets of `currencies` and no order."""
        return AccountUpdate(Line.SPOT, self.user_id, "", sequence, now_ns, wallets=self.states(currencies))

    def _paying_wallet(self, order: Order) -> Wallet:
        instrument = order.instrument
        return self.wallets[instrument.quote_currency if order.side == BUY else instrument.base_currency]

    def _need(self, order: Order, qty: int, price: int) -> int:
        if qty == 0 or order.side != BUY:
            return qty
        return order.instrument.value_up(qty, price) if order.quote_left is None else order.quote_left

    @staticmethod
    def _lock(wallet: Wallet, order: Order, amount: int) -> None:
        wallet.locked += amount - order.reserved_value
        order.reserved_value = amount
