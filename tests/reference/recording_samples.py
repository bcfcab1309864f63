"""Recordings written from docs/recording.md alone: own checksum, own frames, nothing of tidings."""

import json
import struct
import zlib
from pathlib import Path

SESSION, CATALOGUE, MARKET, ACCOUNT, FEED, DROPPED, CLOCK = 1, 2, 3, 4, 7, 8, 9
ZLIB, END = 1, 2
Sample = tuple[int, int, bytes, int]  # kind, connection, payload, received_ns


def _table() -> list[int]:
    """CRC-32C, reflected polynomial 0x82F63B78 (RFC 3720, appendix B.4)."""
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
        table.append(value)
    return table


TABLE = _table()


def crc32c(data: bytes, before: int = 0) -> int:
    value = before ^ 0xFFFFFFFF
    for byte in data:
        value = value >> 8 ^ TABLE[(value ^ byte) & 0xFF]
    return value ^ 0xFFFFFFFF


def entry(kind: int, connection: int, payload: bytes, received_ns: int) -> bytes:
    return struct.pack("<IBBHq", len(payload), kind, 0, connection, received_ns) + payload


def segment_head(number: int, first_number: int, wall_ns: int, before: int) -> bytes:
    fields = struct.pack("<8sIIQqI", b"TIDINGSR", 1, number, first_number, wall_ns, before)
    return fields + struct.pack("<I", crc32c(fields))


def block(
    entries: list[Sample],
    first_number: int,
    synced_number: int,
    before: int,
    *,
    is_packed: bool = False,
    flags: int = 0,
) -> tuple[bytes, int]:
    content = b"".join(entry(*one) for one in entries)
    stored = zlib.compress(content) if is_packed else content
    fields = struct.pack(
        "<4sIQQIIII", b"TBLK", len(stored), first_number, synced_number, len(entries), len(content),
        flags | (ZLIB if is_packed else 0), before,
    )  # fmt: skip
    crc = crc32c(stored, crc32c(fields))
    return fields + struct.pack("<I", crc) + stored, crc


def session_entry(wall_ns: int, mono_ns: int) -> Sample:
    told = {"format": 1, "tidings": "0", "env": "local", "symbols": ["X"], "wall_ns": wall_ns, "mono_ns": mono_ns}
    return SESSION, 0, json.dumps(told).encode(), mono_ns


def blocks_of(data: bytes) -> tuple[bytes, list[bytes]]:
    """A segment's head and its blocks; no content of ours has a block's mark in it."""
    return data[:40], [b"TBLK" + part for part in data[40:].split(b"TBLK")[1:]]


def push(number: int) -> bytes:
    """Long enough that packing it gains something."""
    levels = ",".join(f'["{61000 + index}.5","{number * 7 % 100 + 1}"]' for index in range(6))
    return f'{{"sequence":{number},"symbol":"X","orderbook_p":{{"asks":[{levels}],"bids":[]}}}}'.encode()


def write_recording(
    directory: Path,
    *,
    segments: int = 3,
    blocks: int = 4,
    per_block: int = 5,
    begun_ns: int = 1_700_000_000_000_000_000,
) -> list[Sample]:
    """A whole recording, and what is in it; one block in two is packed, and each knows the one before durable."""
    written: list[Sample] = []
    crc = 0
    for number in range(1, segments + 1):
        wall_ns, mono_ns = begun_ns + number, 1000 * number
        data = segment_head(number, len(written) + 1, wall_ns, crc)
        for index in range(blocks):
            entries = [session_entry(wall_ns, mono_ns)] if index == 0 else []
            first = len(written) + 1
            entries += [
                (MARKET, 1, push(first + offset), mono_ns + offset) for offset in range(len(entries), per_block)
            ]
            framed, crc = block(entries, first, first - 1, crc, is_packed=index % 2 == 1)
            data += framed
            written += entries
        if number == segments:
            framed, crc = block([], len(written) + 1, len(written), crc, flags=END)
            data += framed
        (directory / f"{number:08d}.recording").write_bytes(data)
    return written
