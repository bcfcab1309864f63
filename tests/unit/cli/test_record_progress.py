"""What is said of a recording that is not whole, and of one that is."""

import pytest

from tidings.cli.record_progress import shortfall_of

WHOLE = {"entries": 900, "durable_entries": 900, "dropped": 0, "lost": 0, "failure": ""}


@pytest.mark.parametrize(
    ("lack", "sentence"),
    [
        ({}, ""),
        ({"dropped": 5, "lost": 2}, "7 messages are missing (DROPPED entries)"),
        ({"durable_entries": 9, "failure": "disk full"}, "9 of 900 entries are on disk (disk full)"),
        ({"durable_entries": 9, "dropped": 100, "failure": "full"}, "9 of 1000 entries are on disk (full)"),
    ],
)
def test_what_a_recording_lacks_is_told(lack, sentence):
    assert shortfall_of(WHOLE | lack) == sentence
