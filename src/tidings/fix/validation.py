"""Is a message what the dictionary says? The first problem in the order that FIX engines agree on, with their texts.

The order: places of header and trailer, message type, required fields, then field by field (header, trailer, body, each
by ascending tag): repeated, empty, format, enumeration, unknown tag, tag of another message, group count.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from tidings.fix.dictionary import MULTIPLE, Dictionary, Field, Group
from tidings.fix.field_formats import FORMATS
from tidings.fix.plain_messages import PlainMessages
from tidings.fix.plain_shapes import PlainShapes

if TYPE_CHECKING:
    from tidings.fix.reader import FixReader

INVALID_TAG, REQUIRED_MISSING, TAG_NOT_FOR_TYPE = 0, 1, 2
NO_VALUE, VALUE_INCORRECT, FORMAT_INCORRECT = 4, 5, 6
COMP_ID_PROBLEM, SENDING_TIME_PROBLEM, INVALID_MSG_TYPE = 9, 10, 11
REPEATED, OUT_OF_ORDER, GROUP_ORDER, GROUP_COUNT = 13, 14, 15, 16

REJECT_TEXTS: dict[int, str] = {
    INVALID_TAG: "Invalid tag number",
    REQUIRED_MISSING: "Required tag missing",
    TAG_NOT_FOR_TYPE: "Tag not defined for this message type",
    NO_VALUE: "Tag specified without a value",
    VALUE_INCORRECT: "Value is incorrect (out of range) for this tag",
    FORMAT_INCORRECT: "Incorrect data format for value",
    COMP_ID_PROBLEM: "CompID problem",
    SENDING_TIME_PROBLEM: "SendingTime accuracy problem",
    INVALID_MSG_TYPE: "Invalid MsgType",
    REPEATED: "Tag appears more than once",
    OUT_OF_ORDER: "Tag specified out of required order",
    GROUP_ORDER: "Repeating group fields out of order",
    GROUP_COUNT: "Incorrect NumInGroup count for repeating group",
}

MSG_TYPE = 35
EXEC_INST = 18  # some write its one-letter values without blanks between them

Fields = list[tuple[int, bytes]]


class Problem(NamedTuple):
    """Why a message is rejected: SessionRejectReason, the tag at fault if one is, and the text."""

    reason: int
    ref_tag: int | None
    text: str


class Item(NamedTuple):
    """One field, with its entries if it counts a group."""

    tag: int
    value: bytes
    group: Group | None = None
    entries: tuple[tuple[Item, ...], ...] = ()


def problem(reason: int, ref_tag: int | None = None) -> Problem:
    """With the text that belongs to the reason."""
    return Problem(reason, ref_tag, REJECT_TEXTS[reason])


def check(message: FixReader | Fields, dictionary: Dictionary, *, lenient: bool = False) -> Problem | None:
    """The first problem of a whole message; None: it is sound. `lenient`: tags may be unknown or out of place."""
    if isinstance(message, list):
        fields = message
    elif _plain_shapes(dictionary).lets_pass(message):
        return None
    else:
        fields = message.fields()
    if len(fields) > 2 and _plain_messages(dictionary).lets_pass(fields[2][1], fields):
        return None
    return long_check(fields, dictionary, lenient=lenient)


@lru_cache(maxsize=8)
def _plain_messages(dictionary: Dictionary) -> PlainMessages:
    return PlainMessages(dictionary)


@lru_cache(maxsize=8)
def _plain_shapes(dictionary: Dictionary) -> PlainShapes:
    return PlainShapes(dictionary)


def long_check(fields: Fields, dictionary: Dictionary, *, lenient: bool = False) -> Problem | None:
    """Everything that can be wrong, in its order."""
    regions = _regions(fields, dictionary)
    if isinstance(regions, Problem):
        return regions
    header, body, trailer = regions
    msg_type = next((value for tag, value in header if tag == MSG_TYPE), b"")
    rule = dictionary.messages.get(msg_type)
    if rule is None:
        return problem(INVALID_MSG_TYPE)
    header_items = _items(header, dictionary.header_groups)
    body_items = _items(body, rule.groups)
    trailer_items = [Item(tag, value) for tag, value in trailer]
    if found := (
        _missing(header_items, dictionary.header_required)
        or _missing(trailer_items, dictionary.trailer_required)
        or _missing(body_items, rule.required)
    ):
        return found
    if lenient:
        places: tuple[frozenset[int] | None, ...] = (None, None, None)
    else:
        header_tags = dictionary.header_tags | (dictionary.anywhere_tags & rule.allowed)
        places = (header_tags, dictionary.trailer_tags, rule.allowed)
    for items, allowed in zip((header_items, trailer_items, body_items), places, strict=True):
        if found := _first_problem(items, dictionary, allowed):
            return found
    return None


def _regions(fields: Fields, dictionary: Dictionary) -> tuple[Fields, Fields, Fields] | Problem:
    """Header, body and trailer; or the first field that is not in its place."""
    header: Fields = []
    body: Fields = []
    trailer: Fields = []
    for field in fields:
        tag = field[0]
        if tag in dictionary.header_tags:
            if body or trailer:
                return problem(OUT_OF_ORDER, tag)
            header.append(field)
        elif tag in dictionary.trailer_tags:
            trailer.append(field)
        elif trailer:
            return problem(OUT_OF_ORDER, tag)
        elif tag in dictionary.anywhere_tags and not body:
            header.append(field)
        else:
            body.append(field)
    return header, body, trailer


def _items(fields: Fields, groups: dict[int, Group]) -> list[Item]:
    """The fields with each group's entries below its count."""
    items: list[Item] = []
    position = 0
    while position < len(fields):
        tag, value = fields[position]
        position += 1
        group = groups.get(tag) if groups else None
        if group is None:
            items.append(Item(tag, value))
        else:
            entries, position = _entries(fields, position, group)
            items.append(Item(tag, value, group, entries))
    return items


