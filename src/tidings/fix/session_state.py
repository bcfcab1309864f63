"""The states of a session, and the only ways between them."""

from __future__ import annotations

from enum import Enum, auto


class State(Enum):
    """Where a session stands. Whether a gap is being filled is a flag of LOGGED_ON, not a state."""

    DISCONNECTED = auto()
    CONNECTED = auto()  # no Logon yet; an initiator has sent its own
    LOGGED_ON = auto()
    LOGOUT_SENT = auto()  # ours is out, the peer's is awaited
    CLOSING = auto()  # nothing more is read; what is in the output is written, then the connection is closed


class Event(Enum):
    """What moves a session from state to state."""

    CONNECT = auto()
    LOGON = auto()  # the exchange is complete
    LOGOUT = auto()  # we send one and wait
    CLOSE = auto()  # we are done with this connection
    DISCONNECT = auto()


TRANSITIONS: dict[tuple[State, Event], State] = {
    (State.DISCONNECTED, Event.CONNECT): State.CONNECTED,
    (State.CONNECTED, Event.LOGON): State.LOGGED_ON,
    (State.CONNECTED, Event.CLOSE): State.CLOSING,
    (State.CONNECTED, Event.DISCONNECT): State.DISCONNECTED,
    (State.LOGGED_ON, Event.LOGOUT): State.LOGOUT_SENT,
    (State.LOGGED_ON, Event.CLOSE): State.CLOSING,
    (State.LOGGED_ON, Event.DISCONNECT): State.DISCONNECTED,
    (State.LOGOUT_SENT, Event.CLOSE): State.CLOSING,
    (State.LOGOUT_SENT, Event.DISCONNECT): State.DISCONNECTED,
    (State.CLOSING, Event.DISCONNECT): State.DISCONNECTED,
}

# Messages are exchanged in these; before them nothing but a Logon counts, after them nothing is read.
OPEN_STATES = frozenset({State.LOGGED_ON, State.LOGOUT_SENT})
