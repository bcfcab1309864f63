"""A WebSocket client's handshake, without I/O: RFC 6455 by `websockets.client.ClientProtocol`.

The library asks and judges the answer; the frames behind it are for `wire.frame_reader`. Compression is never offered:
a market data message of some hundred bytes is not worth a decompressor.
"""

from __future__ import annotations

from websockets.client import ClientProtocol
from websockets.protocol import OPEN
from websockets.uri import parse_uri

from tidings.errors import PeerError


class WebSocketHandshake:
    """Send `request`, then feed what comes until it is done."""

    def __init__(self, url: str) -> None:
        self._protocol = ClientProtocol(parse_uri(url))
        self._protocol.send_request(self._protocol.connect())
        self.request = b"".join(self._protocol.data_to_send())

    def feed(self, received: bytes) -> bytes | None:
        """Take in bytes: None until the answer is there, then those behind it. Raises PeerError when it is a refusal.

        The library is given one line at a time, so that it never sees a frame.
        """
        at = 0
        while at < len(received):
            line_end = received.find(b"\n", at) + 1 or len(received)
            self._protocol.receive_data(received[at:line_end])
            at = line_end
            if self._protocol.state is OPEN:
                return received[at:]
            if self._protocol.handshake_exc is not None:
                cause = self._protocol.handshake_exc
                raise PeerError(f"the WebSocket handshake failed: {cause}") from cause
        return None
