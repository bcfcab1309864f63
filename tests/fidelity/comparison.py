"""One answer of the exchange against one sample: missing, extra and misplaced keys, kinds, and what must be equal.

Lists are compared row by row. Rows that are objects are paired by symbol and position side where they have both, else
by place, and there must be a row for each one expected; rows that are arrays (levels, trades, candles) have as many
columns as the sample's, each of its kind. An empty list is a difference where rows are expected, and the other way
round but for the sides of a book.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from tests.fidelity.kinds import DERIVED, EXACT, PLACEHOLDERS, same_kind, unknown_word
from tests.fidelity.raw_json import Number, spelled

NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Difference:
    """What stands under a key in the sample, and what the exchange answers."""

    key: str
    expected: str
    got: str


@dataclass(frozen=True, kw_only=True)
class Rules:
    """How closely to look."""

    is_ordered: bool = True  # the sample shows the venue's own key order
    is_wire: bool = True  # the sample shows the venue's own number style
    is_exact: bool = True  # values the set-up determines must be equal; False: the sample's are invented
    is_recent: bool = False  # a capture of the venue as it is today: what follows by arithmetic must be equal
    is_identical: bool = False  # all values must be equal
    is_partial: bool = False  # a book's changes: one side may have none
    loose: frozenset[str] = frozenset()  # keys whose values this play does not determine


class Comparison:
    """Finds differences and counts what it looked at."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.count = 0  # scalars compared

    def differences(self, expected: Any, got: Any, path: str = "", key: str = "") -> Iterator[Difference]:
        """Every difference below `path`."""
        if isinstance(expected, dict) and isinstance(got, dict):
            yield from self._of_objects(expected, got, path)
        elif isinstance(expected, list) and isinstance(got, list):
            yield from self._of_lists(expected, got, path, key)
        elif isinstance(expected, dict | list) or isinstance(got, dict | list):
            yield Difference(path, spelled(expected), spelled(got))
        else:
            yield from self._of_scalars(expected, got, path, key)

    def _of_objects(self, expected: dict[str, Any], got: dict[str, Any], path: str) -> Iterator[Difference]:
        for name, value in expected.items():
            where = f"{path}.{name}" if path else name
            if name in got:
                yield from self.differences(value, got[name], where, name)
            else:
                yield Difference(where, spelled(value), NOTHING)
        for name, value in got.items():
            if name not in expected:
                yield Difference(f"{path}.{name}" if path else name, NOTHING, spelled(value))
        if self.rules.is_ordered:
            yield from _misplaced(expected, got, path)

    def _of_lists(self, expected: list[Any], got: list[Any], path: str, key: str) -> Iterator[Difference]:
        has_objects = any(isinstance(row, dict) for row in (*expected, *got))
        is_side = key in ("asks", "bids")
        if not got and self.rules.is_partial and is_side:
            return
        if (expected and not got) or (got and not expected and not is_side):
            yield Difference(path, spelled(expected), spelled(got))
        elif has_objects:
            yield from self._of_rows(expected, got, path, key)
        elif any(isinstance(row, list) for row in expected) and not self.rules.is_identical:
            for place, row in enumerate(got):
                yield from self.differences(expected[min(place, len(expected) - 1)], row, f"{path}[{place}]")
        elif expected:
            if len(expected) != len(got):
                yield Difference(path, f"{len(expected)} members", f"{len(got)} members")
            for place, (one, other) in enumerate(zip(expected, got, strict=False)):
                yield from self.differences(one, other, f"{path}[{place}]", key)

    def _of_rows(self, expected: list[Any], got: list[Any], path: str, key: str) -> Iterator[Difference]:
        for place, row in enumerate(expected):
            where = f"{path}[{place}]"
            other = _counterpart(row, place, got)
            if other is None:
                yield Difference(where, spelled(row), NOTHING)
            else:
                yield from self.differences(row, other, where, key)

    def _of_scalars(self, expected: Any, got: Any, path: str, key: str) -> Iterator[Difference]:
        rules = self.rules
        self.count += 1
        is_determined = key in EXACT or (rules.is_recent and key in DERIVED)
        is_exact = rules.is_identical or (rules.is_exact and is_determined and key not in rules.loose)
        must_equal = is_exact and expected not in PLACEHOLDERS
        is_account = key in ("accountID", "accountId")
        if (
            not same_kind(key, expected, got, rules.is_wire)
            or unknown_word(key, got)
            or (must_equal and not _equal(expected, got))
            or (is_account and not _same_account_kind(expected, got))
        ):
            yield Difference(path, spelled(expected), spelled(got))


def closest(expected: Any, candidates: Iterable[Any], rules: Rules, path: str) -> tuple[list[Difference], int]:
    """The differences from the candidate that has fewest of them, and how many values were compared."""
    best: list[Difference] | None = None
    count = 0
    for candidate in candidates:
        comparison = Comparison(rules)
        found = list(comparison.differences(expected, candidate, path))
        if best is None or len(found) < len(best):
            best, count = found, comparison.count
    return ([Difference(path, spelled(expected), NOTHING)] if best is None else best), count


def _misplaced(expected: dict[str, Any], got: dict[str, Any], path: str) -> Iterator[Difference]:
    ours = [name for name in got if name in expected]
    theirs = [name for name in expected if name in got]
    for place, (one, other) in enumerate(zip(theirs, ours, strict=True)):
        if one != other:
            before = theirs[place - 1] if place else "the beginning"
            yield Difference(path or "(order)", f"{one} after {before}", f"{other} after {before}")
            return


def _counterpart(row: Any, place: int, got: list[Any]) -> Any:
    names = [name for name in ("symbol", "posSide") if isinstance(row, dict) and name in row]
    if len(names) == 2:
        for other in got:
            if isinstance(other, dict) and all(other.get(name) == row[name] for name in names):
                return other
    return got[place] if place < len(got) else None


def _equal(expected: Any, got: Any) -> bool:
    if isinstance(expected, Number) and isinstance(got, Number):
        return expected.value == got.value  # of one kind already; without wire text, 0.0 and 0E-8 are
    return bool(expected == got)


def _same_account_kind(expected: Any, got: Any) -> bool:
    """An account id ends in the currency's code: user id × 10000 + code (derived from captures)."""
    numbers = isinstance(expected, Number) and isinstance(got, Number)
    return not numbers or expected == "0" or expected[-4:] == got[-4:]