def _entries(fields: Fields, position: int, group: Group) -> tuple[tuple[tuple[Item, ...], ...], int]:
    """A group's entries and where it ends: at the first field that is no member. A repeated member begins an entry."""
    entries: list[list[Item]] = []
    seen: set[int] = set()
    while position < len(fields) and fields[position][0] in group.members:
        tag, value = fields[position]
        position += 1
        if not entries or tag == group.delimiter or tag in seen:
            entries.append([])
            seen = set()
        seen.add(tag)
        nested = group.groups.get(tag)
        inner: tuple[tuple[Item, ...], ...] = ()
        if nested is not None:
            inner, position = _entries(fields, position, nested)
        entries[-1].append(Item(tag, value, nested, inner))
    return tuple(map(tuple, entries)), position


def _missing(items: list[Item] | tuple[Item, ...], required: tuple[int, ...]) -> Problem | None:
    present = {item.tag for item in items}
    for tag in required:
        if tag not in present:
            return problem(REQUIRED_MISSING, tag)
    for item in items:
        if item.group is not None:
            for entry in item.entries:
                if found := _missing(entry, item.group.required):
                    return found
    return None


def _first_problem(
    items: list[Item] | tuple[Item, ...], dictionary: Dictionary, allowed: frozenset[int] | None
) -> Problem | None:
    """Of the fields of one region or group entry, by ascending tag. `allowed` None: any tag may stand here."""
    before: int | None = None
    for item in sorted(items, key=_tag_of):
        tag = item.tag
        if tag == before:
            return problem(REPEATED, tag)
        before = tag
        field = dictionary.fields.get(tag)
        if reason := _value_problem(field, item.value):
            return problem(reason, tag)
        if allowed is not None:
            if field is None:
                return problem(INVALID_TAG, tag)
            if tag not in allowed:
                return problem(TAG_NOT_FOR_TYPE, tag)
        if item.group is not None and (found := _group_problem(item, item.group, dictionary, allowed)):
            return found
    return None


def _tag_of(item: Item) -> int:
    return item.tag


def _value_problem(field: Field | None, value: bytes) -> int:
    """The reason to reject a value; 0: it is good, or nothing is known of its tag."""
    if not value:
        return NO_VALUE
    if field is None:
        return 0
    fits = FORMATS.get(field.type)
    if fits is not None and not fits(value):
        return FORMAT_INCORRECT
    if field.values and value not in field.values and not _is_several(field, value):
        return VALUE_INCORRECT
    return 0


def _is_several(field: Field, value: bytes) -> bool:
    """Several enumerated values, blank separated."""
    if field.type != MULTIPLE:
        return False
    return all(
        part in field.values
        or (field.tag == EXEC_INST and part and all(letter in field.values for letter in _bytes(part)))
        for part in value.split(b" ")
    )


def _bytes(value: bytes) -> Iterator[bytes]:
    return (value[index : index + 1] for index in range(len(value)))


def _group_problem(item: Item, group: Group, dictionary: Dictionary, allowed: frozenset[int] | None) -> Problem | None:
    """The count of a group, then what is inside."""
    if allowed is not None:
        for entry in item.entries:
            if entry[0].tag != group.delimiter:
                return problem(GROUP_ORDER, entry[0].tag)
        if int(item.value.lstrip(b"0") or b"0") != len(item.entries):  # of thousands of zeros Python makes no number
            return problem(GROUP_COUNT, item.tag)
    inside = None if allowed is None else group.members
    for entry in item.entries:
        if found := _first_problem(entry, dictionary, inside):
            return found
    return None
