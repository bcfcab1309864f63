"""An engine in a process of its own that does what the lines on its stdin say, and tells on stdout. See Engine below.

    place SYMBOL SIDE QTY PRICE      → {"cl_ord_id": …} once the venue has it
    send SYMBOL SIDE QTY PRICE N     → {"cl_ord_ids": […]}: N orders at falling prices, without waiting
    lose SYMBOL SIDE QTY PRICE       → {"cl_ord_id": …}: an order whose bytes never leave
    show                             → {"open": {ClOrdID: [status, cum_qty_lots]}, "heard": [[event, ClOrdID, late]],
                                        "adopted": {ClOrdID: outcome}}
    cancel                           → {}: cancels all that is open, and waits for it
    die SYMBOL SIDE QTY PRICE        → nothing: it kills itself right behind the bytes of an order
    end                              → leaves the session
"""

import asyncio
import json
import logging
import os
import signal
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import tidings
from tidings.engine.ports import PythonGateway

LIMIT_S = 60


class Lossy:
    """A gateway that says it sent, and sends nothing."""

    def __getattr__(self, name: str) -> Any:
        return lambda *arguments: 0


class Hearing(tidings.Strategy):
    def __init__(self) -> None:
        self.told: list[tuple[str, str, bool]] = []

    def _hear(self, what, order, report) -> None:
        self.told.append((what, order.cl_ord_id, report.reconciled))

    def on_ack(self, order, report, now_ns):
        self._hear("ack", order, report)

    def on_fill(self, order, report, now_ns):
        self._hear("fill", order, report)

    def on_reject(self, order, report, now_ns):
        self._hear("reject", order, report)

    def on_cancel(self, order, report, now_ns):
        self._hear("cancel", order, report)


def tell(**what: object) -> None:
    print(json.dumps(what), flush=True)


async def obey(phemex: tidings.Phemex, hearing: Hearing, words: list[str]) -> bool:
    """Do one line; False: it was the last."""
    match words:
        case ["place", symbol, side, qty, price]:
            order = await phemex.limit(symbol, side, qty=qty, price=price).accepted()
            tell(cl_ord_id=order.cl_ord_id)
        case ["send", symbol, side, qty, price, count]:
            prices = [Decimal(price) - step for step in range(int(count))]
            orders = [phemex.limit(symbol, side, qty=qty, price=each) for each in prices]
            tell(cl_ord_ids=[order.cl_ord_id for order in orders])
        case ["lose", symbol, side, qty, price]:
            phemex.entry.plug(PythonGateway(Lossy()))
            order = phemex.limit(symbol, side, qty=qty, price=price)
            phemex.entry.plug(phemex.engine.gateway)
            tell(cl_ord_id=order.cl_ord_id)
        case ["show"]:
            states = {order.cl_ord_id: [order.ord_status.name, order.cum_qty_lots] for order in phemex.open_orders()}
            journal = phemex.engine.home.journal
            adopted = {order.cl_ord_id: order.outcome for order in phemex.adopted_orders()}
            tell(open=states, heard=hearing.told, adopted=adopted, reason=phemex.state.reason, failure=journal.failure)
        case ["cancel"]:
            for order in phemex.open_orders():
                phemex.cancel(order.handle)
            while phemex.open_orders():
                await asyncio.sleep(0.01)
            tell()
        case ["die", symbol, side, qty, price]:
            phemex.limit(symbol, side, qty=qty, price=price)
            os.kill(os.getpid(), signal.SIGKILL)
        case ["end"]:
            return False
    return True


async def main() -> None:
    settings = json.loads(sys.argv[1])
    logging.basicConfig(level="WARNING")
    lines = asyncio.Queue()
    loop = asyncio.get_running_loop()
    loop.add_reader(sys.stdin.fileno(), lambda: lines.put_nowait(sys.stdin.readline()))
    async with tidings.connect("local", **settings) as phemex:
        hearing = Hearing()
        running = asyncio.create_task(phemex.run(hearing))
        await asyncio.sleep(0)
        tell(ready=True)
        while await obey(phemex, hearing, (await lines.get()).split()):
            pass
        running.cancel()
    tell(ended=True)


class EngineProgram:
    """Runs this file; `ask` sends a line and gives the answer."""

    def __init__(self, exchange: Path, state: Path, **settings: Any) -> None:
        options = {"exchange": str(exchange), "rate_limits": False, "deadline_s": LIMIT_S, **settings}
        environment = {**os.environ, "XDG_STATE_HOME": str(state)}
        self.process = subprocess.Popen(
            [sys.executable, __file__, json.dumps(options)], env=environment, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        self.refusal = "" if self._answer().get("ready") else self.error()

    def ask(self, *words: object) -> dict[str, Any]:
        assert self.process.stdin is not None
        print(*words, file=self.process.stdin, flush=True)
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        return json.loads(line) if line else {}

    def error(self) -> str:
        assert self.process.stderr is not None
        return self.process.stderr.read()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(LIMIT_S)

    def end(self) -> None:
        assert self.ask("end") == {"ended": True}
        self.process.wait(LIMIT_S)


if __name__ == "__main__":
    asyncio.run(main())
