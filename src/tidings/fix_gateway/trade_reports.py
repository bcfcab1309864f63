"""Executions told once more: TradeCaptureReportRequest (AD) → an acknowledgement (AQ), and a TradeCaptureReport (AE)
for each.

The way back for a client that begins every day, or every connection, at number 1. What is told is what the gateway has
in memory; a window that begins earlier is refused with the time that memory begins at, never answered in part.
"""

from __future__ import annotations

from dataclasses import dataclass

from tidings.fix.dictionary import FIX44
from tidings.fix.timestamps import timestamp
from tidings.fix_gateway.client import Client
from tidings.fix_gateway.execution_memory import Execution
from tidings.fix_gateway.field_text import Fields, FieldSource, body_of
from tidings.fix_gateway.order_desk import FixOrderDesk
from tidings.fix_gateway.tag_message import group_entries
from tidings.fix_gateway.translate_out import execution_fields
from tidings.model.scale import price_text, qty_text

ALL_TRADES, MATCHED_TRADES = b"0", b"1"  # TradeRequestType (569)
SNAPSHOT = b"0"
# TradeRequestResult (749), and TradeRequestStatus (750)
SUCCESSFUL, UNKNOWN_INSTRUMENT, TYPE_NOT_SUPPORTED, OTHER = b"0", b"1", b"8", b"99"
ACCEPTED, REJECTED = b"0", b"2"
DATES = FIX44.groups(b"AD")[580]
_FEE_TAGS = (137, 138, 139)


class TradeRequestRefused(Exception):
    """749 and 58 of a refusal."""

    def __init__(self, result: bytes, text: str) -> None:
        super().__init__(text)
        self.result = result
        self.text = text


@dataclass(frozen=True, slots=True)
class _Filter:
    """Which executions are asked for: text of UTC times compares as the times do, whatever its precision."""

    symbol: str
    begin: str  # YYYYMMDD or YYYYMMDD-HH:MM:SS[.fff]; "": from the first
    end: str
    order_id: str
    cl_ord_id: str

    def hits(self, one: Execution) -> bool:
        moment = timestamp(one.wall_ns, 9).decode()
        if self.symbol and one.chain.symbol != self.symbol:
            return False
        if (self.begin and moment < self.begin) or (self.end and moment[: len(self.end)] > self.end):
            return False
        return self.order_id in ("", one.order.order_id)


class TradeReports:
    """Answers from the executions that the order desk keeps."""

    def __init__(self, desk: FixOrderDesk, client: Client) -> None:
        self._desk = desk
        self._client = client

    def request(self, message: FieldSource) -> None:
        """A TradeCaptureReportRequest."""
        try:
            wanted = self._read(message)
        except TradeRequestRefused as refused:
            self._acknowledge(message, refused.result, REJECTED, 0, refused.text)
            return
        chains = self._desk.chains
        chain = chains.find(wanted.cl_ord_id) if wanted.cl_ord_id else None
        found = [
            one
            for one in self._desk.news.executions
            if self._may_see(one) and wanted.hits(one) and (not wanted.cl_ord_id or one.chain is chain)
        ]
        since = timestamp(self._desk.news.executions.since_ns, self._client.profile.time_digits).decode()
        self._acknowledge(message, SUCCESSFUL, ACCEPTED, len(found), f"executions since {since}")
        request_id = message.find(568) or b""
        for place, one in enumerate(found, 1):
            self._tell(request_id, one, place, len(found))

    def _may_see(self, one: Execution) -> bool:
        allowed = self._client.rules.symbols
        is_ours = self._client.profile.is_drop_copy or one.chain.owner == self._client.name
        return is_ours and (not allowed or one.chain.symbol in allowed)

    def _read(self, message: FieldSource) -> _Filter:
        if message.find(569) not in (ALL_TRADES, MATCHED_TRADES):
            raise TradeRequestRefused(TYPE_NOT_SUPPORTED, "TradeRequestType (569) must be 0 or 1")
        if message.find(263) not in (None, SNAPSHOT):
            raise TradeRequestRefused(OTHER, "SubscriptionRequestType (263) must be 0: executions come as reports (8)")
        symbol = (message.find(55) or b"").decode("latin-1")
        if symbol and self._desk.phemex.engine.products.find(symbol) is None:
            raise TradeRequestRefused(UNKNOWN_INSTRUMENT, f"unknown symbol {symbol}")
        begin, end = _window(message)
        since = timestamp(self._desk.news.executions.since_ns, 9).decode()
        if begin and begin < since[: len(begin)]:
            raise TradeRequestRefused(OTHER, f"executions before {since[:17]} are not in memory")
        order_id, cl_ord_id = message.find(37) or b"", message.find(11) or b""
        return _Filter(symbol, begin, end, order_id.decode("latin-1"), cl_ord_id.decode("latin-1"))

    def _acknowledge(self, message: FieldSource, result: bytes, status: bytes, total: int, text: str) -> None:
        found = {58: text.encode(), 748: b"%d" % total, 749: result, 750: status}
        for tag in (55, 568, 569):
            if (value := message.find(tag)) is not None:
                found[tag] = value
        self._client.tell(b"AQ", body_of(found))

    def _tell(self, request_id: bytes, one: Execution, place: int, total: int) -> None:
        order, report, profile = one.order, one.report, self._client.profile
        instrument = order.terms.instrument
        moment = timestamp(one.wall_ns, profile.time_digits)
        found = {
            17: report.exec_id.encode(), 31: price_text(instrument, report.last_px_ticks).encode(),
            32: qty_text(instrument, report.last_qty_lots).encode(), 55: order.symbol.encode(), 60: moment,
            75: moment[:8], 150: b"F", 568: request_id, 570: b"N", 571: request_id + b"-%d" % place,
            748: b"%d" % total,
        }  # fmt: skip
        if place == total:
            found[912] = b"Y"
        if profile.is_extended:
            found[20030] = b"T"
        fee = execution_fields(order, report)
        side: Fields = [
            (54, b"%d" % order.terms.side), (37, order.order_id.encode()), (11, one.cl_ord_id.encode()),
            (136, b"1"), *((tag, fee[tag]) for tag in _FEE_TAGS),
        ]  # fmt: skip
        self._client.tell(b"AE", body_of(found, {552: [side]}))


def _window(message: FieldSource) -> tuple[str, str]:
    """From and to, of NoDates (580): one entry is a day, or from a moment on; two are its ends. "" where open."""
    entries = group_entries(message, DATES)
    if len(entries) > 2:
        raise TradeRequestRefused(OTHER, "NoDates (580) must be 0, 1 or 2")
    texts = [(one.find(60) or one.find(75) or b"").decode("latin-1") for one in entries]
    if not texts:
        return "", ""
    if len(texts) == 2:
        return texts[0], texts[1]
    return texts[0], "" if entries[0].find(60) else texts[0]
