"""What counts as the log's end, and what as damage: every byte flipped, every cut, every power loss."""

import random
import shutil
from pathlib import Path

import pytest
from journal_samples import SEGMENT_BYTES, begin, send, send_many
from paged_disk import PagedDisk

from tidings.clock import ManualClock
from tidings.errors import JournalDamaged
from tidings.journal.keeper import begin_session
from tidings.journal.live_disk import LiveDisk
from tidings.journal.log_reader import read_log
from tidings.journal.record import HEAD_BYTES, SEGMENT_BYTES_BEFORE, scan
from tidings.journal.segments import segment_name
from tidings.journal.stories import replay


def killed_journal(count=16, **options):
    """Three segments and a spare, of a process that was killed. Everything is durable."""
    disk = PagedDisk()
    keeper = begin(disk)
    keeper.tend()
    send_many(keeper, count, **options)
    keeper.tend()
    return disk.killed(), keeper


def closed_journal(count=16):
    disk = PagedDisk()
    keeper = begin(disk)
    keeper.tend()
    send_many(keeper, count)
    keeper.close(open_count=4)
    return disk.killed()


def test_nothing_was_ever_begun():
    assert read_log(PagedDisk()) is None


def test_everything_is_read_back_in_order():
    disk, keeper = killed_journal()
    log = read_log(disk)
    assert [record.seq for record in log.records()] == list(range(1, log.last_seq + 1))
    assert (log.last_seq, log.last_crc) == (keeper.journal.last_seq, keeper.journal.writer.last_crc)
    assert (len(log.segments), log.dropped) == (4, "")
    assert [bool(segment.records) for segment in log.segments] == [True, True, True, False]


def test_reading_changes_nothing():
    disk, _ = killed_journal()
    before = {name: bytes(content) for name, content in disk.files.items()}
    read_log(disk)
    assert {name: bytes(content) for name, content in disk.files.items()} == before


def verdict(disk, seq):
    """The last record of a log that is accepted, or what is said of it; never anything shorter than `seq`."""
    try:
        log = read_log(disk)
    except JournalDamaged as error:
        assert "journal/0000000" in str(error) and "tidings journal verify" in str(error)
        return str(error)
    assert log.last_seq >= seq
    return log.last_seq


def test_no_flipped_byte_is_accepted_in_silence():
    """Only the last record may be taken for one that was being written when its process was killed."""
    disk, keeper = killed_journal()
    seq = keeper.journal.last_seq
    accepted = set()
    for name in [name for name in disk.names() if name.endswith(".journal")]:
        content = disk.files[name]
        for place in range(len(content)):
            content[place] ^= 4
            if isinstance(verdict(disk, seq - 1), int):
                accepted.add((name, place))
            content[place] ^= 4
    last = scan(bytes(disk.files[segment_name(3)]), SEGMENT_BYTES_BEFORE)[-1]
    tail = range(last.offset, last.end_offset + HEAD_BYTES + 1024)
    spare_start = range(SEGMENT_BYTES_BEFORE, SEGMENT_BYTES_BEFORE + HEAD_BYTES + 1024)
    assert accepted == {(segment_name(3), place) for place in tail if place < SEGMENT_BYTES} | {
        (segment_name(4), place) for place in spare_start
    }


def test_no_flipped_byte_of_a_closed_log_is_accepted():
    disk = closed_journal()
    records = {name: scan(disk.read(name), SEGMENT_BYTES_BEFORE) for name in disk.names() if name != "anchor"}
    for name, found in records.items():
        for place in range(found[-1].end_offset if found else SEGMENT_BYTES_BEFORE):
            disk.files[name][place] ^= 128
            assert isinstance(verdict(disk, 0), str), (name, place)
            disk.files[name][place] ^= 128


