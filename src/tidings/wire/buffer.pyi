"""One owner of bytes: a block that grows up to a limit and is then used again and again."""

class ByteBuffer:
    """A growing block of bytes. `bytes(buffer)` copies them out, `len(buffer)` counts them."""

    def __init__(self, capacity_bytes: int = 4096, limit_bytes: int = 1048576) -> None:
        """`capacity_bytes` are allocated at once; beyond `limit_bytes` a write raises BufferError."""
    @property
    def capacity_bytes(self) -> int:
        """Bytes allocated now."""
    def __len__(self) -> int: ...
    def __bytes__(self) -> bytes: ...
    def write(self, data: bytes) -> None:
        """Append a copy of `data`; BufferError if it would pass the limit, and then nothing is written."""
    def drop(self, count: int) -> None:
        """Drop up to `count` bytes from the front."""
    def reset(self) -> None:
        """Forget all bytes, keep the block."""
