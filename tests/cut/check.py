"""What an engine believes and what it told against the exchange's own rows: nothing may differ, nothing told was wrong.

Pure: values in, sentences out. The engine's side is put together in `belief.py`, the exchange's comes as the admin
endpoint gives it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

Row = dict[str, Any]

# The engine's word for a state, and the exchange's that mean the same once both have come to rest.
SAME = {
    "NEW": ("New",), "PARTIALLY_FILLED": ("PartiallyFilled",), "FILLED": ("Filled",), "REJECTED": ("Rejected",),
    "CANCELED": ("Canceled", "Deactivated"), "EXPIRED": ("Canceled", "Deactivated"),
}  # fmt: skip
DONE_THERE = ("Filled", "Canceled", "Deactivated", "Rejected")
NEVER_THERE = ("REJECTED", "UNSENT")
NEEDS_A_ROW = ("ack", "fill", "amend", "cancel")


@dataclass(frozen=True, slots=True)
class Told:
    """One callback: which, about which request (0: none), of which execution."""

    what: str
    exec_type: str
    request: str
    exec_id: str = ""
    qty: Decimal = Decimal(0)


@dataclass(slots=True)
class BelievedOrder:
    """An order as the engine has it. `asked`: price and quantity of the last amend that was asked for."""

    cl_ord_id: str
    order_id: str
    symbol: str
    status: str
    price: Decimal
    order_qty: Decimal
    cum_qty: Decimal
    leaves_qty: Decimal
    told: list[Told] = field(default_factory=list)
    asked: tuple[Decimal, Decimal] | None = None
    cancels_asked: int = 0


@dataclass(slots=True)
class Belief:
    """All an engine believes of its account: positions as (by executions, by the venue's word), wallets in units."""

    orders: list[BelievedOrder]
    positions: dict[str, tuple[Decimal, Decimal]]
    wallets: dict[str, int]


@dataclass(slots=True)
class Truth:
    """The exchange's rows of the account."""

    orders: list[Row]
    positions: list[Row]
    wallets: list[Row]
    scales: dict[str, dict[str, int]]

    def value(self, row: Row, key: str, kind: str) -> Decimal:
        """A row's integer on its symbol's scale."""
        return Decimal(row[key]).scaleb(-self.scales[row["symbol"]][kind])


def differences(belief: Belief, truth: Truth) -> list[str]:
    """Everything on which the two differ, and everything told that was not so."""
    counts = Counter(row["cl_ord_id"] for row in truth.orders)
    found = [f"DOUBLED: order {name} was made {count} times" for name, count in counts.items() if count > 1]
    rows = {row["cl_ord_id"]: row for row in truth.orders}
    for order in belief.orders:
        row = rows.pop(order.cl_ord_id, None)
        found += [f"{sentence}: order {order.cl_ord_id} ({order.symbol})" for sentence in _order(order, row, truth)]
        found += [f"{sentence}: order {order.cl_ord_id} ({order.symbol})" for sentence in _fates(order, row, truth)]
    found += [f"OPEN: order {name} is {row['ord_status']} there, and not known here"
              for name, row in rows.items() if row["ord_status"] not in DONE_THERE]  # fmt: skip
    return [*found, *_positions(belief, truth), *_wallets(belief, truth)]


def _order(order: BelievedOrder, row: Row | None, truth: Truth) -> Iterator[str]:
    """State, numbers and executions of one order."""
    if row is None:
        if order.status not in NEVER_THERE:
            yield f"STATE: {order.status} here, and nothing there"
        return
    if row["ord_status"] not in SAME.get(order.status, ()):
        yield f"STATE: {order.status} here, {row['ord_status']} there"
    if order.order_id != row["order_id"] and order.status not in NEVER_THERE:
        yield f"ID: {order.order_id!r} here, {row['order_id']!r} there"
    numbers = (
        ("price", order.price, "price"), ("order_qty", order.order_qty, "qty"), ("cum_qty", order.cum_qty, "qty"),
        ("leaves_qty", order.leaves_qty, "qty"),
    )  # fmt: skip
    for key, ours, kind in numbers:
        theirs = truth.value(row, key, kind)
        if ours != theirs:
            yield f"NUMBER: {key} is {ours} here, {theirs} there"
    fills = [told for told in order.told if told.what == "fill"]
    if len({fill.exec_id for fill in fills}) < len(fills):
        yield "EXECUTION: one was told twice"
    told_qty = sum((fill.qty for fill in fills), Decimal(0))
    if told_qty != truth.value(row, "cum_qty", "qty"):
        yield f"EXECUTION: {told_qty} told, {truth.value(row, 'cum_qty', 'qty')} filled there"


def _fates(order: BelievedOrder, row: Row | None, truth: Truth) -> Iterator[str]:
    """What was told at any moment, and was not so. Told UNKNOWN is never wrong."""
    for told in order.told:
        if row is None:
            if told.what in NEEDS_A_ROW:
                yield f"FATE: {told.what} was told, and the exchange never had it"
            continue
        is_about_create = told.request == "NEW" or told.exec_type == "REJECTED"
        if is_about_create and told.what in ("reject", "unsent") and row["ord_status"] != "Rejected":
            yield f"FATE: {told.what} was told, and the exchange has it {row['ord_status']}"
        if told.what == "cancel" and row["ord_status"] not in SAME["CANCELED"]:
            yield f"FATE: cancel was told, and the exchange has it {row['ord_status']}"
        is_only_cancel = told.request == "CANCEL" and order.cancels_asked == 1
        if told.what == "unsent" and is_only_cancel and row["ord_status"] in SAME["CANCELED"]:
            yield "FATE: a cancel was told to be unsent, and took effect"
        is_amend_dead = told.exec_type == "REPLACE_REJECTED" or (told.what, told.request) == ("unsent", "AMEND")
        in_force = truth.value(row, "price", "price"), truth.value(row, "order_qty", "qty")
        if is_amend_dead and order.asked == in_force:
            yield f"FATE: an amend was told to have failed ({told.exec_type}), and is in force"


def _positions(belief: Belief, truth: Truth) -> Iterator[str]:
    theirs = {row["symbol"]: truth.value(row, "net_qty", "qty") for row in truth.positions if row["net_qty"]}
    nothing = Decimal(0), Decimal(0)
    for symbol in sorted({*theirs, *belief.positions}):
        there, (executed, told) = theirs.get(symbol, Decimal(0)), belief.positions.get(symbol, nothing)
        if not executed == told == there:
            yield f"POSITION {symbol}: {executed} by executions, {told} as told, {there} there"


def _wallets(belief: Belief, truth: Truth) -> Iterator[str]:
    theirs = {row["currency"]: row["balance"] for row in truth.wallets}
    for currency, ours in belief.wallets.items():
        if theirs.get(currency, 0) != ours:
            yield f"WALLET {currency}: {ours} units here, {theirs.get(currency, 0)} there"
