"""Results as the Markdown of README.md's measured section: the machine, one table per comparison, what was promised."""

from collections.abc import Iterator, Mapping, Sequence

from benchmarks.report import Skipped, Table, microseconds

SHOWN_ABOUT = ("processor", "cores", "kernel", "python", "compiler", "openssl", "commit")


def markdown(about: Mapping[str, str], results: Sequence[Table | Skipped]) -> str:
    """The section between the marks of README.md, without the marks."""
    parts = ["; ".join(f"{name} {about[name]}" for name in SHOWN_ABOUT) + ". Times in µs."]
    parts += ["\n".join(table_lines(result)) for result in results if isinstance(result, Table)]
    parts += [f"{result.title}: not measured: {result.reason}." for result in results if isinstance(result, Skipped)]
    parts += [verdict([result for result in results if isinstance(result, Table)])]
    return "\n\n".join(parts) + "\n"


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


def cell(text: str) -> str:
    """Text that stays in its cell."""
    return text.replace("|", "\\|").replace("\n", " ")
