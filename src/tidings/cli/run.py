"""`tidings run FILE.py`: the strategies of a file, on the local exchange unless another place is named."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys
import time
from pathlib import Path
from typing import Any

from tidings.app.strategies.strategy_group import names_of
from tidings.cli.record_progress import shortfall_of, tally_of
from tidings.cli.screen import Screen
from tidings.cli.session_options import add_free_option, add_session_options, session_of
from tidings.cli.stop_signals import stop_signals, unless_stopped
from tidings.cli.strategy_file import choose_symbols, load_strategies, told_as_its_own
from tidings.engine.strategy import Strategy
from tidings.errors import UnknownSymbol
from tidings.model.position import Position
from tidings.model.scale import qty_text
from tidings.session.phemex import Phemex

EVENTS = ("submitted", "denied", "ack", "fill", "amend", "cancel", "reject", "unknown", "unsent")
TIMER_MS_MAX = 3_600_000
NOTHING = {"strategies": [], "seconds": 0.0, "events": dict.fromkeys(EVENTS, 0), "denials": {}, "open_orders": 0}


def add_commands(commands: Any) -> None:
    parser = commands.add_parser(
        "run", help="runs the strategies of a Python file (docs/strategies.md)",
        epilog="Exceptions in callbacks are told and counted; the exit code is 0 all the same.",
    )  # fmt: skip
    parser.add_argument("file", type=Path, metavar="FILE.py", help="defines classes that derive from tidings.Strategy")
    parser.add_argument("--symbols", nargs="+", metavar="SYMBOL", help="to follow (default: the strategies' `symbols`)")
    parser.add_argument("--seconds", type=_seconds, metavar="N", help="default: until SIGINT or SIGTERM")
    parser.add_argument("--timer-ms", type=_timer_ms, default=100, metavar="N", help="between on_timers (default 100)")
    parser.add_argument("--record", metavar="DIR", help="record what comes and what is done, for `tidings replay`")
    add_free_option(parser)
    parser.add_argument(
        "--leave-orders", action="store_true", help="leave open orders at the end (default: they are cancelled)"
    )
    add_session_options(parser)
    parser.set_defaults(body=_run)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"expected a number of seconds above 0: was {text!r}")
    return seconds


def _timer_ms(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= TIMER_MS_MAX:
        raise argparse.ArgumentTypeError(f"expected 1 to {TIMER_MS_MAX} milliseconds: was {text!r}")
    return int(text)


async def _run(options: argparse.Namespace, screen: Screen) -> int:
    """What a strategy's file prints, as it is loaded and to the last report, is no part of the object."""
    with contextlib.redirect_stdout(sys.stderr) if options.json else contextlib.nullcontext():
        return await _run_strategies(options, screen)


async def _run_strategies(options: argparse.Namespace, screen: Screen) -> int:
    strategies = load_strategies(options.file)
    symbols = choose_symbols(strategies, options.symbols)
    settings: dict[str, Any] = {"on_stop": "leave" if options.leave_orders else "cancel"}
    if options.record:
        settings |= {"record": options.record, "record_free_mb": options.free_mb}
    session = session_of(options, **settings)
    names = _names(strategies)
    with stop_signals() as told:
        phemex = await unless_stopped(told, _begin(session, symbols))
        if phemex is None:
            screen.json({"env": options.env, "symbols": symbols, **NOTHING})
            screen.complain("tidings run", "stopped before a strategy was started; nothing was sent")
            return 0
        screen.note(f"{', '.join(names)} on {options.env}: {', '.join(symbols)}")
        started_s = time.monotonic()
        try:
            with told_as_its_own(options.file, screen):
                await _until_told(told, phemex, strategies, options)
            seconds = time.monotonic() - started_s
        finally:
            await phemex.__aexit__(None, None, None)
        _show(screen, _report(phemex, strategies, symbols, options, seconds))
    return 0


def _names(strategies: list[Strategy]) -> list[str]:
    """The name of each, as its orders go by it. Raises UsageError when two have the same."""
    return [name or type(one).__name__ for name, one in zip(names_of(strategies), strategies, strict=True)]


async def _begin(session: Phemex, symbols: list[str]) -> Phemex:
    """Connected and subscribed, or closed again."""
    phemex = await session.__aenter__()
    try:
        await phemex.subscribe(*symbols)
    except BaseException:
        await phemex.__aexit__(None, None, None)
        raise
    return phemex


async def _until_told(
    told: asyncio.Event, phemex: Phemex, strategies: list[Strategy], options: argparse.Namespace
) -> None:
    """For so many seconds, or until a signal: both are ends in order. Raises what an on_start raises."""
    run = asyncio.ensure_future(phemex.run(strategies, seconds=options.seconds, timer_ms=options.timer_ms))
    waiting = asyncio.ensure_future(told.wait())
    try:
        await asyncio.wait({run, waiting}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()
        run.cancel()
        (ended,) = await asyncio.gather(run, return_exceptions=True)
    if isinstance(ended, Exception):
        raise ended


def _report(
    phemex: Phemex, strategies: list[Strategy], symbols: list[str], options: argparse.Namespace, seconds: float
) -> dict[str, Any]:
    entry, engine = phemex.entry, phemex.engine
    return {
        "env": options.env,
        "symbols": symbols,
        "strategies": _names(strategies),
        "seconds": round(seconds, 3),
        "events": {name: getattr(entry, f"{name}_count") for name in EVENTS},
        "denials": {reason.name: count for reason, count in entry.denials().items()},
        "positions": {position.symbol: _held(phemex, position) for position in phemex.positions()},
        "open_orders": len(phemex.open_orders()),
        "strategy_errors": engine.strategy_error_count,
        "latency_us": {name: marks["p50"] for name, marks in engine.stages.latency_us().items()},
        "recording": options.record,
        "recorded": tally_of(engine, seconds) if engine.recording is not None else None,
    }


def _held(phemex: Phemex, position: Position) -> str:
    """In words of its grid, unless that has gone from the catalogue meanwhile."""
    try:
        return qty_text(phemex.desk.known(position.symbol), position.net_qty_lots)
    except UnknownSymbol:
        return f"{position.net_qty_lots} lots"


def _show(screen: Screen, report: dict[str, Any]) -> None:
    screen.json(report)
    counted = [f"{count} {name}" for name, count in report["events"].items() if count]
    screen.line(f"{report['seconds']:.1f} s: {', '.join(counted) or 'no orders'}; {report['open_orders']} left open")
    if report["denials"]:
        screen.line(f"denied: {', '.join(f'{count} {reason}' for reason, count in report['denials'].items())}")
    for symbol, qty in report["positions"].items():
        screen.line(f"held: {qty} {symbol}")
    if report["strategy_errors"]:
        screen.line(f"{report['strategy_errors']} exceptions in callbacks: see above")
    if report["recording"]:
        shortfall = shortfall_of(report["recorded"])
        screen.line(f"recorded{', not whole' if shortfall else ''}: `tidings replay {report['recording']}`")
        if shortfall:
            screen.complain("tidings run", f"{report['recording']}: {shortfall}")
