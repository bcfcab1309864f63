"""Each shape of garbage is what its name says, and nothing else is wrong with it."""

import json

import h11
import pytest

from tidings.exchange.faults.garbage import SHAPES

BODY = b'{"code":0,"msg":"","data":{"clOrdID":"mine-1","orderID":"x"}}'
HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json;charset=UTF-8\r\nContent-Length: %d\r\n"
    b"Connection: keep-alive\r\n\r\n" % len(BODY)
)


def read(data: bytes) -> tuple[int, str, bytes]:
    """Status, media type and body as h11 reads them; raises where the framing is broken or incomplete."""
    client = h11.Connection(h11.CLIENT)
    client.send(h11.Request(method="GET", target="/", headers=[("Host", "h")]))
    client.send(h11.EndOfMessage())
    client.receive_data(data)
    body = b""
    while True:
        event = client.next_event()
        if isinstance(event, h11.Response):
            status, headers = event.status_code, dict(event.headers)
        elif isinstance(event, h11.Data):
            body += bytes(event.data)
        elif isinstance(event, h11.EndOfMessage):
            assert client.trailing_data[0] == b"", "bytes after the answer"
            return status, headers.get(b"content-type", b"").decode(), body
        elif event is h11.NEED_DATA:
            raise EOFError(len(body))


def test_the_answer_itself_is_sound():
    assert read(HEAD + BODY) == (200, "application/json;charset=UTF-8", BODY)


@pytest.mark.parametrize("shape", ["html", "empty", "broken-json", "null", "no-code", "no-data", "list", "foreign"])
def test_soundly_framed_nonsense(shape):
    status, _, body = read(SHAPES[shape](HEAD, BODY))
    assert (status, body != BODY) == (200, True)


@pytest.mark.parametrize("shape", ["html", "empty", "broken-json"])
def test_what_is_no_json(shape):
    with pytest.raises(ValueError):
        json.loads(read(SHAPES[shape](HEAD, BODY))[2])


def test_json_that_says_nothing_or_something_of_somebody_else():
    shapes = ("null", "no-code", "no-data", "list", "foreign")
    documents = {shape: json.loads(read(SHAPES[shape](HEAD, BODY))[2]) for shape in shapes}
    assert documents["null"] is None
    assert "code" not in documents["no-code"]
    assert (documents["no-data"]["data"], documents["list"]["data"]) == (None, [])
    assert documents["foreign"]["data"] == {"clOrdID": "somebody-elses", "orderID": "x"}


@pytest.mark.parametrize(
    "shape", ["not-http", "two-lengths", "chunked-and-length", "bad-chunks", "endless-header", "short-length"]
)
def test_framing_that_a_strict_reader_refuses(shape):
    with pytest.raises((h11.RemoteProtocolError, AssertionError, EOFError)):
        _, _, body = read(SHAPES[shape](HEAD, BODY))
        assert shape == "chunked-and-length" and body != BODY, "h11 prefers the chunks, as RFC 9112 allows"


def test_a_length_that_is_too_long_leaves_the_client_waiting():
    with pytest.raises(EOFError, match=str(len(BODY))):
        read(SHAPES["long-length"](HEAD, BODY))


def test_the_rest():
    assert read(SHAPES["redirect"](HEAD, BODY))[0] == 307
    assert SHAPES["no-content"](HEAD, BODY) == (HEAD + BODY).replace(b" 200 OK", b" 204 No Content")
    assert b"\r\n" not in SHAPES["bare-newlines"](HEAD, BODY)
    assert b"Content-Encoding: gzip\r\n" in SHAPES["gzip"](HEAD, BODY)
    assert len(SHAPES["endless-header"](HEAD, BODY)) > 200_000
