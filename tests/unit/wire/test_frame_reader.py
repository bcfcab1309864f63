"""Frames written by the `websockets` library, or by hand after RFC 6455, in every split."""

import pytest
from websockets.frames import Frame, Opcode

from tidings.errors import UsageError
from tidings.wire.frame_reader import FrameReader, MessageTaker, client_frame

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
LIMIT_BYTES = 70_000


def frame(opcode: int, payload: bytes, fin: bool = True) -> bytes:
    return Frame(Opcode(opcode), payload, fin).serialize(mask=False)


def reader() -> FrameReader:
    return FrameReader(message_bytes_max=LIMIT_BYTES)


def test_the_rfcs_own_examples():
    """RFC 6455 §5.7, the unmasked ones."""
    assert reader().feed(bytes.fromhex("810548656c6c6f")) == [(TEXT, b"Hello")]
    assert reader().feed(bytes.fromhex("010348656c80026c6f")) == [(TEXT, b"Hello")]
    assert reader().feed(bytes.fromhex("890548656c6c6f")) == [(PING, b"Hello")]
    assert reader().feed(bytes.fromhex("827e0100") + bytes(256)) == [(BINARY, bytes(256))]
    assert reader().feed(bytes.fromhex("827f0000000000010000") + bytes(65536)) == [(BINARY, bytes(65536))]


@pytest.mark.parametrize("count", [0, 1, 125, 126, 127, 65_535, 65_536, LIMIT_BYTES])
def test_every_form_of_length(count):
    assert reader().feed(frame(TEXT, b"x" * count)) == [(TEXT, b"x" * count)]


def test_messages_are_the_same_for_every_split():
    stream = b"".join((
        frame(TEXT, b'{"a":1}'), frame(TEXT, b'{"b":', fin=False), frame(PING, b"there?"), frame(0, b"", fin=False),
        frame(0, b"2}"), frame(BINARY, b"\xff" * 200), frame(PONG, b""), frame(TEXT, "ü€𐍈".encode()),
    ))  # fmt: skip
    told = [
        (TEXT, b'{"a":1}'), (PING, b"there?"), (TEXT, b'{"b":2}'), (BINARY, b"\xff" * 200), (PONG, b""),
        (TEXT, "ü€𐍈".encode()),
    ]  # fmt: skip
    for cut in range(len(stream) + 1):
        split = reader()
        assert split.feed(stream[:cut]) + split.feed(stream[cut:]) == told
    bytewise = reader()
    assert [message for at in range(len(stream)) for message in bytewise.feed(stream[at : at + 1])] == told


def test_a_character_may_be_cut_between_fragments():
    whole = "€".encode()
    assert reader().feed(frame(TEXT, whole[:1], fin=False) + frame(0, whole[1:])) == [(TEXT, whole)]


