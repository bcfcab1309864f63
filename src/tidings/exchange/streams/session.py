"""One WebSocket connection: frames in and out, the limits a client must respect, and cutting it when it does not.

The protocol itself (handshake, frames, pings, closing) is the websockets library's sans-IO half. Messages that go to
many clients are framed once, by `text_frame`, and written as they are. What a message means is `hub.py`'s
business.
"""

import asyncio
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass

from websockets.frames import Frame, Opcode
from websockets.http11 import Request as HandshakeRequest
from websockets.protocol import State
from websockets.server import ServerProtocol

from tidings.exchange.server.http_request import Request

MAX_MESSAGE_BYTES = 16 * 1024  # of a client; the longest request known is below 1 KB
FRAMES_PER_REQUEST = 10  # pings, pongs and pieces of messages a client may send for each request it may
PIECE_BYTES = 1024  # parsed at a time: of what a flood sent in one read, the rest is thrown away unparsed
_QUIET = logging.getLogger(f"{__name__}.protocol")  # the library tells of each connection, and of each frame when asked
_QUIET.setLevel(logging.WARNING)
INVALID_ARGUMENT = '{"code":6001,"message":"invalid argument"}'


@dataclass(frozen=True, kw_only=True)
class StreamLimits:
    """What a client may do (phemex docs 2026, "WebSocket limits"). What the venue does at a breach is unknown."""

    connections_per_user: int = 5
    subscriptions: int = 20
    requests_per_s: int = 20
    silence_s: float = 30.0  # a client that sends nothing so long is dropped
    unsent_bytes: int = 4 * 1024 * 1024  # of a client that does not read
    close_code: int = 1008  # at a breach: policy violation (RFC 6455 §7.4.1)


RequestHandler = Callable[["StreamSession", object, str, object], None]
"""Called with the session, the request's id, method and params."""


class StreamSession(asyncio.Protocol):
    """One client connection after its upgrade."""

    def __init__(
        self, transport: asyncio.Transport, limits: StreamLimits, on_request: RequestHandler,
        on_lost: Callable[["StreamSession"], None], now_ns: Callable[[], int],
    ) -> None:
        self.user_id = 0  # 0: not logged in
        self.last_heard_ns = now_ns()
        self.is_mute = False  # a fault: nothing is said, pongs included, though the connection stands
        self._transport = transport
        self._limits = limits
        self._on_request = on_request
        self._on_lost = on_lost
        self._now_ns = now_ns
        self._protocol = ServerProtocol(max_size=MAX_MESSAGE_BYTES, logger=_QUIET)
        self._message = bytearray()  # what has come of one in several frames; ServerProtocol bounds it by max_size
        self._second = 0
        self._frames_this_second = 0
        self._requests_this_second = 0

    def start(self, request: Request, rest: bytes) -> None:
        """Answer the handshake `request` and take the bytes that came behind it."""
        self._protocol.receive_data(request.head)
        for event in self._protocol.events_received():
            if isinstance(event, HandshakeRequest):
                self._protocol.send_response(self._protocol.accept(event))
        self._flush()
        if rest:
            self.data_received(rest)

    def data_received(self, data: bytes) -> None:
        for start in range(0, len(data), PIECE_BYTES):
            self._protocol.receive_data(data[start : start + PIECE_BYTES])
            for event in self._protocol.events_received():
                if self._transport.is_closing():
                    return  # nothing that came after the reason to close has an effect
                if isinstance(event, Frame):
                    self._on_frame(event)
            self._flush()

    def connection_lost(self, exc: Exception | None) -> None:
        self._on_lost(self)

    def send(self, frame: bytes) -> None:
        """Write one frame made by `text_frame`; a client with too much unread is cut instead."""
        if self._protocol.state is not State.OPEN or self._transport.is_closing() or self.is_mute:
            return
        self._write(frame)

    def send_text(self, text: str) -> None:
        """Write one message."""
        self.send(text_frame(text))

    def reply(self, request_id: object, result: str) -> None:
        """Answer a request; `result` is JSON."""
        self.send_text(f'{{"error":null,"id":{_id_text(request_id)},"result":{result}}}')

    def refuse(self, request_id: object, error: str = INVALID_ARGUMENT) -> None:
        """Answer a request with an error object, which is JSON."""
        self.send_text(f'{{"error":{error},"id":{_id_text(request_id)},"result":null}}')

    def close(self, reason: str) -> None:
        """End the connection in order."""
        if self._protocol.state is State.OPEN:
            self._protocol.send_close(self._limits.close_code, reason)
            self._flush()
        self._transport.close()

    def cut(self, code: int) -> None:
        """End the connection with this close code; 0 is just the end of it."""
        if not code:
            self._transport.close()
        elif self._protocol.state is State.OPEN:
            self._protocol.send_close(code)
            self._flush()

    def abort(self) -> None:
        """Cut the connection without a word, as the venue drops a silent client."""
        self._transport.abort()

    def _on_frame(self, frame: Frame) -> None:
        self.last_heard_ns = self._now_ns()  # of whole frames: one that trickles in is silence
        second = self.last_heard_ns // 1_000_000_000
        if second != self._second:
            self._second, self._frames_this_second, self._requests_this_second = second, 0, 0
        self._frames_this_second += 1
        if self._frames_this_second > self._limits.requests_per_s * FRAMES_PER_REQUEST:
            self.close("too many frames")
        elif frame.opcode is Opcode.TEXT or frame.opcode is Opcode.CONT:
            self._message += frame.data
            if frame.fin:
                message, self._message = bytes(self._message), bytearray()
                self._on_message(message)
        elif frame.opcode is Opcode.BINARY:
            self.close("text frames only")

    def _on_message(self, message: bytes) -> None:
        self._requests_this_second += 1
        if self._requests_this_second > self._limits.requests_per_s:
            self.close("too many requests")
            return
        try:
            request = json.loads(message)
        except (ValueError, RecursionError):
            self.refuse(None)
            return
        match request:
            case {"method": str(method)}:
                self._on_request(self, request.get("id"), method, request.get("params"))
            case _:
                self.refuse(None)

    def _write(self, data: bytes) -> None:
        """Write, and cut a client that leaves too much unread."""
        self._transport.write(data)
        if self._transport.get_write_buffer_size() > self._limits.unsent_bytes:
            self._transport.abort()

    def _flush(self) -> None:
        """Write what the protocol wants written; its empty chunk means that nothing more will come."""
        for data in self._protocol.data_to_send():
            if data and self.is_mute:
                continue
            if data:
                self._write(data)
            else:
                self._transport.close()


def text_frame(text: str) -> bytes:
    """`text` as one unmasked text frame (RFC 6455 §5.2), to be written to any number of clients."""
    payload = text.encode()
    length = len(payload)
    if length < 126:
        return bytes((0x81, length)) + payload
    if length < 65_536:
        return b"\x81\x7e" + length.to_bytes(2, "big") + payload
    return b"\x81\x7f" + length.to_bytes(8, "big") + payload


def _id_text(request_id: object) -> str:
    """The id to echo: the client's integer, null for what is none."""
    is_integer = isinstance(request_id, int) and not isinstance(request_id, bool) and abs(request_id) < 10**18
    return str(request_id) if is_integer else "null"
