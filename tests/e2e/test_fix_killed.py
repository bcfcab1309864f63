"""`kill -9` of the gateway while a client trades: afterwards the client's view of its orders is the exchange's."""

import json
import random
import signal
import socket
import time
import urllib.request
from collections import Counter
from decimal import Decimal

import pytest
from fix_client import now_text
from phemex_client import RestClient

from tidings.fix.message_store import MemoryStore
from tidings.fix.session import FixSession
from tidings.fix.session_settings import SessionSettings

KILLS = 4
SETTLE_S = 15.0
MID = 61000
FINAL = {"2", "4", "8", "C"}


class Trader:
    """An initiator whose numbers survive its connections, and what it has been told of its orders."""

    def __init__(self, seed: int, client: str = "C1") -> None:
        self.random = random.Random(seed)
        self.client = client
        settings = SessionSettings(our_comp_id=client, client_comp_id="PHEMEX", heartbeat_s=5)
        self.session = FixSession(settings, MemoryStore(), self, is_initiator=True)
        self.status: dict[str, str] = {}  # by first ClOrdID
        self.order_ids: dict[str, str] = {}
        self.filled: Counter[str] = Counter()  # by OrderID, in 0.001
        self.cum: dict[str, Decimal] = {}
        self.exec_ids: Counter[str] = Counter()
        self.names: dict[str, str] = {}  # any ClOrdID → the first of its chain
        self.socket: socket.socket | None = None
        self.count = 0

    # The application of its session.

    def on_logon(self, session, logon):
        return None

    def on_ready(self, session):
        pass

    def on_logout(self, session, reason):
        pass

    def on_message(self, session, message):
        if message.msg_type != b"8":
            return
        name = self.names.get(message.find(11).decode(), "")
        self.status[name] = message.find(39).decode()
        if (order_id := message.find(37).decode()) != "NONE":
            self.order_ids[name] = order_id
        if message.find(150) == b"F":
            self.exec_ids[message.find(17).decode()] += 1
            if self.exec_ids[message.find(17).decode()] == 1:
                self.filled[order_id] += int(Decimal(message.find(32).decode()) * 1000)
            self.cum[order_id] = Decimal(message.find(14).decode())

    # Its connection.

    def connect(self, address: str) -> None:
        host, port = address.rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)), 5)
        self.session.connected(time.monotonic_ns(), time.time_ns())

    def hang_up(self) -> None:
        """Cut the connection, with whatever is in it."""
        self.socket.close()
        self.session.disconnected(time.monotonic_ns(), time.time_ns())

    def work(self, seconds: float, trade: bool) -> bool:
        """Read, write and perhaps trade for so long; False if the connection ended."""
        deadline_s = time.monotonic() + seconds
        while time.monotonic() < deadline_s:
            if trade and self.session.is_logged_on:
                self.act()
            try:
                if data := self.session.take_output():
                    self.socket.sendall(data)
                self.socket.settimeout(0.01)
                received = self.socket.recv(65536)
                if not received:
                    raise ConnectionError
                self.session.receive(received, time.monotonic_ns(), time.time_ns())
            except TimeoutError:
                self.session.on_timer(time.monotonic_ns(), time.time_ns())
            except ConnectionError:
                self.session.disconnected(time.monotonic_ns(), time.time_ns())
                return False
        return True

    def act(self) -> None:
        """A new order that rests or trades, or the cancel of one."""
        self.count += 1
        name = f"{self.client}-{self.count}"
        alive = [first for first, status in self.status.items() if status not in FINAL]
        if alive and self.random.random() < 0.4:
            first = self.random.choice(alive)
            self.names[name] = first
            self._send(b"F", {11: name, 41: first, 54: "1", 55: "BTCUSDT", 60: now_text()})
            return
        self.names[name] = name
        self.status[name] = "A"
        price = MID + 610 if self.random.random() < 0.4 else MID - 6100 - self.count % 500
        self._send(b"D", {11: name, 38: "0.002", 40: "2", 44: str(price), 54: "1", 55: "BTCUSDT", 60: now_text()})

    def _send(self, msg_type: bytes, fields: dict[int, str]) -> None:
        body = [(tag, value.encode()) for tag, value in sorted(fields.items())]
        self.session.send(msg_type, body, time.monotonic_ns(), time.time_ns())

    @property
    def pending(self) -> list[str]:
        return [name for name, status in self.status.items() if status in ("A", "6", "E")]


def exchange_orders(exchange) -> dict[str, tuple[str, int]]:
    """OrderID → ordStatus and what has filled, in 0.001, of the account the gateway trades on."""
    with urllib.request.urlopen(f"{exchange.ready['admin']}/dump", timeout=30) as answer:
        dump = json.load(answer)
    unit = 10 ** (dump["scales"]["BTCUSDT"]["qty"] - 3)
    user_id = exchange.ready["accounts"][2]["user_id"]
    rows = [row for row in dump["orders"] if row["user_id"] == user_id]
    return {row["order_id"]: (row["ord_status"], row["cum_qty"] // unit) for row in rows}


@pytest.mark.parametrize("seed", [1, 2])
def test_after_every_kill_the_client_knows_its_orders(start_gateway, quiet_exchange, tmp_path, seed):
    gateway = start_gateway(C1=f'store = "{tmp_path}/store"\n')
    trader = Trader(seed)
    before = exchange_orders(quiet_exchange)
    seller = RestClient(quiet_exchange.ready, 1)
    for kill in range(KILLS):
        seller.call("PUT", "/g-orders/create", symbol="BTCUSDT", clOrdID=f"k{seed}-{kill}-{time.time_ns()}",
                    side="Sell", ordType="Limit", priceRp=str(MID + 610), orderQtyRq="0.05",
                    timeInForce="GoodTillCancel", posSide="Merged")  # fmt: skip
        trader.connect(gateway.ready["fix"])
        trader.work(trader.random.uniform(0.3, 0.9), trade=True)
        gateway.stop(signal.SIGKILL)
        trader.work(0.2, trade=False)
        trader.session.disconnected(time.monotonic_ns(), time.time_ns())
        gateway.start()
    trader.connect(gateway.ready["fix"])
    deadline_s = time.monotonic() + SETTLE_S
    while time.monotonic() < deadline_s:
        assert trader.work(0.5, trade=False)
        if not trader.pending:
            break
    trader.work(0.5, trade=False)
    seller.call("DELETE", "/g-orders/all", symbol="BTCUSDT", untriggered="false")
    seller.close()
    check(trader, {name: order for name, order in exchange_orders(quiet_exchange).items() if name not in before})


def check(trader: Trader, venue: dict[str, tuple[str, int]]) -> None:
    """What it was told is what the exchange has, each execution once."""
    words = {"New": "0", "PartiallyFilled": "1", "Filled": "2", "Canceled": "4", "Rejected": "8"}
    wrong = []
    for name, status in trader.status.items():
        order_id = trader.order_ids.get(name, "")
        word, filled = venue.get(order_id, ("Rejected", 0))
        if status != words[word]:
            wrong.append(f"{name}: told {status}, the exchange says {word if order_id else 'nothing'}")
        if trader.filled[order_id] != filled:
            wrong.append(f"{name}: told of {trader.filled[order_id]} filled, the exchange says {filled}")
    assert not wrong, "\n".join(wrong)
    assert set(venue) == set(trader.order_ids.values())  # none that the client does not know of, none twice
    assert len(trader.status) > 20
    assert sum(trader.filled.values()) > 0
    assert [exec_id for exec_id, count in trader.exec_ids.items() if count > 1] == []
