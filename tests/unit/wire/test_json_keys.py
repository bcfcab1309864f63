"""Name tables: every name has its slot, every other name has none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidings.wire.json_keys import JsonKeys

names = st.text("abcdeXYZ0", min_size=1, max_size=12)


@given(st.lists(names, min_size=1, max_size=40, unique_by=lambda name: (name[:4], name[-4:], len(name))), names)
def test_a_slot_is_the_place_in_the_list(listed, other):
    keys = JsonKeys(*listed)
    assert [keys.slot(name) for name in listed] == list(range(len(listed)))
    assert keys.slot(other) == (listed.index(other) if other in listed else -1)
    assert keys.slot("") == -1


def test_names_are_told_apart_by_every_character():
    keys = JsonKeys("leavesQtyRq", "sameXends")
    assert [keys.slot(name) for name in ("leavesQtyRq", "leavesQtyRp", "leavesqtyRq", "sameYends")] == [0, -1, -1, -1]


def test_key_tables_refuse_what_they_cannot_tell_apart():
    for names in ((), ("a", "a"), ("",), tuple(map(str, range(1000, 1065)))):
        with pytest.raises(ValueError, match="key table"):
            JsonKeys(*names)
    with pytest.raises(ValueError, match="perfect hash"):
        JsonKeys("sameXends", "sameYends")
