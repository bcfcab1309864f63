"""The request parser: the same answer for any split, the status of each refusal, and never more lenient than h11."""

import h11
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidings.exchange.server.http_request import (
    MAX_BODY_BYTES,
    MAX_HEAD_BYTES,
    MAX_HEADER_COUNT,
    MAX_REQUEST_LINE_BYTES,
    HttpError,
    RequestParser,
)

GET = b"GET /public/time?id=7&x=%2C HTTP/1.1\r\nHost: localhost:8443\r\nX-Note:  two words \t\r\n\r\n"
POST = b'POST /orders HTTP/1.1\r\nHost: a\r\nContent-Length: 13\r\nConnection: Close\r\n\r\n{"symbol":"X"'
STREAM = GET + POST + b"\r\n" + GET


def parse(*pieces: bytes) -> list[tuple[str, str, str, bytes, bool]]:
    parser, requests = RequestParser(), []
    for piece in pieces:
        parser.feed(piece)
        while (request := parser.next_request()) is not None:
            requests.append((request.method, request.path, request.query, request.body, request.is_keep_alive))
    return requests


EXPECTED = [
    ("GET", "/public/time", "id=7&x=%2C", b"", True),
    ("POST", "/orders", "", b'{"symbol":"X"', False),
    ("GET", "/public/time", "id=7&x=%2C", b"", True),
]


def test_three_pipelined_requests_come_out_in_order():
    assert parse(STREAM) == EXPECTED


@pytest.mark.parametrize("cut", range(1, len(STREAM)))
def test_any_split_in_two_gives_the_same_requests(cut):
    assert parse(STREAM[:cut], STREAM[cut:]) == EXPECTED


def test_byte_by_byte_gives_the_same_requests():
    assert parse(*(bytes([byte]) for byte in STREAM)) == EXPECTED


@pytest.mark.parametrize("length", range(len(GET)))
def test_a_truncated_request_is_no_request(length):
    assert parse(GET[:length]) == []


def test_header_names_are_lowered_values_trimmed_and_repeats_joined():
    parser = RequestParser()
    parser.feed(b"GET / HTTP/1.1\r\nHoSt: h\r\nA: 1\r\na:\t2 \r\nEmpty:\r\n\r\n")
    assert parser.next_request().headers == {"host": "h", "a": "1, 2", "empty": ""}


@pytest.mark.parametrize(
    ("version", "connection", "is_kept"),
    [
        ("1.1", "", True),
        ("1.1", "Connection: close\r\n", False),
        ("1.1", "Connection: upgrade, CLOSE\r\n", False),
        ("1.0", "", False),
        ("1.0", "Connection: Keep-Alive\r\n", True),
    ],
)
def test_persistence_follows_rfc_9112(version, connection, is_kept):
    assert parse(f"GET / HTTP/{version}\r\nHost: h\r\n{connection}\r\n".encode()) == [("GET", "/", "", b"", is_kept)]


def test_what_follows_the_last_request_can_be_taken():
    parser = RequestParser()
    parser.feed(GET + b"\x81\x00rest")
    assert parser.next_request() is not None
    assert parser.take_rest() == b"\x81\x00rest"
    assert parser.next_request() is None


def refusal(data: bytes) -> int:
    with pytest.raises(HttpError) as caught:
        parse(data)
    return caught.value.status


@pytest.mark.parametrize(
    ("target", "path", "query"),
    [
        (b"http://h/md/orderbook?symbol=BTCUSD", "/md/orderbook", "symbol=BTCUSD"),
        (b"HTTPS://h:8443/public/time", "/public/time", ""),
        (b"https://h", "/", ""),
        (b"http://[::1]:1?a=/b", "/", "a=/b"),
    ],
)
def test_a_target_may_be_a_whole_url(target, path, query):
    """RFC 9112 §3.2.2."""
    assert parse(b"GET " + target + b" HTTP/1.1\r\nHost: h\r\n\r\n") == [("GET", path, query, b"", True)]


