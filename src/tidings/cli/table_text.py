"""Tables as text: aligned in a pipe, fitted to the width of a terminal. Nothing is ever cut: half an id cannot be
copied, and half a number is another number.

What does not fit beside the other columns goes beneath its row, by name; prose in the last column is wrapped there.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

GAP = "  "
INDENT = "    "
PROSE_CHARACTERS_MIN = 30  # narrower than this a sentence is no pleasure to read

Row = Sequence[str]


def plain_table(columns: Row, rows: Sequence[Row], rule: str = "-") -> list[str]:
    """Aligned columns, however wide: text left, numbers right."""
    is_number = number_columns(len(columns), rows)
    widths = _widths(columns, rows)

    def fit(cells: Row) -> str:
        placed = zip(cells, widths, is_number, strict=True)
        return GAP.join(text.rjust(width) if right else text.ljust(width) for text, width, right in placed).rstrip()

    return [fit(columns), fit([rule * width for width in widths]), *map(fit, rows)]


def fitted_table(columns: Row, rows: Sequence[Row], width: int) -> list[str]:
    """The same in `width` characters, as far as its words are no longer than that."""
    if _total(_widths(columns, rows)) > width:
        columns, rows = _without_empty(columns, rows)
    widths = _widths(columns, rows)
    if _total(widths) <= width:
        return plain_table(columns, rows, "─")
    room = width - _total(widths[:-1]) - len(GAP)
    if room >= PROSE_CHARACTERS_MIN and _longest_word(columns[-1:], [row[-1:] for row in rows]) <= room:
        return _with_last_wrapped(columns, rows, room)
    count = max(1, sum(_total(widths[:end]) <= width for end in range(1, len(widths) + 1)))
    heads = plain_table(columns[:count], [row[:count] for row in rows], "─")
    lines = heads[:2]
    for head, row in zip(heads[2:], rows, strict=True):
        lines += [head, *_beneath(columns[count:], row[count:], width)]
    return lines


def number_columns(count: int, rows: Sequence[Row]) -> list[bool]:
    """Which columns hold nothing but numbers."""
    return [bool(rows) and all(_is_number(row[i]) for row in rows) for i in range(count)]


def _with_last_wrapped(columns: Row, rows: Sequence[Row], room: int) -> list[str]:
    """Each row goes on below itself, in its last column."""
    tall: list[Row] = []
    for row in rows:
        first, *others = textwrap.wrap(row[-1], room, break_long_words=False, break_on_hyphens=False) or [""]
        tall.append([*row[:-1], first])
        tall += [[*[""] * (len(row) - 1), other] for other in others]
    return plain_table(columns, tall, "─")


def _beneath(names: Row, cells: Row, width: int) -> list[str]:
    """`name value` pairs, as many on a line as fit; what is longer than a line is wrapped between words."""
    lines: list[str] = []
    is_prose = len(cells) == 1 and " " in cells[0]  # which needs no name
    pairs = cells if is_prose else [f"{name} {cell}" for name, cell in zip(names, cells, strict=True) if cell]
    for pair in pairs:
        if lines and len(INDENT) + len(lines[-1]) + len(GAP) + len(pair) <= width:
            lines[-1] += GAP + pair
        else:
            lines.append(pair)
    wrapped = textwrap.TextWrapper(
        max(width, 2 * len(INDENT)), initial_indent=INDENT, subsequent_indent=2 * INDENT, break_long_words=False,
        break_on_hyphens=False,
    )  # fmt: skip
    return [part for line in lines for part in wrapped.wrap(line)]


def _without_empty(columns: Row, rows: Sequence[Row]) -> tuple[Row, Sequence[Row]]:
    """Without the columns that say nothing in any row."""
    kept = [place for place in range(len(columns)) if any(row[place] for row in rows)]
    if not kept:
        return columns, rows
    return [columns[place] for place in kept], [[row[place] for place in kept] for row in rows]


def _widths(columns: Row, rows: Sequence[Row]) -> list[int]:
    return [max(map(len, cells)) for cells in zip(columns, *rows, strict=True)]


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + len(GAP) * (len(widths) - 1)


def _longest_word(columns: Row, rows: Sequence[Row]) -> int:
    return max(len(word) for cells in (columns, *rows) for cell in cells for word in cell.split() or [""])


def _is_number(text: str) -> bool:
    return text == "" or text.lstrip("-+").replace(",", "").replace(".", "", 1).isdigit()


def size_text(size_bytes: int) -> str:
    """`1.4 MB`; below a megabyte `31.9 kB`, so that little is not told as nothing."""
    return f"{size_bytes / 1e6:.1f} MB" if size_bytes >= 1_000_000 else f"{size_bytes / 1e3:.1f} kB"
