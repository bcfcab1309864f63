"""One WebSocket session with the venue: login, subscriptions, heartbeat. Sans-IO: texts in, texts out, time passed in.

    opened → (user.auth → its answer) → subscriptions → their answers → live

A new connection starts from nothing: the venue resumes nothing, and every subscription begins with a snapshot. The
client must speak at least every 30 s (phemex docs 2026, "Heartbeat"); we ping every 5 s and call a stream dead that
has been silent for three intervals.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

import orjson

from tidings.errors import AuthenticationError, PeerError

NS_PER_S = 1_000_000_000
PING_ID = 0  # as in the venue's own examples
LOGIN_ID = 1


class StreamState(Enum):
    """How far a session has come."""

    CLOSED = "closed"
    LOGGING_IN = "logging in"
    SUBSCRIBING = "subscribing"
    LIVE = "live"


class StreamSession:
    """`login(now_ns)` makes the user.auth parameters, or is None for public streams.

    `subscriptions` are (method, params) pairs.
    """

    def __init__(
        self,
        *,
        login: Callable[[int], list[object]] | None = None,
        subscriptions: tuple[tuple[str, list[object]], ...] = (),
        ping_interval_ns: int = 5 * NS_PER_S,
        silence_limit_ns: int = 15 * NS_PER_S,
    ) -> None:
        self._login = login
        self._subscriptions = list(subscriptions)
        self._ping_interval_ns = ping_interval_ns
        self._silence_limit_ns = silence_limit_ns
        self._unanswered: dict[int, str] = {}
        self._last_id = LOGIN_ID
        self._last_heard_ns = self._last_ping_ns = 0
        self.state = StreamState.CLOSED

    def open(self, now_ns: int) -> list[str]:
        """The connection is up: what to send first."""
        self._last_heard_ns = self._last_ping_ns = now_ns
        self._unanswered.clear()
        if self._login is None:
            return self._subscribe_all()
        self.state = StreamState.LOGGING_IN
        self._unanswered[LOGIN_ID] = "user.auth"
        return [_request(LOGIN_ID, "user.auth", self._login(now_ns))]

    def close(self) -> None:
        """The connection is gone."""
        self.state = StreamState.CLOSED
        self._unanswered.clear()

    def subscribe(self, method: str, params: list[object]) -> list[str]:
        """Add a subscription, now and after every reconnect: what to send.

        Once more for one it has asks for it again now: a subscription begins with a snapshot.
        """
        if (method, params) not in self._subscriptions:
            self._subscriptions.append((method, params))
        return [self._subscription(method, params)] if self.state in (StreamState.SUBSCRIBING, StreamState.LIVE) else []

    def heard(self, now_ns: int) -> None:
        """Data came: the stream lives."""
        self._last_heard_ns = now_ns

    def feed(self, message: bytes, now_ns: int) -> list[str]:
        """Take in an answer (anything that is no data push): what to send next.

        Raises AuthenticationError when the login is refused, PeerError when a subscription is. Unknown shapes are
        ignored: the venue sends extras.
        """
        self._last_heard_ns = now_ns
        try:
            answer = orjson.loads(message)
        except orjson.JSONDecodeError as error:
            raise PeerError(f"the stream sent a message that is no JSON: {message[:200]!r}") from error
        answered = answer.get("id") if isinstance(answer, dict) else None
        asked = self._unanswered.pop(answered, "") if isinstance(answered, int) else ""
        if not asked:
            return []
        if answer.get("error") is not None:
            raise self._refused(asked, answer["error"])
        if asked == "user.auth":
            return self._subscribe_all()
        if not self._unanswered:
            self.state = StreamState.LIVE
        return []

    def on_timer(self, now_ns: int) -> list[str]:
        """What to send by now. Raises PeerError when the stream has been silent too long."""
        if self.state is StreamState.CLOSED:
            return []
        if now_ns - self._last_heard_ns > self._silence_limit_ns:
            raise PeerError(f"the stream said nothing for {(now_ns - self._last_heard_ns) / 1e9:.1f} s")
        if now_ns - self._last_ping_ns < self._ping_interval_ns:
            return []
        self._last_ping_ns = now_ns
        return [_request(PING_ID, "server.ping", [])]

    def _subscribe_all(self) -> list[str]:
        self.state = StreamState.SUBSCRIBING if self._subscriptions else StreamState.LIVE
        return [self._subscription(method, params) for method, params in self._subscriptions]

    def _subscription(self, method: str, params: list[object]) -> str:
        self._last_id += 1
        self._unanswered[self._last_id] = method
        self.state = StreamState.SUBSCRIBING
        return _request(self._last_id, method, params)

    def _refused(self, asked: str, error: object) -> Exception:
        code, text = (error.get("code", 0), error.get("message", "")) if isinstance(error, dict) else (0, str(error))
        code = code if isinstance(code, int) else 0
        if asked == "user.auth":
            return AuthenticationError(
                f"the stream login was refused: {code} {text}: check key, secret and clock with `tidings doctor`",
                code,
                "STREAM_LOGIN_REFUSED",
                str(text),
                101,
            )
        return PeerError(f"the venue refused {asked}: {code} {text}")


def _request(request_id: int, method: str, params: list[object]) -> str:
    return orjson.dumps({"id": request_id, "method": method, "params": params}).decode()
