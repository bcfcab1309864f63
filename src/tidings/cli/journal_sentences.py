"""What journal records say, as a trader would tell it. `--json` has the fields themselves (see journal_words)."""

from __future__ import annotations

from tidings.cli.journal_words import order_fields, price_words, qty_words
from tidings.journal.entries import ChangeEntry, CloseEntry, Entry, IntentEntry, OutcomeEntry, RecordKind, SessionEntry
from tidings.journal.record import Record
from tidings.journal.stories import OrderStory
from tidings.model.enums import DenyReason, ExecType, OrdStatus, ReportSource, RequestKind
from tidings.venue.phemex.error_codes import meaning_of

_SOURCES = {
    ReportSource.REPLY: "answer", ReportSource.STREAM: "account stream", ReportSource.SNAPSHOT: "stream's snapshot",
    ReportSource.QUERY: "asked for", ReportSource.LOCAL: "noticed here",
}  # fmt: skip
_REQUESTS = {RequestKind.AMEND: "amend", RequestKind.CANCEL: "cancel"}
_STATES = {
    OrdStatus.PENDING_NEW: "sent, no word yet", OrdStatus.NEW: "on the book",
    OrdStatus.PARTIALLY_FILLED: "filled in part, on the book", OrdStatus.UNTRIGGERED: "waiting for its trigger",
    OrdStatus.UNKNOWN: "of unknown fate, perhaps live", OrdStatus.FILLED: "filled", OrdStatus.CANCELED: "cancelled",
    OrdStatus.REJECTED: "rejected", OrdStatus.EXPIRED: "expired", OrdStatus.UNSENT: "never sent",
    OrdStatus.DENIED: "denied here, never sent",
}  # fmt: skip
_PLAIN = {
    ExecType.PENDING_NEW: "accepted by the venue", ExecType.NEW: "on the book",
    ExecType.UNTRIGGERED: "waiting for its trigger", ExecType.TRIGGERED: "triggered",
    ExecType.PENDING_CANCEL: "cancel accepted by the venue", ExecType.PENDING_REPLACE: "amend accepted by the venue",
}  # fmt: skip


def order_sentence(intent: IntentEntry) -> str:
    """An order as it was about to be sent: "buy 0.01 BTCUSDT, limit at 61250, GTC"."""
    fields = order_fields(intent)
    kind = str(fields.pop("type")).replace("_", " ")
    price = f" at {fields.pop('price')}" if "price" in fields else ""
    told = f"{fields.pop('side')} {fields.pop('qty')} {fields.pop('symbol')}, {kind}{price}"
    names = {"tif": "", "stop_px": "trigger "}
    rest = [f"{names.get(name, name.replace('_', ' ') + ' ')}{value}" for name, value in fields.items()]
    return ", ".join([told, *rest])


def state_sentence(story: OrderStory) -> str:
    """Where the journal leaves an order."""
    filled = [entry.cum_qty_lots for _, entry in story.events if isinstance(entry, OutcomeEntry)]
    most = max(filled, default=0)
    state = _STATES[OrdStatus(story.status)]
    if most > 0 and story.status != OrdStatus.FILLED:
        state += f", {qty_words(story.intent, most)} filled"
    return f"Ended: {state}." if story.is_final else f"No end is known: {state}."


def sentence(record: Record, entry: Entry, intent: IntentEntry | None) -> str:
    """What one record says happened."""
    if isinstance(entry, SessionEntry):
        return f"an engine began (process {entry.process}, version {entry.version}, journal {entry.mode!r})"
    if isinstance(entry, CloseEntry):
        return f"the engine ended; orders open: {entry.open_count}, of unknown fate: {entry.unknown_count}"
    if isinstance(entry, IntentEntry):
        if record.kind == RecordKind.ADOPTED:
            return "taken over by a later session; of unknown fate until the venue tells"
        return f"decided: {order_sentence(entry)}"
    if isinstance(entry, ChangeEntry):
        return _change(record, entry, intent)
    said = _outcome(entry, intent)
    found = ", found by comparing" if entry.reconciled else ""
    return f"{said} ({_SOURCES[ReportSource(entry.source)]}{found})"


def _change(record: Record, entry: ChangeEntry, intent: IntentEntry | None) -> str:
    if record.kind == RecordKind.WITHDRAWN:
        return f"not sent: denied ({DenyReason(entry.reason).name})"
    if record.kind == RecordKind.CANCEL:
        return "cancel asked for"
    asked = [_terms(intent, entry.qty_lots, entry.price_ticks)]
    if intent is not None:
        asked += [f"{name} {price_words(intent, ticks)}" for name, ticks in _triggers(entry).items() if ticks]
    return f"amend asked for: {', '.join(filter(None, asked))}"


def _triggers(entry: ChangeEntry) -> dict[str, int]:
    return {
        "trigger": entry.stop_px_ticks, "take profit": entry.take_profit_ticks, "stop loss": entry.stop_loss_ticks,
        "offset": entry.peg_offset_ticks,
    }  # fmt: skip


def _outcome(entry: OutcomeEntry, intent: IntentEntry | None) -> str:
    what = ExecType(entry.exec_type)
    if what == ExecType.TRADE and intent is not None:
        last, total = qty_words(intent, entry.last_qty_lots), qty_words(intent, entry.cum_qty_lots)
        return f"filled {last} at {price_words(intent, entry.last_px_ticks)}, {total or 'unknown'} in all"
    if what == ExecType.REPLACED:
        terms = _terms(intent, entry.order_qty_lots, entry.price_ticks)
        return f"amended: {terms} in force" if terms else "amended"
    if what in _PLAIN:
        return _PLAIN[what]
    about = _REQUESTS.get(RequestKind(entry.request_kind)) if entry.request_kind else None
    if what == ExecType.UNKNOWN:
        lost = f"no clean answer to the {about}" if about else "no clean answer: it may be live"
        return lost + _why(entry)
    if what == ExecType.UNSENT:
        return (f"the {about} never left" if about else "never sent") + _why(entry)
    if what in (ExecType.CANCEL_REJECTED, ExecType.REPLACE_REJECTED):
        return ("cancel" if what == ExecType.CANCEL_REJECTED else "amend") + " refused" + _why(entry)
    if what == ExecType.STATUS:
        known = entry.ord_status if entry.ord_status >= 0 else entry.status_after
        return f"the venue shows it {_STATES.get(OrdStatus(known), OrdStatus(known).name)}"
    ends = {ExecType.CANCELED: "cancelled", ExecType.REJECTED: "rejected", ExecType.EXPIRED: "expired"}
    filled = ""
    if intent is not None and entry.cum_qty_lots > 0:
        filled = f", {qty_words(intent, entry.cum_qty_lots)} filled"
    return ends[what] + filled + _why(entry)


def _terms(intent: IntentEntry | None, lots: int, ticks: int) -> str:
    """A quantity at a price, each where it was told."""
    if intent is None:
        return ""
    qty = qty_words(intent, lots) if lots > 0 else None
    price = price_words(intent, ticks)
    words = ([f"quantity {qty}"] if qty else []) + ([f"price {price}"] if price else [])
    return ", ".join(words)


def _why(entry: OutcomeEntry) -> str:
    if entry.code:
        meaning = meaning_of(entry.code, entry.text)
        return f": {entry.code} {meaning.name}: {meaning.meaning}"
    return f": {entry.text}" if entry.text else ""
