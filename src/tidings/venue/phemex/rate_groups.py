"""Which budgets a request draws on, and how much: the venue's groups and weights as buckets of `engine.throttle`.

Facts: phemex docs 2026, "Rate limits". Whether the venue's minute is fixed or slides is not documented; the buckets are
safe under both. What is sent from one address counts together, so all engines of a process share the address's bucket.
"""

from collections.abc import Callable, Mapping
from typing import Final

from tidings.engine.throttle import Bucket, Cost
from tidings.errors import UsageError
from tidings.model.enums import ProductLine, RequestKind
from tidings.venue.phemex.endpoints import Endpoints

S_NS: Final = 1_000_000_000
MINUTE_NS: Final = 60 * S_NS
IP_WINDOW_NS: Final = 5 * MINUTE_NS
MARGIN_NS: Final = 2 * S_NS  # two requests' journeys to the venue's counter differ by less; costs 3 % of the budget
RETRY_AFTER_UNKNOWN_S: Final = 5  # a 429 that does not say how long

# Group names are the suffixes of the venue's headers: x-ratelimit-remaining-contract, …-spotorder, and none for Others.
CONTRACT: Final = "contract"
SPOT_ORDER: Final = "spotorder"
OTHERS: Final = ""
ALL_SYMBOLS: Final = "contact_all_sym"  # spelled so by the venue: VIP calls that touch all symbols, such as cancel-all
IP: Final = "ip"  # ours: the venue tells nothing about it, it blocks

PER_MINUTE: Final[Mapping[str, int]] = {CONTRACT: 500, SPOT_ORDER: 500, OTHERS: 100}
VIP_CONTRACT_PER_MINUTE: Final = 5_000
VIP_SYMBOL_PER_MINUTE: Final = 500
IP_PER_WINDOW: Final = 5_000  # beyond it the address is blocked for five minutes
TESTNET_PER_WINDOW: Final = 500  # "shared over everything sent to it"
CANCEL_RESERVE_PERCENT: Final = 10  # enough for a kill switch: cancel-all of both kinds weighs 6
OTHERS_RESERVE_PERCENT: Final = 30  # for urgent questions: a fifth of the size, and shared by all that is asked

STREAM_REQUESTS_PER_S: Final = 20  # per WebSocket connection
STREAM_CONNECTIONS_MAX: Final = 5
STREAM_SUBSCRIPTIONS_MAX: Final = 20  # per connection
STREAM_CONNECTS_PER_WINDOW: Final = 200  # per address in five minutes, at wss://ws.phemex.com

# (method, path) → (group, weight). What is not listed is Others, weight 1. The docs leave out PUT /orders/create and
# PUT /spot/orders/create; they are taken to count as their POST forms do.
WEIGHTS: Final[Mapping[tuple[str, str], tuple[str, int]]] = {
    **{
        (method, prefix + path): (CONTRACT, weight)
        for prefix in ("/orders", "/g-orders")
        for method, path, weight in (
            ("POST", "", 1), ("PUT", "/create", 1), ("PUT", "/replace", 1), ("DELETE", "/cancel", 1), ("DELETE", "", 1),
            ("DELETE", "/all", 3), ("GET", "/activeList", 1), ("GET", "/active", 1),
        )
    },
    ("GET", "/accounts/accountPositions"): (CONTRACT, 1),
    ("GET", "/accounts/positions"): (CONTRACT, 25),
    ("GET", "/g-accounts/accountPositions"): (CONTRACT, 1),
    ("GET", "/g-accounts/positions"): (CONTRACT, 25),
    ("POST", "/g-positions/assign"): (CONTRACT, 1),
    ("PUT", "/g-positions/leverage"): (CONTRACT, 1),
    ("PUT", "/g-positions/riskLimit"): (CONTRACT, 1),
    ("PUT", "/g-positions/switch-pos-mode-sync"): (CONTRACT, 1),
    ("POST", "/spot/orders"): (SPOT_ORDER, 1),
    ("PUT", "/spot/orders/create"): (SPOT_ORDER, 1),
    ("PUT", "/spot/orders"): (SPOT_ORDER, 1),
    ("DELETE", "/spot/orders"): (SPOT_ORDER, 2),
    ("DELETE", "/spot/orders/all"): (SPOT_ORDER, 2),
    ("GET", "/spot/orders/active"): (SPOT_ORDER, 1),
    ("GET", "/spot/orders"): (SPOT_ORDER, 1),
    ("GET", "/exchange/public/md/kline"): (OTHERS, 10),
}

