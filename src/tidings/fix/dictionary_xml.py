"""The dictionary as other engines read it: QuickFIX's XML, written from the tables that we validate with.

`tidings fix-dictionary` writes it.
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.sax.saxutils import quoteattr

from tidings.fix.dictionary import Dictionary, Member


def quickfix_xml(dictionary: Dictionary) -> str:
    """A data dictionary for a peer of ours. Components are written out in place, so there are none."""
    lines = [
        "<fix type='FIX' major='4' minor='4' servicepack='0'>",
        *_part("header", dictionary, dictionary.header_layout),
        *_part("trailer", dictionary, dictionary.trailer_layout),
        " <messages>",
    ]
    for msg_type, rule in dictionary.messages.items():
        category = "admin" if rule.is_admin else "app"
        name, kind = quoteattr(rule.name), quoteattr(msg_type.decode())
        lines.append(f"  <message name={name} msgcat='{category}' msgtype={kind}>")
        lines += _members(dictionary, dictionary.layouts[msg_type], 3)
        lines.append("  </message>")
    lines += [" </messages>", " <components/>", " <fields>", *_fields(dictionary), " </fields>", "</fix>"]
    return "\n".join(lines) + "\n"


def _part(name: str, dictionary: Dictionary, layout: tuple[Member, ...]) -> list[str]:
    return [f" <{name}>", *_members(dictionary, layout, 2), f" </{name}>"]


def _members(dictionary: Dictionary, layout: tuple[Member, ...], depth: int) -> Iterator[str]:
    indent = " " * depth
    for member in layout:
        what = f"name={quoteattr(dictionary.name(member.tag))} required='{'Y' if member.is_required else 'N'}'"
        if member.members:
            yield f"{indent}<group {what}>"
            yield from _members(dictionary, member.members, depth + 1)
            yield f"{indent}</group>"
        else:
            yield f"{indent}<field {what}/>"


def _fields(dictionary: Dictionary) -> Iterator[str]:
    for tag, field in sorted(dictionary.fields.items()):
        what = f"number='{tag}' name={quoteattr(field.name)} type='{field.type}'"
        if not field.values:
            yield f"  <field {what}/>"
            continue
        yield f"  <field {what}>"
        for value, meaning in field.values.items():
            yield f"   <value enum={quoteattr(value.decode())} description={quoteattr(meaning)}/>"
        yield "  </field>"
