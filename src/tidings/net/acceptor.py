"""The listening side: connections that others make to us, over TCP or TLS. Bytes only; what they mean is upstairs."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from typing import Protocol, cast

from tidings.errors import ConfigError

BACKLOG = 128


class Guest(Protocol):
    """Who deals with one accepted connection."""

    def on_bytes(self, data: bytes) -> None:
        """What the peer sent, cut anywhere."""

    def on_drained(self) -> None:
        """What waited to be written is out, nearly: there is room for more."""

    def on_lost(self) -> None:
        """The connection is gone, whoever ended it. Called once."""


class Accepted(asyncio.Protocol):
    """One accepted connection."""

    def __init__(self, welcome: Callable[[Accepted], Guest]) -> None:
        self._welcome = welcome
        self._guest: Guest | None = None
        self._transport: asyncio.Transport | None = None
        self.address = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one without saying so
        peer = transport.get_extra_info("peername")
        self.address = peer[0] if peer else ""
        self._guest = self._welcome(self)

    def data_received(self, data: bytes) -> None:
        if self._guest is not None:
            self._guest.on_bytes(data)

    def resume_writing(self) -> None:
        if self._guest is not None:
            self._guest.on_drained()

    def connection_lost(self, error: Exception | None) -> None:
        guest, self._guest, self._transport = self._guest, None, None
        if guest is not None:
            guest.on_lost()

    def write(self, data: bytes) -> None:
        """Into the kernel at once where it has room, else in order behind what waits. Nothing after the end."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    @property
    def waiting_bytes(self) -> int:
        """Written, and not yet taken by the kernel."""
        return self._transport.get_write_buffer_size() if self._transport is not None else 0

    def hold_reading(self, *, is_held: bool) -> None:
        """Let the peer wait: what it sends stays with the kernel until reading goes on."""
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        if is_held:
            transport.pause_reading()
        else:
            transport.resume_reading()

    def close(self) -> None:
        """End it once everything written is out."""
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """End it now; what waits is lost."""
        if self._transport is not None:
            self._transport.abort()


class Acceptor:
    """One listening port."""

    def __init__(self, welcome: Callable[[Accepted], Guest]) -> None:
        self._welcome = welcome
        self._server: asyncio.Server | None = None

    async def listen(self, host: str, port: int, tls: ssl.SSLContext | None = None) -> int:
        """Begin to accept; port 0 takes a free one. Gives the port. Raises ConfigError."""
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(
                lambda: Accepted(self._welcome), host, port, ssl=tls, backlog=BACKLOG, reuse_address=True
            )
        except OSError as error:
            raise ConfigError(f"cannot listen on {host}:{port}: {error.strerror or error}") from None
        bound: int = self._server.sockets[0].getsockname()[1]
        return bound

    def poll(self) -> int:
        """For a busy-poll: that the loop does not sleep is all it takes."""
        return 0

    def close(self) -> None:
        """Accept nobody any more; who is in stays."""
        if self._server is not None:
            self._server.close()


def server_tls(certificate_file: str, key_file: str) -> ssl.SSLContext:
    """TLS 1.2 and up with this certificate. Raises ConfigError."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(certificate_file, key_file)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(f"certificate {certificate_file} with key {key_file} cannot be used: {error}") from None
    return context
