"""`tidings demo`: the main job. A local exchange in its own process, a quoting strategy on all three product lines,
and an honest account.

At the end every order and position we believe in is compared with the exchange's own dump. Exit 1 on any difference,
or when a product line had no ack, fill, amend or cancel.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections import Counter
from typing import Any

from tidings.app.local_exchange import ExchangeProcess
from tidings.cli.demo_check import Mismatch, compare_with_exchange
from tidings.cli.demo_quoter import Quoter
from tidings.cli.screen import Screen
from tidings.model.scale import qty_text
from tidings.session.phemex import Phemex, connect

# One instrument of each line; quantities in lots: 20 contracts, 0.002 BTC, 0.001 BTC.
SIZES = {"BTCUSD": "20", "BTCUSDT": "0.002", "sBTCUSDT": "0.001"}
PROGRESS_S = 1.0
SETTLE_S = 5.0  # for cancels to come back from the book
EVENTS = ("acks", "fills", "rejects", "unknown", "amends", "cancels")
MOVES = ("acks", "fills", "amends", "cancels")  # each line must have seen each


def add_commands(commands: Any) -> None:
    parser = commands.add_parser(
        "demo", help="trade on a local exchange and compare every order with it: no key, no internet"
    )
    parser.add_argument("--seconds", type=_seconds, default=20.0, help="how long to quote (default 20)")
    parser.add_argument("--seed", type=int, default=1, help="seed of the exchange's background flow")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout; progress goes to stderr")
    parser.set_defaults(run=run)


def _seconds(text: str) -> float:
    value = float(text)
    if not 1 <= value <= 86_400:
        raise argparse.ArgumentTypeError(f"expected 1 to 86400 seconds: was {text}")
    return value


def run(options: argparse.Namespace) -> int:
    from tidings.cli.main import run_loop

    return run_loop(_demo(options.seconds, options.seed, Screen(as_json=options.json)))


async def _demo(seconds: float, seed: int, screen: Screen) -> int:
    process = ExchangeProcess("--seed", str(seed))
    screen.note("starting the local exchange …")
    ready = await process.start()
    try:
        async with connect("local", exchange=process.ready_file) as phemex:
            screen.note(f"connected over TLS to {ready.rest_url}; quoting {', '.join(SIZES)} for {seconds:g} s")
            quoter = Quoter(
                {symbol: phemex.on_grid(phemex.instrument(symbol), None, qty)[1] for symbol, qty in SIZES.items()}
            )
            tally = Tally(phemex, quoter)
            started = time.monotonic()
            await _trade(phemex, quoter, seconds, screen, tally)
            elapsed_s = time.monotonic() - started
            mismatches = await compare_with_exchange(phemex, ready)
            report = tally.report(elapsed_s, mismatches)
    finally:
        await process.stop()
    _show(screen, report, mismatches)
    return _verdict(screen, report, mismatches)


async def _trade(phemex: Phemex, quoter: Quoter, seconds: float, screen: Screen, tally: Tally) -> None:
    """Quote until time is up, then leave nothing open."""
    await phemex.subscribe(*SIZES)
    progress = asyncio.create_task(_show_progress(screen, tally, seconds))
    try:
        await phemex.run(quoter, seconds=seconds)
    finally:
        progress.cancel()
    screen.note("cancelling what is open …")
    await _cancel_open(phemex)


async def _cancel_open(phemex: Phemex) -> None:
    """Cancel by handle; whoever is still there when time is up is swept by cancel-all."""
    deadline = time.monotonic() + SETTLE_S
    while phemex.open_orders() and time.monotonic() < deadline:
        for order in phemex.open_orders():
            if not order.is_cancel_pending:
                phemex.cancel(order.handle)
        await asyncio.sleep(0.05)
    for symbol in {order.symbol for order in phemex.open_orders()}:
        await phemex.cancel_all(symbol)
    await asyncio.sleep(0.3)  # let the last stream reports in before the comparison


class Tally:
    """Counts per symbol: orders from the engine's table, events as the strategy heard them."""

    def __init__(self, phemex: Phemex, quoter: Quoter) -> None:
        self.phemex, self.quoter = phemex, quoter

    def by_symbol(self) -> dict[str, dict[str, Any]]:
        rows: dict[str, dict[str, Any]] = {}
        for symbol in SIZES:
            orders = [order for order in self.phemex.entry.orders.orders() if order.symbol == symbol]
            counts: Counter[str] = self.quoter.events.get(symbol, Counter())
            rows[symbol] = {
                "orders": len(orders),
                **{name: counts.get(name, 0) for name in EVENTS},
                "open_left": sum(not order.is_done for order in orders),
                "position": self._position(symbol),
            }
        return rows

    def _position(self, symbol: str) -> str:
        return qty_text(self.phemex.instrument(symbol), self.phemex.engine.positions.of(symbol).net_qty_lots)

    def report(self, seconds: float, mismatches: list[Mismatch]) -> dict[str, Any]:
        """The object of --json: integer counts, latencies in microseconds from the decision."""
        rows = self.by_symbol()
        return {
            **{name: sum(row[name] for row in rows.values()) for name in ("orders", *EVENTS, "open_left")},
            "mismatches": len(mismatches),
            "seconds": round(seconds, 3),
            "by_symbol": rows,
            "rate_budget": self.phemex.engine.budget_use(),
            "latency_us": self.phemex.engine.stages.latency_us(),
        }


