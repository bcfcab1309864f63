"""`tidings gateway`: a FIX 4.4 acceptor in front of the engine (docs/fix.md)."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from tidings.app.links.local_exchange import READY_FILE_VARIABLE, ExchangeProcess
from tidings.cli.gateway_admin import add_questions
from tidings.cli.screen import Screen
from tidings.cli.session_options import add_env_option, add_json_option
from tidings.errors import ConfigError, UsageError
from tidings.exchange.ready_file import ready_file_with, remove_stale
from tidings.fix_gateway.config import read_config
from tidings.fix_gateway.gateway import Gateway
from tidings.session.phemex import connect
from tidings.venue.phemex.endpoints import LOCAL


def add_commands(commands: Any) -> None:
    parser = commands.add_parser("gateway", help="a FIX 4.4 acceptor: QuickFIX and others trade through the engine")
    parser.add_argument("--config", type=Path, metavar="FILE", help="serve: TOML with [listen] and [[session]]s")
    add_env_option(parser)
    parser.add_argument(
        "--exchange", metavar="READY_FILE",
        help="local: a running `tidings exchange` (default: TIDINGS_EXCHANGE, else one is started)",
    )  # fmt: skip
    parser.add_argument("--ready-file", type=Path, metavar="PATH", help="written whole once clients can connect")
    add_json_option(parser)
    parser.set_defaults(body=_gateway)
    add_questions(parser)


async def _gateway(options: argparse.Namespace, screen: Screen) -> int:
    """Serve until SIGTERM or SIGINT; then everybody is logged out, and the exit code is 0."""
    if options.config is None:
        raise UsageError("--config FILE is needed to serve; to ask a gateway that runs: status, sessions or reset-seq")
    remove_stale(options.ready_file)  # whoever waits for the file must not find one of a gateway that was killed
    config = read_config(options.config)
    if options.env != LOCAL and options.exchange:
        raise UsageError(f"--exchange names a local exchange, and not one of {options.env}")
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    async with _exchange(options) as (choice, exchange), Gateway(config, connect, options.env, **choice) as gateway:
        ready = {"fix": f"{config.listen.host}:{gateway.port}", "exchange": exchange, "pid": os.getpid()}
        line = json.dumps(ready)
        with ready_file_with(line, options.ready_file):
            sys.stdout.write(line + "\n")
            sys.stdout.flush()
            await stop.wait()
    return 0


@contextlib.asynccontextmanager
async def _exchange(options: argparse.Namespace) -> AsyncIterator[tuple[dict[str, Any], Any]]:
    """Which exchange `connect` is told of, and its ready object; one of our own where none is named."""
    if options.env != LOCAL:
        yield {}, None
        return
    named = options.exchange or os.environ.get(READY_FILE_VARIABLE)
    if named:
        yield {"exchange": named}, _ready_object(named)
        return
    process = ExchangeProcess()
    await process.start()
    try:
        yield {"exchange": process.ready_file}, _ready_object(process.ready_file)
    finally:
        await process.stop()


def _ready_object(path: str) -> Any:
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} is no ready file of a running `tidings exchange`: {error}") from None
