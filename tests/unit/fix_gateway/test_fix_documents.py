"""docs/fix-messages.md against the code: types taken, reject codes, our own tags."""

import json
import re
from importlib.resources import files
from types import SimpleNamespace

import pytest
from fix_documents import PAGE, SENT_TAGS, table

from tidings.fix.dictionary import FIX44
from tidings.fix_gateway.message_routes import MessageRoutes
from tidings.fix_gateway.reject_codes import cxl_rej_reason, ord_rej_reason
from tidings.fix_gateway.translate_in import Rules
from tidings.fix_gateway.translate_out import Profile
from tidings.venue.phemex.error_codes import CODES


def test_what_is_taken_is_what_is_dealt_with():
    client = SimpleNamespace(name="C1", profile=Profile(), rules=Rules(), message_use=None)
    routes = MessageRoutes(None, client, None, None, None)
    listed = {row[0]: row[1] for row in table("What is taken")}
    assert set(listed) == {msg_type.decode() for msg_type in routes.handlers}
    for msg_type, name in listed.items():
        assert FIX44.message_name(msg_type.encode()) == name


def test_what_is_sent_is_named_and_allowed():
    for types, names, *_ in table("What is sent"):
        for msg_type, name in zip(types.split(", "), names.split(", "), strict=True):
            assert FIX44.message_name(msg_type.encode()) == name
    for msg_type, (both, extended) in SENT_TAGS.items():
        rule = FIX44.messages[msg_type.encode()]
        known = set(rule.allowed)
        groups = list(rule.groups.values())
        while groups:
            group = groups.pop()
            known |= group.members
            groups += group.groups.values()
        assert both | extended <= known, msg_type
        assert all(tag >= 5000 or tag in (969, 1057, 1109, 1140) for tag in extended)
        assert msg_type in ("XLR", "A") or all(tag < 5000 for tag in both), msg_type


@pytest.mark.parametrize(("number", "reason_of"), [(0, ord_rej_reason), (1, cxl_rej_reason)])
def test_reasons_are_the_codes_of_the_page(number, reason_of):
    listed = {
        int(code): int(reason)
        for reason, codes, _ in table("Why something is refused", number)
        for code in (codes.split() if codes != "all others" else ())
    }
    for code in (*listed, *map(int, CODES)):
        assert reason_of(int(code)) == listed.get(int(code), 99), code


def test_every_tag_of_our_own_is_on_the_page():
    dialect = json.loads((files("tidings.fix") / "dialect.json").read_bytes())
    ranges = [(int(first), int(last)) for first, last in re.findall(r"\b(\d+) … (\d+)\b", PAGE)]
    single = {int(word) for word in re.findall(r"\b\d{3,5}\b", PAGE)}
    for tag in map(int, dialect["fields"]):
        assert tag in single or any(first <= tag <= last for first, last in ranges), tag
