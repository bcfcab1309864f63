"""A WebSocket on our own transport: dial, shake hands, hand each message to a callback."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from tidings.errors import ConnectionLost, PeerError
from tidings.net.connection import Connection, PythonSink
from tidings.net.dialer import Dialer
from tidings.wire.websocket import WebSocketClient

HANDSHAKE_TIMEOUT_S = 3.0

OnMessage = Callable[[bytes, int], None]
OnClosed = Callable[[Exception], None]


class WebSocketConnection(PythonSink):
    """Made by `open_web_socket`.

    `on_message(message, now_ns)` in order; `on_closed(cause)` once, after which nothing comes.
    """

    def __init__(self, client: WebSocketClient, on_message: OnMessage, on_closed: OnClosed) -> None:
        self._client = client
        self._on_message, self._on_closed = on_message, on_closed
        self._connection: Connection | None = None
        self._is_closed_by_us = False
        self._opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def send_text(self, text: str) -> None:
        """Send one message now. Raises ConnectionLost when the connection is gone."""
        self._client.send_text(text)
        self._flush()

    def close(self) -> None:
        """Say goodbye and close; `on_closed` is not called."""
        self._is_closed_by_us = True
        self._opened.cancel()
        if self._connection is not None and self._connection.is_open:
            self._client.close()
            with contextlib.suppress(ConnectionLost):
                self._flush()
            self._connection.close(ConnectionLost("closed by us"))

    # ---- PythonSink ----------------------------------------------------------------------------------------------

    def bytes_came(self, data: bytes, now_ns: int) -> None:
        try:
            messages = self._client.feed(data)
        finally:
            self._flush()  # pongs, and the close frame that answers a broken one
        if not self._opened.done() and self._client.is_open:
            self._opened.set_result(None)
        for message in messages:
            if self._is_closed_by_us:
                return
            self._on_message(message, now_ns)
        self._client.check_alive()

    def bytes_taken(self, taken_bytes_total: int, now_ns: int) -> None:
        """Nothing waits for it: what a stream says is small and repeated after a reconnect."""

    def closed(self, cause: Exception, now_ns: int) -> None:
        if not self._opened.done():
            self._opened.set_exception(
                cause if isinstance(cause, ConnectionLost | PeerError) else ConnectionLost(str(cause))
            )
        elif not self._is_closed_by_us:
            self._on_closed(cause)

    # ---- Inside --------------------------------------------------------------------------------------------------

    def _flush(self) -> None:
        data = self._client.outgoing()
        if data and self._connection is not None:
            self._connection.write_bytes(data)

    async def _shake_hands(self, connection: Connection) -> None:
        self._connection = connection
        self._flush()
        try:
            async with asyncio.timeout(HANDSHAKE_TIMEOUT_S):
                await self._opened
        except TimeoutError:
            raise ConnectionLost(f"no WebSocket handshake within {HANDSHAKE_TIMEOUT_S:g} s") from None


async def open_web_socket(
    dialer: Dialer, url: str, *, on_message: OnMessage, on_closed: OnClosed
) -> WebSocketConnection:
    """Connect to `url` (ws or wss, of the dialer's endpoint). Raises ConnectionLost or PeerError."""
    client = WebSocketClient(url)
    sinks: list[WebSocketConnection] = []

    def make_sink() -> WebSocketConnection:
        sinks.append(WebSocketConnection(client, on_message, on_closed))
        return sinks[0]

    connection = await dialer.connect(make_sink)
    try:
        await sinks[0]._shake_hands(connection)
    except BaseException:
        sinks[0].close()
        raise
    return sinks[0]
