"""Options that every trading command shares, and the session they describe."""

from __future__ import annotations

import argparse
from typing import Any

from tidings.session.phemex import Phemex, connect


def add_session_options(parser: argparse.ArgumentParser) -> None:
    """--env, --exchange, --account, --json."""
    parser.add_argument(
        "--env",
        choices=("local", "testnet", "live", "vip"),
        default="local",
        help="where to trade (default local: the exchange that ships with tidings; live only when named)",
    )
    parser.add_argument(
        "--exchange",
        metavar="READY_FILE",
        help="a running `tidings exchange`, by its ready file (default: TIDINGS_EXCHANGE, else one is started)",
    )
    parser.add_argument(
        "--account", type=int, default=0, metavar="N", help="which of the local exchange's funded accounts (default 0)"
    )
    parser.add_argument(
        "--secret-encoding",
        choices=("raw", "base64url"),
        default="raw",
        help="how the API secret is to be read (default raw)",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")


def session_of(options: argparse.Namespace, **settings: Any) -> Phemex:
    """The session the options describe; keys come from PHEMEX_API_KEY and PHEMEX_API_SECRET."""
    return connect(
        options.env,
        account=options.account,
        exchange=options.exchange,
        secret_encoding=options.secret_encoding,
        **settings,
    )
