"""One FIX session, acceptor or initiator: bytes in, messages and bytes out. No socket, no clock."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from tidings.errors import FieldError
from tidings.fix.dictionary import FIX44
from tidings.fix.liveness import SECOND_NS
from tidings.fix.message_log import IN
from tidings.fix.reader import FixReader
from tidings.fix.session_logon import SessionLogon, too_low
from tidings.fix.session_settings import SessionEnd
from tidings.fix.session_state import State
from tidings.fix.validation import (
    COMP_ID_PROBLEM,
    REQUIRED_MISSING,
    SENDING_TIME_PROBLEM,
    VALUE_INCORRECT,
    Problem,
    check,
    problem,
)

GARBLED_MAX = 10  # so many within GARBLED_WINDOW_S, and the peer is logged out
GARBLED_WINDOW_S = 10
LOGON, LOGOUT, RESEND_REQUEST, SEQUENCE_RESET = b"A", b"5", b"2", b"4"


class FixSession(SessionLogon):
    """Give it what arrives and the time; write what `take_output` returns, then close if `wants_close`.

    `now_ns` is monotonic and drives the timers, `wall_ns` is Unix time and goes into SendingTime. `on_timer` must be
    called at least every 100 ms. A connection made anew begins with `connected`, and ends with `disconnected`.
    """

    _garbled_at: deque[int]

    def connected(self, now_ns: int, wall_ns: int) -> None:
        """A connection is up; an initiator logs on."""
        self._garbled_at = deque(maxlen=GARBLED_MAX)
        super().connected(now_ns, wall_ns)

    def receive(self, data: bytes, now_ns: int, wall_ns: int) -> None:
        """Bytes of the peer, cut anywhere."""
        self._note_time(now_ns, wall_ns)
        framer = self._framer
        framer.feed(data)
        garbled = framer.garbled_count
        while not self._is_deaf() and (message := framer.next()) is not None:
            self._on_bytes(message)
        for _ in range(framer.garbled_count - garbled):
            self._on_garbled(is_logon=False)
        if framer.is_over_limit:
            self._close("a message is too long")

    def _is_deaf(self) -> bool:
        return self.state is State.CLOSING or self.state is State.DISCONNECTED

    def _on_bytes(self, data: bytes) -> None:
        if (log := self._outbound.message_log) is not None:
            log.note(self._wall_ns, IN, data)
        reader = self._reader
        if reader.read(data):
            self._on_garbled(is_logon=reader.msg_type == LOGON)
        elif self.state is State.CONNECTED:
            self._on_first(reader)
        elif (seq := _seq_of(reader)) is None:
            self._expel("MsgSeqNum missing")
        elif not self._awaits_reset or reader.find(141) == b"Y":
            self._on_message(reader, seq, data)

    def _on_garbled(self, *, is_logon: bool) -> None:
        """Dropped: no answer, no number. Too many, or a Logon: this peer is not for us."""
        self.garbled_count += 1
        if is_logon or self.state is State.CONNECTED:
            self._close("garbled")
            return
        times = self._garbled_at
        times.append(self._now_ns)
        if len(times) == GARBLED_MAX and self._now_ns - times[0] < GARBLED_WINDOW_S * SECOND_NS:
            times.clear()
            self._log_out("too many garbled messages", SessionEnd.PROTOCOL_ERROR)

    def _on_first(self, reader: FixReader) -> None:
        """Before the Logon nothing is answered: what is not a sound one ends the connection."""
        seq = _seq_of(reader)
        if reader.msg_type != LOGON:
            # A Logout that refuses our Logon does not count: some acceptors give it a number, and some (ours, to whom
            # has not proved who he is) do not. Counted wrongly, no later Logon would be let in; missing, it is filled.
            text = (reader.find(58) or b"").decode(errors="replace")
            self._close(f"refused by the peer: {text}" if text else "the first message was no Logon")
            return
        found = check(reader, FIX44, lenient=self.settings.is_lenient)
        if seq is None or found or not self._is_from_peer(reader) or self._is_untimely(reader):
            self._close(f"no sound Logon: {found.text} {found.ref_tag}" if found else "no sound Logon")
            return
        self._on_first_logon(reader, seq, _is_poss_dup(reader))

    def _on_message(self, reader: FixReader, seq: int, data: bytes) -> None:
        """One message of a session that is logged on, or waits for the answer to its Logout."""
        msg_type = reader.msg_type
        sender, target = reader.find(49), reader.find(56)
        if sender is None or target is None:
            self._reject_problem(seq, problem(REQUIRED_MISSING, 49 if sender is None else 56))
            return
        if reader.find(8) != self._begin_string:
            self._on_foreign_version(reader, seq)
            return
        if found := check(reader, FIX44, lenient=self.settings.is_lenient):
            self._reject_problem(seq, found)
            return
        self._liveness.received(self._now_ns)
        if self._is_untimely(reader):
            self._reject_and_log_out(seq, problem(SENDING_TIME_PROBLEM))
        elif sender != self._peer_id or target != self._our_id:
            self._reject_and_log_out(seq, problem(COMP_ID_PROBLEM))
        elif msg_type == LOGON:
            self._on_logon_again(reader, seq, _is_poss_dup(reader))
        elif msg_type == SEQUENCE_RESET and reader.find(123) != b"Y":
            self._on_reset(reader)
        else:
            self._in_turn(reader, seq, data)

    def _on_foreign_version(self, reader: FixReader, seq: int) -> None:
        if reader.msg_type == LOGOUT:
            self._on_logout(reader, seq)
            return
        self._log_out("Incorrect BeginString", SessionEnd.PROTOCOL_ERROR)
        self.store.set_in(self.store.next_in + 1)

    def _is_untimely(self, reader: FixReader) -> bool:
        sent_ns = _time_of(reader, 52)
        return sent_ns is None or abs(self._wall_ns - sent_ns) > self.settings.max_latency_s * SECOND_NS

    def _is_from_peer(self, reader: FixReader) -> bool:
        found = (reader.find(8), reader.find(49), reader.find(56))
        return found == (self._begin_string, self._peer_id, self._our_id)

    def _in_turn(self, reader: FixReader, seq: int, data: bytes) -> None:
        """The rules of MsgSeqNum: too low, too high, or just the one. Goodbyes and ResendRequests never wait."""
        expected = self.store.next_in
        is_poss_dup = _is_poss_dup(reader)
        msg_type = reader.msg_type
        if seq == expected:
            self._process(reader, seq)
            if self._order:
                self._drain()
        elif msg_type == LOGOUT:
            self._on_logout(reader, seq)  # a goodbye is answered whatever its number
        elif msg_type == RESEND_REQUEST:
            self._on_resend_request(reader)
            if seq > expected:
                self._order.hold(seq, None)  # served now; its number counts when the gap before it is filled
        elif seq < expected:
            self._on_low(reader, seq, expected, is_poss_dup)
        elif self._order.hold(seq, data):
            self._ask_for(expected, seq, is_poss_dup)
        else:
            self._log_out("too many messages behind a gap", SessionEnd.PROTOCOL_ERROR)

    def _on_low(self, reader: FixReader, seq: int, expected: int, is_poss_dup: bool) -> None:
        """A number that was used already: a repetition that says so is ignored, if its times are in order."""
        if not is_poss_dup:
            self._expel(too_low(expected, seq))
        elif reader.msg_type == SEQUENCE_RESET:
            return
        elif reader.find(122) is None:
            self._reject_problem(seq, problem(REQUIRED_MISSING, 122))
        elif (first_ns := _time_of(reader, 122)) is None or first_ns > reader.get_time_ns(52):
            self._reject_and_log_out(seq, problem(SENDING_TIME_PROBLEM))

    def _process(self, reader: FixReader, seq: int) -> None:
        """The message whose turn it is. Its number counts as received only when it has been dealt with."""
        epoch = self._epoch
        handler = _HANDLERS.get(reader.msg_type)
        is_taken = self._to_application(reader) if handler is None else handler(self, reader, seq)
        if is_taken and epoch == self._epoch and self.store.next_in == seq:
            self.store.set_in(seq + 1)

    def _drain(self) -> None:
        """Held messages whose turn has come."""
        while not self._is_deaf() and self._order.has(seq := self.store.next_in):
            data = self._order.take(seq)
            if data is None:
                self.store.set_in(seq + 1)
                continue
            self._reader.read(data)
            self._process(self._reader, seq)
        self._order.discard_below(self.store.next_in)

    def _to_application(self, reader: FixReader) -> bool:
        supported = self.settings.supported_types
        if supported is not None and reader.msg_type not in supported:
            self.reject_business(3)
            return True
        self.is_throttled = not self._throttle.takes(self._now_ns)
        if self._throttle.is_flooded:
            self._log_out("message rate", SessionEnd.PROTOCOL_ERROR)
        self.application.on_message(self, reader)
        return True

    def _on_heartbeat(self, _reader: FixReader, _seq: int) -> bool:
        return True

    def _on_test_request(self, reader: FixReader, _seq: int) -> bool:
        self._send_session(b"0", [(112, reader.get_bytes(112))])
        return True

    def _on_resend_request(self, reader: FixReader, _seq: int = 0) -> bool:
        begin = reader.get_int(7)
        if begin == 0:
            self._send_reject(VALUE_INCORRECT, 7, problem(VALUE_INCORRECT).text)
        else:
            self._outbound.replay(begin, reader.get_int(16), self._wall_ns)
        return True

    def _on_gap_fill(self, reader: FixReader, seq: int) -> bool:
        new_seq = reader.get_int(36)
        if new_seq <= seq:
            self._send_reject(VALUE_INCORRECT, None, problem(VALUE_INCORRECT).text)
            return False
        self.store.set_in(new_seq)
        self._order.discard_below(new_seq)
        return True

    def _on_reset(self, reader: FixReader) -> None:
        """SequenceReset-Reset: its own number does not matter, and it never goes back."""
        new_seq, expected = reader.get_int(36), self.store.next_in
        if new_seq < expected:
            self._send_reject(VALUE_INCORRECT, None, problem(VALUE_INCORRECT).text)
        elif new_seq > expected:
            self.store.set_in(new_seq)
            self._drain()

    def _on_reject(self, reader: FixReader, _seq: int) -> bool:
        self.rejects_received += 1
        if self.on_reject is not None:
            self.on_reject(reader)
        return True

    rejects_received = 0
    on_reject: Callable[[FixReader], object] | None = None  # for who wants to know which message was rejected

    def _on_logout(self, reader: FixReader, seq: int) -> bool:
        self.dont_cancel = reader.find(9003) == b"Y"
        if self.state is State.LOGGED_ON:
            self._send_logout("")
            self.end = SessionEnd.LOGOUT_RECEIVED
        if seq == self.store.next_in:
            self.store.set_in(seq + 1)
        text = (reader.find(58) or b"").decode(errors="replace")
        self._close(f"the peer logged out: {text}" if text else "the peer logged out")
        return True

    def _reject_problem(self, seq: int, found: Problem) -> None:
        """A Reject takes the offender's number, unless it was not its turn or numbers are what it is about."""
        self._send_reject(*found)
        if seq == self.store.next_in and self._reader.msg_type not in (LOGON, SEQUENCE_RESET):
            self.store.set_in(seq + 1)
            self._drain()

    def _reject_and_log_out(self, seq: int, found: Problem) -> None:
        """The Reject has said why; the Logout behind it has no text."""
        self._reject_problem(seq, found)
        self._log_out("", SessionEnd.PROTOCOL_ERROR)
        self.close_reason = self.close_reason or found.text

    def _self(self) -> FixSession:
        return self


_HANDLERS = {
    b"0": FixSession._on_heartbeat,
    b"1": FixSession._on_test_request,
    b"2": FixSession._on_resend_request,
    b"3": FixSession._on_reject,
    b"4": FixSession._on_gap_fill,
    b"5": FixSession._on_logout,
}


def _seq_of(reader: FixReader) -> int | None:
    """MsgSeqNum; None if there is none that can be read."""
    try:
        return reader.get_int(34)
    except FieldError:
        return None


def _time_of(reader: FixReader, tag: int) -> int | None:
    """A time; None for one of a year that Unix nanoseconds do not reach."""
    try:
        return reader.get_time_ns(tag)
    except FieldError:
        return None


def _is_poss_dup(reader: FixReader) -> bool:
    return reader.find(43) == b"Y"
