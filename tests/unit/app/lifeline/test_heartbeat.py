"""What an engine tells its watchdog, and what it makes of what the watchdog tells: time is a number here."""

from pathlib import Path

import pytest
from engine_samples import Path as OrderPath
from order_samples import INVERSE, LIMIT, LINEAR, SPOT, said

from tidings.app.lifeline.heartbeat import FEW_MARKS, Heartbeat, last_arrival_ns
from tidings.app.lifeline.heartbeat_file import HeartbeatFile, heartbeat_path
from tidings.app.lifeline.process_identity import ProcessIdentity
from tidings.engine.heartbeat_page import HeartbeatPage
from tidings.engine.heartbeat_signs import EngineMode, TripCause, WatchMode
from tidings.errors import ConfigError, UsageError
from tidings.model.enums import ExecType, ProductLine, ReportSource
from tidings.model.instrument import Instrument

S = 10**9
NOW_NS = 1_000 * S
INSTRUMENTS = [INVERSE, LINEAR, SPOT]


@pytest.fixture
def file(tmp_path: Path) -> HeartbeatFile:
    return HeartbeatFile(tmp_path / "state" / "a.heartbeat")


def beating(file: HeartbeatFile, *, is_required: bool = True) -> Heartbeat:
    heartbeat = Heartbeat(file, expiry_s=5, is_required=is_required)
    heartbeat.enlist(INSTRUMENTS)
    heartbeat.attach(NOW_NS)
    return heartbeat


def watchdog_beats(page: HeartbeatPage, now_ns: int = NOW_NS, mode: int = WatchMode.READY) -> None:
    page.watch(mode=mode, pid=77, start_ticks=0, stall_ns=3 * S, now_ns=now_ns)


def test_engine_names_its_process(file):
    signs = beating(file).page.engine_signs()
    assert ProcessIdentity(signs.pid, signs.start_ticks, signs.boot) == ProcessIdentity.own()
    assert (signs.mode, signs.beat_ns, signs.expiry_s) == (EngineMode.RUNNING, NOW_NS, 5)


def test_being_cut_off_is_dated_from_its_first_beat(file):
    heartbeat, told = beating(file), []
    for second, is_connected in enumerate((True, False, False, True, False)):
        heartbeat.beat(NOW_NS + second * S, is_connected=is_connected, open_count=2)
        told.append(heartbeat.page.engine_signs().cut_off_ns)
    assert told == [0, NOW_NS + S, NOW_NS + S, 0, NOW_NS + 4 * S]


# ---- Is there a watchdog, and what does it say? --------------------------------------------------------------------

def test_no_watchdog_is_trouble_only_where_one_is_required(file):
    heartbeat = beating(file)
    assert "no watchdog is alive" in heartbeat.trouble(NOW_NS)
    heartbeat.close()
    assert beating(HeartbeatFile(file.path), is_required=False).trouble(NOW_NS) == ""


def test_watchdog_counts_once_it_is_connected_and_armed_for_this_engine(file):
    heartbeat = beating(file)
    watchdog_beats(heartbeat.page, mode=WatchMode.CONNECTING)
    assert "no connection" in heartbeat.trouble(NOW_NS)
    watchdog_beats(heartbeat.page)
    assert "not taken note" in heartbeat.trouble(NOW_NS)
    heartbeat.page.arm(heartbeat.page.epoch)
    assert heartbeat.trouble(NOW_NS) == ""


def test_watchdog_that_no_longer_beats_is_dead(file):
    heartbeat = beating(file)
    watchdog_beats(heartbeat.page)
    heartbeat.page.arm(1)
    assert heartbeat.trouble(NOW_NS + S) == ""
    assert "no watchdog is alive" in heartbeat.trouble(NOW_NS + S + 1)


def test_fenced_engine_is_in_trouble_whether_a_watchdog_is_required_or_not(file):
    heartbeat = beating(file, is_required=False)
    watchdog_beats(heartbeat.page, mode=WatchMode.FLATTENING)
    heartbeat.page.fence(1, TripCause.STALLED, NOW_NS)
    assert "stood still; it is still at it" in heartbeat.trouble(NOW_NS)
    heartbeat.page.settle(1)
    assert "rearm()" in heartbeat.trouble(NOW_NS)


def test_new_engine_waits_until_the_watchdog_is_done_with_the_old(file):
    first = beating(file)
    watchdog_beats(first.page, mode=WatchMode.FLATTENING)
    first.page.fence(1, TripCause.DIED, NOW_NS)
    first.close()
    second = beating(HeartbeatFile(file.path), is_required=False)
    assert "still cancelling" in second.trouble(NOW_NS)
    second.page.settle(1)
    assert second.trouble(NOW_NS) == ""


def test_cause_of_a_later_version_is_survived(file):
    heartbeat = beating(file)
    heartbeat.page.fence(1, 99, NOW_NS)
    assert "does not know" in heartbeat.trouble(NOW_NS)


# ---- Re-arming -----------------------------------------------------------------------------------------------------

def test_rearming_begins_a_new_epoch_once_all_is_settled(file):
    heartbeat = beating(file)
    with pytest.raises(UsageError, match="nothing to re-arm"):
        heartbeat.rearm(NOW_NS, 0)
    heartbeat.page.mark(LINEAR.index)
    heartbeat.page.fence(1, TripCause.STALLED, NOW_NS)
    with pytest.raises(UsageError, match="not told yet"):
        heartbeat.rearm(NOW_NS, 0)
    heartbeat.page.settle(1)
    with pytest.raises(UsageError, match="2 orders are open or unknown"):
        heartbeat.rearm(NOW_NS, 2)
    assert not heartbeat.page.may_send_to(LINEAR.index)
    heartbeat.rearm(NOW_NS, 0)
    assert (heartbeat.page.engine_signs().epoch, heartbeat.page.is_fenced) == (2, False)
    assert heartbeat.page.marked() == []


