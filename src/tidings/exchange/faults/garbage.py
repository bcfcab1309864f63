"""What a server, a proxy or a broken network may send in place of an answer.

Each shape is made from the answer it replaces, so that it is wrong in one way only; `head` ends with its empty line.
"""

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

_PAGE = b"<!DOCTYPE html><html><head><title>Sorry</title></head><body><h1>We will be right back</h1></body></html>"
_LENGTH = re.compile(rb"Content-Length: \d+\r\n")
_TYPE = re.compile(rb"Content-Type: [^\r]*\r\n")
_CL_ORD_ID = re.compile(rb'"clOrd(ID|Id)":"[^"]*"')

Shape = Callable[[bytes, bytes], bytes]


def framed(head: bytes, body: bytes, *, media: bytes = b"") -> bytes:
    """`body` under `head`, with its true length."""
    head = _with_length(head, b"Content-Length: %d\r\n" % len(body))
    return (_TYPE.sub(b"Content-Type: " + media + b"\r\n", head) if media else head) + body


def _with_length(head: bytes, lines: bytes) -> bytes:
    return _LENGTH.sub(lines, head, count=1)


def _ok(head: bytes) -> bytes:
    """`head` with status 200."""
    return re.sub(rb"\AHTTP/1\.1 [^\r]*", b"HTTP/1.1 200 OK", head)


def _foreign(head: bytes, body: bytes) -> bytes:
    """A sound answer about somebody else's order."""
    return framed(head, _CL_ORD_ID.sub(rb'"clOrd\1":"somebody-elses"', body))


SHAPES: Final[Mapping[str, Shape]] = MappingProxyType({
    # Not an answer.
    "not-http": lambda head, body: b"\x15\x03\x03\x00\x02\x02\x28\x00\xff this is not HTTP\r\n\r\n",
    "html": lambda head, body: framed(_ok(head), _PAGE, media=b"text/html"),
    "redirect": lambda head, body: b"HTTP/1.1 307 Temporary Redirect\r\nLocation: https://elsewhere.invalid/\r\n"
                                   b"Content-Length: 0\r\n\r\n",
    "no-content": lambda head, body: re.sub(rb"\AHTTP/1\.1 [^\r]*", b"HTTP/1.1 204 No Content", head) + body,
    "empty": lambda head, body: framed(_ok(head), b""),
    # JSON that says nothing.
    "broken-json": lambda head, body: framed(_ok(head), body[: len(body) // 2]),
    "null": lambda head, body: framed(_ok(head), b"null"),
    "no-code": lambda head, body: framed(_ok(head), b'{"msg":"","data":{}}'),
    "no-data": lambda head, body: framed(_ok(head), b'{"code":0,"msg":"","data":null}'),
    "list": lambda head, body: framed(_ok(head), b'{"code":0,"msg":"","data":[]}'),
    "foreign": _foreign,
    # Framing that cannot be trusted (RFC 9112 §6.3, §7.1).
    "long-length": lambda head, body: _with_length(head, b"Content-Length: %d\r\n" % (len(body) + 100)) + body,
    "short-length": lambda head, body: _with_length(head, b"Content-Length: %d\r\n" % (len(body) // 2)) + body,
    "two-lengths": lambda head, body: _with_length(
        head, b"Content-Length: %d\r\nContent-Length: %d\r\n" % (len(body), len(body) + 1)) + body,
    "chunked-and-length": lambda head, body: _with_length(
        head, b"Content-Length: %d\r\nTransfer-Encoding: chunked\r\n" % len(body)) + b"%x\r\n" % len(body) + body
        + b"\r\n0\r\n\r\n",
    "bad-chunks": lambda head, body: _with_length(head, b"Transfer-Encoding: chunked\r\n") + b"zz\r\n" + body
                                     + b"\r\n-1\r\n\r\n",
    "bare-newlines": lambda head, body: head.replace(b"\r\n", b"\n") + body,
    "gzip": lambda head, body: _with_length(
        head, b"Content-Encoding: gzip\r\nContent-Length: %d\r\n" % (len(body) + 10)) + b"\x1f\x8b" + bytes(8) + body,
    "endless-header": lambda head, body: head[:-2] + b"X-Padding: " + b"a" * 200_000,
})  # fmt: skip
