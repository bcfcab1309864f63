"""Payloads read back by name; what this version does not know is refused, not skipped."""

import pytest
from journal_samples import begin, send
from order_samples import said, trade
from paged_disk import PagedDisk

from tidings.errors import JournalDamaged
from tidings.journal.entries import CloseEntry, IntentEntry, OutcomeEntry, RecordKind, SessionEntry, decode, encode
from tidings.journal.record import SEGMENT_BYTES_BEFORE, RecordWriter, scan
from tidings.model.enums import ExecType, OrdStatus, ReportSource


def record_of(kind, payload):
    writer, memory = RecordWriter(), bytearray(2048)
    writer.open(memory, 0)
    writer.append_bytes(kind, payload, 0, 0)
    return scan(bytes(memory), 0)[0]


def entries_of(*reports):
    disk = PagedDisk()
    keeper = begin(disk, mode="power", version="1.2", expiry_s=9)
    send(keeper, 3, *reports)
    data = bytes(keeper.journal.current.buffer)
    return [(record, decode(record)) for record in scan(data, SEGMENT_BYTES_BEFORE)]


def test_session_tells_how_it_was_run():
    (_, entry), *_ = entries_of()
    assert entry.prefix == "T1M7Q5CQG0"     # the milliseconds below in Crockford's base 32, computed by hand
    assert (entry.prefix_ms, entry.expiry_s, entry.mode, entry.boot_id) == (1_795_000_000_000, 9, "power", "boot-1")
    assert entry.version == "1.2" and entry.process > 0


def test_intent_is_read_back():
    _, (record, entry) = entries_of()
    assert isinstance(entry, IntentEntry) and record.kind == RecordKind.INTENT
    assert (entry.handle, entry.price_ticks, entry.order_qty_lots, entry.side) == (3, 612_500, 10, 1)
    assert (entry.cl_ord_id[-10:], entry.symbol, entry.text) == ("0000000003", "BTCUSDT", "")
    assert (entry.line, entry.price_scale, entry.tick_mantissa, entry.qty_scale, entry.lot_mantissa) == (1, 1, 1, 3, 1)


def test_report_is_given_back_as_it_came():
    came = trade(4, 4, order_id="00000000-0000-0001-0000-000000000002", fee_mantissa=-7, fee_scale=3, is_maker=True,
                 transact_time_ns=99, exec_seq=12, text="thanks", code=5, side=1)  # fmt: skip
    *_, (_, entry) = entries_of(came)
    assert isinstance(entry, OutcomeEntry)
    assert (entry.status_after, entry.text, entry.exec_id) == (OrdStatus.PARTIALLY_FILLED, "thanks", came.exec_id)
    again = entry.report("T7", "BTCUSDT")
    names = [name for name in dir(came) if not name.startswith("_") and name not in ("handle", "cl_ord_id", "symbol")]
    assert {name: getattr(again, name) for name in names} == {name: getattr(came, name) for name in names}
    assert (again.handle, again.cl_ord_id, again.symbol) == (3, "T7", "BTCUSDT")


def test_ends_are_read_back():
    for entry in (CloseEntry(open_count=2, unknown_count=1), SessionEntry(
        prefix="T", prefix_ms=1, expiry_s=5, mode="crash", boot_id=""
    )):
        assert decode(record_of(*encode(entry))) == entry


@pytest.mark.parametrize("kind", [10, 77, 65535])
def test_kind_of_another_version_is_refused(kind):
    with pytest.raises(JournalDamaged, match=f"record 1 is of kind {kind}.*another version of tidings"):
        decode(record_of(kind, b""))


@pytest.mark.parametrize("kind", [kind for kind in RecordKind if kind > 2])
def test_layout_of_another_version_is_refused(kind):
    for record, entry in entries_of(said(ExecType.NEW, ReportSource.STREAM)):
        for payload in (record.payload + b"\0", record.payload[:-1], b""):
            if record.kind == kind or not isinstance(entry, SessionEntry):
                with pytest.raises(JournalDamaged, match="cannot be read"):
                    decode(record_of(kind, payload))


def test_session_of_another_layout_is_refused():
    with pytest.raises(JournalDamaged, match="cannot be read"):
        decode(record_of(RecordKind.SESSION, b'{"prefix": 3}'))
