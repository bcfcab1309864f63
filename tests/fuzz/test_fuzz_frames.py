"""A short run of spoilt WebSocket frames, and that it would notice."""

import pytest

from tests.fuzz import frames
from tests.fuzz.frames import FramesFuzz, fuzz
from tidings.wire.frame_reader import FrameReader

EXECUTIONS = 10_000


def test_the_reader_and_the_library_tell_the_same():
    result = fuzz(EXECUTIONS, seed=7)
    assert result["violation"] == ""
    assert result["messages"] > EXECUTIONS and result["faults"] > EXECUTIONS // 5


class WrongReader:
    """Reads as the real one, but for what `spoil` does to what it tells."""

    def __init__(self, spoil, **words) -> None:
        self.reader, self.spoil, self.fault_code = FrameReader(**words), spoil, 0

    def feed(self, data: bytes) -> list[tuple[int, bytes]]:
        told = self.spoil(self.reader.feed(data))
        self.fault_code = self.reader.fault_code
        return told

    def __getattr__(self, name: str) -> object:
        return getattr(self.reader, name)


@pytest.mark.parametrize(
    "spoil", [lambda told: told[:3], lambda told: [(opcode, payload[:200]) for opcode, payload in told]],
    ids=["forgets a fourth message", "cuts long ones"],
)
def test_a_message_that_is_lost_or_cut_is_noticed(monkeypatch, spoil):
    monkeypatch.setattr(frames, "FrameReader", lambda **words: WrongReader(spoil, **words))
    assert "should be" in first(FramesFuzz(1))


def test_a_fault_that_is_not_found_is_noticed(monkeypatch):
    class Blind(WrongReader):
        @property
        def fault_code(self) -> int:
            return 0

        @fault_code.setter
        def fault_code(self, code: int) -> None: ...

    monkeypatch.setattr(frames, "FrameReader", lambda **words: Blind(list, **words))
    assert "no fault was found" in first(FramesFuzz(1))


def first(run: FramesFuzz) -> str:
    """The first thing that is wrong, soon."""
    for _ in range(2000):
        if found := run.step():
            return found
    pytest.fail("nothing was noticed")
