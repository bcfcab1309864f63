"""`tidings orders`: everything open in the account, whoever placed it."""

from __future__ import annotations

import argparse
from typing import Any

from tidings.cli.screen import Screen, counted
from tidings.cli.session_options import add_session_options, session_of
from tidings.model.scale import price_text, qty_text, quote_qty_text
from tidings.session.phemex import Phemex

COLUMNS = (
    "symbol", "side", "status", "qty", "quote_qty", "filled", "price", "stop_px", "cl_ord_id", "order_id", "placed_by"
)  # fmt: skip


def add_commands(commands: Any) -> None:
    parser = commands.add_parser("orders", help="every open order of the account, of other programs too")
    parser.add_argument("symbols", nargs="*", metavar="SYMBOL", help="only these (default: all)")
    add_session_options(parser)
    parser.set_defaults(body=_orders)


async def _orders(options: argparse.Namespace, screen: Screen) -> int:
    async with session_of(options, journal="none") as phemex:  # it sends none, and an engine may run
        wanted = {phemex.desk.known(symbol).symbol for symbol in options.symbols}
        rows = [row for row in _rows(phemex) if not wanted or row[0] in wanted]
    screen.json({"orders": [dict(zip(COLUMNS, row, strict=True)) for row in rows]})
    screen.table(counted(len(rows), "open order"), COLUMNS, rows)
    return 0


def _rows(phemex: Phemex) -> list[tuple[str | None, ...]]:
    rows: list[tuple[str | None, ...]] = []
    for order in phemex.foreign_orders():
        instrument = phemex.engine.products.find(order.symbol)
        if instrument is None:
            continue
        price, stop_px = (
            price_text(instrument, ticks) if ticks else None for ticks in (order.price_ticks, order.stop_px_ticks)
        )
        qty = None if order.qty_in_quote else qty_text(instrument, order.order_qty_lots)
        quote_qty = quote_qty_text(instrument, order.order_qty_lots) if order.qty_in_quote else None
        filled = qty_text(instrument, order.cum_qty_lots)
        placed_by = "another tidings session" if order.is_of_tidings else "another program, or by hand"
        side = order.side.name.lower() if order.side is not None else None
        rows.append(
            (order.symbol, side, order.ord_status.name, qty, quote_qty, filled, price, stop_px, order.cl_ord_id,
             order.order_id, placed_by)
        )  # fmt: skip
    return sorted(rows, key=lambda row: (row[0] or "", row[9] or ""))
