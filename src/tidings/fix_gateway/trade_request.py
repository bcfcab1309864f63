"""What a TradeCaptureReportRequest (AD) asks for: which executions, and of what time."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from typing import Final

from tidings.fix.dictionary import FIX44
from tidings.fix.timestamps import SECOND_NS, unix_ns
from tidings.fix_gateway.client import Client
from tidings.fix_gateway.field_text import FieldSource
from tidings.fix_gateway.order_chains import OrderChain
from tidings.fix_gateway.order_desk import FixOrderDesk
from tidings.fix_gateway.tag_message import group_entries
from tidings.model.instrument import Instrument
from tidings.venue.phemex.trade_rows import DELEVERAGING, FUNDING, LIQUIDATION, TRADE

ALL_TRADES, MATCHED_TRADES = b"0", b"1"  # TradeRequestType (569)
SNAPSHOT = b"0"
SUCCESSFUL, UNKNOWN_INSTRUMENT, TYPE_NOT_SUPPORTED, OTHER = b"0", b"1", b"8", b"99"  # TradeRequestResult (749)
DATES = FIX44.groups(b"AD")[580]
LETTERS: Final = {TRADE: b"T", LIQUIDATION: b"L", DELEVERAGING: b"A", FUNDING: b"F"}  # PhemexTradeType (20030)
DAY_NS = 24 * 3_600 * SECOND_NS
VENUE_DAYS = 60  # the venue keeps two months (phemex docs 2026): asked about where no begin is given


class TradeRequestRefused(Exception):
    """749 and 58 of a refusal."""

    def __init__(self, result: bytes, text: str) -> None:
        super().__init__(text)
        self.result = result
        self.text = text


@dataclass(frozen=True, slots=True)
class TradeRequest:
    """Times are Unix; the end is included."""

    begin_ns: int
    end_ns: int
    is_dated: bool  # a begin was given
    instruments: dict[str, Instrument]
    side: bytes | None
    order_id: str
    cl_ord_id: str
    exec_id: str
    chain: OrderChain | None  # of 11 or 37, where it is known
    trade_types: frozenset[str]

    @property
    def is_funding(self) -> bool:
        return FUNDING in self.trade_types


def read_request(desk: FixOrderDesk, client: Client, message: FieldSource) -> TradeRequest:
    """Raises TradeRequestRefused."""
    if message.find(569) not in (ALL_TRADES, MATCHED_TRADES):
        raise TradeRequestRefused(TYPE_NOT_SUPPORTED, "TradeRequestType (569) must be 0 or 1")
    if message.find(263) not in (None, SNAPSHOT):
        raise TradeRequestRefused(OTHER, "SubscriptionRequestType (263) must be 0: executions come as reports (8)")
    now_ns = desk.clock.read_wall_ns()
    begin_ns, end_ns = _window(message)
    order_id, cl_ord_id = _text(message, 37), _text(message, 11)
    chain = _chain(desk, order_id, cl_ord_id)
    if chain is None and desk.chains.is_used(cl_ord_id):
        cl_ord_id = ""  # nobody knows any more which order it was: its OrderID has to do
    return TradeRequest(
        max(0, now_ns - VENUE_DAYS * DAY_NS) if begin_ns is None else begin_ns,
        now_ns + DAY_NS if end_ns is None else end_ns,  # the venue's clock may be before ours
        begin_ns is not None,
        _instruments(desk, client, _text(message, 55), chain),
        message.find(54),
        order_id,
        cl_ord_id,
        _text(message, 17),
        chain,
        _trade_types(message.find(20030)),
    )


def _text(message: FieldSource, tag: int) -> str:
    return (message.find(tag) or b"").decode("latin-1")


def _chain(desk: FixOrderDesk, order_id: str, cl_ord_id: str) -> OrderChain | None:
    """The order that is meant. One whose ids alone are kept can only be found by the venue's."""
    if cl_ord_id:
        chain = desk.chains.find(cl_ord_id)
        if chain is None and not order_id and desk.chains.is_used(cl_ord_id):
            text = f"of order {cl_ord_id} only the id is remembered: ask by its OrderID (37)"
            raise TradeRequestRefused(OTHER, text)
        return chain
    return desk.chains.find_order_id(order_id) if order_id else None


def _instruments(
    desk: FixOrderDesk, client: Client, symbol: str, chain: OrderChain | None
) -> dict[str, Instrument]:  # fmt: skip
    """Where to look: the symbol given, that of the order, or all that the session may trade."""
    products, allowed = desk.phemex.engine.products, client.rules.symbols
    if symbol and products.find(symbol) is None:
        raise TradeRequestRefused(UNKNOWN_INSTRUMENT, f"unknown symbol {symbol}")
    if symbol and allowed and symbol not in allowed:
        raise TradeRequestRefused(UNKNOWN_INSTRUMENT, f"{symbol} is not among this session's symbols")
    named = symbol or (chain.symbol if chain is not None else "")
    found = (one for one in products if (one.symbol == named if named else one.is_listed))
    return {one.symbol: one for one in found if not allowed or one.symbol in allowed}


def _trade_types(letter: bytes | None) -> frozenset[str]:
    """Of PhemexTradeType (20030). Funding is no execution, and told only to who asks for it."""
    if letter is None:
        return frozenset(LETTERS) - {FUNDING}
    found = frozenset(name for name, known in LETTERS.items() if known == letter)
    if not found:
        raise TradeRequestRefused(OTHER, "PhemexTradeType (20030) must be T, L, A or F")
    return found


def _window(message: FieldSource) -> tuple[int | None, int | None]:
    """From and to, of NoDates (580): one date is a day, one moment is from then on; two are the ends."""
    entries = group_entries(message, DATES)
    if len(entries) > 2:
        raise TradeRequestRefused(OTHER, "NoDates (580) must be 0, 1 or 2")
    try:
        spans = [_span(one.find(75), one.find(60)) for one in entries]
    except ValueError:
        raise TradeRequestRefused(OTHER, "TradeDate (75) and TransactTime (60): no such day") from None
    if not spans:
        return None, None
    begin_ns = spans[0][0]
    if len(spans) == 2:
        if spans[1][1] < begin_ns:
            raise TradeRequestRefused(OTHER, "NoDates (580): the first date is after the second")
        return begin_ns, spans[1][1]
    return begin_ns, None if entries[0].find(60) else spans[0][1]


def _span(date: bytes | None, moment: bytes | None) -> tuple[int, int]:
    """First and last nanosecond that is meant: a day, or as much of a second as was written down."""
    if moment:
        first_ns = unix_ns(moment)
        digits = len(moment.partition(b".")[2])
        return first_ns, first_ns + 10 ** (9 - min(9, digits)) - 1
    if not date:
        raise ValueError
    text = date.decode("latin-1")
    year, month, day = int(text[:4]), int(text[4:6]), int(text[6:8])
    if not 1 <= day <= calendar.monthrange(year, month)[1]:
        raise ValueError
    first_ns = unix_ns(date + b"-00:00:00")
    return first_ns, first_ns + DAY_NS - 1
