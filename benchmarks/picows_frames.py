"""The frame layer of picows without its sockets: bytes go into its own buffer, as its transport puts them there."""

import asyncio
import logging
import socket
from collections.abc import Callable
from typing import Any

from websockets.http11 import Request
from websockets.server import ServerProtocol


class Wires:
    """What picows asks of a transport: a socket for its options, and somewhere to write the handshake."""

    def __init__(self, wire: socket.socket) -> None:
        self.wire, self.written = wire, b""

    def get_extra_info(self, name: str) -> object:
        return self.wire if name == "socket" else None

    def get_write_buffer_size(self) -> int:
        return 0

    def write(self, data: bytes) -> None:
        self.written += bytes(data)


class PicowsFrames:
    """`take(bytes)` and its listener hears `hear(payload)` per frame. Raises ImportError where picows is missing."""

    def __init__(self, hear: Callable[[bytes], object]) -> None:
        from picows import WSListener
        from picows.picows import WSProtocol

        class Listener(WSListener):  # type: ignore[misc]
            def on_ws_frame(self, transport: Any, frame: Any) -> None:
                hear(frame.get_payload_as_bytes())

        self.loop = asyncio.new_event_loop()
        self.wire = socket.socket()
        transport = Wires(self.wire)
        self.protocol = self.loop.run_until_complete(self._make(WSProtocol, Listener))
        self.protocol.connection_made(transport)
        server = ServerProtocol()
        server.receive_data(transport.written)
        (request,) = server.events_received()
        assert isinstance(request, Request)
        server.send_response(server.accept(request))
        self.take(b"".join(server.data_to_send()))

    async def _make(self, protocol: Any, listener: Any) -> Any:
        return protocol(
            "127.0.0.1", "/ws", True, listener, logging.getLogger("picows"), True, None, False, 10, 10, 1, True,
            10 * 1024 * 1024, None, 65536,
        )  # fmt: skip

    def take(self, data: bytes) -> None:
        self.protocol.get_buffer(-1)[: len(data)] = data
        self.protocol.buffer_updated(len(data))

    def close(self) -> None:
        self.wire.close()
        self.loop.close()
