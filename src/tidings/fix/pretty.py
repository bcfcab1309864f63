"""Messages for people: field names, what enumerated values mean, groups indented. Secrets are never shown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from tidings.fix.dictionary import FIX44, Dictionary, Group
from tidings.fix.framer import Framer
from tidings.fix.message_log import EVENT, LINE_BEGINNING
from tidings.fix.reader import FixReader, ReadResult
from tidings.fix.writer import frame

SOH = b"\x01"
# How text logs write SOH, the surest sign first.
WRITTEN_SEPARATORS = (b"^A", b"<SOH>", b"\\x01", b"|")
BEGINNING, BARE_BEGINNING = re.compile(rb"(?<!\d)8=FIX"), re.compile(rb"(?<!\d)35=")
PASSWORD, NEW_PASSWORD, RAW_DATA = 554, 925, 96
LOGON = b"A"
HIDDEN = "***"
INDENT = "    "
FAULTS = {
    ReadResult.NOT_FIRST_THREE: "8, 9 and 35 are not its first three fields",
    ReadResult.BAD_BODY_LENGTH: "its BodyLength (9) is wrong",
    ReadResult.BAD_CHECKSUM: "its CheckSum (10) is wrong",
    ReadResult.BAD_TAG: "a tag is no number",
    ReadResult.BAD_DATA_LENGTH: "the length of a data field is wrong",
    ReadResult.CHECKSUM_NOT_LAST: "it does not end with its CheckSum (10)",
}


class PrintedField(NamedTuple):
    """One field. `depth` counts the groups around it; `begins_entry` marks the first field of a group's entry."""

    tag: int
    name: str
    value: str
    meaning: str
    depth: int
    begins_entry: bool


class PrintedMessage(NamedTuple):
    """One message. `fault` says why it is garbled; its fields are then those in front of the fault."""

    msg_type: str
    name: str
    fault: str
    fields: list[PrintedField]

    @property
    def title(self) -> str:
        known = f"{self.name} ({self.msg_type})" if self.name else f"unknown message type {self.msg_type or '(none)'}"
        return f"{known}, garbled: {self.fault}" if self.fault else known

    def lines(self) -> Iterator[str]:
        """The title and one line for each field, columns aligned."""
        yield self.title
        width = max((len(INDENT) * field.depth + len(field.name) for field in self.fields), default=0)
        for field in self.fields:
            indent = INDENT * field.depth
            mark = "-" if field.begins_entry else " "
            name = (indent + field.name).ljust(width)
            meaning = f"  {field.meaning}" if field.meaning else ""
            yield f" {mark}{field.tag:>6} {name}  {field.value}{meaning}".rstrip()

    def as_json(self) -> dict[str, Any]:
        return {
            "msg_type": self.msg_type,
            "name": self.name,
            "garbled": self.fault or None,
            "fields": [field._asdict() for field in self.fields],
        }


def pretty(data: bytes, dictionary: Dictionary = FIX44) -> str:
    """One message as text of several lines."""
    return "\n".join(printed(FixReader(), data, dictionary).lines())


def printed(reader: FixReader, data: bytes, dictionary: Dictionary = FIX44) -> PrintedMessage:
    """One message, read with `reader`. One that starts at 35 is as complete as it need be between two programs."""
    is_bare = data.startswith(b"35=")
    result = reader.read(frame(data) if is_bare else data)
    told = reader.fields()
    msg_type = reader.msg_type
    fields = list(_fields(told[2:-1] if is_bare and not result else told, msg_type, dictionary))
    return PrintedMessage(readable(msg_type), dictionary.message_name(msg_type), FAULTS.get(result, ""), fields)


def _fields(fields: Iterable[tuple[int, bytes]], msg_type: bytes, dictionary: Dictionary) -> Iterator[PrintedField]:
    outermost: Mapping[int, Group] = {**dictionary.header_groups, **dictionary.groups(msg_type)}
    around: list[Group] = []
    for tag, value in fields:
        while around and tag not in around[-1].members:
            around.pop()
        is_secret = tag in (PASSWORD, NEW_PASSWORD) or (tag == RAW_DATA and msg_type == LOGON)
        text = HIDDEN if is_secret else readable(value)
        begins_entry = bool(around) and tag == around[-1].delimiter
        yield PrintedField(tag, dictionary.name(tag), text, dictionary.enum(tag, value), len(around), begins_entry)
        group = (around[-1].groups if around else outermost).get(tag)
        if group is not None:
            around.append(group)


def readable(value: bytes) -> str:
    """Text that does nothing to a terminal: what cannot be printed is written as an escape."""
    text = value.decode("utf-8", "backslashreplace")
    return text if text.isprintable() else "".join(c if c.isprintable() else _escape(c) for c in text)


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def find_messages(data: bytes) -> list[bytes]:
    """Every message of a capture (SOH between fields) or a log (SOH written as `|`, `^A` …, one message in a line).

    What stands between messages, such as the times of a log, is passed over. A message that is cut short is given too.
    """
    if SOH in data:
        return _framed(data)
    return [message for line in data.splitlines() if (message := _written(line))]


def find_noted(data: bytes) -> list[tuple[str, bytes]]:
    """The same; of a session's message log each with its time and way, "" elsewhere."""
    marks = list(LINE_BEGINNING.finditer(data))
    if not marks:
        return [("", message) for message in find_messages(data)]
    ends = [*(mark.start() for mark in marks[1:]), len(data)]
    found = []
    for mark, end in zip(marks, ends, strict=True):
        text = data[mark.end() : end].removesuffix(b"\n")
        if not mark[1].endswith(EVENT):
            found.append((mark[1].decode().rstrip(), text if SOH in text else _written(text)))
    return found


def _framed(data: bytes) -> list[bytes]:
    framer = Framer(max_message_bytes=1 << 30)
    framer.feed(data)
    found = list(iter(framer.next, None))
    rest = data[len(data) - framer.waiting_bytes :]
    return [*found, rest] if rest.startswith(b"8=") else found


def _written(line: bytes) -> bytes:
    """The message of one line, b"" if there is none. Without 8, as between two programs, it starts at 35."""
    start = BEGINNING.search(line) or BARE_BEGINNING.search(line)
    if start is None:
        return b""
    text = line[start.start() :].rstrip()
    separator = next((written for written in WRITTEN_SEPARATORS if written in text), b"|")
    return text.removesuffix(separator).replace(separator, SOH) + SOH
