"""The WebSocket client against the server side of the `websockets` library, an implementation that is not ours."""

import pytest
from websockets.frames import Opcode
from websockets.http11 import Request
from websockets.server import ServerProtocol

from tidings.errors import ConnectionLost, PeerError
from tidings.wire.websocket import WebSocketClient

URL = "wss://127.0.0.1:8443/ws"


def shaken(**limits):
    """A client and a server whose handshake is done."""
    client, server = WebSocketClient(URL, **limits), ServerProtocol()
    server.receive_data(client.outgoing())
    (request,) = server.events_received()
    assert isinstance(request, Request)
    server.send_response(server.accept(request))
    assert client.feed(b"".join(server.data_to_send())) == []
    assert client.is_open
    return client, server


def test_handshake_asks_for_the_path_and_offers_no_compression():
    server = ServerProtocol()
    server.receive_data(WebSocketClient(URL).outgoing())
    (request,) = server.events_received()
    assert request.path == "/ws"
    assert "Sec-WebSocket-Extensions" not in request.headers


def test_text_reaches_the_server():
    client, server = shaken()
    client.send_text('{"id":1}')
    server.receive_data(client.outgoing())
    (frame,) = server.events_received()
    assert (frame.opcode, bytes(frame.data)) == (Opcode.TEXT, b'{"id":1}')


def test_messages_are_the_same_for_every_split():
    server = shaken()[1]
    server.send_text(b'{"a":1}')
    server.send_text(b'{"b":', fin=False)
    server.send_continuation(b"2}", fin=True)
    stream = b"".join(server.data_to_send())
    for cut in range(len(stream) + 1):
        client = shaken()[0]
        assert client.feed(stream[:cut]) + client.feed(stream[cut:]) == [b'{"a":1}', b'{"b":2}']


def test_control_frames_between_fragments_are_answered():
    client, server = shaken()
    server.send_text(b"half", fin=False)
    server.send_ping(b"you there")
    server.send_continuation(b" whole", fin=True)
    assert client.feed(b"".join(server.data_to_send())) == [b"half whole"]
    server.receive_data(client.outgoing())
    (pong,) = server.events_received()
    assert (pong.opcode, bytes(pong.data)) == (Opcode.PONG, b"you there")


@pytest.mark.parametrize(
    "broken",
    [
        b"\xc1\x01x",
        b"\x81\x81\x00\x00\x00\x00x",
        b"\x83\x00",
        b"\x81\x7f" + (1 << 62).to_bytes(8, "big"),
    ],
    ids=["reserved bit", "masked by the server", "unknown opcode", "too long"],
)
def test_broken_frames_are_peer_errors(broken):
    client = shaken()[0]
    with pytest.raises(PeerError):
        client.feed(broken)


def test_a_message_over_the_limit_is_a_peer_error():
    client, server = shaken(message_bytes_max=100)
    server.send_text(b"x" * 100)
    assert client.feed(b"".join(server.data_to_send())) == [b"x" * 100]
    server.send_text(b"x" * 101)
    with pytest.raises(PeerError, match="WebSocket"):
        client.feed(b"".join(server.data_to_send()))


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: wrong\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: wss://elsewhere.example/ws\r\nContent-Length: 0\r\n\r\n",
    ],
    ids=["200", "wrong accept key", "redirect"],
)
def test_a_wrong_handshake_answer_is_a_peer_error(answer):
    client = WebSocketClient(URL)
    client.outgoing()
    with pytest.raises(PeerError, match="handshake"):
        client.feed(answer)


def test_close_by_the_peer_is_told_with_its_code():
    client, server = shaken()
    server.send_close(1012, "restarting")
    with pytest.raises(PeerError, match="1012 'restarting'"):
        client.feed(b"".join(server.data_to_send()))


def test_messages_before_the_close_are_heard_before_it():
    client, server = shaken()
    server.send_text(b"last words")
    server.send_close(1001, "away")
    assert client.feed(b"".join(server.data_to_send())) == [b"last words"]
    with pytest.raises(PeerError, match="1001 'away'"):
        client.check_alive()


def test_text_after_the_close_is_refused():
    client, server = shaken()
    server.send_close(1001)
    with pytest.raises(PeerError):
        client.feed(b"".join(server.data_to_send()))
    with pytest.raises(ConnectionLost, match="nothing was sent"):
        client.send_text("late")
