"""The kinds of faults and their keys as text, for `tidings exchange --help`."""

import textwrap
from dataclasses import fields
from itertools import groupby

from tidings.exchange.faults.fault_kinds import KINDS, WHEN, WHERE, Fault

_WIDTH = 100
_INTRODUCTION = """\
faults:
  A fault file is TOML: a `seed`, and a [[fault]] table for each thing that is to go wrong, with its
  kind, where (the keys in brackets), when ({when}) and how.
  The same seed and the same requests give the same faults. GET, POST and DELETE /faults at the
  admin endpoint read, add and end faults while the exchange runs.

      seed = 7
      [[fault]]
      kind = "fail"
      request = "create"
      probability = 0.1
      status = 502
"""


def fault_help() -> str:
    """Every kind under the point where it happens, and every key with its values."""
    parts = [_INTRODUCTION.format(when=", ".join(WHEN))]
    for point, group in groupby(sorted(KINDS.items(), key=lambda item: list(WHERE).index(item[1].point)),
                                key=lambda item: item[1].point):  # fmt: skip
        where = ", ".join(WHERE[point])
        parts.append(f"  when {point.value}" + (f" ({where}):" if where else ":"))
        parts += [_entry(name, kind.meaning, ", ".join(kind.keys)) for name, kind in group]
        parts.append("")
    parts.append("  keys:")
    for item in fields(Fault):
        if item.metadata:
            parts.append(_entry(item.name, item.metadata["meaning"], ", ".join(item.metadata["words"])))
    return "\n".join(parts)


def _entry(name: str, meaning: str, values: str) -> str:
    text = f"{meaning}; {values}" if values else meaning
    first, *rest = textwrap.wrap(text, _WIDTH - 28)
    return "\n".join([f"    {name:23} {first}", *(" " * 28 + line for line in rest)])
