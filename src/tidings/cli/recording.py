"""`tidings recording DIR`: what is in a recording, and whether it is whole."""

from __future__ import annotations

import argparse
import json
import re
from collections import Counter
from datetime import UTC, datetime
from typing import Any

from tidings.cli.live_screen import live_display
from tidings.cli.screen import Screen
from tidings.cli.session_options import add_json_option
from tidings.cli.table_text import size_text
from tidings.recorder.entries import Entry, EntryKind
from tidings.recorder.reader import RecordingReader

NS_PER_S = 1_000_000_000
SHOW_EVERY_BLOCKS = 50
OUR_END = "closed by us"  # as net/connection words it
_TICKER = b"market24h"  # in the channel's name on each line
_SYMBOL = re.compile(rb'"symbol":"([^"]{1,40})"')


def add_commands(commands: Any) -> None:
    parser = commands.add_parser("recording", help="reads a recording through: what is in it, and whether it is whole")
    parser.add_argument("directory", metavar="DIR")
    add_json_option(parser)
    parser.set_defaults(body=_recording)


class Contents:
    """Counts of what was read so far."""

    def __init__(self) -> None:
        self.kinds: Counter[str] = Counter()
        self.symbols: Counter[str] = Counter()
        self.bytes = self.dropped = self.feed_downs = 0
        self.first_wall_ns = self.last_wall_ns = 0

    def add(self, entry: Entry) -> None:
        """One more entry."""
        self.kinds[entry.kind.name] += 1
        self.first_wall_ns = self.first_wall_ns or entry.wall_ns
        self.last_wall_ns = max(self.last_wall_ns, entry.wall_ns)
        if entry.kind is EntryKind.MARKET:
            self.bytes += len(entry.payload)
            self.symbols[_whose(entry.payload)] += 1
        elif EntryKind.ACCOUNT <= entry.kind <= EntryKind.LANE_CAME:
            self.bytes += len(entry.payload)
        elif entry.kind is EntryKind.DROPPED:
            self.dropped += json.loads(entry.payload)["messages"]
        elif entry.kind is EntryKind.FEED:
            told = json.loads(entry.payload)
            self.feed_downs += told["event"] == "down" and not told["cause"].endswith(OUR_END)


def _whose(message: bytes) -> str:
    """The symbol of a market message; tickers come for all of a line, whoever asked for one of them."""
    if _TICKER in message:
        return "(ticker of all)"
    found = _SYMBOL.search(message)
    return found[1].decode(errors="replace") if found is not None else "(answers)"


async def _recording(options: argparse.Namespace, screen: Screen) -> int:
    """Read all of it. Raises RecordingError where it is damaged; a torn end is told, and no failure."""
    reader = RecordingReader(options.directory)
    contents = _read(reader, screen)
    messages = sum(contents.kinds[kind.name] for kind in EntryKind if EntryKind.MARKET <= kind <= EntryKind.LANE_CAME)
    told = {
        "directory": str(reader.directory),
        "session": reader.session if contents.kinds else {},
        "messages": messages,
        "bytes": contents.bytes,
        "entries": sum(contents.kinds.values()),
        "segments": reader.segment_count,
        "disk_bytes": reader.total_bytes,
        "first_wall_ns": contents.first_wall_ns,
        "last_wall_ns": contents.last_wall_ns,
        "kinds": dict(contents.kinds),
        "symbols": dict(contents.symbols.most_common()),
        "dropped": contents.dropped,
        "feed_downs": contents.feed_downs,
        "end": reader.damage or "whole",
    }
    screen.json(told)
    _print(screen, contents, told)
    return 0


def _read(reader: RecordingReader, screen: Screen) -> Contents:
    contents, live = Contents(), live_display(screen)
    try:
        for index, block in enumerate(reader.blocks()):
            for entry in block.rest():
                contents.add(entry)
            if live is not None and index % SHOW_EVERY_BLOCKS == 0:
                live.update(f"read {100 * reader.read_bytes // reader.total_bytes} %", refresh=True)
    finally:
        if live is not None:
            live.stop()
    return contents


def _print(screen: Screen, contents: Contents, told: dict[str, Any]) -> None:
    begin, end = (
        datetime.fromtimestamp(ns / NS_PER_S, UTC).isoformat(" ", "milliseconds")
        for ns in (contents.first_wall_ns, contents.last_wall_ns)
    )
    screen.line(f"{told['directory']}: {told['session'].get('env', '?')}, from {begin} to {end}")
    screen.line(
        f"{told['messages']} messages, {size_text(told['bytes'])}, {size_text(told['disk_bytes'])} on disk in "
        f"{told['segments']} segments; {told['dropped']} dropped, connections went down {told['feed_downs']} times"
    )
    screen.line(f"end: {told['end']}")
    screen.table("entries", ("kind", "count"), [(kind, str(count)) for kind, count in sorted(contents.kinds.items())])
    screen.table("market messages", ("symbol", "count"), [(symbol, str(n)) for symbol, n in told["symbols"].items()])
