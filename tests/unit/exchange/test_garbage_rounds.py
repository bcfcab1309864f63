"""Whole rounds of garbage collection wait for a quiet moment, and come in the end."""

import asyncio
import gc

import pytest

from tidings.exchange import garbage_rounds
from tidings.exchange.garbage_rounds import rare_whole_rounds


@pytest.fixture
def rounds(monkeypatch) -> list[int]:
    """How much work was done before each whole round."""
    monkeypatch.setattr(garbage_rounds, "LOOK_S", 0.01)
    return []


async def looked_at(work: list[int], rounds: list[int], monkeypatch, then) -> None:
    with rare_whole_rounds(lambda: work[0]):
        monkeypatch.setattr(gc, "collect", lambda: rounds.append(work[0]))
        for _ in range(10):
            await asyncio.sleep(0.01)
            then(work)


async def test_no_whole_round_while_there_is_work(rounds, monkeypatch):
    monkeypatch.setattr(garbage_rounds, "LOOK_S", 0.03)
    await looked_at([0], rounds, monkeypatch, lambda work: work.__setitem__(0, work[0] + 1))
    assert not rounds


async def test_one_whole_round_when_the_work_is_done(rounds, monkeypatch):
    work = [0]
    asyncio.get_running_loop().call_later(0.015, work.__setitem__, 0, 5)
    await looked_at(work, rounds, monkeypatch, lambda work: None)
    assert rounds == [5]


async def test_a_whole_round_comes_in_the_end_however_busy(rounds, monkeypatch):
    monkeypatch.setattr(garbage_rounds, "ROUND_AT_LEAST_S", 0.03)
    await looked_at([0], rounds, monkeypatch, lambda work: work.__setitem__(0, work[0] + 1))
    assert rounds


async def test_everything_is_as_before_afterwards():
    before = gc.get_threshold(), gc.get_freeze_count()
    with rare_whole_rounds(lambda: 0):
        assert gc.get_freeze_count() > before[1]
    assert (gc.get_threshold(), gc.get_freeze_count()) == before
