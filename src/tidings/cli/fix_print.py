"""`tidings fix-print`: the FIX messages of a capture or a log, with field names and meanings."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from tidings.cli.screen import Screen
from tidings.cli.session_options import add_json_option
from tidings.errors import UsageError

STDIN = "-"


def add_commands(commands: Any) -> None:
    parser = commands.add_parser(
        "fix-print", help="FIX messages of a file or stdin, with field names and meanings",
        description="Reads captured bytes, or a log with one message in a line and SOH written as | or ^A. Passwords"
        " are not shown. Exit code 1 if a message is garbled, or there is none.",
    )  # fmt: skip
    parser.add_argument("file", nargs="?", default=STDIN, metavar="FILE", help="- (the default): stdin")
    add_json_option(parser)
    parser.set_defaults(body=_print)


def _print(options: argparse.Namespace, screen: Screen) -> int:
    from tidings.fix.pretty import find_messages, printed  # the dictionary is no other command's business
    from tidings.fix.reader import FixReader

    reader = FixReader()
    messages = [printed(reader, data) for data in find_messages(_read(options.file))]
    if not messages:
        raise UsageError(f"no FIX message in {'stdin' if options.file == STDIN else options.file}")
    garbled = sum(bool(message.fault) for message in messages)
    screen.json({"messages": [message.as_json() for message in messages], "garbled": garbled})
    for message in messages:
        for line in message.lines():
            screen.line(line)
        screen.line()
    if garbled:
        screen.complain("tidings fix-print", f"{garbled} of {len(messages)} messages are garbled")
    return 1 if garbled else 0


def _read(file: str) -> bytes:
    if file == STDIN:
        return sys.stdin.buffer.read()
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from error
