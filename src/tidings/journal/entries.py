"""What the records say: the payloads that ext/tidings/journal/order_journal.pxd lays out, read back by name."""

from __future__ import annotations

import struct
from enum import IntEnum
from typing import NamedTuple

import msgspec

from tidings.errors import JournalDamaged
from tidings.journal.record import Record
from tidings.model.execution_report import ExecutionReport, report_of, uuid_text


class RecordKind(IntEnum):
    """What a record is about. A number never changes its meaning; one that is not here is refused, not skipped."""

    SESSION = 1  # an engine begins
    CLOSE = 2  # it ended, and said so
    INTENT = 3  # an order is about to be sent
    ADOPTED = 4  # an order of an earlier session, or one found at the venue, goes on under a new handle
    AMEND = 5  # about to be sent, like the next
    CANCEL = 6
    WITHDRAWN = 7  # an intent of which no byte was written
    REPORT = 8  # what was heard, and what it changed
    AMEND_TRIGGERS = 9  # an amend of more than price and quantity, about to be sent


class SessionEntry(msgspec.Struct, frozen=True, kw_only=True):
    """How a session began."""

    prefix: str  # of its ClOrdIDs
    prefix_ms: int
    expiry_s: int  # how long each of its requests could be executed
    mode: str
    boot_id: str
    version: str = ""
    process: int = 0
    owner: str = ""  # whose orders these are: ENV-FINGERPRINT of the key; "": an earlier version did not say


class CloseEntry(msgspec.Struct, frozen=True, kw_only=True):
    """How a session ended."""

    open_count: int
    unknown_count: int


class IntentEntry(NamedTuple):
    """An order as it was about to be sent; `struct Intent`."""

    handle: int
    decided_ns: int
    price_ticks: int
    order_qty_lots: int
    stop_px_ticks: int
    display_qty_lots: int
    take_profit_ticks: int
    stop_loss_ticks: int
    take_profit_px_ticks: int
    stop_loss_px_ticks: int
    peg_offset_ticks: int
    tick_mantissa: int
    lot_mantissa: int
    price_scale: int
    qty_scale: int
    line: int
    side: int
    ord_type: int
    time_in_force: int
    exec_inst: int
    pos_side: int
    trigger: int
    peg_type: int
    stp: int
    take_profit_trigger: int
    stop_loss_trigger: int
    qty_in_quote: int
    owner: int
    cl_ord_id: str
    symbol: str
    text: str


class ChangeEntry(NamedTuple):
    """A request about an order; `struct Change`, or `struct TriggerChange`."""

    handle: int
    price_ticks: int
    qty_lots: int
    reason: int
    stop_px_ticks: int = 0
    take_profit_ticks: int = 0
    stop_loss_ticks: int = 0
    peg_offset_ticks: int = 0


class OutcomeEntry(NamedTuple):
    """A report that was heard, and what it did; `struct Outcome`."""

    handle: int
    price_ticks: int
    stop_px_ticks: int
    order_qty_lots: int
    cum_qty_lots: int
    leaves_qty_lots: int
    last_px_ticks: int
    last_qty_lots: int
    fee_mantissa: int
    exec_seq: int
    transact_time_ns: int
    received_ns: int
    written_ns: int
    order_id_high: int
    order_id_low: int
    exec_id_high: int
    exec_id_low: int
    code: int
    cancel_reason: int
    effect: int
    fee_scale: int
    exec_type: int
    ord_status: int
    source: int
    request_kind: int
    side: int
    reconciled: int
    is_maker: int
    status_after: int
    text: str

    @property
    def order_id(self) -> str:
        return uuid_text(self.order_id_high, self.order_id_low)

    @property
    def exec_id(self) -> str:
        return uuid_text(self.exec_id_high, self.exec_id_low)

    def report(self, cl_ord_id: str, symbol: str) -> ExecutionReport:
        """The report as it came."""
        return report_of(
            self.exec_type, self.source, self.received_ns, handle=self.handle, cl_ord_id=cl_ord_id,
            order_id=self.order_id, symbol=symbol, ord_status=self.ord_status, request_kind=self.request_kind,
            side=self.side, code=self.code, cancel_reason=self.cancel_reason, reconciled=bool(self.reconciled),
            price_ticks=self.price_ticks, stop_px_ticks=self.stop_px_ticks, order_qty_lots=self.order_qty_lots,
            cum_qty_lots=self.cum_qty_lots, leaves_qty_lots=self.leaves_qty_lots, last_px_ticks=self.last_px_ticks,
            last_qty_lots=self.last_qty_lots, exec_id=self.exec_id, fee_mantissa=self.fee_mantissa,
            fee_scale=self.fee_scale, is_maker=bool(self.is_maker), exec_seq=self.exec_seq,
            transact_time_ns=self.transact_time_ns, text=self.text,
        )  # fmt: skip


