"""How a connection ends before its time: in order, by a reset, or not at all."""

import asyncio
import socket
import struct
from collections.abc import Callable
from functools import partial
from typing import Final

FLUSH_NS: Final = 2_000_000  # what was just written is on its way before a reset follows
_NO_LINGER: Final = struct.pack("ii", 1, 0)  # close(2) then sends RST instead of FIN (socket(7), SO_LINGER)


def end_connection(
    transport: asyncio.Transport, how: str, later: Callable[[int, Callable[[], None]], None] | None = None
) -> None:
    """End `transport`: "close" writes what is left and says goodbye, "reset" cuts, "hang" leaves it as it is.

    With `later` a reset waits until what was just written has left.
    """
    if how == "close":
        transport.close()
    elif how == "reset" and later is not None:
        later(FLUSH_NS, partial(_reset, transport))
    elif how == "reset":
        _reset(transport)


def _reset(transport: asyncio.Transport) -> None:
    connection = transport.get_extra_info("socket")
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
    transport.abort()
