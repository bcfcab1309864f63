"""Faults of requests and answers: one connection's requests waiting to take effect, and its answers waiting to leave.

Without faults `HttpConnection` answers by itself. From the first fault on a connection's requests pass through here:
each is judged once (`FaultPlan.decide`), takes effect or not, and its answer is bent and put into the line. The line
keeps the order of requests whatever is slow: an answer leaves when it is ready and those before it have left.

Nothing here reads a clock or sleeps: what comes later is given to `later`, the core's schedule.
"""

import re
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final

from tidings.exchange.catalogue import Instrument
from tidings.exchange.faults.fault_kinds import Point
from tidings.exchange.faults.fault_scope import Occasion, occasion_of
from tidings.exchange.faults.garbage import SHAPES
from tidings.exchange.faults.plan import ArmedFault, FaultPlan
from tidings.exchange.rest.rate_limits import TOO_MANY_REQUESTS, storm_headers
from tidings.exchange.rest.response import Response
from tidings.exchange.server.http_request import Request
from tidings.exchange.sudden_end import end_connection

if TYPE_CHECKING:
    import asyncio

Later = Callable[[int, Callable[[], None]], None]
"""Do something so many nanoseconds from now."""

WAITING_MAX: Final = 1_000  # requests and answers of one connection; a client with more is cut
TRICKLE_NS: Final = 10_000_000  # between two pieces of a slow answer
INTERIM: Final = b"HTTP/1.1 103 Early Hints\r\nLink: </orders>; rel=preload\r\n\r\n"
_NOTHING: Final = Response(b'{"code":0,"msg":"","data":{}}')
_REMAINING: Final = re.compile(r"(x-ratelimit-remaining[^:\r]*: )[^\r]*")


@dataclass(frozen=True)
class HttpFaults:
    """What the connections of one listener need to know: the plan, how to read a request, how to come back later."""

    plan: FaultPlan
    instruments: Mapping[str, Instrument]
    user_of_key: Callable[[str], int]
    later: Later

    @property
    def is_set(self) -> bool:
        """Whether requests are to be judged at all."""
        return self.plan.has(Point.REQUEST) or self.plan.has(Point.ARRIVAL)

    def refuses_connection(self) -> ArmedFault | None:
        """The fault that befalls a connection just made, or None."""
        if not self.plan.has(Point.CONNECTION):
            return None
        happening = self.plan.decide(Point.CONNECTION, Occasion())
        return happening[0] if happening else None

    def judge(self, point: Point, request: Request) -> list[ArmedFault]:
        """The faults that befall a request."""
        if not self.plan.has(point):
            return []
        return self.plan.decide(point, occasion_of(request, self.instruments, self.user_of_key))


@dataclass(slots=True, eq=False)
class _Waiting:
    """A request that has come."""

    request: Request
    faults: list[ArmedFault]
    is_ready: bool


@dataclass(slots=True, eq=False)
class _Answer:
    """An answer on its way out; `end` is what becomes of the connection behind it."""

    data: bytes
    end: str = ""
    bytes_per_s: int = 0  # 0: all at once
    is_ready: bool = True


