"""A short run of spoilt recordings, and that it would notice."""

import pytest

from tests.fuzz.recordings import RecordingFuzz, fuzz
from tidings.recorder import reader

EXECUTIONS = 2000


def test_no_spoilt_recording_is_taken_for_another():
    result = fuzz(EXECUTIONS, seed=7)
    assert result["violation"] == ""
    assert result["refused"] > 500 and result["shortened"] > 30 and result["untouched"] > 100


@pytest.mark.parametrize(
    ("broken", "answer", "words"),
    [
        ("is_sound", True, "never written"),
        ("_Segment._holds_durable", False, "taken for a torn one"),
    ],
)
def test_a_reader_that_checks_less_is_noticed(tmp_path, monkeypatch, broken, answer, words):
    monkeypatch.setattr(f"{reader.__name__}.{broken}", lambda *arguments: answer)
    run = RecordingFuzz(3, tmp_path)
    found = (run.step() for _ in range(EXECUTIONS))
    assert words in next((told for told in found if told), "")
