"""What a venue asks for again: all of it, without waiting for a timer, and no faster than it reads."""

import asyncio

import pytest
from fix_text import framed

from tidings.clock import Clock
from tidings.fix.message_store import MemoryStore
from tidings.fix.session import FixSession
from tidings.fix.session_settings import SessionSettings
from tidings.fix.timestamps import timestamp
from tidings.fix_client.connection import REPLAY_WAITING_BYTES, InitiatedConnection
from tidings.fix_client.inbox import Inbox

ORDER = [(11, b"o1"), (58, b"x" * 2000)]
SENT = 1000


class Socket:
    """An Accepted of which the test decides how much its peer has taken."""

    def __init__(self):
        self.written: list[bytes] = []
        self.waiting_bytes = 0
        self.is_aborted = False

    def write(self, data):
        self.written.append(data)
        self.waiting_bytes += len(data)

    def abort(self):
        self.is_aborted = True


@pytest.fixture
async def logged_on():
    """Gives the connection and its socket after SENT messages, of a client of which all is asked for again."""

    def begin(*, is_replayed):
        clock, socket = Clock(), Socket()
        session = FixSession(
            SessionSettings(our_comp_id="C", client_comp_id="P"), MemoryStore(), Inbox(), is_initiator=True
        )
        connection = InitiatedConnection(session, clock, lambda: None)
        connection.begin(socket)
        now = timestamp(clock.read_wall_ns()).decode()
        connection.on_bytes(framed(f"35=A|34=1|49=P|52={now}|56=C|98=0|108=30|"))
        assert session.is_logged_on
        for _ in range(SENT):
            session.send(b"D", ORDER, clock.read_now_ns(), clock.read_wall_ns(), is_replayed=is_replayed)
        connection.flush()
        socket.written.clear()
        socket.waiting_bytes = 0
        connection.on_bytes(framed(f"35=2|34=2|49=P|52={now}|56=C|7=2|16=0|"))
        return connection, socket

    return begin


async def turns(count):
    for _ in range(count):
        await asyncio.sleep(0)


async def test_one_gap_fill_stands_for_a_thousand_messages(logged_on):
    _, socket = logged_on(is_replayed=False)
    await turns(30)
    (gap_fill,) = socket.written
    assert b"\x0136=1002\x01" in gap_fill


async def test_a_replay_waits_for_a_venue_that_does_not_read(logged_on):
    connection, socket = logged_on(is_replayed=True)
    await turns(30)
    assert 0 < socket.waiting_bytes < REPLAY_WAITING_BYTES + 500_000
    while True:
        before = len(socket.written)
        socket.waiting_bytes = 0
        connection.on_drained()
        await turns(2)
        if len(socket.written) == before:
            break
    assert b"".join(socket.written).count(b"\x0143=Y\x01") == SENT
    assert not socket.is_aborted
