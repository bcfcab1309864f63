"""What moved a user's balances: read back from executions, funding payments and transfers.

Nothing is booked twice: an execution's report holds the balances right after it, and so does a transfer.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from tidings.exchange.accounts.transfers import CONTRACT, SPOT, Transfer
from tidings.exchange.markets.matching import BUY
from tidings.exchange.orders.orders import SIDES
from tidings.exchange.reports import OrderReport

# The venue's "funds biz type" of contract accounts (phemex docs 2026); it counts funding as profit (observed).
REALIZED_PNL: Final = 1
TRANSFER: Final = 2
COMMISSION: Final = 3
KIND_NAMES: Final = {REALIZED_PNL: "REALIZED_PNL", TRANSFER: "TRANSFER", COMMISSION: "COMMISSION"}
DAY_NS: Final = 24 * 3_600 * 1_000_000_000


@dataclass(frozen=True, slots=True)
class ContractEntry:
    """One change of a contract account's balance, and the balance after it, on the account's scale."""

    kind: int
    time_ns: int
    currency: str
    amount: int
    balance: int


@dataclass(frozen=True, slots=True)
class WalletEntry:
    """One change of a wallet. `amount` is before `fee`; `balance` is what the wallet held after the whole event."""

    action: str
    biz_code: int
    time_ns: int
    currency: str
    amount: int
    fee: int
    balance: int
    side: str
    exec_id: str = ""
    exec_seq: int = 0


def contract_entries(fills: Iterable[OrderReport], transfers: Iterable[Transfer]) -> list[ContractEntry]:
    """Changes of a user's contract accounts, newest first; `fills` and `transfers` come so too."""
    found = [entry for fill in fills for entry in _of_fill(fill)]
    found += [
        ContractEntry(TRANSFER, t.time_ns, t.currency, t.contract_amount, t.contract_balance) for t in transfers
    ]
    return sorted(found, key=lambda entry: -entry.time_ns)


def _of_fill(report: OrderReport) -> Iterator[ContractEntry]:
    time_ns, currency, balance = report.transact_time_ns, report.instrument.settle_currency, report.cur_acc_balance
    if report.exec_fee:
        kind = COMMISSION if report.is_trade else REALIZED_PNL
        yield ContractEntry(kind, time_ns, currency, -report.exec_fee, balance)
    if report.closed_size:
        yield ContractEntry(REALIZED_PNL, time_ns, currency, report.closed_pnl, balance + report.exec_fee)


def wallet_entries(
    fills: Iterable[OrderReport], transfers: Iterable[Transfer], currency: str
) -> list[WalletEntry]:
    """Changes of a user's wallet of one currency, newest first."""
    found = [
        entry for fill in fills for entry in _exchanged(fill) if entry.currency == currency
    ]
    for t in transfers:
        if t.currency == currency:
            amount = t.amount if t.to_type == SPOT else -t.amount
            side = "OUT" if t.to_type == CONTRACT else "IN"
            found.append(WalletEntry("Transfer", t.biz_code, t.time_ns, currency, amount, 0, t.wallet_balance, side))
    return sorted(found, key=lambda entry: -entry.time_ns)


def _exchanged(report: OrderReport) -> tuple[WalletEntry, WalletEntry]:
    """The two sides of a spot trade. What a trade's bizCode is at the venue is not known: 1 here."""
    instrument, sign = report.instrument, SIDES[report.side]

    def entry(currency: str, amount: int, balance: int) -> WalletEntry:
        fee = report.exec_fee if currency == report.fee_currency else 0
        return WalletEntry(
            "Trade", 1, report.transact_time_ns, currency, amount, fee, balance, "IN" if amount > 0 else "OUT",
            report.exec_id, report.exec_seq,
        )  # fmt: skip

    return (
        entry(instrument.base_currency, sign * report.exec_qty, report.cur_base_wallet),
        entry(instrument.quote_currency, -sign * report.exec_value, report.cur_quote_wallet),
    )


def daily_pnls(fills: Iterable[OrderReport]) -> list[tuple[int, int, int]]:
    """(start of a day, profit of that day, profit until its end) of spot trades, oldest first, in quote currency.

    Profit is what a sale brings beyond the average cost of what was bought before, fees deducted; what was never
    bought here costs what it is sold for. `fills` come newest first.
    """
    held: dict[str, tuple[int, int]] = {}  # pair → bought and not sold yet: quantity, cost
    days: dict[int, int] = {}
    for report in reversed(list(fills)):
        symbol, qty, value = report.instrument.symbol, report.exec_qty, report.exec_value
        held_qty, cost = held.get(symbol, (0, 0))
        day_ns = report.transact_time_ns // DAY_NS * DAY_NS
        days.setdefault(day_ns, 0)
        if SIDES[report.side] == BUY:
            held[symbol] = held_qty + qty, cost + value
            days[day_ns] -= report.instrument.value(report.exec_fee, report.exec_price)
            continue
        sold = min(qty, held_qty)
        cost_sold = cost * sold // held_qty if held_qty else 0
        held[symbol] = held_qty - sold, cost - cost_sold
        days[day_ns] += value * sold // qty - cost_sold - report.exec_fee
    rows, total = [], 0
    for day_ns in sorted(days):
        total += days[day_ns]
        rows.append((day_ns, days[day_ns], total))
    return rows
