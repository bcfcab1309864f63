"""`tidings fix-dictionary`: the data dictionary of a dialect as QuickFIX and others read it."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from tidings.cli.screen import Screen
from tidings.cli.session_options import add_json_option
from tidings.errors import UsageError

STRICT44, EXTENDED = "strict44", "extended"


def add_commands(commands: Any) -> None:
    parser = commands.add_parser(
        "fix-dictionary", help="the FIX dialect as a QuickFIX data dictionary (XML)",
        description="strict44 is FIX 4.4 as it stands: all that such a session is sent. extended has our tags and"
        " those of later versions too: all that any session may send, and what an extended one is sent.",
    )  # fmt: skip
    parser.add_argument("--dialect", choices=(EXTENDED, STRICT44), default=EXTENDED)
    parser.add_argument("--out", type=Path, metavar="FILE", help="instead of stdout")
    add_json_option(parser)
    parser.set_defaults(body=_write)


def _write(options: argparse.Namespace, screen: Screen) -> int:
    from tidings.fix.dictionary import FIX44, plain_fix44  # the dictionary is no other command's business
    from tidings.fix.dictionary_xml import quickfix_xml

    dictionary = FIX44 if options.dialect == EXTENDED else plain_fix44()
    xml = quickfix_xml(dictionary)
    if options.out is not None:
        try:
            options.out.write_text(xml, encoding="utf-8")
        except OSError as error:
            raise UsageError(f"{options.out} cannot be written: {error.strerror}") from None
    told = {"dialect": options.dialect, "messages": len(dictionary.messages), "fields": len(dictionary.fields)}
    screen.json({**told, "file": str(options.out)} if options.out else {**told, "file": None, "xml": xml})
    if options.out is None:
        screen.line(xml.removesuffix("\n"))
        return 0
    screen.line(f"{options.out}: {len(dictionary.messages)} messages, {len(dictionary.fields)} fields")
    return 0
