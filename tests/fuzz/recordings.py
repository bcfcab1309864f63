"""Spoilt recordings for the reader: `python -m tests.fuzz.recordings --executions N [--seed S] [--seconds T]`.

Each execution spoils the files of a recording (bytes flipped, cut, put in, moved; segments swapped, doubled, lost) and
reads it. What comes out must be a true beginning of what was written and, if anything is missing, told so: by an error
with the file's name, or by `damage`. Ends with one line of JSON; exit code 0: it always was.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "reference")]

from tests.fuzz.command import run_command  # noqa: E402
from tests.reference.recording_samples import Sample, write_recording  # noqa: E402
from tidings.errors import RecordingError  # noqa: E402
from tidings.recorder.reader import RecordingReader  # noqa: E402

END_BYTES = 44  # a block without entries
TOKENS = (b"TBLK", b"TIDINGSR", b"\0" * 44, b"\xff" * 8, b"\1\0\0\0", b"\0\0\0\x80")



class RecordingFuzz:
    """One seed's run in a directory of its own."""

    def __init__(self, seed: int, directory: Path) -> None:
        self.random = random.Random(seed)
        self.directory = directory
        self.written: list[Sample] = write_recording(directory)
        self.whole = {path.name: path.read_bytes() for path in sorted(directory.iterdir())}
        self.end = self.whole[max(self.whole)][-END_BYTES:]  # says that all before it was durable
        self.touched: set[str] = set()
        self.refused = self.shortened = self.untouched = 0

    def step(self) -> str:
        """What is wrong; "" if nothing is."""
        spoilt = self.spoilt_files()
        self.put(spoilt)
        try:
            reader = RecordingReader(self.directory)
            found = [(int(entry.kind), entry.source, entry.payload, entry.received_ns) for entry in reader]
        except RecordingError as error:
            self.refused += 1
            return "a whole recording was refused" if spoilt == self.whole else self.look_at(str(error))
        if found != self.written[: len(found)]:
            return "something was read that was never written"
        if spoilt == self.whole:
            self.untouched += 1
            return reader.damage and "a whole recording was called damaged"
        self.shortened += 1
        last = spoilt[max(spoilt)]
        if last.endswith(self.end) and last != self.end and len(found) < len(self.written):
            return "damage in front of a sound end was taken for a torn one"
        return "" if reader.damage else "damage was not told"

    def look_at(self, message: str) -> str:
        return "" if ".recording" in message or "holds no recording" in message else f"no file is named: {message}"

    def spoilt_files(self) -> dict[str, bytes]:
        below, files = self.random.randrange, dict(self.whole)
        for _ in range(below(4)):
            names = sorted(files)
            if not names:
                break
            name, other = self.random.choice(names), self.random.choice(names)
            how = below(9)
            if how == 0:
                files[name], files[other] = files[other], files[name]
            elif how == 1:
                del files[name]
            elif how == 2:
                files[f"{len(files) + 1:08d}.recording"] = files[other]
            else:
                files[name] = self.spoilt(files[name], how)
        return files

    def spoilt(self, data: bytes, how: int) -> bytes:
        below, changed = self.random.randrange, bytearray(data)
        place = below(len(changed) + 1)
        if how <= 4 and changed:
            changed[place - 1] ^= 1 << below(8)
        elif how == 5:
            del changed[place:]
        elif how == 6:
            del changed[place : place + 1 + below(300)]
        elif how == 7:
            changed[place:place] = TOKENS[below(len(TOKENS))] * (1 + below(3))
        else:
            begin = below(len(changed) + 1)
            changed[place:place] = changed[begin : begin + below(800)]
        return bytes(changed)

    def put(self, files: dict[str, bytes]) -> None:
        """Only what has changed since the step before is written."""
        for path in self.directory.iterdir():
            if path.name not in files:
                path.unlink()
        for name, data in files.items():
            if name in self.touched or data is not self.whole.get(name) or not (self.directory / name).exists():
                (self.directory / name).write_bytes(data)
        self.touched = {name for name, data in files.items() if data is not self.whole.get(name)}


def fuzz(executions: int, seed: int, seconds: float = 1e9) -> dict[str, object]:
    """Counts, and what was wrong first: "" if nothing was."""
    begin_s, found, done = time.monotonic(), "", 0
    with tempfile.TemporaryDirectory(prefix="tidings-fuzz-") as directory:
        run = RecordingFuzz(seed, Path(directory))
        while not found and done < executions and time.monotonic() - begin_s < seconds:
            found, done = run.step(), done + 1
    counts = {"refused": run.refused, "shortened": run.shortened, "untouched": run.untouched}
    violation = f"seed {seed}, execution {done}: {found}" if found else ""
    elapsed_s = round(time.monotonic() - begin_s, 1)
    return {"seed": seed, "executions": done, **counts, "seconds": elapsed_s, "violation": violation}


def main(arguments: list[str]) -> int:
    return run_command("tests.fuzz.recordings", __doc__, fuzz, arguments, executions=20_000)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
