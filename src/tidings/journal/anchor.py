"""The anchor: a small file that says what must be true of the segments whatever happens to them.

It is replaced whole and durably, never on the order path: when a session begins (its ids are reserved by it), when a
segment is made, when old ones are dropped, and when the log has ended: at a clean end, or when the next session has
read what a killed one left. With it a last segment that is missing, a first one that was deleted, and one put back from
a copy made before the end are seen; without it they would look whole.
"""

from __future__ import annotations

import msgspec

from tidings.errors import JournalDamaged
from tidings.journal.disk import Disk, replace_whole
from tidings.journal.record import checksum

ANCHOR_NAME = "anchor"
FORMAT = 1


class Anchor(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is durably known of one journal."""

    format: int = FORMAT
    reserved_ms: int = 0  # ids of sessions up to this one may have been used
    boot_id: str = ""  # of the machine when the last session began; "": unknown
    owner: str = ""  # as that session's own record says, which is dropped with its first segment
    first_segment: int = 1  # earlier ones were dropped
    first_seq: int = 0  # the last record of those, and its checksum: what the first segment goes on from
    first_crc: int = 0
    last_segment: int = 0  # all up to this one were made; a later one may have been
    session_segment: int = 0  # the last session began with it; earlier ones have been cut where they end
    ends_at: tuple[int, int] | None = None  # the last record and its checksum; None: a session goes on, or was killed


def write_anchor(disk: Disk, anchor: Anchor) -> None:
    """Durable when it returns. Raises OSError."""
    text = msgspec.json.encode(anchor)
    replace_whole(disk, ANCHOR_NAME, b"%s\n%08x\n" % (text, checksum(text)))


def read_anchor(disk: Disk) -> Anchor | None:
    """None: no session ever began here. Raises JournalDamaged, OSError."""
    try:
        lines = disk.read(ANCHOR_NAME).split(b"\n")
    except FileNotFoundError:
        return None
    where = f"{disk.where}/{ANCHOR_NAME}"
    if len(lines) != 3 or lines[1:] != [b"%08x" % checksum(lines[0]), b""]:
        raise JournalDamaged(f"journal file {where} is damaged: {REMEDY}")
    try:
        return msgspec.json.decode(lines[0], type=Anchor)
    except msgspec.MsgspecError as error:
        raise JournalDamaged(f"journal file {where} was written by another version of tidings: {error}") from None


LOOK_ADVICE = "Look at it with `tidings journal verify`, and at"  # which that command itself leaves out
REMEDY = (
    f"nothing is traded on it. {LOOK_ADVICE} your open orders at the venue; then restore it, or move the directory away"
    " to begin anew"
)
