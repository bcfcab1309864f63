"""A short run of the fuzzer, and that it would notice."""

import pytest

from tests.fuzz.__main__ import fuzz
from tests.fuzz.decoder import DecoderFuzz
from tests.fuzz.session import SessionFuzz
from tidings.fix.file_store import FileStore
from tidings.fix.message_store import MemoryStore
from tidings.fix.reader import Framer

EXECUTIONS = 100_000


def test_nothing_crashes_hangs_or_contradicts_itself():
    result = fuzz(EXECUTIONS, seed=7)
    assert result["violation"] == ""
    assert (result["decoder"], result["session"]) == (95_000, 5_000)
    assert result["sound_messages"] > 20_000 and result["logged_on"] > 3_000


class ForgetfulFramer:
    """Loses a byte now and then."""

    def __init__(self) -> None:
        self.framer = Framer()

    def feed(self, data: bytes) -> None:
        self.framer.feed(data[:-1] if len(data) % 7 == 0 else data)

    def __getattr__(self, name: str) -> object:
        return getattr(self.framer, name)


def test_bytes_that_are_lost_are_noticed():
    run = DecoderFuzz(1)
    run.framer = ForgetfulFramer()
    assert "lost or made bytes" in first(run.step)


def test_a_number_that_goes_back_is_noticed():
    run = SessionFuzz(1)
    set_in = run.store.set_in
    run.store.set_in = lambda seq: set_in(seq if seq % 5 else seq - 2)
    assert "numbers went back" in first(run.step)
    run.close()


@pytest.mark.parametrize("store", [FileStore, MemoryStore])
def test_a_message_that_is_kept_wrong_is_noticed(store, monkeypatch):
    set_out = store.set_out

    def keep_another(self, seq, data, *more):
        set_out(self, seq, data.replace(b"\x0134=", b"\x0134=9"), *more)

    monkeypatch.setattr(store, "set_out", keep_another)
    run = SessionFuzz(2)
    assert "is kept as" in first(run.step)
    run.close()


def first(step) -> str:
    """The first thing that is wrong, soon."""
    for _ in range(2000):
        if found := step():
            return found
    pytest.fail("nothing was noticed")
