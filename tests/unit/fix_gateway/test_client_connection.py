"""One connection's manners: floods are read in pieces, replays wait for their client, and what waits is bounded."""

import asyncio

import pytest
from fix_text import framed

from tidings.clock import Clock
from tidings.fix.message_store import MemoryStore
from tidings.fix.session import FixSession
from tidings.fix.session_finder import SessionFinder, Visitor
from tidings.fix.session_settings import SessionSettings
from tidings.fix.timestamps import timestamp
from tidings.fix_gateway.connection import READ_PIECE_BYTES, REPLAY_WAITING_BYTES, ClientConnection

REPORT = [(6, b"0"), (11, b"o1"), (58, b"x" * 300)]
STORED = 1000


class Socket:
    """An Accepted of which the test decides how much its peer has taken."""

    address = "127.0.0.1"

    def __init__(self):
        self.written: list[bytes] = []
        self.waiting_bytes = 0
        self.is_held = self.is_closed = self.is_aborted = False

    def write(self, data):
        self.written.append(data)
        self.waiting_bytes += len(data)

    def hold_reading(self, *, is_held):
        self.is_held = is_held

    def close(self):
        self.is_closed = True

    def abort(self):
        self.is_aborted = True


class Listener:
    """The application: counts what comes."""

    def __init__(self):
        self.orders: list[bytes] = []
        self.ends: list[str] = []

    def on_logon(self, session, logon):
        return None

    def on_ready(self, session):
        pass

    def on_message(self, session, message):
        self.orders.append(message.find(11))

    def on_logout(self, session, reason):
        self.ends.append(reason)


class Side:
    """A connection with a client that is logged on."""

    def __init__(self, stored: int = 0, *, is_replayed: bool = True):
        self.clock = Clock()
        self.socket, self.listener, store = Socket(), Listener(), MemoryStore()
        settings = SessionSettings(our_comp_id="P", client_comp_id="C")
        self.session = FixSession(settings, store, self.listener)
        for _ in range(stored):
            self.session.send(b"8", REPORT, 0, self.clock.read_wall_ns(), is_replayed=is_replayed)
        visitor = Visitor(SessionFinder([self.session]), self.clock.read_now_ns())
        self.connection = ClientConnection(self.socket, visitor, self.clock, lambda *_: True, lambda _: None)
        self.seq = 0
        self.connection.on_bytes(self.message("A", "98=0|108=30|"))
        assert self.session.is_logged_on

    def message(self, msg_type: str, body: str) -> bytes:
        self.seq += 1
        now = timestamp(self.clock.read_wall_ns()).decode()
        return framed(f"35={msg_type}|34={self.seq}|49=C|52={now}|56=P|{body}")

    def orders(self, count: int) -> bytes:
        now = "60=20260801-12:00:00|"
        return b"".join(self.message("D", f"11=o{n}|38=1|40=1|54=1|55=BTCUSDT|{now}") for n in range(count))


async def turns(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_a_flood_is_read_in_pieces_while_the_peer_waits():
    side = Side()
    data = side.orders(1000)
    pieces = -(-len(data) // READ_PIECE_BYTES)
    assert pieces > 5
    side.connection.on_bytes(data)
    assert (side.listener.orders, side.socket.is_held) == ([], True)
    await turns(2)
    assert 0 < len(side.listener.orders) < 400
    await turns(pieces)
    assert side.listener.orders == [b"o%d" % number for number in range(1000)]
    assert not side.socket.is_held


async def test_what_came_before_the_end_of_a_connection_is_read():
    side = Side()
    side.connection.on_bytes(side.orders(1000))
    side.connection.on_lost()
    assert len(side.listener.orders) == 1000
    assert side.listener.ends == ["disconnected"]


async def test_a_connection_that_is_replaced_reads_nothing_more():
    side = Side()
    side.connection.on_bytes(side.orders(1000))
    side.connection.hand_over()
    await turns(20)
    assert side.listener.orders == []
    assert (side.socket.is_aborted, side.listener.ends) == (True, ["disconnected"])


async def test_a_replay_waits_for_a_client_that_does_not_read():
    side = Side(STORED)
    side.socket.waiting_bytes = 0
    side.connection.on_bytes(side.message("2", "7=1|16=0|"))
    await turns(50)
    stalled_at = side.socket.waiting_bytes
    assert REPLAY_WAITING_BYTES < stalled_at < 2 * REPLAY_WAITING_BYTES
    side.socket.waiting_bytes = 0
    side.connection.on_drained()
    while side.session.is_replaying:
        await turns(1)
        side.socket.waiting_bytes = 0
        side.connection.on_drained()
    assert b"".join(side.socket.written).count(b"\x0143=Y\x01") == STORED + 1  # and the Logon's gap fill


async def test_a_long_gap_does_not_wait_for_the_timer():
    side = Side(STORED, is_replayed=False)
    side.connection.on_bytes(side.message("2", "7=1|16=0|"))
    await turns(STORED // 100 + 5)
    assert not side.session.is_replaying
    assert b"\x0136=%d\x01" % (STORED + 2) in side.socket.written[-1]


async def test_however_often_it_is_flushed_a_replay_has_one_slice_per_turn():
    side = Side(STORED)
    side.connection.on_bytes(side.message("2", "7=1|16=0|"))
    for _ in range(20):
        side.socket.waiting_bytes = 0
        before = len(side.socket.written)
        for _ in range(10):
            side.connection.flush()
        await turns(1)
        assert len(side.socket.written) <= before + 1


@pytest.mark.parametrize("is_replaying", [False, True])
async def test_a_client_that_reads_nothing_is_cut_off_at_the_limit(is_replaying):
    side = Side(STORED)
    side.connection.out_bytes_max = 200_000
    if is_replaying:
        side.connection.on_bytes(side.message("2", "7=1|16=0|"))
        await turns(50)
        assert not side.socket.is_aborted
    sent = 0
    while not side.socket.is_aborted:
        side.session.send(b"8", REPORT, side.clock.read_now_ns(), side.clock.read_wall_ns())
        side.connection.flush()
        await turns(1)
        sent += 1
        assert sent < 1000
    assert side.socket.waiting_bytes + side.session.held_back_bytes < 201_000
    side.connection.on_lost()
    assert side.session.held_back_bytes == 0
    assert side.session.store.next_out == STORED + 2 + sent  # all of it is in the store, for when it is back
