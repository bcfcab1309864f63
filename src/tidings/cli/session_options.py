"""Options that commands share, and the session or the plain questions they describe."""

from __future__ import annotations

import argparse
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from tidings.app.engine import Engine, engine_for
from tidings.config import EngineSettings, load_settings
from tidings.errors import ConfigError, UsageError
from tidings.session.phemex import Phemex, connect
from tidings.venue.phemex.endpoints import API_KEY_VARIABLE, API_SECRET_VARIABLE, ENVIRONMENTS, LOCAL


def add_session_options(parser: argparse.ArgumentParser) -> None:
    """--env, --exchange, --account, --secret-encoding, --json."""
    add_env_option(parser)
    parser.add_argument(
        "--exchange",
        metavar="READY_FILE",
        help="local: a running `tidings exchange`, by its ready file (default: TIDINGS_EXCHANGE, else one is started"
        " for as long as the command runs)",
    )
    parser.add_argument(
        "--account", type=int, default=0, metavar="N", help="local: which of its funded accounts (default 0)"
    )
    parser.add_argument(
        "--secret-encoding", choices=("raw", "base64url"), default="raw",
        help="how the API secret is read (default raw; `tidings doctor` tries both)",
    )  # fmt: skip
    add_json_option(parser)


def add_env_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--env", choices=ENVIRONMENTS, default=LOCAL,
        help="where to trade (default local: the exchange that ships with tidings; live only when named)",
    )  # fmt: skip


def add_json_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout, everything else on stderr")


def add_free_option(parser: argparse.ArgumentParser) -> None:
    """--free-mb, of what records."""
    parser.add_argument(
        "--free-mb", type=_mebibytes, metavar="N",
        help="a recording pauses while the disk has less room than this (default 256)",
    )  # fmt: skip


def _mebibytes(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"expected a whole number of MiB, 0 or more: was {text!r}")
    return int(text)


def session_of(options: argparse.Namespace, **settings: Any) -> Phemex:
    """The trading session the options describe. Raises ConfigError, also when there is no key to trade with."""
    phemex = connect(options.env, **_choices(options), **settings)
    check_key(phemex.engine.settings)
    return phemex


@asynccontextmanager
async def questions_of(
    options: argparse.Namespace, *, need_key: bool = True, **settings: Any
) -> AsyncIterator[Engine]:
    """The engine as far as questions and settings need it: no order lanes, no streams, quickly there."""
    engine = engine_for(options.env, **_choices(options), **settings)
    if need_key:
        check_key(engine.settings)
    await engine.reach_venue()
    try:
        yield engine
    finally:
        await engine.stop()


def settings_of(options: argparse.Namespace, **settings: Any) -> EngineSettings:
    """The settings the options describe, for whoever opens connections of their own."""
    return load_settings(options.env, **_choices(options), **settings)


def _choices(options: argparse.Namespace) -> dict[str, Any]:
    if options.env != LOCAL and (options.exchange or options.account):
        raise UsageError(f"--exchange and --account choose a local exchange and its account, not one of {options.env}")
    return {
        "account": options.account,
        "exchange": options.exchange,
        "secret_encoding": options.secret_encoding,
    }


def check_key(settings: EngineSettings) -> None:
    """Raise ConfigError where there is no key to trade with."""
    if settings.env != LOCAL and settings.api_key is None:
        raise ConfigError(f"no key for {settings.env}: set {API_KEY_VARIABLE} and {API_SECRET_VARIABLE}")
