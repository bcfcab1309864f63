"""What can go wrong here on purpose: the kinds of faults, and the keys that say where, when and how.

Two tables, and everything else follows from them: the checks of a fault file and of the admin endpoint, the text of
`tidings exchange --help`, the test that the documents show each kind. A key is a field of `Fault`: its default, its
bounds and its meaning stand beside it. A kind names the point at which it is asked for and the keys it obeys.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import Any, Final

from tidings.exchange.catalogue import Line
from tidings.exchange.error_codes import CE_WILLCROSS, TE_CL_ORD_ID_DUPLICATE, TE_OI_LIMIT_REDUCE_ONLY
from tidings.exchange.faults.fault_scope import REQUESTS
from tidings.exchange.faults.garbage import SHAPES
from tidings.exchange.orders.recent_changes import LAG_NS_MAX


class Point(Enum):
    """Where the exchange asks whether something is to go wrong."""

    CONNECTION = "a client connects"
    ARRIVAL = "the first line of a request has come"
    REQUEST = "a request is complete"
    QUERY = "a query is answered"
    LOGIN = "a stream logs in, rightly"
    SUBSCRIPTION = "a stream subscribes to its account"
    MESSAGE = "a message of an account stream is sent"
    DUPLICATE = "an order comes with a client id used before"
    ACCEPTED = "a new order is accepted"
    MATCHING = "a request sets out for the order book"


HOUR_MS = 3_600_000
LAG_MS_MAX = LAG_NS_MAX // 1_000_000


def _key(
    default: Any, meaning: str, *, words: tuple[str, ...] = (), least: float | None = None, most: float | None = None
) -> Any:
    return field(default=default, metadata={"meaning": meaning, "words": words, "least": least, "most": most})


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One fault as it was asked for. Keys that its kind does not name stand at their defaults."""

    kind: str
    # Where.
    method: str = _key("", "of the request", words=("GET", "PUT", "POST", "DELETE"))
    path: str = _key("", "of the request, with * and ? as in file names; a stream's upgrade only if it is given")
    request: str = _key("", "what the request asks for, on any line", words=tuple(REQUESTS))
    line: str = _key("", "product line", words=tuple(line.value for line in Line))
    symbol: str = _key("", "product")
    account: int = _key(-1, "number of the account in the ready object, from 0", least=0, most=63)
    # When.
    probability: float = _key(1.0, "of each time it could happen", least=0, most=1)
    nth: int = _key(0, "only the nth time it could happen, from 1", least=1)
    skip: int = _key(0, "not the first so many times", least=0)
    count: int = _key(0, "at most so many times", least=1)
    seed: int = _key(-1, "of this fault's own chance; from the file's seed and the fault's place if left out", least=0)
    # How.
    stage: str = _key("response", "what waits", words=("request", "response"))
    delay_ms: float = _key(0.0, "how long", least=0, most=HOUR_MS)
    jitter_ms: float = _key(0.0, "up to so much longer, by chance", least=0, most=HOUR_MS)
    duration_ms: float = _key(0.0, "how long; until the fault is removed if left out", least=1, most=HOUR_MS)
    lag_ms: float = _key(0.0, "how far the answer lags behind the matching", least=0, most=LAG_MS_MAX)
    processed: bool = _key(True, "whether the request takes effect before its answer is lost")
    then: str = _key("close", "what becomes of the connection", words=("close", "reset", "hang"))
    status: int = _key(503, "HTTP status", least=300, most=599)
    at_byte: int = _key(-1, "after so many bytes; anywhere, by chance, if left out", least=0)
    shape: str = _key("html", "what comes instead", words=tuple(SHAPES))
    times: int = _key(1, "how often", least=1, most=1_000)
    bytes_per_s: int = _key(100, "pace of the answer", least=1)
    retry_after: str = _key("", "value of the retry-after header, any text; no such header if left out")
    headers: bool = _key(True, "whether the rate headers are there")
    remaining: str = _key("0", "what x-ratelimit-remaining says, any text")
    answer: str = _key("first", "which of the two answers the client gets", words=("first", "second"))
    message: str = _key("incremental", "which messages", words=("incremental", "snapshot", "any"))
    backlog: str = _key("deliver", "what becomes of messages held back", words=("deliver", "lose"))
    heartbeats: bool = _key(True, "whether pings are still answered")
    close_code: int = _key(0, "of the close frame; no frame, just the end, if left out", least=1000, most=4999)
    code: int = _key(0, "the venue's error code; a reason for cancelling if below 1000", least=0)
    remembered_ms: float = _key(-1.0, "how long an id is refused again; while its order is known if left out", least=0)


@dataclass(frozen=True)
class Kind:
    """One kind of fault: when it is asked for, what it does, which keys it obeys beyond where and when."""

    point: Point
    meaning: str
    keys: tuple[str, ...] = ()
    defaults: Mapping[str, Any] = field(default_factory=dict)  # where they differ from the key's own
    needs: tuple[str, ...] = ()  # of `keys`, those without which it would do nothing


