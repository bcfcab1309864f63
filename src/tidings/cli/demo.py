"""`tidings demo`: the main job. A local exchange in its own process, a quoting strategy on all three product lines,
and an honest account.

At the end every order and position we believe in is compared with the exchange's own dump. Exit 1 on any difference,
on an order left open, or when a product line had no ack, fill, amend or cancel.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from typing import Any

from tidings.app.links.local_exchange import ExchangeProcess
from tidings.cli.demo_check import Mismatch, compare_with_exchange
from tidings.cli.demo_progress import showing_progress
from tidings.cli.demo_quoter import Quoter
from tidings.cli.demo_report import Tally, shortcomings, show_report
from tidings.cli.local_option import add_local_option
from tidings.cli.screen import Screen
from tidings.cli.session_options import add_json_option
from tidings.session.phemex import Phemex, connect

SIZES = {"BTCUSD": "20", "BTCUSDT": "0.002", "sBTCUSDT": "0.001"}  # contracts, BTC, BTC: one of each product line
SECONDS_MAX = 86_400
SETTLE_LIMIT_S = 10.0  # for cancels to come back and the last reports to arrive; milliseconds on an idle machine
SETTLE_LOOK_S = 0.05


def add_commands(commands: Any) -> None:
    parser = commands.add_parser(
        "demo", help="trade on a local exchange and compare every order with it: no key, no internet"
    )
    parser.add_argument("--seconds", type=_seconds, default=20.0, metavar="N", help="how long to quote (default 20)")
    parser.add_argument("--seed", type=int, default=1, help="seed of the exchange's background flow (default 1)")
    parser.add_argument("--record", metavar="DIR", help="record what comes and what is done, for `tidings replay`")
    add_local_option(parser)
    add_json_option(parser)
    parser.set_defaults(body=_demo)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 1 <= seconds <= SECONDS_MAX:
        raise argparse.ArgumentTypeError(f"expected 1 to {SECONDS_MAX} seconds: was {text!r}")
    return seconds


async def _demo(options: argparse.Namespace, screen: Screen) -> int:
    process = ExchangeProcess("--seed", str(options.seed))
    screen.note("starting the local exchange …")
    try:
        ready = await process.start()
        async with connect("local", exchange=process.ready_file, record=options.record) as phemex:
            screen.note(f"connected over TLS to {ready.rest_url}: quoting {', '.join(SIZES)} for {options.seconds:g} s")
            quoter = Quoter(SIZES)
            tally = Tally(phemex, quoter)
            started_s = time.monotonic()
            await phemex.subscribe(*SIZES)
            async with showing_progress(screen, tally, options.seconds):
                await phemex.run(quoter, seconds=options.seconds)
            seconds = time.monotonic() - started_s
            screen.note("cancelling what is open, comparing every order and position with the exchange …")
            await _cancel_open(phemex)
            mismatches = await _settled(phemex, ready)
            report = tally.report(seconds, len(mismatches))
    finally:
        await process.stop()
    if options.record:
        screen.note(f"recorded: `tidings replay {options.record}`, `tidings plot {options.record}`")
    return _finish(screen, report, mismatches)


async def _cancel_open(phemex: Phemex) -> None:
    """Cancel by handle; who is still there when half the time is up is swept by cancel-all."""
    deadline_s = time.monotonic() + SETTLE_LIMIT_S / 2
    while (left := phemex.open_orders()) and time.monotonic() < deadline_s:
        for order in left:
            if not order.is_cancel_pending:
                phemex.cancel(order.handle)
        await asyncio.sleep(SETTLE_LOOK_S)
    for symbol in {order.symbol for order in left}:
        await phemex.cancel_all(symbol)


async def _settled(phemex: Phemex, ready: Any) -> list[Mismatch]:
    """The differences that stay once the streams are quiet: a report may still be on its way at the first look."""
    deadline_s = time.monotonic() + SETTLE_LIMIT_S
    while True:
        mismatches = await compare_with_exchange(phemex, ready)
        if not (mismatches or phemex.open_orders()) or time.monotonic() > deadline_s:
            return mismatches
        await asyncio.sleep(SETTLE_LOOK_S)


def _finish(screen: Screen, report: dict[str, Any], mismatches: list[Mismatch]) -> int:
    show_report(screen, report)
    failures = [f"MISMATCH {mismatch}" for mismatch in mismatches] + shortcomings(report)
    for failure in failures:
        screen.note(f"demo: {failure}")
    if failures:
        screen.note("The demo did NOT pass.")
        return 1
    screen.note("Every order, position and wallet agrees with the exchange.")
    return 0
