"""The venue's end: it shakes hands, answers requests, and tells its books, each message through the faults in force."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterable

from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import State
from websockets.server import ServerProtocol

from tests.simulated.loop import Timeline
from tests.simulated.wire import Wire
from tests.stream_faults.truth import SNAPSHOT_NS, Truth
from tidings.model.instrument import Instrument

CHANGE_SHARE = 0.7  # of the looks at a book
# Takes a message and gives the bytes to send for it.
Trap = Callable[["FarEnd", str, bytes], list[bytes]]


def frame_of(text: bytes) -> bytes:
    return Frame(Opcode.TEXT, text).serialize(mask=False)


class FarEnd:
    """The server's end of one connection."""

    is_holding = False

    def __init__(self, wire: Wire, venue: FeedVenue) -> None:
        self.wire, self.symbols = wire, dict[str, None]()
        self._venue, self._protocol = venue, ServerProtocol()
        venue.ends.append(self)

    def bytes_came(self, data: bytes) -> None:
        self._protocol.receive_data(data)
        for event in self._protocol.events_received():
            if isinstance(event, Request):
                self._protocol.send_response(self._protocol.accept(event))
            elif event.opcode is Opcode.TEXT:
                self._flush()
                self._answer(json.loads(bytes(event.data)))
        self._flush()

    def client_left(self) -> None:
        if self in self._venue.ends:
            self._venue.ends.remove(self)

    def send(self, data: bytes) -> None:
        self.wire.down.push(data)

    def close(self, code: int) -> None:
        """Goodbye in order."""
        if self._protocol.state is State.OPEN:
            self.send(Frame(Opcode.CLOSE, code.to_bytes(2, "big")).serialize(mask=False))
        self.wire.down.finish()

    def _flush(self) -> None:
        data = b"".join(self._protocol.data_to_send())
        if data:
            self.send(data)

    def _answer(self, request: dict[str, object]) -> None:
        if self._venue.timeline.now_ns < self._venue.mute_until_ns and request["method"] != "server.ping":
            return
        result: object = "pong" if request["method"] == "server.ping" else {"status": "success"}
        self.send(frame_of(json.dumps({"error": None, "id": request["id"], "result": result}).encode()))
        for symbol in request["params"]:  # type: ignore[attr-defined]
            self.symbols[symbol] = None
            self._venue.tell(self, symbol, self._venue.truths[symbol].snapshot(), is_snapshot=True)


class FeedVenue:
    """All books, and who follows them."""

    def __init__(self, timeline: Timeline, instruments: Iterable[Instrument], chance: random.Random) -> None:
        self.timeline, self.chance = timeline, chance
        self.truths = {found.symbol: Truth(found, chance) for found in instruments}
        self.ends: list[FarEnd] = []
        self.traps: dict[str, list[Trap]] = {symbol: [] for symbol in self.truths}  # for the next messages, one each
        self.snapshot_traps: dict[str, int] = dict.fromkeys(self.truths, 0)  # whole books that will be lost
        self.silent_until_ns: dict[str, int] = dict.fromkeys(self.truths, 0)
        self.mute_until_ns = 0  # until then nothing but pings is answered
        self.message_count = 0

    def look(self) -> None:
        """A moment of every book: maybe it changes, maybe the whole is due."""
        now_ns = self.timeline.now_ns
        for symbol, truth in self.truths.items():
            is_due = now_ns >= truth.next_snapshot_ns
            text = truth.change() if self.chance.random() < CHANGE_SHARE else b""
            if is_due:
                truth.next_snapshot_ns += SNAPSHOT_NS
                text = truth.snapshot()  # instead of the change, which it holds
            for end in tuple(self.ends):
                if text and symbol in end.symbols:
                    self.tell(end, symbol, text, is_snapshot=is_due)

    def tell(self, end: FarEnd, symbol: str, text: bytes, *, is_snapshot: bool) -> None:
        if self.timeline.now_ns < self.silent_until_ns[symbol]:
            return
        self.message_count += 1
        if is_snapshot and self.snapshot_traps[symbol]:
            self.snapshot_traps[symbol] -= 1
            return
        if self.traps[symbol] and not is_snapshot:  # a whole book is lost by its own kind of fault only
            for data in self.traps[symbol].pop(0)(end, symbol, text):
                end.send(data)
        else:
            end.send(frame_of(text))
