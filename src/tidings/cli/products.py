"""`tidings products`: what can be traded, and on which grid."""

from __future__ import annotations

import argparse
from typing import Any

from tidings.cli.screen import Screen, counted
from tidings.cli.session_options import add_session_options, questions_of
from tidings.model.enums import ProductLine
from tidings.model.instrument import Instrument
from tidings.model.scale import price_text, qty_text
from tidings.venue.phemex.products import parse_products

COLUMNS = ("symbol", "line", "tick_size", "lot_size", "max_qty", "settle", "status")


def add_commands(commands: Any) -> None:
    parser = commands.add_parser("products", help="the product catalogue: symbols, price and quantity steps, limits")
    parser.add_argument("symbols", nargs="*", metavar="SYMBOL", help="only these (default: all)")
    add_session_options(parser)
    parser.set_defaults(body=_products)


async def _products(options: argparse.Namespace, screen: Screen) -> int:
    async with questions_of(options, need_key=False) as engine:
        products = parse_products(await engine.queries.products())
    if options.symbols:
        instruments = [products.tradable(symbol) for symbol in options.symbols]
    else:
        instruments = sorted(products, key=lambda instrument: (instrument.line, instrument.symbol))
    rows = [_row(instrument) for instrument in instruments]
    screen.json({"products": [dict(zip(COLUMNS, row, strict=True)) for row in rows]})
    screen.table(counted(len(rows), "product"), COLUMNS, rows)
    return 0


def _row(instrument: Instrument) -> tuple[str | None, ...]:
    return (
        instrument.symbol,
        ProductLine(instrument.line).name.lower(),
        price_text(instrument, 1),
        qty_text(instrument, 1),
        qty_text(instrument, instrument.max_qty_lots) if instrument.max_qty_lots else None,
        instrument.settle_currency,
        instrument.status,
    )
