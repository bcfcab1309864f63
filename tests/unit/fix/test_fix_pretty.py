"""Messages for people: names, meanings, groups, faults, and nothing that should not be seen."""

import pytest
from fix_text import ORDER, REPORT, framed, soh

from tidings.fix.pretty import find_messages, pretty, printed
from tidings.fix.reader import FixReader


def test_names_meanings_and_groups() -> None:
    text = framed("35=8|34=7|39=1|54=2|136=2|137=-0.5|138=USDT|137=1|150=F|5000=x|")
    assert pretty(text).splitlines()[3:-1] == [
        "      35 MsgType          8",
        "      34 MsgSeqNum        7",
        "      39 OrdStatus        1  PARTIALLY_FILLED",
        "      54 Side             2  SELL",
        "     136 NoMiscFees       2",
        " -   137     MiscFeeAmt   -0.5",
        "     138     MiscFeeCurr  USDT",
        " -   137     MiscFeeAmt   1",
        "     150 ExecType         F  TRADE",
        "    5000                  x",
    ]
    assert pretty(text).splitlines()[0] == "ExecutionReport (8)"


def test_nested_groups_are_indented_by_depth() -> None:
    message = printed(FixReader(), framed("35=AE|571=t|552=1|54=1|37=O|453=1|448=P|802=1|523=s|136=1|137=1|60=x|"))
    depths = {field.tag: field.depth for field in message.fields}
    assert [depths[tag] for tag in (552, 54, 453, 448, 802, 523, 136, 137, 60)] == [0, 1, 1, 2, 2, 3, 1, 2, 0]
    assert [field.tag for field in message.fields if field.begins_entry] == [54, 448, 523, 137]


def test_secrets_are_hidden() -> None:
    told = pretty(framed("35=A|98=0|108=30|95=6|96=c2lnbg|553=desk|554=hunter2|925=hunter3|"))
    assert [secret for secret in ("c2lnbg", "hunter2", "hunter3") if secret in told] == []
    assert told.count("***") == 3
    assert "desk" in told
    assert "c2lnbg" in pretty(framed("35=B|95=6|96=c2lnbg|148=x|"))


@pytest.mark.parametrize(("text", "words"), [
    ("8=FIX.4.4|9=5|35=0|10=000|", "Heartbeat (0), garbled: its CheckSum (10) is wrong"),
    ("8=FIX.4.4|9=6|35=0|10=164|", "Heartbeat (0), garbled: its BodyLength (9) is wrong"),
    ("8=FIX.4.4|9=5|35=0|", "Heartbeat (0), garbled: it does not end with its CheckSum (10)"),
    ("8=FIX.4.4|9=5|35=ZZ|x|", "unknown message type ZZ, garbled: a tag is no number"),
    ("8=FIX.4.4|", "unknown message type (none), garbled: 8, 9 and 35 are not its first three fields"),
])  # fmt: skip
def test_garbled_message_says_why(text: str, words: str) -> None:
    assert pretty(soh(text)).splitlines()[0] == words


def test_values_cannot_move_the_cursor() -> None:
    told = pretty(framed("35=B|148=\x1b[2J\x07|58=caf\xe9\u200b|".encode("latin-1", "ignore").decode("latin-1")))
    assert "\x1b" not in told
    assert r"\x1b[2J\x07" in told
    assert r"caf\xe9" in told
    assert "é" in pretty(framed("35=B|148=\xc3\xa9|"))


def test_every_message_of_a_capture_is_found() -> None:
    stream = b"GARBAGE" + ORDER + b"\r\n" + REPORT + ORDER[:50]
    assert find_messages(stream) == [ORDER, REPORT, ORDER[:50]]
    assert find_messages(b"nothing") == find_messages(b"") == []


@pytest.mark.parametrize("separator", ["|", "^A", "<SOH>", "\\x01"])
def test_every_message_of_a_log_is_found(separator: str) -> None:
    lines = [f"09:26:53.589 out {ORDER.decode()}", "connected", f"09:26:53.612 in  {REPORT.decode()}"]
    log = "\n".join(lines).replace("\x01", separator).encode()
    assert find_messages(log) == [ORDER, REPORT]


def test_message_between_two_programs_needs_no_frame() -> None:
    (data,) = find_messages(b"35=D|11=a|54=1")
    message = printed(FixReader(), data)
    assert (message.fault, [field.tag for field in message.fields]) == ("", [35, 11, 54])
    assert printed(FixReader(), find_messages(b"35=D|11=a|x|")[0]).fault == "a tag is no number"
