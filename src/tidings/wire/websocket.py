"""A WebSocket client without I/O: bytes in, messages out, and what to send. RFC 6455 by
`websockets.client.ClientProtocol`.

The library does the handshake, control frames, masking and UTF-8; this file puts fragments together, keeps the
limits, and turns what the peer does wrong into one error. Compression is never offered: a market data message of some
hundred bytes is not worth a decompressor.
"""

from __future__ import annotations

from collections.abc import Iterator

from websockets.client import ClientProtocol
from websockets.frames import CloseCode, Frame, Opcode
from websockets.http11 import Response
from websockets.protocol import CLOSED, OPEN, State
from websockets.uri import parse_uri

from tidings.errors import ConnectionLost, PeerError

MESSAGE_BYTES_MAX = 8 * 1024 * 1024


class WebSocketClient:
    """One connection. Call `outgoing` after every other call and send what it gives, in order."""

    def __init__(self, url: str, *, message_bytes_max: int = MESSAGE_BYTES_MAX) -> None:
        self._protocol = ClientProtocol(parse_uri(url), max_size=message_bytes_max)
        self._fragments: list[bytes] = []
        self._protocol.send_request(self._protocol.connect())

    @property
    def is_open(self) -> bool:
        """The handshake is done and nobody has closed."""
        return self._protocol.state is OPEN

    @property
    def is_closed(self) -> bool:
        return self._protocol.state is CLOSED

    def outgoing(self) -> bytes:
        """The bytes to send now; b"" if none."""
        return b"".join(self._protocol.data_to_send())

    def feed(self, received: bytes) -> list[bytes]:
        """Take in bytes: the messages they complete. Raises PeerError when the peer breaks the protocol or closes.

        Messages that came before the end are returned first; then `check_alive` raises it.
        """
        self._protocol.receive_data(received)
        messages = list(self._messages())
        if not messages:
            self.check_alive()
        return messages

    def feed_eof(self) -> None:
        """The stream ended without a close frame."""
        self._protocol.receive_eof()

    def send_text(self, text: str) -> None:
        """Frame one message. Raises ConnectionLost before the handshake is done and once either side has closed."""
        if not self.is_open:
            raise ConnectionLost("the WebSocket is not open; nothing was sent")
        self._protocol.send_text(text.encode())

    def ping(self, payload: bytes = b"") -> None:
        self._protocol.send_ping(payload)

    def close(self) -> None:
        """Say goodbye, if the handshake got that far."""
        if self._protocol.state is State.OPEN:
            self._protocol.send_close(CloseCode.NORMAL_CLOSURE)

    def _messages(self) -> Iterator[bytes]:
        for event in self._protocol.events_received():
            if isinstance(event, Response):
                continue
            assert isinstance(event, Frame)
            if event.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
                self._fragments.append(bytes(event.data))
                if event.fin:
                    yield self._fragments[0] if len(self._fragments) == 1 else b"".join(self._fragments)
                    self._fragments.clear()

    def check_alive(self) -> None:
        """Raise what ended the connection, if something has."""
        protocol = self._protocol
        if protocol.handshake_exc is not None:
            raise PeerError(f"the WebSocket handshake failed: {protocol.handshake_exc}") from protocol.handshake_exc
        if protocol.parser_exc is not None:
            raise PeerError(f"the peer broke the WebSocket protocol: {protocol.parser_exc}") from protocol.parser_exc
        if protocol.close_rcvd is not None:
            code, reason = protocol.close_rcvd.code, protocol.close_rcvd.reason
            raise PeerError(f"the peer closed the WebSocket: {code} {reason[:100]!r}")
