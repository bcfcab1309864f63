"""One connection of a listener on a clock of the test's own, with a transport that remembers what was wished."""

import asyncio

from tidings.exchange.rest.response import Response
from tidings.exchange.server.http_request import Request
from tidings.exchange.server.http_server import HttpConnection, ServerState


class Transport(asyncio.Transport):
    """Counts answers; says whether it is read from and whether it was cut."""

    def __init__(self) -> None:
        super().__init__({"peername": ("192.0.2.9", 1)})
        self.written = b""
        self.is_cut = False
        self.is_reading = True

    def write(self, data) -> None:
        self.written += data

    def set_write_buffer_limits(self, high=None, low=None) -> None:
        pass

    def is_closing(self) -> bool:
        return self.is_cut

    def abort(self) -> None:
        self.is_cut = True

    def pause_reading(self) -> None:
        self.is_reading = False

    def resume_reading(self) -> None:
        self.is_reading = True


class SlowLink:
    """A client's connection; `beside` shares the listener of another."""

    def __init__(self, beside: "SlowLink | None" = None) -> None:
        self.now_ns = 1_790_000_000_000_000_000
        self.body = b"-"
        self.state = beside.state if beside else ServerState(self, lambda: self.now_ns)
        self.connection, self.transport = HttpConnection(self.state), Transport()
        self.connection.connection_made(self.transport)
        self.received = 0

    def respond(self, request: Request, address: str, wall_ns: int) -> Response:
        return Response(self.body)

    def receive(self, data: bytes) -> None:
        self.received += len(data)
        self.connection.data_received(data)

    def sweep_after(self, passed_ns: int) -> None:
        self.now_ns += passed_ns
        self.state.deadlines.sweep(self.now_ns)

    @property
    def is_cut(self) -> bool:
        return self.transport.is_cut

    @property
    def answered_count(self) -> int:
        return self.transport.written.count(b"HTTP/1.1 200 OK")
