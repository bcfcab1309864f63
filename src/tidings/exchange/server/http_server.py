"""The listening side of one port: HTTP/1.1 with keep-alive and pipelining, and the door through which WebSockets leave.

Requests of a connection are answered one after the other, in the order they came, and the answers of one read leave
in one write. The handler is an ordinary function: what it needs it has in memory, so nothing can overtake. The few
answers that take time hold up their own connection only.

No client can stall another: a turn of the loop serves so many requests of a connection, and the others come before
the rest of them (`turns`). A client that does not read its answers is not read from either; it and one that does not
finish its request are cut in the end (`deadlines`).
"""

import asyncio
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.utils import formatdate
from functools import partial
from http import HTTPStatus
from typing import Protocol, cast

from tidings.exchange.faults.http_faults import FaultyConnection, HttpFaults
from tidings.exchange.rest.response import Response
from tidings.exchange.server.deadlines import UNFINISHED_NS, UNREAD_NS, Deadlines
from tidings.exchange.server.http_request import HttpError, Request, RequestParser
from tidings.exchange.server.turns import TURN_BYTES, TURN_NS, TURN_REQUESTS, Turns
from tidings.exchange.sudden_end import end_connection

MAX_CONNECTIONS = 2_000  # file descriptors are finite; a client above gets a closed connection
READ_PAUSE_BYTES = 256 * 1024  # answers a client may leave unread before we stop reading its requests
KEEPALIVE = (("TCP_KEEPIDLE", 30), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3))
_PHRASES = {status.value: status.phrase for status in HTTPStatus}


class Handler(Protocol):
    """Answers requests; `wall_ns` is the wall clock when the request was taken up, `address` the client's IP."""

    def respond(self, request: Request, address: str, wall_ns: int) -> Response | asyncio.Future[Response]: ...


Upgrade = Callable[[Request, asyncio.Transport, bytes], asyncio.Protocol]
"""Takes over an upgraded connection: the request, its transport, and the bytes that came after the request."""


@dataclass(slots=True)
class ServerState:
    """What all connections of one listener share."""

    handler: Handler
    wall_ns: Callable[[], int]
    upgrade: Upgrade | None = None
    upgrade_paths: frozenset[str] = frozenset()
    faults: HttpFaults | None = None
    # What is to be done before a request is answered, step by step, so that others are served in between
    prepare: Callable[[Request, int], Iterator[None] | None] = lambda request, wall_ns: None
    idle_timeout_s: float | None = None  # None: keep-alive for ever; the venue's own value is unknown
    deadlines: Deadlines = field(default_factory=Deadlines)
    turns: Turns = field(default_factory=Turns)
    admits_upgrade: Callable[[str, int], bool] = lambda address, wall_ns: True  # if not, the handler says why
    connections: set[asyncio.Transport] = field(default_factory=set)
    date_s: int = 0
    heads: dict[tuple[int, str], str] = field(default_factory=dict)  # of the present second, by status and type

    def head(self, status: int, content_type: str, wall_ns: int) -> str:
        """How an answer begins, up to its length; with its Date (RFC 9110 §6.6.1) it is made once a second."""
        now_s = wall_ns // 1_000_000_000
        if now_s != self.date_s:
            self.date_s = now_s
            self.heads.clear()
        head = self.heads.get((status, content_type))
        if head is None:
            head = self.heads[status, content_type] = (
                f"HTTP/1.1 {status} {_PHRASES.get(status, 'Unknown')}\r\nDate: {formatdate(now_s, usegmt=True)}\r\n"
                f"Content-Type: {content_type}\r\nContent-Length: "
            )
        return head

    def close_all(self) -> None:
        """Cut every connection at once, upgraded ones included."""
        for transport in tuple(self.connections):
            transport.abort()


