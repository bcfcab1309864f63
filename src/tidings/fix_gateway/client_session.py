"""One FIX client behind its session: what its messages ask for, and what it is told, connected or not."""

from __future__ import annotations

import logging
from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING

from tidings.fix.session import FixSession
from tidings.fix.session_settings import SessionEnd
from tidings.fix.timestamps import unix_ns
from tidings.fix_gateway.config import ClientSettings
from tidings.fix_gateway.disconnect_cancel import DisconnectCancel, Scope
from tidings.fix_gateway.drop_copy import DropCopyFeed
from tidings.fix_gateway.field_text import Fields, FieldSource, decimal_of
from tidings.fix_gateway.message_routes import Handler, MessageRoutes
from tidings.fix_gateway.order_chains import OrderChain
from tidings.fix_gateway.order_desk import FixOrderDesk
from tidings.fix_gateway.reject_codes import EXCEEDS_LIMIT, OTHER, STALE
from tidings.fix_gateway.translate_in import Rules
from tidings.fix_gateway.translate_out import Profile
from tidings.model.order import Order

if TYPE_CHECKING:
    from tidings.fix.reader import FixReader

log = logging.getLogger("tidings.fix")

OTHER_PROBLEM, UNSUPPORTED_TYPE, NOT_AUTHORIZED = 0, 3, 6
NS_PER_S, NS_PER_MS = 1_000_000_000, 1_000_000
WRITING = frozenset({b"D", b"F", b"G", b"q", b"E"})
NOT_REPLAYED = frozenset({b"W", b"X", b"B", b"XLR"})
PAST_WINDOW = "RecvWindow (25000) has passed"
UNSOLICITED = (325, b"Y")
_SCOPES = {b"N": Scope.OFF, b"S": Scope.SESSION, b"Y": Scope.ACCOUNT}
_SCOPE_NAMES = {"off": Scope.OFF, "session": Scope.SESSION, "account": Scope.ACCOUNT}
# 35002: which ends of a session cancel.
_ON_DISCONNECT, _ON_LOGOUT = 1, 2
_LOGOUTS = (SessionEnd.LOGOUT_RECEIVED, SessionEnd.LOGOUT_SENT)


