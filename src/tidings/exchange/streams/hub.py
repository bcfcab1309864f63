"""The stream face: logins, subscriptions, and who is sent what.

Account channels (`aop`, `aop_p`, `wo`) send a snapshot with history, then each update of the core. Market channels
(`orderbook`, `trade`, `tick` and their `_p` twins) are feeds shared by their subscribers and polled every 20 ms while
there are any. Requests, acks and message shapes: phemex docs 2026, "WebSocket API"; stray messages as captured.
"""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from tidings.exchange.catalogue import Instrument, Line
from tidings.exchange.faults.stream_faults import StreamFaults
from tidings.exchange.messages import contract_json, linear_json, spot_json
from tidings.exchange.reports import AccountUpdate
from tidings.exchange.rest.authentication import Authenticator
from tidings.exchange.streams.market_feeds import (
    BOOK_INTERVAL_NS,
    DEFAULT_DEPTH,
    DEPTHS,
    FULL_BOOK_INTERVAL_NS,
    SLOW_BOOK_INTERVAL_NS,
    BookFeed,
    Feed,
    TickFeed,
    TradeFeed,
)
from tidings.exchange.streams.session import StreamLimits, StreamSession, text_frame
from tidings.exchange.venue import Venue

_SUCCESS = '{"status":"success"}'
_NOT_LOGGED_IN = '{"code":6012,"message":"invalid login token"}'

_ACCOUNT_CHANNELS = {"aop": Line.COIN_M, "aop_p": Line.USD_M, "wo": Line.SPOT}
_SCALED = (Line.COIN_M, Line.SPOT)
_MARKET_CHANNELS = {
    "orderbook": _SCALED, "orderbook_p": (Line.USD_M,),
    "trade": _SCALED, "trade_p": (Line.USD_M,),
    "tick": (Line.COIN_M,), "tick_p": (Line.USD_M,),
}


@dataclass(frozen=True, slots=True)
class _Key:
    """Names one subscription of a client. Account channels have no symbol."""

    channel: str
    symbol: str = ""
    depth: int = 0
    interval_ns: int = 0


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
        self._authenticator = authenticator
        self._now_ns = now_ns
        self._pump = pump  # publishes what the core has to say: a snapshot must not overtake it
        self._subscriptions: dict[StreamSession, set[_Key]] = {}
        self._feeds: dict[_Key, Feed] = {}
        self._subscribers: dict[_Key, set[StreamSession]] = {}
        self._faults = StreamFaults(venue.state.faults, later)
        self._instruments = {**venue.catalogue.instruments, **_derived_symbols(venue)}

    @property
    def has_feeds(self) -> bool:
        """Whether somebody listens to a market, so that `poll` is needed."""
        return bool(self._feeds)

    def add(self, session: StreamSession) -> None:
        """Begin to serve a client."""
        self._subscriptions[session] = set()
        self.counters["stream_connections"] += 1

    def remove(self, session: StreamSession) -> None:
        """Forget a client that is gone."""
        self._faults.forget(session)
        for key in self._subscriptions.pop(session, set()):
            self._drop(session, key)

    def publish(self, update: AccountUpdate) -> None:
        """Send one account update to whoever listens to that user's line."""
        channel = next(name for name, line in _ACCOUNT_CHANNELS.items() if line is update.line)
        key = _Key(channel)
        frame = b""
        for session in tuple(self._subscribers.get(key, ())):
            if session.user_id == update.user_id:
                frame = frame or text_frame(self._account_message(update))
                self._send(session, frame, update)
                self.counters["account_messages"] += 1

    def poll(self, now_ns: int) -> None:
        """Publish what changed in the markets since the last poll."""
        for key, feed in tuple(self._feeds.items()):
            message = feed.poll(now_ns)
            if message is not None:
                frame = text_frame(message)
                for session in tuple(self._subscribers.get(key, ())):
                    session.send(frame)
                    self.counters["market_messages"] += 1

    def drop_silent(self, now_ns: int) -> None:
        """Cut every client that sent nothing for too long."""
        oldest_ns = now_ns - int(self.limits.silence_s * 1_000_000_000)
        for session in tuple(self._subscriptions):
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
        elif verb == "subscribe" and channel in _MARKET_CHANNELS:
            self._subscribe_market(session, request_id, channel, params)
        elif verb == "unsubscribe" and (channel in _ACCOUNT_CHANNELS or channel in _MARKET_CHANNELS):
            self._unsubscribe(session, request_id, channel, params)
        else:
            session.refuse(request_id)

    def _login(self, session: StreamSession, request_id: object, params: object) -> None:
        user_id = self._authenticator.user_of_login(params, self._now_ns())
        if user_id is None or self._faults.refuses_login(user_id):
            self.counters["logins_refused"] += 1
            session.refuse(request_id, _NOT_LOGGED_IN)
            return
        others = sum(1 for other in self._subscriptions if other.user_id == user_id and other is not session)
        if others >= self.limits.connections_per_user:
            session.close("too many connections")
            return
        session.user_id = user_id
        session.reply(request_id, _SUCCESS)

    def _subscribe_account(self, session: StreamSession, request_id: object, channel: str) -> None:
        if not session.user_id:
            session.refuse(request_id, _NOT_LOGGED_IN)
            return
        key = _Key(channel)
        line = _ACCOUNT_CHANNELS[channel]
        if not self._has_room(session, key) or self._faults.refuses_subscription(session.user_id, line):
            session.refuse(request_id)
            return
        self._pump()
        self._attach(session, key)
        session.reply(request_id, _SUCCESS)
        now_ns = self._now_ns()
        updates = self._venue.account_snapshot(session.user_id, line, now_ns)
        if channel == "wo":
            pairs = self._venue.catalogue.listed(Line.SPOT)
            open_count = sum(len(self._venue.queries.open_orders(session.user_id, pair.symbol)) for pair in pairs)
            self._send(session, text_frame(spot_json.snapshot_message(updates[0], open_count)), updates[0])
            return
        session.send_text(_stray_index(now_ns))
        for update in updates:
            self._send(session, text_frame(self._account_message(update)), update)
            for position in update.positions:
                if position.size:
                    session.send_text(_stray_position(position.account_id, position.instrument, update))

    def _send(self, session: StreamSession, frame: bytes, update: AccountUpdate) -> None:
        """Send a client a message of its account."""
        if self._faults.is_set:
            self._faults.send(session, frame, update)
        else:
            session.send(frame)

    def _subscribe_market(self, session: StreamSession, request_id: object, channel: str, params: object) -> None:
        key = _market_key(channel, params)
        instrument = self._instruments.get(key.symbol) if key else None
        is_tick = channel.startswith("tick")
        if (
            key is None or instrument is None or instrument.line not in _MARKET_CHANNELS[channel]
            or (instrument.symbol == key.symbol) == is_tick or not self._has_room(session, key)
        ):
            session.refuse(request_id)
            return
        now_ns = self._now_ns()
        market = self._venue.market(instrument.symbol, now_ns)
        if market is None:
            session.refuse(request_id)
            return
        feed = self._feeds.get(key)
        if feed is None:
            if channel.startswith("orderbook"):
                feed = BookFeed(market, key.depth, key.interval_ns, now_ns)
            else:
                feed = TickFeed(market, key.symbol, now_ns) if is_tick else TradeFeed(market, now_ns)
            self._feeds[key] = feed
        self._attach(session, key)
        session.reply(request_id, _SUCCESS)
        session.send_text(feed.snapshot(now_ns))

    def _unsubscribe(self, session: StreamSession, request_id: object, channel: str, params: object) -> None:
        """Drop the channel's subscriptions, all of them or those of the symbol named."""
        symbol = params[0] if isinstance(params, list) and params else None
        for key in tuple(self._subscriptions[session]):
            if key.channel == channel and symbol in (None, key.symbol):
                self._subscriptions[session].discard(key)
                self._drop(session, key)
        session.reply(request_id, _SUCCESS)

    def _has_room(self, session: StreamSession, key: _Key) -> bool:
        keys = self._subscriptions[session]
        return key in keys or len(keys) < self.limits.subscriptions

    def _attach(self, session: StreamSession, key: _Key) -> None:
        self._subscriptions[session].add(key)
        self._subscribers.setdefault(key, set()).add(session)

    def _drop(self, session: StreamSession, key: _Key) -> None:
        subscribers = self._subscribers.get(key, set())
        subscribers.discard(session)
        if not subscribers:
            self._subscribers.pop(key, None)
            self._feeds.pop(key, None)

    def _account_message(self, update: AccountUpdate) -> str:
        if update.line is Line.SPOT:
            return spot_json.stream_message(update)
        account_id = update.user_id * 10_000 + self._venue.catalogue.currencies[update.currency].code
        if update.line is Line.USD_M:
            return linear_json.stream_message(update, account_id)
        return contract_json.stream_message(update, account_id)


