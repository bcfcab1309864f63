"""`tidings plot DIR`: a picture of a recording: prices, spread, trades, own orders and fills over time."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from tidings.cli.export import shown_progress
from tidings.cli.screen import Screen
from tidings.cli.session_options import add_json_option


def add_commands(commands: Any) -> None:
    parser = commands.add_parser(
        "plot", help="a recording as a picture: prices, spread, own orders and fills over time",
        description="Best bid and offer, trades, own orders and fills, spread and volume of each symbol. Grey: the"
        " book was not to be trusted.",
    )  # fmt: skip
    parser.add_argument("directory", type=Path, metavar="DIR", help="the recording")
    parser.add_argument("--out", type=Path, metavar="FILE", help=".png or .html (default: the recording's name, .png)")
    parser.add_argument("--symbols", nargs="+", default=(), metavar="SYMBOL", help="only these (default: all)")
    add_json_option(parser)
    parser.set_defaults(body=_plot)


def _plot(options: argparse.Namespace, screen: Screen) -> int:
    from tidings.export.chart import read_charts
    from tidings.export.picture import COLUMNS, draw, load_matplotlib, summary, times_of

    path = options.out or Path(f"{options.directory.resolve().name}.png")
    load_matplotlib()  # missing, it is said at once and not after minutes of reading
    with shown_progress(screen, f"reading {options.directory}") as progress:
        charts = read_charts(options.directory, options.symbols, progress)
    draw(charts, path, options.directory.resolve().name)
    rows = [summary(chart) for chart in charts.charts]
    screen.json(
        {
            "recording": str(options.directory), "out": str(path), "messages": charts.messages,
            "symbols": [counted(dict(zip(COLUMNS, row, strict=True))) for row in rows], "left_out": charts.left_out,
            "damage": charts.damage,
        }
    )  # fmt: skip
    screen.table(f"{path}: {times_of(charts)}", COLUMNS, rows)
    if charts.left_out:
        screen.note(f"{charts.left_out} own orders and fills are not drawn: there are too many")
    if charts.damage:
        screen.note(f"the recording's end: {charts.damage}")
    return 0


def counted(row: dict[str, str]) -> dict[str, str | int]:
    """Counts as numbers; quantities stay exact text."""
    return {name: int(text) if name in ("trades", "own fills") else text for name, text in row.items()}
