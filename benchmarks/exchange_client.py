"""A cheap client of the local exchange: requests signed ahead, 8 pipelined TLS connections, four account streams.

It keeps a constant number of orders live: each connection creates orders at a distance from the market and cancels
the oldest, and every `FILL_EVERY`th order is one that trades at once, buys and sells in turns. Users 0 and 1 trade
BTCUSDT and listen to aop_p, users 2 and 3 trade BTCUSD and listen to aop.
"""

import asyncio
import base64
import hmac
import os
import ssl
import time
from collections import deque
from collections.abc import Iterator
from urllib.parse import urlsplit

CONNECTIONS = 8
LIVE_PER_CONNECTION = 40
FILL_EVERY = 10
EXPIRY_AHEAD_S = 600
TICK_S = 0.001
CODE_OK = b'{"code":0,'


def signed(account: dict, method: str, path: str, query: str) -> bytes:
    """One request as bytes."""
    expiry = int(time.time()) + EXPIRY_AHEAD_S
    signature = hmac.digest(account["api_secret"].encode(), f"{path}{query}{expiry}".encode(), "sha256").hex()
    return (
        f"{method} {path}?{query} HTTP/1.1\r\nHost: localhost\r\nx-phemex-access-token: {account['api_key']}\r\n"
        f"x-phemex-request-expiry: {expiry}\r\nx-phemex-request-signature: {signature}\r\n\r\n"
    ).encode()


def usd_m(account: dict, name: str) -> Iterator[bytes]:
    """Requests of one connection for BTCUSDT, for ever."""
    live: deque[str] = deque()
    head = "symbol=BTCUSDT&posSide=Merged"
    for number in range(10**9):
        cl_ord_id = f"{name}-{number}"
        side = "Buy" if number // FILL_EVERY % 2 else "Sell"
        if number % FILL_EVERY == 0:
            price = "62000" if side == "Buy" else "60000"
            query = f"{head}&clOrdID={cl_ord_id}&side={side}&orderQtyRq=0.01&priceRp={price}&ordType=Limit"
            yield signed(account, "PUT", "/g-orders/create", f"{query}&timeInForce=ImmediateOrCancel")
            continue
        price = f"{55_000 + number % 50 * 10}.5" if side == "Buy" else f"{66_000 + number % 50 * 10}.5"
        query = f"{head}&clOrdID={cl_ord_id}&side={side}&orderQtyRq=0.01&priceRp={price}&ordType=Limit"
        yield signed(account, "PUT", "/g-orders/create", f"{query}&timeInForce=GoodTillCancel")
        live.append(cl_ord_id)
        if len(live) > LIVE_PER_CONNECTION:
            yield signed(account, "DELETE", "/g-orders/cancel", f"{head}&clOrdID={live.popleft()}")


def coin_m(account: dict, name: str) -> Iterator[bytes]:
    """Requests of one connection for BTCUSD, for ever."""
    live: deque[str] = deque()
    for number in range(10**9):
        cl_ord_id = f"{name}-{number}"
        side = "Buy" if number // FILL_EVERY % 2 else "Sell"
        head = f"symbol=BTCUSD&clOrdID={cl_ord_id}&side={side}&orderQty=10&ordType=Limit"
        if number % FILL_EVERY == 0:
            price = 620_000_000 if side == "Buy" else 600_000_000
            query = f"{head}&priceEp={price}&timeInForce=ImmediateOrCancel"
            yield signed(account, "PUT", "/orders/create", query)
            continue
        price = 550_000_000 + number % 50 * 5_000 if side == "Buy" else 660_000_000 + number % 50 * 5_000
        yield signed(account, "PUT", "/orders/create", f"{head}&priceEp={price}&timeInForce=GoodTillCancel")
        live.append(cl_ord_id)
        if len(live) > LIVE_PER_CONNECTION:
            yield signed(account, "DELETE", "/orders/cancel", f"symbol=BTCUSD&clOrdID={live.popleft()}")


class Lane(asyncio.Protocol):
    """One pipelined connection. Every reply must carry code 0."""

    def __init__(self, requests: Iterator[bytes], sink: "Client") -> None:
        self.requests = requests
        self.sink = sink
        self.ahead: deque[bytes] = deque()
        self.due_ns: deque[int] = deque()  # of the requests in flight: when each should have left
        self.rest = b""
        self.transport: asyncio.Transport

    def connection_made(self, transport) -> None:
        self.transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        self.sink.failure = self.sink.failure or f"a connection was lost: {exc}"

    def prepare(self, count: int) -> None:
        """Sign so many requests ahead."""
        while len(self.ahead) < count:
            self.ahead.append(next(self.requests))

    def send(self, due_ns: list[int]) -> None:
        """One request for each time, in one write."""
        if len(self.ahead) < len(due_ns):
            self.prepare(len(due_ns))
        self.due_ns.extend(due_ns)
        self.transport.write(b"".join([self.ahead.popleft() for _ in due_ns]))

    def data_received(self, data: bytes) -> None:
        now_ns = time.perf_counter_ns()
        data = self.rest + data
        start, count = 0, 0
        while (end := data.find(b"\r\n\r\n", start)) >= 0:
            at = data.index(b"Content-Length: ", start) + 16
            body_bytes = int(data[at : data.index(b"\r", at)])
            if len(data) < end + 4 + body_bytes:
                break
            if not data.startswith(CODE_OK, end + 4):
                self.sink.failure = self.sink.failure or repr(data[start : end + 4 + body_bytes])
            start = end + 4 + body_bytes
            self.sink.taken_ns.append(now_ns - self.due_ns.popleft())
            count += 1
        self.rest = data[start:]
        self.sink.on_replies(self, count)


