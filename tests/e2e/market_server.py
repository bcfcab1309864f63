"""A venue's public streams that keep the venue's limits and do what a test tells them: for connections and their loss.

Every subscription is answered and, if it is of an order book, followed by a snapshot.
"""

import json
import time
from collections import defaultdict

from fault_server import FaultServer
from websockets.asyncio.server import ServerConnection

import tidings

SUBSCRIPTIONS_MAX = 20
REQUESTS_PER_S = 20


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
        self.broken: list[str] = []  # the venue's limits that were not kept

    @property
    def live(self) -> list[set[tuple[str, str]]]:
        """What each open connection holds, the fullest first."""
        return sorted((self.held[stream] for stream in self.streams), key=len, reverse=True)

    async def _answer_stream(self, connection: ServerConnection, request: dict) -> None:
        self._count(connection)
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
            self.broken.append(f"{len(self.held[connection])} subscriptions")
        if channel.startswith("orderbook") and not self.is_still:
            await connection.send(snapshot(params[0], channel))

    def _count(self, connection: ServerConnection) -> None:
        asked_s = self.asked_s[connection]
        asked_s.append(time.monotonic())
        if len(asked_s) > REQUESTS_PER_S and asked_s[-1] - asked_s[-1 - REQUESTS_PER_S] < 1.0:
            within_s = asked_s[-1] - asked_s[-1 - REQUESTS_PER_S]
            self.broken.append(f"{REQUESTS_PER_S + 1} requests within {within_s:.3f} s")

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
