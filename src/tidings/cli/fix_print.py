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
        description="Reads captured bytes, a gateway's message log, or a log with one message in a line and SOH written"
        " as | or ^A. Passwords are not shown. Exit code 1: a message is garbled; 2: there is none.",
    )  # fmt: skip
    parser.add_argument("file", nargs="?", default=STDIN, metavar="FILE", help="- (the default): stdin")
    add_json_option(parser)
    parser.set_defaults(body=_print)


def _print(options: argparse.Namespace, screen: Screen) -> int:
    from tidings.fix.pretty import find_noted, printed  # the dictionary is no other command's business
    from tidings.fix.reader import FixReader

    reader = FixReader()
    noted = find_noted(_read(options.file))
    messages = [printed(reader, data) for _, data in noted]
    if not messages:
        raise UsageError(f"no FIX message in {'stdin' if options.file == STDIN else options.file}")
    garbled = sum(bool(message.fault) for message in messages)
    found = [message.as_json() | _time_and_way(note) for (note, _), message in zip(noted, messages, strict=True)]
    screen.json({"messages": found, "garbled": garbled})
    for (note, _), message in zip(noted, messages, strict=True):
        if note:
            screen.line(note)
        for line in message.lines():
            screen.line(line)
        screen.line()
    if garbled:
        screen.complain("tidings fix-print", f"{garbled} of {len(messages)} messages are garbled")
    return 1 if garbled else 0


def _time_and_way(note: str) -> dict[str, str]:
    """What a session's message log says of a message; a capture says nothing."""
    time, _, way = note.partition(" ")
    return {"time": time, "way": way} if note else {}


def _read(file: str) -> bytes:
    if file == STDIN:
        return sys.stdin.buffer.read()
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from error
