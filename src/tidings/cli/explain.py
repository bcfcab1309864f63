"""`tidings explain CL_ORD_ID`: the whole story of one order, from the decision to its end, with times."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, NamedTuple

from tidings.cli.journal_sentences import order_sentence, sentence, state_sentence
from tidings.cli.journal_words import (
    JournalText,
    details,
    journal_directories,
    order_fields,
    read_journal,
    state_words,
    utc,
    what_happened,
)
from tidings.cli.screen import Screen, counted
from tidings.cli.session_options import add_json_option
from tidings.errors import JournalDamaged, UsageError
from tidings.journal.entries import Entry, OutcomeEntry, RecordKind
from tidings.journal.record import Record
from tidings.journal.stories import OrderStory

COLUMNS = ("time (UTC)", "after", "what happened")
NS_PER_MS = 1_000_000
CANDIDATES_SHOWN = 10


def add_commands(commands: Any) -> None:
    parser = commands.add_parser(
        "explain", help="the whole story of one order, from the journal",
        description="When it was decided, what was sent and heard of it, who said so, and how it ended.",
    )  # fmt: skip
    parser.add_argument("cl_ord_id", metavar="CL_ORD_ID", help="our id, or any part of it that no other has")
    parser.add_argument("directory", nargs="?", type=Path, metavar="DIR", help="default: all that engines keep here")
    parser.add_argument("--journal", type=Path, metavar="DIR", help="the same")
    add_json_option(parser)
    parser.set_defaults(body=_explain)


def _explain(options: argparse.Namespace, screen: Screen) -> int:
    named = options.directory or options.journal
    journal, story = _find(options.cl_ord_id, [named] if named else journal_directories(), screen)
    fields, session, sent = order_fields(story.intent), story.session, sending(story)
    screen.json(
        {
            "cl_ord_id": story.cl_ord_id,
            "order": fields,
            "state": state_words(story).split(",")[0],
            "is_final": story.is_final,
            "journal": str(journal.directory),
            "session": None if session is None else {"prefix": session.prefix, "expiry_s": session.expiry_s},
            "sent_after_ns": sent.after_ns if sent is not None else None,
            "events": [_as_json(story, record, entry) for record, entry in story.events],
        }
    )
    screen.line(f"{story.cl_ord_id}: {order_sentence(story.intent)}")
    screen.line(f"{state_sentence(story)}   ({journal.directory})")
    rows = [_row(story, record, entry) for record, entry in story.events]
    if sent is not None:
        rows.insert(1, (utc(sent.wall_ns), _words_of(sent.after_ns), "sent"))
    screen.table(counted(len(story.events), "record"), COLUMNS, rows)
    return 0


def _find(cl_ord_id: str, directories: list[Path], screen: Screen) -> tuple[JournalText, OrderStory]:
    """The order, in whichever journal. A damaged one is told, and the others are looked through."""
    damaged: list[str] = []
    found: list[tuple[JournalText, OrderStory]] = []
    for directory in directories:
        try:
            journal = read_journal(directory)
        except JournalDamaged as error:
            damaged.append(str(error))
            continue
        stories = journal.told.stories
        exact = stories.get(cl_ord_id)
        if exact is not None:
            found = [(journal, exact)]
            break
        found += [(journal, story) for name, story in stories.items() if cl_ord_id.upper() in name.upper()]
    at_end = [(journal, story) for journal, story in found if story.cl_ord_id.endswith(cl_ord_id)]
    if len(found) == 1 or len(at_end) == 1:
        for text in damaged:
            screen.note(text)
        return (found if len(found) == 1 else at_end)[0]
    if found:
        raise UsageError(_candidates(cl_ord_id, [story for _, story in at_end or found]))
    if damaged:
        raise JournalDamaged("; ".join(damaged))
    raise UsageError(
        f"no journal knows an order {cl_ord_id!r}: looked in {', '.join(map(str, directories)) or 'none'}. Orders of"
        " `tidings order` are in none: that command waits for its own answer and keeps no journal (`tidings orders`"
        " shows what is open)"
    )


def _candidates(part: str, stories: list[OrderStory]) -> str:
    """The newest of the orders whose names hold a part, each so that a person can tell it from the others."""
    newest = sorted(stories, key=lambda story: story.record.wall_ns, reverse=True)[:CANDIDATES_SHOWN]
    told = "; ".join(f"{story.cl_ord_id} {utc(story.record.wall_ns)[:19]} {story.intent.symbol}" for story in newest)
    more = f"; and {len(stories) - len(newest)} older" if len(stories) > len(newest) else ""
    return f"{len(stories)} orders have {part!r} in their names, so give more of one: {told}{more}"


def _row(story: OrderStory, record: Record, entry: Entry) -> tuple[str, str, str]:
    return utc(record.wall_ns), _words_of(_after_ns(story, record)), sentence(record, entry, story.intent)


def _words_of(after_ns: int) -> str:
    return f"{after_ns / NS_PER_MS:+.3f} ms"


class Sending(NamedTuple):
    """When the kernel had the whole order: since the decision, and in Unix time."""

    after_ns: int
    wall_ns: int


def sending(story: OrderStory) -> Sending | None:
    """None: no record of its own session tells.

    The Unix time is counted back from the record that tells it: an intent is written somewhat after the decision.
    """
    for record, entry in story.events:
        if record.kind == RecordKind.ADOPTED:
            return None
        if isinstance(entry, OutcomeEntry) and entry.written_ns:
            wall_ns = record.wall_ns - (record.mono_ns - entry.written_ns)
            return Sending(entry.written_ns - story.intent.decided_ns, wall_ns)
    return None


def _after_ns(story: OrderStory, record: Record) -> int:
    """Since the decision; by the monotonic clock while the same session goes on."""
    later_session = any(
        event.kind == RecordKind.ADOPTED and event.seq <= record.seq and event.seq != story.record.seq
        for event, _ in story.events
    )
    if later_session:
        return record.wall_ns - story.record.wall_ns
    return record.mono_ns - story.record.mono_ns


def _as_json(story: OrderStory, record: Record, entry: Entry) -> dict[str, Any]:
    return {
        "seq": record.seq,
        "wall_ns": record.wall_ns,
        "after_ns": _after_ns(story, record),
        "what": what_happened(record, entry),
        **details(record, entry, story.intent),
    }
