"""Entries of a recording as docs/recording.md lays them out, written and read without the recorder."""

import struct

HEAD = struct.Struct("<IBBHq")  # payload bytes, kind, zero, connection, received_ns


def entry_bytes(kind: int, source: int, payload: bytes, received_ns: int, zero: int = 0) -> bytes:
    return HEAD.pack(len(payload), kind, zero, source, received_ns) + payload


def read_entries(content: bytes) -> list[tuple[int, int, bytes, int]]:
    """(kind, connection, payload, received_ns) of each."""
    found = []
    while content:
        count, kind, zero, source, received_ns = HEAD.unpack_from(content)
        assert zero == 0
        found.append((kind, source, content[HEAD.size : HEAD.size + count], received_ns))
        content = content[HEAD.size + count :]
    return found
