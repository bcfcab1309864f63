"""Validation's short way lets nothing pass that the long way would reject."""

from fix_text import raw_frame
from hypothesis import given, settings
from hypothesis import strategies as st

from tidings.fix.dictionary import FIX44
from tidings.fix.plain_messages import PlainMessages
from tidings.fix.plain_shapes import PlainShapes
from tidings.fix.reader import FixReader
from tidings.fix.validation import check, long_check

HEADER = [(8, b"FIX.4.4"), (9, b"1"), (35, b"D"), (34, b"2"), (49, b"C"), (52, b"20260801-00:00:00.000"), (56, b"V")]
ORDER = [(11, b"a"), (38, b"1.5"), (40, b"2"), (44, b"7"), (54, b"1"), (55, b"X"), (60, b"20260801-00:00:00")]
PLAIN = PlainMessages(FIX44)
SHAPES = PlainShapes(FIX44)
SOUND = [*HEADER, *ORDER, (10, b"000")]

tags = st.sampled_from([0, 10, 11, 18, 34, 35, 38, 40, 43, 44, 52, 54, 57, 59, 60, 114, 447, 448, 453, 999, 25000])
values = st.sampled_from([b"", b"0", b"1", b"2", b"D", b"Y", b"6 E", b"6E", b"x", b"-1", b"1.", b".", b"1e3", b"12"])
edits = st.lists(
    st.tuples(st.sampled_from(["put", "drop", "change", "swap"]), st.integers(0, 20), tags, values), max_size=4
)


def edited(changes) -> list[tuple[int, bytes]]:
    fields = list(SOUND)
    for how, place, tag, value in changes:
        place %= len(fields)
        if how == "put":
            fields.insert(place, (tag, value))
        elif how == "drop" and len(fields) > 4:
            del fields[place]
        elif how == "change":
            fields[place] = (fields[place][0], value)
        else:
            fields[place], fields[-1 - place] = fields[-1 - place], fields[place]
    return fields


@settings(max_examples=1500, deadline=None)
@given(edits)
def test_the_short_way_is_no_laxer(changes) -> None:
    fields = edited(changes)
    msg_type = next((value for tag, value in fields if tag == 35), b"")
    if PLAIN.lets_pass(msg_type, fields):
        assert long_check(fields, FIX44) is None
    assert check(fields, FIX44) == long_check(fields, FIX44)


@settings(max_examples=3000, deadline=None)
@given(edits)
def test_the_way_in_place_is_no_laxer(changes) -> None:
    reader = FixReader()
    if reader.read(raw_frame(b"".join(b"%d=%b\x01" % field for field in edited(changes)[2:-1]))):
        return
    if SHAPES.lets_pass(reader):
        assert long_check(reader.fields(), FIX44) is None
    assert check(reader, FIX44) == long_check(reader.fields(), FIX44)


def test_sound_messages_take_the_short_way() -> None:
    assert PLAIN.lets_pass(b"D", SOUND)
    assert PLAIN.lets_pass(b"D", [*HEADER, (11, b"a"), (18, b"6 E"), *ORDER[1:], (10, b"000")])
    assert not PLAIN.lets_pass(b"ZZ", SOUND)


def test_a_count_with_thousands_of_zeros_is_a_count():
    """Python makes no number of more than some thousands of digits."""
    for count, is_sound in ((b"0" * 5000 + b"1", True), (b"0" * 5000 + b"2", False), (b"0" * 5000, False)):
        request = [(262, b"r"), (263, b"1"), (264, b"0"), (267, count), (269, b"0"), (146, b"1"), (55, b"X")]
        fields = [*HEADER[:2], (35, b"V"), *HEADER[3:], *request, (10, b"000")]
        assert (long_check(fields, FIX44) is None) is is_sound
