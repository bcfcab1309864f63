"""Where the venue is and who we are: addresses, trusted authorities, keys; for "local" a running exchange or a child
of ours.
"""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import dataclass

from tidings.app.links.local_exchange import ExchangeProcess, ReadyExchange, running_exchange
from tidings.config import EngineSettings, Secret
from tidings.errors import ConfigError
from tidings.net.dialer import Endpoint
from tidings.net.tls import TlsContext
from tidings.venue.phemex.endpoints import LOCAL, Address, Endpoints, endpoints_of
from tidings.venue.phemex.signing import Credentials


@dataclass(frozen=True, slots=True)
class VenueAccess:
    """Everything needed to dial and sign. Holds no secret in the clear; `secret` hides itself."""

    endpoints: Endpoints
    tls: TlsContext | None
    api_key: str | None = None
    secret: Secret | None = None
    exchange: ReadyExchange | None = None
    is_own_exchange: bool = False  # started here, and over when we are: nothing is open anywhere then

    @property
    def rest(self) -> Endpoint:
        return _endpoint(self.endpoints.rest)

    @property
    def stream(self) -> Endpoint:
        return _endpoint(self.endpoints.stream)

    @property
    def stream_url(self) -> str:
        address = self.endpoints.stream
        return f"{'wss' if address.is_tls else 'ws'}://{address.authority}{address.path}"

    def credentials(self, secret_encoding: str) -> Credentials | None:
        """The key with its secret read one way; None when there is no key."""
        if self.api_key is None or self.secret is None:
            return None
        return Credentials(self.api_key, self.secret.reveal(), secret_encoding)


def account_at(settings: EngineSettings) -> tuple[str, str]:
    """(the venue's host and port, the key's id): what names an account's files here, without a word to the venue.

    Raises ConfigError, also where a local exchange has still to be started: it has no port yet.
    """
    if settings.env != LOCAL or settings.api_url is not None:
        return _named_endpoints(settings).rest.authority, settings.api_key or ""
    ready = running_exchange(settings.exchange)
    if ready is None:
        raise ConfigError("which exchange? name a running one with --exchange READY_FILE")
    endpoints = endpoints_of(LOCAL, rest_url=ready.rest_url, ws_url=ready.ws_url)
    return endpoints.rest.authority, settings.api_key or ready.account(settings.account)["api_key"]


async def find_venue(settings: EngineSettings, closing: AsyncExitStack) -> VenueAccess:
    """The access the settings describe; a local exchange started here ends with `closing`.

    Raises ConfigError, ConnectionLost.
    """
    if settings.env != LOCAL or settings.api_url is not None:
        endpoints = _named_endpoints(settings)
        return VenueAccess(endpoints, _tls_of(endpoints, settings.ca_file), settings.api_key, settings.api_secret)
    ready = running_exchange(settings.exchange)
    is_own = ready is None
    if ready is None:
        process = ExchangeProcess(*settings.exchange_options)
        closing.push_async_callback(process.stop)
        ready = await process.start()
    endpoints = endpoints_of(LOCAL, rest_url=ready.rest_url, ws_url=ready.ws_url)
    account = ready.account(settings.account)
    secret = settings.api_secret or Secret(account["api_secret"])
    return VenueAccess(
        endpoints, _tls_of(endpoints, ready.ca_file), settings.api_key or account["api_key"], secret, ready, is_own
    )


def _named_endpoints(settings: EngineSettings) -> Endpoints:
    """The environment's doors; a local exchange named by its URL serves streams on the same port under /ws."""
    ws_url = settings.ws_url
    if settings.env == LOCAL and ws_url is None and settings.api_url is not None:
        ws_url = settings.api_url.replace("http", "ws", 1).rstrip("/") + "/ws"
    return endpoints_of(settings.env, rest_url=settings.api_url, ws_url=ws_url)


def _tls_of(endpoints: Endpoints, ca_file: str | None) -> TlsContext | None:
    return TlsContext(ca_file) if endpoints.rest.is_tls or endpoints.stream.is_tls else None


def _endpoint(address: Address) -> Endpoint:
    return Endpoint(address.host, address.port, address.is_tls)
