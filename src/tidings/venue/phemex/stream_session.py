"""One WebSocket session with the venue: login, subscriptions, heartbeat. Sans-IO: texts in, texts out, time passed in.

    opened → (user.auth → its answer) → subscriptions → their answers → live

A new connection starts from nothing: the venue resumes nothing, and every subscription begins with a snapshot. The
client must speak at least every 30 s (phemex docs 2026, "Heartbeat"); we ping every 5 s and call a stream dead that
has been silent for three intervals, or answers pings alone while it is to log in and subscribe. A connection may ask 20
times a second ("Rate limits"): what is more waits.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from enum import Enum

import orjson

from tidings.errors import AuthenticationError, PeerError
from tidings.venue.phemex.rate_groups import STREAM_REQUESTS_PER_S

NS_PER_S = 1_000_000_000
PACE_WINDOW_NS = 1_100_000_000  # the venue's second, and a tenth for requests that reach it closer together than sent
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

    `subscriptions` are (method, params) pairs. With `on_answer(method, params, refusal)` a refused request is told
    (its subscription is given up) and the session goes on; without it a refusal ends the session.
    """

    def __init__(
        self,
        *,
        login: Callable[[int], list[object]] | None = None,
        subscriptions: tuple[tuple[str, list[object]], ...] = (),
        ping_interval_ns: int = 5 * NS_PER_S,
        silence_limit_ns: int = 15 * NS_PER_S,
        on_answer: Callable[[str, list[object], str], None] | None = None,
    ) -> None:
        self._login = login
        self._subscriptions = list(subscriptions)
        self._ping_interval_ns = ping_interval_ns
        self._silence_limit_ns = silence_limit_ns
        self._on_answer = on_answer
        self._waiting: deque[tuple[str, list[object]]] = deque()  # not asked yet, to keep the pace
        self._asked_ns: deque[int] = deque(maxlen=STREAM_REQUESTS_PER_S)
        self._unanswered: dict[int, tuple[str, list[object], int]] = {}  # id → method, params, when it was asked
        self._has_been_live = False  # this connection
        self._last_id = LOGIN_ID
        self._last_heard_ns = self._last_ping_ns = 0
        self.last_data_ns = 0  # pings are answered by a gateway that may have lost what is behind it
        self.state = StreamState.CLOSED

    def open(self, now_ns: int) -> list[str]:
        """The connection is up: what to send first."""
        self._last_heard_ns = self._last_ping_ns = self.last_data_ns = now_ns
        self._forget_requests()
        if self._login is None:
            return self._subscribe_all(now_ns)
        self.state = StreamState.LOGGING_IN
        self._unanswered[LOGIN_ID] = ("user.auth", [], now_ns)
        self._asked_ns.append(now_ns)
        return [_request(LOGIN_ID, "user.auth", self._login(now_ns))]

    def close(self) -> None:
        """The connection is gone."""
        self.state = StreamState.CLOSED
        self._forget_requests()

    def _forget_requests(self) -> None:
        self._unanswered.clear()
        self._waiting.clear()
        self._asked_ns.clear()
        self._has_been_live = False

    def subscribe(self, method: str, params: list[object], now_ns: int) -> list[str]:
        """Add a subscription, now and after every reconnect: what to send.

        Once more for one it has asks for it again now: a subscription begins with a snapshot. It goes behind what waits
        already: that may be an end of its channel.
        """
        if (method, params) not in self._subscriptions:
            self._subscriptions.append((method, params))
        if (method, params) in self._waiting:
            self._waiting.remove((method, params))
        return self.ask(method, params, now_ns)

    def forget(self, method: str, params: list[object]) -> None:
        """A subscription that is not to be renewed after a reconnect; ending it now is another request."""
        if (method, params) in self._subscriptions:
            self._subscriptions.remove((method, params))
        if (method, params) in self._waiting:
            self._waiting.remove((method, params))

    def ask(self, method: str, params: list[object], now_ns: int) -> list[str]:
        """One request of this connection: what to send by now. The same one that still waits is not asked twice."""
        if self.state not in (StreamState.SUBSCRIBING, StreamState.LIVE):
            return []
        if (method, params) not in self._waiting:
            self._waiting.append((method, params))
        return self._paced(now_ns)

    def heard(self, now_ns: int) -> None:
        """Data came, maybe before the last answer: the stream lives."""
        self._last_heard_ns = max(self._last_heard_ns, now_ns)
        self.last_data_ns = max(self.last_data_ns, now_ns)

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
        asked = self._unanswered.pop(answered, None) if isinstance(answered, int) else None
        if asked is None:
            return []
        method, params, _ = asked
        if answer.get("error") is not None:
            self._take_refusal(method, params, answer["error"])
        elif method == "user.auth":
            return self._subscribe_all(now_ns)
        elif self._on_answer is not None:
            self._on_answer(method, params, "")
        if not self._unanswered and not self._waiting:
            self._be_live()
        return self._paced(now_ns)

    def on_timer(self, now_ns: int) -> list[str]:
        """What to send by now. Raises PeerError when the stream has been silent too long, or does not come up."""
        if self.state is StreamState.CLOSED:
            return []
        if now_ns - self._last_heard_ns > self._silence_limit_ns:
            raise PeerError(f"the stream said nothing for {(now_ns - self._last_heard_ns) / 1e9:.1f} s")
        if self._unanswered and not self._has_been_live:
            method, _, asked_ns = next(iter(self._unanswered.values()))
            if now_ns - asked_ns > self._silence_limit_ns:
                raise PeerError(f"the stream did not answer {method} within {(now_ns - asked_ns) / 1e9:.1f} s")
        if now_ns - self._last_ping_ns < self._ping_interval_ns or not self._has_room(now_ns):
            return self._paced(now_ns)
        self._last_ping_ns = now_ns
        self._asked_ns.append(now_ns)
        return [_request(PING_ID, "server.ping", []), *self._paced(now_ns)]

    def _subscribe_all(self, now_ns: int) -> list[str]:
        if self._subscriptions:
            self.state = StreamState.SUBSCRIBING
        else:
            self._be_live()
        self._waiting.extend(self._subscriptions)
        return self._paced(now_ns)

    def _be_live(self) -> None:
        self.state = StreamState.LIVE
        self._has_been_live = True

    def _has_room(self, now_ns: int) -> bool:
        """Whether one more request keeps the venue's pace."""
        return len(self._asked_ns) < STREAM_REQUESTS_PER_S or now_ns - self._asked_ns[0] >= PACE_WINDOW_NS

    def _paced(self, now_ns: int) -> list[str]:
        texts = []
        while self._waiting and self._has_room(now_ns):
            method, params = self._waiting.popleft()
            self._last_id += 1
            self._unanswered[self._last_id] = (method, params, now_ns)
            self._asked_ns.append(now_ns)
            self.state = StreamState.SUBSCRIBING
            texts.append(_request(self._last_id, method, params))
        return texts

    def _take_refusal(self, method: str, params: list[object], error: object) -> None:
        """Raises what it means, unless somebody is there to be told."""
        refusal = self._refused(method, error)
        if self._on_answer is None or method == "user.auth":
            raise refusal
        self.forget(method, params)
        self._on_answer(method, params, str(refusal))

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
