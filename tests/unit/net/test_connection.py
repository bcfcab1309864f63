"""Bytes out at once, bytes in as they come, and an account of what the kernel took that the peer confirms."""

import asyncio
import socket
import sys

import pytest

from tidings.clock import Clock
from tidings.errors import ConnectionLost
from tidings.net.channel import PythonChannel
from tidings.net.connection import Connection


async def test_write_is_in_the_kernel_when_it_returns(link, peer):
    connection, _ = link

    assert connection.write_bytes(b"order 1") == 1

    assert (connection.written_bytes_total, connection.taken_bytes_total) == (7, 7)
    assert 0 < connection.send_entered_ns <= connection.send_returned_ns
    assert await asyncio.to_thread(peer.receive, 7) == b"order 1"


async def test_received_bytes_reach_the_sink(link, peer):
    connection, sink = link
    await asyncio.to_thread(peer.send, b"answer")
    await sink.until(lambda: sink.received == b"answer")
    assert connection.is_open


async def test_flood_arrives_whole_and_in_order(link, peer):
    _, sink = link
    flood = bytes(index % 251 for index in range(1_000_000))
    sending = asyncio.create_task(asyncio.to_thread(peer.send, flood))
    await sink.until(lambda: len(sink.received) == len(flood))
    await sending
    assert sink.received == flood


async def test_corked_writes_leave_together_on_uncork(link, peer):
    connection, _ = link
    connection.cork()
    assert connection.write_bytes(b"one,") == 0
    assert connection.write_bytes(b"two") == 0
    assert connection.taken_bytes_total == 0

    assert connection.uncork() == 1

    assert connection.taken_bytes_total == 7
    received = await asyncio.to_thread(peer.stream.recv, 100)  # TLS hands over one record at a time
    assert received == b"one,two"


async def test_inner_uncork_does_not_send(link):
    connection, _ = link
    connection.cork()
    connection.cork()
    connection.write_bytes(b"held")
    assert connection.uncork() == 0
    assert connection.uncork() == 1


async def test_poll_reads_without_the_loop(link, peer):
    connection, sink = link
    assert connection.poll() == 0
    await asyncio.to_thread(peer.send, b"answer")

    while not sink.received:
        connection.poll()

    assert sink.received == b"answer"


async def test_peers_goodbye_ends_the_connection_once(link, peer):
    connection, sink = link
    await asyncio.to_thread(peer.hang_up)
    await sink.until(lambda: sink.causes)
    assert not connection.is_open
    assert isinstance(sink.causes[0], ConnectionLost)
    assert "closed the connection" in str(sink.causes[0])
    with pytest.raises(ConnectionLost, match="nothing was sent"):
        connection.write_bytes(b"late")
    connection.close(ConnectionError("again"))
    await asyncio.sleep(0)
    assert len(sink.causes) == 1


async def test_reset_ends_the_connection_with_the_kernels_reason(link, peer):
    _, sink = link
    await asyncio.to_thread(peer.abort)
    await sink.until(lambda: sink.causes)
    assert "Connection reset by peer" in str(sink.causes[0])


async def test_close_says_goodbye_and_tells_the_sink_at_once(link, peer):
    connection, sink = link
    connection.write_bytes(b"last")
    cause = ConnectionError("enough")
    connection.close(cause)
    assert sink.causes == [cause]
    # Without close_notify the peer's TLS would report a truncated stream here.
    assert await asyncio.to_thread(peer.receive, 4) == b"last"
    assert await asyncio.to_thread(peer.stream.recv, 1) == b""


async def test_error_in_the_sink_closes_with_that_cause(link, peer):
    connection, sink = link

    def refuse(data, now_ns):
        raise ValueError("not for me")

    sink.bytes_came = refuse
    await asyncio.to_thread(peer.send, b"?")
    await sink.until(lambda: sink.causes)
    assert not connection.is_open
    assert str(sink.causes[0]) == "not for me"


async def test_answers_that_came_before_the_break_are_still_read(link, peer):
    connection, sink = link
    peer.send(b"final answer")
    peer.abort()

    with pytest.raises(ConnectionLost):
        for _ in range(1000):   # no loop pass since: the reader hook has had no chance
            connection.write_bytes(b"x")

    assert sink.causes == []    # not inside the write
    await sink.until(lambda: sink.causes)
    assert sink.received == b"final answer"
    assert not connection.is_open


# --- Partial writes: the peer does not read, the kernel's buffers are small.

REQUEST_BYTES = 500
PATIENCE_S = 30  # a busy machine


def request(index):
    return f"request {index:6d}".encode().ljust(REQUEST_BYTES, b".")


async def crowd(make_link, request_count):
    """A link whose kernel buffers are full before the last of `request_count` requests."""
    connection, sink = await make_link(receive_buffer_bytes=4096)
    connection.channel.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    results = [connection.write_bytes(request(index)) for index in range(request_count)]
    assert results[-1] == 0
    return connection, sink


