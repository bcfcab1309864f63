"""Cold requests: each gets its own answer, or an error that says whether it can have been executed."""

import asyncio
import socket

import pytest

from tidings.clock import Clock
from tidings.errors import PeerError, RateLimited, RequestNotSent, RequestUnknown
from tidings.net.dialer import Dialer, Endpoint
from tidings.net.http_client import HttpClient


def request(path):
    return lambda: f"GET /{path} HTTP/1.1\r\nHost: venue\r\n\r\n".encode()


def answer(body, *headers, status="200 OK"):
    head = "".join(f"{header}\r\n" for header in headers)
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{head}\r\n{body}".encode()


class Venue:
    """An asyncio server whose `behave(writer, path)` a test replaces; by default the path is the answer."""

    def __init__(self):
        self.paths = []
        self.connection_count = 0
        self.writers = []
        self.behave = lambda writer, path: writer.write(answer(path))

    async def start(self):
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self.server.sockets[0].getsockname()[1]

    async def _serve(self, reader, writer):
        self.connection_count += 1
        self.writers.append(writer)
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                self.paths.append(head.split()[1].decode()[1:])
                self.behave(writer, self.paths[-1])
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()


@pytest.fixture
async def venue():
    venue = Venue()
    await venue.start()
    yield venue
    venue.server.close()
    for writer in venue.writers:
        writer.close()


@pytest.fixture
async def make_client(venue):
    clients = []

    def make(**options):
        dialer = Dialer(Endpoint("127.0.0.1", venue.port, uses_tls=False), Clock())
        clients.append(HttpClient(dialer, Clock(), **options))
        return clients[-1]

    yield make
    for client in clients:
        await client.close()


@pytest.fixture
def client(make_client):
    return make_client()


async def test_answer_with_status_body_and_rates(client, venue):
    headers = ("x-ratelimit-remaining-contract: 499", "x-ratelimit-capacity-contract: 500", "x-ratelimit-remaining: 7")
    venue.behave = lambda writer, path: writer.write(answer("no such thing", *headers, status="404 Not Found"))
    got = await client.request(request("x"))
    assert (got.status, got.body) == (404, b"no such thing")
    assert got.remaining == {"contract": 499, "": 7}


async def test_connection_is_kept(client, venue):
    assert [(await client.request(request(str(index)))).body for index in range(3)] == [b"0", b"1", b"2"]
    assert venue.connection_count == 1


async def test_requests_at_once_get_their_own_answers(client):
    got = await asyncio.gather(*(client.request(request(str(index))) for index in range(20)))
    assert [int(one.body) for one in got] == list(range(20))


async def test_slow_answer_holds_back_only_its_lane(make_client, venue):
    client = make_client(lane_count=2)
    venue.behave = lambda writer, path: None if path == "slow" else writer.write(answer(path))
    slow = asyncio.create_task(client.request(request("slow")))
    while "slow" not in venue.paths:
        await asyncio.sleep(0)
    assert (await client.request(request("quick"))).body == b"quick"
    slow.cancel()


async def test_connection_closed_while_idle_is_dialled_again(client, venue):
    await client.request(request("a"))
    venue.writers[0].close()
    await venue.writers[0].wait_closed()
    assert (await client.request(request("b"))).body == b"b"
    assert venue.paths == ["a", "b"]
    assert venue.connection_count == 2


async def test_announced_end_is_respected(client, venue):
    venue.behave = lambda writer, path: writer.write(answer(path, "Connection: close"))
    assert (await client.request(request("a"))).body == b"a"
    assert (await client.request(request("b"))).body == b"b"
    assert venue.connection_count == 2


async def test_no_answer_in_time_is_unknown_and_its_late_answer_reaches_nobody(client, venue):
    venue.behave = lambda writer, path: None if path == "late" else writer.write(answer(path))
    with pytest.raises(RequestUnknown, match=r"no answer within 0\.05 s: it may have been executed"):
        await client.request(request("late"), timeout_s=0.05)
    venue.writers[0].write(answer("the late answer"))
    assert (await client.request(request("next"))).body == b"next"


async def test_cancelled_waiter_shifts_no_answer(client, venue):
    venue.behave = lambda writer, path: None if path == "dropped" else writer.write(answer(path))
    waiting = asyncio.create_task(client.request(request("dropped")))
    while not venue.paths:
        await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    venue.writers[0].write(answer("the dropped answer"))
    assert (await client.request(request("next"))).body == b"next"


async def test_waiting_for_a_lane_counts_as_not_sent(client, venue):
    venue.behave = lambda writer, path: None
    slow = asyncio.create_task(client.request(request("slow")))
    while not venue.paths:
        await asyncio.sleep(0)
    with pytest.raises(RequestNotSent, match="no free connection"):
        await client.request(request("never"), timeout_s=0.01)
    assert venue.paths == ["slow"]
    slow.cancel()


async def test_end_before_the_answer_is_unknown(client, venue):
    venue.behave = lambda writer, path: writer.transport.abort()
    with pytest.raises(RequestUnknown, match="may have been executed"):
        await client.request(request("a"))


async def test_end_inside_the_answer_is_unknown(client, venue):
    def cut(writer, path):
        writer.write(answer("body")[:-1])
        writer.close()

    venue.behave = cut
    with pytest.raises(RequestUnknown):
        await client.request(request("a"))


async def test_what_is_not_http_is_the_peers_error(client, venue):
    venue.behave = lambda writer, path: writer.write(b"<html>")
    with pytest.raises(PeerError):
        await client.request(request("a"))


async def test_port_nobody_listens_on_is_not_sent():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    client = HttpClient(Dialer(Endpoint("127.0.0.1", port, uses_tls=False), Clock()), Clock())
    with pytest.raises(RequestNotSent, match="Connection refused: does anything listen there"):
        await client.request(request("a"))


async def test_closing_ends_what_is_in_flight(client, venue):
    venue.behave = lambda writer, path: None
    waiting = asyncio.create_task(client.request(request("a")))
    while not venue.paths:
        await asyncio.sleep(0)
    await client.close()
    with pytest.raises(RequestUnknown, match="closed by us"):
        await waiting


async def test_a_closed_client_dials_no_more(client, venue):
    await client.request(request("a"))
    await client.close()
    with pytest.raises(RequestNotSent, match="closed by us"):
        await client.request(request("b"))
    assert (venue.paths, venue.connection_count) == (["a"], 1)


async def test_a_request_is_made_when_its_connection_can_take_it(client, venue):
    made = []

    def make(path):
        made.append(path)
        return request(path)()

    venue.behave = lambda writer, path: None
    slow = asyncio.create_task(client.request(lambda: make("slow")))
    while "slow" not in venue.paths:
        await asyncio.sleep(0)
    waiting = asyncio.create_task(client.request(lambda: make("next")))
    await asyncio.sleep(0.01)
    assert made == ["slow"]  # the other waits for its turn, and is not made before
    venue.behave = lambda writer, path: writer.write(answer(path))
    venue.writers[0].write(answer("slow"))
    assert [(await slow).body, (await waiting).body] == [b"slow", b"next"]
    assert made == ["slow", "next"]


async def test_what_making_a_request_raises_ends_it_unsent(client, venue):
    def refused():
        raise RateLimited("no room", 1)

    with pytest.raises(RateLimited):
        await client.request(refused)
    assert (await client.request(request("next"))).body == b"next"
    assert venue.paths == ["next"]
