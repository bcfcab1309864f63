"""A venue that does to each order request exactly what a test tells it, and counts them: the other half of the truth.

Just enough HTTP/1.1 over TLS for an engine to connect; orders are never matched. The account stream is served by the
websockets library on a port of its own.
"""

import asyncio
import json
import ssl
import time
import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.resources import files
from urllib.parse import parse_qsl, urlsplit

from websockets.asyncio.server import ServerConnection, serve

NIL = "00000000-0000-0000-0000-000000000000"
SNAPSHOTS = {
    "aop.subscribe": {"accounts": [], "orders": [], "positions": [], "type": "snapshot"},
    "aop_p.subscribe": {"accounts_p": [], "orders_p": [], "positions_p": [], "type": "snapshot"},
    "wo.subscribe": {"wallets": [], "orders": {"closed": [], "fills": [], "open": []}, "type": "snapshot"},
}
LISTS = ("/orders", "/g-orders", "/spot/orders", "/exchange/order", "/api-data")
REFUSED = {"code": 6012, "message": "invalid login token"}


@dataclass
class Asked:
    """One order request as it came, and the connection it came on."""

    method: str
    path: str
    fields: dict[str, str]
    headers: dict[str, str]
    writer: asyncio.StreamWriter
    order_id: str = field(default_factory=lambda: str(uuid.uuid4()))

    @property
    def cl_ord_id(self) -> str:
        return self.fields.get("clOrdID", "")

    def answer(self, status: int, body: bytes, *headers: str) -> None:
        lines = [f"HTTP/1.1 {status} Told", f"Content-Length: {len(body)}", *headers, "", ""]
        self.writer.write("\r\n".join(lines).encode() + body)

    def accept(self, *headers: str, **changes: object) -> None:
        """What the venue says of a USD-M create (phemex docs 2026, "Place order (HTTP PUT, preferred)")."""
        row = {
            "bizError": 0, "orderID": self.fields.get("orderID", self.order_id), "clOrdID": self.cl_ord_id,
            "symbol": "BTCUSDT", "side": "Buy",
            "transactTimeNs": 0, "priceRp": self.fields.get("priceRp", "0"), "ordStatus": "Created",
            "orderQtyRq": self.fields.get("orderQtyRq", "0"), "execStatus": "PendingNew", **changes,
        }
        self.answer(200, json.dumps({"code": 0, "msg": "", "data": row}).encode(), *headers)

    def refuse(self, code: int, text: str, status: int = 200) -> None:
        self.answer(status, json.dumps({"code": code, "msg": text, "data": None}).encode())

    def tell(self, data: object) -> None:
        self.answer(200, json.dumps({"code": 0, "msg": "OK", "data": data}).encode())

    def cut(self) -> None:
        self.writer.transport.abort()


Act = Callable[[Asked], object]
Row = dict[str, object]


