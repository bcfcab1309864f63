"""Lanes come up, come back, and go down politely; against an asyncio server, which is not ours."""

import asyncio
import random
import socket

import pytest

from tidings.clock import Clock
from tidings.errors import ConfigError, ConnectionLost
from tidings.net.connector import Backoff, Connector
from tidings.net.dialer import Dialer, Endpoint
from tidings.net.lane import LanePool
from tidings.net.tls import TlsContext

NOW_NS = 1_000_000_000
PATIENCE_S = 30  # a busy machine
REQUEST = b"GET / HTTP/1.1\r\nHost: venue\r\n\r\n"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Server:
    """Answers each request; `writers` are the connections open now."""

    def __init__(self):
        self.writers = []
        self.accepted_count = 0
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def start(self):
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self.server.sockets[0].getsockname()[1]

    async def _serve(self, reader, writer):
        self.writers.append(writer)
        self.accepted_count += 1
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                await self.may_answer.wait()
                writer.write(ANSWER)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.writers.remove(writer)
            writer.close()


@pytest.fixture
async def server():
    server = Server()
    await server.start()
    yield server
    server.server.close()


@pytest.fixture
def pool(desk):
    return LanePool(desk, lane_count=3)


@pytest.fixture
async def connector(pool, server):
    dialer = Dialer(Endpoint("127.0.0.1", server.port, uses_tls=False), Clock())
    connector = Connector(pool, dialer, source=random.Random(1), first_backoff_s=0.001)
    yield connector
    await connector.close()


async def until(is_so):
    async with asyncio.timeout(PATIENCE_S):
        while not is_so():
            await asyncio.sleep(0.001)


def test_backoff_doubles_up_to_its_longest_and_begins_again():
    class Longest(random.Random):
        def uniform(self, low, high):
            assert low == high / 2
            return high

    backoff = Backoff(Longest(), first_s=1, longest_s=5)
    assert [backoff.next_s() for _ in range(5)] == [1, 2, 4, 5, 5]
    backoff.reset()
    assert backoff.next_s() == 1


def test_backoff_is_spread_at_random():
    source = random.Random(7)
    first_waits = {Backoff(source).next_s() for _ in range(100)}
    assert len(first_waits) == 100
    assert 0.05 <= min(first_waits) < 0.06
    assert 0.09 < max(first_waits) <= 0.1


async def test_start_brings_every_lane_up(connector, pool, desk):
    await connector.start()
    assert pool.up_count() == 3
    assert sorted(desk.told("up")) == [("up", 0), ("up", 1), ("up", 2)]


async def test_start_raises_when_nobody_listens(pool):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    connector = Connector(pool, Dialer(Endpoint("127.0.0.1", port, uses_tls=False), Clock()))
    with pytest.raises(ConnectionLost, match="Connection refused"):
        await connector.start()
    assert not [task for task in asyncio.all_tasks() if task.get_name().startswith("tidings-lane")]


async def test_start_raises_when_the_certificate_is_refused(pool, make_peer, certificate):
    peer = make_peer(certificate)
    accepting = asyncio.gather(*(asyncio.to_thread(peer.accept) for _ in pool), return_exceptions=True)
    connector = Connector(pool, Dialer(Endpoint("127.0.0.1", peer.port), Clock(), TlsContext()))
    with pytest.raises(ConnectionLost, match="certificate refused"):
        await connector.start()
    await accepting


async def test_setting_that_cannot_work_is_not_tried_again(pool, server, monkeypatch):
    dialer = Dialer(Endpoint("127.0.0.1", server.port, uses_tls=False), Clock())

    async def refuse(make_sink):
        raise ConfigError("plain TCP would show orders")

    monkeypatch.setattr(dialer, "connect", refuse)
    with pytest.raises(ConfigError):
        await Connector(pool, dialer).start()


async def test_lane_is_tried_again_after_an_error_nobody_foresaw(connector, pool, server, desk):
    raised = []

    def fail_once(lane, now_ns):
        if not raised:
            raised.append(lane.index)
            raise OSError("out of something")
        desk.heard.append(("up", lane.index))

    desk.lane_up = fail_once
    await connector.start()
    await until(lambda: ("up", raised[0]) in desk.heard)
    assert pool.up_count() == 3
    await until(lambda: len(server.writers) == 3)   # the connection that nobody attended is closed


async def test_lane_that_went_down_comes_back_and_works(connector, pool, server, desk):
    await connector.start()
    await until(lambda: len(server.writers) == 3)
    server.writers[0].transport.abort()
    await until(lambda: desk.told("down"))
    await until(lambda: pool.up_count() == 3)
    for lane in pool:
        lane.send_bytes(REQUEST, 10 + lane.index, NOW_NS)
    await until(lambda: len(desk.told("answer")) == 3)


async def test_other_lanes_carry_on_while_one_is_down(connector, pool, server, desk):
    await connector.start()
    await until(lambda: len(server.writers) == 3)
    server.writers[1].transport.abort()
    await until(lambda: desk.told("down"))
    assert pool.up_count() >= 2
    pool.pick().send_bytes(REQUEST, 1, NOW_NS)
    await desk.until("answer", 1, b"ok")


async def test_lanes_come_back_after_a_long_outage(connector, pool, server, desk):
    await connector.start()
    await until(lambda: len(server.writers) == 3)
    server.server.close()
    for writer in list(server.writers):
        writer.transport.abort()
    await until(lambda: len(desk.told("down")) == 3)
    await asyncio.sleep(0.01)       # some refused attempts
    server.server = await asyncio.start_server(server._serve, "127.0.0.1", server.port)
    await until(lambda: pool.up_count() == 3)


async def test_close_waits_for_answers_in_flight(connector, pool, server, desk):
    await connector.start()
    server.may_answer.clear()
    pool.pick().send_bytes(REQUEST, 1, NOW_NS)
    asyncio.get_running_loop().call_later(0.02, server.may_answer.set)
    await connector.close()
    assert desk.told("answer", "lost") == [("answer", 1, b"ok")]
    assert pool.up_count() == 0
    await until(lambda: not server.writers)


async def test_close_does_not_wait_for_ever(connector, pool, server, desk, monkeypatch):
    monkeypatch.setattr("tidings.net.connector.GRACE_S", 0.02)
    await connector.start()
    server.may_answer.clear()
    pool.pick().send_bytes(REQUEST, 1, NOW_NS)
    await connector.close()
    assert desk.told("lost") == [("lost", 1, True)]
    server.may_answer.set()


async def test_nothing_is_dialled_after_close(connector, pool, server):
    await connector.start()
    await connector.close()
    await asyncio.sleep(0.01)
    assert server.accepted_count == 3
    assert pool.up_count() == 0