WHEN: Final = ("probability", "nth", "skip", "count", "seed")
WHERE: Final[Mapping[Point, tuple[str, ...]]] = MappingProxyType({
    Point.CONNECTION: (),
    Point.ARRIVAL: ("method", "path", "request", "line", "symbol"),
    Point.REQUEST: ("method", "path", "request", "line", "symbol", "account"),
    Point.QUERY: ("path", "request", "line", "symbol", "account"),
    Point.LOGIN: ("account",),
    Point.SUBSCRIPTION: ("account", "line"),
    Point.MESSAGE: ("account", "line", "symbol"),
    Point.DUPLICATE: ("account", "line", "symbol"),
    Point.ACCEPTED: ("account", "line", "symbol"),
    Point.MATCHING: ("account", "line", "symbol", "request"),
})

# What can befall the upgrade of a stream; such faults name its path.
UPGRADE_KINDS: Final = frozenset({"drop", "fail", "garbage", "cut-response"})

KINDS: Final[Mapping[str, Kind]] = MappingProxyType({
    # Connections and requests.
    "refuse-connection": Kind(Point.CONNECTION, "a connection ends, or hangs, as soon as it stands", ("then",)),
    "cut-request": Kind(
        Point.ARRIVAL, "the connection is cut at a byte of the request; only a whole request takes effect",
        ("at_byte", "then"), {"then": "reset"},
    ),
    "drop": Kind(Point.REQUEST, "no answer comes, whether the request took effect or not", ("processed", "then")),
    "delay": Kind(
        Point.REQUEST, "the answer comes late, or the request waits before it takes effect; what follows on the "
        "connection waits behind it", ("stage", "delay_ms", "jitter_ms"),
    ),
    "fail": Kind(
        Point.REQUEST, "a gateway's error instead of the answer, before or after the request took effect",
        ("status", "processed"),
    ),
    "rate-limit": Kind(
        Point.REQUEST, "429 whatever was used, without effect", ("headers", "retry_after"), {"processed": False},
    ),
    "misstate-limits": Kind(Point.REQUEST, "the answer's x-ratelimit-remaining headers lie", ("remaining",)),
    "repeat-request": Kind(
        Point.REQUEST, "an intermediary sends the request a second time", ("delay_ms", "answer"),
    ),
    "query-lag": Kind(
        Point.QUERY, "open orders, orders by id, closed orders or trades as they were a moment ago",
        ("lag_ms", "jitter_ms"), needs=("lag_ms",),
    ),
    # Answers.
    "cut-response": Kind(
        Point.REQUEST, "the request takes effect, the connection is cut at a byte of the answer", ("at_byte", "then"),
        {"then": "reset"},
    ),
    "garbage": Kind(Point.REQUEST, "something else instead of the answer", ("shape", "processed")),
    "shift-responses": Kind(Point.REQUEST, "from here on each request gets the answer of the one before"),
    "swap-responses": Kind(Point.REQUEST, "the answer comes behind the next one"),
    "duplicate-response": Kind(Point.REQUEST, "the answer comes once more, or more often", ("times",)),
    "unsolicited-response": Kind(
        Point.REQUEST, "the answer comes once more, later, when nobody asked", ("delay_ms",), {"delay_ms": 50.0},
    ),
    "interim-responses": Kind(Point.REQUEST, "so many 103 responses before the answer", ("times",)),
    "slow-response": Kind(Point.REQUEST, "the answer trickles", ("bytes_per_s",)),
    "close-after": Kind(Point.REQUEST, "the answer says Connection: close, and the connection ends behind it"),
    # Streams.
    "refuse-login": Kind(Point.LOGIN, "a right login is refused with 6012"),
    "refuse-subscription": Kind(Point.SUBSCRIPTION, "a subscription to the account is refused with 6001"),
    "omit-message": Kind(Point.MESSAGE, "the message never comes", ("message",)),
    "duplicate-message": Kind(Point.MESSAGE, "the message comes again at once", ("times", "message")),
    "reorder-messages": Kind(
        Point.MESSAGE, "the message comes behind the next one, or alone after a while", ("message", "delay_ms"),
        {"delay_ms": 1_000.0},
    ),
    "delay-message": Kind(
        Point.MESSAGE, "the message comes late; others overtake it", ("delay_ms", "jitter_ms", "message"),
    ),
    "late-fill": Kind(
        Point.MESSAGE, "a message that tells of an execution comes late, maybe after the order's end",
        ("delay_ms", "jitter_ms"), needs=("delay_ms",),
    ),
    "stall-stream": Kind(
        Point.MESSAGE, "from this message on the account stream is still, while pings are answered, or not",
        ("duration_ms", "backlog", "heartbeats"),
    ),
    "cut-stream": Kind(Point.MESSAGE, "the stream ends instead of sending the message", ("close_code", "message")),
    # Orders.
    "duplicate-id": Kind(
        Point.DUPLICATE, "a client id used before is refused with this code, or taken again once it is forgotten",
        ("code", "remembered_ms"), {"code": TE_CL_ORD_ID_DUPLICATE},
    ),
    "reject-after-accept": Kind(
        Point.ACCEPTED, "code 0 in the answer, then Rejected on the stream", ("code",),
        {"code": TE_OI_LIMIT_REDUCE_ONLY},
    ),
    "cancel-after-accept": Kind(
        Point.ACCEPTED, "the venue takes the order off again by itself", ("delay_ms", "code"), {"code": CE_WILLCROSS},
    ),
    "slow-matching": Kind(
        Point.MATCHING, "a create, amend or cancel reaches the book late; others overtake it",
        ("delay_ms", "jitter_ms"), needs=("delay_ms",),
    ),
})