class FaultServer:
    """`acts`: what to do with the order requests to come, in turn; with none left they are accepted."""

    def __init__(self, context: ssl.SSLContext, *, clock_ahead_s: int = 0) -> None:
        self.acts: deque[Act] = deque()
        self.asked: list[Asked] = []
        self.cold_count = 0
        self.connection_count = 0
        self.login_errors: deque[dict[str, object]] = deque()
        self.logins = 0
        self.is_silent = False  # the stream answers nothing any more
        # What the lists show: rows of open orders, of done ones, of executions; `query_act` answers in their place.
        self.open_rows: list[Row] = []
        self.closed_rows: list[Row] = []
        self.trade_rows: list[Row] = []
        self.position_rows: list[Row] = []
        self.snapshot_rows: list[Row] = []  # of `orders_p`, at the next subscription
        self.query_act: Act | None = None
        self.queried: list[Asked] = []
        self.streams: list[ServerConnection] = []
        self._context, self._clock_ahead_s = context, clock_ahead_s
        document = json.loads(files("tidings.exchange").joinpath("catalogue.json").read_bytes())
        self._catalogue = json.dumps({"code": 0, "msg": "", **document}).encode()

    async def __aenter__(self) -> "FaultServer":
        self._rest = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._context)
        self._ws = await serve(self._stream, "127.0.0.1", 0, ssl=self._context, ping_interval=None, close_timeout=0.1)
        self.rest_url = f"https://127.0.0.1:{self._rest.sockets[0].getsockname()[1]}"
        self.ws_url = f"wss://127.0.0.1:{next(iter(self._ws.sockets)).getsockname()[1]}/ws"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._rest.close()
        self._ws.close()
        await self._ws.wait_closed()

    def tell(self, cl_ord_id: str, order_id: str, **changes: object) -> None:
        """Push one row of a USD-M order on the account stream."""
        row = {
            "action": "New", "clOrdID": cl_ord_id, "orderID": order_id, "symbol": "BTCUSDT", "side": "Buy",
            "ordStatus": "New", "execStatus": "New", "ordType": "Limit", "priceRp": "50000", "orderQty": "0.01",
            "cumQty": "0", "leavesQty": "0.01", "execID": NIL, "execQty": "0", "execPriceRp": "0", "code": 0,
            "tradeType": "Amend", "transactTimeNs": time.time_ns(), "message": "No error", **changes,
        }
        message = json.dumps({"accounts_p": [], "orders_p": [row], "positions_p": [], "type": "incremental"})
        for stream in self.streams:
            asyncio.get_running_loop().create_task(stream.send(message))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connection_count += 1
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                request_line, *lines = head.strip().split("\r\n")
                headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
                await reader.readexactly(int(headers.get("content-length", 0)))
                method, target, _ = request_line.split(" ")
                url = urlsplit(target)
                asked = Asked(method, url.path, dict(parse_qsl(url.query)), headers, writer)
                self._take(asked)
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            writer.close()

    def _take(self, asked: Asked) -> None:
        if asked.method == "GET" and asked.path.startswith(LISTS):
            self.queried.append(asked)
            (self.query_act or self._answer_query)(asked)
            return
        if asked.path.startswith(("/orders", "/g-orders", "/spot/orders")):
            self.asked.append(asked)
            (self.acts.popleft() if self.acts else Asked.accept)(asked)
            return
        self.cold_count += 1
        now_ms = int((time.time() + self._clock_ahead_s) * 1000)
        if asked.path == "/public/products":
            asked.answer(200, self._catalogue)
        elif asked.path == "/public/time":
            asked.answer(200, json.dumps({"code": 0, "data": {"serverTime": now_ms}}).encode())
        elif asked.path.startswith("/md/v3"):
            row = {"symbol": "BTCUSDT", "lastRp": "50000"}
            asked.answer(200, json.dumps({"error": None, "id": 0, "result": [row]}).encode())
        elif asked.path.startswith("/md/"):
            asked.answer(200, b'{"error":null,"id":0,"result":[]}')
        else:
            of_currency = [row for row in self.position_rows if row["currency"] == asked.fields.get("currency")]
            asked.tell({"account": {}, "positions": of_currency})

    def _answer_query(self, asked: Asked) -> None:
        """Of one symbol's rows those that were asked for; an empty list of open orders is a refusal (captured live)."""
        if asked.path.endswith("/activeList") or asked.path == "/spot/orders":
            rows = self.open_rows
        elif asked.path.endswith(("/trade", "/trades")):
            rows = self.trade_rows
        else:
            rows = self.closed_rows
        rows = [row for row in rows if row["symbol"] == asked.fields["symbol"]]
        if "clOrdID" in asked.fields:
            rows = [row for row in rows if asked.fields["clOrdID"] in (row.get("clOrdID"), row.get("clOrdId"))]
        offset = int(asked.fields.get("offset", 0))
        rows = rows[offset : offset + int(asked.fields.get("limit", 200))]
        if rows or "activeList" not in asked.path:
            asked.tell({"rows": rows})
        else:
            asked.refuse(10002, "OM_ORDER_NOT_FOUND")

    async def _stream(self, connection: ServerConnection) -> None:
        self.streams.append(connection)
        try:
            async for text in connection:
                if not self.is_silent:
                    await self._answer_stream(connection, json.loads(text))
        finally:
            self.streams.remove(connection)

    async def _answer_stream(self, connection: ServerConnection, request: dict[str, object]) -> None:
        error = None
        if request["method"] == "user.auth":
            self.logins += 1
            error = self.login_errors.popleft() if self.login_errors else None
        result = "pong" if request["method"] == "server.ping" else {"status": "success"}
        await connection.send(json.dumps({"error": error, "id": request["id"], "result": result}))
        if (snapshot := SNAPSHOTS.get(str(request["method"]))) is not None:
            rows = {"orders_p": self.snapshot_rows} if "orders_p" in snapshot else {}
            await connection.send(json.dumps({**snapshot, **rows}))
