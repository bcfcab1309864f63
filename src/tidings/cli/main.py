"""`tidings COMMAND`: arguments, dispatch, and how every command ends.

Exit codes: 0 done; 1 it failed, the message says why and what to do; 2 wrong usage or a bad argument, nothing was sent;
3 an order ended, filled in part; 130 interrupted. With --json stdout holds one object, also when a command fails:
{"error": …}; everything else goes to stderr. Nothing global is changed: no logging set-up, no loop policy, no signal
handler stays behind.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import logging
import sys
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from tidings.cli.screen import Screen
from tidings.errors import TidingsError, UsageError
from tidings.exchange.command_parser import CommandParser, WrongUsage

FAILED, WRONG_USAGE, INTERRUPTED = 1, 2, 130
# Modules of this room.
COMMANDS = (
    *("demo", "exchange", "products", "orders", "open_orders", "positions", "journal", "explain", "doctor"),
    *("watchdog", "kill", "gateway", "fix_print", "fix_order", "fix_dictionary"),
    *("run", "record", "recording", "replay", "export", "plot", "backfill"),
)
ALONE = ("exchange",)  # needs nothing of the others, and need not wait for the engine to be loaded


def make_parser(modules: Sequence[str] = COMMANDS) -> argparse.ArgumentParser:
    """The whole command line, or what some modules of this room add to it."""
    parser = CommandParser(
        prog="tidings",
        description="Low-latency order entry for Phemex, and a local exchange to trade on.",
        epilog="Exit codes: 0 done, 1 failed, 2 wrong usage (nothing was sent), 3 an order ended filled in part,"
        " 130 interrupted. Keys: PHEMEX_API_KEY"
        " and PHEMEX_API_SECRET. `tidings demo` shows everything at work, without a key.",
    )
    parser.add_argument("--version", action="version", version=f"tidings {_version()}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name in modules:
        importlib.import_module(f"tidings.cli.{name}").add_commands(commands)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and give its exit code. Wrong usage raises SystemExit(2), as argparse does."""
    try:
        words = sys.argv[1:] if arguments is None else arguments
        modules = ALONE if tuple(words[:1]) == ALONE else COMMANDS
        options = _parsed(words, modules)  # loads the engine: an interrupt may come here already
        return _end_well(options, Screen(as_json=options.json))
    except KeyboardInterrupt:
        sys.stderr.write("\ninterrupted\n")
        return INTERRUPTED
    except BrokenPipeError:  # whoever read our output has left, as `head` does
        with suppress(OSError):
            sys.stdout.close()  # else the interpreter tries to flush it once more
        return FAILED


def _parsed(words: Sequence[str], modules: Sequence[str]) -> argparse.Namespace:
    """Raises SystemExit; with --json what is wrong is an object on stdout too."""
    try:
        return make_parser(modules).parse_args(words)
    except WrongUsage as wrong:
        if "--json" in words:
            screen = Screen(as_json=True)
            screen.json({"error": {"type": UsageError.__name__, "message": wrong.message}})
            screen.flush()
        raise


def _end_well(options: argparse.Namespace, screen: Screen) -> int:
    """Run the command; its errors become a line and an exit code."""
    try:
        code = _run(options, screen)
        screen.flush()
    except TidingsError as error:
        screen.error(f"tidings {options.command}", error)
        return WRONG_USAGE if isinstance(error, UsageError) else FAILED
    return code


def _run(options: argparse.Namespace, screen: Screen) -> int:
    """A command's `body` is a coroutine function, or, for the exchange, a process of its own making."""
    if not asyncio.iscoroutinefunction(options.body):
        code: int = options.body(options, screen)
        return code
    from tidings.net.event_loop import run

    with _warnings_on_stderr():
        return run(_coroutine(options, screen))


def _coroutine(options: argparse.Namespace, screen: Screen) -> Coroutine[Any, Any, int]:
    body: Callable[[argparse.Namespace, Screen], Coroutine[Any, Any, int]] = options.body
    return body(options, screen)


def _version() -> str:
    version: str = importlib.import_module("tidings").__version__  # the one thing the front door says of itself
    return version


@contextmanager
def _warnings_on_stderr() -> Iterator[None]:
    """Show the engine's warnings (a stream that reconnects, a price that is missing) while a command runs."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setLevel(logging.WARNING)
    handler.setFormatter(logging.Formatter("%(name)s: %(message)s"))
    logger = logging.getLogger("tidings")
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
