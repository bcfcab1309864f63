"""Over real sockets and TLS: floods, clients that do not read, handshakes that stand still."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest

from tidings.exchange import local_exchange
from tidings.exchange.local_exchange import ExchangeConfig, LocalExchange
from tidings.exchange.server.http_server import READ_PAUSE_BYTES
from tidings.exchange.server.turns import TURN_BYTES

PRODUCTS = b"GET /public/products HTTP/1.1\r\nHost: h\r\n\r\n"
TIME = b"GET /public/time HTTP/1.1\r\nHost: h\r\n\r\n"
FLOOD = 5_000
TLS_BUFFER_BYTES = 1024 * 1024  # what TLS layers of the loop hold besides


class Running:
    """An exchange and how to reach it."""

    def __init__(self, exchange: LocalExchange, ready: dict) -> None:
        self.exchange = exchange
        address = urlsplit(ready["rest"])
        self.host, self.port = address.hostname, address.port
        self.tls = ssl.create_default_context(cafile=ready["ca_file"])

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(self.host, self.port, ssl=self.tls)

    async def wait_until(self, condition) -> None:
        async with asyncio.timeout(30):
            while not condition():
                await asyncio.sleep(0.01)


@pytest.fixture
async def running() -> AsyncIterator[Running]:
    exchange = LocalExchange(ExchangeConfig(has_rate_limits=False, has_flow=False))
    try:
        yield Running(exchange, await exchange.start())
    finally:
        await exchange.stop()


async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    writer.write(TIME)
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.partition(b"Content-Length: ")[2].partition(b"\r\n")[0])
    return await reader.readexactly(length)


async def test_a_client_that_floods_and_does_not_read_costs_little_and_stalls_nobody(running):
    _, flooding = await running.connect()
    flooding.transport.pause_reading()
    flooding.write(PRODUCTS * FLOOD)
    other = await running.connect()
    async with asyncio.timeout(30):
        for _ in range(20):
            assert (await ask(*other)).startswith(b'{"code":0')
    answered = running.exchange.work_count() - 20
    assert 0 < answered < FLOOD / 10, "most of the flood waits in the client"
    _, state = running.exchange._listeners[0]
    unsent = max(transport.get_write_buffer_size() for transport in state.connections)
    assert unsent <= READ_PAUSE_BYTES + TURN_BYTES + TLS_BUFFER_BYTES
    flooding.transport.abort()


async def test_a_flood_that_is_read_is_answered_whole(running):
    reader, writer = await running.connect()
    writer.write(TIME * 1_000 + b"GET /public/time HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
    async with asyncio.timeout(30):
        answers = await reader.read(-1)
    assert answers.count(b"HTTP/1.1 200 OK\r\n") == 1_001


@pytest.fixture
def impatient(monkeypatch) -> None:
    """An exchange made after this waits as short for a handshake: no good one could be sure to be done by then."""
    monkeypatch.setattr(local_exchange, "HANDSHAKE_PATIENCE_S", 0.2)


async def test_a_handshake_that_stands_still_is_cut(impatient, running):
    reader, writer = await asyncio.open_connection(running.host, running.port)
    writer.write(b"\x16\x03\x01")
    async with asyncio.timeout(30):
        assert await reader.read(100) == b"", "hung up on"
    writer.close()


async def test_a_client_that_hangs_up_halfway_is_forgotten(running):
    _, state = running.exchange._listeners[0]
    reader, writer = await running.connect()
    assert (await ask(reader, writer)).startswith(b'{"code":0')
    writer.write(TIME[:20])
    await running.wait_until(lambda: len(state.deadlines) == 1)
    writer.transport.abort()
    await running.wait_until(lambda: not state.connections)
    assert len(state.deadlines) == 0
