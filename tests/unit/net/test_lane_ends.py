"""When a connection ends, each request in flight hears once whether it can have been executed."""

import asyncio
import socket

import pytest

from tidings.errors import ConnectionLost, PeerError
from tidings.net.lane import Lane

NOW_NS = 1_000_000_000


def response(body, *headers):
    head = "".join(f"{header}\r\n" for header in headers)
    return f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n{head}\r\n{body}".encode()


def request(index):
    return f"GET /{index} HTTP/1.1\r\nHost: venue\r\n\r\n".encode()


@pytest.fixture(params=["libssl", "plain"])
def kind(request):
    return request.param


def send(lane, *tokens, deadline_ns=0):
    return [lane.send_bytes(request(token), token, NOW_NS, deadline_ns=deadline_ns) for token in tokens]


@pytest.mark.parametrize("ending", ["hang_up", "abort"])
@pytest.mark.parametrize("answer_count", range(5))
async def test_end_after_some_answers_loses_exactly_the_rest(lane, peer, desk, answer_count, ending):
    send(lane, 1, 2, 3, 4)
    await asyncio.to_thread(peer.receive, 4 * len(request(1)))  # unread bytes would turn a goodbye into a reset
    await asyncio.to_thread(peer.send, b"".join(response(str(token)) for token in range(1, answer_count + 1)))

    await asyncio.to_thread(getattr(peer, ending))

    await desk.until("down", 0)
    tokens = [1, 2, 3, 4]
    assert desk.told("answer") == [("answer", token, str(token).encode()) for token in tokens[:answer_count]]
    assert desk.told("lost") == [("lost", token, True) for token in tokens[answer_count:]]


async def test_end_inside_an_answer_at_every_byte_is_no_answer(make_lane, peer, desk):
    whole = response("body", "x-ratelimit-remaining: 5")
    for cut in range(1, len(whole)):
        desk.heard.clear()
        lane = await make_lane()
        send(lane, 1, 2)
        await asyncio.to_thread(peer.receive, 2 * len(request(1)))
        await asyncio.to_thread(peer.send, whole[:cut])
        await asyncio.to_thread(peer.hang_up)
        await desk.until("down", 0)
        assert desk.told("answer", "lost") == [("lost", 1, True), ("lost", 2, True)]


async def test_peer_that_announces_the_end_gets_no_more_and_the_rest_is_lost(lane, peer, desk):
    rooms = []
    desk.on_answer = lambda lane, heard: rooms.append(lane.has_room())
    send(lane, 1, 2, 3)
    await asyncio.to_thread(peer.send, response("one", "Connection: close") + response("two"))
    await desk.until("down", 0)
    assert desk.heard[1:] == [("answer", 1, b"one"), ("lost", 2, True), ("lost", 3, True), ("down", 0)]
    assert rooms == [False]


async def test_lane_comes_up_again_with_the_next_connection(make_lane, lane, peer, desk):
    send(lane, 1)
    await asyncio.to_thread(peer.send, b"HTTP/1.1 200 OK\r\nContent-")
    await asyncio.to_thread(peer.abort)
    await desk.until("down", 0)
    with pytest.raises(ConnectionLost, match="not connected; nothing was sent"):
        send(lane, 2)

    await make_lane(lane)

    send(lane, 3)
    await asyncio.to_thread(peer.send, response("three"))
    await desk.until("answer", 3, b"three")     # no byte of the old connection's answer is left


async def test_lane_that_is_up_takes_no_second_connection(make_lane, lane):
    with pytest.raises(ValueError, match="has a connection already"):
        lane.attach(lane.connection, NOW_NS)


async def test_connector_hears_the_end_last(lane, peer, desk):
    lane.when_down(lambda cause: desk._hear("connector", cause))
    send(lane, 1)
    cause = ConnectionError("enough")
    lane.close(cause)
    assert desk.heard[1:] == [("lost", 1, True), ("down", 0), ("connector", cause)]


async def test_error_of_the_listener_spares_no_request_its_end(lane, desk):
    lost = []

    def refuse(lane, request, reached_kernel, cause, now_ns):
        lost.append(request["token"])
        raise ValueError("a strategy's bug")

    desk.lost = refuse
    send(lane, 1, 2, 3)
    with pytest.raises(ValueError, match="bug"):
        lane.close(ConnectionError("enough"))
    assert lost == [1, 2, 3]
    assert desk.told("down")


async def test_error_of_the_listener_closes_the_lane(lane, peer, desk):
    def refuse(lane, request):
        raise PeerError("the echo is another order's")

    desk.on_answer = refuse
    send(lane, 1, 2)
    await asyncio.to_thread(peer.send, response("one") + response("two"))
    await desk.until("down", 0)
    assert str(desk.cause) == "the echo is another order's"
    assert desk.told("answer", "lost") == [("answer", 1, b"one"), ("lost", 2, True)]


async def test_partly_taken_requests_are_told_from_taken_ones(make_lane, peer, desk):
    lane = await make_lane(Lane(desk, depth_cap=400), receive_buffer_bytes=4096)
    peer.tls and setattr(peer.tls, "num_tickets", 0)
    lane.connection.channel.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    padding = b"x" * 470
    taken = [lane.send_bytes(request(token) + padding, token, NOW_NS) for token in range(100, 500)]
    assert {0, 1} == set(taken)

    lane.close(ConnectionError("cut"))

    reached = [token for _, token, reached_kernel in desk.told("lost") if reached_kernel]
    received = await asyncio.to_thread(peer.receive_all)
    whole = len(received) // len(request(100) + padding)
    assert reached == list(range(100, 100 + whole))
    assert len(desk.told("lost")) == 400
    # A write is told as taken when it returned 1; some that returned 0 have followed since.
    assert sum(taken) <= whole
