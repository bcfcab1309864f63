"""Values of FIX fields as text, exactly: decimals, averages, ids. No value passes through a float."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final, Protocol

from tidings.fix.dictionary import FIX44
from tidings.fix.field_formats import FORMATS

FRACTION_DIGITS_MAX: Final = 12  # of an average that has no end
_DECIMAL: Final = re.compile(rb"-?[0-9]+(\.[0-9]*)?|-?\.[0-9]+")
_CL_ORD_ID: Final = re.compile(rb"[A-Za-z0-9._-]{1,40}")
Fields = list[tuple[int, bytes]]


class FieldSource(Protocol):
    """A message to read from: the codec's reader, or anything that finds fields by tag."""

    def find(self, tag: int, nth: int = 0) -> bytes | None:
        """The value of the nth field of that tag, or None."""


def decimal_text(value: Decimal) -> bytes:
    """Plain digits, no exponent, no zeros at the end."""
    text = f"{value:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return b"0" if text in ("", "-0", "-") else text.encode()


def average_text(value: Decimal | None) -> bytes:
    """AvgPx (6): exact where it ends within twelve digits behind the point, else rounded there; 0 before a fill."""
    if value is None:
        return b"0"
    exponent = value.as_tuple().exponent
    if isinstance(exponent, int) and exponent < -FRACTION_DIGITS_MAX:
        value = round(value, FRACTION_DIGITS_MAX)
    return decimal_text(value)


def decimal_of(value: bytes) -> str | None:
    """The text of a FIX decimal (no sign but -, no exponent), fit for Decimal; None: it is none."""
    return value.decode() if _DECIMAL.fullmatch(value) else None


def is_cl_ord_id(value: bytes) -> bool:
    """Whether a ClOrdID has 1 to 40 of A-Z a-z 0-9 . _ -"""
    return _CL_ORD_ID.fullmatch(value) is not None


def is_well_formed(tag: int, value: bytes) -> bool:
    """Whether a value has the form of its field, so that a stock client would take it back."""
    form = FORMATS.get(FIX44.field_type(tag))
    return form is None or bool(form(value))


def body_of(found: Mapping[int, bytes], groups: Mapping[int, Sequence[Fields]] | None = None) -> Fields:
    """A message's body as it goes out: tags ascending, a group's entries behind its count."""
    parts: dict[int, Fields] = {tag: [(tag, value)] for tag, value in found.items()}
    for count_tag, entries in (groups or {}).items():
        parts[count_tag] = [(count_tag, b"%d" % len(entries)), *(field for entry in entries for field in entry)]
    return [field for _, part in sorted(parts.items()) for field in part]
