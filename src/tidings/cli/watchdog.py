"""`tidings watchdog`: the dead-man's switch as a process. It cancels everything when an engine dies, stalls or is cut
off (docs/watchdog.md).
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson

from tidings.app.links.local_exchange import READY_FILE_VARIABLE
from tidings.cli.event_lines import EventLines
from tidings.cli.screen import Screen
from tidings.cli.session_options import add_session_options, settings_of
from tidings.clock import Clock
from tidings.config import EngineSettings, load_settings
from tidings.errors import ConfigError, UsageError
from tidings.venue.phemex.endpoints import LOCAL
from tidings.watchdog.watchdog import Watchdog

FAILED = 1
LANES_MAX = 16


def add_commands(commands: Any) -> None:
    parser = commands.add_parser(
        "watchdog", help="cancel everything when an engine dies, stalls or is cut off: a process of its own"
    )
    add_session_options(parser)
    parser.add_argument(
        "--engine", metavar="FILE", help="the engine's heartbeat file (default: the one of this venue and key)"
    )
    parser.add_argument(
        "--stall-s", type=float, metavar="S", help="act after this long without a beat, or cut off (default 3)"
    )
    parser.add_argument(
        "--lanes", type=_lane_count, default=4, metavar="N", help="warm connections of its own (default 4)"
    )
    parser.add_argument("--once", action="store_true", help="end with the engine instead of waiting for the next one")
    parser.add_argument("--ready-file", type=Path, metavar="PATH", help="written once cancels could leave at once")
    parser.add_argument(
        "--settings-on-stdin", action="store_true",
        help="read settings, key and secret included, as one JSON object from standard input",
    )  # fmt: skip
    parser.set_defaults(body=_watchdog)


async def _watchdog(options: argparse.Namespace, screen: Screen) -> int:
    """0 when it was stopped or its engine ended well; 1 when something may have been left open."""
    settings = _settings(options)
    lines = EventLines(screen.out, Clock(), as_json=screen.as_json)
    watchdog = Watchdog(settings, lines.tell, lane_count=options.lanes, is_once=options.once)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, watchdog.stop)
    try:
        with _ready_file(options.ready_file) as write_ready:
            return 0 if await watchdog.run(write_ready) else FAILED
    finally:
        lines.close()


def _settings(options: argparse.Namespace) -> EngineSettings:
    if options.settings_on_stdin:
        try:
            told = json.load(sys.stdin)
            return load_settings(**told)
        except (ValueError, TypeError) as error:
            if isinstance(error, ConfigError):
                raise
            raise UsageError("standard input holds no JSON object of settings") from None
    is_local_found = options.exchange or os.environ.get(READY_FILE_VARIABLE)
    if options.env == LOCAL and not is_local_found:
        raise UsageError("name the exchange that the engine trades on: --exchange READY_FILE, or TIDINGS_EXCHANGE")
    return settings_of(options, watchdog_file=options.engine, watchdog_stall_s=options.stall_s)


@contextlib.contextmanager
def _ready_file(path: Path | None) -> Iterator[Callable[[dict[str, object]], None]]:
    """Gives what writes the file, whole and for the owner's eyes only; it is removed at the end."""

    def write(facts: dict[str, object]) -> None:
        if path is None:
            return
        try:
            descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        except OSError as error:
            raise ConfigError(f"cannot write the ready file {path}: {error.strerror}") from None
        with os.fdopen(descriptor, "wb") as file:
            file.write(orjson.dumps(facts) + b"\n")
        Path(name).replace(path)

    try:
        yield write
    finally:
        if path is not None:
            path.unlink(missing_ok=True)


def _lane_count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= LANES_MAX:
        raise argparse.ArgumentTypeError(f"lanes are a number from 1 to {LANES_MAX}, not {text!r}")
    return int(text)
