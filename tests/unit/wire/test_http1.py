"""The response parser against h11, httptools and hand-written bytes: every split, every cut, every forbidden form."""

import random

import h11
import httptools
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidings.errors import PeerError
from tidings.wire.response_reader import ResponseReader

BODY = b'{"code":0,"msg":"","data":{"orderID":"3f1c0b1e-8a55-4a3e-9a40-5b1c2d3e4f50"}}'
REPLY = (
    b"HTTP/1.1 200 OK\r\nServer: gateway\r\nDate: Mon, 01 Jun 2026 10:00:00 GMT\r\nContent-Type: application/json\r\n"
    b"X-RateLimit-Remaining-CONTRACT: 498\r\nx-ratelimit-capacity-contract: 500\r\nContent-Length: %d\r\n\r\n"
    % len(BODY)
) + BODY
CHUNKED = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"5\r\nhello\r\n00b;note=1\r\n, big world\r\n1\r\n!\r\n0\r\nDigest: x\r\n\r\n"
)
NO_CONTENT = b"HTTP/1.1 204 No Content\r\n\r\n"
INTERIM = b"HTTP/1.1 100 Continue\r\n\r\n"
STREAM = REPLY + CHUNKED + NO_CONTENT + INTERIM + REPLY
STREAM_RESULT = [(200, BODY), (200, b"hello, big world!"), (204, b""), (200, BODY)]


def pairs(responses):
    return [(response.status, response.body) for response in responses]


def head(*lines: bytes, status: bytes = b"HTTP/1.1 200 OK") -> bytes:
    return b"\r\n".join([status, *lines]) + b"\r\n\r\n"


def test_many_responses_in_one_read_come_in_order():
    assert pairs(ResponseReader().feed(STREAM)) == STREAM_RESULT


def test_every_split_gives_the_same_responses():
    for cut in range(1, len(STREAM)):
        reader = ResponseReader()
        assert pairs(reader.feed(STREAM[:cut]) + reader.feed(STREAM[cut:])) == STREAM_RESULT, cut
        assert reader.at_eof()


def test_byte_by_byte_gives_the_same_responses():
    reader = ResponseReader()
    got = [response for index in range(len(STREAM)) for response in reader.feed(STREAM[index : index + 1])]
    assert pairs(got) == STREAM_RESULT


@pytest.mark.parametrize("whole", [REPLY, CHUNKED])
def test_a_cut_response_is_never_completed(whole):
    for cut in range(1, len(whole)):
        reader = ResponseReader()
        assert reader.feed(whole[:cut]) == []
        assert not reader.at_eof(), cut


def test_an_interim_response_promises_a_final_one():
    reader = ResponseReader()
    assert reader.feed(INTERIM) == []
    assert not reader.at_eof()


def test_bytes_after_a_closing_response_are_refused():
    reader = ResponseReader()
    reader.feed(head(b"Connection: close", b"Content-Length: 0"))
    assert reader.at_eof()
    with pytest.raises(PeerError, match="announced the end"):
        reader.feed(REPLY)


def test_http10_closes():
    (reply,) = ResponseReader().feed(head(b"Content-Length: 2", status=b"HTTP/1.0 200 OK") + b"{}")
    assert (reply.keep_alive, reply.body) == (False, b"{}")


def test_not_modified_has_no_body_whatever_its_length_says():
    got = ResponseReader().feed(head(b"Content-Length: 5", status=b"HTTP/1.1 304 Not Modified") + REPLY)
    assert pairs(got) == [(304, b""), (200, BODY)]


@pytest.mark.parametrize("status", [b"HTTP/1.1 200", b"HTTP/1.1 200 ", b"HTTP/1.1 200 a\tb \xe4"])
def test_reason_phrase_may_be_anything_visible(status):
    assert pairs(ResponseReader().feed(head(b"Content-Length: 0", status=status))) == [(200, b"")]


