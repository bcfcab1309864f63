"""Results as Markdown: a line for each comparison in README.md, and all percentiles in docs/measured.md."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks.report import Row, Skipped, Table, microseconds

SHOWN_ABOUT = ("processor", "cores", "load", "kernel", "python", "compiler", "openssl", "commit")
SECTION = re.compile(r"(?<=^<!-- measured -->\n).*(?=^<!-- /measured -->$)", re.DOTALL | re.MULTILINE)
OURS = "tidings"


def write_figures(root: Path, about: Mapping[str, str], results: Sequence[Table | Skipped]) -> None:
    """Put the results between the marks of both documents of the checkout at `root`."""
    for name, text in (("README.md", overview(about, results)), ("docs/measured.md", every_table(about, results))):
        document = root / name
        document.write_text(SECTION.sub(lambda found, text=text: text, document.read_text()))


def overview(about: Mapping[str, str], results: Sequence[Table | Skipped]) -> str:
    """Medians only: ours, and what they were measured beside. Tables without anything beside us are left out."""
    tables = [result for result in results if isinstance(result, Table)]
    lines = ["| median, µs | tidings | beside it |", "|---|---|---|"]
    for table in tables:
        ours = [row for row in table.rows if row.name.startswith(OURS)]
        others = [row for row in table.rows if not row.name.startswith(OURS)]
        if ours and others:
            lines.append(f"| {cell(table.title)} | {_medians(ours)} | {_medians(others)} |")
    return "\n\n".join([_machine(about), "\n".join(lines), verdict(tables).partition(";")[0].rstrip(".") + "."]) + "\n"


def every_table(about: Mapping[str, str], results: Sequence[Table | Skipped]) -> str:
    """The machine, one table per comparison, what could not be measured, and what was promised."""
    tables = [result for result in results if isinstance(result, Table)]
    parts = [_machine(about), *("\n".join(table_lines(table)) for table in tables)]
    parts += [f"{result.title}: not measured: {result.reason}." for result in results if isinstance(result, Skipped)]
    return "\n\n".join([*parts, verdict(tables)]) + "\n"


def table_lines(table: Table) -> Iterator[str]:
    """One comparison; its first column is headed by what is compared."""
    yield f"| {cell(table.title)} ({cell(table.note)}) | median | p99 | p99.9 | max | ratio |"
    yield "|---|--:|--:|--:|--:|--:|"
    base_ns = table.row(table.baseline).median_ns if table.has(table.baseline) else 0.0
    for row in table.rows:
        times = " | ".join(microseconds(value) for value in row.percentiles_ns.values())
        ratio = "baseline" if row.name == table.baseline else f"{row.median_ns / base_ns:.2f}" if base_ns else ""
        yield f"| {cell(row.name)} | {times} | {ratio} |"


def verdict(tables: Sequence[Table]) -> str:
    """How many targets hold, and which are missed in which table, by how much."""
    checked = [(table, *result) for table in tables for result in table.checked()]
    missed = [
        f"in \"{table.title}\" {target.sentence()}"
        f" (was {f'{measured:.2f} ×' if target.ratio else f'{microseconds(measured)} µs'})"
        for table, target, measured, holds in checked
        if not holds
    ]
    held = f"{len(checked) - len(missed)} of {len(checked)} targets hold"
    return f"{held}; missed: {'; '.join(missed)}." if missed else f"{held}."


def _machine(about: Mapping[str, str]) -> str:
    return "; ".join(f"{name} {about[name]}" for name in SHOWN_ABOUT) + ". Times in µs."


def _medians(rows: Sequence[Row]) -> str:
    """`name 1.234; other name 2.345`, our own without our name."""
    named = ((row.name.removeprefix(OURS).lstrip(",: "), microseconds(row.median_ns)) for row in rows)
    return "; ".join(cell(f"{name} {median}".lstrip()) for name, median in named)


def cell(text: str) -> str:
    """Text that stays in its cell."""
    return text.replace("|", "\\|").replace("\n", " ")
