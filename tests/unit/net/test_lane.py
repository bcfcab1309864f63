"""Each answer goes to its request: over real sockets, against a peer that misbehaves to order."""

import asyncio

import pytest

from tidings.errors import ConnectionLost, PeerError

NOW_NS = 1_000_000_000
SECOND_NS = 1_000_000_000


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


# --- Matching


async def test_answers_go_to_the_requests_in_their_order(lane, peer, desk):
    assert send(lane, 7, 8, 9) == [1, 1, 1]
    assert lane.in_flight_count == 3
    assert await asyncio.to_thread(peer.receive, 3 * len(request(7))) == request(7) + request(8) + request(9)

    await asyncio.to_thread(peer.send, response("seven") + response("eight") + response("nine"))

    await desk.until("answer", 9, b"nine")
    assert desk.heard == [("up", 0), ("answer", 7, b"seven"), ("answer", 8, b"eight"), ("answer", 9, b"nine")]
    assert (lane.in_flight_count, lane.answer_count) == (0, 3)


async def test_answer_in_single_bytes_is_the_same_answer(lane, peer, desk):
    send(lane, 1)
    for byte in response("one"):
        await asyncio.to_thread(peer.send, bytes([byte]))
    await desk.until("answer", 1, b"one")


async def test_slots_are_used_again(lane, peer, desk):
    for token in range(1, 20):
        send(lane, token)
        await asyncio.to_thread(peer.send, response(str(token)))
        await desk.until("answer", token, str(token).encode())
    assert len(desk.told("answer")) == 19


async def test_request_sent_while_an_answer_is_heard_has_its_own_slot(lane, peer, desk):
    desk.on_answer = lambda lane, heard: send(lane, heard["token"] + 10) if heard["token"] < 10 else None
    send(lane, 1, 2, 3, 4)
    await asyncio.to_thread(peer.send, b"".join(response(str(token)) for token in (1, 2, 3, 4)))
    await desk.until("answer", 4, b"4")
    await asyncio.to_thread(peer.send, b"".join(response(str(token)) for token in (11, 12, 13, 14)))
    await desk.until("answer", 14, b"14")
    assert [token for _, token, _ in desk.told("answer")] == [1, 2, 3, 4, 11, 12, 13, 14]


async def test_depth_is_capped(lane, desk):
    send(lane, 1, 2, 3, 4)
    assert not lane.has_room()
    with pytest.raises(ConnectionLost, match="4 requests in flight already; nothing was sent"):
        send(lane, 5)
    assert lane.in_flight_count == 4


# --- Answers nobody asked for


async def test_answer_on_an_idle_lane_closes_it(lane, peer, desk):
    await asyncio.to_thread(peer.send, response("injected"))
    await desk.until("down", 0)
    assert isinstance(desk.cause, PeerError)
    assert desk.told("answer") == []


async def test_answer_that_waits_unread_is_found_before_an_idle_lane_is_written_to(lane, peer, desk):
    peer.send(response("injected"))     # and no loop pass: a busy strategy has not let the reader hook run

    with pytest.raises(ConnectionLost, match="nothing was sent"):
        send(lane, 1)

    assert desk.told("down") == []      # not inside the call
    await desk.until("down", 0)
    assert isinstance(desk.cause, PeerError)
    assert await asyncio.to_thread(peer.receive_all) == b""
    assert desk.told("answer", "lost") == []


async def test_end_that_waits_unread_is_found_before_an_idle_lane_is_written_to(lane, peer, desk):
    peer.hang_up()
    with pytest.raises(ConnectionLost, match="nothing was sent"):
        send(lane, 1)
    await desk.until("down", 0)
    assert desk.told("answer", "lost") == []


async def test_second_answer_does_not_reach_a_request_sent_after_it_came(lane, peer, desk):
    desk.on_answer = lambda lane, heard: send(lane, 2)
    send(lane, 1)
    await asyncio.to_thread(peer.send, response("one") + response("injected"))
    await desk.until("down", 0)
    assert desk.told("answer", "lost") == [("answer", 1, b"one"), ("lost", 2, True)]
    assert isinstance(desk.cause, PeerError)


async def test_start_of_an_answer_nobody_asked_for_closes_the_lane(lane, peer, desk):
    send(lane, 1)
    await asyncio.to_thread(peer.send, response("one") + b"HTTP/1.1 200")
    await desk.until("down", 0)
    assert isinstance(desk.cause, PeerError)
    assert desk.told("answer") == [("answer", 1, b"one")]


async def test_what_is_no_answer_closes_the_lane_and_loses_what_is_in_flight(lane, peer, desk):
    send(lane, 1, 2)
    await asyncio.to_thread(peer.send, b"<html>")
    await desk.until("down", 0)
    assert desk.told("answer", "lost") == [("lost", 1, True), ("lost", 2, True)]
    assert isinstance(desk.cause, PeerError)


# --- Deadlines


async def test_overdue_is_told_once_and_the_late_answer_still_finds_its_request(lane, peer, desk):
    send(lane, 1, deadline_ns=NOW_NS + 10)
    send(lane, 2, deadline_ns=NOW_NS + 30)
    lane.check_deadlines(NOW_NS + 9)
    assert desk.told("overdue") == []

    lane.check_deadlines(NOW_NS + 10)
    lane.check_deadlines(NOW_NS + 20)

    assert desk.told("overdue") == [("overdue", 1)]
    assert lane.in_flight_count == 2
    await asyncio.to_thread(peer.send, response("late") + response("two"))
    await desk.until("answer", 2, b"two")
    assert desk.told("answer") == [("answer", 1, b"late"), ("answer", 2, b"two")]


async def test_lane_whose_answer_never_comes_is_closed(lane, desk):
    send(lane, 1, 2, deadline_ns=NOW_NS + SECOND_NS)
    lane.check_deadlines(NOW_NS + 5 * SECOND_NS)
    assert lane.is_up
    lane.check_deadlines(NOW_NS + 6 * SECOND_NS)
    assert not lane.is_up
    assert desk.told("overdue", "lost") == [("overdue", 1), ("overdue", 2), ("lost", 1, True), ("lost", 2, True)]
    assert "no answer 5 s past the deadline" in str(desk.cause)


async def test_listener_may_close_the_lane_when_a_deadline_passes(lane, desk):
    desk.overdue = lambda lane, request, now_ns: lane.close(ConnectionError("enough"))
    send(lane, 1, 2, deadline_ns=NOW_NS + 1)
    lane.check_deadlines(NOW_NS + 1)
    assert desk.told("lost") == [("lost", 1, True), ("lost", 2, True)]


async def test_request_without_deadline_is_never_overdue(lane, desk):
    send(lane, 1)
    lane.check_deadlines(NOW_NS + 10**15)
    assert desk.told("overdue") == []
    assert lane.is_up
