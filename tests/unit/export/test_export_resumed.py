"""An export that was interrupted goes on where it was, and ends with the bytes of one that was not."""

import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from full_disk import room_for

from tidings.errors import FileNotWritten, UsageError
from tidings.export import conversion
from tidings.export.checkpoint import Workplace
from tidings.export.conversion import FORMS, convert

SLOWLY = """
import sys, time
from pathlib import Path
from tidings.export import conversion
conversion.CHECKPOINT_ENTRIES, conversion.PROGRESS_ENTRIES = 500, 50
conversion.convert(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]), (), lambda *_: time.sleep(0.05))
"""


def digests(out: Path) -> dict[str, str]:
    files = sorted(path for path in out.iterdir() if path.is_file())
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


class Interrupt(Exception):
    pass


@pytest.fixture(autouse=True)
def short_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that some seconds of recording have many checkpoints, and rows are written between them."""
    monkeypatch.setattr(conversion, "CHECKPOINT_ENTRIES", 500)
    monkeypatch.setattr(conversion, "ROWS_MAX", 300)
    monkeypatch.setattr(conversion, "PROGRESS_ENTRIES", 130)


@pytest.mark.parametrize("form", FORMS)
def test_a_full_disk_is_a_sentence_and_with_room_it_goes_on(flow, tmp_path: Path, form: str) -> None:
    for size_bytes in (3_000, 60_000):  # not even a checkpoint; some way
        with room_for(size_bytes), pytest.raises(FileNotWritten, match="too large; when that is mended, the same"):
            convert(flow.directory, form, tmp_path / "small")
        assert not [path for path in (tmp_path / "small").iterdir() if path.is_file()]
    convert(flow.directory, form, tmp_path / "small")
    convert(flow.directory, form, tmp_path / "whole")
    assert digests(tmp_path / "small") == digests(tmp_path / "whole")


@pytest.mark.parametrize("form", FORMS)
def test_interrupted_again_and_again_it_ends_with_the_same_bytes(flow, tmp_path: Path, form: str) -> None:
    whole, pieces = tmp_path / "whole", tmp_path / "pieces"
    convert(flow.directory, form, whole)
    resumed = []

    def interrupt(entries: int, *_: int) -> None:
        """In the middle of each thousand entries, once."""
        if entries // 1000 > len(resumed) and entries % 1000 > 200:
            resumed.append(entries)
            raise Interrupt

    while True:
        try:
            last = convert(flow.directory, form, pieces, progress=interrupt)
            break
        except Interrupt:
            assert digests(pieces) == {}, "nothing has its name before all is finished"
    assert len(resumed) > 2
    assert 0 < resumed[-1] - last.resumed_at <= 700
    assert digests(pieces) == digests(whole) != {}
    assert not (pieces / ".export").exists()


def test_candles_are_told_again_as_they_would_have_been_without_an_interruption(
    written, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What lies behind the newest candle is no news, however far the reading had come when it was told."""
    monkeypatch.setattr(conversion, "CHECKPOINT_ENTRIES", 1)
    rows = [[start_s, 60, *["1"] * 7] for start_s in (1_700_000_160, 1_700_000_100, 1_700_000_040)]
    for told in (rows[:1], rows):
        written.push({"kline_p": told, "sequence": 1, "symbol": "BTCUSDT", "type": "snapshot"})
    directory = written.close()
    convert(directory, "csv", tmp_path / "whole")
    play = conversion.RecordedMarket.play

    def interrupted(market, entry):
        if entry.number == 4:  # the second message of candles
            raise Interrupt
        play(market, entry)

    with monkeypatch.context() as interrupting, pytest.raises(Interrupt):
        interrupting.setattr(conversion.RecordedMarket, "play", interrupted)
        convert(directory, "csv", tmp_path / "pieces")
    assert convert(directory, "csv", tmp_path / "pieces").resumed_at == 3
    assert digests(tmp_path / "pieces") == digests(tmp_path / "whole")


def test_a_book_falls_silent_where_it_would_have_without_an_interruption(
    written, book_push, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its last snapshot is older than the checkpoint, and the one that should come does not."""
    monkeypatch.setattr(conversion, "CHECKPOINT_ENTRIES", 10)
    monkeypatch.setattr(conversion, "PROGRESS_ENTRIES", 1)
    written.push(book_push("snapshot", [["100.0", "1"]], [["100.5", "1"]], 1))
    for second in range(0, 100, 2):
        written.wait(2)
        written.push(book_push("incremental", [["100.0", f"{2 + second}"]], [], 2 + second))
    directory = written.close()

    def interrupt(entries: int, *_: int) -> None:
        if entries == 25:
            raise Interrupt

    convert(directory, "csv", tmp_path / "whole")
    with pytest.raises(Interrupt):
        convert(directory, "csv", tmp_path / "pieces", progress=interrupt)
    assert convert(directory, "csv", tmp_path / "pieces").resumed_at == 20
    assert ",stale," in (tmp_path / "whole" / "top.csv").read_text()
    assert digests(tmp_path / "pieces") == digests(tmp_path / "whole")


@pytest.mark.parametrize("form", FORMS)
def test_killed_it_goes_on(flow, tmp_path: Path, form: str) -> None:
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    convert(flow.directory, form, whole)
    process = subprocess.Popen([sys.executable, "-c", SLOWLY, str(flow.directory), form, str(killed)])
    end_s = time.monotonic() + 60
    while not (killed / ".export/checkpoint.json").exists():
        assert process.poll() is None and time.monotonic() < end_s
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert convert(flow.directory, form, killed).resumed_at > 0
    assert digests(killed) == digests(whole)


def test_another_export_begins_anew(flow, tmp_path: Path) -> None:
    def interrupt(entries: int, *_: int) -> None:
        if entries > 1000:
            raise Interrupt

    with pytest.raises(Interrupt):
        convert(flow.directory, "csv", tmp_path, progress=interrupt)
    assert convert(flow.directory, "csv", tmp_path, ["BTCUSDT"]).resumed_at == 0


def test_a_checkpoint_whose_files_are_gone_counts_for_nothing(flow, tmp_path: Path) -> None:
    def interrupt(entries: int, *_: int) -> None:
        if entries > 1000:
            raise Interrupt

    with pytest.raises(Interrupt):
        convert(flow.directory, "csv", tmp_path, progress=interrupt)
    (tmp_path / ".export/trades.part").write_bytes(b"")
    whole = tmp_path / "whole"
    convert(flow.directory, "csv", whole)
    assert convert(flow.directory, "csv", tmp_path).resumed_at == 0
    assert digests(tmp_path) == digests(whole)


def test_two_exports_do_not_write_to_one_place(flow, tmp_path: Path) -> None:
    workplace = Workplace(tmp_path)
    with pytest.raises(UsageError, match="another export"):
        convert(flow.directory, "csv", tmp_path)
    workplace.leave(is_done=False)
    assert convert(flow.directory, "csv", tmp_path).files


def test_a_place_that_cannot_be_written_is_said(flow, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot write to"):
        convert(flow.directory, "csv", tmp_path / "file")
