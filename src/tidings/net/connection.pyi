"""A TLS (or plain, for loopback only) byte stream on the loop's reader and writer hooks."""

import asyncio

from tidings.net.channel import Channel

class ByteSink:
    """What a connection feeds; compiled. In Python subclass PythonSink."""

class PythonSink(ByteSink):
    """A sink written in Python: subclass it and define these methods. Costs one copy per read."""

    def bytes_came(self, data: bytes, now_ns: int) -> None:
        """`data` was read at `now_ns`. An exception closes the connection with that cause."""
    def bytes_taken(self, taken_bytes_total: int, now_ns: int) -> None:
        """The kernel took more, after a write it could not take whole."""
    def closed(self, cause: Exception, now_ns: int) -> None:
        """The connection is gone. Comes once; nothing after it."""

class Connection:
    """Bytes out at once, bytes in as soon as they come, and an exact account of what the kernel took.

    A byte counts as taken only when the kernel has every byte of the TLS record that carries it.
    """

    written_bytes_total: int
    """Handed to write since the connection opened, in bytes of plaintext."""
    taken_bytes_total: int
    """Of these, taken by the kernel."""
    send_entered_ns: int
    """Just before the last send(2)."""
    send_returned_ns: int
    """Just after it."""
    is_open: bool

    def __init__(self, channel: Channel, sink: ByteSink, loop: asyncio.AbstractEventLoop) -> None:
        """`channel` has finished its handshake. Reading begins in the next loop pass."""
    def write_bytes(self, data: bytes) -> int:
        """Write now. 1: the kernel has the last byte; 0: the rest follows by the loop.

        Raises ConnectionLost when closed, when it breaks before the last byte is taken, or when 1 MiB is held back
        already: then the last of these bytes has not left and never will.
        """
    def cork(self) -> int:
        """Hold writes back until uncork."""
    def uncork(self) -> int:
        """Send what was held back, as one record up to 16 KiB. 1 if the kernel has everything."""
    def poll(self) -> int:
        """One non-blocking read and dispatch, for busy-polling; 1 if anything came."""
    def close(self, cause: Exception) -> int:
        """Say goodbye and close; the sink hears `cause` within the call."""
