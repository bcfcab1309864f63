"""A WebSocket connection byte by byte: the peer is a socket and the server side of the `websockets` library."""

import asyncio
import socket

import pytest
from market_instruments import INVERSE
from websockets.frames import Frame, Opcode
from websockets.server import ServerProtocol

from tidings.clock import Clock
from tidings.errors import ConnectionLost, PeerError
from tidings.net.channel import PlainChannel
from tidings.net.connection import Connection
from tidings.net.web_socket_connection import WebSocketConnection
from tidings.venue.phemex.market_stream import MarketListener, MarketStream
from tidings.wire.websocket import WebSocketHandshake

PATIENCE_S = 30  # a busy machine
BOOK = (
    b'{"book":{"asks":[[10000,5]],"bids":[[9000,7]]},"depth":30,"sequence":1,"symbol":"BTCUSD","timestamp":1,'
    b'"type":"snapshot"}'
)
PONG = b'{"id":1,"result":"pong"}'


class Peer:
    """The server's end, and what our end hears."""

    def __init__(self, **more) -> None:
        self.loop = asyncio.get_running_loop()
        with socket.create_server(("127.0.0.1", 0)) as listening:
            ours = socket.create_connection(listening.getsockname())
            self.theirs = listening.accept()[0]
        for end in (ours, self.theirs):
            end.setblocking(False)
        self.opened = self.loop.create_future()
        self.messages, self.causes, self.server = [], [], ServerProtocol()
        hear = {"on_message": lambda message, now_ns: self.messages.append(message), "on_closed": self.causes.append}
        self.socket = WebSocketConnection(WebSocketHandshake("ws://127.0.0.1/ws"), self.opened, **hear | more)
        self.socket.start(Connection(PlainChannel(ours, "peer", Clock()), self.socket, self.loop))

    async def accept(self, behind: bytes = b"") -> None:
        self.server.receive_data(await self.loop.sock_recv(self.theirs, 4096))
        (request,) = self.server.events_received()
        self.server.send_response(self.server.accept(request))
        self.tell(b"".join(self.server.data_to_send()) + behind)
        await self.opened

    def tell(self, data: bytes) -> None:
        self.theirs.sendall(data)

    async def heard(self, count: int = 1) -> list[tuple[int, bytes]]:
        """The next frames our end has sent."""
        frames = []
        async with asyncio.timeout(PATIENCE_S):
            while len(frames) < count:
                self.server.receive_data(await self.loop.sock_recv(self.theirs, 65536))
                frames += [(int(frame.opcode), bytes(frame.data)) for frame in self.server.events_received()]
        return frames

    async def until(self, is_enough) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not is_enough():
                await asyncio.sleep(0)


@pytest.fixture
async def make_peer():
    peers = []

    async def make(behind: bytes = b"", **more) -> Peer:
        peers.append(Peer(**more))
        await peers[-1].accept(behind)
        return peers[-1]

    yield make
    for peer in peers:
        peer.socket.close()
        peer.theirs.close()


def frame(payload: bytes, opcode: int = 1, fin: bool = True) -> bytes:
    return Frame(Opcode(opcode), payload, fin).serialize(mask=False)


async def test_nothing_is_sent_before_the_handshake_is_done():
    peer = Peer()
    assert not peer.socket.is_open
    for send in (lambda: peer.socket.send_text("early"), lambda: peer.socket.ping(b"")):
        with pytest.raises(ConnectionLost, match="nothing was sent"):
            send()
    peer.socket.close()
    assert peer.opened.cancelled()
    peer.theirs.close()


async def test_messages_behind_the_handshake_are_heard(make_peer):
    peer = await make_peer(behind=frame(b"first") + frame(b"second")[:3])
    assert (peer.messages, peer.socket.is_open) == ([b"first"], True)
    peer.tell(frame(b"second")[3:])
    await peer.until(lambda: len(peer.messages) == 2)
    assert peer.socket.message_count == 2


