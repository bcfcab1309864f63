"""What one FIX client asked for and was told, engine-neutral, and how that differs from what the exchange has.

It decides what the client does next (a seeded choice), hears every application message that its session hands on, and
judges by OrderID and ExecID: nothing lost, nothing told twice, nothing invented.
"""

import random
from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

SYMBOL = "BTCUSDT"
PENDING = {"A", "6", "E"}
WORDS = {
    "New": {"0", "1"}, "PartiallyFilled": {"1"}, "Filled": {"2"}, "Canceled": {"4", "C"}, "Rejected": {"8"},
    "Created": set(),  # on its way into the book: whoever asks then has to ask again
}  # fmt: skip
QTY = Decimal("0.002")
STATUS_REPORT = "I"
OPEN_MAX = 15  # then it cancels


class FixLedger:
    """One client. `mid`: the price its resting orders keep away from."""

    def __init__(self, name: str, mid: Decimal, chance: random.Random) -> None:
        self.name = name
        self.status: dict[str, str] = {}  # ClOrdID of the NewOrderSingle → OrdStatus it was told last
        self.order_ids: dict[str, str] = {}
        self.unanswered: set[str] = set()  # ClOrdIDs of cancels and replaces
        self.exec_ids: Counter[str] = Counter()  # of all reports but those that were asked for
        self.executions: dict[str, Decimal] = {}  # ExecID → LastQty
        self._first: dict[str, str] = {}  # any ClOrdID → the first of its chain
        self._newest: dict[str, str] = {}  # first ClOrdID → that of the newest accepted request
        self._terms: dict[str, dict[int, str]] = {}  # first ClOrdID → fields of the order as it was asked for last
        self._chance = chance
        self._mid = mid
        self._count = 0

    # ---- What it does -------------------------------------------------------------------------------------------

    def next_request(self) -> tuple[str, dict[int, str]]:
        """A new order that rests or trades at once, a cancel or a replace: message type and fields without 60."""
        self._count += 1
        cl_ord_id = f"{self.name}-{self._count}"
        resting = [one for one, status in self.status.items() if status in ("0", "1") and self._terms[one][40] == "2"]
        resting = [first for first in resting if not any(self._first[one] == first for one in self.unanswered)]
        if resting and (self._chance.random() < 0.4 or len(resting) > OPEN_MAX):
            return self._change(cl_ord_id, self._chance.choice(resting))
        self._first[cl_ord_id] = self._newest[cl_ord_id] = cl_ord_id
        self.status[cl_ord_id] = "A"
        self._terms[cl_ord_id] = fields = {38: str(QTY), 54: self._chance.choice("12"), 55: SYMBOL}
        if self._chance.random() < 0.4:
            fields[40] = "1"
        else:
            away = Decimal(self._chance.randint(500, 999)) / 10_000
            price = self._mid * (1 - away if fields[54] == "1" else 1 + away)
            fields |= {40: "2", 44: f"{price:.1f}"}
        return "D", {11: cl_ord_id, **fields}

    def _change(self, cl_ord_id: str, first: str) -> tuple[str, dict[int, str]]:
        self._first[cl_ord_id] = first
        self.unanswered.add(cl_ord_id)
        terms = self._terms[first]
        fields = {11: cl_ord_id, 41: self._newest[first], 54: terms[54], 55: SYMBOL}
        if self._chance.random() < 0.3 and self.status[first] == "0":
            terms[38] = str(Decimal(terms[38]) + Decimal("0.001"))
            return "G", fields | {tag: terms[tag] for tag in (38, 40, 44)}
        return "F", fields

    def not_sent(self, fields: Mapping[int, str]) -> None:
        """A request of `next_request` never left."""
        self.unanswered.discard(fields[11])
        if self._first.pop(fields[11]) == fields[11]:
            del self.status[fields[11]]

    # ---- What it is told ----------------------------------------------------------------------------------------

    def hear(self, message: Mapping[int, str]) -> None:
        """One application message, as its session hands it on."""
        if message[35] == "9":
            self._hear_refusal(message)
        if message[35] != "8":
            return
        first = self._first.get(message[11], f"unknown {message[11]}")
        if message[150] != STATUS_REPORT:
            self.exec_ids[message[17]] += 1
        if message[150] in ("4", "5"):
            self.unanswered.discard(message[11])
            self._newest[first] = message[11]
        if message[150] == "F":
            self.executions[message[17]] = Decimal(message[32])
        self.status[first] = message[39]
        if message[37] != "NONE":
            self.order_ids[first] = message[37]

    def _hear_refusal(self, message: Mapping[int, str]) -> None:
        """A cancel or replace came to nothing; OrdStatus is that of the order, which does not wait for it any more."""
        self.unanswered.discard(message[11])
        first = self._first.get(message[41], "")
        if self.status.get(first) in PENDING:
            self.status[first] = message[39]

    @property
    def pending(self) -> list[str]:
        """What it waits to be told."""
        return [first for first, status in self.status.items() if status in PENDING] + sorted(self.unanswered)

    # ---- Against the exchange -----------------------------------------------------------------------------------

    def differences(self, history: Mapping[str, Any], unit: Decimal, *, has_account: bool = True) -> list[str]:
        """In words. `history` is the exchange's of the account; `has_account`: nobody else trades on it."""
        orders = {row["order_id"]: row for row in history["orders"]}
        named = Counter(self.order_ids.values())
        found = [f"DOUBLED: order {name} has two ClOrdIDs" for name, count in named.items() if count > 1]
        found += [f"DOUBLED: ExecID {name}, {count} times" for name, count in self.exec_ids.items() if count > 1]
        found += [f"UNANSWERED: {name}" for name in self.pending]
        if has_account:
            found += [f"LOST: the exchange has order {name}" for name in orders.keys() - named.keys()]
        for first, status in self.status.items():
            word = orders[self.order_ids[first]]["ord_status"] if first in self.order_ids else "Rejected"
            if status not in WORDS[word]:
                found.append(f"STATUS: {first} was told {status}, the exchange says {word}")
        theirs = {row["exec_id"]: row["qty"] * unit for row in history["executions"] if row["order_id"] in named}
        found += [f"LOST: execution {name}" for name in theirs.keys() - self.executions.keys()]
        found += [f"INVENTED: execution {name}" for name in self.executions.keys() - theirs.keys()]
        found += [
            f"QUANTITY: execution {name}: told {qty}, the exchange says {theirs[name]}"
            for name, qty in self.executions.items()
            if theirs.get(name, qty) != qty
        ]
        return found