@pytest.mark.parametrize(
    "data",
    [
        b"GET  / HTTP/1.1\r\nHost: h\r\n\r\n",
        b"GET / HTTP/2.0\r\nHost: h\r\n\r\n",
        b"GET /\r\n\r\n",
        b"G\xc9T / HTTP/1.1\r\nHost: h\r\n\r\n",
        b"GET h/a HTTP/1.1\r\nHost: h\r\n\r\n",
        b"GET ftp://h/ HTTP/1.1\r\nHost: h\r\n\r\n",
        b"GET http:///a HTTP/1.1\r\nHost: h\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: h\r\n folded\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost : h\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: h\r\nA: x\x00y\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: h\nA: x\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx",
        b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: +1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1 1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length:\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    ],
)
def test_malformed_requests_are_answered_400(data):
    assert refusal(data) == 400


CHUNKED = b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"


def test_a_transfer_coding_but_chunked_is_answered_501():
    assert refusal(CHUNKED.replace(b"chunked", b"gzip, chunked") + b"0\r\n\r\n") == 501


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_a_body_in_chunks_is_read_however_it_is_cut(size):
    data = CHUNKED + b"5\r\nabcde\r\n00a;name=value\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n"
    data += CHUNKED.replace(b"chunked", b"Chunked") + b"0\r\n\r\nGET /next HTTP/1.1\r\nHost: h\r\n\r\n"
    parser, found = RequestParser(), []
    for start in range(0, len(data), size):
        parser.feed(data[start : start + size])
        while (request := parser.next_request()) is not None:
            found.append((request.path, request.body))
    assert found == [("/", b"abcde0123456789"), ("/", b""), ("/next", b"")]
    assert parser.pending_bytes == 0


def test_a_body_in_chunks_that_is_not_complete_is_pending():
    parser = RequestParser()
    parser.feed(CHUNKED + b"5\r\nabcde\r\n")
    assert parser.next_request() is None
    assert parser.pending_bytes > 0
    assert parser.peek().path == "/"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"x\r\n", 400), (b"\r\n", 400), (b"-1\r\n", 400), (b"0x1\r\na\r\n", 400), (b"1\r\nab\r\n", 400),
        (b"123456789\r\n", 400), (b"1" * 256, 400), (b" 1\r\na\r\n", 400), (b"10001\r\n", 413),
        (b"ffffffff\r\n", 413), (b"8000\r\n" + b"x" * 0x8000 + b"\r\n8001\r\n", 413),
        (b"1\r\nx\r\n" * 1025, 413), (b"0\r\n" + b"A: " + b"x" * MAX_HEAD_BYTES, 431),
        (b"0\r\n" + b"A: x\r\n" * (MAX_HEAD_BYTES // 6 + 1), 431),
    ],
)  # fmt: skip
def test_chunks_that_are_malformed_or_too_many_are_refused(body, status):
    assert refusal(CHUNKED + body) == status


def test_a_length_beside_chunks_is_refused():
    assert refusal(CHUNKED[:-2] + b"Content-Length: 3\r\n\r\n0\r\n\r\n") == 400


@given(parts=st.lists(st.binary(min_size=1, max_size=20), max_size=6))
def test_chunks_of_an_h11_client_arrive_unchanged(parts):
    client = h11.Connection(h11.CLIENT)
    fields = [("Host", "localhost"), ("Transfer-Encoding", "chunked")]
    data = client.send(h11.Request(method="POST", target="/g-orders", headers=fields))
    for part in parts:
        data += client.send(h11.Data(part))
    data += client.send(h11.EndOfMessage())
    assert parse(data) == [("POST", "/g-orders", "", b"".join(parts), True)]


