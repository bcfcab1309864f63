"""Repeating groups of messages written by hand, with layouts written here."""

import subprocess
import sys

import pytest
from fix_text import framed

from tidings.errors import FieldError
from tidings.fix.dictionary import Group
from tidings.fix.groups import GroupEntry, entries
from tidings.fix.reader import FieldView, FixReader

FEES = Group(136, 137, frozenset({137, 138, 139}), (), {})
PARTIES = Group(453, 448, frozenset({448, 447, 452, 802}), (), {802: Group(802, 523, frozenset({523, 803}), (), {})})
SIDES = Group(552, 54, frozenset({54, 37, 11, 136, 453}), (54,), {136: FEES, 453: PARTIES})
SIDES_TEXT = (
    "35=AE|571=t1|552=2|54=1|11=a|453=2|448=P1|452=1|802=2|523=s1|803=1|523=s2|448=P2|447=D|136=1|137=0.5|138=USDT|"
    "54=2|37=O2|136=2|137=-1|137=-2|139=4|11=b|60=20270314-09:26:53|"
)


@pytest.fixture
def reader() -> FixReader:
    return FixReader()


def test_entries_in_place(reader: FixReader) -> None:
    reader.read(framed("35=8|136=2|137=0.5|139=4|138=USDT|137=-0.25|150=F|"))
    first, second = reader.groups(FEES)
    assert first.fields() == [(137, b"0.5"), (139, b"4"), (138, b"USDT")]
    assert (second.get_fixed(137), second.find(138), 138 in second, 150 in second) == ((-25, 2), None, False, False)


def test_nested_groups(reader: FixReader) -> None:
    reader.read(framed(SIDES_TEXT))
    buy, sell = reader.groups(SIDES)
    assert (buy.get_char(54), buy.find(37), buy.find(138)) == (b"1", None, None)
    assert (sell.get_char(54), sell.find(37), sell.find(11)) == (b"2", b"O2", b"b")
    first, second = buy.groups(453)
    assert [sub.find(523) for sub in first.groups(802)] == [b"s1", b"s2"]
    assert (second.find(448), second.find(447), second.groups(802)) == (b"P2", b"D", [])
    assert [fee.get_fixed(137) for fee in buy.groups(136)] == [(5, 1)]
    assert [fee.get_fixed(137) for fee in sell.groups(136)] == [(-1, 0), (-2, 0)]
    assert sell.groups(453) == []
    with pytest.raises(KeyError, match="group 552 has no group 268 in it"):
        buy.groups(268)


def test_entry_has_its_own_fields_only(reader: FixReader) -> None:
    outer = Group(1, 2, frozenset({2, 3, 4}), (), {3: Group(3, 5, frozenset({5, 4}), (), {})})
    reader.read(framed("35=D|1=1|2=a|3=1|5=b|4=inner|7=x|"))
    (entry,) = reader.groups(outer)
    assert (entry.find(4), entry.find(3)) == (None, b"1")
    assert entry.groups(3)[0].find(4) == b"inner"
    with pytest.raises(FieldError, match="tag 4 is missing"):
        entry.get_int(4)


WRONG = [
    ("136=2|137=1|", "counts 2 entries where 1 are", 16),
    ("136=1|137=1|137=2|", "counts 1 entries where 2 are", 16),
    ("136=1|138=USDT|137=1|", "counts 1 entries where 0 are", 16),
    ("136=0|137=1|", "counts 0 entries where 1 are", 16),
    ("136=-1|137=1|", "is not a count", 6),
    ("136=x|137=1|", "is not a count", 6),
    ("136=|137=1|", "has no value", 4),
]


@pytest.mark.parametrize(("body", "words", "reject_reason"), WRONG)
def test_wrong_count_is_told(reader: FixReader, body: str, words: str, reject_reason: int) -> None:
    reader.read(framed("35=8|" + body))
    with pytest.raises(FieldError, match=f"tag 136 {words}") as caught:
        reader.groups(FEES)
    assert caught.value.reject_reason == reject_reason


def test_no_group_is_none(reader: FixReader) -> None:
    for body in ("35=8|", "35=8|136=0|"):
        reader.read(framed(body))
        assert reader.groups(FEES) == []


def test_entry_of_an_earlier_message_is_void(reader: FixReader) -> None:
    reader.read(framed(SIDES_TEXT))
    (entry, _) = reader.groups(SIDES)
    reader.read(framed("35=0|" + "58=x|" * 5000))
    for use in (entry.fields, lambda: entry.find(54), lambda: entry.get_char(54), lambda: entry.groups(453)):
        with pytest.raises(ValueError, match="its reader has left"):
            use()


def test_what_is_no_view_has_no_groups() -> None:
    for make in (GroupEntry, lambda: entries(FieldView(), FEES)):
        with pytest.raises(TypeError):
            make()


@pytest.mark.parametrize("first", ["reader", "groups"])
def test_either_module_may_be_imported_first(first: str) -> None:
    script = f"import tidings.fix.{first}; from tidings.fix import groups, reader; groups.entries; reader.FixReader"
    subprocess.run([sys.executable, "-c", script], check=True)
