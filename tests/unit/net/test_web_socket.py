"""Streams against the `websockets` library's server: messages both ways, and every way a stream ends."""

import asyncio
import http
import ssl

import pytest
from websockets.asyncio.server import serve

from tidings.clock import Clock
from tidings.errors import ConnectionLost, PeerError
from tidings.net import web_socket
from tidings.net.dialer import Dialer, Endpoint
from tidings.net.tls import TlsContext
from tidings.net.web_socket import open_web_socket

PATIENCE_S = 30  # a busy machine


@pytest.fixture(params=["libssl", "memory", "plain"])
def kind(request):
    return request.param


@pytest.fixture
async def make_server(kind, certificate):
    """Starts a server with `behave(socket)`; gives its port."""
    servers = []

    async def make(behave, **options):
        tls = None
        if kind != "plain":
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            tls.load_cert_chain(certificate)
        servers.append(await serve(behave, "127.0.0.1", 0, ssl=tls, **options))
        return servers[-1].sockets[0].getsockname()[1]

    yield make
    for server in servers:
        server.close()


class Listener:
    def __init__(self):
        self.messages, self.causes = [], []
        self.changed = asyncio.Event()

    def on_message(self, message, now_ns):
        assert now_ns > 0
        self.messages.append(message)
        self.changed.set()

    def on_closed(self, cause):
        self.causes.append(cause)
        self.changed.set()

    async def until(self, is_enough):
        async with asyncio.timeout(PATIENCE_S):
            while not is_enough():
                self.changed.clear()
                await self.changed.wait()


@pytest.fixture
def listener():
    return Listener()


@pytest.fixture
async def connect(kind, authority, listener):
    sockets = []

    async def connect(port, **more):
        tls = None if kind == "plain" else TlsContext(authority.ca_file, use_libssl=kind == "libssl")
        dialer = Dialer(Endpoint("127.0.0.1", port, kind != "plain"), Clock(), tls)
        url = f"{'ws' if kind == 'plain' else 'wss'}://127.0.0.1:{port}/ws"
        sockets.append(
            await open_web_socket(
                dialer, url, **{"on_message": listener.on_message, "on_closed": listener.on_closed} | more
            )
        )
        return sockets[-1]

    yield connect
    for socket in sockets:
        socket.close()


async def echo(socket):
    async for message in socket:
        await socket.send(message)


async def test_messages_go_both_ways_in_order(make_server, connect, listener):
    socket = await connect(await make_server(echo))
    for number in range(20):
        socket.send_text(f'{{"id":{number}}}')
    await listener.until(lambda: len(listener.messages) == 20)
    assert listener.messages == [b'{"id":%d}' % number for number in range(20)]


async def test_large_message_arrives_whole(make_server, connect, listener):
    snapshot = "x" * 1_000_000
    await connect(await make_server(lambda socket: socket.send(snapshot)))
    await listener.until(lambda: listener.messages)
    assert listener.messages[0] == snapshot.encode()


async def test_fragments_are_one_message(make_server, connect, listener):
    async def in_pieces(socket):
        await socket.recv()
        await socket.send(iter(["one,", "two,", "three"]))

    socket = await connect(await make_server(in_pieces))
    socket.send_text("go")
    await listener.until(lambda: listener.messages)
    assert listener.messages == [b"one,two,three"]


async def test_messages_that_come_with_the_handshake_are_heard(make_server, connect, listener):
    async def at_once(socket):
        await socket.send("first")
        await socket.wait_closed()

    await connect(await make_server(at_once))
    await listener.until(lambda: listener.messages)
    assert listener.messages == [b"first"]


async def test_servers_ping_is_answered(make_server, connect):
    answered = asyncio.Event()

    async def ping(socket):
        await (await socket.ping(b"there?"))
        answered.set()

    await connect(await make_server(ping, ping_interval=None))
    async with asyncio.timeout(PATIENCE_S):
        await answered.wait()


async def test_servers_close_is_told_once_with_its_code(make_server, connect, listener):
    async def close(socket):
        await socket.recv()
        await socket.close(1012, "restart")

    socket = await connect(await make_server(close))
    socket.send_text("go")
    await listener.until(lambda: listener.causes)
    assert "1012 'restart'" in str(listener.causes[0])
    with pytest.raises(ConnectionLost):
        socket.send_text("late")
    await asyncio.sleep(0)
    assert len(listener.causes) == 1


async def test_messages_that_come_with_the_close_are_heard_before_it(make_server, connect, listener):
    async def last_words(socket):
        await socket.recv()
        for number in range(3):
            await socket.send(str(number))

    socket = await connect(await make_server(last_words))
    socket.send_text("go")
    await listener.until(lambda: listener.causes)
    assert listener.messages == [b"0", b"1", b"2"]


async def test_nothing_is_heard_after_our_close(make_server, connect, listener):
    is_over = asyncio.Event()

    async def many(socket):
        await socket.recv()
        for number in range(3):
            await socket.send(str(number))
        await socket.wait_closed()
        is_over.set()

    def close_at_once(message, now_ns):
        listener.messages.append(message)
        socket.close()

    socket = await connect(await make_server(many), on_message=close_at_once)
    socket.send_text("go")
    async with asyncio.timeout(PATIENCE_S):
        await is_over.wait()
    assert listener.messages == [b"0"]


async def test_reset_is_told(make_server, connect, listener):
    async def abort(socket):
        socket.transport.abort()

    await connect(await make_server(abort))
    await listener.until(lambda: listener.causes)
    assert isinstance(listener.causes[0], ConnectionLost)


async def test_our_close_says_goodbye_and_is_not_told(make_server, connect, listener):
    codes = asyncio.Queue()

    async def behave(socket):
        await socket.wait_closed()
        codes.put_nowait(socket.close_code)

    socket = await connect(await make_server(behave))
    socket.close()
    async with asyncio.timeout(PATIENCE_S):
        assert await codes.get() == 1000
    assert listener.causes == []


async def test_refused_handshake_names_the_status(make_server, connect, listener):
    def refuse(socket, request):
        return socket.respond(http.HTTPStatus.FORBIDDEN, "")

    port = await make_server(echo, process_request=refuse)
    with pytest.raises(PeerError, match="403"):
        await connect(port)
    assert listener.causes == []


async def test_server_that_never_answers_is_given_up(make_server, connect, monkeypatch):
    monkeypatch.setattr(web_socket, "HANDSHAKE_TIMEOUT_S", 0.05)
    release = asyncio.Event()

    async def wait(socket, request):
        await release.wait()

    port = await make_server(echo, process_request=wait)
    with pytest.raises(ConnectionLost, match=r"no WebSocket handshake within 0\.05 s"):
        await connect(port)
    release.set()