# ---- Marks are taken back where nothing can be open ----------------------------------------------------------------

def swept(heartbeat: Heartbeat, path: OrderPath, now_ns: int) -> list[int]:
    heartbeat.sweep(now_ns, path.table.open_count, path.table.orders)
    return heartbeat.page.marked_indexes()


def test_mark_goes_when_nothing_of_the_order_can_arrive_any_more(file):
    heartbeat, path = beating(file), OrderPath()
    path.entry.watch_by(heartbeat.page)
    order = path.submit(LIMIT)
    late_ns = last_arrival_ns(order.decided_ns, 5)
    assert late_ns == order.decided_ns + 9 * S
    assert swept(heartbeat, path, late_ns + 20 * S) == [LINEAR.index]
    path.hear(said(ExecType.REJECTED, ReportSource.REPLY, handle=order.handle))
    assert swept(heartbeat, path, late_ns - 1) == [LINEAR.index]  # the last look was later: not due, and too early
    assert swept(heartbeat, path, late_ns + 40 * S) == []


def test_mark_of_a_young_order_stays_though_it_is_done(file):
    heartbeat, path = beating(file), OrderPath()
    path.entry.watch_by(heartbeat.page)
    order = path.submit(LIMIT)
    path.hear(said(ExecType.REJECTED, ReportSource.REPLY, handle=order.handle))
    assert swept(heartbeat, path, last_arrival_ns(order.decided_ns, 5) - 1) == [LINEAR.index]


def test_few_marks_are_left_alone_while_an_order_is_open(file):
    heartbeat, path = beating(file), OrderPath()
    path.entry.watch_by(heartbeat.page)
    path.submit(LIMIT)
    heartbeat.page.mark(SPOT.index)
    assert swept(heartbeat, path, NOW_NS + 10**6 * S) == [LINEAR.index, SPOT.index]


def test_of_many_marks_those_without_orders_go(file):
    many = [*INSTRUMENTS, *(copy_of(LINEAR, 100 + number) for number in range(FEW_MARKS + 1))]
    heartbeat, path = Heartbeat(file, expiry_s=5, is_required=True), OrderPath()
    heartbeat.enlist(many)
    heartbeat.attach(NOW_NS)
    path.entry.watch_by(heartbeat.page)
    path.submit(LIMIT)
    for instrument in many:
        heartbeat.page.mark(instrument.index)
    assert swept(heartbeat, path, NOW_NS + 10**6 * S) == [LINEAR.index]


def copy_of(instrument: Instrument, index: int) -> Instrument:
    return Instrument(
        symbol=f"X{index}USDT", line=ProductLine.LINEAR, index=index, status="Listed", base_currency="X",
        quote_currency="USDT", settle_currency="USDT", price_scale=1, tick_mantissa=1, qty_scale=3, lot_mantissa=1,
    )


def test_what_an_earlier_engine_left_stays_marked_until_released(file):
    first = beating(file)
    first.page.mark(SPOT.index)
    first.close()
    second, path = beating(HeartbeatFile(file.path)), OrderPath()
    assert second.inherited == {SPOT.index}
    assert swept(second, path, NOW_NS + 10**6 * S) == [SPOT.index]
    second.release(SPOT.index)
    assert swept(second, path, NOW_NS + 2 * 10**6 * S) == []


# ---- The file ------------------------------------------------------------------------------------------------------

def test_second_engine_on_one_file_is_refused(file):
    beating(file)
    with pytest.raises(ConfigError, match=f"process {ProcessIdentity.own().pid}"):
        Heartbeat(HeartbeatFile(file.path), expiry_s=5, is_required=True)


def test_file_is_for_its_owner_alone(file):
    assert file.path.stat().st_mode & 0o777 == 0o600
    assert file.path.parent.stat().st_mode & 0o777 == 0o700


def test_file_that_others_may_touch_is_refused(tmp_path):
    path = tmp_path / "b.heartbeat"
    path.touch(mode=0o600)
    path.chmod(0o620)
    with pytest.raises(ConfigError, match="mode 0600"):
        HeartbeatFile(path)


def test_link_and_foreign_file_are_refused(tmp_path, file):
    link = tmp_path / "link"
    link.symlink_to(file.path)
    with pytest.raises(ConfigError, match="cannot be opened"):
        HeartbeatFile(link)
    other = tmp_path / "notes"
    other.write_text("my notes")
    other.chmod(0o600)
    with pytest.raises(ConfigError, match="8 bytes"):
        HeartbeatFile(other)
    assert other.read_text() == "my notes"


def test_file_notices_that_it_was_removed(file):
    assert file.is_in_place()
    file.path.unlink()
    assert not file.is_in_place()


def test_same_account_same_file_and_no_key_in_its_name(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    path = heartbeat_path("api.phemex.com", "my-key-id")
    assert path == heartbeat_path("api.phemex.com", "my-key-id")
    assert path.parent == tmp_path / "tidings"
    assert "my-key-id" not in str(path)
    others = {heartbeat_path("api.phemex.com", "other"), heartbeat_path("testnet-api.phemex.com", "my-key-id")}
    assert path not in others
    assert len(others) == 2


def test_heartbeat_file_holds_no_secret(file):
    heartbeat = beating(file)
    heartbeat.beat(NOW_NS, is_connected=True, open_count=1)
    text = file.path.read_bytes()
    assert {bytes([byte]) for byte in text[512 + 8192:]} - {b"\0", b"\1", b"\2"} <= {
        bytes([byte]) for instrument in INSTRUMENTS for byte in [*instrument.symbol.encode(), len(instrument.symbol)]
    }
