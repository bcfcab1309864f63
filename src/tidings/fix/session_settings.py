"""What one FIX session is told, and what it tells its application."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Protocol

import msgspec

if TYPE_CHECKING:
    from tidings.fix.reader import FixReader
    from tidings.fix.session import FixSession


class SessionSettings(msgspec.Struct, frozen=True, kw_only=True):
    """One session. Comp ids are ours and the peer's, whichever side began the connection."""

    our_comp_id: str
    client_comp_id: str
    begin_string: str = "FIX.4.4"
    heartbeat_s: int = 30  # an initiator's proposal; an acceptor echoes the peer's
    heartbeat_min_s: int = 0
    heartbeat_max_s: int = 3600
    reset_on_logon: bool = False  # acceptor: reset whatever the Logon says; initiator: ask for it with 141=Y
    send_next_expected: bool = False  # 789 in our Logon
    is_lenient: bool = False  # no reject for unknown tags, tags of other messages and group counts
    is_extended: bool = False  # dialect=extended: tags that FIX 4.4 does not know may go out
    timestamp_digits: int = 3
    max_latency_s: int = 120  # how far SendingTime may be off
    logon_timeout_s: int = 10
    logout_timeout_s: int = 2
    held_max: int = 10_000  # messages kept while a gap is being filled, and no more than held_bytes_max
    held_bytes_max: int = 16 * 1024 * 1024
    max_message_bytes: int = 65_536
    reset_at: str = ""  # "HH:MM" UTC: log out then, and begin at 1 with the next connection; "": never
    supported_types: frozenset[bytes] | None = None  # application messages we take; None: all the dictionary knows
    auth: str = "none"  # "none", "password" (553/554) or "hmac" (96)
    username: str = ""
    password: str = ""  # the HMAC's secret too
    max_msgs_per_s: int = 0  # inbound application messages; 0: no limit
    burst_msgs: int = 0  # 0: as many as in one second
    takeover: bool = False  # acceptor: a second connection with the right credentials replaces the first

    def __repr__(self) -> str:
        """Without the password: settings end up in logs."""
        return f"SessionSettings({self.our_comp_id} → {self.client_comp_id})"


class SessionEnd(Enum):
    """Why a session is not logged on any more; what cancel-on-disconnect asks."""

    DISCONNECTED = "the connection went down without a Logout"
    HEARTBEAT_TIMEOUT = "nothing was received in time"
    PROTOCOL_ERROR = "we logged the peer out for what it sent"
    LOGOUT_RECEIVED = "the peer logged out"
    LOGOUT_SENT = "we logged out on purpose"


class Application(Protocol):
    """What stands behind a session. Called inline; a FixReader is good until the call returns."""

    def on_logon(self, session: FixSession, logon: FixReader) -> str | None:
        """A peer with the right credentials wants in: None, or the text of the Logout that refuses it.

        An acceptor may set `session.logon_reply` to fields its reply is to carry; nothing may be sent yet.
        """

    def on_ready(self, session: FixSession) -> None:
        """The Logons are exchanged: what waited may be sent now."""

    def on_message(self, session: FixSession, message: FixReader) -> None:
        """An application message: each once, in order. It counts as received when this returns."""

    def on_logout(self, session: FixSession, reason: str) -> None:
        """A session that was logged on is not any more; `session.end` says how it came to that."""
