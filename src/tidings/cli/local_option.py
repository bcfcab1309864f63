"""The option of commands that have nothing to do elsewhere than here."""

from __future__ import annotations

import argparse

from tidings.venue.phemex.endpoints import LOCAL


def add_local_option(parser: argparse.ArgumentParser) -> None:
    """--env: they take the word, and no other."""
    parser.add_argument("--env", choices=(LOCAL,), default=LOCAL, help="local by nature: there is no other")
