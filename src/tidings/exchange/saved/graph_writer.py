"""Turns the objects of an exchange into rows that JSON can hold (`graph_words`)."""

from collections import defaultdict, deque
from enum import Enum
from fractions import Fraction
from functools import partial
from random import Random
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any, Final

from tidings.exchange.catalogue import Currency, Instrument
from tidings.exchange.saved.graph_words import (
    BYTES,
    CONTAINERS,
    CURRENCY,
    ENUM,
    FACTORIES,
    FRACTION,
    FUNCTION,
    INSTRUMENT,
    KEPT,
    METHOD,
    NAMED_TUPLE,
    PACKAGE,
    PARTIAL,
    PRIMITIVES,
    RANDOM,
    TUPLE,
    StateError,
    attributes,
    class_name,
)


class GraphWriter:
    """One table of rows. Objects of the classes `kept` are left out: a new exchange has its own."""

    def __init__(self, kept: tuple[type, ...]) -> None:
        self._kept: Final = kept
        self.classes: list[tuple[str, tuple[str, ...]]] = []  # name, fields
        self.rows: list[list[Any]] = []
        self._class_numbers: dict[tuple[type, tuple[str, ...]], int] = {}
        self._numbers: dict[int, int] = {}  # id of an object → its row
        self._met: list[Any] = []  # by row; keeps the ids from being used again

    def add(self, root: Any) -> Any:
        """Write `root` and all it reaches; gives what stands for it."""
        value = self.value(root)
        while len(self.rows) < len(self._met):
            self.rows.append(self._row(self._met[len(self.rows)]))
        return value

    def has(self, value: Any) -> bool:
        """Whether `value` is in the table already."""
        return id(value) in self._numbers

    def value(self, value: Any) -> Any:
        """What stands for `value` inside a row."""
        if type(value) in PRIMITIVES:
            return value
        if isinstance(value, Enum):
            return [ENUM, class_name(type(value)), value.name]
        if isinstance(value, tuple):
            items = [self.value(item) for item in value]
            return [NAMED_TUPLE, class_name(type(value)), *items] if hasattr(value, "_fields") else [TUPLE, *items]
        match value:
            case Instrument():
                return [INSTRUMENT, value.symbol]
            case Currency():
                return [CURRENCY, value.name]
            case Fraction():
                return [FRACTION, value.numerator, value.denominator]
            case bytes():
                return [BYTES, value.hex()]
            case partial():
                keywords = tuple(value.keywords.items())
                return [PARTIAL, self.value(value.func), self.value(value.args), self.value(keywords)]
            case MethodType():
                return [METHOD, self.value(value.__self__), value.__name__]
            case FunctionType() | BuiltinFunctionType() | type():
                return self._function(value)
        return [KEPT] if isinstance(value, self._kept) else [self._number(value)]

    def _function(self, value: Any) -> list[Any]:
        is_named = value.__qualname__ in FACTORIES or (value.__module__ or "").startswith(PACKAGE)
        return [FUNCTION, class_name(value)] if is_named and "<" not in value.__qualname__ else [KEPT]

    def _number(self, value: Any) -> int:
        number = self._numbers.get(id(value))
        if number is None:
            if type(value) not in CONTAINERS and not isinstance(value, Random) and not _is_ours(value):
                raise StateError(f"cannot save a {type(value).__module__}.{type(value).__qualname__}")
            number = self._numbers[id(value)] = len(self._met)
            self._met.append(value)
        return number

    def _row(self, value: Any) -> list[Any]:
        tag = CONTAINERS.get(type(value))
        if tag is not None:
            return [tag, *self._contents(value)]
        if isinstance(value, Random):
            version, numbers, gauss_next = value.getstate()
            return [RANDOM, version, gauss_next, *numbers]
        names, values = attributes(value)
        key = type(value), names
        if key not in self._class_numbers:
            self._class_numbers[key] = len(self.classes)
            self.classes.append((class_name(type(value)), names))
        plain, encode = PRIMITIVES, self.value
        return [self._class_numbers[key], *[v if type(v) in plain else encode(v) for v in values]]

    def _contents(self, value: Any) -> list[Any]:
        head: list[Any] = []
        if isinstance(value, deque):
            head = [value.maxlen]
        elif isinstance(value, defaultdict):
            head = [self.value(value.default_factory)]
        if isinstance(value, dict):
            return head + [self.value(item) for pair in value.items() for item in pair]
        items = sorted(value, key=repr) if isinstance(value, set) else value  # the same file in every process
        return head + [self.value(item) for item in items]


def _is_ours(value: Any) -> bool:
    return type(value).__module__.startswith(PACKAGE)