REFUSED = {
    "garbage": b"\x16\x03\x01\x02\x00",
    "html": b"<html>",
    "leading empty line": b"\r\n" + REPLY,
    "lower-case version": head(b"Content-Length: 0", status=b"http/1.1 200 OK"),
    "version 2": head(b"Content-Length: 0", status=b"HTTP/2.0 200 OK"),
    "two spaces before the status": head(b"Content-Length: 0", status=b"HTTP/1.1  200 OK"),
    "status of two digits": head(b"Content-Length: 0", status=b"HTTP/1.1 20 OK"),
    "status of four digits": head(b"Content-Length: 0", status=b"HTTP/1.1 2000 OK"),
    "status with a letter": head(b"Content-Length: 0", status=b"HTTP/1.1 2x0 OK"),
    "status 600": head(b"Content-Length: 0", status=b"HTTP/1.1 600 OK"),
    "length and coding": head(b"Content-Length: 5", b"Transfer-Encoding: chunked") + b"0\r\n\r\n",
    "coding and length": head(b"Transfer-Encoding: chunked", b"Content-Length: 5") + b"0\r\n\r\n",
    "no length": head(b"Content-Type: text/plain") + b"hello",
    "bare LF": b"HTTP/1.1 200 OK\nContent-Length: 2\n\n{}",
    "CR without LF at the end": b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\rX",
    "unknown coding": head(b"Transfer-Encoding: xchunked") + b"0\r\n\r\n",
    "coding list": head(b"Transfer-Encoding: gzip, chunked") + b"0\r\n\r\n",
    "coding twice": head(b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked") + b"0\r\n\r\n",
    "coding in HTTP/1.0": head(b"Transfer-Encoding: chunked", status=b"HTTP/1.0 200 OK") + b"0\r\n\r\n",
    "compressed": head(b"Content-Encoding: gzip", b"Content-Length: 2") + b"{}",
    "switching protocols": head(status=b"HTTP/1.1 101 Switching Protocols"),
    "nine interim responses": INTERIM * 9,
    "chunk size not a number": head(b"Transfer-Encoding: chunked") + b"xyz\r\n",
    "chunk size empty": head(b"Transfer-Encoding: chunked") + b"\r\n",
    "chunk size negative": head(b"Transfer-Encoding: chunked") + b"-1\r\n",
    "chunk size with prefix": head(b"Transfer-Encoding: chunked") + b"0x5\r\nhello\r\n0\r\n\r\n",
    "chunk size followed by space": head(b"Transfer-Encoding: chunked") + b"5 \r\nhello\r\n0\r\n\r\n",
    "chunk size of nine digits": head(b"Transfer-Encoding: chunked") + b"000000005\r\nhello\r\n0\r\n\r\n",
    "chunk above the limit": head(b"Transfer-Encoding: chunked") + b"400001\r\n",
    "chunk longer than its size": head(b"Transfer-Encoding: chunked") + b"2\r\nhello\r\n0\r\n\r\n",
    "chunk ended by LF": head(b"Transfer-Encoding: chunked") + b"5\nhello\n0\n\n",
    "chunk data ended by LF": head(b"Transfer-Encoding: chunked") + b"5\r\nhello\n0\r\n\r\n",
    "chunk extension without end": head(b"Transfer-Encoding: chunked") + b"5;" + b"a" * 256,
    "bad trailer": head(b"Transfer-Encoding: chunked") + b"0\r\nX : 1\r\n\r\n",
    "more than 100 headers": head(*[b"X: 1"] * 101),
    "header line above 32 KiB": b"HTTP/1.1 200 OK\r\nX: " + b"a" * 32768,
    "head above 32 KiB": head(*[b"X: " + b"a" * 1000] * 40),
    "endless reason": b"HTTP/1.1 200 " + b"a" * 32768,
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name):
    with pytest.raises(PeerError, match=r"^HTTP: "):
        ResponseReader().feed(REFUSED[name])


@pytest.mark.parametrize("name", REFUSED)
def test_refused_byte_by_byte(name):
    reader = ResponseReader()
    with pytest.raises(PeerError, match=r"^HTTP: "):
        for byte in REFUSED[name]:
            reader.feed(bytes([byte]))


def test_at_the_limits_is_fine():
    body = b"x" * 4194304
    assert ResponseReader().feed(head(b"Content-Length: 4194304") + body)[0].body == body
    assert ResponseReader().feed(head(*[b"X: 1"] * 99, b"Content-Length: 0"))[0].status == 200
    assert ResponseReader().feed(INTERIM * 8 + REPLY)[0].body == BODY
    filler = b"X: " + b"a" * (32768 - len(head(b"X: ", b"Content-Length: 0")))
    assert ResponseReader().feed(head(filler, b"Content-Length: 0"))[0].status == 200
    with pytest.raises(PeerError, match="32768 bytes"):
        ResponseReader().feed(head(filler + b"a", b"Content-Length: 0"))


class Oracle:
    """httptools (llhttp), collecting what our reader collects."""

    def __init__(self):
        self.got = []
        self.body = b""
        self.parser = httptools.HttpResponseParser(self)

    def on_message_begin(self):
        self.body = b""

    def on_body(self, body):
        self.body += body

    def on_message_complete(self):
        if self.parser.get_status_code() >= 200:
            self.got.append((self.parser.get_status_code(), self.body))


@given(
    bodies=st.lists(st.binary(max_size=300), min_size=1, max_size=5),
    chunk_bytes=st.integers(1, 80),
    read_bytes=st.integers(1, 400),
)
def test_agrees_with_llhttp_on_good_streams(bodies, chunk_bytes, read_bytes):
    stream = b""
    for index, body in enumerate(bodies):
        if index % 2:
            parts = [body[at : at + chunk_bytes] for at in range(0, len(body), chunk_bytes)]
            coded = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"
            stream += head(b"Transfer-Encoding: Chunked") + coded
        else:
            stream += head(b"Content-Length: %d" % len(body), status=b"HTTP/1.1 404 Not Found") + body
    oracle, reader, got = Oracle(), ResponseReader(), []
    oracle.parser.feed_data(stream)
    for at in range(0, len(stream), read_bytes):
        got += reader.feed(stream[at : at + read_bytes])
    assert pairs(got) == oracle.got == [(404 if not i % 2 else 200, body) for i, body in enumerate(bodies)]
    assert reader.at_eof()


def test_agrees_with_h11_on_the_chunked_reply():
    peer = h11.Connection(h11.CLIENT)
    peer.send(h11.Request(method="GET", target="/", headers=[("host", "x")]))
    peer.send(h11.EndOfMessage())
    peer.receive_data(CHUNKED)
    body = b""
    while type(event := peer.next_event()) is not h11.EndOfMessage:
        body += bytes(event.data) if isinstance(event, h11.Data) else b""
    assert pairs(ResponseReader().feed(CHUNKED)) == [(200, body)]


def test_mutated_streams_end_in_responses_or_a_peer_error():
    chooser = random.Random(20260601)
    refused = 0
    for _ in range(6000):
        mutant = bytearray(STREAM)
        for _ in range(chooser.randint(1, 4)):
            at = chooser.randrange(len(mutant))
            mutant[at : at + chooser.randint(0, 3)] = chooser.randbytes(chooser.randint(0, 3))
        whole, in_parts = ResponseReader(), ResponseReader()
        cut = chooser.randrange(len(mutant))
        results = []
        for feeds in ([(whole, mutant)], [(in_parts, mutant[:cut]), (in_parts, mutant[cut:])]):
            got = []
            try:
                for reader, part in feeds:
                    got += pairs(reader.feed(bytes(part)))
            except PeerError:
                got = "refused"
            results.append(got)
        assert results[0] == results[1]
        refused += results[0] == "refused"
    assert 1000 < refused < 6000
