"""The options of `tidings order`, and the order they describe; what would be ignored is refused, and nothing sent."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

from tidings.errors import UsageError
from tidings.model.enums import ProductLine
from tidings.session.order_ticket import OrderTicket
from tidings.session.phemex import Phemex


def add_order_options(order: argparse.ArgumentParser) -> None:
    """Declare them; whether they fit together is asked of `check_order_options`."""
    order.add_argument("symbol", metavar="SYMBOL")
    order.add_argument("side", choices=("buy", "sell"))
    order.add_argument("qty", metavar="QTY", help="contracts on COIN-M, else an amount of the base currency")
    order.add_argument("price", metavar="PRICE", nargs="?", help="limit price; without it a market order")
    order.add_argument("--tif", choices=("GTC", "IOC", "FOK", "PostOnly"), help="time in force of a limit order")
    order.add_argument("--reduce-only", action="store_true", help="only make a position smaller")
    order.add_argument("--pos-side", choices=("merged", "long", "short"), help="which position, in hedged mode")
    order.add_argument("--take-profit", metavar="PRICE", help="trigger price of an attached take-profit order")
    order.add_argument("--stop-loss", metavar="PRICE", help="trigger price of an attached stop-loss order")
    order.add_argument("--stop-px", metavar="PRICE", help="trigger price: the order waits for it")
    order.add_argument(
        "--kind", choices=("stop", "if_touched"),
        help="with --stop-px: the price moves against us (stop, the default) or in our favour",
    )  # fmt: skip
    order.add_argument(
        "--trigger", choices=("last", "mark", "index"), help="with --stop-px: which price triggers (default last)"
    )
    order.add_argument("--close-on-trigger", action="store_true", help="with --stop-px: only close a position")


def check_order_options(options: argparse.Namespace) -> None:
    """Raise UsageError for an option that says nothing beside the others: who wrote it meant another order."""
    if options.stop_px is None and (waiting := list(_waiting_options(options))):
        at_once = "at the market at once" if options.price is None else "as a plain limit order"
        raise UsageError(f"{', '.join(waiting)} needs --stop-px PRICE: without it the order would go out {at_once}")
    if options.price is None and options.tif is not None:
        raise UsageError(
            f"--tif {options.tif} needs a limit PRICE: a market order takes what it finds and never rests"
        )


def place(phemex: Phemex, options: argparse.Namespace) -> OrderTicket:
    """Send it. Raises UsageError, OrderDenied."""
    if options.pos_side is not None and phemex.instrument(options.symbol).line == ProductLine.SPOT:
        raise UsageError(f"{options.symbol}: --pos-side is for contracts: spot has no positions")
    words: dict[str, Any] = {"qty": options.qty, "reduce_only": options.reduce_only, "pos_side": options.pos_side}
    numbers = {"take_profit": options.take_profit, "stop_loss": options.stop_loss, "tif": options.tif}
    words |= {name: value for name, value in numbers.items() if value is not None}
    if options.stop_px is not None:
        return phemex.conditional(
            options.symbol,
            options.side,
            kind=options.kind or "stop",
            stop_px=options.stop_px,
            price=options.price,
            trigger=options.trigger or "last",
            close_on_trigger=options.close_on_trigger,
            **words,
        )
    if options.price is None:
        return phemex.market(options.symbol, options.side, **words)
    return phemex.limit(options.symbol, options.side, price=options.price, **words)


def _waiting_options(options: argparse.Namespace) -> Iterator[str]:
    """Those given that speak of an order that waits for a trigger price."""
    if options.kind is not None:
        yield f"--kind {options.kind}"
    if options.trigger is not None:
        yield f"--trigger {options.trigger}"
    if options.close_on_trigger:
        yield "--close-on-trigger"
