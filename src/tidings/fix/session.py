"""One FIX session, acceptor or initiator: bytes in, messages and bytes out. No socket, no clock."""

from __future__ import annotations

from tidings.fix.message_store import MessageStore
from tidings.fix.session_settings import Application, SessionEnd, SessionSettings


class FixSession:
    """Give it what arrives and the time; write what `take_output` returns, then close if `wants_close`.

    `now_ns` is monotonic and drives the timers, `wall_ns` is Unix time and goes into SendingTime. `on_timer` must be
    called at least every 100 ms. A connection made anew begins with `connected`, and ends with `disconnected`.
    """

    def __init__(
        self,
        settings: SessionSettings,
        store: MessageStore,
        application: Application,
        *,
        is_initiator: bool = False,
    ) -> None:
        self.settings = settings
        self.store = store
        self.application = application
        self.is_initiator = is_initiator
        self.wants_close = False
        self.is_logged_on = False
        self.is_connected = False
        self.is_replaying = False  # `take_output` has more to give after what it gave; let others have a turn first
        self.is_throttled = False  # during on_message: this message is above the session's rate
        self.heartbeat_s = settings.heartbeat_s
        self.end: SessionEnd | None = None
        self.dont_cancel = False  # the peer's Logout had 9003=Y
        self.logon_reply: list[tuple[int, bytes]] = []

    def connected(self, now_ns: int, wall_ns: int) -> None:
        """A connection is up; an initiator logs on."""
        raise NotImplementedError

    def receive(self, data: bytes, now_ns: int, wall_ns: int) -> None:
        """Bytes of the peer, cut anywhere."""
        raise NotImplementedError

    def on_timer(self, now_ns: int, wall_ns: int) -> None:
        """Heartbeats, test requests and time limits."""
        raise NotImplementedError

    def disconnected(self, now_ns: int, wall_ns: int) -> None:
        """The connection is gone; what was not written is forgotten, and replayed on request."""
        raise NotImplementedError

    def send(
        self,
        msg_type: bytes,
        fields: list[tuple[int, bytes]],
        now_ns: int,
        wall_ns: int,
        *,
        poss_resend: bool = False,
        is_replayed: bool = True,
    ) -> int:
        """Store and send a message with these body fields, in their order: its MsgSeqNum.

        Header fields among them (50, 57, 115, 128, …) go into the header. Not connected: it waits in the store.
        `is_replayed=False`: a gap fill takes its place in a replay.
        """
        raise NotImplementedError

    def reject(self, reason: int, ref_tag: int | None, text: str = "") -> None:
        """During on_message: answer with a Reject (3) instead of processing; `text` after the standard one."""
        raise NotImplementedError

    def reject_business(self, reason: int, text: str = "", ref_id: bytes | None = None) -> None:
        """During on_message: answer with a BusinessMessageReject (j); 380 is `reason`, `text` comes after its own."""
        raise NotImplementedError

    def logout(self, text: str, now_ns: int, wall_ns: int) -> None:
        """Say goodbye, wait for the answer for a while, then close."""
        raise NotImplementedError

    def reset(self, now_ns: int, wall_ns: int) -> None:
        """By command: both numbers to 1, with a Logon 141=Y if logged on."""
        raise NotImplementedError

    def take_output(self) -> bytes:
        """What is to be written now, in order; b"": nothing. One slice of a replay at a time."""
        raise NotImplementedError
