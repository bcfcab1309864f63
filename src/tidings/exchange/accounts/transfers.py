"""Transfers of a user's money between the spot wallet and the contract account of one currency.

Amounts are on the currency's own scale, the wallet's. A contract account may count finer (USD-M does): what a transfer
brings there is exact, and what it takes from there is what the wallet can hold to the last unit.
"""

from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from tidings.exchange import error_codes as code
from tidings.exchange.accounts.contract_account import ContractAccount
from tidings.exchange.accounts.opening import ContractAccounts
from tidings.exchange.accounts.spot_wallets import SpotWallets, Wallet
from tidings.exchange.catalogue import Line
from tidings.exchange.orders.order_checks import Refused
from tidings.exchange.venue_state import VenueState

SPOT: Final = "SPOT"
CONTRACT: Final = "CONTRACT"
ELSEWHERE: Final = frozenset({"MARGIN", "COPY_TRADE"})  # accounts that the venue has and this exchange has not
TRANSFERS_MAX: Final = 1_000  # remembered per user
DONE: Final = 10  # the venue's status; there are no pending or failed transfers here


@dataclass(frozen=True, slots=True)
class Transfer:
    """One that was made. The balances are those after it, each on its own scale."""

    user_id: int
    currency: str
    amount: int
    from_type: str
    to_type: str
    time_ns: int
    key: str  # the venue's linkKey or requestKey
    line: Line  # of the contract account
    contract_amount: int  # signed: what the contract account gained
    contract_balance: int
    wallet_balance: int

    @property
    def biz_code(self) -> int:
        """The venue's number for the direction."""
        return 10 if self.from_type == SPOT else 11


class TransferDesk:
    """Makes transfers and remembers them."""

    def __init__(self, state: VenueState, accounts: ContractAccounts, wallets: Mapping[int, SpotWallets]) -> None:
        self._state = state
        self._wallets = wallets
        self._accounts = {(account.user_id, account.currency): account for account in accounts.values()}
        self._made: defaultdict[int, deque[Transfer]] = defaultdict(partial(deque, maxlen=TRANSFERS_MAX))

    def made(self, user_id: int) -> list[Transfer]:
        """The user's transfers, newest first."""
        return list(reversed(self._made[user_id]))

    def move(self, user_id: int, currency: str, amount: int, from_type: str, to_type: str, now_ns: int) -> Transfer:
        """Move `amount` at once; the account streams hear of it. Raises `Refused`."""
        if {from_type, to_type} & ELSEWHERE:
            raise Refused(code.ACCESS_FORBIDDEN, "the exchange offers no such account")
        if {from_type, to_type} != {SPOT, CONTRACT} or amount <= 0:
            raise Refused(code.INVALID_PARAMETER, "neither from spot to contract nor back, or not a positive amount")
        account, wallet = self._both_sides(user_id, currency)
        shift = int(10 ** (account.value_scale - wallet.currency.value_scale))
        to_contract = amount if to_type == CONTRACT else -amount
        if to_contract > wallet.available:
            raise Refused(code.SPOT_WALLET_BALANCE, "not enough in the wallet")
        if -to_contract * shift > account.available_balance():
            raise Refused(code.TE_NO_ENOUGH_AVAILABLE_BALANCE, "not enough available in the contract account")
        wallet.balance -= to_contract
        wallet.updated_ns = now_ns
        account.balance += to_contract * shift
        transfer = Transfer(
            user_id, currency, amount, from_type, to_type, now_ns, self._state.identifiers.order_id(), account.line,
            to_contract * shift, account.balance, wallet.balance,
        )  # fmt: skip
        self._made[user_id].append(transfer)
        self._state.schedule.add(now_ns, partial(self._tell, account, self._wallets[user_id]))
        return transfer

    def _both_sides(self, user_id: int, currency: str) -> tuple[ContractAccount, Wallet]:
        account = self._accounts.get((user_id, currency))
        wallet = self._wallets[user_id].wallets.get(currency)
        if account is None:
            raise Refused(code.TE_CURRENCY_INVALID, f"no contracts settle in {currency[:20]!r}")
        if wallet is None:
            raise Refused(code.TE_CANNOT_FIND_WALLET_OF_THIS_CURRENCY, f"no wallet for {currency!r}")
        return account, wallet

    def _tell(self, account: ContractAccount, wallets: SpotWallets, now_ns: int) -> None:
        """Publish both balances."""
        identifiers, outbox = self._state.identifiers, self._state.outbox
        outbox.put(account.update([], (), identifiers.stream_sequence(), now_ns))
        outbox.put(wallets.balance_update([account.currency], identifiers.stream_sequence(), now_ns))
