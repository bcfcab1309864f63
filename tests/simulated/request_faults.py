"""What can befall one request and its answer at the gateway: by name, each a few lines.

`fault.pick` chooses the variant and the byte; `gateway.ask` is the moment the exchange acts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.simulated.faults import Fault
    from tests.simulated.gateway import Gateway
    from tests.simulated.http_frames import Passing

# Statuses that tell nothing about what became of the request (phemex docs 2026, "HTTP return codes"; RFC 9110 §15.5.9).
NO_VERDICT_STATUSES = (500, 502, 503, 504, 408, 425)
RETRY_AFTERS = ("", "1", "-5", "soon", "0", "2", "1", "", "1", "2", "1000000000")
NONSENSE: tuple[tuple[int, bytes, str], ...] = (
    (200, b"<html><body>temporarily unavailable</body></html>", ""),
    (200, b"", ""),
    (200, b"{}", ""),
    (200, b"[]", ""),
    (200, b"null", ""),
    (200, b'{"code":0,"msg":"","data":null}', ""),
    (200, b'{"code":0,"msg":"","data":[]}', ""),
    (200, b'{"code":0,"msg":"","data":{"orderID":17}}', ""),
    (200, b'{"code":"zero","msg":null,"data":{}}', ""),
    (200, b'{"code":0,"msg":"","data":{', ""),
    (200, b"\xff\xfe\x00", ""),
    (201, b'{"code":0,"msg":"","data":{}}', ""),
    (302, b"", "Location: https://elsewhere.example/\r\n"),
    (200, b"{}", "Content-Encoding: gzip\r\n"),
    (200, b"{}", "Content-Length: 7\r\n"),
    (599, b"{}", ""),
)


def http(status: int, body: bytes, headers: str = "") -> bytes:
    """An answer as a proxy would write it."""
    return f"HTTP/1.1 {status} Told\r\nContent-Length: {len(body)}\r\n{headers}\r\n".encode() + body


def error_before(gateway: Gateway, passing: Passing, fault: Fault) -> None:
    """An error status, and the exchange never saw the request."""
    gateway.send(http(NO_VERDICT_STATUSES[fault.pick % len(NO_VERDICT_STATUSES)], b"upstream error"))


def error_after(gateway: Gateway, passing: Passing, fault: Fault) -> None:
    """An error status, though the exchange has acted."""
    gateway.ask(passing)
    error_before(gateway, passing, fault)


def drop_request(gateway: Gateway, passing: Passing, fault: Fault) -> None:
    """The request is lost, and the connection with it, without a word."""
    gateway.wire.go_dark()


def drop_response(gateway: Gateway, passing: Passing, fault: Fault) -> None:
    """The exchange acts; the answer is lost, and the connection with it, without a word."""
    gateway.ask(passing)
    gateway.wire.go_dark()


def cut_request(gateway: Gateway, passing: Passing, fault: Fault) -> None:
    """The exchange reads some bytes, then the connection is reset."""
    gateway.ask_bytes(passing.data[: fault.pick % (len(passing.data) + 1)])
    gateway.wire.reset()


def cut_response(gateway: Gateway, passing: Passing, fault: Fault, cause: str = "closed") -> None:
    """The client reads some bytes of the answer, then the end."""
    answer = gateway.ask(passing)
    gateway.send(answer[: fault.pick % (len(answer) + 1)])
    gateway.wire.down.finish(cause)


def reset_response(gateway: Gateway, passing: Passing, fault: Fault) -> None:
    """The client reads some bytes of the answer, then a reset."""
    cut_response(gateway, passing, fault, "reset")


def nonsense(gateway: Gateway, passing: Passing, fault: Fault) -> None:
    """An answer that tells nothing; the exchange has acted, or not."""
    if fault.pick // 1_000 % 2:
        gateway.ask(passing)
    gateway.send(http(*NONSENSE[fault.pick % len(NONSENSE)]))


def garbage(gateway: Gateway, passing: Passing, fault: Fault) -> None:
    """Bytes that are not HTTP; the exchange has acted, or not."""
    if fault.pick // 1_000 % 2:
        gateway.ask(passing)
    gateway.send(bytes((fault.pick // 3 + step * 37) % 256 for step in range(1 + fault.pick % 90)) + b"\r\n\r\n")


def shift(gateway: Gateway, passing: Passing, fault: Fault) -> None:
    """An answer is swallowed: the next one on this connection comes in its place."""
    gateway.ask(passing)


def swap(gateway: Gateway, passing: Passing, fault: Fault) -> None:
    """An answer goes behind the next one."""
    gateway.hold_answer(gateway.ask(passing))


def twice(gateway: Gateway, passing: Passing, fault: Fault) -> None:
    """The answer comes twice."""
    answer = gateway.ask(passing)
    gateway.send(answer + answer)


def slow_answer(gateway: Gateway, passing: Passing, fault: Fault) -> None:
    """The answer, and all behind it, comes seconds later."""
    gateway.wire.down.hold_back(fault.pick % 6_000 * 1_000_000)
    gateway.send(gateway.ask(passing))


def slow_request(gateway: Gateway, passing: Passing, fault: Fault) -> None:
    """The request waits in front of the exchange, perhaps beyond its expiry; so do those behind it."""
    gateway.delay(passing, fault.pick % 4_000 * 1_000_000)


def repeat(gateway: Gateway, passing: Passing, fault: Fault) -> None:
    """An intermediary sends the request twice (RFC 9110 §9.2.2 allows it for PUT), and passes one answer on."""
    answers = gateway.ask(passing), gateway.ask(passing)
    gateway.send(answers[fault.pick % 2])


def last_word(gateway: Gateway, passing: Passing, fault: Fault) -> None:
    """The answer announces the end of the connection; what is behind it is not answered."""
    answer = gateway.ask(passing)
    gateway.send(answer.replace(b"Connection: keep-alive", b"Connection: close"))
    gateway.wire.down.finish()


def interim(gateway: Gateway, passing: Passing, fault: Fault) -> None:
    """Interim answers (RFC 9110 §15.2) before the real one."""
    gateway.send(b"HTTP/1.1 100 Continue\r\n\r\n" * (1 + fault.pick % 4) + gateway.ask(passing))


def too_many(gateway: Gateway, passing: Passing, fault: Fault) -> None:
    """The gateway refuses: too many requests."""
    wait = RETRY_AFTERS[fault.pick % len(RETRY_AFTERS)]
    group = ("-contract", "", "-spotorder")[fault.pick // 16 % 3]
    headers = f"x-ratelimit-retry-after{group}: {wait}\r\n" if wait else ""
    gateway.send(http(429, b'{"code":"39995","msg":"Too many requests."}', headers))


def forbidden(gateway: Gateway, passing: Passing, fault: Fault) -> None:
    """The gateway refuses, before anything could act."""
    gateway.send(http((401, 403)[fault.pick % 2], b'{"code":"401","msg":"401 Request"}'))


Behaviour = Callable[["Gateway", "Passing", "Fault"], None]
TRAPS: dict[str, Behaviour] = {
    act.__name__: act
    for act in (
        error_before, error_after, drop_request, drop_response, cut_request, cut_response, reset_response, nonsense,
        garbage, shift, swap, twice, slow_answer, slow_request, repeat, last_word, interim, forbidden,
    )
}
SPELLS: dict[str, Behaviour] = {
    "too_many": too_many, "outage_before": error_before, "outage_after": error_after,
}
