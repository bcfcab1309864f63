"""Which session a new connection is for: the first message says so (its CompIDs).

An unknown pair, a wrong BeginString, anything but a Logon, no Logon in time, or a session that is in use: the
connection is closed and nothing is sent. A session with `takeover` goes to the newcomer, if its credentials are right.
"""

from __future__ import annotations

from collections.abc import Iterable

from tidings.fix.authentication import is_authentic
from tidings.fix.liveness import SECOND_NS
from tidings.fix.reader import FixReader, Framer
from tidings.fix.session import FixSession

LOGON_TIMEOUT_S = 10


class SessionFinder:
    """All sessions of one acceptor, by BeginString, our CompID and the client's."""

    def __init__(self, sessions: Iterable[FixSession] = ()) -> None:
        self._sessions: dict[tuple[bytes | None, ...], FixSession] = {}
        for session in sessions:
            self.add(session)

    def add(self, session: FixSession) -> None:
        """Raises ValueError if there is one with the same CompIDs."""
        settings = session.settings
        key = tuple(text.encode() for text in (settings.begin_string, settings.our_comp_id, settings.client_comp_id))
        if key in self._sessions:
            raise ValueError(f"two FIX sessions {settings.our_comp_id} → {settings.client_comp_id}")
        self._sessions[key] = session

    def find(self, logon: FixReader) -> FixSession | None:
        """The session a Logon is for."""
        return self._sessions.get((logon.find(8), logon.find(56), logon.find(49)))


class Visitor:
    """One connection whose session is not known yet."""

    def __init__(
        self,
        finder: SessionFinder,
        now_ns: int,
        *,
        logon_timeout_s: int = LOGON_TIMEOUT_S,
        max_message_bytes: int = 65_536,
    ) -> None:
        self._finder = finder
        self._deadline_ns = now_ns + logon_timeout_s * SECOND_NS
        self._framer = Framer(max_message_bytes)
        self._data = b""
        self.is_refused = False
        self.reason = ""  # why, for the log; the peer is told nothing

    def receive(self, data: bytes, now_ns: int) -> FixSession | None:
        """The session, once it is known: call its `connected`, then its `receive` with `received`.

        One that is connected already is to be taken over: end its connection first.
        """
        if self.is_refused:
            return None
        self._data += data
        self._framer.feed(data)
        message = self._framer.next()
        if message is None:
            if self._framer.garbled_count or self._framer.is_over_limit:
                self._refuse("the first message is garbled")
            else:
                self.on_timer(now_ns)
            return None
        return self._session_for(message)

    def on_timer(self, now_ns: int) -> None:
        """Refuses a connection that took too long."""
        if now_ns >= self._deadline_ns:
            self._refuse("no Logon in time")

    @property
    def received(self) -> bytes:
        """All bytes of the connection so far."""
        return self._data

    def _session_for(self, message: bytes) -> FixSession | None:
        reader = FixReader()
        if reader.read(message):
            self._refuse("the first message is garbled")
            return None
        if reader.msg_type != b"A":
            self._refuse("the first message is no Logon")
            return None
        session = self._finder.find(reader)
        if session is None:
            ours, theirs = ((reader.find(tag) or b"").decode(errors="replace") for tag in (56, 49))
            self._refuse(f"there is no session {ours} → {theirs}")
        elif session.is_connected and not _may_take_over(session, reader):
            self._refuse(f"session {session.settings.client_comp_id} is in use")
            return None
        return session

    def _refuse(self, reason: str) -> None:
        self.is_refused = True
        self.reason = self.reason or reason


def _may_take_over(session: FixSession, logon: FixReader) -> bool:
    """Only who would be let in: a Logon that is sent once more, by whoever has seen it, must not end the session."""
    settings = session.settings
    if not settings.takeover or not is_authentic(settings, logon):
        return False
    seq = logon.find(34) or b""
    is_reset = settings.reset_on_logon or logon.find(141) == b"Y"
    return is_reset or (seq.isdigit() and int(seq) >= session.store.next_in)
