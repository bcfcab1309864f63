"""Real `kill -9` of recorders at random instants: `python -m tests.killed.recorder --kills 300`.

Each life is a process that records a flow everybody knows, with small segments, and is killed after up to a third of a
second (also while it begins). What it leaves must be a true beginning of the flow, and hold everything up to the last
entry that the recorder had called durable. `--from K` goes on: kill number K has its own seed. The last line is JSON.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import mmap
import os
import random
import signal
import struct
import sys
import tempfile
import time
from pathlib import Path

from tidings.errors import RecordingError
from tidings.recorder.entries import EntryKind
from tidings.recorder.reader import RecordingReader
from tidings.recorder.recorder import Recorder

LIFE_MAX_S = 0.33
SEGMENT_BYTES = 64 * 1024
FLOW_KINDS = (EntryKind.MARKET, EntryKind.ACCOUNT, EntryKind.CALL)
_TOLD = struct.Struct("<q")  # the last number the recorder has called durable, in memory that outlives it


def flow(seed: int, number: int) -> tuple[EntryKind, bytes]:
    """Entry `number` of a seed's flow."""
    return FLOW_KINDS[number % 3], (b"%d:%d:" % (seed, number)) * (1 + number * 7919 % 20)


def live(directory: Path, seed: int, told: mmap.mmap) -> None:
    """Record until killed."""
    recorder = Recorder(directory, session={"seed": seed}, segment_bytes=SEGMENT_BYTES, free_bytes_min=0)
    number = 0
    while True:
        for _ in range(random.Random(seed + number).randrange(1, 400)):
            kind, payload = flow(seed, number)
            recorder.take(kind, 1, payload, number)
            number += 1
        _TOLD.pack_into(told, 0, recorder.stats.synced_number)
        time.sleep(0.001)


def kill_one(directory: Path, seed: int) -> tuple[int, int]:
    """Let a recorder live and kill it: how many entries it had called durable, in how many segments."""
    told = mmap.mmap(-1, mmap.PAGESIZE)
    process = os.fork()
    if process == 0:
        with contextlib.suppress(BaseException):
            live(directory, seed, told)
        os._exit(1)
    time.sleep(random.Random(seed).uniform(0, LIFE_MAX_S))
    os.kill(process, signal.SIGKILL)
    _, status = os.waitpid(process, 0)
    if not os.WIFSIGNALED(status):
        raise AssertionError("the recorder ended by itself")
    return _TOLD.unpack_from(told)[0], len(list(directory.iterdir())) if directory.exists() else 0


def fault_of(directory: Path, seed: int, synced_number: int) -> str:
    """What is wrong with what a life left; "": nothing."""
    expected = last = 0
    try:
        for entry in RecordingReader(directory):
            last = entry.number
            if entry.kind in FLOW_KINDS:
                if (entry.kind, entry.payload) != flow(seed, expected):
                    return f"entry {entry.number} is not number {expected} of the flow"
                expected += 1
            elif entry.kind is EntryKind.DROPPED:
                return "something was dropped, and there was room"
    except RecordingError as error:
        return str(error) if synced_number or "holds no recording" not in str(error) else ""
    return "" if last >= synced_number else f"entry {synced_number} had been durable, and {last} is the last"


def campaign(kills: int, first: int, seed: int, seconds: float) -> dict[str, object]:
    """Kill after kill, until one leaves something wrong."""
    begin_s = told_s = time.monotonic()
    synced, segments, while_beginning, failures = 0, 0, 0, []
    number = first
    while number < first + kills and not failures and time.monotonic() - begin_s < seconds:
        with tempfile.TemporaryDirectory(prefix="tidings-killed-recorder-") as parent:
            directory = Path(parent) / "r"
            synced_number, segment_count = kill_one(directory, seed * 1_000_000 + number)
            has_begun = directory.exists() or synced_number > 0
            fault = fault_of(directory, seed * 1_000_000 + number, synced_number) if has_begun else ""
        if fault:
            failures.append(f"kill {number} of seed {seed}: {fault}")
        synced, segments, while_beginning = (
            synced + synced_number, segments + segment_count, while_beginning + (synced_number == 0),
        )  # fmt: skip
        number += 1
        if time.monotonic() - told_s > 10:
            told_s = time.monotonic()
            sys.stderr.write(f"{number - first} kills, {synced} entries\n")
    return {
        "kills": number - first, "while_beginning": while_beginning, "durable_entries": synced, "segments": segments,
        "seconds": round(time.monotonic() - begin_s, 1), "failures": failures,
    }  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.killed.recorder", description=str(__doc__).split("\n")[0])
    parser.add_argument("--kills", type=int, default=300, help="how many (default 300)")
    parser.add_argument("--from", dest="first", type=int, default=0, metavar="K", help="the first (default 0)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=3600.0, help="then kill no more (default 3600)")
    options = parser.parse_args()
    result = campaign(options.kills, options.first, options.seed, options.seconds)
    print(json.dumps(result))
    return 0 if result["kills"] and not result["failures"] else 1


if __name__ == "__main__":
    sys.exit(main())
