"""The exchange under spoilt requests, frames and documents: never a 500, a traceback, or a book that is wrong.

`python -m tests.fuzz.exchange --executions N [--seed S] [--seconds T]` ends with one line of JSON; exit code 0: nothing
was wrong. The real faces over the real core, on a clock of the run's own and without a socket. Two users do nothing
odd: they must be able to trade whatever the others do.
"""

import argparse
import asyncio
import json
import logging
import random
import re
import sys
import time

from tests.fuzz.exchange_books import honest_trade, money, wrong_books
from tests.fuzz.exchange_frames import Frames
from tests.fuzz.exchange_requests import Requests
from tidings.exchange.rest.authentication import Authenticator, make_api_key
from tidings.exchange.rest.face import RestApi
from tidings.exchange.rest.rate_limits import RateLimits
from tidings.exchange.server.http_request import Request
from tidings.exchange.server.http_server import HttpConnection, ServerState
from tidings.exchange.streams.hub import StreamHub
from tidings.exchange.streams.session import StreamLimits, StreamSession
from tidings.exchange.venue import Venue
from tidings.exchange.venue_config import FIRST_USER_ID, VenueConfig

START_NS = 1_760_000_000_000_000_000
USERS = 5  # the first two are honest
CHECK_EVERY = 100  # executions
BATCH = 1_000  # executions of one seed
PROGRESS_S = 10.0
STATUS_LINE = re.compile(rb"HTTP/1\.1 (\d{3}) [A-Za-z ]+\r\n")
LENGTH = re.compile(rb"\r\nContent-Length: (\d+)\r\n")
ID = re.compile(rb'"(?:orderID|clOrdID)":"([\w-]+)"')
NOT_OURS = 501  # Not Implemented: transfer codings but chunked


class Wire(asyncio.Transport):
    """Keeps what the exchange writes."""

    def __init__(self) -> None:
        super().__init__({"peername": ("192.0.2.1", 1)})
        self.written = bytearray()
        self.is_over = False

    def write(self, data) -> None:
        if not self.is_over:
            self.written += data

    def set_write_buffer_limits(self, high=None, low=None) -> None: ...

    def get_write_buffer_size(self) -> int:
        return 0

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...

    def is_closing(self) -> bool:
        return self.is_over

    def close(self) -> None:
        self.is_over = True

    def abort(self) -> None:
        self.is_over = True


