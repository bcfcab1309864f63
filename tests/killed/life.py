"""One life of an engine: start on its journal, settle, say what it knows, then trade until it is killed."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tidings
from tidings.model.enums import OrdStatus, ProductLine
from tidings.model.scale import price_decimal, qty_decimal

SETTLE_STEP_S = 0.01
VIEW_INTERVAL_S = 0.1
SYMBOLS = ("BTCUSD", "BTCUSDT", "sBTCUSDT")
_QTY = {"BTCUSD": "10", "BTCUSDT": "0.01", "sBTCUSDT": "0.01"}
PAUSE_S = 0.004  # between decisions, on average


@dataclass(frozen=True, slots=True)
class Assignment:
    """Which account, which journal, which chance."""

    ready_file: Path
    account: int
    journal: Path
    seed: int


def live(assignment: Assignment, report_fd: int, go_fd: int) -> None:
    """The child's whole life. Ends only by a signal, or with an error in the log.

    Settled, it says again and again what it believes, one line of JSON each, until a byte on `go_fd` lets it trade.
    """
    asyncio.run(_live(assignment, report_fd, go_fd))


def engine_of(assignment: Assignment, *, lanes: int = 2, deadline_s: float = 1.0) -> tidings.Phemex:
    """The engine that is to be killed."""
    return tidings.connect(
        "local", exchange=str(assignment.ready_file), account=assignment.account, journal="crash",
        journal_dir=str(assignment.journal), expiry_s=1, lanes=lanes, deadline_s=deadline_s, rate_limits=False,
        order_memory=1024,
    )  # fmt: skip


async def _live(assignment: Assignment, report_fd: int, go_fd: int) -> None:
    async with engine_of(assignment) as phemex:
        await settle(phemex)
        go = asyncio.Event()
        asyncio.get_running_loop().add_reader(go_fd, go.set)
        while not go.is_set():
            os.write(report_fd, (json.dumps(view(phemex)) + "\n").encode())
            await asyncio.sleep(VIEW_INTERVAL_S)
        asyncio.get_running_loop().remove_reader(go_fd)
        await trade(phemex, random.Random(assignment.seed))


async def settle(phemex: tidings.Phemex) -> None:
    """Until no order's fate is open and the venue has had time to say what is under way."""
    while not phemex.state.is_ready or any(_is_unclear(order) for order in phemex.open_orders()):
        await asyncio.sleep(SETTLE_STEP_S)


def _is_unclear(order: Any) -> bool:
    return order.status in (OrdStatus.UNKNOWN, OrdStatus.PENDING_NEW) or order.is_amend_pending


def view(phemex: tidings.Phemex) -> dict[str, Any]:
    """What this engine believes: its open orders (filled, left) and its contract positions, exact decimals."""
    return {
        "open": {
            order.cl_ord_id: [_qty_text(order, order.cum_qty_lots), _qty_text(order, order.leaves_qty_lots)]
            for order in phemex.open_orders()
        },
        "positions": {
            position.symbol: str(qty_decimal(phemex.instrument(position.symbol), position.net_qty_lots))
            for position in phemex.positions()
            if phemex.instrument(position.symbol).line != ProductLine.SPOT
        },
    }


def _qty_text(order: Any, lots: int) -> str:
    return str(qty_decimal(order.terms.instrument, lots))


async def trade(phemex: tidings.Phemex, chance: random.Random) -> None:
    """Random orders on all three lines: most rest, some fill; amends and cancels of what rests."""
    while True:
        with contextlib.suppress(tidings.OrderDenied):  # a limit of ours: the next one may pass
            _act(phemex, chance)
        await asyncio.sleep(chance.expovariate(1 / PAUSE_S))


def _act(phemex: tidings.Phemex, chance: random.Random) -> None:
    resting = phemex.open_orders()
    if resting and chance.random() < 0.5:
        order = chance.choice(resting)
        if chance.random() < 0.3:
            phemex.amend(order.handle, qty_lots=order.order_qty_lots + 1)
        else:
            phemex.cancel(order.handle)
        return
    symbol, side = chance.choice(SYMBOLS), chance.choice(("buy", "sell"))
    if chance.random() < 0.3:
        phemex.market(symbol, side, qty=_QTY[symbol])
        return
    instrument = phemex.instrument(symbol)
    away = chance.randint(2, 10)
    ticks = phemex.engine.risk.reference_price(instrument) * (100 - away if side == "buy" else 100 + away) // 100
    phemex.limit(symbol, side, qty=_QTY[symbol], price=price_decimal(instrument, ticks))
