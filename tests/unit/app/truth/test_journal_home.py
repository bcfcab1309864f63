"""Where a journal lies, and what opening and closing it does."""

import errno
from pathlib import Path
from uuid import UUID

import pytest
from journal_samples import begin, send
from order_samples import LIMIT, limit, said
from paged_disk import PagedDisk

from tidings.app.links.venue_access import VenueAccess
from tidings.app.truth.foreign_orders import ForeignOrder
from tidings.app.truth.journal_home import journal_directory, open_journal
from tidings.app.world import World
from tidings.clock import ManualClock
from tidings.config import Secret, load_settings
from tidings.engine.order_table import OrderTable
from tidings.errors import ConfigError, JournalDamaged
from tidings.journal.keeper import KEEP_NS
from tidings.model.enums import ExecType, OrdStatus, ReportSource, Side
from tidings.model.order import apply_report, make_order
from tidings.venue.phemex.endpoints import endpoints_of

KEY, SECRET = "11111111-2222-3333-4444-555555555555", "canary-secret-0123456789abcdef"
WALL_NS = 1_795_000_000_000_000_000


def access(key=KEY, secret=SECRET, port=8443, env="local"):
    urls = {"rest_url": f"http://127.0.0.1:{port}", "ws_url": f"ws://127.0.0.1:{port}/ws"} if env == "local" else {}
    return VenueAccess(endpoints_of(env, **urls), None, key, Secret(secret) if secret else None)


def settings(env="local", **options):
    return load_settings(env, environ={}, **options)


def world(disk):
    return World(clock=ManualClock(5, WALL_NS), make_disk=lambda directory: disk, has_threads=False)


def test_directory_is_one_per_key_and_shows_neither_key_nor_secret():
    name = journal_directory(settings("testnet"), access(env="testnet")).name
    assert name.startswith("testnet-") and len(name) == len("testnet-") + 16
    assert KEY[:8] not in name and SECRET[:8] not in name
    others = [
        journal_directory(settings("testnet"), access(key="another", env="testnet")),
        journal_directory(settings("testnet"), access(secret="another", env="testnet")),
        journal_directory(settings("live"), access(env="live")),
        journal_directory(settings(), access()),
        journal_directory(settings(), access(port=9999)),
    ]
    assert len({name, *(other.name for other in others)}) == 6
    assert journal_directory(settings("testnet"), access(env="testnet")).name == name


