"""TLS by direct calls of libssl, and the context both kinds of TLS channel are made from."""

import os
import socket

from tidings.clock import Clock
from tidings.net.channel import Channel

class TlsContext:
    """Whom to trust: the authorities in `ca_file` (PEM), else the machine's. Makes any number of channels.

    Certificate and host name are always verified; there is no switch. `use_libssl=False` takes `ssl.SSLObject`, as
    happens by itself where libssl cannot be reached. Raises ConfigError if `ca_file` cannot be used.
    """

    def __init__(self, ca_file: str | os.PathLike[str] | None = None, *, use_libssl: bool = True) -> None: ...
    @property
    def is_direct(self) -> bool:
        """Whether libssl is called directly; False: through `ssl.SSLObject`, some microseconds slower."""
    def make_channel(self, socket: socket.socket, host: str, clock: Clock, *, peer: str | None = None) -> Channel:
        """A channel over the connected, non-blocking `socket` that trusts nobody but `host`, a DNS name or address."""

class LibsslChannel(Channel):
    """One TLS connection by libssl. Made by TlsContext."""

    @property
    def version(self) -> str:
        """The protocol version agreed on: "TLSv1.3"."""
