"""Answers that are made behind the message that asks: a fault of ours leaves nobody waiting."""

import asyncio
from types import SimpleNamespace

from tests.protocol.fix_requests import Play
from tests.protocol.fix_transcript import Section


async def told_after(play: Play, text: str) -> list[str]:
    play.send(text)
    for _ in range(50):
        await asyncio.sleep(0)
    return play.told


async def test_a_fault_is_an_answer_too():
    play = Play(Section("planted"))
    play.desk.history = SimpleNamespace()  # has nothing that could be asked
    (told,) = await told_after(play, "35=AD|568=t1|569=1")
    assert told == "35=AQ|58=internal error|568=t1|569=1|748=0|749=99|750=2"
    play.told.clear()
    play.desk.phemex.engine.queries = SimpleNamespace()
    (told,) = await told_after(play, "35=AN|710=p1|724=0")
    assert "|58=internal error|" in told and told.endswith("|728=99|729=2")
