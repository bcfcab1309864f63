"""Clients that trickle, do not read, or send more than their share: cut in a stated time, no burden to others."""

import asyncio

import pytest
from slow_link import SlowLink

REQUEST = b"GET /%d HTTP/1.1\r\nHost: h\r\n\r\n"
POST = b"POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n"
S_NS = 1_000_000_000


@pytest.fixture
def link() -> SlowLink:
    return SlowLink()


@pytest.mark.parametrize("begin", [b"G", b"GET / HTTP/1.1\r\nHost: h\r\n", POST + b"1234"], ids=len)
def test_a_request_that_trickles_is_cut_ten_seconds_after_its_first_byte(link, begin):
    for byte in begin:
        link.receive(bytes([byte]))
    link.sweep_after(10 * S_NS - 1)
    assert not link.is_cut
    link.sweep_after(1)
    assert link.is_cut


def test_bytes_that_keep_coming_do_not_put_the_end_off(link):
    for _ in range(10):
        link.receive(b"X-A: b\r\n" if link.received else b"GET / HTTP/1.1\r\nHost: h\r\n")
        link.sweep_after(S_NS)
    assert link.is_cut


def test_a_client_that_finishes_its_requests_is_never_cut(link):
    for number in range(40):
        link.receive(REQUEST % number + b"GET")
        link.sweep_after(9 * S_NS)
        link.receive((REQUEST % number)[3:])
        link.sweep_after(9 * S_NS)
    assert not link.is_cut
    assert link.answered_count == 80


def test_an_idle_connection_is_kept(link):
    link.receive(REQUEST % 1)
    link.sweep_after(3_600 * S_NS)
    assert not link.is_cut


def test_a_client_that_does_not_read_is_cut_after_thirty_seconds(link):
    link.connection.pause_writing()
    link.sweep_after(30 * S_NS - 1)
    assert not link.is_cut
    link.sweep_after(1)
    assert link.is_cut


def test_a_client_that_reads_again_is_kept(link):
    link.connection.pause_writing()
    link.sweep_after(29 * S_NS)
    link.connection.resume_writing()
    link.sweep_after(60 * S_NS)
    assert not link.is_cut


async def test_one_turn_serves_a_share_and_another_client_comes_in_between(link):
    other = SlowLink(link)
    link.receive(b"".join(REQUEST % number for number in range(100)))
    asyncio.get_running_loop().call_soon(other.receive, REQUEST % 0)
    assert link.answered_count == 32
    assert not link.transport.is_reading, "what it sends meanwhile stays with the kernel"
    await asyncio.sleep(0)
    assert (link.answered_count, other.answered_count) == (64, 1)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert link.answered_count == 100
    assert link.transport.is_reading


async def test_answers_of_one_turn_are_bounded_however_long_they_are(link):
    link.body = b"x" * 30_000
    link.receive(REQUEST % 1 * 20)
    assert link.answered_count == 3
    link.connection.pause_writing()
    await asyncio.sleep(0.01)
    assert link.answered_count == 3, "nothing more while the client does not read"
    link.connection.resume_writing()
    await asyncio.sleep(0.01)
    assert link.answered_count == 20


async def test_a_flood_is_not_taken_for_a_request_that_trickles(link):
    link.receive(b"".join(REQUEST % number for number in range(40)) + b"GET")
    link.sweep_after(60 * S_NS)
    assert not link.is_cut
