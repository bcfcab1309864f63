"""One connection to a server with faults, without a socket and on a clock that only tests move."""

import asyncio

import h11

from tidings.exchange.catalogue import load_catalogue
from tidings.exchange.faults.fault_file import make_fault
from tidings.exchange.faults.http_faults import HttpFaults
from tidings.exchange.faults.plan import FaultPlan
from tidings.exchange.rest.response import Response
from tidings.exchange.schedule import Schedule
from tidings.exchange.server.http_request import Request
from tidings.exchange.server.http_server import HttpConnection, ServerState

MS = 1_000_000
UPGRADE = b"GET /ws HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
T0 = 1_790_000_000_000_000_000
INSTRUMENTS = load_catalogue().instruments


class Echo:
    """Answers with the query, and remembers what took effect."""

    def __init__(self) -> None:
        self.effects: list[str] = []

    def respond(self, request: Request, address: str, wall_ns: int) -> Response:
        self.effects.append(request.query)
        return Response(f'{{"clOrdID":"{request.query}"}}'.encode(), 200, "x-ratelimit-remaining-contract: 7\r\n")


class Socket:
    """Keeps which options were set."""

    def __init__(self) -> None:
        self.options: list[object] = []

    def setsockopt(self, *option: object) -> None:
        self.options.append(option)


class Pipe(asyncio.Transport):
    """Keeps what is written, and how it ended."""

    def __init__(self) -> None:
        self.socket = Socket()
        super().__init__({"peername": ("192.0.2.9", 1), "socket": self.socket})
        self.written = b""
        self.end = ""

    def write(self, data) -> None:
        assert not self.end, "written after the end"
        self.written += data

    def set_write_buffer_limits(self, high=None, low=None) -> None:
        pass

    def close(self) -> None:
        self.end = self.end or "close"

    def abort(self) -> None:
        self.end = "reset" if self.socket.options else "abort"

    def is_closing(self) -> bool:
        return bool(self.end)

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass


class Link:
    """A client's connection to a server with these faults."""

    def __init__(self, *rows: dict, seed: int = 1) -> None:
        self.now_ns = T0
        self.schedule = Schedule()
        self.plan = FaultPlan((1, 2), seed)
        for row in rows:
            self.plan.add(make_fault(row))
        self.echo = Echo()
        faults = HttpFaults(self.plan, INSTRUMENTS, {"a": 1, "": 0}.__getitem__, self.later)
        self.upgraded: list[str] = []
        state = ServerState(self.echo, lambda: self.now_ns, self.upgrade, frozenset({"/ws"}), faults)
        self.connection, self.pipe = HttpConnection(state), Pipe()
        self.connection.connection_made(self.pipe)

    def later(self, delay_ns, action) -> None:
        self.schedule.add(self.now_ns + delay_ns, lambda due_ns: action())

    def upgrade(self, request, transport, rest) -> asyncio.Protocol:
        self.upgraded.append(request.path)
        return asyncio.Protocol()

    def send(self, *names: str) -> None:
        """Requests in one piece."""
        self.connection.data_received(b"".join(map(order, names)))

    def wait(self, ms: float) -> None:
        self.now_ns += round(ms * MS)
        self.schedule.run_until(self.now_ns)

    @property
    def answered(self) -> list[str]:
        """What whole answers say, read by an independent parser."""
        return [body for _, _, body in answers(self.pipe.written)]


def order(name: str) -> bytes:
    return f"PUT /orders/create?{name} HTTP/1.1\r\nHost: h\r\n\r\n".encode()


def echo(name: str) -> str:
    return f'{{"clOrdID":"{name}"}}'


def answers(written: bytes) -> list[tuple[int, dict[str, str], str]]:
    """Every whole answer in `written`, as h11 reads them."""
    found, client = [], None
    client = h11.Connection(h11.CLIENT)
    client.send(h11.Request(method="GET", target="/", headers=[("Host", "h")]))
    client.send(h11.EndOfMessage())
    client.receive_data(written)
    while True:
        event = client.next_event()
        if isinstance(event, h11.Response):
            head, body = event, b""
        elif isinstance(event, h11.Data):
            body += bytes(event.data)
        elif isinstance(event, h11.EndOfMessage):
            headers = {name.decode(): value.decode() for name, value in head.headers}
            found.append((head.status_code, headers, body.decode()))
            rest = client.trailing_data[0]
            return found + (answers(rest) if rest else [])
        elif event is h11.NEED_DATA:
            return found