@dataclass(slots=True)
class FaultyConnection:
    """The requests and answers of one connection."""

    faults: HttpFaults
    transport: "asyncio.Transport"
    respond: Callable[[Request], Response]
    render: Callable[[Response, bool], bytes]  # whether it is the last one
    is_deaf: bool = False  # what still comes is not heard
    _is_over: bool = False  # and nothing is said any more
    _cut: ArmedFault | None = None  # befalls the request that is arriving
    _is_judged: bool = False  # the request that is arriving
    _requests: deque[_Waiting] = field(default_factory=deque)
    _answers: deque[_Answer] = field(default_factory=deque)
    _shifted: deque[bytes] = field(default_factory=deque)  # not empty: each answer is that to an earlier request
    _swapped: list[_Answer] = field(default_factory=list)  # to follow the next answer

    # Requests.

    def begin(self, request: Request) -> None:
        """Judge a request of which only the first line may have come."""
        if not self._is_judged:
            self._is_judged = True
            self._cut = next(iter(self.faults.judge(Point.ARRIVAL, request)), None)

    def on_partial(self, length: int) -> None:
        """So many bytes of a request have come, and not all of it: this may be where it is cut."""
        if self._cut is not None and 0 <= self._cut.fault.at_byte <= length:
            self._end(self._cut.fault.then)

    def upgrade_faults(self, request: Request) -> list[ArmedFault]:
        """The faults that befall the upgrade of a stream: with any the connection does not become one."""
        return self.faults.judge(Point.REQUEST, request)

    def take(self, request: Request, faults: list[ArmedFault] | None = None) -> None:
        """Take a whole request, already judged or not."""
        cut, self._cut, self._is_judged = self._cut, None, False
        if cut is not None:
            self._take_cut(request, cut)
            return
        faults = self.faults.judge(Point.REQUEST, request) if faults is None else faults
        wait_ns = sum(f.delay_ns() for f in faults if f.fault.kind == "delay" and f.fault.stage == "request")
        if len(self._requests) + len(self._answers) >= WAITING_MAX:
            self._finish("reset", has_written=False)
            return
        waiting = _Waiting(request, faults, wait_ns == 0)
        self._requests.append(waiting)
        if wait_ns:
            self.faults.later(wait_ns, partial(self._wake, waiting))
        else:
            self._work()

    def refuse(self, response: Response) -> None:
        """Answer what is not HTTP, and end the connection behind it."""
        self.is_deaf = True
        self._put(_Answer(self.render(response, True), "close"), [])

    def _take_cut(self, request: Request, cut: ArmedFault) -> None:
        """The connection is cut at a byte of this request: it takes effect if that byte is behind its last."""
        length = len(request.head) + len(request.body)
        if cut.cut_at(length) == length:
            self.respond(request)
        self._end(cut.fault.then)

    def _end(self, how: str) -> None:
        """End the connection behind the answers before."""
        self.is_deaf = True
        self._put(_Answer(b"", how), [])

    def _wake(self, waiting: _Waiting) -> None:
        waiting.is_ready = True
        self._work()

    def _work(self) -> None:
        """Let requests take effect, in order, as far as they are ready."""
        while self._requests and self._requests[0].is_ready and not self.is_deaf:
            waiting = self._requests.popleft()
            self._answer(waiting.request, waiting.faults)

    def _answer(self, request: Request, faults: list[ArmedFault]) -> None:
        kinds = {armed.fault.kind for armed in faults}
        response = _NOTHING
        if all(armed.fault.processed for armed in faults) and not request.is_websocket_upgrade:
            response = self._respond(request, faults)
        is_last = not request.is_keep_alive or "close-after" in kinds
        for armed in faults:
            response = _bent(response, armed, request)
        data = self.render(response, is_last)
        for armed in faults:
            data = _bent_bytes(data, armed)
        answer = _Answer(data, "close" if is_last else "")
        for armed in faults:
            if armed.fault.kind in ("drop", "cut-response"):
                length = 0 if armed.fault.kind == "drop" else armed.cut_at(len(answer.data))
                answer.data, answer.end = answer.data[:length], armed.fault.then
            elif armed.fault.kind == "slow-response":
                answer.bytes_per_s = armed.fault.bytes_per_s
        self.is_deaf = self.is_deaf or answer.end != ""
        self._put(answer, faults)

    def _respond(self, request: Request, faults: list[ArmedFault]) -> Response:
        """Let the request take effect, more than once if it is repeated on its way."""
        response = self.respond(request)
        for armed in faults:
            if armed.fault.kind == "repeat-request":
                delay_ns = armed.delay_ns()
                if delay_ns:
                    self.faults.later(delay_ns, partial(_discard, self.respond, request))
                    continue
                second = self.respond(request)
                response = second if armed.fault.answer == "second" else response
        return response

    # Answers.

    def _put(self, answer: _Answer, faults: list[ArmedFault]) -> None:
        """Put an answer into the line, in its place or in another's."""
        kinds = {armed.fault.kind for armed in faults}
        if self._shifted or "shift-responses" in kinds:
            self._shifted.append(answer.data)
            if len(self._shifted) == 1:
                return
            answer.data = self._shifted.popleft()
        if "swap-responses" in kinds and not self._swapped:
            self._swapped.append(answer)
            return
        self._answers.append(answer)
        self._answers.extend(self._swapped)
        self._swapped.clear()
        wait_ns = 0
        for armed in faults:
            if armed.fault.kind == "delay" and armed.fault.stage == "response":
                wait_ns += armed.delay_ns()
            elif armed.fault.kind == "unsolicited-response":
                self.faults.later(armed.delay_ns(), partial(self._put, _Answer(answer.data), []))
        if wait_ns:
            answer.is_ready = False
            self.faults.later(wait_ns, partial(self._ripen, answer))
        self._flush()

    def _ripen(self, answer: _Answer) -> None:
        answer.is_ready = True
        self._flush()

    def _flush(self) -> None:
        """Write what is ready, in order."""
        while self._answers and self._answers[0].is_ready and not self._is_over:
            answer = self._answers[0]
            size = max(1, answer.bytes_per_s * TRICKLE_NS // 10**9) if answer.bytes_per_s else len(answer.data)
            piece, answer.data = answer.data[:size], answer.data[size:]
            if piece and not self.transport.is_closing():
                self.transport.write(piece)
            if answer.data:
                answer.is_ready = False
                self.faults.later(TRICKLE_NS, partial(self._ripen, answer))
                return
            self._answers.popleft()
            if answer.end:
                self._finish(answer.end, has_written=bool(piece))

    def _finish(self, end: str, *, has_written: bool) -> None:
        """The connection is over; with "hang" it stays, and nothing is heard or said on it any more."""
        self.is_deaf = True
        self._is_over = True
        end_connection(self.transport, end, self.faults.later if has_written else None)


def _bent(response: Response, armed: ArmedFault, request: Request) -> Response:
    """The answer as a gateway would have it."""
    fault = armed.fault
    if fault.kind == "fail":
        page = f"<html><head><title>{fault.status}</title></head><body>{fault.status}</body></html>"
        return Response(page.encode(), fault.status, content_type="text/html")
    if fault.kind == "rate-limit":
        headers = storm_headers(request.method, request.path, fault.retry_after) if fault.headers else ""
        return Response(TOO_MANY_REQUESTS, 429, headers)
    if fault.kind == "misstate-limits":
        headers = _REMAINING.sub(lambda found: found[1] + fault.remaining, response.headers)
        return Response(response.body, response.status, headers)
    return response


def _bent_bytes(data: bytes, armed: ArmedFault) -> bytes:
    """The answer's bytes as a broken server would send them."""
    fault = armed.fault
    if fault.kind == "garbage":
        head, _, body = data.partition(b"\r\n\r\n")
        return SHAPES[fault.shape](head + b"\r\n\r\n", body)
    if fault.kind == "interim-responses":
        return INTERIM * fault.times + data
    if fault.kind == "duplicate-response":
        return data * (1 + fault.times)
    return data


def _discard(respond: Callable[[Request], Response], request: Request) -> None:
    """Let a request take effect whose answer nobody waits for."""
    respond(request)
