"""WebSocket frames from a byte stream, and messages where they lie (RFC 6455, client side)."""

from typing import final

class MessageTaker:
    """A compiled decoder that reads messages where they lie; in Python it is a callable."""

    def __call__(self, message: bytes, now_ns: int) -> bool:
        """True: taken. False: not one of the decoder's."""

@final
class FrameReader:
    """Bytes in, whole messages and control frames out; what the peer breaks ends it."""

    fault_code: int
    """The close code that tells the peer what it broke (1002, 1007, 1009); 0: nothing so far."""
    is_ended: bool
    """A close frame came: nothing counts after it."""
    message_bytes_max: int

    def __init__(self, *, message_bytes_max: int) -> None: ...
    def feed(self, received: bytes) -> list[tuple[int, bytes]]:
        """What these bytes complete, as (opcode, payload): 1 text, 2 binary, 8 close, 9 ping, 10 pong.

        What came before a fault is told; look at `fault_code` afterwards.
        """

    @property
    def fault(self) -> str:
        """What the peer broke, in words."""

def client_frame(opcode: int, payload: bytes, mask: bytes) -> bytes:
    """One final frame from a client, masked (RFC 6455 §5.3: with four bytes nobody can foresee)."""
