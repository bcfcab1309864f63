"""The short way through validation: most messages are plain and sound, and one pass over their fields shows it.

What this lets pass, `validation.long_check` would let pass too; whatever it doubts goes there, to find the reason.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from tidings.fix.dictionary import MULTIPLE, Dictionary, Member, MessageRule
from tidings.fix.field_formats import FORMATS

HEADER, BODY, TRAILER = 0, 1, 2

Fits = Callable[[bytes], object]


class PlainField(NamedTuple):
    """What a field must be to be let pass: its region, one of `values`, or of a form; neither: anything but empty."""

    region: int
    values: frozenset[bytes] | None
    fits: Fits | None


class PlainMessages:
    """Tables of one dictionary, made when first needed: fields that begin no group."""

    def __init__(self, dictionary: Dictionary) -> None:
        self._dictionary = dictionary
        self._tables: dict[bytes, tuple[dict[int, PlainField], frozenset[int]]] = {}

    def lets_pass(self, msg_type: bytes, fields: list[tuple[int, bytes]]) -> bool:
        """Whether the message is sound for certain. False says nothing."""
        table = self._tables.get(msg_type) or self._table(msg_type)
        if table is None:
            return False
        known, required = table
        region = HEADER
        seen = set()
        for tag, value in fields:
            field = known.get(tag)
            if field is None or not value:
                return False
            place, values, fits = field
            if place < region:
                return False
            region = place
            if values is not None:
                if value not in values:
                    return False
            elif fits is not None and not fits(value):
                return False
            seen.add(tag)
        return len(seen) == len(fields) and required <= seen

    def _table(self, msg_type: bytes) -> tuple[dict[int, PlainField], frozenset[int]] | None:
        rule = self._dictionary.messages.get(msg_type)
        if rule is None:
            return None
        known: dict[int, PlainField] = {}
        for region, layout in self._regions(rule):
            for member in layout:
                if not member.members and member.tag not in self._dictionary.anywhere_tags:
                    known[member.tag] = self._plain(member.tag, region)
        required = {*self._dictionary.header_required, *self._dictionary.trailer_required, *rule.required}
        table = known, frozenset(required)
        self._tables[msg_type] = table
        return table

    def _regions(self, rule: MessageRule) -> tuple[tuple[int, tuple[Member, ...]], ...]:
        dictionary = self._dictionary
        body = dictionary.layouts[rule.msg_type]
        return (HEADER, dictionary.header_layout), (BODY, body), (TRAILER, dictionary.trailer_layout)

    def _plain(self, tag: int, region: int) -> PlainField:
        field = self._dictionary.fields[tag]
        if field.values and field.type == MULTIPLE:
            return PlainField(region, None, _all_in(frozenset(field.values)))
        if field.values:
            return PlainField(region, frozenset(field.values), None)
        return PlainField(region, None, FORMATS.get(field.type))


def _all_in(values: frozenset[bytes]) -> Fits:
    """Every blank separated part is one of `values`."""
    return lambda value: values.issuperset(value.split(b" "))
