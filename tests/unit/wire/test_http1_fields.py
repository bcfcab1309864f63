"""Header lines: what is picked from them in any spelling, and which forms are refused."""

import pytest

from tidings.errors import PeerError
from tidings.wire.response_reader import ResponseReader


def head(*lines: bytes, status: bytes = b"HTTP/1.1 200 OK") -> bytes:
    return b"\r\n".join([status, *lines]) + b"\r\n\r\n"


REPLY = (
    head(b"X-RateLimit-Remaining-CONTRACT: 498", b"x-ratelimit-capacity-contract: 500", b"Content-Length: 2") + b"{}"
)


def test_rate_headers_are_picked_in_any_case():
    (reply,) = ResponseReader().feed(REPLY)
    assert [(header.kind, header.group, header.value) for header in reply.rate_headers] == [
        (1, "contract", 498),
        (2, "contract", 500),
    ]


def test_rate_headers_of_all_spellings():
    lines = [
        b"x-ratelimit-remaining: 99",
        b"X-RATELIMIT-CAPACITY: 100",
        b"x-ratelimit-retry-after-Contract_BTCUSDT: 17",
        b"Retry-After: 3",
        b"Retry-After: Mon, 01 Jun 2026 10:00:00 GMT",
        b"x-ratelimit-remaining-spotorder: -1",
        b"x-ratelimit-remainingx: 5",
        b"x-ratelimit-remaining-" + b"g" * 41 + b": 5",
        b"x-ratelimit-remaining-big: " + b"9" * 19,
    ]
    (reply,) = ResponseReader().feed(head(*lines, b"Content-Length: 0", status=b"HTTP/1.1 429 Too Many Requests"))
    assert reply.status == 429
    assert [(header.kind, header.group, header.value) for header in reply.rate_headers] == [
        (1, "", 99),
        (2, "", 100),
        (3, "contract_btcusdt", 17),
        (3, "", 3),
    ]


def test_rate_headers_do_not_leak_into_the_next_response_nor_from_an_interim_one():
    interim = head(b"x-ratelimit-remaining: 1", status=b"HTTP/1.1 103 Early Hints")
    first, second = ResponseReader().feed(interim + REPLY + head(status=b"HTTP/1.1 204 No Content"))
    assert len(first.rate_headers) == 2
    assert second.rate_headers == []


def test_at_most_eight_rate_headers_are_kept():
    (reply,) = ResponseReader().feed(head(*[b"x-ratelimit-remaining: 7"] * 12, b"Content-Length: 0"))
    assert len(reply.rate_headers) == 8


@pytest.mark.parametrize("value", [b"close", b"Close", b"keep-alive, close", b" \tclose , x"])
def test_connection_close_is_told(value):
    (reply,) = ResponseReader().feed(head(b"Connection: " + value, b"Content-Length: 0"))
    assert not reply.keep_alive


@pytest.mark.parametrize("value", [b"keep-alive", b"closed", b"x-close", b""])
def test_other_connection_options_keep_it_open(value):
    (reply,) = ResponseReader().feed(head(b"Connection: " + value, b"Content-Length: 0"))
    assert reply.keep_alive


REFUSED = {
    "two lengths": head(b"Content-Length: 2", b"Content-Length: 3") + b"abc",
    "two equal lengths": head(b"Content-Length: 2", b"content-length: 2") + b"ab",
    "length with plus": head(b"Content-Length: +5") + b"hello",
    "length with minus": head(b"Content-Length: -5") + b"hello",
    "length list": head(b"Content-Length: 5,5") + b"hello",
    "hexadecimal length": head(b"Content-Length: 0x5") + b"hello",
    "inner space in length": head(b"Content-Length: 5 5") + b"hello",
    "empty length": head(b"Content-Length:") + b"hello",
    "huge length": head(b"Content-Length: 99999999999999999999999999"),
    "length above the limit": head(b"Content-Length: 4194305"),
    "bare LF after a header": b"HTTP/1.1 200 OK\r\nContent-Length: 2\n\r\n{}",
    "bare CR in a value": head(b"X: a\rb", b"Content-Length: 0"),
    "NUL in a value": head(b"X: a\0b", b"Content-Length: 0"),
    "NUL in a name": head(b"X\0: a", b"Content-Length: 0"),
    "delete in a value": head(b"X: a\x7fb", b"Content-Length: 0"),
    "folded header": head(b"X: a", b" b", b"Content-Length: 0"),
    "header folded by a tab": head(b"X: a", b"\tb", b"Content-Length: 0"),
    "space before the colon": head(b"Content-Length : 2") + b"{}",
    "space in a name": head(b"Content Length: 2") + b"{}",
    "no colon": head(b"Content-Length", b"X: 1"),
    "empty name": head(b": 1", b"Content-Length: 0"),
    "non-ASCII name": head(b"X\xe4: 1", b"Content-Length: 0"),
    "NUL in a chunk extension": head(b"Transfer-Encoding: chunked") + b"5;a\0b\r\nhello\r\n0\r\n\r\n",
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


@pytest.mark.parametrize("value", [b"5", b"  5", b"\t5 \t", b"005"])
def test_content_length_may_have_space_around_it(value):
    (reply,) = ResponseReader().feed(head(b"CONTENT-length:" + value) + b"hello")
    assert reply.body == b"hello"
