"""A venue's public streams that keep the venue's limits and do what a test tells them: for connections and their loss.

Every subscription is answered and, if it is of an order book, followed by a snapshot.
"""

import asyncio
import json
import time
from collections import defaultdict
from collections.abc import Iterator

from fault_server import FaultServer
from websockets.asyncio.server import ServerConnection

import tidings

SUBSCRIPTIONS_MAX = 20
REQUESTS_PER_S = 20
LOOK_S = 0.01
STANDSTILL_S = 0.05
BACKLOG_S = 0.25  # to read what waited meanwhile


class MarketServer(FaultServer):
    """`held` are the subscriptions of each connection, by what was asked for: (channel, parameters as JSON)."""

    def __init__(self, *arguments, **options) -> None:
        super().__init__(*arguments, **options)
        self._catalogue = with_many_contracts(self._catalogue)
        self.held: dict[ServerConnection, set[tuple[str, str]]] = defaultdict(set)
        self.asked_s: dict[ServerConnection, list[float]] = defaultdict(list)
        self.subscribed: list[tuple[str, str]] = []  # in order, over all connections
        self.unsubscribed: list[tuple[str, str]] = []
        self.refused: set[str] = set()  # symbols
        self.is_still = False  # answers come, data does not
        self._too_many: list[str] = []
        self._standstills: list[tuple[float, float]] = []  # of the process, this server and its client in it

    async def __aenter__(self) -> "MarketServer":
        await super().__aenter__()
        self._watch = asyncio.create_task(self._note_standstills())
        return self

    async def __aexit__(self, *error: object) -> None:
        self._watch.cancel()
        await super().__aexit__(*error)

    @property
    def broken(self) -> list[str]:
        """The venue's limits that were not kept, whenever what was read late may have been sent."""
        return [*self._too_many, *self._paces_broken()]

    @property
    def live(self) -> list[set[tuple[str, str]]]:
        """What each open connection holds, the fullest first."""
        return sorted((self.held[stream] for stream in self.streams), key=len, reverse=True)

    async def _answer_stream(self, connection: ServerConnection, request: dict) -> None:
        self.asked_s[connection].append(time.monotonic())
        channel, _, verb = request["method"].rpartition(".")
        params = request["params"]
        result: object = "pong" if request["method"] == "server.ping" else {"status": "success"}
        error = {"code": 6001, "message": "invalid argument"} if self.refused.intersection(map(str, params)) else None
        await connection.send(json.dumps({"error": error, "id": request["id"], "result": None if error else result}))
        key = channel, json.dumps(params)
        if error or channel == "server":
            return
        if verb == "unsubscribe":
            self.unsubscribed.append(key)
            self.held[connection] = {
                held for held in self.held[connection]
                if held[0] != channel or (params and json.loads(held[1])[:1] != params)
            }  # fmt: skip
            return
        self.subscribed.append(key)
        self.held[connection].add(key)
        if len(self.held[connection]) > SUBSCRIPTIONS_MAX:
            self._too_many.append(f"{len(self.held[connection])} subscriptions")
        if channel.startswith("orderbook") and not self.is_still:
            await connection.send(snapshot(params[0], channel))

    def _paces_broken(self) -> Iterator[str]:
        for asked_s in self.asked_s.values():
            for first_s, last_s in zip(asked_s, asked_s[REQUESTS_PER_S:], strict=False):
                within_s = last_s - self._earliest_s(first_s)
                if within_s < 1.0:
                    yield f"{REQUESTS_PER_S + 1} requests within {within_s:.3f} s"

    def _earliest_s(self, read_s: float) -> float:
        """When something that was read then can have been sent at the earliest."""
        began = (began_s for began_s, ended_s in self._standstills if began_s <= read_s <= ended_s + BACKLOG_S)
        return min(began, default=read_s)

    async def _note_standstills(self) -> None:
        while True:
            began_s = time.monotonic()
            await asyncio.sleep(LOOK_S)
            if time.monotonic() - began_s > STANDSTILL_S:
                self._standstills.append((began_s, time.monotonic()))

    async def push(self, message: str, connection: ServerConnection | None = None) -> None:
        for stream in [connection] if connection is not None else list(self.streams):
            await stream.send(message)

    def holder(self, symbol: str) -> ServerConnection:
        """The connection that brings the book of a symbol."""
        return next(
            stream for stream in self.streams
            if any(channel.startswith("orderbook") and symbol in params for channel, params in self.held[stream])
        )  # fmt: skip

    def cut(self, connection: ServerConnection) -> None:
        connection.transport.abort()


def live(phemex: tidings.Phemex, symbols: list[str]) -> list[str]:
    """Of these symbols, those whose book is."""
    books = [phemex.engine.market.book(symbol) for symbol in symbols]
    return [book.symbol for book in books if book is not None and book.is_live]


def many(count: int) -> list[str]:
    """Symbols of USD-M contracts that this venue has."""
    return [f"S{number:03d}USDT" for number in range(count)]


def with_many_contracts(catalogue: bytes) -> bytes:
    """More contracts than a client may follow, each like BTCUSDT."""
    body = json.loads(catalogue)
    contracts = body["data"]["perpProductsV2"]
    model = next(contract for contract in contracts if contract["symbol"] == "BTCUSDT")
    contracts.extend(model | {"symbol": symbol} for symbol in many(120))
    return json.dumps(body).encode()


def snapshot(symbol: str, channel: str = "orderbook_p", sequence: int = 100, **changes: object) -> str:
    """A book with one level a side, on the grid of any line's larger symbols."""
    is_linear = channel == "orderbook_p"
    bid, offer = (["10", "1"], ["11", "1"]) if is_linear else ([10**10, 10**8], [2 * 10**10, 10**8])
    book = {"asks": [offer], "bids": [bid]}
    return json.dumps({
        "depth": 30, "orderbook_p" if is_linear else "book": book,
        "sequence": sequence, "symbol": symbol, "timestamp": 1, "type": "snapshot", **changes,
    })  # fmt: skip
