"""`tidings exchange`: the local Phemex as a server.

The command itself lives in the exchange room, which knows nothing of ours.
"""

from __future__ import annotations

import argparse
from typing import Any

from tidings.cli.local_option import add_local_option
from tidings.cli.screen import Screen
from tidings.exchange.arguments import add_arguments
from tidings.exchange.command import run as run_exchange


def add_commands(commands: Any) -> None:
    parser = commands.add_parser(
        "exchange", help="run the local exchange: HTTPS and WSS on one port, funded accounts, seeded flow"
    )
    add_arguments(parser)
    add_local_option(parser)
    parser.set_defaults(body=_exchange)


def _exchange(options: argparse.Namespace, screen: Screen) -> int:
    return run_exchange(options)
