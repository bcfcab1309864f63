"""A picture that is drawn anew in its place, where there is a terminal to draw it on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from tidings.cli.screen import Screen


def live_display(screen: Screen) -> Any:
    """A rich Live on the terminal; None in a pipe, or where rich is not installed."""
    if not screen.progress.isatty():
        return None
    try:
        from rich.console import Console
        from rich.live import Live
    except ImportError:
        return None
    live = Live(console=Console(file=screen.progress), auto_refresh=False, transient=True)  # no thread beside the loop
    live.start()
    return live


@asynccontextmanager
async def shown_beside(live: Any, showing: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Let `showing` run until the block ends, and the display with it, if there is one."""
    task = asyncio.create_task(showing)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        if live is not None:
            live.stop()
