"""What the demo shows while it runs: a live table on a terminal, a line a second otherwise."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from tidings.cli.demo_report import COLUMNS, Tally, symbol_rows
from tidings.cli.live_screen import live_display, shown_beside
from tidings.cli.screen import Screen
from tidings.cli.table_text import number_columns

LINE_INTERVAL_S = 1.0
TABLE_INTERVAL_S = 0.5  # drawing takes milliseconds, and the strategy waits for it


@asynccontextmanager
async def showing_progress(screen: Screen, tally: Tally, seconds: float) -> AsyncIterator[None]:
    """Show progress until the block ends."""
    live = live_display(screen)
    show, interval_s = (_table_on(live), TABLE_INTERVAL_S) if live is not None else (_line_on(screen), LINE_INTERVAL_S)
    async with shown_beside(live, _repeat(show, tally, seconds, interval_s)):
        yield


async def _repeat(show: Callable[[float, float, Tally], None], tally: Tally, seconds: float, interval_s: float) -> None:
    started_s = time.monotonic()
    while True:
        show(time.monotonic() - started_s, seconds, tally)
        await asyncio.sleep(interval_s)


def _line_on(screen: Screen) -> Callable[[float, float, Tally], None]:
    def show(elapsed_s: float, seconds: float, tally: Tally) -> None:
        parts = [
            f"{symbol} {row['orders']} orders {row['fills']} fills {row['amends']} amends {row['cancels']} cancels"
            f" position {row['position']}"
            for symbol, row in tally.by_symbol().items()
        ]
        screen.note(f"{elapsed_s:3.0f}/{seconds:g} s  " + " | ".join(parts))

    return show


def _table_on(live: Any) -> Callable[[float, float, Tally], None]:
    from rich.console import Group
    from rich.text import Text

    def show(elapsed_s: float, seconds: float, tally: Tally) -> None:
        rows = [[str(cell) for cell in row] for row in symbol_rows(tally.by_symbol())]
        title = f"quoting, {elapsed_s:.0f} of {seconds:g} s"
        live.update(Group(Text(title), _rich_table(rows), Text(_caption(tally))), refresh=True)

    return show


def _caption(tally: Tally) -> str:
    budgets = ", ".join(f"{name} {use['used']}/{use['capacity']}" for name, use in tally.budget_use().items())
    latencies = ", ".join(f"{stage} {marks['p50']:.0f}" for stage, marks in tally.latency_us().items())
    return f"rate budget: {budgets}\nlatency from the decision, median µs: {latencies}"


def _rich_table(rows: list[list[str]]) -> Any:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))  # its columns fit into 80
    for column, is_number in zip(COLUMNS, number_columns(len(COLUMNS), rows), strict=True):
        table.add_column(column, justify="right" if is_number else "left", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    return table
