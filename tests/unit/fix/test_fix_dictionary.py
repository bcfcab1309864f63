"""The data dictionary: FIX 4.4 with our dialect, and the XML that other engines read."""

import xml.etree.ElementTree as ElementTree

import pytest

from tidings.fix.dictionary import FIX44, plain_fix44
from tidings.fix.dictionary_xml import quickfix_xml

PLAIN = plain_fix44()


def test_names_types_and_meanings() -> None:
    assert FIX44.name(11) == "ClOrdID"
    assert FIX44.tag("OrderQty") == 38
    assert FIX44.field_type(38) == "QTY"
    assert FIX44.field_type(60) == "UTCTIMESTAMP"
    assert FIX44.enum(54, b"1") == "BUY"
    assert FIX44.enum(150, b"F") == "TRADE"
    assert FIX44.enum(18, b"6 E") == "PARTICIPATE_DO_NOT_INITIATE DO_NOT_INCREASE"
    assert FIX44.enum(11, b"x") == FIX44.enum(54, b"?") == FIX44.enum(9999, b"1") == ""
    assert FIX44.message_name(b"AE") == "TradeCaptureReport"
    assert FIX44.name(9999) == FIX44.field_type(9999) == FIX44.message_name(b"ZZ") == ""
    with pytest.raises(KeyError):
        FIX44.tag("NoSuchField")


# Required body fields as FIX 4.4, volume 3 to 5, marks them.
REQUIRED = {
    b"A": (98, 108),
    b"2": (7, 16),
    b"D": (11, 40, 54, 60),
    b"F": (11, 41, 54, 60),
    b"G": (11, 40, 41, 54, 60),
    b"8": (6, 14, 17, 37, 39, 54, 150, 151),
    b"9": (11, 37, 39, 41, 434),
    b"j": (372, 380),
    b"q": (11, 60, 530),
    b"AF": (584, 585),
    b"x": (320, 559),
    b"AD": (568, 569),
    b"W": (268,),
}


@pytest.mark.parametrize("msg_type", REQUIRED)
def test_required_fields(msg_type: bytes) -> None:
    assert PLAIN.required(msg_type) == REQUIRED[msg_type]
    ours = {*REQUIRED[msg_type], 55} if msg_type in (b"D", b"F", b"G") else REQUIRED[msg_type]
    assert FIX44.required(msg_type) == tuple(sorted(ours))  # an order without a symbol is none


def test_the_dialect_asks_less_of_two_requests() -> None:
    """A stop of market data needs no symbols, and a status request may name the order by OrderID."""
    assert PLAIN.required(b"V") == (146, 262, 263, 264, 267)
    assert FIX44.required(b"V") == (262, 263)
    assert PLAIN.required(b"H") == (11, 54)
    assert FIX44.required(b"H") == (54,)


def test_groups_nest() -> None:
    parties = FIX44.groups(b"D")[453]
    assert (parties.delimiter, parties.members) == (448, {448, 447, 452, 802})
    assert parties.groups[802].members == {523, 803}
    assert FIX44.groups(b"V")[146].delimiter == 55
    assert FIX44.groups(b"W")[268].delimiter == 269
    assert FIX44.groups(b"X")[268].delimiter == 279
    assert FIX44.header_groups[627].members == {628, 629, 630}


def test_what_may_stand_where() -> None:
    assert FIX44.allowed(b"D", 44)
    assert FIX44.allowed(b"D", 115)
    assert FIX44.allowed(b"D", 10)
    assert not FIX44.allowed(b"D", 41)
    assert not FIX44.allowed(b"D", 448)  # only inside its group
    assert not FIX44.allowed(b"ZZ", 44)
    for tag in (386, 126, 168, 21, 167, 336):
        assert FIX44.allowed(b"D", tag) or FIX44.allowed(b"q", tag), tag


def test_our_tags_are_not_in_plain_fix() -> None:
    for tag in (1107, 5127, 7928, 8013, 9003, 9406, 20000, 20002, 20014, 25000, 25016, 35002, 35003):
        assert FIX44.name(tag)
        assert not PLAIN.name(tag), tag
    assert FIX44.allowed(b"A", 8013)
    assert not PLAIN.allowed(b"A", 8013)
    assert FIX44.enum(40, b"W")
    assert not PLAIN.enum(40, b"W")
    assert FIX44.message_name(b"XLQ")
    assert not FIX44.name(5000)
    assert not FIX44.name(999)


def test_all_messages_of_fix44_are_known() -> None:
    assert len(PLAIN.messages) == 93
    assert len(PLAIN.fields) == 912
    admin = {msg_type for msg_type, rule in PLAIN.messages.items() if rule.is_admin}
    assert admin == {b"0", b"1", b"2", b"3", b"4", b"5", b"A", b"n"}


def test_xml_says_what_the_tables_say() -> None:
    root = ElementTree.fromstring(quickfix_xml(FIX44))
    fields = root.find("fields")
    assert fields is not None
    by_name = {field.get("name"): field for field in fields}
    assert len(by_name) == len(FIX44.fields)
    side = by_name["Side"]
    assert (side.get("number"), side.get("type")) == ("54", "CHAR")
    assert [value.get("description") for value in side if value.get("enum") == "2"] == ["SELL"]
    order = root.find("messages/message[@msgtype='D']")
    assert order is not None
    top = {member.get("name"): member for member in order}
    assert top["ClOrdID"].get("required") == "Y"
    assert top["Price"].get("required") == "N"
    assert top["SelfTradeType"].tag == "field"
    parties = top["NoPartyIDs"]
    assert [member.get("name") for member in parties] == ["PartyID", "PartyIDSource", "PartyRole", "NoPartySubIDs"]
    for member in root.iter("field"):
        assert member.get("name") in by_name
    header = root.find("header")
    assert header is not None
    assert [member.get("name") for member in header][:3] == ["BeginString", "BodyLength", "MsgType"]