class ExchangeFuzz:
    """One seed's run. `step` is one execution: a connection with one to three requests, or a stream."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.now_ns = START_NS
        user_ids = tuple(range(FIRST_USER_ID, FIRST_USER_ID + USERS))
        self.venue = Venue(VenueConfig(seed=seed, has_flow=seed % 2 == 0, user_ids=user_ids), START_NS)
        pairs = [make_api_key(user_id, self.random.randbytes, "raw") for user_id in user_ids]
        authenticator = Authenticator(key for key, _ in pairs)
        self.keys = [(key.api_key, secret) for key, secret in pairs[2:]]
        self.requests, self.frames = Requests(seed, self.keys), Frames(seed, self.keys)
        limits = StreamLimits(requests_per_s=1_000, connections_per_user=100)
        self.hub = StreamHub(self.venue, authenticator, limits, lambda: self.now_ns, self.pump)
        self.rest = RestApi(self.venue, authenticator, RateLimits(False, "fixed", "public"), lambda: None)
        self.state = ServerState(
            self.rest, lambda: self.now_ns, upgrade=self.open_stream, upgrade_paths=frozenset({"/", "/ws"})
        )
        self.loop = asyncio.new_event_loop()
        self.money = money(self.venue)
        self.executions = self.sound = self.streams = 0

    def open_stream(self, request: Request, transport: asyncio.Transport, rest: bytes) -> StreamSession:
        session = StreamSession(transport, self.hub.limits, self.hub.on_request, self.hub.remove, lambda: self.now_ns)
        self.hub.add(session)
        session.start(request, rest)
        self.streams += 1
        return session

    def pump(self) -> None:
        for update in self.venue.advance(self.now_ns):
            self.hub.publish(update)

    def step(self) -> str:
        """What is wrong; "" if nothing is."""
        self.executions += 1
        data, is_stream = self.input()
        try:
            return self.loop.run_until_complete(self.try_out(data, is_stream)) or self.look()
        except Exception as error:
            return f"{type(error).__name__}: {error} after {data!r}"

    def input(self) -> tuple[bytes, bool]:
        if self.random.random() < 0.2:
            data = self.frames.stream()
            return (self.requests.spoilt(data) if self.random.random() < 0.3 else data), True
        data = b"".join(self.requests.request() for _ in range(1 + self.random.randrange(3)))
        return (self.requests.spoilt(data) if self.random.random() < 0.3 else data), False

    async def try_out(self, data: bytes, is_stream: bool) -> str:
        wire, connection = Wire(), HttpConnection(self.state)
        connection.connection_made(wire)
        for part in self.requests.cuts(data):
            if not wire.is_over:
                connection.data_received(part)
        self.now_ns += self.random.randrange(20_000_000)
        self.pump()
        self.hub.poll(self.now_ns)
        connection.connection_lost(None)
        found = "" if is_stream else self.read(bytes(wire.written), has_head=b"HEAD " in data)
        return f"{found} after {data!r}" if found else ""

    def read(self, answers: bytes, *, has_head: bool = False) -> str:
        """Whether these are whole answers, and none of them the fault of the exchange."""
        while answers and not answers.startswith(b"HTTP/1.1 101 "):
            line, length = STATUS_LINE.match(answers), LENGTH.search(answers)
            end = answers.find(b"\r\n\r\n") + 4
            if line is None or length is None or end < 4 or len(answers) < end + int(length[1]):
                return f"no answer: {answers!r}"
            body, status = answers[end : end + int(length[1])], int(line[1])
            if status >= 500 and status != NOT_OURS:
                return f"answered {answers!r}"
            if body or not has_head:  # whose answer has none
                json.loads(body)
            self.sound += body.startswith(b'{"code":0,')
            self.requests.known_ids += [found.decode() for found in ID.findall(body)[:4]]
            del self.requests.known_ids[:-50]
            answers = answers[end + len(body) :]
        return ""

    def look(self) -> str:
        """At the books, now and then."""
        if self.executions % CHECK_EVERY:
            return ""
        self.now_ns += 100_000_000
        self.pump()
        if (now := money(self.venue)) != self.money:
            changed = {name: float(now[name] - self.money[name]) for name in now if now[name] != self.money[name]}
            return f"money was made or lost: {changed}"
        one, other = self.venue.user_ids[:2][:: 1 if self.executions // CHECK_EVERY % 2 else -1]
        found = wrong_books(self.venue) or honest_trade(self.venue, one, other, self.now_ns)
        self.now_ns += 30_000_000
        return found

    def close(self) -> None:
        self.loop.close()




def fuzz(executions: int, seed: int, seconds: float = 1e9) -> dict[str, object]:
    """Counts, and what was wrong first: "" if nothing was."""
    total = {"executions": 0, "accepted": 0, "streams": 0, "trades": 0}
    begin_s = told_s = time.monotonic()
    found, batch = "", seed * 1_000_000
    while not found and total["executions"] < executions and time.monotonic() - begin_s < seconds:
        run = ExchangeFuzz(batch)
        for _ in range(min(BATCH, executions - total["executions"])):
            if found := run.step():
                found = f"seed {batch}, execution {run.executions}: {found}"
                break
        run.close()
        counts = (run.executions, run.sound, run.streams, run.venue.state.counters.trades)
        total = {name: total[name] + count for name, count in zip(total, counts, strict=True)}
        batch += 1
        if time.monotonic() - told_s > PROGRESS_S:
            told_s = time.monotonic()
            sys.stderr.write(f"{total}\n")
    return {"seed": seed, **total, "seconds": round(time.monotonic() - begin_s, 1), "violation": found}


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.exchange", description=__doc__)
    parser.add_argument("--executions", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=1e9, help="end then, however many there were")
    options = parser.parse_args(arguments)
    logging.disable()  # a 500 is told with what caused it
    result = fuzz(options.executions, options.seed, options.seconds)
    sys.stdout.write(json.dumps(result) + "\n")
    return 1 if result["violation"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
