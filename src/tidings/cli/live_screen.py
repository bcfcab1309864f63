"""A picture that is drawn anew in its place, where there is a terminal to draw it on."""

from __future__ import annotations

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
