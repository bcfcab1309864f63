"""What a recording tells while it runs: a live table on a terminal, a line now and then otherwise."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from tidings.app.engine import Engine
from tidings.cli.live_screen import live_display, shown_beside
from tidings.cli.screen import Screen
from tidings.cli.table_text import size_text
from tidings.market.feed_state import FeedEvent
from tidings.recorder.recorder import RecorderStats

TABLE_INTERVAL_S = 0.5
LINE_INTERVAL_S = 5.0
NOT_A_GAP = (FeedEvent.SNAPSHOT, FeedEvent.INCREMENTAL)
COLUMNS = ("seconds", "messages", "per s", "size", "on disk", "segments", "gaps", "dropped", "lag ms")

Tally = dict[str, Any]


def _tally(stats: RecorderStats, gaps: int, elapsed_s: float) -> Tally:
    durable = max(0, stats.synced_number - stats.segments)  # a head of each segment is none of them
    return {
        "seconds": round(elapsed_s, 3),
        "messages": stats.messages,
        "bytes": stats.bytes,
        "entries": stats.entries,
        "durable_entries": durable,
        "written_bytes": stats.written_bytes,
        "segments": stats.segments,
        "gaps": gaps,
        "unwritten_entries": stats.entries - durable if stats.failure else 0,
        "dropped": stats.dropped,
        "lost": stats.lost,
        "lag_ms": round(stats.lag_ns / 1e6, 1),
        "lag_max_ms": round(stats.lag_max_ns / 1e6, 1),
        "trouble": stats.trouble,
        "failure": stats.failure,
    }


NOTHING = _tally(RecorderStats(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, "", ""), 0, 0.0)


def tally_of(engine: Engine, elapsed_s: float) -> Tally:
    """Where the recording stands, as --json tells it."""
    assert engine.recording is not None
    gaps = sum(count for event, count in engine.market.state_counts.items() if event not in NOT_A_GAP)
    return _tally(engine.recording.recorder.stats, gaps, elapsed_s)


def words_of(told: Tally) -> str:
    """The same in a line, for people."""
    trouble = f"; waits: {told['trouble']}" if told["trouble"] else ""
    return (
        f"{told['messages']} messages, {size_text(told['bytes'])}, {size_text(told['written_bytes'])} on disk, "
        f"{told['segments']} segments, {told['gaps']} gaps, {told['dropped'] + told['lost']} dropped, "
        f"lag {told['lag_ms']:.0f} ms{trouble}"
    )


def shortfall_of(told: Tally) -> str:
    """What a recording that has ended lacks, in a sentence; "": nothing."""
    missing = told["dropped"] + told["lost"]
    if told["failure"]:
        return f"{told['durable_entries']} of {told['entries'] + missing} entries are on disk ({told['failure']})"
    return f"{missing} messages are missing (DROPPED entries)" if missing else ""


@asynccontextmanager
async def showing_progress(screen: Screen, engine: Engine) -> AsyncIterator[None]:
    """Show progress until the block ends."""
    live = live_display(screen)
    show: Callable[[Tally, float], None]
    if live is None:
        show, interval_s = (lambda told, rate: screen.note(_line(told, rate))), LINE_INTERVAL_S
    else:
        show, interval_s = (lambda told, rate: live.update(_table(told, rate), refresh=True)), TABLE_INTERVAL_S
    async with shown_beside(live, _repeat(show, engine, interval_s)):
        yield


async def _repeat(show: Callable[[Tally, float], None], engine: Engine, interval_s: float) -> None:
    started_s = before_s = time.monotonic()
    before = tally_of(engine, 0)["messages"]
    while True:
        await asyncio.sleep(interval_s)
        now_s = time.monotonic()
        told = tally_of(engine, now_s - started_s)
        show(told, (told["messages"] - before) / (now_s - before_s))
        before, before_s = told["messages"], now_s


def _line(told: Tally, rate: float) -> str:
    return f"{told['seconds']:.0f} s  {rate:.0f}/s  {words_of(told)}"


def _table(told: Tally, rate: float) -> Any:
    from rich.box import SIMPLE_HEAD
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for column in COLUMNS:
        table.add_column(column, justify="right", no_wrap=True)
    table.add_row(
        f"{told['seconds']:.0f}", f"{told['messages']:,}", f"{rate:,.0f}", size_text(told["bytes"]),
        size_text(told["written_bytes"]), str(told["segments"]), str(told["gaps"]),
        str(told["dropped"] + told["lost"]), f"{told['lag_ms']:.0f}",
    )  # fmt: skip
    trouble = Text(f"waits: {told['trouble']}", style="bold red") if told["trouble"] else Text("Ctrl-C ends it")
    return Group(Text("recording"), table, trouble)
