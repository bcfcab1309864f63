"""Where the venue is: hosts and stream addresses per environment, and what may replace them.

Hosts: phemex docs 2026, "Server address". Money is at stake only at the hosts of `live` and `vip`, so these are reached
only when the environment is named so: an override that would lead there from `local` or `testnet` is refused.
"""

from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, urlsplit

from tidings.errors import ConfigError

API_KEY_VARIABLE: Final = "PHEMEX_API_KEY"
API_SECRET_VARIABLE: Final = "PHEMEX_API_SECRET"
API_URL_VARIABLE: Final = "PHEMEX_API_URL"
WS_URL_VARIABLE: Final = "PHEMEX_WS_URL"
MAX_ORDER_VALUE_VARIABLE: Final = "PHEMEX_MAX_ORDER_VALUE"

LOCAL: Final = "local"
TESTNET: Final = "testnet"
LIVE: Final = "live"
VIP: Final = "vip"

_REAL_MONEY_DOMAIN: Final = "phemex.com"
_TESTNET_HOSTS: Final = frozenset({"testnet-api.phemex.com", "testnet.phemex.com"})
_LOOPBACK_HOSTS: Final = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class Address:
    """One end of a connection, taken from a URL."""

    host: str
    port: int
    path: str  # of the WebSocket; "" for REST, whose paths belong to the requests
    is_tls: bool

    @property
    def authority(self) -> str:
        """What belongs in a Host header: the port only where it is not the scheme's own (RFC 9110 §7.2)."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.is_tls else 80) else f"{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Endpoints:
    """An environment's two doors."""

    environment: str
    rest: Address
    stream: Address
    signs_pings: bool  # the VIP host wants `GET /public/time` signed too (observed in a production client)

    @property
    def is_real_money(self) -> bool:
        return self.environment in (LIVE, VIP)


_URLS: Final[dict[str, tuple[str, str]]] = {
    LOCAL: ("", ""),  # told by the exchange's ready file
    TESTNET: ("https://testnet-api.phemex.com", "wss://testnet-api.phemex.com/ws"),
    LIVE: ("https://api.phemex.com", "wss://ws.phemex.com"),  # "no path and no query string allowed"
    VIP: ("https://vapi.phemex.com", "wss://vapi.phemex.com/ws"),
}

ENVIRONMENTS: Final = tuple(_URLS)


def endpoints_of(environment: str, *, rest_url: str | None = None, ws_url: str | None = None) -> Endpoints:
    """The doors of `environment`, with the URLs given replacing its own. Raises ConfigError naming what is wrong.

    `local` has no addresses of its own: both URLs must be given, and must be loopback.
    """
    if environment not in _URLS:
        raise ConfigError(f"environment must be one of {', '.join(ENVIRONMENTS)}, was {environment!r}")
    default_rest_url, default_ws_url = _URLS[environment]
    rest = parse_address(rest_url or default_rest_url, "http", "the REST URL", API_URL_VARIABLE)
    stream = parse_address(ws_url or default_ws_url, "ws", "the stream URL", WS_URL_VARIABLE)
    for address in (rest, stream):
        _check_place(environment, address)
    if rest.path:
        raise ConfigError(f"the REST URL must not have a path, was {rest.path!r}")
    return Endpoints(environment, rest, stream, signs_pings=environment == VIP)


def parse_address(url: str, scheme: str, what: str, variable: str) -> Address:
    """The address in a URL of `scheme` or its TLS form. Plain text only to this machine. Raises ConfigError."""
    advice = f"check {variable} or the argument"
    if not url:
        raise ConfigError(f"{what} is missing: {advice}")
    parts = _split(url, what, advice)
    if parts.scheme not in (scheme, scheme + "s"):
        raise ConfigError(f"{what} must begin with {scheme}s://, its scheme was {parts.scheme!r}: {advice}")
    if not parts.hostname or not parts.hostname.isascii():
        raise ConfigError(f"{what} {url!r} names no host: {advice}")
    if parts.query or parts.fragment:
        raise ConfigError(f"{what} must not have a query or a fragment, was {url!r}: {advice}")
    is_tls = parts.scheme == scheme + "s"
    if not is_tls and parts.hostname not in _LOOPBACK_HOSTS:
        raise ConfigError(f"{what} {url!r} would leave this machine without TLS: use {scheme}s://")
    path = parts.path if parts.path != "/" else ""
    return Address(parts.hostname, parts.port or (443 if is_tls else 80), path, is_tls)


def _split(url: str, what: str, advice: str) -> SplitResult:
    if any(char <= " " or char == "\x7f" for char in url):
        raise ConfigError(f"{what} holds white space or control characters: {advice}")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ConfigError(f"{what} is not a URL ({error}): {advice}") from None
    if parts.username is not None or parts.password is not None:
        raise ConfigError(f"{what} must not carry a user name or password: {advice}")  # not shown: it may be a secret
    if port == 0:
        raise ConfigError(f"{what} {url!r} has port 0: {advice}")
    return parts


def _check_place(environment: str, address: Address) -> None:
    host = address.host.rstrip(".").lower()
    if environment == LOCAL and host not in _LOOPBACK_HOSTS:
        raise ConfigError(f"environment local stays on this machine, but the URL leads to {host}: name another one")
    is_venue = host == _REAL_MONEY_DOMAIN or host.endswith("." + _REAL_MONEY_DOMAIN)
    if environment == TESTNET and is_venue and host not in _TESTNET_HOSTS:
        raise ConfigError(f"environment testnet, but the URL leads to {host}, where real money trades: name live")


def environment_of(rest_url: str) -> str:
    """Which environment a REST URL belongs to; its owner named real money by writing it out.

    Raises ConfigError for a stranger's host.
    """
    host = parse_address(rest_url, "http", "the REST URL", API_URL_VARIABLE).host
    if host in _LOOPBACK_HOSTS:
        return LOCAL
    if host in _TESTNET_HOSTS:
        return TESTNET
    for environment in (LIVE, VIP):
        if host == urlsplit(_URLS[environment][0]).hostname:
            return environment
    raise ConfigError(
        f"{host} is none of the venue's hosts: use https://testnet-api.phemex.com, "
        "https://api.phemex.com or a local exchange"
    )
