"""Results of benchmarks: rows of percentiles beside a baseline, targets that hold or do not, and the machine.

A table is printed for people (with colours only on a terminal) or turned into one JSON object.
"""

import os
import platform
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

GREEN, RED, DIM, BOLD, PLAIN = "\033[32m", "\033[31m", "\033[2m", "\033[1m", "\033[0m"


@dataclass(frozen=True)
class Row:
    """One thing measured. Samples are nanoseconds, ascending; at least one."""

    name: str
    samples_ns: Sequence[float]

    @classmethod
    def of(cls, name: str, samples_ns: Sequence[float]) -> "Row":
        return cls(name, sorted(samples_ns))

    def at(self, fraction: float) -> float:
        """The sample below which `fraction` of all lie (nearest rank)."""
        return self.samples_ns[min(len(self.samples_ns) - 1, int(len(self.samples_ns) * fraction))]

    @property
    def median_ns(self) -> float:
        return self.at(0.5)

    @property
    def percentiles_ns(self) -> dict[str, float]:
        return {"p50": self.at(0.5), "p99": self.at(0.99), "p99.9": self.at(0.999), "max": self.samples_ns[-1]}


@dataclass(frozen=True)
class Target:
    """A promise about the median of `row`: at most `limit_ns`; or `ratio` times the median of `versus`, or `over_ns`
    above it.
    """

    row: str
    limit_ns: float = 0.0
    versus: str = ""
    ratio: float = 0.0
    over_ns: float = 0.0

    def measured(self, table: "Table") -> float:
        """Nanoseconds, or the ratio; lower is better."""
        median_ns = table.row(self.row).median_ns
        if self.over_ns:
            return median_ns - table.row(self.versus).median_ns
        return median_ns / table.row(self.versus).median_ns if self.versus else median_ns

    @property
    def limit(self) -> float:
        return self.over_ns or (self.ratio if self.versus else self.limit_ns)

    def sentence(self) -> str:
        if self.over_ns:
            return f"{self.row} ≤ {self.over_ns / 1000:g} µs over {self.versus}"
        if self.versus:
            return f"{self.row} ≤ {self.ratio:g} × {self.versus}"
        return f"{self.row} ≤ {self.limit_ns / 1000:g} µs"


@dataclass
class Table:
    """One comparison. `note` says what a sample is; `baseline` names the row that ratios refer to."""

    title: str
    note: str
    baseline: str
    rows: list[Row] = field(default_factory=list)
    targets: list[Target] = field(default_factory=list)

    def row(self, name: str) -> Row:
        return next(row for row in self.rows if row.name == name)

    def has(self, name: str) -> bool:
        return any(row.name == name for row in self.rows)

    def checked(self) -> Iterator[tuple[Target, float, bool]]:
        """(target, measured, holds) of each target whose rows were measured."""
        for target in self.targets:
            if self.has(target.row) and (not target.versus or self.has(target.versus)):
                measured = target.measured(self)
                yield target, measured, measured <= target.limit

    def as_json(self) -> dict[str, Any]:
        base_ns = self.row(self.baseline).median_ns if self.has(self.baseline) else None
        return {
            "title": self.title,
            "note": self.note,
            "baseline": self.baseline,
            "rows": [
                {
                    "name": row.name,
                    "samples": len(row.samples_ns),
                    "ns": {name: round(value, 1) for name, value in row.percentiles_ns.items()},
                    "ratio": round(row.median_ns / base_ns, 3) if base_ns else None,
                }
                for row in self.rows
            ],
            "targets": [
                {"target": target.sentence(), "measured": round(measured, 3), "holds": holds}
                for target, measured, holds in self.checked()
            ],
        }


@dataclass(frozen=True)
class Skipped:
    """Something that could not be measured here, and what to do about it."""

    title: str
    reason: str


def microseconds(value_ns: float) -> str:
    """Four significant digits or so: 0.248, 12.34, 1204."""
    value_us = value_ns / 1000
    return f"{value_us:.3f}" if value_us < 10 else f"{value_us:.1f}" if value_us < 1000 else f"{value_us:.0f}"


def lines(table: Table, colours: bool) -> Iterator[str]:
    """The table as text, µs, one line per row, then its targets."""
    bold, dim, plain = (BOLD, DIM, PLAIN) if colours else ("", "", "")
    width = max(len(row.name) for row in table.rows)
    yield f"{bold}{table.title}{plain}  {dim}({table.note}; µs){plain}"
    yield f"{dim}  {'':{width}} {'median':>9} {'p99':>9} {'p99.9':>9} {'max':>9} {'ratio':>9}{plain}"
    base_ns = table.row(table.baseline).median_ns if table.has(table.baseline) else 0.0
    for row in table.rows:
        cells = " ".join(f"{microseconds(value):>9}" for value in row.percentiles_ns.values())
        ratio = "baseline" if row.name == table.baseline else f"{row.median_ns / base_ns:.2f}" if base_ns else "-"
        yield f"  {row.name:{width}} {cells} {ratio:>9}"
    for target, measured, holds in table.checked():
        colour = (GREEN if holds else RED) if colours else ""
        value = f"{measured:.2f} ×" if target.ratio else f"{microseconds(measured)} µs"
        yield f"  {colour}{'holds ' if holds else 'MISSED'}{plain} {target.sentence()}: {value}"
    yield ""


def print_result(result: Table | Skipped, stream: Any = sys.stdout) -> None:
    """One table, or why there is none."""
    colours = stream.isatty() and "NO_COLOR" not in os.environ
    if isinstance(result, Skipped):
        stream.write(f"{result.title}: skipped: {result.reason}\n\n")
    else:
        stream.write("\n".join(lines(result, colours)) + "\n")
    stream.flush()


def first_line(command: list[str]) -> str:
    """What a tool says about itself; "" where it is missing."""
    try:
        answer = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parent, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return answer.stdout.splitlines()[0] if answer.stdout else ""


def processor() -> str:
    """The processor's name and its SHA extension, which signing depends on."""
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return platform.processor()
    model = next((line.split(": ", 1)[1] for line in text.splitlines() if line.startswith("model name")), "")
    has_sha = "sha_ni" in text or " sha2" in text
    return f"{model or platform.machine()}, {'with' if has_sha else 'without'} SHA instructions"


def machine() -> dict[str, str]:
    """Everything without which a figure means nothing."""
    import ssl

    changed = " (changed)" if first_line(["git", "status", "--porcelain", "--untracked-files=no"]) else ""
    return {
        "processor": processor(),
        "cores": str(os.cpu_count()),
        "load": " ".join(f"{load:.1f}" for load in os.getloadavg()) + " (1, 5, 15 minutes, before the run)",
        "kernel": f"{platform.system()} {platform.release()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "compiler": first_line([os.environ.get("CC", "cc"), "--version"]),
        "flags": f"{sysconfig.get_config_var('CFLAGS')}; ours are in setup.py",
        "openssl": ssl.OPENSSL_VERSION,
        "commit": first_line(["git", "rev-parse", "--short=12", "HEAD"]) + changed,
    }