@pytest.mark.parametrize("make", [killed_journal, lambda: (closed_journal(), None)], ids=["killed", "closed"])
def test_no_cut_segment_is_accepted(make):
    disk = make()[0]
    for name in [name for name in disk.names() if name != "anchor"]:
        content = bytes(disk.files[name])
        for size_bytes in range(len(content.rstrip(b"\0")) if name < segment_name(4) else SEGMENT_BYTES_BEFORE):
            disk.files[name] = bytearray(content[:size_bytes])
            assert isinstance(verdict(disk, 0), str), (name, size_bytes)
        disk.files[name] = bytearray(content)


def swap(disk, one, other):
    disk.files[one], disk.files[other] = disk.files[other], disk.files[one]


FILES = {
    "first missing": lambda disk: disk.remove(segment_name(1)),
    "middle missing": lambda disk: disk.remove(segment_name(2)),
    "last missing": lambda disk: disk.remove(segment_name(4)),
    "two last missing": lambda disk: (disk.remove(segment_name(3)), disk.remove(segment_name(4))),
    "doubled": lambda disk: disk.write(segment_name(3), disk.read(segment_name(2))),
    "swapped": lambda disk: swap(disk, segment_name(2), segment_name(3)),
    "zeroed": lambda disk: disk.write(segment_name(3), bytes(SEGMENT_BYTES)),
    "emptied behind its head": lambda disk: disk.write(
        segment_name(2), disk.read(segment_name(2))[:SEGMENT_BYTES_BEFORE].ljust(SEGMENT_BYTES, b"\0")
    ),
    "no anchor": lambda disk: disk.remove("anchor"),
}  # fmt: skip


@pytest.mark.parametrize("boot_id", ["boot-1", "boot-2", ""])
@pytest.mark.parametrize("what", FILES)
def test_wrong_file_is_seen(what, boot_id):
    disk, _ = killed_journal()
    disk.boot_id = boot_id
    FILES[what](disk)
    with pytest.raises(JournalDamaged, match=r"journal segment|no anchor"):
        read_log(disk)


@pytest.mark.parametrize("boot_id", ["boot-1", "boot-2", ""])
def test_segment_of_another_day_is_seen(boot_id):
    """The same orders, sent at the same times, but heard of otherwise: sizes and sequence numbers fit."""
    old, _ = killed_journal()
    disk, _ = killed_journal()
    disk.boot_id = boot_id
    disk.write(segment_name(2), old.read(segment_name(2)))
    with pytest.raises(JournalDamaged, match=r"00000002.journal has a gap|00000002.journal is damaged"):
        read_log(disk)


def test_copy_made_before_the_end_is_seen():
    disk = PagedDisk()
    keeper = begin(disk)
    send(keeper, 1)
    early = disk.killed()
    send(keeper, 2)
    keeper.close(open_count=2)
    late = disk.killed()
    late.write(segment_name(1), early.read(segment_name(1)))
    with pytest.raises(JournalDamaged, match="ends with record 2, and not with record 4 as it did when it was closed"):
        read_log(late)


def torn(disk, count):
    """The last record written only so far."""
    name = segment_name(3)
    last = scan(disk.read(name), SEGMENT_BYTES_BEFORE)[-1]
    disk.files[name][last.offset + count :] = bytes(SEGMENT_BYTES - last.offset - count)
    disk.make_durable(disk.files[name])
    return last


def test_process_killed_within_an_append_loses_only_that():
    disk, keeper = killed_journal()
    whole = bytes(disk.files[segment_name(3)])
    for count in range(len(whole.rstrip(b"\0")) - scan(whole, SEGMENT_BYTES_BEFORE)[-1].offset):
        disk.files[segment_name(3)] = bytearray(whole)
        last = torn(disk, count)
        log = read_log(disk)
        assert log.last_seq == last.seq - 1 == keeper.journal.last_seq - 1, count
        assert bool(log.dropped) == (count > 0), count
    assert "00000003.journal" in log.dropped and "torn" in log.dropped


