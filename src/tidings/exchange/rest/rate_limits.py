"""How the venue counts requests: permits per user and group in each minute, and requests per address in five minutes.

Groups, weights, capacities and header names are those of phemex docs 2026, "Rate limits". A request that would exceed
a capacity is answered 429 before it has any effect, takes no permit, and says how many seconds to wait. Whether the
venue's minute begins at fixed times or slides is not documented, nor whether a 429 costs: `window` offers both (fixed
is what the wording suggests), a 429 is free unless a rule says otherwise.
"""

from collections import deque
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

from tidings.exchange.venue_rules import Rules

Window = Literal["fixed", "sliding"]
Profile = Literal["public", "vip"]

MINUTE_NS = 60 * 1_000_000_000
IP_WINDOW_NS = 5 * MINUTE_NS
IP_BLOCK_NS = 5 * MINUTE_NS  # "the IP is blocked for the following 5 minutes"
IP_CAPACITY = 5_000
TRADE_LISTS_PER_S = 5  # "/exchange/public/nomics/trades"; by whom they are counted is not documented
MAX_ADDRESSES = 10_000  # of one listener: the oldest is forgotten first

TOO_MANY_REQUESTS = b'{"code":"39995","msg":"Too many requests."}'

CONTRACT = "contract"
SPOT_ORDER = "spotorder"
OTHERS = ""
_ALL_SYMBOLS = "contact_all_sym"  # spelled so by the venue

_CAPACITIES: dict[Profile, dict[str, int]] = {
    "public": {CONTRACT: 500, SPOT_ORDER: 500, OTHERS: 100},
    "vip": {CONTRACT: 5_000, SPOT_ORDER: 500, OTHERS: 100},
}
_VIP_SYMBOL_CAPACITY = 500

# (method, path) → (group, weight). What is not listed is Others, weight 1. The two spellings of create that the docs'
# table leaves out (PUT /orders/create, PUT /spot/orders/create) count as their POST forms do.
_WEIGHTS: dict[tuple[str, str], tuple[str, int]] = {
    ("POST", "/orders"): (CONTRACT, 1),
    ("PUT", "/orders/create"): (CONTRACT, 1),
    ("PUT", "/orders/replace"): (CONTRACT, 1),
    ("DELETE", "/orders/cancel"): (CONTRACT, 1),
    ("DELETE", "/orders"): (CONTRACT, 1),
    ("DELETE", "/orders/all"): (CONTRACT, 3),
    ("GET", "/orders/activeList"): (CONTRACT, 1),
    ("GET", "/orders/active"): (CONTRACT, 1),
    ("GET", "/accounts/accountPositions"): (CONTRACT, 1),
    ("GET", "/accounts/positions"): (CONTRACT, 25),
    ("POST", "/g-orders"): (CONTRACT, 1),
    ("PUT", "/g-orders/create"): (CONTRACT, 1),
    ("PUT", "/g-orders/replace"): (CONTRACT, 1),
    ("DELETE", "/g-orders/cancel"): (CONTRACT, 1),
    ("DELETE", "/g-orders"): (CONTRACT, 1),
    ("DELETE", "/g-orders/all"): (CONTRACT, 3),
    ("GET", "/g-orders/activeList"): (CONTRACT, 1),
    ("GET", "/g-orders/active"): (CONTRACT, 1),
    ("GET", "/g-accounts/accountPositions"): (CONTRACT, 1),
    ("GET", "/g-accounts/positions"): (CONTRACT, 25),
    ("POST", "/g-positions/assign"): (CONTRACT, 1),
    ("PUT", "/g-positions/leverage"): (CONTRACT, 1),
    ("PUT", "/g-positions/riskLimit"): (CONTRACT, 1),
    ("PUT", "/g-positions/switch-pos-mode-sync"): (CONTRACT, 1),
    ("POST", "/spot/orders"): (SPOT_ORDER, 1),
    ("PUT", "/spot/orders/create"): (SPOT_ORDER, 1),
    ("PUT", "/spot/orders"): (SPOT_ORDER, 1),
    ("GET", "/spot/orders/active"): (SPOT_ORDER, 1),
    ("GET", "/spot/orders"): (SPOT_ORDER, 1),
    ("DELETE", "/spot/orders"): (SPOT_ORDER, 2),
    ("DELETE", "/spot/orders/all"): (SPOT_ORDER, 2),
    ("GET", "/exchange/public/md/kline"): (OTHERS, 10),
}


