"""Stream clients driven without sockets: silence, slow readers, limits per user, frames split anywhere."""


import pytest
from stream_pipes import Client, Exchange, S
from websockets.client import ClientProtocol
from websockets.frames import Opcode
from websockets.protocol import State
from websockets.uri import parse_uri

from tidings.exchange.orders.order_requests import NewOrder
from tidings.exchange.streams.session import FRAMES_PER_REQUEST, PIECE_BYTES, StreamLimits, text_frame


@pytest.fixture
def exchange() -> Exchange:
    return Exchange(StreamLimits(connections_per_user=2, subscriptions=2, requests_per_s=5, unsent_bytes=1000))


def test_a_request_in_many_pieces_is_one_request(exchange):
    client = Client(exchange)
    client.send({"id": 3, "method": "server.ping", "params": []}, pieces=40)
    assert client.heard() == [{"error": None, "id": 3, "result": "pong"}]


def test_a_request_in_several_frames_is_one_request(exchange):
    client = Client(exchange)
    client.protocol.send_text(b'{"id":3,"met', fin=False)
    client.protocol.send_continuation(b'hod":"server.ping"}', fin=True)
    client.session.data_received(b"".join(client.protocol.data_to_send()))
    assert client.heard() == [{"error": None, "id": 3, "result": "pong"}]


def test_a_binary_frame_ends_the_connection(exchange):
    client = Client(exchange)
    client.protocol.send_binary(b"x")
    client.session.data_received(b"".join(client.protocol.data_to_send()))
    assert client.transport.wishes[0] == "close"
    client.heard()
    assert client.protocol.close_rcvd.code == 1008


@pytest.mark.parametrize("request_id", [None, "1", 1.5, True, 10**30, [1]])
def test_an_id_that_is_no_integer_is_not_echoed(exchange, request_id):
    client = Client(exchange)
    client.send({"id": request_id, "method": "server.ping"})
    assert client.heard() == [{"error": None, "id": None, "result": "pong"}]


def test_a_client_silent_for_30_seconds_is_dropped_and_one_that_pings_is_not(exchange):
    silent, pinging = Client(exchange), Client(exchange)
    exchange.now_ns += 20 * S
    pinging.protocol.send_ping(b"")
    pinging.session.data_received(b"".join(pinging.protocol.data_to_send()))
    exchange.now_ns += 10 * S
    exchange.hub.drop_silent(exchange.now_ns)
    assert silent.transport.wishes == [], "30 seconds are allowed"
    exchange.now_ns += 1
    exchange.hub.drop_silent(exchange.now_ns)
    assert (silent.transport.wishes, pinging.transport.wishes) == (["abort"], [])


def test_what_the_server_sends_does_not_count_as_the_clients_activity(exchange):
    client = Client(exchange)
    client.ask("tick.subscribe", [".BTC"])
    exchange.now_ns += 31 * S
    exchange.venue.set_price("BTCUSD", exchange.now_ns, index=1)
    exchange.hub.poll(exchange.now_ns)
    assert client.heard()[0]["tick"]["last"] == 1
    exchange.hub.drop_silent(exchange.now_ns)
    assert client.transport.wishes == ["abort"]


def test_a_client_that_does_not_read_is_cut_when_too_much_waits(exchange):
    client = Client(exchange)
    client.transport.unread_bytes = 1000
    client.send({"id": 1, "method": "server.ping"})
    assert client.transport.wishes == []
    client.transport.unread_bytes = 1001
    client.send({"id": 2, "method": "server.ping"})
    assert client.transport.wishes == ["abort"]


def test_a_client_that_pings_and_does_not_read_the_pongs_is_cut(exchange):
    client = Client(exchange)
    client.transport.unread_bytes = 1001
    client.protocol.send_ping(b"?")
    client.session.data_received(b"".join(client.protocol.data_to_send()))
    assert client.transport.wishes == ["abort"]


def test_a_frame_that_trickles_in_is_silence(exchange):
    client = Client(exchange)
    client.protocol.send_text(b'{"id":1,"method":"server.ping"}')
    for byte in b"".join(client.protocol.data_to_send())[:31]:
        exchange.now_ns += S
        client.session.data_received(bytes([byte]))
    exchange.hub.drop_silent(exchange.now_ns)
    assert client.transport.wishes == ["abort"]


def test_one_user_has_so_many_connections_and_another_as_many(exchange):
    clients = [Client(exchange) for _ in range(4)]
    assert [client.login(0)["error"] for client in clients[:2]] == [None, None]
    clients[2].send({"id": 1, "method": "user.auth", "params": []})
    assert clients[2].heard()[0]["error"]["code"] == 6012, "a refused login takes no place"
    assert clients[3].login(1)["error"] is None
    with pytest.raises(StopIteration):
        clients[2].login(0)
    assert clients[2].transport.wishes[0] == "close"
    clients[0].session.connection_lost(None)
    assert Client(exchange).login(0)["error"] is None


def test_subscriptions_have_a_limit_and_unsubscribing_makes_room(exchange):
    client = Client(exchange)
    assert client.ask("trade.subscribe", ["BTCUSD"])["error"] is None
    assert client.ask("tick.subscribe", [".BTC"])["error"] is None
    assert client.ask("tick.subscribe", [".MBTC"])["error"]["code"] == 6001
    assert client.ask("trade.unsubscribe", ["BTCUSD"])["error"] is None
    assert client.ask("tick.subscribe", [".MBTC"])["error"] is None


