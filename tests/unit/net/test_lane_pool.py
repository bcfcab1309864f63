"""Which lane a request takes, batches, and what a round trip leaves behind."""

import asyncio
import sys

import pytest

from tidings.net.lane import LanePool

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


@pytest.fixture
async def pool(make_lane, desk):
    pool = LanePool(desk, lane_count=3, depth_cap=2)
    for lane in pool.lanes[:2]:
        await make_lane(lane)
    return pool


async def test_pool_gives_idle_lanes_first_then_the_least_busy(pool):
    first, second, never_up = pool
    assert pool.pick() is first
    send(first, 1)
    assert pool.pick() is second
    send(second, 2)
    assert pool.pick() is first
    send(first, 3)
    assert pool.pick() is second
    send(second, 4)
    assert pool.pick() is None
    assert not never_up.is_up
    assert (pool.up_count(), len(pool)) == (2, 3)


async def test_pool_avoids_a_lane_with_an_overdue_answer(pool):
    first, second, _ = pool
    send(first, 1, deadline_ns=NOW_NS + 1)
    send(second, 2)
    assert pool.pick() is first
    pool.check_deadlines(NOW_NS + 1)
    assert pool.pick() is second


async def test_corked_pool_sends_the_requests_of_a_lane_in_one_record(make_lane, desk, peer):
    pool = LanePool(desk, lane_count=2)
    await make_lane(pool.lanes[0])
    pool.cork()
    assert send(pool.pick(), 1, 2) == [0, 0]
    pool.uncork()
    assert await asyncio.to_thread(peer.stream.recv, 1000) == request(1) + request(2)


async def test_pool_is_polled_without_the_loop(make_lane, desk, peer):
    pool = LanePool(desk, lane_count=2)
    await make_lane(pool.lanes[0])
    send(pool.pick(), 1)
    peer.receive(len(request(1)))
    peer.send(response("one"))
    while not desk.told("answer"):
        pool.poll()
    assert desk.told("answer") == [("answer", 1, b"one")]


async def test_round_trip_leaves_no_object_behind(make_lane, peer, desk):
    lane = await make_lane()
    desk.answered = lambda lane, request, response, now_ns: None
    sent, answer = request(1), response("one")

    def round_trips(count):
        for _ in range(count):
            lane.send_bytes(sent, 1, NOW_NS)
            peer.stream.recv(1000)
            peer.stream.sendall(answer)
            while lane.in_flight_count:
                lane.connection.poll()

    def kept_by(count):
        before = sys.getallocatedblocks()
        round_trips(count)
        return sys.getallocatedblocks() - before

    round_trips(100)
    # The least of several: what ran in this process before may still let go of a few, or take them.
    assert min(kept_by(200) for _ in range(5)) <= 3
