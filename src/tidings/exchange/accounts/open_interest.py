"""How much of each contract is held: the long positions of the users, and of the house."""

from collections import Counter
from collections.abc import Iterable

from tidings.exchange.accounts.contract_account import ContractAccount
from tidings.exchange.accounts.ledgers import HouseLedger


def open_interest(accounts: Iterable[ContractAccount], house: HouseLedger) -> Counter[str]:
    """Open interest by symbol, on each instrument's quantity scale."""
    interest: Counter[str] = Counter()
    for account in accounts:
        for position in account.known_positions():
            if position.net_qty > 0:
                interest[position.instrument.symbol] += position.net_qty
    for symbol, net_qty in house.net_qty.items():
        if net_qty > 0:
            interest[symbol] += net_qty
    return interest