BROKEN = {
    "first reserved bit": (b"\xc1\x01x", 1002, "reserved"),
    "third reserved bit": (b"\x91\x01x", 1002, "reserved"),
    "masked by the server": (b"\x81\x81\0\0\0\0x", 1002, "masked"),
    "unknown opcode": (b"\x83\x00", 1002, "opcode"),
    "unknown control opcode": (b"\x8b\x00", 1002, "opcode"),
    "continuation of nothing": (b"\x80\x01x", 1002, "fragment"),
    "message inside a message": (b"\x01\x01x\x81\x01y", 1002, "inside another"),
    "ping in fragments": (b"\x09\x00", 1002, "fragments"),
    "long ping": (b"\x89\x7e\x00\x7e", 1002, "125"),
    "length of 64 bits": (b"\x81\x7f\xff" + bytes(7), 1002, "63 bits"),
    "too long by its length alone": (b"\x81\x7f" + (LIMIT_BYTES + 1).to_bytes(8, "big"), 1009, "limit"),
    "too long with its fragments": (b"\x01\x01x\x80\x7f" + LIMIT_BYTES.to_bytes(8, "big"), 1009, "limit"),
    "half a close code": (b"\x88\x01\x03", 1002, "half"),
    "close code that is never sent": (b"\x88\x02" + (1005).to_bytes(2, "big"), 1002, "close code"),
    "close code of nobody": (b"\x88\x02" + (2999).to_bytes(2, "big"), 1002, "close code"),
    "close reason that is no text": (b"\x88\x03" + (1000).to_bytes(2, "big") + b"\xff", 1007, "reason"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_the_peer_breaks_is_told_after_what_came_before(name):
    broken, code, words = BROKEN[name]
    stream = frame(TEXT, b"before") + broken + frame(TEXT, b"after")
    for cut in range(len(stream) + 1):
        split = reader()
        assert split.feed(stream[:cut]) + split.feed(stream[cut:]) == [(TEXT, b"before")]
        assert (split.fault_code, words in split.fault) == (code, True)
        assert split.feed(frame(TEXT, b"later")) == []


NO_TEXTS = {
    "overlong": b"\xc0\xaf",
    "overlong of three": b"\xe0\x80\x80",
    "surrogate": b"\xed\xa0\x80",
    "above the last": b"\xf4\x90\x80\x80",
    "no first byte": b"\xff",
    "lone": b"\x80",
    "cut": b"\xe2\x82",
}


@pytest.mark.parametrize("text", NO_TEXTS.values(), ids=NO_TEXTS)
@pytest.mark.parametrize("before", [b"", b"x" * 70])
def test_text_that_is_no_utf8_is_a_fault(text, before):
    spoilt = reader()
    assert spoilt.feed(frame(TEXT, before + text)) == []
    assert spoilt.fault_code == 1007


def test_every_pair_of_bytes_is_judged_as_python_does():
    for first in range(0x80, 0x100):
        for second in range(0x100):
            text = bytes((first, second))
            for tail in (b"", b"\x80", b"\x80\x80"):
                try:
                    (text + tail).decode()
                    expected = [(TEXT, text + tail)]
                except UnicodeDecodeError:
                    expected = []
                assert reader().feed(b"\x81" + bytes((len(text + tail),)) + text + tail) == expected


def test_binary_need_not_be_text():
    assert reader().feed(frame(BINARY, b"\xff\xfe")) == [(BINARY, b"\xff\xfe")]


def test_nothing_counts_after_a_close():
    ended = reader()
    payload = (1012).to_bytes(2, "big") + b"restart"
    assert ended.feed(frame(CLOSE, payload) + frame(TEXT, b"late")) == [(CLOSE, payload)]
    assert (ended.is_ended, ended.fault_code, ended.feed(frame(TEXT, b"later"))) == (True, 0, [])


def test_the_limit_counts_from_anew_with_each_message():
    again = reader()
    for _ in range(3):
        assert len(again.feed(frame(TEXT, b"x" * 40_000, fin=False) + frame(0, b"x" * 30_000))) == 1


def test_a_limit_below_a_control_frame_is_refused():
    with pytest.raises(UsageError, match="125 or more"):
        FrameReader(message_bytes_max=124)


def test_our_frame_is_the_rfcs_example():
    assert client_frame(TEXT, b"Hello", bytes.fromhex("37fa213d")) == bytes.fromhex("818537fa213d7f9f4d5158")


@pytest.mark.parametrize("count", [0, 125, 126, 65_535, 65_536])
def test_our_frames_are_the_librarys(count, monkeypatch):
    monkeypatch.setattr("secrets.token_bytes", lambda _: b"\x01\x80\xfe\x33")
    payload = bytes(place % 251 for place in range(count))
    assert client_frame(BINARY, payload, b"\x01\x80\xfe\x33") == Frame(Opcode.BINARY, payload).serialize(mask=True)


def test_a_mask_of_another_size_is_refused():
    with pytest.raises(UsageError, match="4 bytes"):
        client_frame(TEXT, b"", b"abc")


def test_a_taker_that_takes_nothing_says_so():
    with pytest.raises(NotImplementedError):
        MessageTaker()(b"", 1)
