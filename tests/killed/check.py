"""What a restarted engine believes against the exchange's own dump, and against its journal's bytes.

Independent on purpose: whether an order was ever written down is asked of the files' bytes, not of the journal's
reader.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

_CL_ORD_ID = re.compile(rb"T[0-9A-Z]{9}[0-9]{10}")
_DONE = ("Filled", "Canceled", "Deactivated", "Rejected")


@dataclass(frozen=True, slots=True)
class Account:
    """A settled engine's word: `view` as life.view gives it, and where its journal lies."""

    view: dict[str, Any]
    journal: Path
    user_id: int


def differences(account: Account, dump: dict[str, Any]) -> tuple[list[str], int]:
    """Everything on which engine, journal and exchange differ, in words; and how many orders the exchange has seen."""
    rows = [row for row in dump["orders"] if row["user_id"] == account.user_id]
    return [*_lost(account, rows), *_doubled(rows), *_open(account, rows, dump), *_positions(account, dump)], len(rows)


def _lost(account: Account, rows: list[dict[str, Any]]) -> list[str]:
    written: set[bytes] = set()
    for path in account.journal.iterdir():
        if path.is_file():
            written.update(_CL_ORD_ID.findall(path.read_bytes()))
    return [
        f"LOST: the exchange has order {row['cl_ord_id']}, the journal has not"
        for row in rows
        if row["cl_ord_id"].encode() not in written
    ]


def _doubled(rows: list[dict[str, Any]]) -> list[str]:
    counts = Counter(row["cl_ord_id"] for row in rows)
    return [f"DOUBLED: order {cl_ord_id} was made {count} times" for cl_ord_id, count in counts.items() if count > 1]


def _open(account: Account, rows: list[dict[str, Any]], dump: dict[str, Any]) -> list[str]:
    theirs = {
        row["cl_ord_id"]: [_decimal(row["cum_qty"], row, dump), _decimal(row["leaves_qty"], row, dump)]
        for row in rows
        if row["ord_status"] not in _DONE
    }
    ours = {name: [Decimal(cum), Decimal(leaves)] for name, (cum, leaves) in account.view["open"].items()}
    return [
        f"OPEN: order {name}: we say {ours.get(name, 'done')}, the exchange says {theirs.get(name, 'done')}"
        for name in sorted({*theirs, *ours})
        if theirs.get(name) != ours.get(name)
    ]


def _positions(account: Account, dump: dict[str, Any]) -> list[str]:
    theirs = {
        row["symbol"]: _decimal(row["net_qty"], row, dump)
        for row in dump["positions"]
        if row["user_id"] == account.user_id and row["net_qty"]
    }
    ours = {symbol: Decimal(qty) for symbol, qty in account.view["positions"].items() if Decimal(qty)}
    return [
        f"POSITION {symbol}: we say {ours.get(symbol, 0)}, the exchange says {theirs.get(symbol, 0)}"
        for symbol in sorted({*theirs, *ours})
        if theirs.get(symbol, 0) != ours.get(symbol, 0)
    ]


def _decimal(units: int, row: dict[str, Any], dump: dict[str, Any]) -> Decimal:
    return Decimal(units).scaleb(-dump["scales"][row["symbol"]]["qty"])
