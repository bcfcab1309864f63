"""How a session is agreed on: the Logon of either side, and what makes one refuse."""

from __future__ import annotations

from tidings.fix.authentication import is_authentic, logon_hash
from tidings.fix.reader import FixReader, Framer
from tidings.fix.session_core import SessionCore
from tidings.fix.session_state import Event, State
from tidings.fix.timestamps import timestamp
from tidings.fix.validation import Fields

NOT_AUTHENTIC = "Authentication failed"


def too_low(expected: int, received: int) -> str:
    return f"MsgSeqNum too low, expecting {expected} but received {received}"


class SessionLogon(SessionCore):
    """The part of a FixSession that deals with Logon (A), by which everything begins."""

    def connected(self, now_ns: int, wall_ns: int) -> None:
        """A connection is up; an initiator logs on."""
        self._note_time(now_ns, wall_ns)
        self._move(Event.CONNECT)
        self._framer = Framer(self.settings.max_message_bytes)
        self._order.clear()
        self._since_ns = now_ns
        self._awaits_reset = False
        self.end = None
        self.close_reason = ""
        self.dont_cancel = False
        if self._is_reset_due() or (self.is_initiator and self.settings.reset_on_logon):
            self._reset_numbers()
        if self.is_initiator:
            self.heartbeat_s = self.settings.heartbeat_s
            self._send_logon(is_reset=self.settings.reset_on_logon, credentials=self._credentials())

    def disconnected(self, now_ns: int, wall_ns: int) -> None:
        """The connection is gone; what was not written is forgotten, and replayed on request."""
        self._note_time(now_ns, wall_ns)
        self._outbound.drop()
        self._order.clear()
        if self.state is not State.DISCONNECTED:
            self._leave(Event.DISCONNECT, "disconnected")

    def reset(self, now_ns: int, wall_ns: int) -> None:
        """By command: both numbers to 1, with a Logon 141=Y if logged on."""
        self._note_time(now_ns, wall_ns)
        self._reset_numbers()
        if self.state is State.LOGGED_ON:
            self._awaits_reset = True
            self._send_logon(is_reset=True)

    def _reset_numbers(self) -> None:
        self.store.reset(self._wall_ns)
        self._refused_seq = 0
        self._outbound.forget_replays()
        self._order.clear()
        self._epoch += 1

    def _send_logon(self, *, is_reset: bool, credentials: Fields | None = None, next_in: int = 0) -> None:
        fields = [(98, b"0"), (108, b"%d" % self.heartbeat_s), *self.logon_reply, *(credentials or [])]
        if is_reset:
            fields.append((141, b"Y"))
        if self.settings.send_next_expected:
            fields.append((789, b"%d" % (next_in or self.store.next_in)))
        self._send_session(b"A", sorted(fields, key=lambda field: field[0]), is_logon=True)

    def _credentials(self) -> Fields:
        """What an initiator proves itself with."""
        settings = self.settings
        if settings.auth == "password":
            return [(553, settings.username.encode()), (554, settings.password.encode())]
        if settings.auth != "hmac":
            return []
        moment = timestamp(self._wall_ns, settings.timestamp_digits)
        comp_ids = (settings.our_comp_id.encode(), settings.client_comp_id.encode())
        parts = [moment, b"A", b"%d" % self.store.next_out, *comp_ids, settings.username.encode()]
        digest = logon_hash(settings.password, parts)
        user = [(554, settings.username.encode())] if settings.username else []
        return [(95, b"%d" % len(digest)), (96, digest), *user]

    def _on_first_logon(self, logon: FixReader, seq: int, is_poss_dup: bool) -> None:
        """A Logon that is sound by the dictionary, in a session that has none yet."""
        is_reset = logon.find(141) == b"Y"
        if not self.is_initiator and not is_authentic(self.settings, logon):
            self._outbound.send_uncounted(b"5", [(58, NOT_AUTHENTIC.encode())], self._wall_ns)
            self._refused_seq = self.store.next_out
            self._close(NOT_AUTHENTIC)
            return
        if text := self._refusal(logon, seq, is_reset):
            self._refuse(text)
            return
        if self.is_initiator:
            if is_reset and not self.settings.reset_on_logon:
                self._reset_numbers()
                self.store.set_next_out(2)  # the Logon we sent is the first of the new count
        elif is_reset or self.settings.reset_on_logon:
            self._reset_numbers()
        else:
            self._pass_over_refused()
        expected = self.store.next_in
        if seq < expected:
            if not is_poss_dup:
                self._refuse(too_low(expected, seq))
            return
        next_expected = logon.get_int(789) if logon.find(789) else 0
        next_out = self.store.next_out
        if next_expected > next_out:
            self._refuse(f"NextExpectedMsgSeqNum too high, expecting {next_out} but received {next_expected}")
            return
        self._agree(logon, seq, is_reset)
        if 0 < next_expected < next_out:
            self._replay_unasked(next_expected, next_out - 1)
        self.application.on_ready(self._self())

    def _refusal(self, logon: FixReader, seq: int, is_reset: bool) -> str | None:
        """Why the peer may not log on, whatever the numbers say."""
        settings = self.settings
        if logon.find(98) != b"0":
            return "EncryptMethod must be 0"
        if not settings.heartbeat_min_s <= logon.get_int(108) <= settings.heartbeat_max_s:
            return f"HeartBtInt must be {settings.heartbeat_min_s} to {settings.heartbeat_max_s}"
        if is_reset and seq != 1:
            return "MsgSeqNum of a Logon with ResetSeqNumFlag must be 1"
        return self.application.on_logon(self._self(), logon)

    def _refuse(self, text: str) -> None:
        self._send_logout(text, is_logon=True)
        self._close(text)

    def _agree(self, logon: FixReader, seq: int, is_reset: bool) -> None:
        expected = self.store.next_in
        if not self.is_initiator:
            self.heartbeat_s = logon.get_int(108)
            self._send_logon(is_reset=is_reset, next_in=seq + 1 if seq == expected else expected)
        self._outbound.is_open = True
        self._move(Event.LOGON)
        self._liveness.start(self.heartbeat_s, self._now_ns)
        self.logon_reply = []
        if seq == expected:
            self.store.set_in(expected + 1)
        else:
            self._order.hold(seq, None)
            self._ask_for(expected, seq)

    def _replay_unasked(self, begin_seq: int, end_seq: int) -> None:
        """789 told what the peer lacks, up to the number our own Logon took."""
        last = end_seq if not self.is_initiator else end_seq - 1
        if begin_seq <= last:
            self._outbound.replay(begin_seq, last, self._wall_ns)

    def _ask_for(self, expected: int, seq: int, is_poss_dup: bool = False) -> None:
        if self._order.asks(expected, seq, is_poss_dup):
            self._send_session(b"2", [(7, b"%d" % expected), (16, b"0")])

    def _on_logon_again(self, logon: FixReader, seq: int, is_poss_dup: bool) -> None:
        """Inside a live session a Logon may only reset the numbers."""
        if logon.find(141) != b"Y":
            if not (is_poss_dup and seq < self.store.next_in):
                self._close("a second Logon without ResetSeqNumFlag")
            return
        if seq != 1:
            self._expel("MsgSeqNum of a Logon with ResetSeqNumFlag must be 1")
            return
        if not self._awaits_reset:
            self._reset_numbers()
            self._send_logon(is_reset=True, next_in=2)
        self._awaits_reset = False
        self.store.set_in(2)
