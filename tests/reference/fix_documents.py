"""The tables of docs/fix-messages.md, read back: what the tests hold the gateway against."""

import re
from pathlib import Path

PAGE = (Path(__file__).resolve().parents[2] / "docs/fix-messages.md").read_text()


def table(heading: str, number: int = 0) -> list[list[str]]:
    """The rows of the nth table below a heading, without its head."""
    text = PAGE[PAGE.index(f"## {heading}\n") :]
    text = text[: text.index("\n## ") if "\n## " in text[3:] else None]
    found = re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE)[number]
    rows = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in found.splitlines()]
    return rows[2:]


def sent_tags() -> dict[str, tuple[frozenset[int], frozenset[int]]]:
    """MsgType → body tags in both dialects, and those of the extended one besides."""
    found = {}
    for types, _, both, extended in table("What is sent"):
        for msg_type in types.split(", "):
            found[msg_type] = frozenset(map(int, both.split())), frozenset(map(int, extended.split()))
    return found


SENT_TAGS = sent_tags()


def undocumented(msg_type: str, tags: set[int], *, is_extended: bool) -> set[int]:
    """Body tags of a message that the page does not name for this dialect."""
    both, extended = SENT_TAGS[msg_type]
    return tags - both - (extended if is_extended else frozenset())
