"""The stream face: logins, subscriptions, and who is sent what.

Account channels (`account_channels`) send a snapshot with history, then each update of the core. Market channels are
feeds (`market_channels`), polled while anybody listens. Requests and acks: phemex docs 2026, "WebSocket API".
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial

from tidings.exchange.faults.stream_faults import StreamFaults
from tidings.exchange.reports import AccountUpdate
from tidings.exchange.rest.authentication import Authenticator
from tidings.exchange.streams.account_channels import LINES, AccountChannels
from tidings.exchange.streams.market_channels import CHANNELS, MarketChannels
from tidings.exchange.streams.session import StreamLimits, StreamSession, text_frame
from tidings.exchange.streams.subscriptions import Key, Subscriptions
from tidings.exchange.venue import Venue

_SUCCESS = '{"status":"success"}'
_NOT_LOGGED_IN = '{"code":6012,"message":"invalid login token"}'

_NOT_OFFERED = frozenset({"mao", "wm"})  # margin spot and investments: who may log in may not have these


class StreamHub:
    """All stream clients of the exchange and what they subscribed to."""

    def __init__(
        self, venue: Venue, authenticator: Authenticator, limits: StreamLimits, now_ns: Callable[[], int],
        pump: Callable[[], None],
    ) -> None:
        later = partial(venue.later, now_ns)
        self.counters: Counter[str] = Counter()
        self._venue = venue
        self._rules = venue.config.rules
        self._authenticator = authenticator
        self._now_ns = now_ns
        self._pump = pump  # publishes what the core has to say: a snapshot must not overtake it
        self._subscriptions = Subscriptions(limits)
        self._markets = MarketChannels(venue, self._subscriptions)
        self._accounts = AccountChannels(venue)
        self._faults = StreamFaults(venue.state.faults, later)
        self._gathered: dict[StreamSession, list[bytes]] | None = None  # frames of the updates that are being published

    @property
    def limits(self) -> StreamLimits:
        """What a client may do; a change holds for connections made afterwards, the rest at once."""
        return self._subscriptions.limits

    @limits.setter
    def limits(self, limits: StreamLimits) -> None:
        self._subscriptions.limits = limits

    @property
    def has_feeds(self) -> bool:
        """Whether somebody listens to a market, so that `poll` is needed."""
        return self._markets.has_feeds

    def add(self, session: StreamSession) -> None:
        """Begin to serve a client."""
        self._subscriptions.add(session)
        self.counters["stream_connections"] += 1

    def remove(self, session: StreamSession) -> None:
        """Forget a client that is gone."""
        self._faults.forget(session)
        for key in self._subscriptions.remove(session):
            self._markets.forget(key)
            self._accounts.forget(key)

    def publish(self, update: AccountUpdate) -> None:
        """Send one account update to whoever listens to that user's line."""
        for key in self._accounts.keys_of(update.line):
            frame = b""
            for session in self._subscriptions.listeners(key):
                if session.user_id == update.user_id:
                    frame = frame or text_frame(self._accounts.message(key, update))
                    self._send(session, frame, update)
                    self.counters["account_messages"] += 1

    def publish_all(self, updates: Iterable[AccountUpdate]) -> None:
        """Publish several updates, all that a client gets in one write."""
        gathered: dict[StreamSession, list[bytes]] = {}
        self._gathered = gathered
        try:
            for update in updates:
                self.publish(update)
        finally:
            self._gathered = None
            for session, frames in gathered.items():
                session.send(b"".join(frames))

    def poll(self, now_ns: int) -> None:
        """Publish what changed in the markets since the last poll."""
        self._markets.poll(now_ns, self.counters)

    def drop_silent(self, now_ns: int) -> None:
        """Cut every client that sent nothing for too long."""
        oldest_ns = now_ns - int(self.limits.silence_s * 1_000_000_000)
        for session in tuple(self._subscriptions.sessions):
            if session.last_heard_ns < oldest_ns:
                self.counters["silent_clients_dropped"] += 1
                session.abort()

    def on_request(self, session: StreamSession, request_id: object, method: str, params: object) -> None:
        """Act on one request of a client."""
        self.counters["stream_requests"] += 1
        channel, _, verb = method.rpartition(".")
        if method == "server.ping":
            session.reply(request_id, '"pong"')
        elif method == "user.auth":
            self._login(session, request_id, params)
        elif verb == "subscribe" and channel in LINES:
            self._subscribe_account(session, request_id, channel, params)
        elif verb == "subscribe" and channel in CHANNELS:
            self._subscribe_market(session, request_id, channel, params)
        elif verb == "unsubscribe" and (channel in LINES or channel in CHANNELS):
            self._unsubscribe(session, request_id, channel, params)
        elif channel in _NOT_OFFERED and not session.user_id:
            session.refuse(request_id, _NOT_LOGGED_IN)
        else:
            session.refuse(request_id)

    def _login(self, session: StreamSession, request_id: object, params: object) -> None:
        user_id = self._authenticator.user_of_login(params, self._now_ns())
        if user_id is None or self._faults.refuses_login(user_id):
            self.counters["logins_refused"] += 1
            session.refuse(request_id, _NOT_LOGGED_IN)
            return
        others = sum(1 for other in self._subscriptions.sessions if other.user_id == user_id and other is not session)
        if others >= self.limits.connections_per_user:
            if self._rules.over_connected == "refuse":
                session.refuse(request_id, _NOT_LOGGED_IN)
            else:
                session.close("too many connections")
            return
        session.user_id = user_id
        session.reply(request_id, _SUCCESS)

    def _subscribe_account(self, session: StreamSession, request_id: object, channel: str, params: object) -> None:
        if not session.user_id:
            session.refuse(request_id, _NOT_LOGGED_IN)
            return
        key = self._accounts.key(channel, params)
        if (
            key is None or not self._has_room(session, [key])
            or self._faults.refuses_subscription(session.user_id, LINES[channel])
        ):
            session.refuse(request_id)
            return
        self._pump()
        self._subscriptions.attach(session, key)
        self._accounts.attach(key)
        with self._acknowledged(session, request_id, self._accounts.acknowledgement(channel)):
            for message, update in self._accounts.snapshot(key, session.user_id, self._now_ns()):
                if update is None:
                    session.send_text(message)
                else:
                    self._send(session, text_frame(message), update)

    @contextmanager
    def _acknowledged(self, session: StreamSession, request_id: object, result: str) -> Iterator[None]:
        """Answer a subscription before its first messages, or after them: their order is not guaranteed."""
        if self._rules.first_message == "ack":
            session.reply(request_id, result)
            yield
        else:
            yield
            session.reply(request_id, result)

    def _has_room(self, session: StreamSession, keys: list[Key]) -> bool:
        """Whether a client may have all of `keys` too; one that may not is cut where a rule says so."""
        has_room = self._subscriptions.has_room(session, keys)
        if not has_room and self._rules.over_subscribed == "close":
            session.close("too many subscriptions")
        return has_room

    def _send(self, session: StreamSession, frame: bytes, update: AccountUpdate) -> None:
        """Send a client a message of its account."""
        if self._faults.is_set:
            self._faults.send(session, frame, update)
        elif self._gathered is not None:
            self._gathered.setdefault(session, []).append(frame)
        else:
            session.send(frame)

    def _subscribe_market(self, session: StreamSession, request_id: object, channel: str, params: object) -> None:
        keys = self._markets.keys(channel, params)
        if not keys or not self._has_room(session, keys):
            session.refuse(request_id)
            return
        snapshots = list(self._markets.open(session, keys, self._now_ns()))
        with self._acknowledged(session, request_id, _SUCCESS):
            for message in snapshots:
                session.send_text(message)

    def _unsubscribe(self, session: StreamSession, request_id: object, channel: str, params: object) -> None:
        if channel in CHANNELS:
            self._markets.unsubscribe(session, channel, params)
        else:
            for key in self._subscriptions.of(session):
                if key.channel == channel and self._subscriptions.detach(session, key):
                    self._accounts.forget(key)
        session.reply(request_id, _SUCCESS)
