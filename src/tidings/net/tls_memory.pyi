"""TLS through `ssl.SSLObject`: the same channel where libssl cannot be called directly."""

import os
import ssl

from tidings.net.channel import Channel

def make_ssl_context(ca_file: str | os.PathLike[str] | None) -> ssl.SSLContext:
    """An SSLContext with the rules of tls.TlsContext. Raises ConfigError if `ca_file` holds no certificate."""

class MemoryTlsChannel(Channel):
    """One TLS connection by SSLObject. Made by TlsContext."""

    @property
    def version(self) -> str:
        """The protocol version agreed on: "TLSv1.3"."""