class Stream(asyncio.Protocol):
    """One account stream: logs in, subscribes, counts messages."""

    def __init__(self, account: dict, channel: str) -> None:
        self.account, self.channel = account, channel
        self.messages = self.stream_bytes = 0
        self.missing = 0  # bytes of the present frame that have not come
        self.rest = b""
        self.is_open = False
        self.transport: asyncio.Transport

    def connection_made(self, transport) -> None:
        self.transport = transport
        key = base64.b64encode(os.urandom(16)).decode()
        head = "GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        transport.write(f"{head}Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode())

    def say(self, text: str) -> None:
        payload = text.encode()
        assert len(payload) < 65_536
        size = bytes((0x80 | len(payload),)) if len(payload) < 126 else b"\xfe" + len(payload).to_bytes(2, "big")
        self.transport.write(b"\x81" + size + bytes(4) + payload)

    def begin(self) -> None:
        expiry = int(time.time()) + 60
        key, secret = self.account["api_key"], self.account["api_secret"]
        signature = hmac.digest(secret.encode(), f"{key}{expiry}".encode(), "sha256").hex()
        self.say(f'{{"method":"user.auth","params":["API","{key}","{signature}",{expiry}],"id":1}}')
        self.say(f'{{"method":"{self.channel}.subscribe","params":[],"id":2}}')

    def data_received(self, data: bytes) -> None:
        if not self.is_open:
            data = self.rest + data
            head, separator, data = data.partition(b"\r\n\r\n")
            if not separator:
                self.rest = head
                return
            assert b" 101 " in head, head
            self.is_open, self.rest = True, b""
            self.begin()
        self.stream_bytes += len(data)
        self.count(data)

    def count(self, data: bytes) -> None:
        """Walk over the frames without looking into them."""
        if self.missing >= len(data):
            self.missing -= len(data)
            return
        data, self.missing = self.rest + data[self.missing :], 0
        at = 0
        while len(data) - at >= 10:
            size, head_bytes = data[at + 1], 2
            if size == 126:
                size, head_bytes = int.from_bytes(data[at + 2 : at + 4], "big"), 4
            elif size == 127:
                size, head_bytes = int.from_bytes(data[at + 2 : at + 10], "big"), 10
            self.messages += 1
            at += head_bytes + size
        self.missing, self.rest = max(0, at - len(data)), data[at:]


class Client:
    """All connections, and what they measured."""

    def __init__(self, ready: dict) -> None:
        address = urlsplit(ready["rest"])
        self.host, self.port = address.hostname, address.port
        self.tls = ssl.create_default_context(cafile=ready["ca_file"])
        self.accounts = ready["accounts"]
        self.lanes: list[Lane] = []
        self.streams: list[Stream] = []
        self.taken_ns: list[int] = []
        self.failure = ""
        self.window = 0  # requests a connection keeps in flight by itself; 0: it is told when to send

    async def open(self) -> None:
        loop = asyncio.get_running_loop()
        where = {"host": self.host, "port": self.port, "ssl": self.tls, "server_hostname": "localhost"}
        for number, account in enumerate(self.accounts[:4]):
            stream = Stream(account, "aop_p" if number < 2 else "aop")
            await loop.create_connection(lambda stream=stream: stream, **where)
            self.streams.append(stream)
        for number in range(CONNECTIONS):
            which = number % 4
            requests = (usd_m if which < 2 else coin_m)(self.accounts[which], f"c{number}")
            lane = Lane(requests, self)
            await loop.create_connection(lambda lane=lane: lane, **where)
            self.lanes.append(lane)

    def ping(self) -> None:
        for stream in self.streams:
            stream.say('{"method":"server.ping","params":[],"id":3}')

    def prepare(self, count: int) -> None:
        for lane in self.lanes:
            lane.prepare(count // CONNECTIONS)

    def on_replies(self, lane: Lane, count: int) -> None:
        if self.window and count and not self.failure:
            lane.send([time.perf_counter_ns()] * count)

    async def saturate(self, seconds: float, window: int) -> None:
        """Keep `window` requests in flight on each connection."""
        self.window = window
        for lane in self.lanes:
            lane.send([time.perf_counter_ns()] * window)
        await asyncio.sleep(seconds)
        self.window = 0
        await self.drain()

    async def pace(self, seconds: float, per_s: float) -> None:
        """So many a second, each at its time, over the connections in turn; times count from when a request is due."""
        begin_ns = time.perf_counter_ns()
        gap_ns, sent = int(1e9 / per_s), 0
        while (elapsed_ns := time.perf_counter_ns() - begin_ns) < seconds * 1e9 and not self.failure:
            due: list[list[int]] = [[] for _ in self.lanes]
            while sent * gap_ns <= elapsed_ns:
                due[sent % CONNECTIONS].append(begin_ns + sent * gap_ns)
                sent += 1
            for lane, times_ns in zip(self.lanes, due, strict=True):
                if times_ns:
                    lane.send(times_ns)
            await asyncio.sleep(TICK_S)  # sleeps: a client that spins is put aside by the kernel now and then
        await self.drain()

    async def drain(self) -> None:
        deadline_s = time.monotonic() + 30
        while any(lane.due_ns for lane in self.lanes) and not self.failure:
            await asyncio.sleep(0.002)
            assert time.monotonic() < deadline_s, "the exchange does not answer"

    def close(self) -> None:
        self.failure = self.failure or "closed"
        for connection in (*self.lanes, *self.streams):
            connection.transport.abort()
