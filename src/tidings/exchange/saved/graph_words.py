"""What the writer and the reader of an object graph agree on.

A graph is a table of rows, one per object or container, in the order in which they are first met, breadth first. A
row is `[class number, value, …]` for an object, or begins with the tag of a container. Inside a row numbers, texts,
true, false and null stand for themselves; everything else is a list: `[n]` is row n, other lists begin with a tag.
"""

from collections import Counter, OrderedDict, defaultdict, deque
from typing import Any, Final

PACKAGE: Final = "tidings.exchange."
PRIMITIVES: Final = frozenset({int, str, bool, float, type(None)})

# Containers, which are rows of their own because two objects may share one.
CONTAINERS: Final[dict[type, str]] = {
    list: "list", dict: "dict", deque: "deque", defaultdict: "defaultdict", Counter: "counter",
    OrderedDict: "ordered", set: "set",
}  # fmt: skip
RANDOM: Final = "random"

# What a container may make its missing items with, besides functions of the exchange.
FACTORIES: Final[dict[str, type]] = {"int": int, "list": list, "dict": dict, "set": set, "deque": deque}

# Values that stand where they are used.
TUPLE, NAMED_TUPLE, ENUM, FRACTION, BYTES = "tuple", "named", "enum", "fraction", "bytes"
INSTRUMENT, CURRENCY = "instrument", "currency"  # by name, from the catalogue
METHOD, PARTIAL, FUNCTION = "method", "partial", "function"
KEPT = "kept"  # what a new exchange has in this place stays there


_SLOTS: Final[dict[type, tuple[str, ...]]] = {}


class StateError(ValueError):
    """A state that cannot be written or read, and why."""


def class_name(cls: type) -> str:
    """How a class of the exchange is named in a graph."""
    return f"{cls.__module__.removeprefix(PACKAGE)}:{cls.__qualname__}"


def slots_of(cls: type) -> tuple[str, ...]:
    """All slots of a class, inherited ones first; () if its objects have a dict."""
    found = _SLOTS.get(cls)
    if found is None:
        slots = [_own_slots(base) for base in reversed(cls.__mro__)]
        names = [name for some in slots for name in ((some,) if isinstance(some, str) else some)]
        found = _SLOTS[cls] = tuple(name for name in dict.fromkeys(names) if not name.startswith("__"))
    return found


def _own_slots(cls: type) -> str | tuple[str, ...]:
    """What a class adds of slots; a compiled one has none, but keeps what its objects hold where they would be."""
    slots: str | tuple[str, ...] | None = cls.__dict__.get("__slots__")
    if slots is not None:
        return slots
    return () if cls.__dictoffset__ else tuple(cls.__dict__.get("__dataclass_fields__", ()))


def attributes(value: Any) -> tuple[tuple[str, ...], list[Any]]:
    """The names and values an object holds, in an order that does not depend on its history."""
    names = slots_of(type(value))
    try:
        values = [getattr(value, name) for name in names]
    except AttributeError:  # a slot that nothing was put into
        names = tuple(name for name in names if hasattr(value, name))
        values = [getattr(value, name) for name in names]
    more = sorted(getattr(value, "__dict__", {}).items())
    return (*names, *(name for name, _ in more)) if more else names, values + [item for _, item in more]
