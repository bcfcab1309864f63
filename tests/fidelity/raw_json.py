"""JSON whose numbers keep their spelling: `0E-8`, `32000.00000000` and 19-digit integers are part of the wire."""

import json
from decimal import Decimal
from typing import Any


class Number(str):
    """A JSON number as it was written."""

    __slots__ = ()

    @property
    def value(self) -> Decimal:
        """What it is worth."""
        return Decimal(self)


def loads(text: str) -> Any:
    """Parse `text`; numbers become `Number`. A key given twice is an error (ValueError), as is what is no JSON."""
    return json.loads(text, parse_int=Number, parse_float=Number, object_pairs_hook=_unique)


def spelled(value: Any, limit: int = 60) -> str:
    """`value` as short JSON, for reports."""
    text = _spelled(value)
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def plain(value: Any) -> Any:
    """`value` with its numbers by worth, so that two spellings of one document are equal."""
    if isinstance(value, Number):
        return value.value
    if isinstance(value, dict):
        return {key: plain(member) for key, member in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError(f"a key twice among {[key for key, _ in pairs]}")
    return members


def _spelled(value: Any) -> str:
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(key)}:{_spelled(member)}" for key, member in value.items()) + "}"
    if isinstance(value, list):
        return f"[{','.join(map(_spelled, value))}]"
    return json.dumps(value, ensure_ascii=False)