def _derived_symbols(venue: Venue) -> dict[str, Instrument]:
    """Contracts by the symbols of their index and mark price."""
    contracts = [i for i in venue.catalogue.listed() if i.line is not Line.SPOT]
    return {i.index_symbol: i for i in contracts} | {i.mark_symbol: i for i in contracts}


def _market_key(channel: str, params: object) -> _Key | None:
    """What a subscription asks for: `[symbol]`, for books also `[symbol, is_full]` and `[symbol, is_slow, depth]`."""
    match params:
        case [str(symbol)]:
            if channel.startswith("orderbook"):
                return _Key(channel, symbol, DEFAULT_DEPTH, BOOK_INTERVAL_NS)
            return _Key(channel, symbol)
        case [str(symbol), bool(is_full)] if channel.startswith("orderbook"):
            if is_full:
                return _Key(channel, symbol, 0, FULL_BOOK_INTERVAL_NS)
            return _Key(channel, symbol, DEFAULT_DEPTH, BOOK_INTERVAL_NS)
        case [str(symbol), bool(is_slow), int() | str() as depth] if channel.startswith("orderbook"):
            if str(depth) not in map(str, DEPTHS):  # the docs quote the depth, clients of the live venue send a number
                return None
            return _Key(channel, symbol, int(depth), SLOW_BOOK_INTERVAL_NS if is_slow else BOOK_INTERVAL_NS)
    return None


def _stray_index(now_ns: int) -> str:
    """What the venue sends right after an account subscription, asked for by nobody (captured 2025)."""
    index = {"highEp": 10_009, "lastEp": 10_007, "lowEp": 10_004, "openEp": 10_004, "symbol": ".USDT"}
    return json.dumps({"index_market24h": index, "timestamp": now_ns}, separators=(",", ":"))


def _stray_position(account_id: int, instrument: Instrument, update: AccountUpdate) -> str:
    """The risk light of a held position, equally unasked for (captured 2025)."""
    info = {"accountID": account_id, "light": 1, "symbol": instrument.symbol, "userID": update.user_id}
    return json.dumps({"position_info": info, "sequence": update.sequence}, separators=(",", ":"))
