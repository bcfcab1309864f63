"""One client of the round-trip benchmark in its own process: `python -m benchmarks.clients NAME PORT CA_FILE`.

Speaks what floor.c speaks: "ready", then for each line "COUNT QUIET_US" on stdin COUNT triples of int64 on stdout
(decided → send(2) entered, → returned, → reply parsed, ns). wire_stamps.c is preloaded. Every client signs the
canonical order the way its users do, checks that the reply is about that order, and waits for it before the next.
"""

import asyncio
import ctypes
import hmac
import http.client
import ssl
import sys
import time
from array import array
from collections.abc import Callable
from functools import partial
from time import perf_counter_ns
from typing import Any

import orjson

from benchmarks.messages import API_KEY, API_SECRET, ORDER_PATH, order_query

EXPIRY_AHEAD_S = 60
SECRET = API_SECRET.encode()


class WireStamps:
    """The preloaded stamps of this process's sends."""

    def __init__(self) -> None:
        self.values = (ctypes.c_int64 * 4).in_dll(ctypes.CDLL(None), "wire_stamps")

    def clear(self) -> None:
        self.values[0] = 0

    def triple(self, decided_ns: int, parsed_ns: int) -> tuple[int, int, int]:
        return self.values[0] - decided_ns, self.values[1] - decided_ns, parsed_ns - decided_ns


def signed_order(number: int) -> tuple[str, str, dict[str, str]]:
    """(client id, target, headers) of order `number`, signed by the standard library's fastest call."""
    cl_ord_id = f"order{number:015d}"
    query = order_query(cl_ord_id, f"0.0{10 + number % 90}", f"{61250 + number % 100}.{number % 10}")
    expiry = str(int(time.time()) + EXPIRY_AHEAD_S)
    signature = hmac.digest(SECRET, f"{ORDER_PATH}{query}{expiry}".encode(), "sha256").hex()
    headers = {
        "x-phemex-access-token": API_KEY,
        "x-phemex-request-expiry": expiry,
        "x-phemex-request-signature": signature,
    }
    return cl_ord_id, f"{ORDER_PATH}?{query}", headers


def check(reply: Any, cl_ord_id: str) -> None:
    if reply["code"] != 0 or reply["data"]["clOrdID"] != cl_ord_id or not reply["data"]["orderID"]:
        raise RuntimeError(f"the reply is not about {cl_ord_id}: {reply!r}")


class BlockingClient:
    """Orders one after the other through `place(number)`, which returns when the reply is checked."""

    def __init__(self, place: Callable[[int], None], close: Callable[[], None]) -> None:
        self.place = place
        self.close = close
        self.number = 0

    def run(self, count: int, quiet_us: int) -> array:
        triples, stamps = array("q"), WireStamps()
        for _ in range(count):
            if quiet_us:
                time.sleep(quiet_us / 1e6)
            self.number += 1
            stamps.clear()
            decided_ns = perf_counter_ns()
            self.place(self.number)
            triples.extend(stamps.triple(decided_ns, perf_counter_ns()))
        return triples


class LoopClient:
    """The same for a coroutine `place(number)` on a loop of its own."""

    def __init__(self, loop: asyncio.AbstractEventLoop, place: Callable[[int], Any], close: Callable[[], Any]) -> None:
        self.loop = loop
        self.place = place
        self.close_session = close
        self.number = 0

    def run(self, count: int, quiet_us: int) -> array:
        return self.loop.run_until_complete(self.orders(count, quiet_us))

    def close(self) -> None:
        self.loop.run_until_complete(self.close_session())
        self.loop.close()

    async def orders(self, count: int, quiet_us: int) -> array:
        triples, stamps = array("q"), WireStamps()
        for _ in range(count):
            if quiet_us:
                await asyncio.sleep(quiet_us / 1e6)
            self.number += 1
            stamps.clear()
            decided_ns = perf_counter_ns()
            await self.place(self.number)
            triples.extend(stamps.triple(decided_ns, perf_counter_ns()))
        return triples