class HttpConnection(asyncio.Protocol):
    """One client connection. After an upgrade it passes everything on to the protocol that took over."""

    def __init__(self, state: ServerState) -> None:
        self._state = state
        self._parser = RequestParser()
        self._transport: asyncio.Transport | None = None
        self._address = ""
        self._upgraded: asyncio.Protocol | None = None
        self._is_stalled = False  # the client does not read: our write buffer is full
        self._has_more = False  # requests that came are served in the loop's next turn
        self._is_answering = False  # an answer takes its time; the requests after it wait
        self._is_reading = True
        self._is_finished = False  # the last answer is written; what still comes in is not for us
        self._idle_timer: asyncio.TimerHandle | None = None
        self._faulty: FaultyConnection | None = None  # answers instead of us once there were faults

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport = cast(asyncio.Transport, transport)  # uvloop's is one in all but its base class
        if len(self._state.connections) >= MAX_CONNECTIONS:
            transport.abort()
            return
        self._transport = transport
        self._state.connections.add(transport)
        peer = transport.get_extra_info("peername")
        self._address = peer[0] if peer else ""
        transport.set_write_buffer_limits(high=READ_PAUSE_BYTES)
        _probe_when_silent(transport.get_extra_info("socket"))
        self._restart_idle_timer()
        refusal = self._state.faults.refuses_connection() if self._state.faults else None
        if refusal is not None:
            self._is_finished = True
            end_connection(transport, refusal.fault.then)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_idle_timer()
        self._state.deadlines.clear(self)
        if self._transport is not None:
            self._state.connections.discard(self._transport)
            self._transport = None
        if self._upgraded is not None:
            self._upgraded.connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._upgraded is not None:
            self._upgraded.data_received(data)
        elif not self._is_finished:
            self._restart_idle_timer()
            self._parser.feed(data)
            if not self._has_more:
                self._serve()

    def pause_writing(self) -> None:
        self._is_stalled = True
        if self._upgraded is None:
            self._state.deadlines.put(self, self._state.wall_ns() + UNREAD_NS)
            self._read_or_not()

    def resume_writing(self) -> None:
        self._is_stalled = False
        self._read_or_not()
        if self._upgraded is None and not self._has_more:
            self._serve()

    def cut(self) -> None:
        """End the connection at once; what was not sent is lost."""
        if self._transport is not None:
            self._transport.abort()

    def _read_or_not(self) -> None:
        """Read from the client, unless it has to wait for its answers."""
        is_reading = not self._is_stalled and not self._has_more and not self._is_answering
        if is_reading == self._is_reading or self._transport is None or self._transport.is_closing():
            return
        self._is_reading = is_reading
        if is_reading:
            self._transport.resume_reading()
        else:
            self._transport.pause_reading()

    def _serve(self) -> None:
        """Answer what is complete, in order; the rest of much in the loop's next turn."""
        if self._is_answering:
            return  # faults too wait for the answer before
        faults = self._state.faults
        if self._faulty is not None or (faults is not None and faults.is_set):
            self._serve_faultily()  # a fault may keep a client waiting for ever, or be kept waiting
            return
        served_count = self._serve_some()
        if self._upgraded is None and self._transport is not None:
            self._read_or_not()
            self._keep_time(served_count)
            if self._has_more:
                self._state.turns.put(self)

    def serve_rest(self) -> None:
        """Have another turn."""
        self._has_more = False
        if self._transport is not None and self._upgraded is None:
            self._serve()
            self._read_or_not()

    def _keep_time(self, served_count: int) -> None:
        """Give a client that keeps us waiting a deadline, and take it from one that does not."""
        deadlines = self._state.deadlines
        if self._is_finished:
            deadlines.put(self, self._state.wall_ns() + UNREAD_NS)
        elif self._is_stalled or (self._has_more and self in deadlines):
            return
        elif not self._parser.pending_bytes or self._has_more:
            deadlines.clear(self)
        elif served_count or self not in deadlines:
            deadlines.put(self, self._state.wall_ns() + UNFINISHED_NS)

    def _serve_some(self) -> int:
        """Answer a turn's worth with one write; gives how many were answered."""
        answers: list[bytes] = []
        turn_bytes, until_ns = 0, self._state.wall_ns() + TURN_NS
        while not self._is_stalled and not self._is_finished and not self._is_answering:
            is_spent = len(answers) >= TURN_REQUESTS or turn_bytes >= TURN_BYTES
            if is_spent or (answers and self._state.wall_ns() >= until_ns):
                self._has_more = True
                break
            try:
                request = self._parser.next_request()
            except HttpError as error:
                answers.append(self._render(_refusal(error), True))
                self._is_finished = True
                break
            if request is None:
                break
            if self._is_upgrade(request):
                self._hand_over(request, answers)
                break
            steps = self._state.prepare(request, self._state.wall_ns())
            response = self._respond(request) if steps is None else asyncio.ensure_future(self._after(steps, request))
            if isinstance(response, asyncio.Future):
                self._is_answering = True
                response.add_done_callback(partial(self._answer_late, request))
                break
            answer = self._render(response, not request.is_keep_alive)
            answers.append(answer)
            turn_bytes += len(answer)
            self._is_finished = not request.is_keep_alive
        if self._upgraded is None:
            self._write(answers)
        return len(answers)

    def _serve_faultily(self) -> None:
        """Judge each request, and let `FaultyConnection` answer it."""
        assert self._transport is not None and self._state.faults is not None
        if self._faulty is None:
            respond = cast(Callable[[Request], Response], self._respond)  # what takes time is not asked through faults
            self._faulty = FaultyConnection(self._state.faults, self._transport, respond, self._render)
        faulty = self._faulty
        while not self._is_stalled and not faulty.is_deaf:
            first_line = self._parser.peek()
            if first_line is not None:
                faulty.begin(first_line)
            try:
                request = self._parser.next_request()
            except HttpError as error:
                faulty.refuse(_refusal(error))
                break
            if request is None:
                faulty.on_partial(self._parser.pending_bytes)
                break
            if not self._is_upgrade(request):
                faulty.take(request)
            elif happening := faulty.upgrade_faults(request):
                faulty.take(request, happening)
            else:
                self._hand_over(request, [])
                return
        self._is_finished = faulty.is_deaf

    def _is_upgrade(self, request: Request) -> bool:
        state = self._state
        is_wished = request.is_websocket_upgrade and request.path in state.upgrade_paths
        return is_wished and state.admits_upgrade(self._address, state.wall_ns())

    def _write(self, answers: list[bytes]) -> None:
        if self._transport is None:
            return
        if answers:
            self._transport.write(b"".join(answers))
        if self._is_finished:
            self._transport.close()  # after the flush

    def _answer_late(self, request: Request, response: asyncio.Future[Response]) -> None:
        """Write an answer that took its time, and go on with the requests after it."""
        self._is_answering = False
        self._read_or_not()
        if response.cancelled() or response.exception():
            self.cut()
            return
        self._is_finished = not request.is_keep_alive
        self._write([self._render(response.result(), self._is_finished)])
        if not self._is_finished and not self._has_more and self._transport is not None:
            self._serve()

    def _respond(self, request: Request) -> Response | asyncio.Future[Response]:
        response = self._state.handler.respond(request, self._address, self._state.wall_ns())
        if request.method == "HEAD" and isinstance(response, Response):
            response.body = b""  # RFC 9110 §9.3.2: a body would be taken for the next answer
        return response

    async def _after(self, steps: Iterator[None], request: Request) -> Response:
        """The answer, once what it needs is made."""
        for _ in steps:
            await asyncio.sleep(0)
        response = self._respond(request)
        return response if isinstance(response, Response) else await response

    def _render(self, response: Response, is_last: bool) -> bytes:
        head = self._state.head(response.status, response.content_type, self._state.wall_ns())
        last = "close" if is_last else "keep-alive"
        tail = f"{len(response.body)}\r\n{response.headers}Connection: {last}\r\n\r\n"
        return f"{head}{tail}".encode("latin-1") + response.body

    def _hand_over(self, request: Request, answers: list[bytes]) -> None:
        """From here on the connection is a WebSocket."""
        assert self._transport is not None and self._state.upgrade is not None
        self._stop_idle_timer()
        self._write(answers)
        self._state.deadlines.clear(self)
        self._upgraded = self._state.upgrade(request, self._transport, self._parser.take_rest())

    def _restart_idle_timer(self) -> None:
        if self._state.idle_timeout_s is None or self._transport is None:
            return
        self._stop_idle_timer()
        loop = asyncio.get_running_loop()
        self._idle_timer = loop.call_later(self._state.idle_timeout_s, self._transport.close)

    def _stop_idle_timer(self) -> None:
        if self._idle_timer is not None:
            self._idle_timer.cancel()
            self._idle_timer = None


def _probe_when_silent(peer: socket.socket | None) -> None:
    """Have the kernel find out when the other end is gone without a word: a minute after the last one."""
    if peer is None:
        return
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in KEEPALIVE:
        if hasattr(socket, name):  # Linux has them all
            peer.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


def _refusal(error: HttpError) -> Response:
    """The gateway's answer to what is not HTTP; the text is ours (the venue documents none)."""
    return Response(f'{{"code":{error.status},"msg":"{error}","data":null}}'.encode("latin-1"), error.status)
