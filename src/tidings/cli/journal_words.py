"""Reading journals, and what their records say as fields: for `tidings journal` and `tidings explain`."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from tidings.app.state_directory import state_directory
from tidings.errors import JournalDamaged, UsageError
from tidings.journal.anchor import ANCHOR_NAME
from tidings.journal.entries import (
    AMENDS,
    ChangeEntry,
    CloseEntry,
    Entry,
    IntentEntry,
    OutcomeEntry,
    RecordKind,
    SessionEntry,
)
from tidings.journal.live_disk import LiveDisk
from tidings.journal.log_reader import Log, read_log
from tidings.journal.record import Record
from tidings.journal.segments import numbers_of
from tidings.journal.stories import OrderStory, Replay, replay
from tidings.model.enums import (
    DenyReason,
    ExecInst,
    ExecType,
    OrdStatus,
    OrdType,
    PosSide,
    ReportSource,
    RequestKind,
    Side,
    TimeInForce,
)

NS_PER_S = 1_000_000_000
NOT_TOLD = -(2**63)
READS = 3  # of a journal that does not add up
EFFECTS = (  # by bit, as ext/tidings/model/order.pxd numbers them
    *("ack", "fill", "cancel", "reject", "amend", "unknown", "unsent", "trigger", "revived", "overfill", "progress"),
)


@dataclass(frozen=True, slots=True)
class JournalText:
    """One journal, read."""

    directory: Path
    log: Log
    told: Replay


def journal_directories() -> list[Path]:
    """All journals of this user, where engines keep them if not told otherwise.

    Directories that hold none yet, or none any more, are left out: an engine may have died as it began there.
    """
    home = state_directory() / "journal"
    try:
        return sorted(path for path in home.iterdir() if path.is_dir() and _has_begun(path))
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise UsageError(f"{home} cannot be read: {error.strerror}") from None


def _has_begun(directory: Path) -> bool:
    """Whether an anchor or a segment is there. What cannot be looked into may be a journal."""
    try:
        names = [path.name for path in directory.iterdir()]
    except OSError:
        return directory.exists()
    return ANCHOR_NAME in names or bool(numbers_of(names))


def last_used_ns(directory: Path) -> int:
    """When something in it was last written, Unix ns; 0 where nobody can tell."""
    try:
        return max((path.stat().st_mtime_ns for path in directory.iterdir()), default=0)
    except OSError:
        return 0


def ago(wall_ns: int, now_ns: int) -> str:
    """How long before `now_ns`, roughly."""
    seconds = max(0, now_ns - wall_ns) // NS_PER_S
    for unit, length_s in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= length_s:
            count = seconds // length_s
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "just now" if seconds < 10 else f"{seconds} seconds ago"


def read_journal(directory: Path) -> JournalText:
    """Read it as it is, also while its engine runs. Raises UsageError if there is none, JournalDamaged."""
    try:
        log = _read_log(LiveDisk(directory))
    except OSError as error:
        raise UsageError(f"{directory} cannot be read: {error.strerror}") from None
    if log is None:
        raise UsageError(f"{directory} holds no order journal: engines keep theirs in {state_directory() / 'journal'}")
    return JournalText(directory, log, replay(log.records()))


def _read_log(disk: LiveDisk) -> Log | None:
    """An engine that runs may have gone on between two reads: what does not add up is read anew to be believed."""
    for _ in range(READS - 1):
        with suppress(JournalDamaged, OSError):
            return read_log(disk)
    return read_log(disk)


def utc(wall_ns: int) -> str:
    """A Unix time for people, to the microsecond."""
    return f"{datetime.fromtimestamp(wall_ns // NS_PER_S, UTC):%Y-%m-%d %H:%M:%S}.{wall_ns % NS_PER_S // 1000:06d}"


# ---- Numbers on the order's own grid ---------------------------------------------------------------------------------


def price_words(intent: IntentEntry, ticks: int) -> str | None:
    return None if ticks in (0, NOT_TOLD) else _plain(Decimal(ticks * intent.tick_mantissa).scaleb(-intent.price_scale))


def qty_words(intent: IntentEntry, lots: int) -> str | None:
    if lots == NOT_TOLD:
        return None
    if intent.qty_in_quote:
        return f"{lots} units of the quote currency"
    return _plain(Decimal(lots * intent.lot_mantissa).scaleb(-intent.qty_scale))


def _plain(number: Decimal) -> str:
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


# ---- Orders ----------------------------------------------------------------------------------------------------------


def order_fields(intent: IntentEntry) -> dict[str, Any]:
    """An order as it was about to be sent; what does not apply is left out."""
    fields = {
        "symbol": intent.symbol,
        "side": Side(intent.side).name.lower(),
        "type": OrdType(intent.ord_type).name.lower(),
        "qty": qty_words(intent, intent.order_qty_lots),
        "price": price_words(intent, intent.price_ticks),
        "stop_px": price_words(intent, intent.stop_px_ticks),
        "take_profit": price_words(intent, intent.take_profit_ticks),
        "stop_loss": price_words(intent, intent.stop_loss_ticks),
        "peg_offset": price_words(intent, intent.peg_offset_ticks),
        "tif": TimeInForce(intent.time_in_force).name,
        "instructions": ExecInst(intent.exec_inst).name if intent.exec_inst else None,
        "pos_side": PosSide(intent.pos_side).name.lower() if intent.pos_side else None,
        "strategy": intent.owner or None,
        "text": intent.text or None,
    }
    return {name: value for name, value in fields.items() if value is not None}


def state_words(story: OrderStory) -> str:
    """Where the journal leaves an order."""
    name = OrdStatus(story.status).name
    return name if story.is_final else f"{name}, no end is known"


# ---- Records ---------------------------------------------------------------------------------------------------------


def what_happened(record: Record, entry: Entry) -> str:
    """A record's kind, and of a report what it says happened."""
    if isinstance(entry, OutcomeEntry):
        return ExecType(entry.exec_type).name.lower()
    return RecordKind(record.kind).name.lower()


