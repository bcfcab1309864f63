"""Messages of one shape: the same bytes as written by hand, and nothing a field may not hold."""

import pytest
from fix_text import framed

from tidings.fix.layout import FieldKind, MessageLayout

NOON_NS = 1_805_025_600_123_456_789  # 2027-03-14 12:00:00.123456789
SLOTS = [
    (34, FieldKind.INT), (49, FieldKind.CONSTANT, b"DESK7"), (50, FieldKind.BYTES), (52, FieldKind.TIME),
    (56, FieldKind.CONSTANT, b"VENUE"), (57, FieldKind.CONSTANT, b"T"), (11, FieldKind.BYTES), (38, FieldKind.FIXED, 3),
    (44, FieldKind.FIXED), (54, FieldKind.CHAR), (43, FieldKind.BOOL), (60, FieldKind.TIME, 6), (95, FieldKind.DATA),
    (21, FieldKind.CONSTANT, b"1"),
]  # fmt: skip
ALL = (7, b"ann", NOON_NS, "q7", 1500, (198735, 2), b"2", True, NOON_NS, b"\x01=")
WIRE = (
    "35=D|34=7|49=DESK7|50=ann|52=20270314-12:00:00.123|56=VENUE|57=T|11=q7|38=1.5|44=1987.35|54=2|43=Y|"
    "60=20270314-12:00:00.123456|95=2|96=|=|21=1|"
)


@pytest.fixture
def layout() -> MessageLayout:
    return MessageLayout(b"D", SLOTS)


def test_values_take_their_places(layout: MessageLayout) -> None:
    assert layout.value_count == len(ALL)
    for _ in range(3):
        assert layout.encode(*ALL) == framed(WIRE)


@pytest.mark.parametrize("place", range(len(ALL)))
def test_none_leaves_its_field_out(layout: MessageLayout, place: int) -> None:
    tag = [slot[0] for slot in SLOTS if slot[1] != FieldKind.CONSTANT][place]
    left = [text for text in WIRE.replace("96=|=|", "96=\0=|").split("|")[:-1] if not text.startswith(f"{tag}=")]
    if tag == 95:
        left = [text for text in left if not text.startswith("96=")]
    values = [*ALL[:place], None, *ALL[place + 1 :]]
    assert layout.encode(*values) == framed("".join(text + "|" for text in left).replace("\0", "|"))


def test_nothing_but_constants() -> None:
    assert MessageLayout(b"0", []).encode() == framed("35=0|")
    assert MessageLayout(b"0", [(58, FieldKind.CONSTANT, b"x")]).encode() == framed("35=0|58=x|")


WRONG = [
    (0, b"7", TypeError), (0, 7.0, TypeError), (0, 2**63, OverflowError), (1, b"", ValueError), (1, "", ValueError),
    (1, b"a\x0154=1", ValueError), (1, "a\x0154=1", ValueError), (1, 5, TypeError), (2, -1, ValueError),
    (2, "now", TypeError), (4, "1.5", TypeError), (5, 5, TypeError), (5, (1, 19), ValueError), (5, (1, -1), ValueError),
    (5, (1,), TypeError), (5, (1.5, 2), TypeError), (6, b"12", ValueError), (6, b"\x01", ValueError), (7, 1, TypeError),
    (9, b"", TypeError), (9, "x", TypeError),
]  # fmt: skip


@pytest.mark.parametrize(("place", "value", "error"), WRONG)
def test_wrong_value_is_refused_by_tag_and_leaves_no_trace(layout: MessageLayout, place: int, value, error) -> None:
    tag = [slot[0] for slot in SLOTS if slot[1] != FieldKind.CONSTANT][place]
    with pytest.raises(error, match=None if error is OverflowError or (place, value) == (2, -1) else f"tag {tag}"):
        layout.encode(*ALL[:place], value, *ALL[place + 1 :])
    assert layout.encode(*ALL) == framed(WIRE)


def test_wrong_number_of_values_is_refused(layout: MessageLayout) -> None:
    with pytest.raises(TypeError, match="takes 10 values: 9 were given"):
        layout.encode(*ALL[1:])


@pytest.mark.parametrize("slot", [
    (8, FieldKind.BYTES), (9, FieldKind.INT), (10, FieldKind.INT), (35, FieldKind.BYTES), (0, FieldKind.INT),
    (-4, FieldKind.INT), (96, FieldKind.DATA), (52, FieldKind.TIME, 5), (44, FieldKind.FIXED, 19), (44, 99),
    (58, FieldKind.CONSTANT, b""), (58, FieldKind.CONSTANT, b"a\x01"),
])  # fmt: skip
def test_layout_no_message_can_have_is_refused(slot) -> None:
    with pytest.raises(ValueError):
        MessageLayout(b"D", [slot])
