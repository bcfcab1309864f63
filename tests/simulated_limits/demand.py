"""Who wants to send what, and when. Each source is a generator of (time, requests) in order of time."""

from dataclasses import dataclass

from tests.simulated_limits.counts import CONTRACT, OTHERS, S_NS, SPOT_ORDER
from tidings.engine.throttle import PRIORITY_KILL
from tidings.model.enums import ProductLine, RequestKind


@dataclass(frozen=True)
class Request:
    """One request as the venue's table has it, and how the engine names it."""

    method: str
    path: str
    group: str
    weight: int = 1
    symbol: str = ""
    is_signed: bool = True
    line: ProductLine | None = None  # of the order path: asked for by line and kind
    kind: RequestKind | None = None

    @property
    def is_cancel(self):
        return self.kind in (RequestKind.CANCEL, RequestKind.CANCEL_MANY, RequestKind.CANCEL_ALL)

    @property
    def is_kill(self):
        return self.kind == RequestKind.CANCEL_ALL

    @property
    def priority(self):
        return PRIORITY_KILL if self.is_kill else int(self.is_cancel)


def _order(line, kind, method, path, group, weight=1, symbol=""):
    return Request(method, path, group, weight, symbol, line=line, kind=kind)


_LINEAR, _INVERSE, _SPOT = ProductLine.LINEAR, ProductLine.INVERSE, ProductLine.SPOT
NEWS = [
    _order(_LINEAR, RequestKind.NEW, "PUT", "/g-orders/create", CONTRACT, symbol="BTCUSDT"),
    _order(_LINEAR, RequestKind.NEW, "PUT", "/g-orders/create", CONTRACT, symbol="ETHUSDT"),
    _order(_INVERSE, RequestKind.NEW, "PUT", "/orders/create", CONTRACT, symbol="BTCUSD"),
    _order(_SPOT, RequestKind.NEW, "PUT", "/spot/orders/create", SPOT_ORDER, symbol="sBTCUSDT"),
]
AMENDS = [
    _order(_LINEAR, RequestKind.AMEND, "PUT", "/g-orders/replace", CONTRACT, symbol="BTCUSDT"),
    _order(_SPOT, RequestKind.AMEND, "PUT", "/spot/orders", SPOT_ORDER, symbol="sBTCUSDT"),
]
CANCELS = [
    _order(_LINEAR, RequestKind.CANCEL, "DELETE", "/g-orders/cancel", CONTRACT, symbol="BTCUSDT"),
    _order(_INVERSE, RequestKind.CANCEL_MANY, "DELETE", "/orders", CONTRACT, symbol="BTCUSD"),
    _order(_SPOT, RequestKind.CANCEL, "DELETE", "/spot/orders", SPOT_ORDER, 2, symbol="sBTCUSDT"),
]
CANCEL_ALLS = [
    _order(_LINEAR, RequestKind.CANCEL_ALL, "DELETE", "/g-orders/all", CONTRACT, 3, symbol="BTCUSDT"),
    _order(_INVERSE, RequestKind.CANCEL_ALL, "DELETE", "/orders/all", CONTRACT, 3, symbol="BTCUSD"),
    _order(_SPOT, RequestKind.CANCEL_ALL, "DELETE", "/spot/orders/all", SPOT_ORDER, 2, symbol="sBTCUSDT"),
]
QUERIES = [
    Request("GET", "/g-accounts/positions", CONTRACT, 25),
    Request("GET", "/g-accounts/accountPositions", CONTRACT),
    Request("GET", "/g-orders/activeList", CONTRACT, symbol="BTCUSDT"),
    Request("GET", "/spot/orders", SPOT_ORDER, symbol="sBTCUSDT"),
    Request("GET", "/spot/wallets", OTHERS),
    Request("GET", "/exchange/public/md/kline", OTHERS, 10),
    Request("GET", "/api-data/g-futures/orders", OTHERS),
]
PING = Request("GET", "/public/time", OTHERS, is_signed=False)


def steady(chance, per_minute):
    """Orders at random times, `per_minute` on average; some amends, cancels and queries among them."""
    at_ns = 0
    while True:
        at_ns += int(chance.expovariate(per_minute / 60) * S_NS)
        kinds = chance.choices((NEWS, AMENDS, CANCELS, QUERIES), (6, 2, 3, 1))[0]
        yield at_ns, [chance.choice(kinds)]


def bursts(chance, size_max):
    """All at once, now and then."""
    at_ns = 0
    while True:
        at_ns += chance.randrange(1, 120 * S_NS)
        yield at_ns, [chance.choice(NEWS)] * chance.randint(1, size_max)


def edges(chance, size_max):
    """Around the full minutes of our own clock, to the nanosecond."""
    minute = 0
    while True:
        minute += 1
        edge_ns = (minute * 60 + chance.choice((0, 2))) * S_NS
        for at_ns in (edge_ns - 1, edge_ns, edge_ns + 1):
            yield at_ns, [chance.choice(NEWS)] * chance.randint(1, size_max)


def kill_switch(chance):
    """Both cancel-alls of every line, then single cancels as long as any has room."""
    at_ns = 0
    while True:
        at_ns += chance.randrange(30 * S_NS, 400 * S_NS)
        yield at_ns, CANCEL_ALLS * 2 + [chance.choice(CANCELS) for _ in range(60)]


def pings():
    """Keep-warm pings of four lanes."""
    at_ns = 0
    while True:
        at_ns += 5 * S_NS
        yield at_ns, [PING] * 4


def query_storm(chance):
    """A comparison of everything, as after a reconnect."""
    at_ns = 0
    while True:
        at_ns += chance.randrange(20 * S_NS, 300 * S_NS)
        yield at_ns, QUERIES * chance.randint(1, 4)