_PREFIX: Final = {ProductLine.INVERSE: "/orders", ProductLine.LINEAR: "/g-orders"}
_CONTRACT_REQUESTS: Final = {
    RequestKind.NEW: ("PUT", "/create"), RequestKind.AMEND: ("PUT", "/replace"),
    RequestKind.CANCEL: ("DELETE", "/cancel"), RequestKind.CANCEL_MANY: ("DELETE", ""),
    RequestKind.CANCEL_ALL: ("DELETE", "/all"), RequestKind.QUERY: ("GET", "/activeList"),
}
_SPOT_REQUESTS: Final = {
    RequestKind.NEW: ("PUT", "/spot/orders/create"), RequestKind.AMEND: ("PUT", "/spot/orders"),
    RequestKind.CANCEL: ("DELETE", "/spot/orders"), RequestKind.CANCEL_ALL: ("DELETE", "/spot/orders/all"),
    RequestKind.QUERY: ("GET", "/spot/orders"),
}

# (bucket's name, size in bytes) → writable memory that outlives the process.
PageOf = Callable[[str, int], memoryview]

# Per host and port, for the life of the process: the venue remembers too.
_ip_buckets: dict[tuple[str, int], Bucket] = {}


def request_of(line: ProductLine, kind: RequestKind) -> tuple[str, str]:
    """The (method, path) a kind of order request counts as. Raises UsageError where the venue has no such request."""
    if kind == RequestKind.PING:
        return "GET", "/public/time"
    if line == ProductLine.SPOT:
        if kind not in _SPOT_REQUESTS:
            raise UsageError("spot has no bulk cancel: cancel one by one, or all of a symbol")
        return _SPOT_REQUESTS[kind]
    method, path = _CONTRACT_REQUESTS[kind]
    return method, _PREFIX[line] + path


