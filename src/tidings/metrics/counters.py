"""Named integer counters, declared ahead and read from the cold side.

A name that was not declared is a KeyError: a misspelt counter must not become a second one that stays at zero. Counters
of the hot path are plain fields of the object that counts; this is for everything slower.
"""

from collections.abc import Iterator


class Counters:
    """Counters that start at 0 and only grow."""

    def __init__(self, *names: str) -> None:
        self._values = dict.fromkeys(names, 0)

    def add(self, name: str, count: int = 1) -> None:
        """Count `count` more. Raises KeyError for a name never declared, ValueError for a negative count."""
        if count < 0:
            raise ValueError(f"counter {name!r} only grows: was asked to add {count}")
        self._values[name] += count

    def __getitem__(self, name: str) -> int:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def snapshot(self) -> dict[str, int]:
        """All values by name, in the order they were declared; a copy."""
        return dict(self._values)

    def __repr__(self) -> str:
        return f"Counters({', '.join(f'{name}={value}' for name, value in self._values.items())})"
