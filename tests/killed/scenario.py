"""The lives around a kill at a system call: orders are placed, the engine killed, and the next one does a bit of all.

`act` is what is traced. Everything in it is awaited before the next step, so that its system calls come in about the
same order each time.
"""

from __future__ import annotations

import asyncio
import json
import os
import select
import sys
import threading
import time
from typing import Any

import tidings
from tests.killed.life import Assignment, engine_of
from tests.killed.tracing import allow_tracing
from tidings.journal.keeper import JournalKeeper
from tidings.session.order_ticket import OrderTicket

GATE_STEP_S = 0.005
DEADLINE_S = 5.0  # a tracer makes everything slow
ORDERS = 5  # of both lives
QTY = {"BTCUSD": "10", "BTCUSDT": "0.01", "sBTCUSDT": "0.01"}


def place(assignment: Assignment, report_fd: int, go_fd: int) -> None:
    """Two orders that rest, then nothing until the kill."""
    asyncio.run(_place(assignment, report_fd))


async def _place(assignment: Assignment, report_fd: int) -> None:
    async with engine_of(assignment, lanes=1) as phemex:
        for symbol in ("BTCUSDT", "BTCUSD"):
            await phemex.limit(symbol, "buy", qty=QTY[symbol], price=_below(phemex, symbol)).accepted()
        _report(report_fd, modules=sorted(sys.modules))
        time.sleep(3600)


def act(assignment: Assignment, report_fd: int, go_fd: int) -> None:
    """The scenario, as soon as a tracer is there."""
    allow_tracing()
    _report(report_fd, thread=threading.get_native_id())
    wait_at_gate(go_fd)
    asyncio.run(_act(assignment))
    _report(report_fd, done=True)


def act_with_gated_journal(assignment: Assignment, report_fd: int, go_fd: int) -> None:
    """The same, but it is the journal's thread that waits for a tracer."""
    allow_tracing()
    tend_on = JournalKeeper._tend_on

    def tend_behind_gate(keeper: JournalKeeper) -> None:
        _report(report_fd, thread=threading.get_native_id())
        wait_at_gate(go_fd)
        tend_on(keeper)

    JournalKeeper._tend_on = tend_behind_gate  # type: ignore[method-assign]
    asyncio.run(_act(assignment))
    _report(report_fd, done=True)


def wait_at_gate(go_fd: int) -> None:
    """Until a byte comes. By calls that the engine never makes, so that a tracer's log begins, and nothing else."""
    while not select.select([go_fd], [], [], GATE_STEP_S)[0]:
        pass
    os.read(go_fd, 1)


async def _act(assignment: Assignment) -> None:
    async with engine_of(assignment, lanes=1, deadline_s=DEADLINE_S) as phemex:
        adopted = [OrderTicket(phemex, order) for order in phemex.open_orders()]
        linear = await _limit(phemex, "BTCUSDT")
        await linear.amend(price=_below(phemex, "BTCUSDT", percent=9))
        spot = await _limit(phemex, "sBTCUSDT")
        await phemex.market("BTCUSD", "buy", qty=QTY["BTCUSD"]).done()
        await spot.cancel()
        await adopted[0].cancel()


async def _limit(phemex: tidings.Phemex, symbol: str) -> OrderTicket:
    return await phemex.limit(symbol, "buy", qty=QTY[symbol], price=_below(phemex, symbol, percent=7)).accepted()


def _below(phemex: tidings.Phemex, symbol: str, *, percent: int = 8) -> Any:
    instrument = phemex.instrument(symbol)
    ticks = phemex.engine.risk.reference_price(instrument) * (100 - percent) // 100
    return ticks * instrument.tick_size


def _report(report_fd: int, **words: object) -> None:
    os.write(report_fd, (json.dumps(words) + "\n").encode())
