"""`tidings COMMAND`: arguments and dispatch.

Exit codes: 0 done, 1 it failed (the message says why and what to do), 2 wrong usage.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Coroutine, Sequence
from typing import Any

from tidings.cli import account, demo, doctor, exchange, orders, products
from tidings.errors import TidingsError

COMMANDS = (demo, exchange, products, orders, account, doctor)


def make_parser() -> argparse.ArgumentParser:
    """The whole command line; each module of this room adds its commands."""
    from tidings import __version__

    parser = argparse.ArgumentParser(
        prog="tidings",
        description="Low-latency order entry for Phemex, and a local exchange to trade on.",
        epilog="Exit codes: 0 done, 1 failed, 2 wrong usage. `tidings demo` shows everything at work, without a key.",
    )
    parser.add_argument("--version", action="version", version=f"tidings {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for module in COMMANDS:
        module.add_commands(commands)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and give its exit code."""
    options = make_parser().parse_args(arguments)
    try:
        result: int = options.run(options)
    except TidingsError as error:
        sys.stderr.write(f"tidings {options.command}: {error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("\n")
        return 130
    return result


def run_loop(work: Coroutine[Any, Any, int]) -> int:
    """Run on uvloop where it is installed, else on asyncio."""
    try:
        import uvloop
    except ImportError:
        return asyncio.run(work)
    return uvloop.run(work)


if __name__ == "__main__":
    sys.exit(main())
