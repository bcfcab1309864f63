"""A few kills of recorders, and that a loss would be noticed."""

from pathlib import Path

import pytest

from tests.killed import recorder as killed
from tidings.recorder.recorder import Recorder

SEED = 5


def test_what_a_killed_recorder_had_called_durable_reads_back():
    result = killed.campaign(kills=10, first=0, seed=SEED, seconds=120)
    assert result["failures"] == []
    assert result["durable_entries"] > 1000 and result["segments"] > 10


def test_a_recording_that_is_gone_is_a_loss_once_something_was_durable(monkeypatch):
    for synced_number, is_lost in ((0, False), (50, True)):
        monkeypatch.setattr(killed, "kill_one", lambda directory, seed, told=synced_number: (told, 0))
        assert bool(killed.campaign(kills=1, first=0, seed=SEED, seconds=120)["failures"]) == is_lost


@pytest.mark.parametrize(("lost", "words"), [(3, "not number 3"), (None, "had been durable")])
def test_a_loss_is_noticed(tmp_path: Path, lost: int | None, words: str):
    recorder = Recorder(tmp_path / "r", session={}, free_bytes_min=0)
    for number in range(10):
        kind, payload = killed.flow(SEED, number)
        if number != lost:
            recorder.take(kind, 1, payload, number)
    recorder.close()
    assert words in killed.fault_of(tmp_path / "r", SEED, synced_number=50)