async def test_a_taker_reads_books_where_they_lie_and_leaves_the_rest(make_peer):
    stream, tapped = MarketStream({"BTCUSD": INVERSE}, MarketListener()), []
    peer = await make_peer(taker=stream, tap=lambda message, now_ns: tapped.append((message, now_ns)))
    peer.tell(frame(BOOK[:50], fin=False) + frame(BOOK[50:], opcode=0) + frame(PONG) + frame(BOOK))
    await peer.until(lambda: peer.socket.message_count == 3)
    assert ([message for message, _ in tapped], peer.messages) == ([BOOK, PONG, BOOK], [PONG])
    assert stream.book_count == 2
    assert stream.book("BTCUSD").received_ns == tapped[-1][1] == peer.socket.taken_ns > 0


async def test_a_tap_that_fails_ends_the_connection_with_its_cause(make_peer):
    error = RuntimeError("a bug of the tap's")

    def fail(message, now_ns):
        raise error

    peer = await make_peer(tap=fail)
    peer.tell(frame(b"first"))
    await peer.until(lambda: peer.causes)
    assert (peer.causes, peer.messages) == ([error], [])


async def test_pings_are_answered_between_fragments(make_peer):
    peer = await make_peer()
    peer.tell(frame(b"half", fin=False) + frame(b"there?", opcode=9) + frame(b" whole", opcode=0))
    assert await peer.heard() == [(10, b"there?")]
    assert peer.messages == [b"half whole"]


async def test_our_texts_and_pings_are_masked_frames(make_peer):
    peer = await make_peer()
    peer.socket.send_text('{"id":1}')
    peer.socket.ping(b"there?")
    assert await peer.heard(2) == [(1, b'{"id":1}'), (9, b"there?")]


async def test_what_the_server_breaks_is_told_to_both_sides(make_peer):
    peer = await make_peer()
    peer.tell(frame(b"good") + b"\xc1\x01x" + frame(b"never"))
    assert await peer.heard() == [(8, (1002).to_bytes(2, "big"))]
    assert (peer.messages, len(peer.causes), peer.socket.is_open) == ([b"good"], 1, False)
    assert isinstance(peer.causes[0], PeerError) and "reserved bit" in str(peer.causes[0])


async def test_a_message_above_the_limit_is_told_to_both_sides(make_peer):
    peer = await make_peer(message_bytes_max=200)
    peer.tell(frame(b"x" * 200) + frame(b"x" * 201))
    assert await peer.heard() == [(8, (1009).to_bytes(2, "big"))]
    assert (peer.messages, "limit" in str(peer.causes[0])) == ([b"x" * 200], True)


async def test_a_close_is_echoed_and_ends_it(make_peer):
    peer = await make_peer()
    payload = (1012).to_bytes(2, "big") + b"restart"
    peer.tell(frame(b"last words") + frame(payload, opcode=8) + frame(b"late"))
    assert await peer.heard() == [(8, payload)]
    assert (peer.messages, [str(cause) for cause in peer.causes]) == (
        [b"last words"], ["the peer closed the WebSocket: 1012 'restart'"],
    )  # fmt: skip
    with pytest.raises(ConnectionLost, match="nothing was sent"):
        peer.socket.send_text("late")


async def test_a_close_without_a_code_is_told_as_such(make_peer):
    peer = await make_peer()
    peer.tell(frame(b"", opcode=8))
    await peer.until(lambda: peer.causes)
    assert "1005 ''" in str(peer.causes[0])


async def test_our_close_says_goodbye_once_and_is_not_told(make_peer):
    peer = await make_peer()
    peer.socket.close()
    peer.socket.close()
    assert await peer.heard() == [(8, (1000).to_bytes(2, "big"))]
    assert (peer.causes, peer.socket.is_open) == ([], False)


async def test_a_break_of_the_line_is_told_once(make_peer):
    peer = await make_peer()
    peer.theirs.close()
    await peer.until(lambda: peer.causes)
    assert isinstance(peer.causes[0], ConnectionLost)
    await asyncio.sleep(0)
    assert len(peer.causes) == 1
