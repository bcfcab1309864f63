"""The data dictionary: what FIX 4.4 and our dialect allow where, compiled from fix44.json and dialect.json.

Everything that knows tags by name, type, enumeration or place (validation, printing, the XML for other engines) reads
these tables, so there is one description of the dialect.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.resources import files
from typing import Any, NamedTuple

# Types whose values a list of enumerated ones may be, blank separated.
MULTIPLE = "MULTIPLEVALUESTRING"


class Field(NamedTuple):
    """One tag. `values` maps each enumerated value to its meaning; empty: any value of the type."""

    tag: int
    name: str
    type: str
    values: dict[bytes, str]


class Group(NamedTuple):
    """A repeating group. `delimiter` begins every entry; `groups` are those nested in it."""

    count_tag: int
    delimiter: int
    members: frozenset[int]
    required: tuple[int, ...]
    groups: dict[int, Group]


class MessageRule(NamedTuple):
    """One message type. `allowed` are the tags of its body outside groups, with the groups' counts."""

    msg_type: bytes
    name: str
    is_admin: bool
    allowed: frozenset[int]
    required: tuple[int, ...]
    groups: dict[int, Group]


class Member(NamedTuple):
    """One member of a layout with components taken apart: a field, or a group with its own members."""

    tag: int
    is_required: bool
    members: tuple[Member, ...] = ()


class Dictionary:
    """The compiled tables. `description` is fix44.json's form; `dialect` adds to it, None: plain FIX 4.4."""

    def __init__(self, description: dict[str, Any], dialect: dict[str, Any] | None = None) -> None:
        added = dialect or {}
        self._components: dict[str, list[Any]] = description["components"]
        self.fields: dict[int, Field] = dict(_fields(description["fields"] | added.get("fields", {})))
        for tag, values in added.get("values", {}).items():
            self.fields[int(tag)].values.update({value.encode(): name for value, name in values.items()})
        self._tags = {field.name: field.tag for field in self.fields.values()}
        header = self._members(description["header"])
        trailer = self._members(description["trailer"])
        hops = (inner.tag for member in header for inner in member.members)
        self.header_tags = frozenset(member.tag for member in header) | frozenset(hops)
        self.header_required = tuple(sorted(member.tag for member in header if member.is_required))
        self.header_groups = {member.tag: _group(member) for member in header if member.members}
        self.trailer_tags = frozenset(member.tag for member in trailer)
        self.trailer_required = tuple(sorted(member.tag for member in trailer if member.is_required))
        self.anywhere_tags = frozenset(int(tag) for tag in added.get("anywhere", ()))
        self.layouts: dict[bytes, tuple[Member, ...]] = {}
        self.messages: dict[bytes, MessageRule] = {}
        for key, (name, category, listed) in (description["messages"] | added.get("messages", {})).items():
            layout = _adapted(self._members(listed + added.get("extra", {}).get(key, [])), added, key)
            self.layouts[key.encode()] = layout
            self.messages[key.encode()] = _message_rule(key.encode(), name, category == "admin", layout)
        self.header_layout, self.trailer_layout = header, trailer

    def name(self, tag: int) -> str:
        """The field's name; "" for a tag the dictionary does not know."""
        return self.fields[tag].name if tag in self.fields else ""

    def tag(self, name: str) -> int:
        """Raises KeyError."""
        return self._tags[name]

    def field_type(self, tag: int) -> str:
        """`PRICE`, `UTCTIMESTAMP` and so on; "" for an unknown tag."""
        return self.fields[tag].type if tag in self.fields else ""

    def enum(self, tag: int, value: bytes) -> str:
        """What an enumerated value means, several joined by blanks; "" if it is not enumerated."""
        field = self.fields.get(tag)
        if field is None or not field.values:
            return ""
        values = value.split(b" ") if field.type == MULTIPLE else [value]
        return " ".join(filter(None, (field.values.get(part, "") for part in values)))

    def message_name(self, msg_type: bytes) -> str:
        """`NewOrderSingle` for b"D"; "" for an unknown type."""
        return self.messages[msg_type].name if msg_type in self.messages else ""

    def allowed(self, msg_type: bytes, tag: int) -> bool:
        """Whether the tag may stand in this message, outside groups; header and trailer count."""
        if tag in self.header_tags or tag in self.trailer_tags:
            return True
        rule = self.messages.get(msg_type)
        return rule is not None and tag in rule.allowed

    def required(self, msg_type: bytes) -> tuple[int, ...]:
        """Tags the body must have, ascending."""
        return self.messages[msg_type].required if msg_type in self.messages else ()

    def groups(self, msg_type: bytes) -> dict[int, Group]:
        """The body's repeating groups by count tag."""
        return self.messages[msg_type].groups if msg_type in self.messages else {}

    def _members(self, listed: list[Any], is_required: bool = True) -> tuple[Member, ...]:
        return tuple(self._expanded(listed, is_required))

    def _expanded(self, listed: list[Any], is_required: bool) -> Iterator[Member]:
        """A field in an optional component is optional, whatever the component says of it."""
        for item in listed:
            head = item[0] if isinstance(item, list) else item
            demanded = is_required and head.endswith("!")
            word = head.rstrip("!")
            if isinstance(item, list):
                yield Member(int(word), demanded, self._members(item[1:]))
            elif word.startswith("@"):
                yield from self._expanded(self._components[word[1:]], demanded)
            else:
                yield Member(int(word), demanded)


def _fields(listed: dict[str, list[Any]]) -> Iterator[tuple[int, Field]]:
    for tag, (name, kind, *values) in listed.items():
        meanings = {value.encode(): meaning for value, meaning in values[0].items()} if values else {}
        yield int(tag), Field(int(tag), name, kind, meanings)


def _adapted(layout: tuple[Member, ...], added: dict[str, Any], key: str) -> tuple[Member, ...]:
    """The layout with what the dialect makes optional or required, and with its additions to groups."""
    required = {int(tag) for tag in added.get("required", {}).get(key, ())}
    optional = {int(tag) for tag in added.get("optional", {}).get(key, ())}
    extra = {int(tag): members for tag, members in added.get("extra_in_groups", {}).get(key, {}).items()}
    return tuple(
        member._replace(
            is_required=(member.is_required or member.tag in required) and member.tag not in optional,
            members=member.members + tuple(Member(int(tag), False) for tag in extra.get(member.tag, ())),
        )
        for member in layout
    )


def _group(member: Member) -> Group:
    return Group(
        member.tag,
        member.members[0].tag,
        frozenset(inner.tag for inner in member.members),
        tuple(inner.tag for inner in member.members if inner.is_required),
        {inner.tag: _group(inner) for inner in member.members if inner.members},
    )


def _message_rule(msg_type: bytes, name: str, is_admin: bool, layout: tuple[Member, ...]) -> MessageRule:
    return MessageRule(
        msg_type,
        name,
        is_admin,
        frozenset(member.tag for member in layout),
        tuple(sorted(member.tag for member in layout if member.is_required)),
        {member.tag: _group(member) for member in layout if member.members},
    )


def _read(name: str) -> dict[str, Any]:
    table: dict[str, Any] = json.loads((files("tidings.fix") / name).read_bytes())
    return table


def plain_fix44() -> Dictionary:
    """FIX 4.4 as it stands, without our additions: what a stock client validates with."""
    return Dictionary(_read("fix44.json"))


FIX44 = Dictionary(_read("fix44.json"), _read("dialect.json"))
