"""`tidings products`: what can be traded, and on which grid."""

from __future__ import annotations

import argparse
from typing import Any

from tidings.cli.screen import Screen
from tidings.cli.session_options import add_session_options, session_of
from tidings.model.enums import ProductLine
from tidings.model.instrument import Instrument
from tidings.model.scale import price_text, qty_text

COLUMNS = ("symbol", "line", "tick_size", "lot_size", "max_qty", "settle", "status")


def add_commands(commands: Any) -> None:
    parser = commands.add_parser("products", help="the product catalogue: symbols, price and quantity steps, limits")
    parser.add_argument("symbols", nargs="*", metavar="SYMBOL", help="only these (default: all)")
    add_session_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    from tidings.cli.main import run_loop

    return run_loop(_products(options, Screen(as_json=options.json)))


async def _products(options: argparse.Namespace, screen: Screen) -> int:
    async with session_of(options) as phemex:
        if options.symbols:
            instruments = [phemex.instrument(symbol) for symbol in options.symbols]
        else:
            instruments = sorted(phemex.engine.products, key=lambda instrument: (instrument.line, instrument.symbol))
        rows = [_row(instrument) for instrument in instruments]
    if screen.as_json:
        screen.json([dict(zip(COLUMNS, row, strict=True)) for row in rows])
    screen.table(f"{len(rows)} products", COLUMNS, rows)
    return 0


def _row(instrument: Instrument) -> tuple[Any, ...]:
    max_qty = qty_text(instrument, instrument.max_qty_lots) if instrument.max_qty_lots else None
    return (
        instrument.symbol,
        ProductLine(instrument.line).name.lower(),
        price_text(instrument, 1),
        qty_text(instrument, 1),
        max_qty,
        instrument.settle_currency,
        instrument.status,
    )
