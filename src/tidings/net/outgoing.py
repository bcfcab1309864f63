"""A connection that we make to a peer which pushes as it likes, over TCP or TLS: the counterpart of `acceptor`."""

from __future__ import annotations

import asyncio
import ssl

from tidings.errors import ConfigError, ConnectionLost
from tidings.net.acceptor import Accepted, Guest
from tidings.net.certificate import certificate_refused

ClientTls = ssl.SSLContext
CONNECT_TIMEOUT_S = 5.0  # the name, TCP and TLS together


async def open_connection(host: str, port: int, guest: Guest, tls: ssl.SSLContext | None = None) -> Accepted:
    """A connection that is up, whose bytes `guest` gets. Raises ConnectionLost."""
    loop = asyncio.get_running_loop()
    peer = f"{host}:{port}"
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT_S):
            _, connection = await loop.create_connection(
                lambda: Accepted(lambda _: guest), host, port, ssl=tls, server_hostname=host if tls else None
            )
    except ssl.SSLCertVerificationError as error:
        raise certificate_refused(peer, error.verify_code, error.verify_message) from None
    except TimeoutError:
        what = "no connection" if tls is None else "no TLS connection"
        hint = "" if tls is None else ": does it speak TLS?"  # who does not may wait for us to say something else
        raise ConnectionLost(f"{peer}: {what} within {CONNECT_TIMEOUT_S:g} s{hint}") from None
    except UnicodeError as error:
        raise ConnectionLost(f"{peer}: the name does not resolve: {error}: check it") from None
    except OSError as error:
        hint = ": does anything listen there?" if isinstance(error, ConnectionRefusedError) else ""
        raise ConnectionLost(f"{peer}: cannot connect: {error.strerror or error}{hint}") from None
    return connection


def client_tls(ca_file: str = "", *, is_verified: bool = True) -> ssl.SSLContext:
    """TLS 1.2 and up that trusts `ca_file`, by default the machine's authorities. Raises ConfigError."""
    try:
        context = ssl.create_default_context(cafile=ca_file or None)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(f"ca_file {ca_file} cannot be used: {error}") from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if not is_verified:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
