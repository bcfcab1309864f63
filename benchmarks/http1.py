"""Parsing one HTTP/1.1 response of the venue: status, length, rate headers, body in place."""

import importlib.util
from collections.abc import Callable, Iterator

from benchmarks.compiled import loops
from benchmarks.messages import order_reply
from benchmarks.report import Row, Skipped, Table
from benchmarks.timing import BATCH_CALLS, alternate
from tidings.wire.response_reader import ResponseReader

TITLE = "HTTP/1.1 response"
REPLY = order_reply()
BODY = REPLY.split(b"\r\n\r\n", 1)[1]
IN_C, FROM_PYTHON, HTTPTOOLS, H11 = "tidings, called in C", "tidings, from Python", "httptools", "h11"


def parse_by_httptools() -> Callable[[], bytes]:
    """httptools with the callbacks an order client needs."""
    import httptools

    class Events:
        def on_header(self, name: bytes, value: bytes) -> None:
            if name.startswith(b"x-ratelimit-remaining"):
                self.remaining = int(value)

        def on_body(self, body: bytes) -> None:
            self.body = body

    events = Events()
    parser = httptools.HttpResponseParser(events)

    def parse() -> bytes:
        parser.feed_data(REPLY)
        return events.body

    return parse


def parse_by_h11() -> bytes:
    import h11

    connection = h11.Connection(h11.CLIENT)
    connection.send(h11.Request(method="PUT", target="/", headers=[("Host", "x")]))
    connection.send(h11.EndOfMessage())
    connection.receive_data(REPLY)
    connection.next_event()
    return bytes(connection.next_event().data)


def run(quick: bool) -> Iterator[Table | Skipped]:
    batches, reader = 200 if quick else 4000, ResponseReader()
    calls: dict[str, Callable[[], bytes]] = {FROM_PYTHON: lambda: reader.feed(REPLY)[0].body}
    if importlib.util.find_spec("httptools"):
        calls[HTTPTOOLS] = parse_by_httptools()
    if importlib.util.find_spec("h11"):
        calls[H11] = parse_by_h11
    for name, call in calls.items():
        assert call() == BODY, name
    rows = [Row.of(name, taken) for name, taken in alternate(calls, batches).items()]
    try:
        rows.append(Row.of(IN_C, loops().parse(REPLY, len(BODY), batches, BATCH_CALLS)))
    except RuntimeError as error:
        yield Skipped(f"{TITLE}, in C", str(error))
    yield Table(TITLE, f"{len(REPLY)} bytes, {len(BODY)} of them body", HTTPTOOLS, rows)
