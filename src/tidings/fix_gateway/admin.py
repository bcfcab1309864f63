"""What a running gateway answers to its operator: how it is, how its sessions are, and numbers that begin anew."""

from __future__ import annotations

import asyncio
import logging
import os
from typing import TYPE_CHECKING, Any

import msgspec

from tidings.clock import Clock
from tidings.errors import UsageError
from tidings.fix.session import FixSession
from tidings.fix.session_state import State
from tidings.fix_gateway.client_session import ClientSession

if TYPE_CHECKING:
    from tidings.fix_gateway.gateway import Gateway

log = logging.getLogger("tidings.fix")

NS_PER_S = 1_000_000_000
RESET_LIMIT_S = 5.0  # for a client's answer to a reset
# What became of a reset at the client.
AWAY, ANSWERED, SILENT, LEFT = "away", "answered", "silent", "left"
STATE_WORDS = {
    State.DISCONNECTED: "away",
    State.CONNECTED: "logging on",
    State.LOGGED_ON: "logged on",
    State.LOGOUT_SENT: "logging out",
    State.CLOSING: "closing",
}


class AdminDesk:
    """Answers one gateway's questions: one JSON object in, one out, {"error": …} for what cannot be done."""

    def __init__(self, gateway: Gateway, clock: Clock) -> None:
        self._gateway = gateway
        self._clock = clock
        self._began_ns = clock.read_now_ns()

    async def answer(self, line: bytes) -> bytes:
        try:
            question = msgspec.json.decode(line, type=dict[str, str])
            found = await self._found(question)
        except (UsageError, msgspec.MsgspecError) as error:
            found = {"error": str(error)}
        except Exception as error:
            log.exception("a question of the operator could not be answered")
            found = {"error": f"the gateway failed to answer: {error!r}"}
        return msgspec.json.encode(found)

    async def _found(self, question: dict[str, str]) -> dict[str, Any]:
        match question.get("ask"):
            case "ping":
                return {"pid": os.getpid()}
            case "status":
                return self.status()
            case "sessions":
                return {"sessions": self.sessions()}
            case "reset-seq":
                return await self.reset(question.get("session", ""))
            case other:
                raise UsageError(f"the gateway does not know the question {other!r}")

    def status(self) -> dict[str, Any]:
        """The gateway in one look."""
        gateway = self._gateway
        sessions = [client.session for client in gateway.clients.values()]
        return {
            "pid": os.getpid(),
            "env": gateway.env,
            "fix": f"{gateway.config.listen.host}:{gateway.port}",
            "tls": bool(gateway.config.listen.tls_certificate),
            "up_s": self._age_s(self._began_ns),
            "sessions": len(sessions),
            "logged_on": sum(session is not None and session.is_logged_on for session in sessions),
            "visitors": gateway.visitor_count,
            "accounts": [self._account(name) for name in gateway.desks],
        }

    def sessions(self) -> list[dict[str, Any]]:
        """Each session, in the order of the configuration."""
        return [self._session(client) for client in self._gateway.clients.values()]

    async def reset(self, name: str) -> dict[str, Any]:
        """Both numbers of a session to 1. A client that is logged on is told by a Logon with 141=Y, and must answer."""
        client = self._client(name)
        session = client.session
        assert session is not None
        if session.state not in (State.DISCONNECTED, State.LOGGED_ON):
            raise UsageError(f"session {client.name} is {STATE_WORDS[session.state]}: try again in a moment")
        before = {"next_in": session.store.next_in, "next_out": session.store.next_out}
        was_logged_on = session.is_logged_on
        session.reset(self._clock.read_now_ns(), self._clock.read_wall_ns())
        log.warning("%s: sequence numbers reset by the operator, from %s", client.name, before)
        client_state = await self._wait_for_answer(client, session) if was_logged_on else AWAY
        numbers = {"next_in": session.store.next_in, "next_out": session.store.next_out}
        return {"session": client.name, "client": client_state, "before": before, **numbers}

    async def _wait_for_answer(self, client: ClientSession, session: FixSession) -> str:
        """What the client did about a reset it was told of."""
        self._gateway.flush(client)
        deadline_s = asyncio.get_running_loop().time() + RESET_LIMIT_S
        while session.is_resetting:
            if asyncio.get_running_loop().time() > deadline_s:
                return SILENT
            await asyncio.sleep(0.01)
        return ANSWERED if session.is_logged_on else LEFT

    def _client(self, name: str) -> ClientSession:
        """By its name, or by the client's CompID where that is enough. Raises UsageError naming those there are."""
        clients = self._gateway.clients
        if name in clients:
            return clients[name]
        alike = [client for client in clients.values() if client.settings.client_comp_id == name]
        if len(alike) == 1:
            return alike[0]
        names = ", ".join(clients if not alike else (client.name for client in alike))
        raise UsageError(f"{'more than one' if alike else 'no'} session is called {name!r}: choose among {names}")

    def _account(self, name: str) -> dict[str, Any]:
        desk = self._gateway.desks[name]
        state = desk.phemex.engine.state
        return {
            "account": name,
            "open_orders": len(desk.chains.open_chains()),
            "unknown_orders": state.unknown_orders,
            "lanes_up": state.lanes_up,
            "denies_because": state.reason,
        }

    def _session(self, client: ClientSession) -> dict[str, Any]:
        session, settings = client.session, client.settings
        assert session is not None
        connection = self._gateway.connections.get(session)
        return {
            "session": client.name,
            "account": settings.account,
            "kind": settings.kind,
            "state": STATE_WORDS[session.state],
            "address": connection.address if connection is not None else None,
            "next_in": session.store.next_in,
            "next_out": session.store.next_out,
            "heard_s": self._age_s(session.received_ns) if session.received_ns else None,
            "waiting_bytes": connection.waiting_bytes if connection is not None else 0,
            "replaying": session.is_replaying,
            "garbled": session.garbled_count,
            "open_orders": len(client.open_orders()),
            "ended": session.close_reason,
        }

    def _age_s(self, moment_ns: int) -> float:
        return round((self._clock.read_now_ns() - moment_ns) / NS_PER_S, 1)
