"""A connected, non-blocking socket: what `Connection` needs of TLS and of plain TCP, and nothing more."""

import socket

from tidings.clock import Clock

class Channel:
    """One socket and, with TLS, its cryptography. Never waits."""

    peer: str
    """host:port, for messages."""
    socket: socket.socket
    """Owned: closed with the channel."""
    wants_write: bool
    """Reading cannot go on before TLS has written something of its own (a key update)."""
    send_entered_ns: int
    """Just before the last send(2)."""
    send_returned_ns: int
    """Just after it."""
    received_ns: int
    """Just after the last recv(2) that brought bytes."""
    received_count: int
    """How many did."""

    def handshake(self) -> str:
        """One step: "" when ready, else "read" or "write": what to wait for before the next. Raises ConnectionLost."""
    def close(self) -> None:
        """Close the socket at once, without a goodbye."""

class PlainChannel(Channel):
    """Plain TCP to this very machine; any other address is a ConfigError."""

    def __init__(self, socket: socket.socket, peer: str, clock: Clock) -> None: ...