def test_directory_lies_in_the_state_directory_unless_told(monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", "/somewhere")
    assert journal_directory(settings(), access()).parent == Path("/somewhere/tidings/journal")
    assert journal_directory(settings(journal_dir="/else/where"), access()) == Path("/else/where")


@pytest.mark.parametrize(("options", "key"), [({"journal": "none"}, KEY), ({}, None)])
def test_without_a_journal_or_a_key_nothing_is_written(options, key):
    disk = PagedDisk()
    home = open_journal(settings(**options), access(key=key), world(disk), WALL_NS)
    assert not home.journal.is_on and disk.calls == [] and home.denies_because == ""
    assert home.ids.session_wall_ms == WALL_NS // 1_000_000
    home.close()


def test_nothing_open_leaves_nothing_at_the_local_exchange():
    disk = PagedDisk()
    open_journal(settings(), access(), world(disk), WALL_NS).close()
    assert (disk.files, disk.is_locked) == ({}, False)


def test_elsewhere_the_journal_stays():
    disk = PagedDisk()
    home = open_journal(settings("testnet"), access(env="testnet"), world(disk), WALL_NS)
    assert home.journal.spare is not None
    home.close()
    assert "anchor" in disk.files


def test_what_was_left_open_is_there_next_time():
    disk = PagedDisk()
    home = open_journal(settings(), access(), world(disk), WALL_NS)
    home.journal.note("new", limit(), now_ns=1)
    left = disk.killed()
    again = open_journal(settings(), access(), world(left), WALL_NS)
    assert list(again.past.stories) == ["T7"] and again.boot_id == "boot-1"
    again.close()       # it never came to any orders: what is open stays
    assert "anchor" in left.files


def test_denials_say_whose_they_are():
    home = open_journal(settings(), access(), world(PagedDisk()), WALL_NS)
    home.journal.fail("the disk failed")
    assert home.denies_because == "the order journal takes no new orders: the disk failed"


def test_journal_in_use_is_told_and_left_alone():
    disk = PagedDisk()
    open_journal(settings(), access(), world(disk), WALL_NS)
    calls = list(disk.calls)
    with pytest.raises(ConfigError, match="in use"):
        open_journal(settings(), access(), world(disk), WALL_NS)
    assert disk.calls == calls and disk.is_locked


def test_disk_that_cannot_be_used_is_a_matter_of_configuration():
    disk = PagedDisk()
    disk.failing["map_segment"] = errno.ENOSPC
    with pytest.raises(ConfigError, match=r"No space left on device.*journal_dir"):
        open_journal(settings(), access(), world(disk), WALL_NS)
    assert not disk.is_locked


def test_damaged_journal_is_refused_and_unlocked():
    disk = PagedDisk()
    open_journal(settings("testnet"), access(env="testnet"), world(disk), WALL_NS).close()
    disk.files["anchor"][3] ^= 1
    with pytest.raises(JournalDamaged, match="move the directory away"):
        open_journal(settings("testnet"), access(env="testnet"), world(disk), WALL_NS)
    assert not disk.is_locked


@pytest.mark.parametrize("is_adopted", [False, True])
def test_a_start_that_fails_before_orders_are_taken_over_leaves_them_their_journal(is_adopted):
    disk = PagedDisk()
    open_journal(settings(), access(), world(disk), WALL_NS).journal.note("new", limit(), now_ns=1)
    left = disk.killed()
    home = open_journal(settings(), access(), world(left), WALL_NS)
    home.orders = OrderTable(home.ids, 16)      # as an engine does that has not come to the orders yet
    if is_adopted:
        home.unadopted_count -= 1               # and it has ended since
    home.close()
    assert (left.files == {}) == is_adopted
    again = open_journal(settings(), access(), world(left), WALL_NS)
    assert len(again.past.open_stories()) == (not is_adopted)


@pytest.mark.parametrize(("env", "key"), [("live", KEY), ("testnet", "another"), ("local", KEY)])
def test_orders_of_another_account_are_not_asked_for_at_this_one(env, key):
    """They would all be proved never to have been, while they work on over there."""
    disk = PagedDisk()
    home = open_journal(settings("testnet", journal_dir="/j"), access(env="testnet"), world(disk), WALL_NS)
    home.journal.note("new", limit(), now_ns=1)
    left = disk.killed()
    with pytest.raises(ConfigError, match=r"kept for another key .testnet-.*journal_dir of its own"):
        open_journal(settings(env, journal_dir="/j"), access(key, env=env), world(left), WALL_NS)
    again = open_journal(settings("testnet", journal_dir="/j"), access(env="testnet"), world(left), WALL_NS)
    assert len(again.past.open_stories()) == 1


def test_a_session_that_has_outlived_its_first_segment_still_tells_whose_its_orders_are():
    disk, clock, orders = PagedDisk(), ManualClock(1, WALL_NS), []
    keeper = begin(disk, clock, owner="testnet-another")
    keeper.follow_orders(lambda: len(orders) + 1, 0)
    while "00000001.journal" in disk.names():
        orders.append(send(keeper, len(orders) + 1, said(ExecType.CANCELED)))
        keeper.tend()
        clock.advance(KEEP_NS // 20)
    send(keeper, len(orders) + 1)  # and it is open
    with pytest.raises(ConfigError, match=r"kept for another key .testnet-another,"):
        open_journal(settings("testnet"), access(env="testnet"), world(disk.killed()), WALL_NS)


def test_a_local_exchange_that_was_started_anew_may_be_somewhere_else():
    disk = PagedDisk()
    open_journal(settings(), access(port=8443), world(disk), WALL_NS)
    open_journal(settings(), access(port=8444), world(disk.killed()), WALL_NS)


def test_mode_power_waits_for_the_disk():
    disk = PagedDisk()
    home = open_journal(settings(journal="power"), access(), world(disk), WALL_NS)
    disk.calls.clear()
    home.journal.note("new", limit(), now_ns=1)
    assert disk.calls == ["segment.sync"]


# ---- Orders that bear this journal's ids -----------------------------------------------------------------------------


def after_restart(*told):
    """The next session of a journal whose one order, T7…1, had these reports."""
    disk = PagedDisk()
    home = open_journal(settings(), access(), world(disk), WALL_NS)
    order = make_order(LIMIT, handle=1, cl_ord_id=home.ids.text(1), price_ticks=1, order_qty_lots=10)
    home.journal.note("new", order, now_ns=1)
    for report in told:
        home.journal.note("report", order, report, apply_report(order, report), now_ns=1)
    return open_journal(settings(), access(), world(disk.killed()), WALL_NS), home.ids


def seen(cl_ord_id):
    return [ForeignOrder("BTCUSDT", Side.BUY, str(UUID(int=7)), cl_ord_id, OrdStatus.NEW, 612_500, 0, 10, 0)]


def test_order_that_the_journal_has_lost_is_an_alarm_once(caplog):
    home, ids = after_restart()
    for _ in range(2):
        home.tell_alarms(seen(ids.text(2)))
    (alarm,) = caplog.records
    assert alarm.levelname == "CRITICAL"
    assert ids.text(2) in alarm.message and "the journal has lost it" in alarm.message and "BTCUSDT" in alarm.message


def test_order_lost_by_a_session_that_has_outlived_its_first_segment_is_an_alarm(caplog):
    disk, clock, orders = PagedDisk(), ManualClock(1, WALL_NS), []
    keeper = begin(disk, clock)
    keeper.follow_orders(lambda: len(orders) + 1, 0)
    while "00000001.journal" in disk.names():
        orders.append(send(keeper, len(orders) + 1, said(ExecType.CANCELED)))
        keeper.tend()
        clock.advance(KEEP_NS // 20)
    home = open_journal(settings(), access(), world(disk.killed()), WALL_NS)
    assert home.past.sessions == []
    home.tell_alarms(seen(keeper.ids.text(len(orders) + 1)))
    assert "the journal has lost it" in caplog.text


def test_order_that_the_journal_has_ended_is_an_alarm(caplog):
    home, ids = after_restart(said(ExecType.REJECTED, ReportSource.QUERY, text="never reached the venue"))
    home.tell_alarms(seen(ids.text(1)))
    assert "ended as REJECTED" in caplog.text


def test_orders_of_others_are_no_alarm(caplog):
    home, _ = after_restart()
    home.tell_alarms([*seen("somebody-elses"), *seen("T0000000000000000002")])
    assert caplog.records == []
