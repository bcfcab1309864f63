"""Checks messages against a data dictionary in QuickFIX's XML, with none of the gateway's code."""

import re
from xml.etree import ElementTree

_NUMBER = re.compile(r"-?\d+(\.\d*)?|-?\.\d+")
_FORMS = {
    "INT": re.compile(r"-?\d+"), "SEQNUM": re.compile(r"\d+"), "LENGTH": re.compile(r"\d+"),
    "NUMINGROUP": re.compile(r"\d+"), "BOOLEAN": re.compile(r"[YN]"), "CHAR": re.compile(r"."),
    **dict.fromkeys(("PRICE", "QTY", "AMT", "FLOAT", "PRICEOFFSET", "PERCENTAGE"), _NUMBER),
    "UTCTIMESTAMP": re.compile(r"\d{8}-\d\d:\d\d:\d\d(\.\d{3}(\d{3}(\d{3})?)?)?"), "UTCDATEONLY": re.compile(r"\d{8}"),
    "UTCTIMEONLY": re.compile(r"\d\d:\d\d:\d\d(\.\d{3})?"), "LOCALMKTDATE": re.compile(r"\d{8}"),
}  # fmt: skip
Pairs = list[tuple[int, str]]


class QuickFixDictionary:
    """One dictionary. `problems` of a message are sentences; none: it is sound."""

    def __init__(self, xml: str) -> None:
        root = ElementTree.fromstring(xml)
        self._tags: dict[str, int] = {}
        self._types: dict[int, str] = {}
        self._values: dict[int, set[str]] = {}
        for field in root.find("fields"):
            tag = int(field.get("number"))
            self._tags[field.get("name")] = tag
            self._types[tag] = field.get("type")
            self._values[tag] = {value.get("enum") for value in field}
        self._header = self._members(root.find("header"))
        self._trailer = self._members(root.find("trailer"))
        self._messages = {message.get("msgtype"): self._members(message) for message in root.find("messages")}

    def _members(self, element) -> dict[int, tuple[bool, dict | None]]:
        """Tag → whether it is required, and a group's own members."""
        return {
            self._tags[child.get("name")]: (
                child.get("required") == "Y", self._members(child) if child.tag == "group" else None
            )
            for child in element
        }  # fmt: skip

    def knows(self, msg_type: str) -> bool:
        return msg_type in self._messages

    def problems(self, pairs: Pairs) -> list[str]:
        found: list[str] = []
        msg_type = dict(reversed(pairs)).get(35, "")
        if msg_type not in self._messages:
            return [f"MsgType {msg_type} is unknown"]
        place = 0
        for what, members in (("header", self._header), (msg_type, self._messages[msg_type]), ("end", self._trailer)):
            place = self._read(what, pairs, place, members, None, found)
        found += [f"{tag} is not for {msg_type}" for tag, _ in pairs[place:]]
        return found

    def _read(self, what: str, pairs: Pairs, place: int, members: dict, delimiter: int | None, found: list[str]) -> int:
        """Read fields as long as they are members: where that ends."""
        seen: set[int] = set()
        while place < len(pairs):
            tag, value = pairs[place]
            if tag not in members or (tag == delimiter and seen):
                break
            if tag in seen:
                found.append(f"{tag} stands twice in {what}")
            seen.add(tag)
            self._check_value(tag, value, found)
            place += 1
            inner = members[tag][1]
            if inner is not None:
                place = self._read_group(tag, int(value), pairs, place, inner, found)
        required = [tag for tag, (is_required, _) in members.items() if is_required]
        found += [f"{tag} is missing in {what}" for tag in required if tag not in seen]
        return place

    def _read_group(self, tag: int, count: int, pairs: Pairs, place: int, members: dict, found: list[str]) -> int:
        delimiter = next(iter(members))
        for number in range(count):
            if place >= len(pairs) or pairs[place][0] != delimiter:
                found.append(f"group {tag} has {number} entries, and not {count}")
                break
            place = self._read(f"group {tag}", pairs, place, members, delimiter, found)
        return place

    def _check_value(self, tag: int, value: str, found: list[str]) -> None:
        kind, values = self._types[tag], self._values[tag]
        form = _FORMS.get(kind)
        if not value or (form is not None and not form.fullmatch(value)):
            found.append(f"{tag}={value} is no {kind}")
        parts = value.split(" ") if kind == "MULTIPLEVALUESTRING" else [value]
        if values and not values.issuperset(parts):
            found.append(f"{tag}={value} is none of its values")
