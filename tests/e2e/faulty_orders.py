"""Orders at an exchange with faults: small words for its tests, and a client of bytes over TLS."""

import socket
import ssl
import uuid
from urllib.parse import urlsplit

from phemex_client import RestClient

USD_M = {"symbol": "BTCUSDT", "side": "Buy", "posSide": "Merged", "priceRp": "50000", "orderQtyRq": "0.01"}
END_LIMIT_S = 30.0  # a busy machine
BY_ID = "/api-data/g-futures/orders/by-order-id"


def new_id() -> str:
    return f"x-{uuid.uuid4().hex[:16]}"


def create(client, name: str, **changes: object):
    return client.call("PUT", "/g-orders/create", clOrdID=name, **USD_M | changes)


def found(client, name: str) -> list[str]:
    """The states of the orders of this name, once they reached the book: the truth behind whatever was answered."""
    while True:
        rows = client.call("GET", BY_ID, symbol="BTCUSDT", clOrdID=name).data
        if all(row["ordStatus"] != "Created" for row in rows):
            return [row["ordStatus"] for row in rows]


class RawClient:
    """Bytes over TLS as they are. OpenSSL works in memory here: `ssl.SSLSocket` takes a reset for an end."""

    def __init__(self, ready: dict, account: int = 0) -> None:
        self.signer = RestClient(ready, account)
        url = urlsplit(ready["rest"])
        self.socket = socket.create_connection((url.hostname, url.port), 30)
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        context = ssl.create_default_context(cafile=ready["ca_file"])
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=url.hostname)
        while not self._has_shaken_hands():
            self._incoming.write(self.socket.recv(65_536))

    def _has_shaken_hands(self) -> bool:
        try:
            self._tls.do_handshake()
            return True
        except ssl.SSLWantReadError:
            return False
        finally:
            self.socket.sendall(self._outgoing.read())

    def order(self, name: str) -> bytes:
        """A whole request to create an order."""
        path, query = "/g-orders/create", "&".join(f"{k}={v}" for k, v in (USD_M | {"clOrdID": name}).items())
        headers = self.signer.signed_headers(path, query)
        lines = [f"PUT {path}?{query} HTTP/1.1", "Host: h", *(f"{k}: {v}" for k, v in headers.items()), "", ""]
        return "\r\n".join(lines).encode()

    def send(self, data: bytes) -> None:
        self._tls.write(data)
        self.socket.sendall(self._outgoing.read())

    def read_to_end(self) -> tuple[bytes, str]:
        """What comes until it ends, which it must, and how it ended: closed or reset."""
        return self.read(END_LIMIT_S)

    def read_what_comes(self, limit_s: float = 0.4) -> tuple[bytes, str]:
        """What comes, which must be something, until it ends or nothing more comes; closed, reset or open."""
        return self.read(limit_s, first_s=END_LIMIT_S)

    def read(self, limit_s: float = 0.4, *, first_s: float = 0.0) -> tuple[bytes, str]:
        """What comes until it ends or nothing more comes, and how it ended: closed, reset or open."""
        data, end = b"", ""
        while not end:
            self.socket.settimeout(limit_s if data else max(limit_s, first_s))
            try:
                piece = self.socket.recv(65_536)
                end = "" if piece else "closed"
                self._incoming.write(piece)
            except TimeoutError:
                end = "open"
            except ConnectionError:
                end = "reset"
            try:
                while text := self._tls.read(65_536):
                    data += text
                end = end or "closed"  # the TLS goodbye
            except ssl.SSLWantReadError:
                pass
        return data, end

    def close(self) -> None:
        self.socket.close()
