"""From a host and a port to a verified connection: resolve, connect, shake hands, each within its time.

The addresses of the last success are used again at once, so a reconnect does not wait for the resolver; a failure asks
it anew, and when it does not answer the old addresses stay in use (a name server's outage is not the venue's).
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import os
import socket
from collections.abc import Callable
from dataclasses import dataclass

from tidings.clock import Clock
from tidings.errors import ConnectionLost
from tidings.net.channel import Channel, PlainChannel
from tidings.net.connection import ByteSink, Connection
from tidings.net.tls import TlsContext

RESOLVE_TIMEOUT_S = 3.0
CONNECT_TIMEOUT_S = 2.0         # TCP, for each address
HANDSHAKE_TIMEOUT_S = 3.0
ADDRESSES_MAX = 4               # tried in one attempt
UNACKNOWLEDGED_MS_MAX = 1500    # then the kernel gives the connection up; its own limit is about 15 minutes


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where to connect to."""

    host: str
    port: int
    uses_tls: bool = True

    @property
    def peer(self) -> str:
        """host:port, as messages show it."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class Unreachable(ConnectionLost):
    """Nobody answers at an address."""


class Dialer:
    """Opens connections to one endpoint; certificate verification is always on."""

    def __init__(self, endpoint: Endpoint, clock: Clock, tls: TlsContext | None = None) -> None:
        self.endpoint = endpoint
        self.clock = clock
        self._tls = tls or (TlsContext() if endpoint.uses_tls else None)
        self._addresses: list[str] = []
        self._is_trusted = False    # the addresses worked last time

    async def connect(self, make_sink: Callable[[], ByteSink]) -> Connection:
        """An open connection; `make_sink` is called after the handshake. Raises ConnectionLost or ConfigError."""
        channel = await self.open_channel()
        return Connection(channel, make_sink(), asyncio.get_running_loop())

    async def open_channel(self) -> Channel:
        """A channel whose handshake is done, through the first address that answers."""
        problem: ConnectionLost | None = None
        for address in (await self._resolve())[:ADDRESSES_MAX]:
            try:
                channel = await self._open(address)
            except ConnectionLost as error:
                if problem is None or isinstance(problem, Unreachable):
                    problem = error  # a peer that answered and failed says more than an address without one
            else:
                # Another dial may have asked anew meanwhile, and been told other addresses.
                self._addresses = [address, *(other for other in self._addresses if other != address)]
                self._is_trusted = True
                return channel
        self._is_trusted = False
        assert problem is not None
        raise problem

    async def _resolve(self) -> list[str]:
        endpoint = self.endpoint
        if _is_address(endpoint.host):
            self._addresses = [endpoint.host]
        elif not self._is_trusted:
            try:
                async with asyncio.timeout(RESOLVE_TIMEOUT_S):
                    found = await asyncio.get_running_loop().getaddrinfo(
                        endpoint.host, endpoint.port, type=socket.SOCK_STREAM
                    )
                self._addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
            except (OSError, UnicodeError) as error:
                if not self._addresses:
                    reason = "no answer" if isinstance(error, TimeoutError) else error
                    raise ConnectionLost(f"{endpoint.host}: the name does not resolve: {reason}: check it") from error
        return list(self._addresses)

    async def _open(self, address: str) -> Channel:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        try:
            tcp = socket.socket(family, socket.SOCK_STREAM)
        except OSError as error:    # no IPv6 here, so the next address; or no descriptor left, for now
            raise self._unreachable(address, error) from error
        try:
            tcp.setblocking(False)
            tcp.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if hasattr(socket, "TCP_USER_TIMEOUT"):
                tcp.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNACKNOWLEDGED_MS_MAX)
            await self._connect(tcp, address)
            return await self._shake_hands(tcp)
        except BaseException:
            tcp.close()
            raise

    async def _connect(self, tcp: socket.socket, address: str) -> None:
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                await asyncio.get_running_loop().sock_connect(tcp, (address, self.endpoint.port))
        except TimeoutError as error:
            raise Unreachable(f"{self.endpoint.peer} ({address}): no answer within {CONNECT_TIMEOUT_S:g} s") from error
        except OSError as error:
            raise self._unreachable(address, error) from error

    def _unreachable(self, address: str, error: OSError) -> Unreachable:
        hint = ": does anything listen there?" if isinstance(error, ConnectionRefusedError) else ""
        reason = os.strerror(error.errno or 0)
        return Unreachable(f"{self.endpoint.peer} ({address}): cannot connect: {reason}{hint}")

    async def _shake_hands(self, tcp: socket.socket) -> Channel:
        endpoint = self.endpoint
        if not endpoint.uses_tls:
            return PlainChannel(tcp, endpoint.peer, self.clock)
        assert self._tls is not None
        channel = self._tls.make_channel(tcp, endpoint.host, self.clock, peer=endpoint.peer)
        try:
            async with asyncio.timeout(HANDSHAKE_TIMEOUT_S):
                while want := channel.handshake():
                    await _ready(tcp, want)
        except TimeoutError as error:
            raise ConnectionLost(f"{endpoint.peer}: no TLS handshake within {HANDSHAKE_TIMEOUT_S:g} s") from error
        return channel


async def _ready(tcp: socket.socket, want: str) -> None:
    """Wait until `tcp` can be read ("read") or written ("write")."""
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()
    add, remove = (loop.add_reader, loop.remove_reader) if want == "read" else (loop.add_writer, loop.remove_writer)
    add(tcp, _settle, ready)
    try:
        await ready
    finally:
        remove(tcp)


def _settle(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)


def _is_address(host: str) -> bool:
    with contextlib.suppress(ValueError):
        ipaddress.ip_address(host)
        return True
    return False
