"""The stream face: logins, subscriptions, and who is sent what.

Account channels (`aop`, `aop_p`, `wo`) send a snapshot with history, then each update of the core. Market channels are
feeds (`market_channels`), polled while anybody listens. Requests, acks and message shapes: phemex docs 2026, "WebSocket
API"; stray messages as captured.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial

from tidings.exchange.catalogue import Instrument, Line
from tidings.exchange.faults.stream_faults import StreamFaults
from tidings.exchange.messages import contract_json, linear_json, spot_json
from tidings.exchange.reports import AccountUpdate
from tidings.exchange.rest.authentication import Authenticator
from tidings.exchange.streams.market_channels import CHANNELS, MarketChannels
from tidings.exchange.streams.session import StreamLimits, StreamSession, text_frame
from tidings.exchange.streams.subscriptions import Key, Subscriptions
from tidings.exchange.venue import Venue

_SUCCESS = '{"status":"success"}'
_NOT_LOGGED_IN = '{"code":6012,"message":"invalid login token"}'

_ACCOUNT_CHANNELS = {"aop": Line.COIN_M, "aop_p": Line.USD_M, "wo": Line.SPOT}


class StreamHub:
    """All stream clients of the exchange and what they subscribed to."""

    def __init__(
        self, venue: Venue, authenticator: Authenticator, limits: StreamLimits, now_ns: Callable[[], int],
        pump: Callable[[], None],
    ) -> None:
        later = partial(venue.later, now_ns)
        self.counters: Counter[str] = Counter()
        self.limits = limits
        self._venue = venue
        self._rules = venue.config.rules
        self._authenticator = authenticator
        self._now_ns = now_ns
        self._pump = pump  # publishes what the core has to say: a snapshot must not overtake it
        self._subscriptions = Subscriptions(limits)
        self._markets = MarketChannels(venue, self._subscriptions)
        self._faults = StreamFaults(venue.state.faults, later)

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

    def publish(self, update: AccountUpdate) -> None:
        """Send one account update to whoever listens to that user's line."""
        channel = next(name for name, line in _ACCOUNT_CHANNELS.items() if line is update.line)
        frame = b""
        for session in self._subscriptions.listeners(Key(channel)):
            if session.user_id == update.user_id:
                frame = frame or text_frame(self._account_message(update))
                self._send(session, frame, update)
                self.counters["account_messages"] += 1

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
        elif verb == "subscribe" and channel in _ACCOUNT_CHANNELS:
            self._subscribe_account(session, request_id, channel)
        elif verb == "subscribe" and channel in CHANNELS:
            self._subscribe_market(session, request_id, channel, params)
        elif verb == "unsubscribe" and (channel in _ACCOUNT_CHANNELS or channel in CHANNELS):
            self._unsubscribe(session, request_id, channel, params)
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
            session.close("too many connections")
            return
        session.user_id = user_id
        session.reply(request_id, _SUCCESS)

    def _subscribe_account(self, session: StreamSession, request_id: object, channel: str) -> None:
        if not session.user_id:
            session.refuse(request_id, _NOT_LOGGED_IN)
            return
        key = Key(channel)
        line = _ACCOUNT_CHANNELS[channel]
        if not self._has_room(session, [key]) or self._faults.refuses_subscription(session.user_id, line):
            session.refuse(request_id)
            return
        self._pump()
        self._subscriptions.attach(session, key)
        session.reply(request_id, _SUCCESS)
        now_ns = self._now_ns()
        updates = self._venue.account_snapshot(session.user_id, line, now_ns)
        if channel == "wo":
            pairs = self._venue.catalogue.listed(Line.SPOT)
            open_count = sum(len(self._venue.queries.open_orders(session.user_id, pair.symbol)) for pair in pairs)
            self._send(session, text_frame(spot_json.snapshot_message(updates[0], open_count)), updates[0])
            return
        is_stray = self._rules.stray_messages
        if is_stray:
            session.send_text(_stray_index(now_ns))
        for update in updates:
            self._send(session, text_frame(self._account_message(update)), update)
            for position in update.positions if is_stray else ():
                if position.size:
                    session.send_text(_stray_position(position.account_id, position.instrument, update))

    def _send(self, session: StreamSession, frame: bytes, update: AccountUpdate) -> None:
        """Send a client a message of its account."""
        if self._faults.is_set:
            self._faults.send(session, frame, update)
        else:
            session.send(frame)

    def _subscribe_market(self, session: StreamSession, request_id: object, channel: str, params: object) -> None:
        keys = self._markets.keys(channel, params)
        if not keys or not self._has_room(session, keys):
            session.refuse(request_id)
            return
        snapshots = list(self._markets.open(session, keys, self._now_ns()))
        session.reply(request_id, _SUCCESS)
        for message in snapshots:
            session.send_text(message)

    def _unsubscribe(self, session: StreamSession, request_id: object, channel: str, params: object) -> None:
        if channel in CHANNELS:
            self._markets.unsubscribe(session, channel, params)
        else:
            self._subscriptions.detach(session, Key(channel))
        session.reply(request_id, _SUCCESS)

    def _has_room(self, session: StreamSession, keys: Iterable[Key]) -> bool:
        has_room = self._subscriptions.has_room(session, keys)
        if not has_room and self._rules.over_subscribed == "close":
            session.close("too many subscriptions")
        return has_room

    def _account_message(self, update: AccountUpdate) -> str:
        if update.line is Line.SPOT:
            return spot_json.stream_message(update)
        account_id = update.user_id * 10_000 + self._venue.catalogue.currencies[update.currency].code
        if update.line is Line.USD_M:
            return linear_json.stream_message(update, account_id)
        return contract_json.stream_message(update, account_id)


def _stray_index(now_ns: int) -> str:
    """What the venue sends right after an account subscription, asked for by nobody (captured 2025)."""
    index = {"highEp": 10_009, "lastEp": 10_007, "lowEp": 10_004, "openEp": 10_004, "symbol": ".USDT"}
    return json.dumps({"index_market24h": index, "timestamp": now_ns}, separators=(",", ":"))


def _stray_position(account_id: int, instrument: Instrument, update: AccountUpdate) -> str:
    """The risk light of a held position, equally unasked for (captured 2025)."""
    info = {"accountID": account_id, "light": 1, "symbol": instrument.symbol, "userID": update.user_id}
    return json.dumps({"position_info": info, "sequence": update.sequence}, separators=(",", ":"))
