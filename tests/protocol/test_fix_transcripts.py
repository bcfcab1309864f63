"""The session layer as transcripts: each played message by message, byte by byte, and in as few reads as possible."""

from pathlib import Path

import pytest

from tests.protocol.fix_transcript import Play, Section, sections

FILES = sorted((Path(__file__).parent / "fix").glob("*.txt"))
SECTIONS = [pytest.param(section, id=f"{file.stem}:{section.name}") for file in FILES for section in sections(file)]


@pytest.mark.parametrize("chunk", [None, 1, 0], ids=["messages", "bytes", "one-read"])
@pytest.mark.parametrize("section", SECTIONS)
def test_transcript(section: Section, chunk: int | None) -> None:
    Play(section, chunk).run()


def test_every_section_says_why_and_expects_something() -> None:
    for parameter in SECTIONS:
        section: Section = parameter.values[0]
        assert section.why, section.name
        words = {line.split(" ")[0] for line in section.lines}
        assert words & {"<", "=", "closed", "numbers"}, section.name


def test_section_names_are_unique() -> None:
    names = [parameter.id for parameter in SECTIONS]
    assert len(set(names)) == len(names)


def test_a_wrong_expectation_fails() -> None:
    section = Section("planted", "a runner that lets anything pass shows nothing", {}, ["> 35=A|34=1|98=0|108=30"])
    for wanted in ("< 35=A|34=1|98=0|108=31", "< 35=A|34=2|98=0|108=30", "closed"):
        with pytest.raises(AssertionError):
            Play(Section("planted", "", {}, [*section.lines, wanted]), None).run()
    with pytest.raises(AssertionError):
        Play(section, None).run()
