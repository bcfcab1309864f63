"""What a replay up to some entry still plays behind it: what strategies asked for while they were told of it."""

import json
from pathlib import Path
from typing import Any

import pytest

from tidings.app.replay.entries_ahead import EntriesAhead, look_ahead
from tidings.clock import ManualClock
from tidings.recorder.entries import EntryKind
from tidings.recorder.reader import RecordingReader
from tidings.recorder.recorder import Recorder

MARKET, RUN, CALL, CLOCK, TIMER = EntryKind.MARKET, EntryKind.RUN, EntryKind.CALL, EntryKind.CLOCK, EntryKind.TIMER
FOLLOW: dict[str, Any] = {"event": "follow", "channels": [["BTCUSDT", "book"]], "count": -1}
OWN: dict[str, Any] = {"do": "cancel", "handle": 1, "by_strategy": True}
DRAFT: dict[str, Any] = {"symbol": "BTCUSDT", "side": 1, "ord_type": 2, "time_in_force": 1}
ADOPT: dict[str, Any] = {"do": "adopt", "draft": DRAFT, "cl_ord_id": "x", "handle": 1, "decided_ns": 1, "history": []}
PATH: dict[str, Any] = {"event": "path", "cl_ord_id_prefix": "", "session_wall_ms": 0, "order_memory": 1, "owners": []}


def written(directory: Path, *entries: tuple[EntryKind, dict[str, Any]], per_block: int = 1) -> RecordingReader:
    """The session is entry 1, the first of these is 2."""
    recorder = Recorder(directory, session={}, clock=ManualClock(), has_thread=False, free_bytes_min=0)
    for place, (kind, told) in enumerate(entries, 1):
        recorder.take(kind, 1 if kind is MARKET else 0, json.dumps(told).encode(), place)
        if place % per_block == 0:
            recorder.turn()
    recorder.close()
    return RecordingReader(directory)


def popped(ahead: EntriesAhead) -> list[int]:
    numbers = []
    while (entry := ahead.pop()) is not None:
        numbers.append(entry.number)
    return numbers


@pytest.mark.parametrize("per_block", [1, 100])
@pytest.mark.parametrize(
    ("behind", "played"),
    [
        ([(CALL, OWN), (CALL, OWN), (MARKET, {})], [2, 3, 4]),
        ([(RUN, FOLLOW), (CALL, OWN), (CLOCK, {"wall_ns": 1, "mono_ns": 1}), (CALL, OWN), (MARKET, {})], [2, 3, 4, 6]),
        ([(RUN, FOLLOW), (MARKET, {}), (CALL, OWN)], [2]),
        ([(CALL, OWN), (RUN, FOLLOW), (TIMER, {})], [2, 3]),
        ([(CALL, OWN | {"by_strategy": False}), (CALL, OWN)], [2]),
        ([(CALL, ADOPT), (CALL, OWN)], [2]),
        ([(CALL, OWN)], [2, 3]),
        ([], [2]),
    ],
)
def test_what_the_last_entry_led_to_is_played(tmp_path: Path, per_block: int, behind: Any, played: list[int]) -> None:
    ahead = EntriesAhead(written(tmp_path / "r", (MARKET, {}), *behind, per_block=per_block), until=2)
    assert popped(ahead) == played
    assert (ahead.is_over, ahead.count) == (True, played[-1])


@pytest.mark.parametrize("per_block", [1, 100])
def test_the_next_call_is_seen_behind_channels_and_nothing_else(tmp_path: Path, per_block: int) -> None:
    entries = [(RUN, FOLLOW), (RUN, FOLLOW), (CALL, OWN), (MARKET, {}), (CALL, OWN), (RUN, PATH), (CALL, OWN)]
    ahead = EntriesAhead(written(tmp_path / "r", *entries, per_block=per_block))
    seen = []
    for _ in entries:
        found = ahead.peek_call()
        assert found == ahead.peek_call(), "looking takes nothing off"
        seen.append(found and (found[0], found[1].number))
        ahead.pop()
    assert seen == [(2, 4), (1, 4), (0, 4), None, (0, 6), None, (0, 8)]
    assert (ahead.peek_call(), ahead.is_over) == (None, True)


@pytest.mark.parametrize("per_block", [1, 100])
def test_channels_that_are_left_next_are_seen_and_nothing_behind_anything_else(tmp_path: Path, per_block: int) -> None:
    entries = [(RUN, FOLLOW), (MARKET, {}), (RUN, FOLLOW | {"count": 1}), (CALL, OWN), (RUN, FOLLOW)]
    ahead = EntriesAhead(written(tmp_path / "r", *entries, per_block=per_block))
    seen = []
    for _ in entries:
        seen.append(ahead.peek_left() is not None)
        ahead.pop()
    assert (seen, ahead.peek_left()) == ([True, False, False, False, True], None)


def test_whoever_looked_on_said_so_before_the_first_message(tmp_path: Path) -> None:
    run: dict[str, Any] = {"event": "run", "strategies": [], "timer_ms": 1}
    nobody, looking, running = (
        written(tmp_path / name, *entries)
        for name, entries in (
            ("nobody", [(MARKET, {}), (RUN, PATH), (RUN, run)]),
            ("looking", [(RUN, FOLLOW), (MARKET, {}), (RUN, PATH | {"order_memory": 7})]),
            ("running", [(RUN, PATH), (MARKET, {}), (RUN, run)]),
        )
    )
    assert look_ahead(nobody, None) == (None, False, False)
    laid, is_told, has_run = look_ahead(looking, None)
    assert (laid and laid.order_memory, is_told, has_run) == (7, True, False)
    assert look_ahead(running, None)[1:] == (True, True)
    assert look_ahead(running, 3)[1:] == (True, False)
