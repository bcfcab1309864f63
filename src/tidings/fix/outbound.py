"""The way out of a session: header, numbers, the store, replays, and the bytes to write.

Every message is in the store before its bytes can be taken. During a replay, live messages queue behind it.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from tidings.fix.message_log import OUT, MessageLog
from tidings.fix.message_store import MessageStore
from tidings.fix.session_settings import SessionSettings
from tidings.fix.timestamps import timestamp
from tidings.fix.writer import Frame, framed_fields

if TYPE_CHECKING:
    from tidings.fix.validation import Fields

SOH = b"\x01"
LOGON = b"A"
# Header fields that may be given among a message's fields; the session's own ones may not.
ROUTING_TAGS = frozenset({50, 57, 115, 116, 128, 129, 142, 143, 144, 145})
REPLAY_SLICE_MSGS = 100


def framed(begin_string: bytes, content: bytes) -> bytes:
    """A whole message around everything between BodyLength and CheckSum."""
    head = b"8=%b\x019=%d\x01%b" % (begin_string, len(content), content)
    return b"%b10=%03d\x01" % (head, sum(head) & 255)


class Replay:
    """What a peer asked for again: numbers `next_seq` … `last_seq`; a run of `gap_seq` … is to be filled."""

    def __init__(self, begin_seq: int, last_seq: int) -> None:
        self.next_seq = begin_seq
        self.last_seq = last_seq
        self.gap_seq = 0


class Outbound:
    """One session's sending side. Bytes are kept only while a connection is there to write them."""

    def __init__(self, settings: SessionSettings, store: MessageStore) -> None:
        self._settings = settings
        self._store = store
        self._begin_string = settings.begin_string.encode()
        self._frame = Frame(self._begin_string)
        self._sender = (49, settings.our_comp_id.encode())
        self._target = (56, settings.client_comp_id.encode())
        self._chunks: list[bytes] = []
        self._replays: deque[Replay] = deque()
        self._behind: list[bytes] = []
        self._first_behind_seq = 0
        self.behind_bytes = 0  # live messages that wait for the end of a replay
        self.is_open = False  # messages go to the wire, not only into the store
        self.sent_count = 0
        self.message_log: MessageLog | None = None

    @property
    def is_replaying(self) -> bool:
        return bool(self._replays)

    def forget_replays(self) -> None:
        """The numbers begin anew: nothing of the old ones is sent any more."""
        self._replays.clear()
        self._drop_behind()

    def close(self) -> None:
        """Nothing more is produced; what is live is still to be written, a replay is broken off."""
        self._replays.clear()
        self._flush_behind()
        self.is_open = False

    def drop(self) -> None:
        """The connection is gone: what was not written will be asked for again."""
        self._chunks.clear()
        self._replays.clear()
        self._drop_behind()
        self.is_open = False

    def send(
        self,
        msg_type: bytes,
        fields: Fields,
        wall_ns: int,
        *,
        is_replayed: bool,
        poss_resend: bool = False,
        is_logon: bool = False,
    ) -> int:
        """Number, store and queue a message: its number. `is_logon`: of the exchange before the way is open."""
        seq = self._store.next_out
        header = [(34, b"%d" % seq), self._sender, (52, self._time(wall_ns)), self._target]
        if poss_resend:
            header.append((97, b"Y"))
        data = self._encoded(msg_type, header, fields)
        # A Logon may have a password in it and is never sent again: only its number is kept.
        self._store.set_out(seq, b"" if msg_type == LOGON else data, is_replayed, wall_ns)
        if self.is_open or is_logon:
            self._queue(seq, data)
        return seq

    def send_uncounted(self, msg_type: bytes, fields: Fields, wall_ns: int) -> None:
        """A last word to a peer that has not proved who it is: with the next number, which it does not take."""
        header = [(34, b"%d" % self._store.next_out), self._sender, (52, self._time(wall_ns)), self._target]
        self._write(self._encoded(msg_type, header, fields))

    def replay(self, begin_seq: int, end_seq: int, wall_ns: int) -> None:
        """Send begin … end again, a first slice at once; 0, or beyond the last: to the last that has been sent."""
        last = self._first_behind_seq - 1 if self._behind else self._store.next_out - 1
        last = last if end_seq == 0 else min(end_seq, last)
        if begin_seq <= last:
            if len(self._replays) > 1:  # whoever asks over and over is answered once more, not as often as he asks
                waiting = self._replays[-1]
                waiting.next_seq, waiting.last_seq = min(waiting.next_seq, begin_seq), max(waiting.last_seq, last)
                return
            self._replays.append(Replay(begin_seq, last))
            if len(self._replays) == 1 and len(self._chunks) < REPLAY_SLICE_MSGS:
                self._replay_slice(self._replays[0], wall_ns)
        elif begin_seq >= self._store.next_out:
            self.gap_fill(begin_seq, self._store.next_out, wall_ns)

    def gap_fill(self, seq: int, new_seq: int, wall_ns: int) -> None:
        """Tell the peer to go on at `new_seq`; takes no number of its own."""
        moment = self._time(wall_ns)
        header = [(34, b"%d" % seq), (43, b"Y"), self._sender, (52, moment), self._target, (122, moment)]
        self._write(self._encoded(b"4", header, [(36, b"%d" % new_seq), (123, b"Y")]))

    def take(self, wall_ns: int) -> bytes:
        """The bytes to write, with one slice of a replay."""
        if self._replays:
            self._replay_slice(self._replays[0], wall_ns)
        if (log := self.message_log) is not None:
            for chunk in self._chunks:
                log.note(wall_ns, OUT, chunk)
        data = b"".join(self._chunks)
        self._chunks.clear()
        return data

    def _queue(self, seq: int, data: bytes) -> None:
        if not self._replays:
            self._write(data)
            return
        if not self._behind:
            self._first_behind_seq = seq
        self._behind.append(data)
        self.behind_bytes += len(data)

    def _write(self, data: bytes) -> None:
        self._chunks.append(data)
        self.sent_count += 1

    def _replay_slice(self, replay: Replay, wall_ns: int) -> None:
        end = min(replay.last_seq, replay.next_seq + REPLAY_SLICE_MSGS - 1)
        for seq, data in self._store.get(replay.next_seq, end):
            if seq > replay.next_seq and not replay.gap_seq:
                replay.gap_seq = replay.next_seq
            if replay.gap_seq:
                self.gap_fill(replay.gap_seq, seq, wall_ns)
                replay.gap_seq = 0
            self._write(self._again(data, wall_ns))
            replay.next_seq = seq + 1
        if replay.next_seq <= end and not replay.gap_seq:
            replay.gap_seq = replay.next_seq
        replay.next_seq = end + 1
        if end == replay.last_seq:
            if replay.gap_seq:
                self.gap_fill(replay.gap_seq, end + 1, wall_ns)
            self._finish_replay()

    def _finish_replay(self) -> None:
        self._replays.popleft()
        if not self._replays:
            self._flush_behind()

    def _flush_behind(self) -> None:
        for data in self._behind:
            self._write(data)
        self._drop_behind()

    def _drop_behind(self) -> None:
        self._behind.clear()
        self.behind_bytes = 0

    def _again(self, data: bytes, wall_ns: int) -> bytes:
        """A stored message with 43=Y, its first SendingTime in 122, and the time of now."""
        _, _, rest = data.split(SOH, 2)
        content = rest[: rest.rindex(SOH + b"10=") + 1]
        out: list[bytes] = []
        first_time = b""
        position = 0
        for tag, part in _header_parts(content):
            position += len(part) + 1
            if tag == 52:
                first_time = part[3:]
                part = b"52=" + self._time(wall_ns)
            out.append(part)
        out = sorted([*out[1:], b"43=Y", b"122=" + first_time], key=_tag_of)
        head = content[: content.index(SOH) + 1]
        return framed(self._begin_string, head + SOH.join(out) + SOH + content[position:])

    def _encoded(self, msg_type: bytes, header: Fields, fields: Fields) -> bytes:
        """`header` is in order; routing fields among `fields` are put where they belong in it."""
        body = fields
        for tag, _ in fields:
            if tag in ROUTING_TAGS:
                header = header + [field for field in fields if field[0] in ROUTING_TAGS]
                body = [field for field in fields if field[0] not in ROUTING_TAGS]
                header.sort()
                break
        return framed_fields(self._frame, msg_type, header, body)

    def _time(self, wall_ns: int) -> bytes:
        return timestamp(wall_ns, self._settings.timestamp_digits)


HEADER_TAGS = frozenset({34, 35, 43, 49, 52, 56, 97, 122}) | ROUTING_TAGS


def _header_parts(content: bytes) -> list[tuple[int, bytes]]:
    """The header fields a message of ours begins with, as they stand there."""
    found: list[tuple[int, bytes]] = []
    start = 0
    while (end := content.find(SOH, start)) > 0:
        part = content[start:end]
        tag = _tag_of(part)
        if tag not in HEADER_TAGS:
            break
        found.append((tag, part))
        start = end + 1
    return found


def _tag_of(part: bytes) -> int:
    return int(part[: part.index(b"=")])
