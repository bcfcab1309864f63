"""One connection of the listener, driven without a socket: order, splits, closing, stalling, upgrading."""

import asyncio

import h11
import pytest

from tidings.exchange.rest.response import Response
from tidings.exchange.server.http_request import Request
from tidings.exchange.server.http_server import HttpConnection, ServerState


class Echo:
    """Answers with what it understood of the request."""

    def respond(self, request: Request, address: str, wall_ns: int) -> Response:
        text = f"{request.method} {request.path}?{request.query} {request.body.decode()} {address}"
        return Response(text.encode(), 200, "x-ratelimit-remaining: 7\r\n")


class RecordingTransport(asyncio.Transport):
    """Keeps what is written and which wishes were said."""

    def __init__(self) -> None:
        super().__init__({"peername": ("192.0.2.9", 1)})
        self.written = b""
        self.wishes: list[str] = []

    def write(self, data) -> None:
        self.written += data

    def set_write_buffer_limits(self, high=None, low=None) -> None:
        pass

    def close(self) -> None:
        self.wishes.append("close")

    def abort(self) -> None:
        self.wishes.append("abort")

    def is_closing(self) -> bool:
        return "close" in self.wishes

    def pause_reading(self) -> None:
        self.wishes.append("pause")

    def resume_reading(self) -> None:
        self.wishes.append("resume")


class RecordingSession(asyncio.Protocol):
    """What takes over after an upgrade."""

    def __init__(self, rest: bytes) -> None:
        self.heard = [rest]

    def data_received(self, data: bytes) -> None:
        self.heard.append(data)

    def connection_lost(self, exc) -> None:
        self.heard.append(b"lost")


def connected(**options) -> tuple[HttpConnection, RecordingTransport, ServerState]:
    state = ServerState(Echo(), wall_ns=lambda: 1_790_000_000_000_000_000, **options)
    connection, transport = HttpConnection(state), RecordingTransport()
    connection.connection_made(transport)
    return connection, transport, state


def answers(written: bytes, count: int) -> list[tuple[int, dict[str, str], str]]:
    """`count` responses as an h11 client reads them, and nothing after them."""
    found, rest = [], written
    for _ in range(count):
        client = h11.Connection(h11.CLIENT)
        client.send(h11.Request(method="GET", target="/", headers=[("Host", "h")]))
        client.send(h11.EndOfMessage())
        client.receive_data(rest)
        head, body = client.next_event(), b""
        while isinstance(part := client.next_event(), h11.Data):
            body += bytes(part.data)
        assert isinstance(part, h11.EndOfMessage)
        found.append((head.status_code, {k.decode(): v.decode() for k, v in head.headers}, body.decode()))
        rest = client.trailing_data[0]
    assert rest == b""
    return found


GET = b"GET /a?n=%d HTTP/1.1\r\nHost: h\r\n\r\n"
PIPELINE = GET % 1 + b"POST /b HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi" + GET % 3
EXPECTED = ["GET /a?n=1  192.0.2.9", "POST /b? hi 192.0.2.9", "GET /a?n=3  192.0.2.9"]


@pytest.mark.parametrize("cut", range(0, len(PIPELINE), 7))
def test_pipelined_requests_are_answered_in_order(cut):
    connection, transport, _ = connected()
    connection.data_received(PIPELINE[:cut])
    connection.data_received(PIPELINE[cut:])
    assert [body for _, _, body in answers(transport.written, 3)] == EXPECTED


def test_a_response_carries_its_length_its_date_and_the_handlers_headers():
    connection, transport, _ = connected()
    connection.data_received(GET % 1)
    status, headers, body = answers(transport.written, 1)[0]
    assert (status, headers["content-length"]) == (200, str(len(body)))
    assert headers["date"] == "Mon, 21 Sep 2026 14:13:20 GMT"
    assert headers["x-ratelimit-remaining"] == "7"
    assert headers["content-type"].startswith("application/json")


def test_the_answer_to_head_has_no_body_that_the_next_one_could_be_taken_for():
    connection, transport, _ = connected()
    connection.data_received(b"HEAD /a HTTP/1.1\r\nHost: h\r\n\r\nGET /b HTTP/1.1\r\nHost: h\r\n\r\n")
    head, _, rest = transport.written.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert answers(rest, 1)[0][2].startswith("GET /b")


