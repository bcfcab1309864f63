"""The collecting reader: copies that stay, times, ends and new beginnings."""

import pytest

from tidings.errors import PeerError
from tidings.wire.response_reader import ResponseReader

BODY = b'{"code":0}'
REPLY = b"HTTP/1.1 200 OK\r\nx-ratelimit-remaining: 9\r\nContent-Length: 10\r\n\r\n" + BODY
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"


def pairs(responses):
    return [(response.status, response.body) for response in responses]


def test_received_time_is_that_of_the_completing_read():
    reader = ResponseReader()
    reader.feed(REPLY[:50], now_ns=1)
    assert reader.feed(REPLY[50:], now_ns=2)[0].received_ns == 2


def test_nothing_is_read_after_an_error_until_reset():
    reader = ResponseReader()
    with pytest.raises(PeerError):
        reader.feed(b"garbage")
    with pytest.raises(PeerError, match="reset"):
        reader.feed(REPLY)
    reader.reset()
    assert pairs(reader.feed(REPLY)) == [(200, BODY)]


def test_reset_forgets_a_half_response():
    reader = ResponseReader()
    reader.feed(CHUNKED[:50])
    reader.reset()
    assert reader.at_eof()
    assert pairs(reader.feed(CHUNKED)) == [(200, b"hello")]


def test_copies_outlive_the_buffer_they_came_from():
    reader, data = ResponseReader(), bytearray(REPLY)
    (reply,) = reader.feed(data)
    data[:] = bytes(len(data))
    assert (reply.body, reply.rate_headers[0].value) == (BODY, 9)


def test_what_they_are_shows():
    (reply,) = ResponseReader().feed(REPLY)
    assert repr(reply) == "<ResponseCopy 200, 10 bytes>"
    assert repr(reply.rate_headers[0]) == "RateHeaderCopy(kind=1, group='', value=9)"


def test_feeding_nothing_completes_nothing():
    assert ResponseReader().feed(b"") == []
