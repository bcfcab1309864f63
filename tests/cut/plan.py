"""Which connection is cut, where and how: cut number K of a seed is always the same.

Every place (request: head, signature, last byte, all of it; answer likewise) gets its share of each block of cuts; who
cuts, which request, which product line and how the connection ends go round in an order shuffled by the seed.
"""

from __future__ import annotations

import itertools
import random
from dataclasses import dataclass
from functools import cache

REQUEST, ANSWER = "request", "answer"
PLACES = (
    (REQUEST, "head"), (ANSWER, "head"), (REQUEST, "signature"), (ANSWER, "body"), (REQUEST, "last byte"),
    (ANSWER, "last byte"), (REQUEST, "all"), (ANSWER, "all"),
)  # fmt: skip
EXCHANGE, PROXY = "exchange", "proxy"
CUTTERS = (EXCHANGE, PROXY)  # the exchange counts bytes of the request and its answer, a proxy those of TLS
METHODS = ("PUT", "POST")  # of creates
KINDS = ("create", "create", "amend", "cancel")  # creates are twice as many, for they come by two methods
LINES = (("BTCUSD", "cETHUSD"), ("BTCUSDT", "ETHUSDT", "SOLUSDT"), ("sBTCUSDT", "sETHUSDT"))
ENDS = ("reset", "close", "hang")
RECORD_HEAD_BYTES = 5
RECORD_TAIL_BYTES = 17  # behind the text of a TLS 1.3 record come its type and a tag (RFC 8446 §5.2)


@dataclass(frozen=True, slots=True)
class Cut:
    """One cut. `share`, 0 to 1, picks the byte within its place."""

    number: int
    cutter: str
    method: str
    kind: str
    symbol: str
    end: str
    stream: str
    place: str
    share: float
    fills: bool  # the create, or the amend, crosses the market
    is_deaf: bool  # the account stream leaves everything out from before the cut until the engine agrees
    side: str


@dataclass(frozen=True, slots=True)
class Sizes:
    """Bytes of a request or its answer, as text: `inner` is where the signature, or the body, begins."""

    inner: int
    total: int


def make_cut(seed: int, number: int) -> Cut:
    """Cut number `number` of `seed`."""
    chance = random.Random(f"{seed}:{number}")
    block, index = divmod(number, len(PLACES))
    stream, place = PLACES[index]
    traits = _shuffled_traits(seed, index)
    cutter, method, kind, symbols, end = traits[block % len(traits)]
    return Cut(
        number, cutter, method, kind, chance.choice(symbols), end, stream, place, chance.random(),
        chance.random() < 0.25, chance.random() < 0.3, chance.choice(("buy", "sell")),
    )  # fmt: skip


@cache
def _shuffled_traits(seed: int, place_index: int) -> list[tuple[str, str, str, tuple[str, ...], str]]:
    traits = list(itertools.product(CUTTERS, METHODS, KINDS, LINES, ENDS))
    random.Random(f"{seed}:{place_index}:traits").shuffle(traits)
    return traits


def passing_bytes(cut: Cut, sizes: Sizes) -> int:
    """How many bytes of the stream pass before the cut, those of the TLS record included where a proxy cuts."""
    before, behind = (RECORD_HEAD_BYTES, RECORD_TAIL_BYTES) if cut.cutter == PROXY else (0, 0)
    whole = before + sizes.total + behind
    first, last = {
        "head": (0, before + sizes.inner - 1),
        "signature": (before + sizes.inner, whole - 2),
        "body": (before + sizes.inner, whole - 2),
        "last byte": (whole - 1, whole - 1),
        "all": (whole, whole),
    }[cut.place]
    return first + int(cut.share * (last - first + 1))
