"""The cold side's connection: one request at a time and its answer, counted, signed, and within its time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, Self

from tidings.app.links.venue_access import VenueAccess
from tidings.app.world import World
from tidings.engine.throttle import PRIORITY_CANCEL, PRIORITY_ORDER, Cost
from tidings.errors import RateLimited
from tidings.net.http_client import HttpAnswer, HttpClient
from tidings.venue.phemex.order_encoder import OrderEncoder
from tidings.venue.phemex.rate_groups import RateBudget
from tidings.venue.phemex.rate_words import wait_s, why_no_room
from tidings.venue.phemex.signing import Credentials

NS_PER_S = 1_000_000_000
CONNECTIONS = 2  # a question that hangs does not hold up the next one; the second is dialled when first needed
HTTP_TOO_MANY_REQUESTS = 429
RETRY_AFTER = 3  # RateHeaderCopy.kind of x-ratelimit-retry-after


class Requests(Protocol):
    """Who sends whole requests, made when a connection can take them, and awaits their answers."""

    async def request(self, request: Callable[[], bytes], *, timeout_s: float) -> HttpAnswer: ...
    async def close(self) -> None: ...


class VenueLink:
    """`ask` is what Queries stand on. Enter it to connect; the first request dials."""

    def __init__(
        self,
        access: VenueAccess,
        credentials: Credentials | None,
        budget: RateBudget,
        world: World,
        *,
        expiry_s: int,
        timeout_s: float,
        client: Requests | None = None,
    ) -> None:
        """`client`: connections of its own, one request at a time on each, if not given."""
        self.budget = budget
        self._encoder = OrderEncoder(access.endpoints.rest.authority, credentials)
        dialer = world.make_dialer(access.rest, world.clock, access.tls)
        self._client = client or HttpClient(dialer, world.clock, lane_count=CONNECTIONS)
        self._clock, self._expiry_s, self._timeout_s = world.clock, expiry_s, timeout_s
        self._wall_offset_ns: int | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.close()

    def set_venue_clock(self, wall_offset_ns: int) -> None:
        """Venue wall clock − our monotonic clock; until it is known this machine's clock serves."""
        self._wall_offset_ns = wall_offset_ns

    async def ask(
        self, method: str, path: str, query: str, body: bytes, signed: bool, *, priority: int = PRIORITY_ORDER
    ) -> tuple[int, bytes]:
        """Status and body of one request. `priority`: of `engine.throttle`; a cancel's is at least PRIORITY_CANCEL.

        Raises RateLimited before sending when the budget has no room, ConnectionLost, PeerError.
        """
        cost = self.budget.cost(method, path, symbol=_symbol_in(query), is_signed=signed)
        priority = max(priority, PRIORITY_CANCEL) if method == "DELETE" else priority

        def leave() -> bytes:
            """Counted and signed in the moment of leaving: a dial may have taken longer than an expiry lasts."""
            now_ns = self._clock.read_now_ns()
            if not cost.take(priority, now_ns):
                raise self._no_room(cost, priority, f"{method} {path}", now_ns)
            self._encoder.expiry_s = self._venue_wall_ns(now_ns) // NS_PER_S + 1 + self._expiry_s
            return self._encoder.request(method, path, query, body, signed=signed)

        now_ns = self._clock.read_now_ns()
        if why_no_room(cost, priority, now_ns):  # nothing is dialled for it
            raise self._no_room(cost, priority, f"{method} {path}", now_ns)
        answer = await self._client.request(leave, timeout_s=self._timeout_s)
        self._hear_rates(answer)
        return answer.status, answer.body

    def _no_room(self, cost: Cost, priority: int, what: str, now_ns: int) -> RateLimited:
        why = why_no_room(cost, priority, now_ns)
        return RateLimited(f"{what}: {why}", wait_s(cost, priority, now_ns))

    def _hear_rates(self, answer: HttpAnswer) -> None:
        """What the venue says of its budgets; a 429 blocks the groups it names."""
        now_ns = self._clock.read_now_ns()
        waits_s = {header.group: header.value for header in answer.rate_headers if header.kind == RETRY_AFTER}
        if answer.status == HTTP_TOO_MANY_REQUESTS:
            for suffix in {*waits_s, *answer.remaining}:
                self.budget.block(suffix, waits_s.get(suffix), now_ns)
            return  # what it says is left holds no longer than that
        for suffix, remaining in answer.remaining.items():
            self.budget.correct(suffix, remaining, now_ns)

    def _venue_wall_ns(self, now_ns: int) -> int:
        if self._wall_offset_ns is None:
            return self._clock.read_wall_ns()
        return now_ns + self._wall_offset_ns


def _symbol_in(query: str) -> str:
    """The symbol a query is about, "" if none: the VIP host counts per symbol."""
    for pair in query.split("&"):
        if pair.startswith("symbol="):
            return pair[7:]
    return ""