class RateBudget:
    """The budgets of one account at one host. Make one per engine; engines of a process share the address's bucket."""

    def __init__(
        self, endpoints: Endpoints, *, is_enforced: bool = True, ceilings: Mapping[str, int] | None = None
    ) -> None:
        """`ceilings` lowers a group's capacity per minute; it never raises one.

        `is_enforced` False takes every request: only for a local exchange that does not count either.
        """
        if not is_enforced and endpoints.environment != "local":
            raise UsageError(f"rate limits can be off only in the local environment, was {endpoints.environment}")
        self.endpoints = endpoints
        self.is_enforced = is_enforced
        self.is_vip = endpoints.environment == "vip"
        self.by_suffix: dict[bytes, Bucket] = {}  # by header suffix in lower case, as the response parser hands it out
        self._costs: dict[tuple[str, str, str], Cost] = {}
        self._ceilings = dict(ceilings or {})
        self._began_ns: int | None = None
        self._page_of: PageOf | None = None
        for group, capacity in PER_MINUTE.items():
            is_vip_contract = self.is_vip and group == CONTRACT
            self._add_bucket(group, VIP_CONTRACT_PER_MINUTE if is_vip_contract else capacity)
        if self.is_vip:
            self._add_bucket(ALL_SYMBOLS, VIP_SYMBOL_PER_MINUTE)
        self.ip = _ip_bucket(endpoints)

    def begin(self, now_ns: int, page_of: PageOf | None = None) -> None:
        """Learn what the process before us sent, or doubt it. Once, before the first signed request.

        `page_of(name, size_bytes)` gives the memory that outlives a process. A group without one, or with an empty one,
        is doubted until the venue's first header; of the address the venue tells nothing, so it is not.
        """
        if self.is_enforced:
            self._began_ns, self._page_of = now_ns, page_of
            for bucket in self.by_suffix.values():
                self._recall(bucket)
            if not self.ip.has_page:  # else another engine of this process has brought one
                self._recall(self.ip)

    def _recall(self, bucket: Bucket) -> None:
        if self._began_ns is None:
            return
        page = self._page_of(bucket.name, bucket.log_bytes) if self._page_of is not None else None
        is_known = page is not None and bucket.keep_in(page, self._began_ns)
        if not is_known and bucket is not self.ip:
            bucket.doubt(self._began_ns)

    def order_cost(self, line: ProductLine, kind: RequestKind, symbol: str = "") -> Cost:
        """What one request of the order path costs: the same object each time. `symbol` matters on the VIP host."""
        return self.cost(*request_of(line, kind), symbol=symbol, is_signed=kind != RequestKind.PING)

    def ping_cost(self) -> Cost:
        """What one keep-warm ping costs."""
        return self.order_cost(ProductLine.LINEAR, RequestKind.PING)

    def cost(self, method: str, path: str, *, symbol: str = "", is_signed: bool = True) -> Cost:
        """What one request costs. One that is not signed cannot be laid to a user: only the address pays."""
        is_user = is_signed or self.endpoints.signs_pings
        key = (method, path if is_user else "", symbol if self.is_vip else "")
        if key not in self._costs:
            charges = self._user_charges(method, path, symbol) if is_user else []
            self._costs[key] = Cost(*charges, (self.ip, 1)) if self.is_enforced else Cost()
        return self._costs[key]

    def bucket_of(self, suffix: str) -> Bucket | None:
        """The bucket a header suffix speaks of; None for one we never draw on."""
        return self.by_suffix.get(suffix.lower().encode("ascii", "replace"))

    def correct(self, suffix: str, remaining: int, now_ns: int) -> None:
        """Hear `x-ratelimit-remaining[-suffix]`."""
        bucket = self.bucket_of(suffix)
        if bucket is not None:
            bucket.correct(remaining, now_ns)

    def block(self, suffix: str, retry_after_s: int | None, now_ns: int) -> None:
        """Hear of a 429: `x-ratelimit-retry-after[-suffix]`, None or nonsense if it did not say."""
        bucket = self.bucket_of(suffix)
        if bucket is not None:
            wait_s = retry_after_s if retry_after_s is not None and retry_after_s > 0 else RETRY_AFTER_UNKNOWN_S
            bucket.block_until(now_ns + min(wait_s, IP_WINDOW_NS // S_NS) * S_NS)

    def used(self, now_ns: int) -> dict[str, tuple[int, int]]:
        """(weight used in the present window, capacity) per budget, by readable name."""
        buckets = [*self.by_suffix.values(), self.ip]
        return {bucket.name: (bucket.used_at(now_ns), bucket.capacity) for bucket in buckets}

    def _user_charges(self, method: str, path: str, symbol: str) -> list[tuple[Bucket, int]]:
        group, weight = WEIGHTS.get((method, path), (OTHERS, 1))
        charges = [(self.by_suffix[group.encode()], weight)]
        if self.is_vip and group == CONTRACT:
            if symbol:
                charges.append((self._symbol_bucket(symbol), weight))
            if not symbol or path.endswith("/all"):
                charges.append((self.by_suffix[ALL_SYMBOLS.encode()], weight))
        return charges

    def _symbol_bucket(self, symbol: str) -> Bucket:
        suffix = f"{CONTRACT}_{symbol.lower()}"
        return self.by_suffix.get(suffix.encode()) or self._add_bucket(suffix, VIP_SYMBOL_PER_MINUTE)

    def _add_bucket(self, group: str, capacity: int) -> Bucket:
        capacity = min(capacity, max(1, self._ceilings.get(group, capacity)))
        reserve_percent = CANCEL_RESERVE_PERCENT if group != OTHERS else OTHERS_RESERVE_PERCENT
        bucket = Bucket(
            group or "others", capacity=capacity, window_ns=MINUTE_NS, margin_ns=MARGIN_NS,
            reserve=capacity * reserve_percent // 100,
        )
        self.by_suffix[group.encode()] = bucket
        self._recall(bucket)
        return bucket


def _ip_bucket(endpoints: Endpoints) -> Bucket:
    place = (endpoints.rest.host, endpoints.rest.port)
    if place not in _ip_buckets:
        capacity = TESTNET_PER_WINDOW if endpoints.environment == "testnet" else IP_PER_WINDOW
        _ip_buckets[place] = Bucket(
            IP, capacity=capacity, window_ns=IP_WINDOW_NS, margin_ns=MARGIN_NS,
            reserve=capacity * CANCEL_RESERVE_PERCENT // 100,
        )
    return _ip_buckets[place]