def test_a_client_that_asks_to_close_is_answered_then_closed_and_not_heard_any_more():
    connection, transport, _ = connected()
    connection.data_received(b"GET /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n" + GET % 2)
    connection.data_received(GET % 3)
    ((_, headers, body),) = answers(transport.written, 1)
    assert (headers["connection"], body) == ("close", "GET /x?  192.0.2.9")
    assert transport.wishes == ["close"]


def test_garbage_is_refused_after_the_answers_before_it_and_the_connection_closed():
    connection, transport, _ = connected()
    connection.data_received(GET % 1 + b"nonsense\r\n\r\n" + GET % 2)
    first, second = answers(transport.written, 2)
    assert first[0] == 200
    assert (second[0], second[1]["connection"]) == (400, "close")
    assert transport.wishes == ["close"]


def test_a_client_that_does_not_read_is_not_read_from():
    connection, transport, _ = connected()
    connection.pause_writing()
    connection.data_received(GET % 1)
    assert (transport.written, transport.wishes) == (b"", ["pause"])
    connection.resume_writing()
    assert len(answers(transport.written, 1)) == 1
    assert transport.wishes == ["pause", "resume"]


def test_an_upgrade_on_its_path_hands_the_connection_over_with_the_bytes_behind_it():
    sessions = []

    def upgrade(request, transport, rest):
        sessions.append(RecordingSession(rest))
        return sessions[0]

    connection, transport, state = connected(upgrade=upgrade, upgrade_paths=frozenset({"/ws"}))
    head = b"GET %s HTTP/1.1\r\nHost: h\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n\r\n"
    connection.data_received(head % b"/else" + head % b"/ws" + b"frame")
    connection.data_received(b"more")
    assert len(answers(transport.written, 1)) == 1, "the upgrade on another path was an ordinary request"
    connection.connection_lost(None)
    assert sessions[0].heard == [b"frame", b"more", b"lost"]
    assert not state.connections


def test_the_connection_above_the_limit_is_cut(monkeypatch):
    monkeypatch.setattr("tidings.exchange.server.http_server.MAX_CONNECTIONS", 1)
    _, first, state = connected()
    second = RecordingTransport()
    HttpConnection(state).connection_made(second)
    assert (first.wishes, second.wishes) == ([], ["abort"])


async def test_an_idle_connection_is_closed_when_a_timeout_is_set():
    _, transport, _ = connected(idle_timeout_s=0)
    await asyncio.sleep(0.01)
    assert transport.wishes == ["close"]


async def test_others_are_served_while_an_answer_is_prepared_and_the_order_stays():
    turns: list[str] = []

    def prepare(request: Request, wall_ns: int):
        return (turns.append("step") for _ in range(3)) if request.path == "/slow" else None

    connection, transport, state = connected(prepare=prepare)
    other, other_transport = HttpConnection(state), RecordingTransport()
    other.connection_made(other_transport)
    connection.data_received(b"GET /slow HTTP/1.1\r\nHost: h\r\n\r\nGET /b HTTP/1.1\r\nHost: h\r\n\r\n")
    assert transport.written == b""
    connection.data_received(b"GET /c HTTP/1.1\r\nHost: h\r\n\r\n")
    other.data_received(b"GET /d HTTP/1.1\r\nHost: h\r\n\r\n")
    assert b"GET /d" in other_transport.written
    assert (transport.written, len(turns) < 3) == (b"", True)
    assert transport.wishes == ["pause"], "what a client sends meanwhile must not pile up"
    for _ in range(10):
        await asyncio.sleep(0)
    assert len(turns) == 3
    places = [transport.written.index(f"GET /{name}?".encode()) for name in ("slow", "b", "c")]
    assert places == sorted(places)
    assert transport.written.count(b"HTTP/1.1 200") == 3
    assert transport.wishes == ["pause", "resume"]


async def test_a_client_that_leaves_while_its_answer_is_prepared_is_forgotten():
    connection, transport, state = connected(prepare=lambda request, wall_ns: iter([None, None]))
    connection.data_received(b"GET /slow HTTP/1.1\r\nHost: h\r\n\r\n")
    connection.connection_lost(None)
    for _ in range(10):
        await asyncio.sleep(0)
    assert (transport.written, state.connections) == (b"", set())