def test_more_requests_in_a_second_than_allowed_end_the_connection(exchange):
    client = Client(exchange)
    for _ in range(5):
        client.send({"id": 1, "method": "server.ping"})
    exchange.now_ns += S
    for _ in range(5):
        client.send({"id": 1, "method": "server.ping"})
    assert client.transport.wishes == []
    client.send({"id": 1, "method": "server.ping"})
    assert client.transport.wishes[0] == "close"


@pytest.mark.parametrize("flood", [b"\x89\x80\0\0\0\0", b"\x8a\x80\0\0\0\0", b"\x00\x80\0\0\0\0"])
def test_a_flood_of_tiny_frames_ends_the_connection_and_is_not_read_to_its_end(exchange, flood):
    """Pings, pongs, pieces of a message that never ends: each costs the server far more than it costs the client."""
    client = Client(exchange)
    if flood[0] == 0:
        client.session.data_received(b"\x01\x80\0\0\0\0")
    parsed_at: list[int] = []
    exchange_clock = client.session._now_ns
    client.session._now_ns = lambda: parsed_at.append(1) or exchange_clock()
    client.session.data_received(flood * 40_000)
    assert client.transport.wishes == ["close"]
    assert len(parsed_at) <= 5 * FRAMES_PER_REQUEST + PIECE_BYTES // len(flood)
    client.heard()
    assert client.protocol.close_rcvd.code == 1008


def test_as_many_frames_as_are_allowed_are_taken_each_second(exchange):
    client = Client(exchange)
    for _ in range(3):
        client.session.data_received(b"\x89\x80\0\0\0\0" * (5 * FRAMES_PER_REQUEST))
        exchange.now_ns += S
    assert client.transport.wishes == []


def test_what_comes_behind_the_reason_to_close_has_no_effect(exchange):
    client = Client(exchange)
    client.protocol.send_binary(b"x")
    client.protocol.send_text(b'{"id":7,"method":"orderbook.subscribe","params":["BTCUSD"]}')
    client.session.data_received(b"".join(client.protocol.data_to_send()))
    assert client.transport.wishes == ["close"]
    assert not exchange.hub.has_feeds


def test_a_feed_without_subscribers_is_forgotten(exchange):
    clients = [Client(exchange) for _ in range(2)]
    for client in clients:
        client.ask("orderbook.subscribe", ["BTCUSD"])
    clients[0].ask("orderbook.unsubscribe", [])
    assert exchange.hub.has_feeds
    clients[1].session.connection_lost(None)
    assert not exchange.hub.has_feeds


def test_several_symbols_in_one_message_are_as_many_subscriptions(exchange):
    """Not documented; a client of the venue's own does so for books."""
    client = Client(exchange)
    assert client.ask("trade.subscribe", ["BTCUSD", "cETHUSD", "sBTCUSDT"])["error"]["code"] == 6001, "room for two"
    client.send({"id": 8, "method": "trade.subscribe", "params": ["BTCUSD", "sBTCUSDT", "BTCUSD"]})
    assert [message.get("symbol") for message in client.heard()] == [None, "BTCUSD", "sBTCUSDT"]
    client.ask("trade.unsubscribe", ["sBTCUSDT"])
    assert client.ask("trade.subscribe", ["cETHUSD"])["error"] is None
    assert client.ask("trade.subscribe", ["sETHUSDT", "BTCUSDT"])["error"]["code"] == 6001, "one is of another line"


def test_a_snapshot_does_not_overtake_what_is_due(exchange):
    """An event due before the subscription goes to earlier subscribers as news and to the new one in its snapshot."""
    first, second = Client(exchange), Client(exchange)
    for client in (first, second):
        client.login(0)
    first.ask("aop.subscribe")
    order = NewOrder(symbol="BTCUSD", side="Buy", price=500_000_000, qty=1, cl_ord_id="mine")
    exchange.venue.create(exchange.venue.user_ids[0], order, exchange.now_ns)
    exchange.now_ns += S
    second.send({"id": 8, "method": "aop.subscribe", "params": []})
    (news,) = [m for m in first.heard() if "orders" in m]
    snapshots = [m for m in second.heard() if "orders" in m]
    assert (news["type"], news["orders"][0]["ordStatus"]) == ("incremental", "New")
    assert {m["type"] for m in snapshots} == {"snapshot"}
    assert [o["clOrdID"] for m in snapshots for o in m["orders"]] == ["mine"]
    exchange.pump()
    assert second.heard() == []


@pytest.mark.parametrize("length", [0, 1, 125, 126, 65_535, 65_536, 70_000])
def test_a_text_frame_is_what_the_library_reads(length):
    client = ClientProtocol(parse_uri("ws://localhost/"), state=State.OPEN, max_size=None)
    client.receive_data(text_frame("é" + "x" * max(0, length - 2)))
    (frame,) = client.events_received()
    assert (frame.opcode, frame.fin, bytes(frame.data).decode()) == (Opcode.TEXT, True, "é" + "x" * max(0, length - 2))
