"""Faults as people write them: a TOML file, or JSON at the admin endpoint. Every key is checked and named if wrong.

    seed = 7                      # of all chance; optional

    [[fault]]
    kind = "fail"                 # one of `fault_kinds.KINDS`
    request = "create"            # where
    probability = 0.1             # when
    status = 502                  # how
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

from tidings.errors import ConfigError
from tidings.exchange.faults.fault_kinds import KINDS, WHEN, WHERE, Fault, Kind

_FIELDS: Final = {item.name: item for item in fields(Fault) if item.name != "kind"}
_NAMES: Final = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}
SEED_MAX: Final = 2**63 - 1


class FaultError(ValueError):
    """A fault that cannot be taken; the text names the key and what it may be."""


@dataclass(frozen=True)
class FaultSet:
    """What a file asks for. `seed` is None if it leaves that to the exchange."""

    faults: tuple[Fault, ...] = ()
    seed: int | None = None


def read_faults(path: Path) -> FaultSet:
    """The faults of a TOML file. Raises ConfigError that names the file and the key."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
        return fault_set(document)
    except OSError as error:
        raise ConfigError(f"fault file {path} cannot be read: {error.strerror}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, FaultError) as error:
        raise ConfigError(f"{path}: {error}") from error


def fault_set(document: Mapping[str, Any]) -> FaultSet:
    """The faults of a whole document. Raises FaultError."""
    for key in document:
        if key not in ("seed", "fault"):
            raise FaultError(f"unknown key {key!r}: there are seed and [[fault]]")
    seed, rows = document.get("seed"), document.get("fault", [])
    if seed is not None and (type(seed) is not int or not 0 <= seed <= SEED_MAX):
        raise FaultError(f"seed: a whole number from 0: was {seed!r}")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise FaultError("fault: must be a list of tables: write [[fault]]")
    faults = []
    for number, row in enumerate(rows, 1):
        try:
            faults.append(make_fault(row))
        except FaultError as error:
            raise FaultError(f"fault {number}: {error}") from None
    return FaultSet(tuple(faults), seed)


def make_fault(row: Mapping[str, Any]) -> Fault:
    """One fault from its keys. Raises FaultError."""
    name = row.get("kind")
    kind = KINDS.get(name) if isinstance(name, str) else None
    if kind is None or not isinstance(name, str):
        raise FaultError(f"kind: one of {', '.join(KINDS)}: was {name!r}")
    allowed = (*WHERE[kind.point], *WHEN, *kind.keys)
    values = dict(kind.defaults)
    for key, value in row.items():
        if key == "kind":
            continue
        if key not in allowed:
            raise FaultError(f"{name}: unknown key {key!r}: it takes {', '.join(allowed)}")
        values[key] = _checked(name, key, value)
    for key in kind.needs:
        if not values.get(key):
            raise FaultError(f"{name}: {key} is missing: without it nothing would happen")
    _check_pairs(name, kind, values)
    return Fault(kind=name, **values)


def _check_pairs(name: str, kind: Kind, values: Mapping[str, Any]) -> None:
    """Refuse keys that contradict each other."""
    if "nth" in values and ("skip" in values or "count" in values):
        raise FaultError(f"{name}: nth says it all: leave skip and count out")
    if name == "delay" and not (values.get("delay_ms") or values.get("jitter_ms")):
        raise FaultError(f"{name}: delay_ms or jitter_ms is missing: without it nothing would happen")
    if name == "repeat-request" and values.get("delay_ms") and values.get("answer") == "second":
        raise FaultError(f"{name}: answer: the second answer comes too late for the client if there is a delay_ms")


def _checked(kind: str, key: str, value: Any) -> Any:
    """`value` if the key may have it; whole numbers pass for numbers."""
    item = _FIELDS[key]
    wanted: Any = type(item.default)
    meta = item.metadata
    words, least, most = meta["words"], meta["least"], meta["most"]
    if words:
        if value not in words:
            raise FaultError(f"{kind}: {key}: one of {', '.join(words)}: was {value!r}")
        return value
    if wanted is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if type(value) is not wanted or value != value:  # NaN is the number that is not itself
        raise FaultError(f"{kind}: {key}: {_NAMES[wanted]}: was {value!r}")
    if least is not None and (value < least or (most is not None and value > most) or value > SEED_MAX):
        above = f" to {most:g}" if most is not None else ""
        raise FaultError(f"{kind}: {key}: from {least:g}{above}: was {value!r}")
    if isinstance(value, str) and not (value.isascii() and value.isprintable() and 0 < len(value) <= 200):
        raise FaultError(f"{kind}: {key}: 1 to 200 printable ASCII characters: was {value!r}")
    return value
