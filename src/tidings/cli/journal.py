"""`tidings journal show` and `verify`: what an order journal says, and whether it adds up."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

from tidings.cli.journal_sentences import sentence
from tidings.cli.journal_words import (
    JournalText,
    ago,
    details,
    journal_directories,
    last_used_ns,
    read_journal,
    utc,
    what_happened,
)
from tidings.cli.screen import Screen
from tidings.cli.session_options import add_json_option
from tidings.errors import JournalDamaged, UsageError
from tidings.journal.anchor import LOOK_ADVICE
from tidings.journal.entries import Entry, IntentEntry
from tidings.journal.record import Record

SHOWN_RECORDS = 50
COLUMNS = ("seq", "time (UTC)", "order", "what happened")


def add_commands(commands: Any) -> None:
    parser = commands.add_parser(
        "journal", help="what the order journal says (show), and whether it adds up (verify)",
        description="The order journal holds every order before its bytes left, and everything heard of it.",
    )  # fmt: skip
    acts = parser.add_subparsers(dest="act", metavar="ACT", required=True)
    show = acts.add_parser("show", help="its records, newest last")
    show.add_argument(
        "--last", type=_count, default=SHOWN_RECORDS, metavar="N", help=f"so many (default {SHOWN_RECORDS}; 0: all)"
    )
    verify = acts.add_parser("verify", help="read all of it; exit code 1, and the damage named, if it does not add up")
    for act, body in ((show, _show), (verify, _verify)):
        act.add_argument("directory", nargs="?", type=Path, metavar="DIR", help="default: where engines keep them")
        act.add_argument("--journal", type=Path, metavar="DIR", help="the same, as `tidings explain` has it")
        add_json_option(act)
        act.set_defaults(body=body)


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError(f"a number of records, 0 for all, not {text!r}")
    return int(text)


def _show(options: argparse.Namespace, screen: Screen) -> int:
    journal = read_journal(options.directory or options.journal or _newest(screen))
    intents = _intents(journal)
    entries = journal.told.entries[-options.last :] if options.last > 0 else journal.told.entries
    screen.json(
        {
            "directory": str(journal.directory),
            "records": [_as_json(record, entry, intents.get(record.seq)) for record, entry in entries],
        }
    )
    rows = [
        (
            record.seq,
            utc(record.wall_ns),
            _name(intents.get(record.seq)),
            sentence(record, entry, intents.get(record.seq)),
        )
        for record, entry in entries
    ]
    screen.table(f"{journal.directory}: {len(rows)} of {journal.log.last_seq} records", COLUMNS, rows)
    return 0


def _verify(options: argparse.Namespace, screen: Screen) -> int:
    named = options.directory or options.journal
    directories = [named] if named else journal_directories()
    found = [_checked(directory, screen) for directory in directories]
    screen.json({"journals": found})
    if not found:
        screen.line("no engine has kept a journal here yet")
    return 0 if all(each["is_sound"] for each in found) else 1


def _checked(directory: Path, screen: Screen) -> dict[str, Any]:
    """Read one; what it is like, or what is wrong with it."""
    try:
        journal = read_journal(directory)
    except JournalDamaged as error:
        damage = str(error).replace(LOOK_ADVICE, "Look at")
        screen.line(f"DAMAGED  {damage}")
        return {"directory": str(directory), "is_sound": False, "damage": damage}
    about = {
        "directory": str(directory),
        "is_sound": True,
        "segments": len(journal.log.segments),
        "records": journal.log.last_seq - journal.log.anchor.first_seq,
        "sessions": len(journal.told.sessions),
        "orders": len(journal.told.stories),
        "open_orders": [story.cl_ord_id for story in journal.told.open_stories()],
        "was_closed": journal.told.is_closed,
        "left_out": journal.log.dropped,
    }
    counts = ", ".join(f"{about[name]} {name}" for name in ("segments", "records", "sessions", "orders"))
    screen.line(f"sound    {directory}: {counts}, {len(journal.told.open_stories())} without a known end")
    if journal.log.dropped:
        screen.line(f"         {journal.log.dropped}")
    return about


def _newest(screen: Screen) -> Path:
    """The journal used last. Others are told: the local exchange gives new keys to each run, so they gather."""
    directories = sorted(journal_directories(), key=last_used_ns, reverse=True)
    if not directories:
        raise UsageError("no engine has kept a journal here yet; name its directory if it is elsewhere")
    if len(directories) > 1:
        screen.note(f"the newest of {len(directories)} journals; name another by its directory:")
        for directory in directories:
            screen.note(f"  {directory}  used {ago(last_used_ns(directory), time.time_ns())}")
    return directories[0]


def _intents(journal: JournalText) -> dict[int, IntentEntry]:
    """The order each record is about, by the record's sequence number."""
    return {record.seq: story.intent for story in journal.told.stories.values() for record, _ in story.events}


def _name(intent: IntentEntry | None) -> str:
    return intent.cl_ord_id if intent is not None else ""


def _as_json(record: Record, entry: Entry, intent: IntentEntry | None) -> dict[str, Any]:
    return {
        "seq": record.seq,
        "wall_ns": record.wall_ns,
        "mono_ns": record.mono_ns,
        "what": what_happened(record, entry),
        "cl_ord_id": _name(intent) or None,
        **details(record, entry, intent),
    }