Entry = SessionEntry | CloseEntry | IntentEntry | ChangeEntry | OutcomeEntry

_INTENT = struct.Struct("<13q15B3B6x")
_CHANGE = struct.Struct("<4q")
_TRIGGER_CHANGE = struct.Struct("<7q")
_OUTCOME = struct.Struct("<13q4Q4iBb5BBB7x")
INTENTS = (RecordKind.INTENT, RecordKind.ADOPTED)
AMENDS = (RecordKind.AMEND, RecordKind.AMEND_TRIGGERS)
CHANGES = (RecordKind.AMEND, RecordKind.CANCEL, RecordKind.WITHDRAWN)


def encode(entry: SessionEntry | CloseEntry) -> tuple[int, bytes]:
    """Kind and payload of an entry that the cold side writes."""
    kind = RecordKind.SESSION if isinstance(entry, SessionEntry) else RecordKind.CLOSE
    return kind, msgspec.json.encode(entry)


def decode(record: Record) -> Entry:
    """What a record says. Raises JournalDamaged for a kind or a layout that this version does not know."""
    kind, payload = record.kind, record.payload
    try:
        if kind == RecordKind.REPORT:
            *numbers, text_bytes = _OUTCOME.unpack_from(payload)
            _check_length(payload, _OUTCOME.size + text_bytes)
            return OutcomeEntry._make((*numbers, payload[_OUTCOME.size :].decode("utf-8", "replace")))
        if kind in INTENTS:
            return _decode_intent(payload)
        if kind in CHANGES:
            _check_length(payload, _CHANGE.size)
            return ChangeEntry(*_CHANGE.unpack(payload))
        if kind == RecordKind.AMEND_TRIGGERS:
            _check_length(payload, _TRIGGER_CHANGE.size)
            handle, price_ticks, qty_lots, *triggers = _TRIGGER_CHANGE.unpack(payload)
            return ChangeEntry(handle, price_ticks, qty_lots, 0, *triggers)
        if kind == RecordKind.SESSION:
            return msgspec.json.decode(payload, type=SessionEntry)
        if kind == RecordKind.CLOSE:
            return msgspec.json.decode(payload, type=CloseEntry)
    except (struct.error, ValueError, msgspec.MsgspecError) as error:
        raise JournalDamaged(f"journal record {record.seq} cannot be read ({error}): {NEWER}") from None
    raise JournalDamaged(f"journal record {record.seq} is of kind {kind}, which this version does not know: {NEWER}")


NEWER = "another version of tidings wrote it, so use that one, or move the journal's directory away"


def _decode_intent(payload: bytes) -> IntentEntry:
    *numbers, cl_ord_id_bytes, symbol_bytes, text_bytes = _INTENT.unpack_from(payload)
    symbol_at = _INTENT.size + cl_ord_id_bytes
    text_at = symbol_at + symbol_bytes
    _check_length(payload, text_at + text_bytes)
    cl_ord_id, symbol, text = payload[_INTENT.size : symbol_at], payload[symbol_at:text_at], payload[text_at:]
    return IntentEntry._make((*numbers, *(part.decode("ascii") for part in (cl_ord_id, symbol, text))))


def _check_length(payload: bytes, wanted_bytes: int) -> None:
    if len(payload) != wanted_bytes:
        raise ValueError(f"{len(payload)} bytes, and not {wanted_bytes}")