def make_http_client(port: int, ca_file: str) -> BlockingClient:
    """The standard library's http.client with orjson."""
    connection = http.client.HTTPSConnection("127.0.0.1", port, context=ssl.create_default_context(cafile=ca_file))

    def place(number: int) -> None:
        cl_ord_id, target, headers = signed_order(number)
        connection.request("PUT", target, headers=headers)
        check(orjson.loads(connection.getresponse().read()), cl_ord_id)

    return BlockingClient(place, connection.close)


def make_requests(port: int, ca_file: str) -> BlockingClient:
    """requests, one session kept open."""
    import requests

    session = requests.Session()

    base = f"https://127.0.0.1:{port}"

    def place(number: int) -> None:
        cl_ord_id, target, headers = signed_order(number)
        check(session.put(f"{base}{target}", headers=headers, verify=ca_file).json(), cl_ord_id)

    return BlockingClient(place, session.close)


def make_aiohttp(port: int, ca_file: str) -> LoopClient:
    """aiohttp on uvloop, one session kept open."""
    import aiohttp
    import uvloop
    from yarl import URL

    loop = uvloop.new_event_loop()
    context = ssl.create_default_context(cafile=ca_file)

    async def open_session() -> aiohttp.ClientSession:
        return aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context))

    session = loop.run_until_complete(open_session())

    async def place(number: int) -> None:
        cl_ord_id, target, headers = signed_order(number)
        url = URL(f"https://127.0.0.1:{port}{target}", encoded=True)
        async with session.put(url, headers=headers) as response:
            check(await response.json(loads=orjson.loads), cl_ord_id)

    return LoopClient(loop, place, session.close)


def make_ccxt(port: int, ca_file: str) -> LoopClient:
    """ccxt's own asynchronous class for the venue, told one market, on uvloop."""
    import ccxt.async_support as ccxt
    import uvloop

    loop = uvloop.new_event_loop()

    async def open_exchange() -> Any:
        options = {"apiKey": API_KEY, "secret": API_SECRET, "enableRateLimit": False, "cafile": ca_file}
        exchange = ccxt.phemex(options)
        for name in exchange.urls["api"]:
            exchange.urls["api"][name] = f"https://127.0.0.1:{port}"
        exchange.set_markets([ccxt_market(exchange)])
        return exchange

    exchange = loop.run_until_complete(open_exchange())

    async def place(number: int) -> None:
        cl_ord_id, price = f"order{number:015d}", 61250 + number % 100
        order = await exchange.create_order(
            "BTC/USDT:USDT", "limit", "buy", 0.025, price, {"clientOrderId": cl_ord_id, "posSide": "Merged"}
        )
        if order["id"] is None:
            raise RuntimeError(f"ccxt read no order id from {order!r}")

    return LoopClient(loop, place, exchange.close)


def ccxt_market(exchange: Any) -> dict[str, Any]:
    """The canonical instrument as ccxt describes a linear swap."""
    market = exchange.safe_market_structure(
        {"id": "BTCUSDT", "symbol": "BTC/USDT:USDT", "base": "BTC", "quote": "USDT", "settle": "USDT"}
    )
    kind = {"type": "swap", "swap": True, "contract": True, "linear": True, "inverse": False, "spot": False}
    scales = {"priceScale": 0, "ratioScale": 0, "valueScale": 0, "contractSize": 1.0, "settleId": "USDT"}
    return market | kind | scales | {"active": True, "precision": {"amount": 0.001, "price": 0.1}, "info": {}}


def make_tidings(port: int, ca_file: str, busy: bool) -> Any:
    from benchmarks.tidings_client import RoundTripClient

    return RoundTripClient(port, ca_file, busy)


MAKERS: dict[str, Callable[[int, str], Any]] = {
    "tidings-sleeping": partial(make_tidings, busy=False),
    "tidings-busy": partial(make_tidings, busy=True),
    "http.client": make_http_client,
    "requests": make_requests,
    "aiohttp": make_aiohttp,
    "ccxt": make_ccxt,
}


def main(name: str, port: int, ca_file: str) -> None:
    client = MAKERS[name](port, ca_file)
    print("ready", flush=True)
    for line in sys.stdin:
        count, quiet_us = map(int, line.split())
        sys.stdout.buffer.write(client.run(count, quiet_us).tobytes())
        sys.stdout.buffer.flush()
    client.close()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