def group_and_weight(method: str, path: str) -> tuple[str, int]:
    """The group a request counts in (as its header suffix; "" is Others) and how many permits it takes."""
    return _WEIGHTS.get((method, path), (OTHERS, 1))


class FixedWindow:
    """Permits that all come back when the wall clock's next minute begins."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._minute = -1
        self._used = 0

    def remaining(self, now_ns: int) -> int:
        """Permits left in the minute of `now_ns`."""
        minute = now_ns // MINUTE_NS
        if minute != self._minute:
            self._minute, self._used = minute, 0
        return self._capacity - self._used

    def take(self, weight: int) -> None:
        """Use permits that `remaining` said are there."""
        self._used += weight

    def retry_after_s(self, weight: int, now_ns: int) -> int:
        """Whole seconds, at least 1, until `weight` permits can be there."""
        return -(-(MINUTE_NS - now_ns % MINUTE_NS) // 1_000_000_000)


class SlidingWindow:
    """Permits that come back one minute after each was taken."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._taken: deque[tuple[int, int]] = deque()  # (when, weight), oldest first
        self._used = 0
        self._now_ns = 0

    def remaining(self, now_ns: int) -> int:
        """Permits left in the 60 s that end at `now_ns`."""
        self._now_ns = now_ns
        while self._taken and self._taken[0][0] <= now_ns - MINUTE_NS:
            self._used -= self._taken.popleft()[1]
        return self._capacity - self._used

    def take(self, weight: int) -> None:
        """Use permits that `remaining` said are there, at the time it was asked."""
        self._taken.append((self._now_ns, weight))
        self._used += weight

    def retry_after_s(self, weight: int, now_ns: int) -> int:
        """Whole seconds, at least 1, until `weight` permits can be there."""
        missing = weight - self.remaining(now_ns)
        for when_ns, permits in self._taken:
            missing -= permits
            if missing <= 0:
                return max(1, -(-(when_ns + MINUTE_NS - now_ns) // 1_000_000_000))
        return 60


@dataclass(slots=True)
class _Address:
    """What one IP did in the present five minutes."""

    window_start_ns: int
    count: int = 0
    blocked_until_ns: int = 0
    trade_lists_second: int = 0
    trade_lists_count: int = 0  # in that second
    streams_start_ns: int = 0
    streams_count: int = 0  # in the five minutes since then


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a request may go on, and the headers its response carries either way."""

    is_allowed: bool
    headers: str


@dataclass(slots=True)
class RateLimits:
    """Every counter of one exchange. Times are wall-clock nanoseconds given by the caller."""

    is_enforced: bool = True
    window: Window = "fixed"
    profile: Profile = "public"
    rules: Rules = field(default_factory=Rules)
    _users: dict[tuple[int, str], FixedWindow | SlidingWindow] = field(default_factory=dict)
    _addresses: dict[str, _Address] = field(default_factory=dict)
    refused_count: int = 0

    def admits_address(self, address: str, now_ns: int) -> bool:
        """Count one request of `address`; False while it is blocked."""
        if not self.is_enforced:
            return True
        entry = self._address(address, now_ns)
        if now_ns < entry.blocked_until_ns:
            self.refused_count += 1
            return False
        if now_ns - entry.window_start_ns >= IP_WINDOW_NS:
            entry.window_start_ns, entry.count = now_ns, 0
        entry.count += 1
        if entry.count > IP_CAPACITY:
            entry.blocked_until_ns = now_ns + IP_BLOCK_NS
            entry.window_start_ns, entry.count = entry.blocked_until_ns, 0
            self.refused_count += 1
            return False
        return True

    def admits_trade_list(self, address: str, now_ns: int) -> bool:
        """Count one request for the oldest list of trades, which has a limit of its own; False if it is above it."""
        entry = self._addresses.get(address)
        if not self.is_enforced or entry is None:
            return True
        second = now_ns // 1_000_000_000
        if entry.trade_lists_second != second:
            entry.trade_lists_second, entry.trade_lists_count = second, 0
        entry.trade_lists_count += 1
        if entry.trade_lists_count > TRADE_LISTS_PER_S:
            self.refused_count += 1
            return False
        return True

    def admits_stream(self, address: str, now_ns: int) -> bool:
        """Count one stream connection of `address`; False if it is above the limit, which then goes on counting.

        The documents say "200 / 5 min" and not of what; that it is of connections is our reading.
        """
        if not self.is_enforced or not self.rules.stream_attempts:
            return True
        entry = self._address(address, now_ns)
        if now_ns - entry.streams_start_ns >= IP_WINDOW_NS:
            entry.streams_start_ns, entry.streams_count = now_ns, 0
        entry.streams_count += 1
        if entry.streams_count > self.rules.stream_attempts:
            self.refused_count += 1
            return False
        return True

    def take(self, user_id: int, method: str, path: str, symbol: str, now_ns: int) -> Decision:
        """Count one request of a user in every group it belongs to, or refuse it and count nothing.

        `symbol` must be one of the catalogue's or "": with the VIP profile each has counters of its own. An exchange
        that refuses nothing counts nothing either: clients that heed its headers would refuse themselves.
        """
        group, weight = group_and_weight(method, path)
        if not self.is_enforced and self.profile == "public":
            return _unlimited(group)
        groups = [(group, _CAPACITIES[self.profile][group])]
        if self.profile == "vip" and group == CONTRACT:
            groups.append((f"{CONTRACT}_{symbol.lower()}" if symbol else _ALL_SYMBOLS, _VIP_SYMBOL_CAPACITY))
        if not self.is_enforced:
            return Decision(True, "".join(_headers(name, capacity, capacity) for name, capacity in groups))
        windows = [(name, capacity, self._window(user_id, name, capacity)) for name, capacity in groups]
        short = [name for name, _, window in windows if window.remaining(now_ns) < weight]
        is_allowed = not short
        if is_allowed or self.rules.refused_costs == "permits":
            for _, _, window in windows:
                window.take(weight)
        left = [(name, max(0, window.remaining(now_ns)), capacity) for name, capacity, window in windows]
        headers = "".join(_headers(*group) for group in left)
        if not is_allowed:
            self.refused_count += 1
            headers += "".join(
                f"x-ratelimit-retry-after{_suffix(name)}: {window.retry_after_s(weight, now_ns)}\r\n"
                for name, _, window in windows if name in short
            )
        return Decision(is_allowed, headers)

    def _address(self, address: str, now_ns: int) -> _Address:
        entry = self._addresses.get(address)
        if entry is None:
            if len(self._addresses) >= MAX_ADDRESSES:
                del self._addresses[next(iter(self._addresses))]
            entry = self._addresses[address] = _Address(now_ns)
        return entry

    def _window(self, user_id: int, group: str, capacity: int) -> FixedWindow | SlidingWindow:
        key = (user_id, group)
        window = self._users.get(key)
        if window is None:
            window = FixedWindow(capacity) if self.window == "fixed" else SlidingWindow(capacity)
            self._users[key] = window
        return window


@lru_cache
def _unlimited(group: str) -> Decision:
    """What an exchange that counts nothing says."""
    capacity = _CAPACITIES["public"][group]
    return Decision(True, _headers(group, capacity, capacity))


def storm_headers(method: str, path: str, retry_after: str) -> str:
    """Headers of a 429 that somebody else caused: nothing remains; `retry_after` as it is, or no such header."""
    group = group_and_weight(method, path)[0]
    headers = _headers(group, 0, _CAPACITIES["public"][group])
    return headers + (f"x-ratelimit-retry-after{_suffix(group)}: {retry_after}\r\n" if retry_after else "")


def _suffix(group: str) -> str:
    return f"-{group}" if group else ""


@lru_cache(maxsize=1_000)  # always the same where nothing is counted
def _headers(group: str, remaining: int, capacity: int) -> str:
    suffix = _suffix(group)
    return f"x-ratelimit-remaining{suffix}: {remaining}\r\nx-ratelimit-capacity{suffix}: {capacity}\r\n"