@pytest.mark.parametrize("kind", ["libssl", "memory"], indirect=True)
async def test_account_is_what_the_peer_can_decrypt(make_link, peer):
    """At every cut: the peer reads what the kernel took and not one byte more, though part of a record followed."""
    # Tickets we had not read would make our kernel reset the stream, and the peer lose what it had not read.
    peer.tls.num_tickets = 0
    for request_count in range(100, 116):
        connection, sink = await crowd(make_link, request_count)
        taken = connection.taken_bytes_total
        assert 0 < taken < connection.written_bytes_total
        assert taken % REQUEST_BYTES == 0   # a record was taken whole or not at all

        connection.close(ConnectionError("cut"))

        received = await asyncio.to_thread(peer.receive_all)
        assert received == b"".join(map(request, range(taken // REQUEST_BYTES)))
        assert sink.causes


@pytest.mark.parametrize("kind", ["libssl", "memory"], indirect=True)
async def test_reading_finishes_no_record_that_it_would_not_count(make_link, peer):
    """The kernel has room again and an answer is there: it is read first, as when both are announced together."""
    connection, sink = await crowd(make_link, 400)
    peer.stream.settimeout(0.1)
    received = peer.receive_all()   # not in a thread: the loop must not see that it may write
    peer.stream.settimeout(PATIENCE_S)
    peer.send(b"answer")

    while not sink.received:
        connection.poll()
    taken = connection.taken_bytes_total
    connection.channel.socket.shutdown(socket.SHUT_WR)

    assert received + await asyncio.to_thread(peer.receive_all) == b"".join(map(request, range(taken // REQUEST_BYTES)))


@pytest.mark.parametrize("kind", ["libssl", "memory"], indirect=True)
async def test_a_record_that_leaves_behind_time_counts_although_the_next_one_does_not_leave(make_link, peer):
    peer.tls.num_tickets = 0
    for request_count in range(120, 136):
        connection, _ = await crowd(make_link, request_count)
        before = connection.taken_bytes_total
        received = peer.receive(4 * REQUEST_BYTES)  # not in a thread: the loop must not write more than once

        connection._on_writable()

        taken = connection.taken_bytes_total
        assert before < taken < connection.written_bytes_total
        connection.channel.socket.shutdown(socket.SHUT_WR)
        received += await asyncio.to_thread(peer.receive_all)
        assert len(received) == taken


@pytest.mark.parametrize("kind", ["plain"], indirect=True)
async def test_plain_account_is_what_the_peer_receives(make_link, peer):
    connection, _ = await crowd(make_link, 400)
    taken = connection.taken_bytes_total
    connection.close(ConnectionError("cut"))
    assert len(await asyncio.to_thread(peer.receive_all)) == taken


async def test_rest_follows_when_the_peer_reads(make_link, peer):
    connection, sink = await crowd(make_link, 400)

    received = await asyncio.to_thread(peer.receive, 400 * REQUEST_BYTES)

    assert received == b"".join(map(request, range(400)))
    await sink.until(lambda: 400 * REQUEST_BYTES in sink.taken)
    assert sink.taken == sorted(sink.taken)
    assert connection.taken_bytes_total == connection.written_bytes_total
    assert connection.write_bytes(b"direct again") == 1


async def test_too_much_held_back_is_refused_and_not_counted(make_link):
    connection, _ = await make_link(receive_buffer_bytes=4096)
    written = 0
    with pytest.raises(ConnectionLost, match="has not read"):
        while True:
            connection.write_bytes(bytes(100_000))
            written += 100_000
    assert connection.written_bytes_total == written
    assert connection.is_open


async def test_writing_and_reading_allocate_nothing(link, peer):
    connection, sink = link
    sink.bytes_came = lambda data, now_ns: None
    data = b"x" * 500

    def burst():
        for _ in range(200):
            connection.write_bytes(data)
            connection.poll()

    draining = asyncio.create_task(asyncio.to_thread(peer.receive, 3 * 200 * 500))
    burst()
    before = sys.getallocatedblocks()
    burst()
    burst()
    after = sys.getallocatedblocks()
    await draining
    assert after - before < 200    # the peer's thread takes some (89 were seen); 400 writes and polls would show


# --- A write that breaks while the sink is told of what came.


class BrokenPipe:
    """A pipe that takes nothing any more, and has an answer for whoever reads."""

    fileno = staticmethod(lambda: 77)
    getblocking = staticmethod(lambda: False)
    close = staticmethod(lambda: None)

    def send(self, data):
        raise ConnectionLost("broken")

    def recv(self, room):
        return b"answer"


class UnhookedLoop:
    """The running loop, except that it watches no descriptor."""

    call_soon = staticmethod(lambda act: asyncio.get_running_loop().call_soon(act))
    add_reader = remove_reader = remove_writer = staticmethod(lambda *arguments: None)


async def test_a_sink_that_had_its_end_hears_nothing_of_a_write_that_broke_before(recording_sink):
    sink = recording_sink
    connection = Connection(PythonChannel(BrokenPipe(), "sim:1", Clock()), sink, UnhookedLoop())

    def send_and_refuse(data, now_ns):
        sink.received += data
        with pytest.raises(ConnectionLost):
            connection.write_bytes(b"order")
        raise ValueError("not for me")

    sink.bytes_came = send_and_refuse
    connection.poll()
    await asyncio.sleep(0.001)  # the loop pass in which a broken connection is read out and ended
    assert (sink.received, [str(cause) for cause in sink.causes]) == (b"answer", ["not for me"])
