"""A session's messages as a text file: one in a line, with the time, which way it went, and no secrets.

    20260801-12:34:56.789012 in  8=FIX.4.4|9=142|35=D|…        (| stands for SOH, which is what the file has)

Noting a message is an append to a list. Lines are made and written later, in portions and wherever the owner likes:
nobody who trades waits for them. `tidings fix-print` reads the file.
"""

from __future__ import annotations

import os
import re
from collections import deque
from pathlib import Path

from tidings.fix.timestamps import timestamp
from tidings.fix.writer import frame

SOH = b"\x01"
IN, OUT, EVENT = b"in ", b"out", b"---"
LINE_BEGINNING = re.compile(rb"^(\d{8}-\d\d:\d\d:\d\d\.\d{6} (?:in |out|---)) ", re.MULTILINE)
WAITING_BYTES_MAX = 64 * 1024 * 1024  # then messages go unlogged, and a line says how many
HIDDEN = b"***"
# Username, Password, NewPassword; RawData with its length is dealt with apart, because it may hold SOH.
_SIGNS = (b"\x01553=", b"\x01554=", b"\x01925=", b"\x0196=")
_SECRET = re.compile(rb"(?<=\x01)(553|554|925)=[^\x01]*")
_RAW_DATA = re.compile(rb"\x01(?:95=(\d{1,9})\x01)?96=")


class MessageLog:
    """One session's file. `note` and `take_lines` belong to one thread, `write` may be another's."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._waiting: deque[tuple[int, bytes, bytes]] = deque()
        self._waiting_bytes = 0
        self._lost_count = 0
        self._file = -1
        self._open()

    @property
    def has_waiting(self) -> bool:
        return bool(self._waiting)

    def note(self, wall_ns: int, way: bytes, data: bytes) -> None:
        """A message that came or is about to go."""
        if self._waiting_bytes > WAITING_BYTES_MAX:
            self._lost_count += 1
            return
        self._waiting_bytes += len(data)
        self._waiting.append((wall_ns, way, data))

    def take_lines(self, count_max: int) -> bytes:
        """The lines of the oldest messages noted."""
        waiting = self._waiting
        lines: list[bytes] = []
        while waiting and len(lines) < count_max:
            wall_ns, way, data = waiting.popleft()
            self._waiting_bytes -= len(data)
            text = data if way is EVENT else masked(data)
            lines.append(b"%b %b %b\n" % (timestamp(wall_ns, 6), way, text))
        if self._lost_count and lines:
            lines.append(b"%b %b %d messages were not logged: the disk is too slow\n" % (
                timestamp(wall_ns, 6), EVENT, self._lost_count))  # fmt: skip
            self._lost_count = 0
        return b"".join(lines)

    def write(self, lines: bytes) -> None:
        """Append to the file, a new one if it has been moved away. Raises OSError."""
        if self._file < 0 or self._is_moved():
            self.close()
            self._open()
        while lines:
            lines = lines[os.write(self._file, lines) :]

    def close(self) -> None:
        """Let go of the file; what waits is lost."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _open(self) -> None:
        self._file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def _is_moved(self) -> bool:
        """Whether somebody who keeps logs small has taken the file away."""
        try:
            there = self.path.stat()
        except OSError:
            return True
        ours = os.fstat(self._file)
        return (there.st_dev, there.st_ino) != (ours.st_dev, ours.st_ino)


def masked(data: bytes) -> bytes:
    """The message without what proves who its sender is; BodyLength and CheckSum are made to fit what is left."""
    if not any(sign in data for sign in _SIGNS):
        return data
    hidden = _SECRET.sub(rb"\1=" + HIDDEN, data)
    position = 0
    while (found := _RAW_DATA.search(hidden, position)) is not None:
        hidden, position = _without_raw_data(hidden, found)
    return _framed_anew(data, hidden)


def _without_raw_data(data: bytes, found: re.Match[bytes]) -> tuple[bytes, int]:
    """RawData ends where its length says, or, if that is no field's end, with the message. And where to go on."""
    begin = found.end()
    end = begin + int(found[1]) if found[1] is not None else data.find(SOH, begin)
    if data[end : end + 1] != SOH or end < begin:
        end = max(begin, data.rfind(SOH + b"10=", begin))
    length = b"\x0195=%d" % len(HIDDEN) if found[1] is not None else b""
    head = data[: found.start()] + length + b"\x0196=" + HIDDEN
    return head + data[end:], len(head)


def _framed_anew(data: bytes, hidden: bytes) -> bytes:
    """A message that was sound stays so; one that was garbled keeps its wrong numbers."""
    begin_string, _, rest = hidden.partition(SOH)
    _, _, content = rest.partition(SOH)
    tail = content.rfind(SOH + b"10=") + 1
    is_sound = data.startswith(b"8=") and data[-8:-4] == SOH + b"10=" and tail > 0
    if not is_sound or sum(data[:-7]) & 255 != int(data[-4:-1] if data[-4:-1].isdigit() else b"-1"):
        return hidden
    return frame(content[:tail], begin_string.removeprefix(b"8="))