class ClientSession:
    """The application of one FixSession, and a client of one account's order desk."""

    def __init__(
        self, settings: ClientSettings, desk: FixOrderDesk, flush: Callable[[], None], is_behind: Callable[[], bool]
    ) -> None:
        self.settings = settings
        self.name = settings.name
        self.is_drop_copy = settings.kind == "dropcopy"
        self.profile = self._profile()
        account = settings.account
        self.rules = Rules(account, settings.day_is_gtc, settings.trigger, frozenset(settings.symbols))
        self.has_pending_acks = settings.pending_acks
        self.session: FixSession | None = None
        self.drop_copy: DropCopyFeed | None = None
        self.is_stopping = False
        self.refused_before: frozenset[bytes] = frozenset()  # ClOrdIDs, by a process that may not have counted them
        self._desk = desk
        self._routes = MessageRoutes(desk, self, self._submit, self._cancel_order, self._replace, is_behind)
        self.market_data = self._routes.market_data
        self._flush = flush
        self._cancel = DisconnectCancel(self.name, desk, self._routes.queries, self.rules.symbols)
        self._scope, self._ends, self._window_ms = self._default_scope()
        desk.link_news.listeners[self.name] = self._tell_news
        self._join()

    def _profile(self) -> Profile:
        settings = self.settings
        return Profile(settings.dialect == "extended", settings.timestamp_precision, self.is_drop_copy)

    def _join(self) -> None:
        """Be told of what a session of its kind hears of."""
        if self.is_drop_copy:
            self._desk.leave(self)
            self._desk.news.drop_copies[self.name] = self
        else:
            self._desk.news.drop_copies.pop(self.name, None)
            self._desk.join(self)

    # ---- From the session ---------------------------------------------------------------------------------------

    def on_logon(self, session: FixSession, logon: FixReader) -> str | None:
        """Its wishes for cancel-on-disconnect are taken, and come back in the form they have effect in."""
        self._scope, self._ends, self._window_ms = self._default_scope()
        if (text := self._choose_kind(logon.find(9406) == b"Y", logon.find(9406) == b"N")) is not None:
            return text
        if self.is_drop_copy or self.settings.kind != "order":
            self._scope = Scope.OFF
            return None
        scope, ends, window = logon.find(8013), logon.find(35002), logon.find(35003)
        if scope is not None:
            if scope not in _SCOPES:
                return "CancelOrdersOnDisconnect (8013) must be N, S or Y"
            self._scope = _SCOPES[scope]
        if ends is not None:
            if ends not in (b"0", b"1", b"2", b"3"):
                return "CancelOnDisconnectType (35002) must be 0 to 3"
            self._ends = int(ends)
            if scope is None and self._scope is Scope.OFF and self._ends:
                self._scope = Scope.SESSION
        if window is not None:
            if not window.isdigit() or int(window) > 60_000:
                return "CODTimeoutWindow (35003) must be 0 to 60000"
            self._window_ms = int(window)
        session.logon_reply = self._logon_reply(logon)
        return None

    def _choose_kind(self, wants_copy: bool, wants_none: bool) -> str | None:
        """DropCopyFlag (9406): a session for orders may be a drop copy this time. Gives why it may not."""
        kind = self.settings.kind
        if wants_copy and kind == "md":
            return "DropCopyFlag (9406): this session is for market data"
        if wants_none and kind == "dropcopy":
            return "DropCopyFlag (9406): this session is a drop copy"
        if self.is_drop_copy != (wants_copy or kind == "dropcopy"):
            self.is_drop_copy = not self.is_drop_copy
            self.profile = self._profile()
            self._join()
        return None

    def _default_scope(self) -> tuple[Scope, int, int]:
        settings = self.settings
        return _SCOPE_NAMES[settings.cancel_on_disconnect], settings.cod_type, settings.cod_window_ms

    def _logon_reply(self, logon: FixReader) -> Fields:
        """Whatever was asked about, as it is now."""
        letter = next(letter for letter, scope in _SCOPES.items() if scope is self._scope)
        fields = [(8013, letter), (35002, b"%d" % self._ends), (35003, b"%d" % self._window_ms)]
        asked = any(logon.find(tag) is not None for tag, _ in fields)
        return fields if asked and self._scope is not Scope.OFF else [field for field in fields[:1] if asked]

    def on_ready(self, session: FixSession) -> None:
        """It is back, or new: nothing is to be cancelled for its absence any more."""
        log.info("%s logged on", self.name)
        is_armed = self._ends & (_ON_DISCONNECT | _ON_LOGOUT) != 0
        is_for_crash = self._ends & _ON_DISCONNECT != 0
        self._cancel.arm(self._scope if is_armed else Scope.OFF, also_for_crash=is_for_crash)
        self._desk.link_news.greet(self._tell_news)
        if self.drop_copy is not None:
            self.drop_copy.start(self.is_drop_copy)

    def on_timer(self, now_ns: int) -> None:
        """A moment for what goes on while the client is there."""
        if self.drop_copy is not None:
            self.drop_copy.on_timer(now_ns)

    def on_logout(self, session: FixSession, reason: str) -> None:
        """It is gone: its orders are cancelled, if that was agreed for this kind of end."""
        log.info("%s is gone: %s", self.name, reason)
        self._routes.drop_all()
        if self.drop_copy is not None:
            self.drop_copy.stop()
        end = session.end
        wanted = _ON_LOGOUT if end in _LOGOUTS and not self.is_stopping else _ON_DISCONNECT
        if self._scope is Scope.OFF or not self._ends & wanted or (session.dont_cancel and end in _LOGOUTS):
            self._cancel.arm(Scope.OFF)
            return
        self._cancel.begin(0 if self.is_stopping else self._window_ms / 1000)  # nobody is back once we are gone

    def on_message(self, session: FixSession, message: FixReader) -> None:
        """One application message, in order, once."""
        kind = message.msg_type
        handler = self._routes.handlers.get(kind)
        if handler is None:
            session.reject_business(UNSUPPORTED_TYPE)
        elif kind in WRITING and (self.is_drop_copy or self.settings.kind != "order"):
            session.reject_business(NOT_AUTHORIZED, "this session is read-only")
        elif kind != b"E" and self._was_refused_before(message):  # of a list the rest may never have been looked at
            log.info("%s: a repeated %s was refused before the restart", self.name, kind.decode())
        else:
            self._handle(session, handler, message)

    def _was_refused_before(self, message: FieldSource) -> bool:
        """Not counted before a kill, but answered."""
        return message.find(43) == b"Y" and message.find(11) in self.refused_before

    def _handle(self, session: FixSession, handler: Handler, message: FixReader) -> None:
        """A fault of ours must not end the session, nor make the client send the same message for ever."""
        try:
            handler(message)
        except Exception:
            log.exception("%s: a message of type %s could not be dealt with", self.name, message.msg_type.decode())
            session.reject_business(OTHER_PROBLEM, "internal error", message.find(11))

    # ---- Orders -------------------------------------------------------------------------------------------------

    def _submit(self, message: FieldSource) -> Order | None:
        if self._was_refused_before(message):
            return None
        if message.find(43) == b"Y" or message.find(97) == b"Y":
            chain = self._desk.chains.find((message.find(11) or b"").decode("latin-1"))
            if chain is not None and chain.owner == self.name and chain.order is not None:
                self._desk.news.tell_status(self, chain, chain.order, {})
                return chain.order
            # Of an order sent again nobody knows the age where it does not say when it was sent first.
            is_dated = message.find(122) is not None
            is_young = is_dated and self._age_ns(message, 122) <= self.settings.max_resend_age * NS_PER_S
            if message.find(97) != b"Y" and not is_young:
                self._desk.refuse(self, message, STALE, "stale resent order")
                return None
        if self._is_past_window(message):
            self._desk.refuse(self, message, STALE, PAST_WINDOW)
        elif self.session is not None and self.session.is_throttled:
            self._desk.refuse(self, message, EXCEEDS_LIMIT, "gateway throttle")
        else:
            return self._desk.submit(self, message)
        return None

    def _cancel_order(self, message: FieldSource) -> None:
        if self._is_past_window(message):
            self._desk.refuse_change(self, message, OTHER, PAST_WINDOW)
        else:
            self._desk.cancel(self, message)

    def _replace(self, message: FieldSource) -> None:
        if self._is_past_window(message):
            self._desk.refuse_change(self, message, OTHER, PAST_WINDOW)
        elif self.session is not None and self.session.is_throttled:
            self._desk.refuse_change(self, message, OTHER, "gateway throttle")
        else:
            self._desk.replace(self, message)

    def _is_past_window(self, message: FieldSource) -> bool:
        window = message.find(25000)
        return window is not None and is_over(window, self._age_ns(message, 52))

    def _age_ns(self, message: FieldSource, tag: int) -> int:
        """How long ago a time of the message was, by our clock; 0 without one."""
        value = message.find(tag)
        return self._desk.clock.read_wall_ns() - unix_ns(value) if value is not None else 0

    @property
    def message_use(self) -> tuple[int, int] | None:
        """Of the session's own rate: messages used up, and how many it is."""
        return self.session.message_use(self._desk.clock.read_now_ns()) if self.session is not None else None

    # ---- To the session -----------------------------------------------------------------------------------------

    def tell(self, msg_type: bytes, fields: Fields) -> None:
        """Store and send; while the client is away it waits in the store for the next Logon."""
        session = self.session
        if session is None:
            return
        clock = self._desk.clock
        is_replayed = msg_type not in NOT_REPLAYED and not (msg_type == b"AP" and UNSOLICITED in fields)
        session.send(msg_type, fields, clock.read_now_ns(), clock.read_wall_ns(), is_replayed=is_replayed)
        self._flush()

    def open_orders(self) -> list[OrderChain]:
        """Those of its orders whose end it has not been told."""
        return self._desk.chains.open_chains(self.name)

    def _tell_news(self, news: Fields) -> None:
        """What goes on now is of no use later: nothing waits for who is away."""
        if self.session is not None and self.session.is_logged_on:
            self.tell(b"B", news)

    def recover(self) -> None:
        """At the start: what a crash left to be cancelled."""
        self._cancel.recover()

    async def finish(self) -> None:
        """Wait for cancels that are under way."""
        await self._cancel.finish()


def is_over(window: bytes, age_ns: int) -> bool:
    """Whether a RecvWindow, in milliseconds, has passed. Of nothing or less it always has, whatever clocks say."""
    text = decimal_of(window)
    if text is None:
        return False
    window_ns = int(Decimal(text) * NS_PER_MS)
    return window_ns <= 0 or age_ns > window_ns
