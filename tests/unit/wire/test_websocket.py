"""The handshake against the server side of the `websockets` library, an implementation that is not ours."""

import pytest
from websockets.http11 import Request
from websockets.server import ServerProtocol

from tidings.errors import PeerError
from tidings.wire.websocket import WebSocketHandshake

URL = "wss://127.0.0.1:8443/ws"


def answered() -> tuple[WebSocketHandshake, Request, bytes]:
    """A handshake, what the server read of it, and its answer."""
    handshake, server = WebSocketHandshake(URL), ServerProtocol()
    server.receive_data(handshake.request)
    (request,) = server.events_received()
    assert isinstance(request, Request)
    server.send_response(server.accept(request))
    return handshake, request, b"".join(server.data_to_send())


def test_handshake_asks_for_the_path_and_offers_no_compression():
    request = answered()[1]
    assert request.path == "/ws"
    assert "Sec-WebSocket-Extensions" not in request.headers


def test_the_answer_is_the_same_for_every_split():
    for cut in range(len(answered()[2])):
        handshake, _, answer = answered()
        assert handshake.feed(answer[:cut]) is None
        assert handshake.feed(answer[cut:]) == b""


def test_frames_that_come_with_the_answer_are_given_back():
    handshake, _, answer = answered()
    assert handshake.feed(answer + b"\x81\x02\r\n") == b"\x81\x02\r\n"


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: wrong\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: wss://elsewhere.example/ws\r\nContent-Length: 3\r\n\r\nno\n",
        b"\x81\x02hi\n",
        b"HTTP/1.1 200 OK\r\n" + b"x" * 100_000,
    ],
    ids=["200", "wrong accept key", "redirect with a body", "no HTTP", "a line without end"],
)
def test_a_wrong_answer_is_a_peer_error(answer):
    with pytest.raises(PeerError, match="handshake"):
        WebSocketHandshake(URL).feed(answer)
