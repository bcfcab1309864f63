"""Plain, sound messages are recognised in place; that nothing else is, tests/property shows."""

import pytest
from fix_text import framed

from tidings.fix.dictionary import FIX44
from tidings.fix.plain_shapes import PlainShapes
from tidings.fix.reader import FixReader

SHAPES = PlainShapes(FIX44)
ORDER = {
    35: "D", 34: "2", 49: "C", 52: "20260801-00:00:00.000", 56: "V", 11: "a", 38: "1.5", 40: "2", 44: "7", 54: "1",
    55: "X", 60: "20260801-00:00:00",
}  # fmt: skip


@pytest.mark.parametrize("body", ["112=T|", ""])
def test_what_a_session_lives_on_is_recognised_in_place(body) -> None:
    reader = FixReader()
    msg_type = "1" if body else "0"
    reader.read(framed(f"35={msg_type}|34=2|43=N|49=C|52=20260801-00:00:00.000|56=V|{body}"))
    assert SHAPES.lets_pass(reader)
    reader.read(framed(f"35={msg_type}|34=2|49=C|52=20260801-00:00:00.000|{body}"))
    assert not SHAPES.lets_pass(reader)  # 56 is missing
    reader.read(framed(f"35={msg_type}|34=2|49=C|52=20260801-00:00:00.000|56=V|{body}112=T|112=T|"))
    assert not SHAPES.lets_pass(reader)


def test_orders_are_recognised_in_place() -> None:
    reader = FixReader()
    body = "".join(f"{tag}={value}|" for tag, value in ORDER.items())
    assert not reader.read(framed(body)) and SHAPES.lets_pass(reader)
    assert not reader.read(framed(body.replace("54=1", "54=x"))) and not SHAPES.lets_pass(reader)
    assert not reader.read(framed(body.replace("38=1.5", "38=+1"))) and not SHAPES.lets_pass(reader)


@pytest.mark.parametrize(
    ("value", "is_known"),
    [("6", True), ("6 E", True), ("6 E a", True), ("6E", False), ("6 ", False), (" 6", False), ("6  E", False),
     ("~", False), ("6 ~", False)],
)  # fmt: skip
def test_several_letters_have_one_blank_between_two(value, is_known):
    reader = FixReader()
    fields = {**ORDER, 18: value}
    assert not reader.read(framed("".join(f"{tag}={text}|" for tag, text in fields.items())))
    assert SHAPES.lets_pass(reader) == is_known
