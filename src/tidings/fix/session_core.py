"""What every part of a session stands on: its state, the way out, goodbyes and timers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidings.fix.inbound_order import InboundOrder
from tidings.fix.inbound_throttle import InboundThrottle
from tidings.fix.liveness import SECOND_NS, Due, Liveness
from tidings.fix.message_log import EVENT, MessageLog
from tidings.fix.message_store import MessageStore
from tidings.fix.outbound import Outbound
from tidings.fix.reader import FixReader, Framer
from tidings.fix.session_settings import Application, SessionEnd, SessionSettings
from tidings.fix.session_state import OPEN_STATES, TRANSITIONS, Event, State
from tidings.fix.validation import REJECT_TEXTS, Fields

if TYPE_CHECKING:
    from tidings.fix.session import FixSession

# What a Reject sends back where it came from: the offender's routing field → ours.
REVERSED_ROUTING = ((115, 128), (116, 129), (128, 115), (129, 116), (144, 145), (145, 144))

DAY_NS = 86_400 * SECOND_NS

BUSINESS_TEXTS = {
    0: "Other",
    1: "Unknown ID",
    2: "Unknown Security",
    3: "Unsupported Message Type",
    4: "Application Not Available",
    5: "Conditionally Required Field Missing",
    6: "Not Authorized",
}


class SessionCore:
    """The part of a FixSession that does not read messages."""

    def __init__(
        self, settings: SessionSettings, store: MessageStore, application: Application, *, is_initiator: bool = False
    ) -> None:
        self.settings = settings
        self.store = store
        self.application = application
        self.is_initiator = is_initiator
        self.heartbeat_s = settings.heartbeat_s
        self.end: SessionEnd | None = None
        self.close_reason = ""  # why the last connection ended, for the log
        self.dont_cancel = False  # the peer's Logout had 9003=Y
        self.is_throttled = False  # during on_message: this message is above the session's rate
        self.logon_reply: list[tuple[int, bytes]] = []  # fields our next Logon carries besides
        self.garbled_count = 0
        self.state = State.DISCONNECTED
        self._begin_string = settings.begin_string.encode()
        self._our_id = settings.our_comp_id.encode()
        self._peer_id = settings.client_comp_id.encode()
        self._framer = Framer(settings.max_message_bytes)
        self._reader = FixReader()
        self._outbound = Outbound(settings, store)
        self._order = InboundOrder(settings.held_max, settings.held_bytes_max)
        self._liveness = Liveness()
        self._throttle = InboundThrottle(settings.max_msgs_per_s, settings.burst_msgs)
        self._now_ns = self._wall_ns = 0
        self._since_ns = 0  # when the connection came up, later when our Logout went out
        self._awaits_reset = False  # our Logon with 141=Y inside the live session is not answered yet
        self._epoch = 0  # counts resets
        self._refused_seq = 0  # of a Logout that told a stranger off; 0: none since the last message

    def log_messages(self, log: MessageLog) -> None:
        """From now on every message in and out is noted there."""
        self._outbound.message_log = log

    def note_event(self, text: str) -> None:
        """A line between the messages: a connection that came or went."""
        if self._outbound.message_log is not None:
            self._outbound.message_log.note(self._wall_ns, EVENT, " ".join(text.split()).encode())

    @property
    def is_connected(self) -> bool:
        return self.state is not State.DISCONNECTED

    @property
    def is_logged_on(self) -> bool:
        return self.state is State.LOGGED_ON

    @property
    def wants_close(self) -> bool:
        """Write what `take_output` still gives, then close the connection and call `disconnected`."""
        return self.state is State.CLOSING

    @property
    def is_replaying(self) -> bool:
        """`take_output` has more to give after what it gave; let others have a turn first."""
        return self._outbound.is_replaying

    @property
    def is_resetting(self) -> bool:
        """Our Logon with 141=Y inside the live session has not been answered yet."""
        return self._awaits_reset and self.state is State.LOGGED_ON

    @property
    def received_ns(self) -> int:
        """When the peer was last heard in a session, by the monotonic clock; 0: never."""
        return self._liveness.received_ns

    def message_use(self, now_ns: int) -> tuple[int, int] | None:
        """Application messages of the rate allowed that are used up, and the rate; None: there is no limit."""
        return self._throttle.use(now_ns)

    @property
    def held_back_bytes(self) -> int:
        """Live messages that wait for the end of a replay."""
        return self._outbound.behind_bytes

    def on_timer(self, now_ns: int, wall_ns: int) -> None:
        """Heartbeats, test requests and time limits."""
        self._note_time(now_ns, wall_ns)
        self.store.on_timer(now_ns)
        waited_ns = now_ns - self._since_ns
        if self.state is State.CONNECTED and waited_ns >= self.settings.logon_timeout_s * SECOND_NS:
            self._close("no Logon in time")
        if self.state is State.LOGOUT_SENT and waited_ns >= self.settings.logout_timeout_s * SECOND_NS:
            self._close("our Logout was not answered")
        if self.state in OPEN_STATES:
            self._keep_alive(self._liveness.due(now_ns))
        if self.state is State.LOGGED_ON and self._is_reset_due():
            self._log_out("session reset", SessionEnd.LOGOUT_SENT)

    def send(
        self,
        msg_type: bytes,
        fields: Fields,
        now_ns: int,
        wall_ns: int,
        *,
        poss_resend: bool = False,
        is_replayed: bool = True,
    ) -> int:
        """Store and send a message with these body fields, in their order: its MsgSeqNum.

        Header fields among them (50, 57, 115, 128, …) go into the header. Not logged on: it waits in the store.
        `is_replayed=False`: a gap fill takes its place in a replay.
        """
        self._note_time(now_ns, wall_ns)
        return self._send(msg_type, fields, is_replayed=is_replayed, poss_resend=poss_resend)

    def logout(self, text: str, now_ns: int, wall_ns: int) -> None:
        """Say goodbye, wait for the answer for a while, then close."""
        self._note_time(now_ns, wall_ns)
        if self.state is State.LOGGED_ON:
            self._log_out(text, SessionEnd.LOGOUT_SENT)
        elif self.state is State.CONNECTED:
            self._close(text)

    def take_output(self) -> bytes:
        """What is to be written now, in order; b"": nothing. One slice of a replay at a time."""
        data = self._outbound.take(self._wall_ns)
        if data:
            self._liveness.sent(self._now_ns)
        return data

    def reject(self, reason: int, ref_tag: int | None = None, text: str = "") -> None:
        """During on_message: answer with a Reject (3); `text` stands for the reason's standard text."""
        self._send_reject(reason, ref_tag, text or REJECT_TEXTS[reason])

    def reject_business(self, reason: int, detail: str = "", ref_id: bytes | None = None) -> None:
        """During on_message: answer with a BusinessMessageReject (j) for `reason` (380); `ref_id` goes into 379."""
        reader = self._reader
        text = BUSINESS_TEXTS[reason]
        if detail:
            text = f"{text} ({detail})" if reason == 5 else f"{text}: {detail}"
        fields = [(45, reader.find(34) or b"0"), (58, text.encode()), (372, reader.msg_type)]
        if ref_id:
            fields.append((379, ref_id))
        self._send(b"j", [*fields, (380, b"%d" % reason)])

    def _send_reject(self, reason: int, ref_tag: int | None, text: str) -> None:
        reader = self._reader
        routing = [(back, value) for tag, back in REVERSED_ROUTING if (value := reader.find(tag))]
        fields = [*routing, (45, reader.find(34) or b"0"), (58, text.encode())]
        if ref_tag is not None:
            fields.append((371, b"%d" % ref_tag))
        self._send(b"3", [*fields, (372, reader.msg_type), (373, b"%d" % reason)], is_replayed=False)

    def _is_reset_due(self) -> bool:
        """The time of day to begin anew has come since the store was last reset."""
        if not self.settings.reset_at:
            return False
        hour, minute = map(int, self.settings.reset_at.split(":"))
        since_ns = (self._wall_ns - (hour * 60 + minute) * 60 * SECOND_NS) % DAY_NS
        return self.store.created_ns < self._wall_ns - since_ns

    def _note_time(self, now_ns: int, wall_ns: int) -> None:
        self._now_ns = now_ns
        self._wall_ns = wall_ns

    def _send(
        self,
        msg_type: bytes,
        fields: Fields,
        *,
        is_replayed: bool = True,
        poss_resend: bool = False,
        is_logon: bool = False,
    ) -> int:
        if self._refused_seq:
            self._pass_over_refused()
        seq = self._outbound.send(
            msg_type, fields, self._wall_ns, is_replayed=is_replayed, poss_resend=poss_resend, is_logon=is_logon
        )
        if self.state in OPEN_STATES:
            self._liveness.sent(self._now_ns)
        return seq

    def _pass_over_refused(self) -> None:
        """The Logout that told a stranger off took no number, and had the next one all the same. Stock engines count it
        as received, so nothing else may have that number: a client that had a wrong password once would miss it, or
        find our Logon too low for ever. For others it is a gap, and filled.
        """
        if self._refused_seq == self.store.next_out:
            self.store.set_next_out(self._refused_seq + 1)
        self._refused_seq = 0

    def _send_session(self, msg_type: bytes, fields: Fields, *, is_logon: bool = False) -> None:
        """Messages of the session itself are never replayed."""
        self._send(msg_type, fields, is_replayed=False, is_logon=is_logon)

    def _keep_alive(self, due: Due) -> None:
        if due is Due.TIMEOUT:
            self.end = SessionEnd.HEARTBEAT_TIMEOUT
            self._close("heartbeat timeout")
        elif due is Due.TEST_REQUEST:
            self._send_session(b"1", [(112, b"TEST")])
        elif due is Due.HEARTBEAT:
            self._send_session(b"0", [])

    def _move(self, event: Event) -> None:
        """KeyError: a way that does not exist; nothing but a fault of ours can ask for it."""
        self.state = TRANSITIONS[self.state, event]

    def _send_logout(self, text: str, *, is_logon: bool = False) -> None:
        self._send_session(b"5", [(58, text.encode())] if text else [], is_logon=is_logon)

    def _log_out(self, text: str, end: SessionEnd) -> None:
        """Send a Logout and wait for the peer's. In a session that waits already: nothing."""
        if self.state is not State.LOGGED_ON:
            return
        self._send_logout(text)
        self.end = end
        self.close_reason = text
        self._since_ns = self._now_ns
        self._move(Event.LOGOUT)

    def _expel(self, text: str) -> None:
        """Send a Logout and close without waiting: what the peer sent leaves nothing to agree on."""
        if self.state is not State.LOGOUT_SENT:
            self._send_logout(text, is_logon=self.state is State.CONNECTED)
        self.end = SessionEnd.PROTOCOL_ERROR
        self._close(text)

    def _close(self, reason: str) -> None:
        """Nothing more is read or said; the application hears of it if the session was logged on."""
        if self.state in (State.CLOSING, State.DISCONNECTED):
            return
        self._outbound.close()
        self._leave(Event.CLOSE, reason)

    def _leave(self, event: Event, reason: str) -> None:
        was_open = self.state in OPEN_STATES
        self.close_reason = self.close_reason or reason
        self._move(event)
        if was_open:
            self.end = self.end or SessionEnd.DISCONNECTED
            self.application.on_logout(self._self(), self.close_reason)

    def _self(self) -> FixSession:
        """This session as its application knows it."""
        raise NotImplementedError
