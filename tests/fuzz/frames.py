"""The WebSocket frame reader under spoilt bytes, beside the `websockets` library, which reads the same.

`python -m tests.fuzz.frames --executions N [--seed S] [--seconds T]` ends with one line of JSON; exit code 0: both told
the same messages, and both found a fault or neither did.
"""

import random
import sys
import time
from typing import Any

from websockets.client import ClientProtocol
from websockets.exceptions import PayloadTooBig, ProtocolError
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.uri import parse_uri

from tests.fuzz.command import run_command
from tidings.wire.frame_reader import FrameReader

LIMIT_BYTES = 300
CONTROL_BYTES_MAX = 125
TEXT, CLOSE = 1, 8
PAYLOADS = (b"", b"x", b'{"a":1}', "ü€𐍈".encode(), b"\xff", b"\xe2\x82", b"x" * 125, b"x" * 126, b"x" * 299, b"x" * 301)
CLOSES = (b"", b"\x03\xe8", b"\x03\xe8bye", b"\x03\xed", b"\x03", b"\x03\xe8\xff", b"\x0b\xb8", b"\x13\x88")
FIRST_BYTES = (0x01, 0x02, 0x00, 0x80, 0x81, 0x82, 0x88, 0x89, 0x8A, 0x83, 0x8B, 0x09, 0xC1, 0xF1)
OUTSIDE, INSIDE = (0x81, 0x81, 0x82, 0x01, 0x02, 0x89, 0x8A), (0x80, 0x80, 0x00, 0x89, 0x8A)
SOUND = (b"", b"x", b'{"a":1}', "ü€𐍈".encode(), b"x" * 40)
Told = list[tuple[int, bytes]]



class FramesFuzz:
    """One seed's run. `step` is one execution: one stream of bytes through both."""

    def __init__(self, seed: int) -> None:
        self.random, self.is_inside = random.Random(seed), False
        self.messages = self.faults = 0

    def step(self) -> str:
        """What is wrong; "" if nothing is."""
        stream = self.stream()
        reader = FrameReader(message_bytes_max=LIMIT_BYTES)
        told = [message for piece in self.cut(stream) for message in reader.feed(piece)]
        self.messages += len(told)
        self.faults += bool(reader.fault_code)
        reference = Reference()
        reference.feed(stream)
        if reference.counts_control_frames and told[: len(reference.told)] == reference.told:
            return ""
        if told != reference.told:
            return f"told {told}, should be {reference.told}: {stream!r}"
        if reader.is_ended != reference.is_ended:
            return f"ended: {reader.is_ended}, should be {reference.is_ended}: {stream!r}"
        if reader.fault_code and not reference.has_fault and not reference.finds_fault_later():
            return f"a fault that is none: {reader.fault}: {stream!r}"
        if reference.has_fault and not reader.fault_code:
            return f"no fault was found: {stream!r}"
        return ""

    def stream(self) -> bytes:
        """Up to eight frames, and some bytes spoilt in every third stream."""
        self.is_inside = False
        data = bytearray(b"".join(self.frame() for _ in range(self.random.randrange(9))))
        if data and self.random.random() < 0.35:
            for _ in range(self.random.randrange(1, 4)):
                data[self.random.randrange(len(data))] = self.random.randrange(256)
        if self.random.random() < 0.2:
            del data[self.random.randrange(len(data) + 1) :]
        return bytes(data)

    def frame(self) -> bytes:
        first = self.random.choice(INSIDE if self.is_inside else OUTSIDE)
        if self.random.random() < 0.05:
            first = self.random.choice(FIRST_BYTES)
        if first & 0x0F < CLOSE:
            self.is_inside = not first & 0x80
        payload = self.random.choice(CLOSES if first == 0x88 else PAYLOADS if self.random.random() < 0.2 else SOUND)
        count = len(payload)
        masked = 0x80 if self.random.random() < 0.01 else 0
        if count < 126 and self.random.random() < 0.95:
            return bytes((first, masked | count)) + payload
        if self.random.random() < 0.9:
            return bytes((first, masked | 126)) + count.to_bytes(2, "big") + payload
        return bytes((first, masked | 127)) + count.to_bytes(8, "big") + payload

    def cut(self, data: bytes) -> list[bytes]:
        places = sorted(self.random.randrange(len(data) + 1) for _ in range(self.random.randrange(5)))
        return [data[start:end] for start, end in zip([0, *places], [*places, len(data)], strict=True)]


class Reference:
    """What the library makes of it, and what it leaves to its callers: fragments put together, UTF-8 of texts."""

    def __init__(self) -> None:
        self.told: Told = []
        self.is_ended = self.is_broken = False
        self._protocol = ClientProtocol(parse_uri("ws://h/"), state=State.OPEN, max_size=LIMIT_BYTES)
        self._fragments: list[tuple[int, bytes]] = []

    @property
    def has_fault(self) -> bool:
        return self.is_broken or (self._protocol.parser_exc is not None and not self.is_ended)

    @property
    def counts_control_frames(self) -> bool:
        """The library counts a control frame between fragments against what is left for the message; RFC 6455 §5.4
        has it be no part of that.
        """
        cause = self._protocol.parser_exc
        is_small = isinstance(cause, PayloadTooBig) and (cause.size or 0) <= CONTROL_BYTES_MAX
        return is_small and bool(self._fragments)

    def feed(self, data: bytes) -> None:
        self._protocol.receive_data(data)
        for event in self._protocol.events_received():
            if not self.is_broken:
                self._take(event)
        # RFC 6455 §5.4: control frames may come between fragments; the library lets a close not.
        cause = self._protocol.parser_exc
        if not self.is_broken and isinstance(cause, ProtocolError) and "incomplete fragmented" in str(cause):
            closed = self._protocol.close_rcvd
            assert closed is not None
            self.is_ended = True
            payload = b"" if closed.code == 1005 else int(closed.code).to_bytes(2, "big") + closed.reason.encode()
            self.told.append((CLOSE, payload))

    def finds_fault_later(self) -> bool:
        """Whether a frame whose head alone is wrong is refused once it is all there."""
        before = len(self.told)
        self.feed(bytes(LIMIT_BYTES + 16))
        return self.has_fault and len(self.told) == before

    def _take(self, event: Any) -> None:
        assert isinstance(event, Frame)
        opcode, payload = int(event.opcode), bytes(event.data)
        if event.opcode in (Opcode.CONT, Opcode.TEXT, Opcode.BINARY):
            self._fragments.append((opcode, payload))
            if not event.fin:
                return
            opcode, payload = self._fragments[0][0], b"".join(part for _, part in self._fragments)
            self._fragments.clear()
        if opcode == TEXT and not is_text(payload):
            self.is_broken = True
            return
        self.is_ended = self.is_ended or opcode == CLOSE
        self.told.append((opcode, payload))


def is_text(payload: bytes) -> bool:
    try:
        payload.decode()
    except UnicodeDecodeError:
        return False
    return True


def fuzz(executions: int, seed: int, seconds: float = 1e9) -> dict[str, object]:
    """Counts, and what was wrong first: "" if nothing was."""
    run, began_s, done, found = FramesFuzz(seed), time.monotonic(), 0, ""
    while not found and done < executions and time.monotonic() - began_s < seconds:
        found = run.step()
        done += 1
    counts = {"executions": done, "messages": run.messages, "faults": run.faults}
    return {"seed": seed, **counts, "seconds": round(time.monotonic() - began_s, 1), "violation": found}


def main(arguments: list[str]) -> int:
    return run_command("tests.fuzz.frames", __doc__, fuzz, arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
