"""Repeating groups of a request, taken apart: by the layout, not by counting a tag."""

from tidings.fix.dictionary import FIX44
from tidings.fix.reader import FixReader
from tidings.fix_gateway.tag_message import group_entries, read_into

ORDERS, DATES = FIX44.groups(b"E")[73], FIX44.groups(b"AD")[580]


def entries(text: str, group) -> list[str]:
    reader = FixReader()
    read_into(reader, text.replace("|", "\x01").encode())
    found = group_entries(reader, group)
    return ["|".join(f"{tag}={value.decode()}" for tag, value in entry.fields) for entry in found]


def test_what_one_entry_lacks_is_not_taken_from_the_next():
    text = "35=E|66=l|73=2|11=a|67=1|54=1|11=b|67=2|54=2|44=5|394=3|68=2|"
    assert entries(text, ORDERS) == ["11=a|67=1|54=1", "11=b|67=2|54=2|44=5"]


def test_nested_groups_stay_in_their_entry():
    text = "35=E|73=2|11=a|67=1|78=1|79=x|80=3|54=1|11=b|67=2|54=2|394=3|"
    assert entries(text, ORDERS) == ["11=a|67=1|78=1|79=x|80=3|54=1", "11=b|67=2|54=2"]


def test_a_tag_behind_the_group_is_not_of_it():
    assert entries("35=AD|580=1|75=20260801|568=t|60=20260802-00:00:00|", DATES) == ["75=20260801"]
    assert entries("35=AD|568=t|", DATES) == []
