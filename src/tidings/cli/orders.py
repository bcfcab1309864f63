"""`tidings order`, `cancel`, `cancel-all`: orders from the shell, with the checks and errors of a program."""

from __future__ import annotations

import argparse
import asyncio
import os
from contextlib import suppress
from typing import Any

from tidings.app.engine import Engine
from tidings.app.links.local_exchange import READY_FILE_VARIABLE
from tidings.cli.order_options import add_order_options, check_order_options, place
from tidings.cli.order_outcome import how_it_went, may_rest
from tidings.cli.screen import Screen
from tidings.cli.session_options import add_session_options, questions_of, session_of
from tidings.errors import TidingsError
from tidings.model.instrument import Instrument
from tidings.model.scale import price_text, qty_text
from tidings.session.order_ticket import OrderTicket
from tidings.venue.phemex.endpoints import LOCAL
from tidings.venue.phemex.products import parse_products

BOOK_SETTLE_S = 0.05  # an order and its first executions or its cancel come in one message, or close
OUTCOME_LIMIT_S = 1.0  # for the first executions of an order that does not rest, and for cancels to take effect
LOOKS = 10


def add_commands(commands: Any) -> None:
    _add_order(commands)
    cancel = commands.add_parser("cancel", help="cancel one order, by the venue's id or by ClOrdID")
    cancel.add_argument("symbol", metavar="SYMBOL")
    cancel.add_argument("id", metavar="ID", help="order id (a UUID) or ClOrdID")
    add_session_options(cancel)
    cancel.set_defaults(body=_cancel)

    cancel_all = commands.add_parser("cancel-all", help="cancel every order of the symbols, conditional ones included")
    cancel_all.add_argument("symbols", nargs="+", metavar="SYMBOL")
    add_session_options(cancel_all)
    cancel_all.set_defaults(body=_cancel_all)


def _add_order(commands: Any) -> None:
    order = commands.add_parser(
        "order", help="place one order and wait until the venue has it",
        epilog="Exit codes: 0 it rests, waits for its trigger or has filled; 1 it was refused, ended without a fill (a"
        " post-only order that would have traded, an IOC or FOK that found nothing), or nobody knows; 2 wrong usage,"
        " nothing was sent; 3 it ended filled in part.",
    )  # fmt: skip
    add_order_options(order)
    add_session_options(order)
    order.set_defaults(body=_order)


async def _order(options: argparse.Namespace, screen: Screen) -> int:
    """0 when it rests, waits or has filled; else what is missing is said."""
    check_order_options(options)
    async with session_of(options, journal="none") as phemex:  # who asked waits for the answer, and may run an engine
        ticket = await place(phemex, options).accepted()
        with suppress(TimeoutError):  # what it shows then is what is known by now
            await asyncio.wait_for(_outcome(ticket), OUTCOME_LIMIT_S)
        if ticket.is_done:
            await ticket.done()  # raises what the book refused
        code, reason = how_it_went(ticket.order)
        shown = _shown(ticket) | {"reason": reason or None}
    screen.json(shown)
    del shown["reason"]
    screen.table("Order", tuple(shown), [tuple(shown.values())])
    if code:
        screen.complain("tidings order", f"order {ticket.cl_ord_id} {reason}")
    if options.env == LOCAL and not (options.exchange or os.environ.get(READY_FILE_VARIABLE)):
        screen.note("The exchange was this command's own and has ended: keep one with `tidings exchange --ready-file`.")
    return code


async def _outcome(ticket: OrderTicket) -> None:
    """Wait for the book's word: an accepted order may have filled, or crossed and been cancelled, a moment later."""
    if not may_rest(ticket.order):
        await ticket.done()
        return
    while not ticket.order.streamed_ns:
        await asyncio.sleep(0.005)
    await asyncio.sleep(BOOK_SETTLE_S)


def _shown(ticket: OrderTicket) -> dict[str, Any]:
    order, instrument = ticket.order, ticket.order.terms.instrument
    return {
        "symbol": order.symbol,
        "side": order.side.name.lower(),
        "qty": qty_text(instrument, order.order_qty_lots),
        "price": price_text(instrument, order.price_ticks) if order.price_ticks else None,
        "stop_px": price_text(instrument, order.stop_px_ticks) if order.stop_px_ticks else None,
        "status": ticket.status.name,
        "cum_qty": qty_text(instrument, order.cum_qty_lots),
        "avg_px": f"{ticket.avg_px:.8f}" if ticket.avg_px else None,
        "cl_ord_id": order.cl_ord_id,
        "order_id": order.order_id,
    }


async def _cancel(options: argparse.Namespace, screen: Screen) -> int:
    async with session_of(options, journal="none") as phemex:
        instrument = phemex.desk.known(options.symbol)
        is_hedged = phemex.engine.is_hedged(options.symbol)
        await phemex.engine.queries.cancel(instrument, options.id, is_hedged=is_hedged)
    screen.json({"symbol": options.symbol, "id": options.id, "cancel": "accepted"})
    screen.line(f"{options.symbol}: the venue accepted the cancel of {options.id}")
    return 0


async def _cancel_all(options: argparse.Namespace, screen: Screen) -> int:
    """Asks the venue afterwards: 0 only if nothing is left."""
    left: dict[str, int] = {}
    async with questions_of(options) as engine:
        products = parse_products(await engine.queries.products())
        instruments = [products.known(symbol) for symbol in options.symbols]  # all of them before anything is done
        await _cancel_each(engine, instruments, screen)
        for instrument in instruments:
            left[instrument.symbol] = await _left_open(engine, instrument)
    screen.json({"symbols": options.symbols, "left": left})
    for symbol, count in left.items():
        screen.line(f"{symbol}: cancelled, working and untriggered orders; {count or 'nothing'} left open")
    return 1 if any(left.values()) else 0


async def _cancel_each(engine: Engine, instruments: list[Instrument], screen: Screen) -> None:
    """Every symbol is asked for, whatever becomes of the others. Tells which failed, and raises the first error."""
    problem: TidingsError | None = None
    for instrument in instruments:
        try:
            await engine.queries.cancel_all(instrument)
        except TidingsError as error:
            screen.note(f"{instrument.symbol}: not cancelled, or not all of it: {error}")
            problem = problem or error
    if problem is not None:
        raise problem


async def _left_open(engine: Engine, instrument: Instrument) -> int:
    """Open orders once the cancels have taken effect: the venue's answer comes before its book's."""
    for look in range(LOOKS):
        count = len(await engine.queries.open_orders(instrument))
        if count == 0:
            return 0
        if look < LOOKS - 1:
            await asyncio.sleep(OUTCOME_LIMIT_S / LOOKS)
    return count