def details(record: Record, entry: Entry, intent: IntentEntry | None) -> dict[str, Any]:
    """What a record tells besides, by name; what it leaves open is left out."""
    if isinstance(entry, SessionEntry):
        return {
            "prefix": entry.prefix, "mode": entry.mode, "expiry_s": entry.expiry_s, "process": entry.process,
            "version": entry.version,
        }  # fmt: skip
    if isinstance(entry, CloseEntry):
        return {"open_orders": entry.open_count, "unknown_orders": entry.unknown_count}
    if isinstance(entry, IntentEntry):
        return order_fields(entry)
    if isinstance(entry, ChangeEntry):
        return _change_details(record, entry, intent)
    return _outcome_details(entry, intent)


def _change_details(record: Record, entry: ChangeEntry, intent: IntentEntry | None) -> dict[str, Any]:
    if record.kind == RecordKind.WITHDRAWN:
        return {"denied": DenyReason(entry.reason).name}
    if record.kind not in AMENDS or intent is None:
        return {}
    asked = {
        "price": price_words(intent, entry.price_ticks), "qty": qty_words(intent, entry.qty_lots or NOT_TOLD),
        "stop_px": price_words(intent, entry.stop_px_ticks),
        "take_profit": price_words(intent, entry.take_profit_ticks),
        "stop_loss": price_words(intent, entry.stop_loss_ticks),
        "offset": price_words(intent, entry.peg_offset_ticks),
    }  # fmt: skip
    return {name: value for name, value in asked.items() if value is not None}


def _outcome_details(entry: OutcomeEntry, intent: IntentEntry | None) -> dict[str, Any]:
    told: dict[str, Any] = {
        "from": ReportSource(entry.source).name.lower(),
        "about": RequestKind(entry.request_kind).name.lower() if entry.request_kind else None,
        "state": OrdStatus(entry.status_after).name,
        "told_state": OrdStatus(entry.ord_status).name if entry.ord_status >= 0 else None,
        "reconciled": True if entry.reconciled else None,
    }
    if intent is not None:
        is_fill = entry.exec_type == ExecType.TRADE
        told |= {
            "last_qty": qty_words(intent, entry.last_qty_lots) if is_fill else None,
            "last_px": price_words(intent, entry.last_px_ticks) if is_fill else None,
            "cum_qty": qty_words(intent, entry.cum_qty_lots),
        }
    told |= {
        "code": entry.code or None,
        "exec_id": entry.exec_id or None,
        "order_id": entry.order_id or None,
        "venue_time": utc(entry.transact_time_ns) if entry.transact_time_ns > 0 else None,
        "effect": ", ".join(name for bit, name in enumerate(EFFECTS) if entry.effect & 1 << bit) or None,
        "text": entry.text or None,
    }
    return {name: value for name, value in told.items() if value is not None}
