"""Records and header copies of a session's store, as bytes: what `store_files` reads."""

from mmap import mmap

def packed(kind: int, seq: int, wall_ns: int, message: bytes) -> bytes:
    """One record of the log: a message sent, its number, when, and whether it is to be replayed."""

def write_copy(
    memory: mmap | bytearray, place: int, magic: bytes, generation: int, numbers: tuple[int, int, int, int, int]
) -> None:
    """One of the header's two copies, at byte `place`."""
