"""Requests that the gateway asks the venue about, as transcripts."""

from pathlib import Path

import pytest

from tests.protocol.fix_requests import Play
from tests.protocol.fix_transcript import Section, sections

FILES = sorted((Path(__file__).parent / "fix_requests").glob("*.txt"))
SECTIONS = [pytest.param(section, id=f"{file.stem}:{section.name}") for file in FILES for section in sections(file)]


@pytest.mark.parametrize("section", SECTIONS)
async def test_transcript(section: Section) -> None:
    await Play(section).run()


def test_every_section_says_why_and_expects_something() -> None:
    for parameter in SECTIONS:
        section: Section = parameter.values[0]
        assert section.why, section.name
        assert "<" in {line[0] for line in section.lines}, section.name


async def test_a_wrong_expectation_fails() -> None:
    ask = "> 35=AD|568=t1|569=4"
    told = "< 35=AQ|58=TradeRequestType (569) must be 0 or 1|568=t1|569=4|748=0|749=8|750=2"
    for lines in ([ask], [ask, told[:-1]], [ask, told, told], [ask, "? /exchange/order/trade symbol=BTCUSD", told]):
        with pytest.raises(AssertionError):
            await Play(Section("planted", "", {}, lines)).run()
    await Play(Section("planted", "", {}, [ask, told])).run()
