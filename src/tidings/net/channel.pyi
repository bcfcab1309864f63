"""A connected, non-blocking socket: what `Connection` needs of TLS and of plain TCP, and nothing more."""

import socket
from typing import Protocol

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

class Pipe(Protocol):
    """What a PythonChannel moves its bytes through: a socket and a kernel in one."""

    def fileno(self) -> int:
        """What the loop's reader and writer hooks are given."""
    def getblocking(self) -> bool:
        """Always False."""
    def send(self, data: bytes) -> int:
        """How many bytes the kernel took; 0: none for now. Raises ConnectionLost: no further byte will be taken."""
    def recv(self, room: int) -> bytes:
        """What is there, at most `room` bytes; empty: nothing for now. Raises ConnectionLost at the end."""
    def close(self) -> None:
        """No more of either."""

class PythonChannel(Channel):
    """A channel written in Python, for simulators: no handshake, no encryption, and no socket but `pipe`."""

    def __init__(self, pipe: Pipe, peer: str, clock: Clock) -> None: ...