async def _show_progress(screen: Screen, tally: Tally, seconds: float) -> None:
    """A live table on a terminal, a line a second otherwise."""
    started = time.monotonic()
    live = _live_table(screen)
    try:
        while True:
            await asyncio.sleep(PROGRESS_S)
            elapsed_s, rows = time.monotonic() - started, tally.by_symbol()
            if live is not None:
                live.update(_progress_table(elapsed_s, seconds, rows))
                continue
            parts = [
                f"{s} {r['orders']} sent {r['acks']} acked {r['fills']} filled {r['amends']} amended"
                for s, r in rows.items()
            ]
            screen.note(f"{elapsed_s:5.1f}/{seconds:g} s  " + "  |  ".join(parts))
    finally:
        if live is not None:
            live.stop()


def _live_table(screen: Screen) -> Any:
    if not screen.is_terminal:
        return None
    try:
        from rich.console import Console
        from rich.live import Live
    except ImportError:
        return None
    live = Live(console=Console(file=screen.progress), refresh_per_second=4, transient=True)
    live.start()
    return live


def _progress_table(elapsed_s: float, seconds: float, rows: dict[str, dict[str, Any]]) -> Any:
    from rich.table import Table

    table = Table(title=f"quoting {elapsed_s:.0f}/{seconds:g} s", title_justify="left")
    for column in ("symbol", *next(iter(rows.values()))):
        table.add_column(column, justify="left" if column == "symbol" else "right")
    for symbol, row in rows.items():
        table.add_row(symbol, *map(str, row.values()))
    return table


def _show(screen: Screen, report: dict[str, Any], mismatches: list[Mismatch]) -> None:
    if screen.as_json:
        screen.json(report)
        return
    columns = ("symbol", *next(iter(report["by_symbol"].values())))
    screen.table("Orders", columns, [(symbol, *row.values()) for symbol, row in report["by_symbol"].items()])
    latency = [(stage, *(round(value, 1) for value in row.values())) for stage, row in report["latency_us"].items()]
    screen.table("Latency from the decision, microseconds", ("stage", "p50", "p99", "p99.9", "max"), latency)
    screen.table(
        "Rate budget used, of a minute",
        ("group", "used", "capacity"),
        [(n, u["used"], u["capacity"]) for n, u in report["rate_budget"].items()],
    )
    for mismatch in mismatches:
        screen.line(f"MISMATCH {mismatch}")


def _verdict(screen: Screen, report: dict[str, Any], mismatches: list[Mismatch]) -> int:
    """0 only if everything agrees and every line has seen every kind of event."""
    idle = [
        f"{symbol} had no {name}" for symbol, row in report["by_symbol"].items() for name in MOVES if row[name] == 0
    ]
    for text in idle:
        screen.note(f"demo: {text}")
    if report["open_left"]:
        screen.note(f"demo: {report['open_left']} orders are still open")
    good = not mismatches and not idle and not report["open_left"]
    screen.line("Every order, position and wallet agrees with the exchange." if good else "The demo did NOT pass.")
    return 0 if good else 1
