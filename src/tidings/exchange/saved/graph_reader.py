"""Puts saved rows (`graph_words`) back into a newly made exchange.

An object of the new exchange that stands where a saved one stood is given the saved one's values; only what the new
exchange lacks (orders, reports, levels) is made. So whatever a part holds of another is the right one afterwards.
"""

import sys
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable
from enum import Enum
from fractions import Fraction
from functools import partial
from random import Random
from typing import Any

from tidings.exchange.catalogue import Catalogue
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
    slots_of,
)

_NEW: dict[str, Callable[[], Any]] = {
    "list": list, "dict": dict, "defaultdict": defaultdict, "counter": Counter, "ordered": OrderedDict,
    "set": set, RANDOM: partial(Random, 0),
}  # fmt: skip
_NOTHING = object()


class GraphReader:
    """Reads one table of rows."""

    def __init__(self, classes: list[Any], rows: list[Any], catalogue: Catalogue) -> None:
        self._classes = [(_find(name), tuple(names)) for name, names in classes]
        for cls, names in self._classes:
            _check_fields(cls, names)
        self._rows = rows
        self._catalogue = catalogue
        self._objects: list[Any] = [_NOTHING] * len(rows)
        self._hinted: set[int] = set()  # ids of the new exchange's objects that have got a row
        self._next_row = 0

    def read(self, value: Any, existing: Any = None) -> Any:
        """What `value` stands for, with all it reaches; `existing` is what the new exchange has in its place."""
        found = self._value(value, existing)
        while self._next_row < len(self._rows) and self._objects[self._next_row] is not _NOTHING:
            self._fill(self._rows[self._next_row], self._objects[self._next_row])
            self._next_row += 1
        return found

    def _value(self, value: Any, existing: Any = None) -> Any:
        if type(value) in PRIMITIVES:
            return value
        if len(value) == 1 and type(value[0]) is int:
            return self._object(value[0], existing)
        match value:
            case [str(tag)] if tag == KEPT:
                return existing
            case [str(tag), *items] if tag == TUPLE:
                return tuple(self._value(item) for item in items)
            case [str(tag), str(name), *items] if tag == NAMED_TUPLE:
                return _find(name)(*[self._value(item) for item in items])
            case [str(tag), str(name), str(member)] if tag == ENUM:
                cls = _find(name)
                if not issubclass(cls, Enum):
                    raise StateError(f"{name} is no enumeration")
                return cls[member]
            case [str(tag), int(numerator), int(denominator)] if tag == FRACTION:
                return Fraction(numerator, denominator)
            case [str(tag), str(name)]:
                return self._named(tag, name)
            case [str(tag), owner, str(name)] if tag == METHOD:
                return getattr(self._value(owner, getattr(existing, "__self__", None)), name)
            case [str(tag), function, arguments, keywords] if tag == PARTIAL:
                named = dict(self._value(keywords))
                return partial(self._value(function), *self._value(arguments), **named)
        raise StateError(f"nothing is written like {str(value)[:60]}")

    def _named(self, tag: str, name: str) -> Any:
        match tag:
            case _ if tag == INSTRUMENT:
                return self._catalogue.instruments[name]
            case _ if tag == CURRENCY:
                return self._catalogue.currencies[name]
            case _ if tag == BYTES:
                return bytes.fromhex(name)
            case _ if tag == FUNCTION:
                return _find(name)
        raise StateError(f"unknown tag {tag!r}")

    def _object(self, number: int, existing: Any) -> Any:
        found = self._objects[number]
        if found is _NOTHING:
            tag, *values = self._rows[number]
            can_take = id(existing) not in self._hinted
            if isinstance(tag, int):
                cls = self._classes[tag][0]
                can_take = can_take and type(existing) is cls and not _is_frozen(cls)
                found = existing if can_take else cls.__new__(cls)
            elif can_take and CONTAINERS.get(type(existing)) == tag:
                found = existing
            else:
                found = deque(maxlen=values[0]) if tag == "deque" else _NEW[tag]()
            self._objects[number] = found
            self._hinted.add(id(found))
        return found

    def _fill(self, row: list[Any], target: Any) -> None:
        tag, *values = row
        if isinstance(tag, int):
            self._fill_object(target, self._classes[tag][1], values)
        elif tag == RANDOM:
            version, gauss_next, *numbers = values
            target.setstate((version, tuple(numbers), gauss_next))
        elif isinstance(target, dict):
            self._fill_dict(target, values)
        else:
            items = [self._value(value) for value in (values[1:] if isinstance(target, deque) else values)]
            target.clear()
            target.update(items) if isinstance(target, set) else target.extend(items)

    def _fill_object(self, target: Any, names: tuple[str, ...], values: Iterable[Any]) -> None:
        put = object.__setattr__
        for name, value in zip(names, values, strict=True):
            if type(value) in PRIMITIVES:
                put(target, name, value)
                continue
            if value == [KEPT] and not hasattr(target, name):
                raise StateError(f"a {type(target).__qualname__} cannot be made anew without its {name}")
            put(target, name, self._value(value, getattr(target, name, None)))

    def _fill_dict(self, target: dict[Any, Any], values: list[Any]) -> None:
        if isinstance(target, defaultdict):
            factory, *values = values
            target.default_factory = self._value(factory, target.default_factory)
        known = dict(target)
        target.clear()
        for key_value, value in zip(values[::2], values[1::2], strict=True):
            key = self._value(key_value)
            target[key] = self._value(value, known.get(key))


def _find(name: str) -> Any:
    """A class or function of the exchange by its name in a graph."""
    module_name, _, path = name.partition(":")
    if path in FACTORIES:
        return FACTORIES[path]
    found: Any = sys.modules.get(PACKAGE + module_name)
    for part in path.split("."):
        found = getattr(found, part, None)
    if found is None or not getattr(found, "__module__", "").startswith(PACKAGE):
        raise StateError(f"this version knows no {name}")
    return found


def _is_frozen(cls: type) -> bool:
    """Whether its objects are values, which many may share and nobody changes."""
    parameters: Any = getattr(cls, "__dataclass_params__", None)
    return parameters is not None and bool(parameters.frozen)


def _check_fields(cls: type, names: tuple[str, ...]) -> None:
    slots = slots_of(cls)
    strangers = [name for name in (set(slots) ^ set(names)) if slots]
    if strangers:
        raise StateError(f"{cls.__qualname__} has other fields in this version: {', '.join(sorted(strangers))}")
