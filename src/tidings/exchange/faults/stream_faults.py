"""Faults of the account streams: messages that never come, come twice, late or out of order, streams that fall still.

The hub hands over each message of an account channel, client by client, while such a fault is in force or something is
still held back. Delays are given to `later`, the core's schedule.
"""

from dataclasses import dataclass, field
from functools import partial
from typing import Final

from tidings.exchange.catalogue import Line
from tidings.exchange.faults.fault_kinds import Point
from tidings.exchange.faults.fault_scope import Occasion
from tidings.exchange.faults.http_faults import Later
from tidings.exchange.faults.plan import MS_NS, ArmedFault, FaultPlan
from tidings.exchange.reports import AccountUpdate
from tidings.exchange.streams.session import StreamSession

BACKLOG_MAX: Final = 10_000  # messages held back for one client; then it is cut


@dataclass(slots=True, eq=False)
class _Stall:
    """A stream that says nothing of its account for now."""

    armed: ArmedFault
    backlog: list[bytes] = field(default_factory=list)


class StreamFaults:
    """What happens to the messages of each client."""

    def __init__(self, plan: FaultPlan, later: Later) -> None:
        self._plan = plan
        self._later = later
        self._stalls: dict[StreamSession, _Stall] = {}
        self._behind: dict[StreamSession, list[bytes]] = {}  # to follow the client's next message
        plan.on_removed.append(self._release_removed)

    @property
    def is_set(self) -> bool:
        """Whether messages have to come through here."""
        return self._plan.has(Point.MESSAGE) or bool(self._stalls) or bool(self._behind)

    def refuses_login(self, user_id: int) -> bool:
        """Whether a right login is refused."""
        return self._plan.has(Point.LOGIN) and bool(self._plan.decide(Point.LOGIN, Occasion(user_id=user_id)))

    def refuses_subscription(self, user_id: int, line: Line) -> bool:
        """Whether a subscription to the account is refused."""
        if not self._plan.has(Point.SUBSCRIPTION):
            return False
        return bool(self._plan.decide(Point.SUBSCRIPTION, Occasion(user_id=user_id, line=line)))

    def forget(self, session: StreamSession) -> None:
        """A client is gone."""
        self._stalls.pop(session, None)
        self._behind.pop(session, None)

    def send(self, session: StreamSession, frame: bytes, update: AccountUpdate) -> None:
        """Send a message of `session`'s account, or do to it what the faults say."""
        stall = self._stalls.get(session)
        if stall is not None:
            stall.backlog.append(frame)
            if len(stall.backlog) > BACKLOG_MAX:
                session.abort()
            return
        for armed in self._plan.decide(Point.MESSAGE, _occasion(update)):
            if self._befalls(session, frame, armed):
                return
        self._send_now(session, frame)

    def _befalls(self, session: StreamSession, frame: bytes, armed: ArmedFault) -> bool:
        """Do what one fault says; True if the message is thereby dealt with."""
        fault = armed.fault
        match fault.kind:
            case "duplicate-message":
                for _ in range(fault.times):
                    session.send(frame)
                return False
            case "reorder-messages":
                self._behind.setdefault(session, []).append(frame)
                self._later(armed.delay_ns(), partial(self._send_behind, session))
            case "delay-message" | "late-fill":
                self._later(armed.delay_ns(), partial(session.send, frame))
            case "stall-stream":
                self._stall(session, frame, armed)
            case "cut-stream":
                session.cut(fault.close_code)
        return True  # for omit-message that is all

    def _send_now(self, session: StreamSession, frame: bytes) -> None:
        session.send(frame)
        self._send_behind(session)

    def _send_behind(self, session: StreamSession) -> None:
        for held in self._behind.pop(session, ()):
            session.send(held)

    def _stall(self, session: StreamSession, frame: bytes, armed: ArmedFault) -> None:
        stall = self._stalls[session] = _Stall(armed, [frame])
        session.is_mute = not armed.fault.heartbeats
        if armed.fault.duration_ms:
            self._later(round(armed.fault.duration_ms * MS_NS), partial(self._release, session, stall))

    def _release(self, session: StreamSession, stall: _Stall) -> None:
        """The stall is over, unless the client left or is in another one by now."""
        if self._stalls.get(session) is not stall:
            return
        del self._stalls[session]
        session.is_mute = False
        if stall.armed.fault.backlog == "deliver":
            for frame in stall.backlog:
                session.send(frame)

    def _release_removed(self) -> None:
        for session, stall in tuple(self._stalls.items()):
            if stall.armed.fault_id not in self._plan.armed:
                self._release(session, stall)


def _occasion(update: AccountUpdate) -> Occasion:
    symbols = dict.fromkeys(order.instrument.symbol for order in update.orders)
    symbols |= dict.fromkeys(position.instrument.symbol for position in update.positions)
    return Occasion(
        line=update.line, symbols=tuple(symbols), user_id=update.user_id,
        has_fill=any(order.is_trade for order in update.orders), is_snapshot=update.is_snapshot,
    )  # fmt: skip
