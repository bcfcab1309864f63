"""`tidings order`, `cancel`, `cancel-all`: orders from the shell, with the checks and errors of a program."""

from __future__ import annotations

import argparse
from typing import Any

from tidings.cli.screen import Screen
from tidings.cli.session_options import add_session_options, session_of
from tidings.model.scale import price_text, qty_text
from tidings.session.order_ticket import OrderTicket
from tidings.session.phemex import Phemex


def add_commands(commands: Any) -> None:
    order = commands.add_parser("order", help="place one order and wait until the venue has it")
    order.add_argument("symbol")
    order.add_argument("side", choices=("buy", "sell"))
    order.add_argument("qty", help="quantity, a decimal number")
    order.add_argument("price", nargs="?", help="limit price; without it a market order")
    order.add_argument(
        "--tif", default="GTC", choices=("GTC", "IOC", "FOK", "PostOnly"), help="time in force (default GTC)"
    )
    order.add_argument("--reduce-only", action="store_true")
    order.add_argument("--stop-px", help="trigger price: the order waits for it")
    order.add_argument(
        "--kind", choices=("stop", "if_touched"), default="stop", help="of a conditional order (default stop)"
    )
    order.add_argument(
        "--trigger", choices=("last", "mark", "index"), default="last", help="which price triggers (default last)"
    )
    add_session_options(order)
    order.set_defaults(run=lambda options: _run(_order, options))

    cancel = commands.add_parser("cancel", help="cancel one order, by the venue's id or by ClOrdID")
    cancel.add_argument("symbol")
    cancel.add_argument("id", help="order id (a UUID) or ClOrdID")
    add_session_options(cancel)
    cancel.set_defaults(run=lambda options: _run(_cancel, options))

    cancel_all = commands.add_parser("cancel-all", help="cancel every order of the symbols, conditional ones included")
    cancel_all.add_argument("symbols", nargs="+", metavar="SYMBOL")
    add_session_options(cancel_all)
    cancel_all.set_defaults(run=lambda options: _run(_cancel_all, options))


def _run(command: Any, options: argparse.Namespace) -> int:
    from tidings.cli.main import run_loop

    return run_loop(command(options, Screen(as_json=options.json)))


async def _order(options: argparse.Namespace, screen: Screen) -> int:
    async with session_of(options) as phemex:
        ticket = _place(phemex, options)
        await ticket.accepted()
        shown = _shown(ticket)
    if screen.as_json:
        screen.json(shown)
    screen.table("Order", tuple(shown), [tuple(shown.values())])
    return 0


def _place(phemex: Phemex, options: argparse.Namespace) -> OrderTicket:
    common = {"qty": options.qty, "reduce_only": options.reduce_only}
    if options.stop_px:
        return phemex.conditional(
            options.symbol,
            options.side,
            kind=options.kind,
            stop_px=options.stop_px,
            price=options.price,
            trigger=options.trigger,
            **common,
        )
    if options.price is None:
        return phemex.market(options.symbol, options.side, **common)
    return phemex.limit(options.symbol, options.side, price=options.price, tif=options.tif, **common)


def _shown(ticket: OrderTicket) -> dict[str, Any]:
    order, instrument = ticket.order, ticket.order.terms.instrument
    return {
        "symbol": order.symbol,
        "side": order.side.name,
        "qty": qty_text(instrument, order.order_qty_lots),
        "price": price_text(instrument, order.price_ticks) if order.price_ticks else None,
        "status": ticket.status.name,
        "cum_qty": qty_text(instrument, order.cum_qty_lots),
        "cl_ord_id": order.cl_ord_id,
        "order_id": order.order_id,
    }


async def _cancel(options: argparse.Namespace, screen: Screen) -> int:
    async with session_of(options) as phemex:
        await phemex.engine.queries.cancel(
            phemex.instrument(options.symbol), options.id, is_hedged=phemex.engine.is_hedged(options.symbol)
        )
    if screen.as_json:
        screen.json({"symbol": options.symbol, "id": options.id, "cancel": "accepted"})
    screen.line(f"the venue accepted the cancel of {options.id} ({options.symbol})")
    return 0


async def _cancel_all(options: argparse.Namespace, screen: Screen) -> int:
    async with session_of(options) as phemex:
        for symbol in options.symbols:
            await phemex.cancel_all(symbol)
            screen.note(f"cancelled everything in {symbol}: working and untriggered orders")
    if screen.as_json:
        screen.json({"symbols": options.symbols, "cancel_all": "accepted"})
    return 0
