"""Stream clients driven without sockets, and the exchange they talk to: a hub over a real core on a test's clock."""

import asyncio
import hashlib
import hmac
import json

from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.uri import parse_uri

from tidings.exchange.rest.authentication import ApiKey, Authenticator
from tidings.exchange.server.http_request import RequestParser
from tidings.exchange.streams.hub import StreamHub
from tidings.exchange.streams.session import StreamLimits, StreamSession
from tidings.exchange.venue import Venue
from tidings.exchange.venue_config import VenueConfig

S = 1_000_000_000
T0 = 1_790_000_000 * S
SECRET = b"a secret of this test"


class PipeTransport(asyncio.Transport):
    """Gives what is written to a client's protocol, unless the client is not reading."""

    def __init__(self) -> None:
        super().__init__()
        self.written = bytearray()
        self.unread_bytes = 0
        self.wishes: list[str] = []

    def write(self, data) -> None:
        self.written += data

    def get_write_buffer_size(self) -> int:
        return self.unread_bytes

    def close(self) -> None:
        self.wishes.append("close")

    def abort(self) -> None:
        self.wishes.append("abort")

    def is_closing(self) -> bool:
        return bool(self.wishes)


class Exchange:
    """A hub over a real core, and a clock that only tests move."""

    def __init__(self, limits: StreamLimits) -> None:
        self.now_ns = T0
        self.venue = Venue(VenueConfig(has_flow=False), T0)
        keys = [ApiKey(f"key-{user_id}", user_id, SECRET) for user_id in self.venue.user_ids]
        self.hub = StreamHub(self.venue, Authenticator(keys), limits, lambda: self.now_ns, self.pump)

    def pump(self) -> None:
        for update in self.venue.advance(self.now_ns):
            self.hub.publish(update)


class Client:
    """A client's protocol at the other end of a session."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self.transport = PipeTransport()
        self.session = StreamSession(
            self.transport, exchange.hub.limits, exchange.hub.on_request, exchange.hub.remove, lambda: exchange.now_ns
        )
        exchange.hub.add(self.session)
        self.protocol = ClientProtocol(parse_uri("ws://localhost/ws"))
        self.protocol.send_request(self.protocol.connect())
        parser = RequestParser()
        parser.feed(b"".join(self.protocol.data_to_send()))
        self.session.start(parser.next_request(), parser.take_rest())
        self.heard()
        assert self.protocol.state is State.OPEN

    def send(self, document: object, *, pieces: int = 1) -> None:
        text = document if isinstance(document, str) else json.dumps(document)
        self.protocol.send_text(text.encode())
        data = b"".join(self.protocol.data_to_send())
        size = -(-len(data) // pieces)
        for start in range(0, len(data), size):
            self.session.data_received(data[start : start + size])

    def heard(self) -> list[dict]:
        """The messages that came since the last call."""
        data = bytes(self.transport.written)
        self.transport.written.clear()
        self.protocol.receive_data(data)
        events = self.protocol.events_received()
        return [json.loads(bytes(e.data)) for e in events if isinstance(e, Frame) and e.opcode is Opcode.TEXT]

    def ask(self, method: str, params: object = ()) -> dict:
        self.send({"id": 7, "method": method, "params": params})
        return next(message for message in self.heard() if message.get("id") == 7)

    def login(self, user: int = 0) -> dict:
        key = f"key-{self.exchange.venue.user_ids[user]}"
        expiry_s = self.exchange.now_ns // S + 60
        signature = hmac.new(SECRET, f"{key}{expiry_s}".encode(), hashlib.sha256).hexdigest()
        return self.ask("user.auth", ["API", key, signature, expiry_s])
