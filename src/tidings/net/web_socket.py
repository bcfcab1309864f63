"""A WebSocket on our own transport: dial, shake hands, hand each message to whoever takes it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from tidings.errors import ConnectionLost
from tidings.net.dialer import Dialer
from tidings.net.web_socket_connection import WebSocketConnection
from tidings.wire.frame_reader import MessageTaker
from tidings.wire.websocket import WebSocketHandshake

__all__ = ["WebSocketConnection", "open_web_socket"]

HANDSHAKE_TIMEOUT_S = 3.0

OnMessage = Callable[[bytes, int], None]
OnClosed = Callable[[Exception], None]


async def open_web_socket(
    dialer: Dialer,
    url: str,
    *,
    on_message: OnMessage,
    on_closed: OnClosed,
    taker: MessageTaker | None = None,
    tap: OnMessage | None = None,
) -> WebSocketConnection:
    """Connect to `url` (ws or wss, of the dialer's endpoint). Raises ConnectionLost or PeerError."""
    opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    socket = WebSocketConnection(WebSocketHandshake(url), opened, on_message, on_closed, taker, tap)
    try:
        socket.start(await dialer.connect(lambda: socket))
        await _shaken(opened)
    except BaseException:
        socket.close()
        raise
    return socket


async def _shaken(opened: asyncio.Future[None]) -> None:
    try:
        async with asyncio.timeout(HANDSHAKE_TIMEOUT_S):
            await opened
    except TimeoutError:
        raise ConnectionLost(f"no WebSocket handshake within {HANDSHAKE_TIMEOUT_S:g} s") from None
