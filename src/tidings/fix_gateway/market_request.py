"""What a FIX client asked to be shown of the market: a MarketDataRequest (V), read and checked."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, field

from tidings.fix_gateway.field_text import FieldSource
from tidings.fix_gateway.market_figures import FIGURES, Figure, channels_of, lacking
from tidings.fix_gateway.translate_in import Rules
from tidings.venue.phemex.market_topics import BOOK
from tidings.venue.phemex.market_topics import TRADE as TRADE_CHANNEL
from tidings.venue.phemex.products import Products

BID, OFFER, TRADE = b"0", b"1", b"2"
SNAPSHOT, SUBSCRIBE, STOP = b"0", b"1", b"2"
FULL_REFRESH, INCREMENTAL = b"0", b"1"
# MDReqRejReason
UNKNOWN_SYMBOL, DUPLICATE_ID, BAD_SUBSCRIPTION, BAD_DEPTH = b"0", b"1", b"4", b"5"
BAD_UPDATE_TYPE, BAD_ENTRY_TYPE = b"6", b"8"
OFFERED = frozenset((BID, OFFER, TRADE, *FIGURES))
SYMBOLS_MAX = 200
Levels = dict[int, int]
Followed = tuple[list[str], tuple[str, ...]]  # symbols, channels


class MarketDataRefused(Exception):
    """281 and 58 of a MarketDataRequestReject."""

    def __init__(self, reason: bytes, text: str) -> None:
        super().__init__(text)
        self.reason = reason
        self.text = text


@dataclass(slots=True)
class Subscription:
    """One MDReqID of one client."""

    request_id: bytes
    symbols: tuple[str, ...]
    depth: int  # levels per side; 0: all
    entry_types: frozenset[bytes]
    is_once: bool
    is_incremental: bool
    shown: dict[str, tuple[Levels, Levels]] = field(default_factory=dict)  # missing: a snapshot is due
    shown_figures: dict[str, dict[bytes, Figure]] = field(default_factory=dict)
    followed: list[Followed] = field(default_factory=list)  # what the venue was asked for because of it

    @property
    def has_levels(self) -> bool:
        return bool(self.entry_types & {BID, OFFER})

    @property
    def has_figures(self) -> bool:
        return not self.entry_types.isdisjoint(FIGURES)

    def wants(self, products: Products) -> list[Followed]:
        """What must be followed for it: symbols that need the same channels together."""
        groups: dict[tuple[str, ...], list[str]] = {}
        levels, trades = [BOOK] * self.has_levels, [TRADE_CHANNEL] * (TRADE in self.entry_types)
        for symbol in self.symbols:
            words = (*levels, *trades, *channels_of(products.tradable(symbol), self.entry_types))
            groups.setdefault(words, []).append(symbol)
        return [(symbols, words) for words, symbols in groups.items()]


def read_request(
    message: FieldSource, request_id: bytes, in_use: Container[bytes], products: Products, rules: Rules
) -> Subscription:
    """Raises MarketDataRefused."""
    kind, update = message.find(263), message.find(265) or INCREMENTAL
    depth = message.find(264) or b"0"
    types = frozenset(_group(message, 267, 269))
    symbols = tuple(dict.fromkeys(value.decode("latin-1") for value in _group(message, 146, 55)))
    if request_id in in_use:
        raise MarketDataRefused(DUPLICATE_ID, "this MDReqID (262) is in use")
    if kind not in (SNAPSHOT, SUBSCRIBE):
        raise MarketDataRefused(BAD_SUBSCRIPTION, "SubscriptionRequestType (263) must be 0, 1 or 2")
    if not depth.isdigit():
        raise MarketDataRefused(BAD_DEPTH, "MarketDepth (264) must be a number")
    if update not in (FULL_REFRESH, INCREMENTAL):
        raise MarketDataRefused(BAD_UPDATE_TYPE, "MDUpdateType (265) must be 0 or 1")
    _check_entry_types(types)
    for symbol in symbols:
        _check_symbol(symbol, types, products, rules)
    if not 0 < len(symbols) <= SYMBOLS_MAX:
        raise MarketDataRefused(UNKNOWN_SYMBOL, "no symbol, or too many of them")
    return Subscription(request_id, symbols, int(depth), types, kind == SNAPSHOT, update == INCREMENTAL)


def _check_symbol(symbol: str, types: frozenset[bytes], products: Products, rules: Rules) -> None:
    instrument = products.find(symbol)
    if instrument is None or not instrument.is_listed or (rules.symbols and symbol not in rules.symbols):
        raise MarketDataRefused(UNKNOWN_SYMBOL, f"unknown symbol {symbol}")
    if words := lacking(instrument, types):
        raise MarketDataRefused(BAD_ENTRY_TYPE, f"MDEntryType (269): {words}")


def _check_entry_types(types: frozenset[bytes]) -> None:
    if not types or types - OFFERED:
        words = ", ".join(kind.decode() for kind in sorted(OFFERED))
        raise MarketDataRefused(BAD_ENTRY_TYPE, f"MDEntryType (269): only {words} are offered")


def _group(message: FieldSource, count_tag: int, tag: int) -> list[bytes]:
    """The one field of each entry of a group, as many as there are."""
    count = message.find(count_tag) or b"0"
    values = (message.find(tag, nth) for nth in range(min(int(count), SYMBOLS_MAX + 1) if count.isdigit() else 0))
    return [value for value in values if value is not None]
