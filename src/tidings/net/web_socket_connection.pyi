"""A WebSocket on a connection of ours: messages go straight from the connection's input to who takes them."""

import asyncio
from collections.abc import Callable

from tidings.net.connection import ByteSink, Connection
from tidings.wire.frame_reader import MessageTaker
from tidings.wire.websocket import WebSocketHandshake

class WebSocketConnection(ByteSink):
    """`on_message(message, now_ns)` in order; `on_closed(cause)` once, after which nothing comes.

    A `taker` is asked first, and reads the message where it lies; what it does not take goes to `on_message`. A `tap`
    hears every message, before anybody else.
    """

    taken_ns: int
    """When the last message came that the taker took; 0: none has."""
    message_count: int
    connection: Connection | None
    """None before it stands."""

    def __init__(
        self,
        handshake: WebSocketHandshake,
        opened: asyncio.Future[None],
        on_message: Callable[[bytes, int], None],
        on_closed: Callable[[Exception], None],
        taker: MessageTaker | None = None,
        tap: Callable[[bytes, int], None] | None = None,
        *,
        message_bytes_max: int = ...,
    ) -> None: ...
    @property
    def is_open(self) -> bool:
        """The handshake is done and nobody has closed."""

    def start(self, connection: Connection) -> None:
        """The connection stands: ask for the upgrade."""

    def send_text(self, text: str) -> None:
        """Send one message now. Raises ConnectionLost when the connection is gone."""

    def ping(self, payload: bytes) -> None:
        """Send one ping now. Raises ConnectionLost when the connection is gone."""

    def close(self) -> None:
        """Say goodbye and close; `on_closed` is not called."""
