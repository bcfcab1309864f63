"""The exchange inside a plain asyncio loop: start, serve, survive a defect of the core, stop without leftovers."""

import asyncio
import json
import ssl
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tidings.exchange.local_exchange import ExchangeConfig, LocalExchange, WallClock
from tidings.exchange.rest.klines import preparation
from tidings.exchange.server.http_request import Request
from tidings.exchange.venue_rules import Rules

QUIET = ExchangeConfig(has_flow=False, matching_delay_ms=0)


async def ask(url: str, path: str, ca_file: object = None, *, method: str = "GET", body: str = "") -> dict:
    """One request through asyncio's streams; gives the JSON of the answer."""
    parts = urlsplit(url)
    context = ssl.create_default_context(cafile=ca_file) if parts.scheme == "https" else None
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port, ssl=context)
    head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    writer.write((head + body).encode())
    answer = await asyncio.wait_for(reader.read(), 30)
    writer.close()
    return json.loads(answer.partition(b"\r\n\r\n")[2])


@pytest.fixture
async def exchange():
    exchange = LocalExchange(QUIET)
    exchange.ready = await exchange.start()
    yield exchange
    await exchange.stop()


async def test_it_serves_tls_and_its_admin_endpoint(exchange):
    assert (await ask(exchange.ready["rest"], "/public/time", exchange.ready["ca_file"]))["code"] == 0
    assert (await ask(exchange.ready["admin"], "/counters"))["requests"] == 1


async def test_it_stops_twice_and_leaves_no_file_and_no_listener(exchange):
    await exchange.stop()
    await exchange.stop()
    assert not Path(exchange.ready["ca_file"]).exists()
    with pytest.raises(ConnectionRefusedError):
        await ask(exchange.ready["admin"], "/counters")


async def test_a_port_in_use_is_an_os_error_and_leaves_nothing(exchange, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    port = urlsplit(exchange.ready["rest"]).port
    with pytest.raises(OSError, match=str(port)):
        await LocalExchange(ExchangeConfig(port=port, has_flow=False)).start()
    assert list(tmp_path.iterdir()) == []


async def test_a_chore_that_fails_is_told_of_and_done_again(exchange, monkeypatch, caplog):
    """What publishes the markets, cuts silent clients and saves the state must not end with its first failure."""
    polls: list[int] = []

    def poll(now_ns: int) -> None:
        polls.append(now_ns)
        raise RuntimeError("a defect of a feed")

    monkeypatch.setattr(type(exchange._hub), "has_feeds", True)
    monkeypatch.setattr(exchange._hub, "poll", poll)
    async with asyncio.timeout(30):
        while len(polls) < 3:
            await asyncio.sleep(0.01)
    assert "poll_markets failed" in caplog.text
    assert (await ask(exchange.ready["admin"], "/counters"))["failures"] >= 3


async def test_a_defect_of_the_core_is_logged_and_does_not_stop_the_clock(exchange, monkeypatch, caplog):
    real, failures = exchange.venue.advance, iter([True])

    def advance(now_ns: int):
        if next(failures, False):
            raise RuntimeError("a defect")
        return real(now_ns)

    monkeypatch.setattr(exchange.venue, "advance", advance)
    await ask(exchange.ready["admin"], "/price", method="POST", body='{"symbol":"BTCUSD","mark":"61234.5"}')
    for _ in range(200):
        await asyncio.sleep(0.01)
        if exchange.venue.next_due_ns() is None:
            break
    assert exchange.venue.next_due_ns() is None, "what was due has been done after all"
    assert "the exchange's core failed" in caplog.text
    assert (await ask(exchange.ready["admin"], "/counters"))["failures"] == 1


def test_the_wall_clock_never_goes_back(monkeypatch):
    times = iter([5, 9, 7, 10])
    monkeypatch.setattr("time.time_ns", lambda: next(times))
    clock = WallClock()
    assert [clock() for _ in range(4)] == [5, 9, 9, 10]


async def test_streams_above_the_limit_of_an_address_are_answered_429():
    exchange = LocalExchange(ExchangeConfig(has_flow=False, has_tls=False, rules=Rules(stream_attempts=2)))
    ready = await exchange.start()
    try:
        parts, heads = urlsplit(str(ready["rest"])), []
        for path in ("/", "/ws", "/ws"):
            reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
            writer.write(
                f"GET {path} HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
            )
            heads.append((await reader.readuntil(b"\r\n\r\n"))[:12])
            writer.close()
        assert heads == [b"HTTP/1.1 101", b"HTTP/1.1 101", b"HTTP/1.1 429"]
        assert (await ask(ready["rest"], "/public/time"))["code"] == 0, "requests have a limit of their own"
    finally:
        await exchange.stop()


@pytest.mark.parametrize(
    "query",
    [
        "v2/kline/last?symbol=BTCUSDT&resolution=14400&limit=1000",
        "v2/kline/list?symbol=BTCUSDT&resolution=180&from=1700000000&to=1700360000",
        "kline?symbol=BTCUSD&resolution=60&from=1700000000&to=1700060000",
    ],
)
async def test_candles_that_nobody_asked_for_before_are_made_in_steps(query):
    exchange = LocalExchange(ExchangeConfig())
    ready = await exchange.start()
    path = f"/exchange/public/md/{query}"
    request = Request("GET", path.partition("?")[0], path.partition("?")[2], {}, b"", True, b"")
    steps = preparation(exchange.venue, request, time.time_ns())
    assert next(steps, "none") is None, "there is something to make"
    rows = (await ask(ready["rest"], path, ready["ca_file"]))["data"]["rows"]
    assert len(rows) >= 1_000
    assert preparation(exchange.venue, request, time.time_ns()) is None
    await exchange.stop()
