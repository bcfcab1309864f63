"""What came of playing the samples: as JSON, and for people."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from tests.fidelity.comparison import Difference
from tests.fidelity.declared import TABLE, Declared, reason_of


@dataclass
class Report:
    """Samples seen, played and equal; what differed; what was not played."""

    samples: int = 0
    played: int = 0
    equal: int = 0
    compared: int = 0  # values looked at
    differences: list[dict[str, Any]] = field(default_factory=list)
    not_played: list[dict[str, str]] = field(default_factory=list)
    played_with: list[dict[str, Any]] = field(default_factory=list)  # rules other than the defaults
    used: set[Declared] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    table: tuple[Declared, ...] = TABLE

    def add(self, name: str, found: Iterable[Difference], count: int) -> int:
        """Take a played sample; gives how many of its differences are not declared."""
        rows = []
        for one in dict.fromkeys(found):
            entry = reason_of(name, one.key, one.expected, self.table)
            if entry:
                self.used.add(entry)
            reason = entry.reason if entry else None
            rows.append(
                {"sample": name, "key": one.key, "expected": one.expected, "got": one.got, "declared": reason}
            )
        self.names.add(name)
        self.played += 1
        self.compared += count
        self.equal += not rows
        self.differences += rows
        return sum(row["declared"] is None for row in rows)

    @property
    def undeclared(self) -> list[dict[str, Any]]:
        """The differences that nobody meant."""
        return [row for row in self.differences if row["declared"] is None]

    @property
    def stale(self) -> list[Declared]:
        """Declarations about samples that were played, which no difference needs."""
        spoken_of = [
            entry for entry in self.table if any(fnmatchcase(name, entry.sample) for name in self.names)
        ]  # fmt: skip
        return [entry for entry in spoken_of if entry not in self.used]

    def document(self) -> dict[str, Any]:
        """The report as it is written."""
        return {
            "samples": self.samples,
            "played": self.played,
            "equal": self.equal,
            "compared": self.compared,
            "differences": self.differences,
            "not_played": self.not_played,
            "played_with": self.played_with,
            "stale_declarations": [{"sample": one.sample, "key": one.key} for one in self.stale],
        }

    def summary(self) -> str:
        """The report in a page: undeclared differences one by one, declared ones counted by their reason."""
        lines = [
            f"{self.samples} samples, {self.played} played, {self.equal} equal, {self.compared} values compared, "
            f"{len(self.undeclared)} undeclared differences"
        ]
        lines += [f"  {row['sample']}: {row['key']}: expected {row['expected']}, got {row['got']}"
                  for row in self.undeclared]  # fmt: skip
        reasons = Counter(row["declared"] for row in self.differences if row["declared"])
        lines += ["declared:"] * bool(reasons)
        lines += [f"  {count:4} {reason}" for reason, count in reasons.most_common()]
        lines += ["played under other rules than the defaults:"] * bool(self.played_with)
        lines += [f"  {row['sample']}: {', '.join('='.join(pair) for pair in row['rules'].items())}"
                  for row in self.played_with]  # fmt: skip
        lines += ["not played:"] * bool(self.not_played)
        lines += [f"  {row['sample']}: {row['reason']}" for row in self.not_played]
        lines += [f"stale declaration: {entry.sample} {entry.key}" for entry in self.stale]
        return "\n".join(lines)
