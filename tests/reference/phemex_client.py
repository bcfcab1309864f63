"""A client of the venue's wire made of the standard library and websockets' protocol only: independent of tidings."""

import hashlib
import hmac
import http.client
import json
import socket
import ssl
import time
from collections import deque
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.uri import parse_uri

TIMEOUT_S = 30  # a busy machine


@dataclass
class Answer:
    """One HTTP response: status, headers with lower-case names, body as text and as JSON."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def data(self) -> Any:
        """`data` of a reply that must have gone well."""
        document = self.json
        assert document["code"] == 0, document
        return document["data"]

    @property
    def code(self) -> int:
        return int(self.json["code"])


class RestClient:
    """One keep-alive connection of one account."""

    def __init__(self, ready: dict[str, Any], account: int = 0) -> None:
        self.ready = ready
        self.account = ready["accounts"][account]
        url = urlsplit(ready["rest"])
        if url.scheme == "https":
            context = ssl.create_default_context(cafile=ready["ca_file"])
            self._connection = http.client.HTTPSConnection(url.hostname, url.port, timeout=TIMEOUT_S, context=context)
        else:
            self._connection = http.client.HTTPConnection(url.hostname, url.port, timeout=TIMEOUT_S)

    def signed_headers(self, path: str, query: str = "", body: str = "", expiry_s: int | None = None) -> dict[str, str]:
        expiry = str(int(time.time()) + 60 if expiry_s is None else expiry_s)
        text = path + query + expiry + body
        signature = hmac.new(self.account["api_secret"].encode(), text.encode(), hashlib.sha256).hexdigest()
        return {
            "x-phemex-access-token": self.account["api_key"],
            "x-phemex-request-expiry": expiry,
            "x-phemex-request-signature": signature,
        }

    def call(self, method: str, path: str, query: str = "", body: str = "", **fields: object) -> Answer:
        """Send a signed request; `fields` are added to the query in the order given."""
        query = "&".join(filter(None, [query, *(f"{name}={value}" for name, value in fields.items())]))
        return self.send(method, path, query, body, self.signed_headers(path, query, body))

    def post(self, path: str, document: dict[str, object]) -> Answer:
        """Send a signed POST with a JSON body."""
        body = json.dumps(document)
        return self.send("POST", path, "", body, self.signed_headers(path, "", body))

    def public(self, path: str, query: str = "", method: str = "GET") -> Answer:
        """Send an unsigned request."""
        return self.send(method, path, query, "", {})

    def send(self, method: str, path: str, query: str, body: str, headers: dict[str, str]) -> Answer:
        target = f"{path}?{query}" if query else path
        self._connection.request(method, target, body or None, headers)
        response = self._connection.getresponse()
        text = response.read().decode()
        return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, text)

    def close(self) -> None:
        self._connection.close()


class StreamClosed(Exception):
    """The server ended the stream; `code` is that of its close frame, None without one."""

    def __init__(self, code: int | None) -> None:
        super().__init__(f"closed with {code}")
        self.code = code


class StreamClient:
    """One WebSocket of one account; messages that no call waited for are kept in order in `messages`.

    One thread, a blocking socket and the sans-IO protocol: the threaded client of websockets reads and writes one TLS
    object at the same time, and loses its first request now and then (observed with Python 3.11).
    """

    def __init__(self, ready: dict[str, Any], account: int = 0, path: str = "/ws") -> None:
        self._account = ready["accounts"][account]
        uri = parse_uri(ready["ws"].removesuffix("/ws") + path)
        self._socket = socket.create_connection((uri.host, uri.port), TIMEOUT_S)
        if uri.secure:
            context = ssl.create_default_context(cafile=ready["ca_file"])
            self._socket = context.wrap_socket(self._socket, server_hostname=uri.host)
        self._protocol = ClientProtocol(uri)
        self.messages: list[dict[str, Any]] = []
        self.pongs: list[bytes] = []
        self._arrived: deque[str] = deque()
        self._last_id = 0
        self._protocol.send_request(self._protocol.connect())
        while self._protocol.state is State.CONNECTING:
            self._exchange()
        assert self._protocol.handshake_exc is None, self._protocol.handshake_exc

    def request(self, method: str, params: object = ()) -> dict[str, Any]:
        """Send a request and give its answer; pushes that come before it are kept."""
        self._last_id += 1
        params = list(params) if isinstance(params, tuple) else params
        self.send(json.dumps({"id": self._last_id, "method": method, "params": params}))
        while (message := self._receive()).get("id") != self._last_id:
            self.messages.append(message)
        return message

    def login(self, expiry_s: int | None = None, signature: str | None = None) -> dict[str, Any]:
        expiry_s = int(time.time()) + 60 if expiry_s is None else expiry_s
        key, secret = self._account["api_key"], self._account["api_secret"]
        text = hmac.new(secret.encode(), f"{key}{expiry_s}".encode(), hashlib.sha256).hexdigest()
        return self.request("user.auth", ["API", key, signature or text, expiry_s])

    def next(self, *keys: str) -> dict[str, Any]:
        """The next message that has one of `keys`; others before it are forgotten."""
        while True:
            message = self.messages.pop(0) if self.messages else self._receive()
            if not keys or any(key in message for key in keys):
                return message

    def send(self, text: str) -> None:
        """Send one text frame."""
        self._protocol.send_text(text.encode())
        self._flush()

    def ping(self, payload: bytes) -> None:
        """Send a ping of the WebSocket protocol and wait for its pong."""
        self._protocol.send_ping(payload)
        while payload not in self.pongs:
            self._exchange()

    def close(self) -> None:
        self._socket.close()

    def _receive(self) -> dict[str, Any]:
        while not self._arrived:
            self._exchange()
        message = json.loads(self._arrived.popleft())
        assert isinstance(message, dict)
        return message

    def _flush(self) -> None:
        self._socket.sendall(b"".join(self._protocol.data_to_send()))

    def _exchange(self) -> None:
        """Write what is to be written, read once, and sort what came."""
        self._flush()
        data = self._socket.recv(65536)
        if data:
            self._protocol.receive_data(data)
        else:
            self._protocol.receive_eof()
        for event in self._protocol.events_received():
            if isinstance(event, Frame) and event.opcode is Opcode.TEXT:
                self._arrived.append(bytes(event.data).decode())
            elif isinstance(event, Frame) and event.opcode is Opcode.PONG:
                self.pongs.append(bytes(event.data))
        if self._protocol.state in (State.CLOSING, State.CLOSED) and not self._arrived:
            received = self._protocol.close_rcvd
            raise StreamClosed(received.code if received else None)