def test_power_loss_may_take_only_what_was_not_durable():
    """Whatever pages survive, every record that was synced is there, and no other order is made up."""
    lost, kept = 0, 0
    for seed in range(300):
        chance = random.Random(seed)
        disk = PagedDisk()
        keeper = begin(disk, segment_bytes=16384)
        keeper.tend()
        ids = send_many(keeper, chance.randrange(1, 20), tends_every=chance.choice([1, 2, 5, 50]))
        durable = keeper.journal.writer.synced_seq
        left = disk.crash(chance)
        log = read_log(left)
        assert durable <= log.last_seq <= keeper.journal.last_seq, seed
        assert set(replay(log.records()).stories) <= set(ids)
        lost += log.last_seq < keeper.journal.last_seq
        kept += log.last_seq > durable
    assert lost > 50 and kept > 10


def test_damage_of_what_was_durable_is_no_power_loss():
    """The record after it says that it was durable; so its absence is no accident of pages."""
    disk, _ = killed_journal(tends_every=1)
    disk.boot_id = "boot-2"
    name = segment_name(2)
    victim = scan(disk.read(name), SEGMENT_BYTES_BEFORE)[2]
    for place in range(victim.offset, victim.end_offset):
        disk.files[name][place] ^= 1
        with pytest.raises(JournalDamaged, match="had been durable"):
            read_log(disk)
        disk.files[name][place] ^= 1


def test_gap_in_the_same_boot_is_damage_whatever_was_durable():
    disk = PagedDisk()
    keeper = begin(disk)
    send_many(keeper, 3, tends_every=100)
    left = disk.killed()
    victim = scan(left.read(segment_name(1)), SEGMENT_BYTES_BEFORE)[-3]
    left.files[segment_name(1)][victim.offset] ^= 1
    with pytest.raises(JournalDamaged, match="has a gap at byte"):
        read_log(left)
    left.boot_id = "boot-2"
    assert read_log(left).last_seq == victim.seq - 1


def test_torn_tail_is_cut_before_the_next_session_and_never_judged_again():
    disk, _ = killed_journal()
    last = torn(disk, 60)
    keeper = begin(disk)
    assert len(disk.files[segment_name(3)]) == last.offset
    keeper.tend()
    log = read_log(disk.killed())
    assert (log.last_seq, log.dropped) == (last.seq, "")    # the new session's own record took the number


def test_beginning_that_dies_anywhere_can_begin_again():
    """Recovery is idempotent: killed, or struck by a power loss, after any of its calls."""
    source, keeper = killed_journal()
    source.boot_id = "boot-2"                              # it was a power loss that ended it
    torn(source, 60)
    seq = keeper.journal.last_seq - 1
    orders = list(replay(read_log(source).records()).stories)
    total = None
    for number in range(1, 100):
        disk = source.killed()
        disk.fail_at = number, 5
        try:
            begin(disk).journal.close()
            total = number
            break
        except OSError:
            pass
        for left in (disk.killed(), disk.crash(random.Random(number))):
            again = begin(left)
            assert again.ids.session_wall_ms > keeper.ids.session_wall_ms
            log = read_log(left.killed())
            sessions = 1 + (number == 30)       # the last call syncs what the page cache has already
            assert seq < log.last_seq <= seq + sessions, number
            assert list(replay(log.records()).stories) == orders
    assert total == 31


def test_unknown_machine_is_given_the_benefit_of_the_doubt(tmp_path: Path):
    """On a real directory: a journal that was copied to another machine reads the same."""
    disk = LiveDisk(tmp_path / "j")
    disk.lock()
    keeper = begin_session(disk, None, ManualClock(1, 2), wall_ns=10**18, expiry_s=5, segment_bytes=16384)
    send(keeper, 1)
    keeper.close(open_count=1)
    shutil.copytree(tmp_path / "j", tmp_path / "k")
    copy = LiveDisk(tmp_path / "k")
    copy.boot_id = "elsewhere"
    assert read_log(copy).last_seq == read_log(disk).last_seq == 3