def sized_target(extra: int) -> bytes:
    fixed = len(b"GET  HTTP/1.1\r\n")
    return b"GET /" + b"a" * (MAX_REQUEST_LINE_BYTES - fixed - 1 + extra) + b" HTTP/1.1\r\n"


def test_the_request_line_has_a_limit():
    assert len(parse(sized_target(0) + b"Host: h\r\n\r\n")) == 1
    assert refusal(sized_target(1) + b"Host: h\r\n\r\n") == 414
    assert refusal(b"GET /" + b"a" * MAX_REQUEST_LINE_BYTES) == 414  # before its end is known


def sized_head(total: int) -> bytes:
    start = b"GET / HTTP/1.1\r\nHost: h\r\nA: "
    return start + b"a" * (total - len(start) - 4) + b"\r\n\r\n"


def test_the_head_has_a_limit():
    assert len(parse(sized_head(MAX_HEAD_BYTES))) == 1
    assert refusal(sized_head(MAX_HEAD_BYTES + 1)) == 431
    assert refusal(sized_head(MAX_HEAD_BYTES + 9)[:-4]) == 431


def test_the_number_of_headers_has_a_limit():
    many = b"GET / HTTP/1.1\r\nHost: h\r\n" + b"A: 1\r\n" * (MAX_HEADER_COUNT - 1)
    assert len(parse(many + b"\r\n")) == 1
    assert refusal(many + b"A: 1\r\n\r\n") == 431


def test_the_body_has_a_limit():
    head = b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n"
    assert parse(head % MAX_BODY_BYTES + b"x" * MAX_BODY_BYTES)[0][3] == b"x" * MAX_BODY_BYTES
    assert refusal(head % (MAX_BODY_BYTES + 1)) == 413


TOKENS = st.text("abcXYZ09-_!~", min_size=1, max_size=8)
VALUES = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), max_size=12)


@given(
    method=st.sampled_from(["GET", "PUT", "POST", "DELETE"]),
    query=st.text("abc=&%,.-_~09", max_size=30),
    headers=st.lists(st.tuples(TOKENS.map("x-".__add__), VALUES), max_size=6),
    body=st.binary(max_size=40),
)
def test_what_an_h11_client_sends_arrives_unchanged(method, query, headers, body):
    client = h11.Connection(h11.CLIENT)
    target = f"/g-orders/create?{query}"
    fields = [("Host", "localhost"), ("Content-Length", str(len(body))), *headers]
    data = client.send(h11.Request(method=method, target=target, headers=fields))
    data += client.send(h11.Data(body)) + client.send(h11.EndOfMessage())
    assert parse(data) == [(method, "/g-orders/create", query, body, True)]


@settings(max_examples=400)
@given(data=st.data())
def test_a_corrupted_request_is_refused_or_read_as_h11_reads_it(data):
    """We may be stricter than h11, never more lenient: what we accept, it accepts with the same meaning."""
    changed = bytearray(POST.replace(b"Connection: Close\r\n", b""))
    for _ in range(data.draw(st.integers(1, 3))):
        position = data.draw(st.integers(0, len(changed) - 1))
        changed[position : position + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=3))
    parser = RequestParser()
    parser.feed(bytes(changed))
    try:
        request = parser.next_request()
    except HttpError as error:
        assert error.status in (400, 413, 414, 431, 501)
        return
    if request is None:
        return
    server = h11.Connection(h11.SERVER)
    server.receive_data(bytes(changed).lstrip(b"\r\n"))
    event = server.next_event()
    assert (event.method, event.target.partition(b"?")[0]) == (request.method.encode(), request.path.encode())
    body = bytearray()
    while isinstance(part := server.next_event(), h11.Data):
        body += part.data
    assert (isinstance(part, h11.EndOfMessage), bytes(body)) == (True, request.body)


@given(st.binary(max_size=200))
def test_garbage_never_raises_anything_but_a_refusal(data):
    try:
        parse(data)
    except HttpError as error:
        assert error.status in (400, 413, 414, 431, 501)
