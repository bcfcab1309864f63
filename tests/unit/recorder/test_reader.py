"""The reader takes what docs/recording.md describes, and nothing that was changed afterwards."""

import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from recording_samples import (
    CLOCK,
    END,
    MARKET,
    Sample,
    block,
    blocks_of,
    crc32c,
    push,
    segment_head,
    session_entry,
    write_recording,
)

from tidings.errors import RecordingError
from tidings.recorder.reader import RecordingReader
from tidings.recorder.segment_file import CONTENT_BYTES_MAX

WALL_NS, MONO_NS = 1_700_000_000_000_000_000, 1000


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Sample]]:
    directory = tmp_path_factory.mktemp("original")
    return directory, write_recording(directory)


@pytest.fixture
def copied(original, tmp_path) -> tuple[Path, list[Sample]]:
    shutil.copytree(original[0], tmp_path / "r")
    return tmp_path / "r", original[1]


def read(directory: Path) -> tuple[list[Sample], str]:
    reader = RecordingReader(directory)
    return [(int(entry.kind), entry.source, entry.payload, entry.received_ns) for entry in reader], reader.damage


def begun(*blocks: tuple[list[Sample], int], before: int = 0) -> bytes:
    """A first segment of blocks (entries, durable up to), the first of which holds its session."""
    data, crc, number = segment_head(1, 1, WALL_NS, before), before, 1
    for entries, synced in blocks:
        framed, crc = block(entries, number, synced, crc)
        data += framed
        number += len(entries)
    return data


SESSION_BLOCK = ([session_entry(WALL_NS, MONO_NS)], 0)
PUSH_BLOCK = ([(MARKET, 1, push(2), 1001)], 1)


def test_a_recording_by_the_book_is_read(original):
    directory, written = original
    assert read(directory) == (written, "")


def test_every_flipped_byte_is_found_and_no_wrong_entry_comes_out(copied):
    """Each byte of the heads, some of the rest (`tests.fuzz.recordings` does more). An ended recording calls all of it
    durable.
    """
    directory, written = copied
    for path in sorted(directory.iterdir()):
        whole = path.read_bytes()
        for offset in (*range(40), *range(40, len(whole), 23)):
            path.write_bytes(whole[:offset] + bytes([whole[offset] ^ (1 << offset % 8)]) + whole[offset + 1 :])
            try:
                entries, damage = read(directory)
            except RecordingError as error:
                assert path.name in str(error) or "segment before" in str(error)
            else:  # the last block, which only says that this is the end
                assert entries == written and damage.startswith("torn")
                assert offset >= len(whole) - 44
        path.write_bytes(whole)


def test_every_cut_of_the_last_segment_is_an_end_that_is_told(copied):
    directory, written = copied
    path = directory / "00000003.recording"
    whole = path.read_bytes()
    counts = set()
    for size in range(0, len(whole), 13):
        path.write_bytes(whole[:size])
        entries, damage = read(directory)
        assert entries == written[: len(entries)] and damage
        counts.add(len(entries))
    assert counts == {40, 45, 50, 55, 60}


def test_a_cut_of_an_earlier_segment_is_damage(copied):
    directory, _ = copied
    path = directory / "00000002.recording"
    whole = path.read_bytes()
    for size in range(0, len(whole), 29):
        path.write_bytes(whole[:size])
        with pytest.raises(RecordingError):
            read(directory)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_spoilt_bytes_give_a_true_beginning_or_an_error(original, tmp_path_factory, data):
    source, written = original
    directory = tmp_path_factory.mktemp("spoilt")
    for path in source.iterdir():
        (directory / path.name).write_bytes(path.read_bytes())
    path = directory / f"{data.draw(st.integers(1, 3)):08d}.recording"
    spoilt = bytearray(path.read_bytes())
    begin = data.draw(st.integers(0, len(spoilt)))
    end = min(len(spoilt), begin + data.draw(st.integers(0, 200)))
    spoilt[begin:end] = data.draw(st.binary(max_size=200))
    is_changed = bytes(spoilt) != path.read_bytes()
    path.write_bytes(spoilt)
    try:
        entries, damage = read(directory)
    except RecordingError:
        assert is_changed
    else:
        assert entries == written[: len(entries)]
        assert bool(damage) == is_changed


def test_segments_that_are_missing_swapped_or_of_another_recording_are_refused(copied, tmp_path):
    directory, _ = copied
    first, second, third = (directory / f"{number:08d}.recording" for number in (1, 2, 3))
    kept = second.read_bytes()
    second.unlink()
    with pytest.raises(RecordingError, match=r"00000002\.recording is missing"):
        read(directory)
    second.write_bytes(third.read_bytes())
    with pytest.raises(RecordingError, match="does not go on"):
        read(directory)
    second.write_bytes(kept)
    (tmp_path / "other").mkdir()
    write_recording(tmp_path / "other", per_block=6)
    first.write_bytes((tmp_path / "other" / first.name).read_bytes())
    with pytest.raises(RecordingError, match="does not go on"):
        read(directory)


def test_whole_blocks_that_are_moved_doubled_missing_or_of_another_recording_are_refused(copied, tmp_path):
    """Each is sound by itself; it is the one before that it does not fit."""
    directory, written = copied
    (tmp_path / "other").mkdir()
    write_recording(tmp_path / "other", begun_ns=1_800_000_000_000_000_000)
    for name in ("00000002.recording", "00000003.recording"):
        path = directory / name
        whole = path.read_bytes()
        head, (first, second, third, *rest) = blocks_of(whole)
        foreign = blocks_of((tmp_path / "other" / name).read_bytes())[1][1]
        assert len(foreign) == len(second) and foreign != second
        for blocks in (
            (first, third, second, *rest),
            (first, second, second, third, *rest),
            (first, third, *rest),
            (first, foreign, third, *rest),
        ):
            path.write_bytes(head + b"".join(blocks))
            with pytest.raises(RecordingError, match=name):
                read(directory)
        path.write_bytes(whole)
    assert read(directory) == (written, "")


def test_a_recording_without_its_last_segment_has_no_end(copied):
    directory, written = copied
    (directory / "00000003.recording").unlink()
    entries, damage = read(directory)
    assert entries == written[:40] and damage.startswith("not ended")


def test_a_gap_before_something_durable_is_damage_and_before_nothing_durable_an_end(tmp_path):
    later = ([(MARKET, 1, push(3), 1002)], 2)  # written when entry 2 was known to be durable
    after_power_loss = ([(MARKET, 1, push(3), 1002)], 1)
    for blocks, is_damage in (((PUSH_BLOCK, later), True), ((PUSH_BLOCK, after_power_loss), False)):
        data = bytearray(begun(SESSION_BLOCK, *blocks))
        data[data.index(b'"sequence":2')] ^= 0x20
        (tmp_path / "00000001.recording").write_bytes(data)
        if is_damage:
            with pytest.raises(RecordingError, match="had been durable"):
                read(tmp_path)
        else:
            entries, damage = read(tmp_path)
            assert len(entries) == 1 and damage.startswith("torn")


def test_zeros_at_the_end_are_what_a_power_loss_leaves(tmp_path):
    (tmp_path / "00000001.recording").write_bytes(begun(SESSION_BLOCK, PUSH_BLOCK) + bytes(5000))
    entries, damage = read(tmp_path)
    assert len(entries) == 2 and damage == "torn: 5000 bytes of 00000001.recording behind byte " + str(
        len(begun(SESSION_BLOCK, PUSH_BLOCK))
    ) + " are left out"


def test_something_behind_the_end_is_damage(tmp_path):
    data = begun(SESSION_BLOCK)
    framed, _ = block([], 2, 1, int.from_bytes(data[40 + 40 : 40 + 44], "little"), flags=END)
    (tmp_path / "00000001.recording").write_bytes(data + framed)
    assert read(tmp_path)[1] == ""
    (tmp_path / "00000001.recording").write_bytes(data + framed + b"\0")
    with pytest.raises(RecordingError, match="behind the end"):
        read(tmp_path)


def test_another_format_is_refused_by_its_number(copied):
    directory, _ = copied
    path = directory / "00000001.recording"
    head = bytearray(path.read_bytes()[:40])
    head[8] = 2
    head[36:40] = crc32c(bytes(head[:36])).to_bytes(4, "little")
    path.write_bytes(bytes(head) + path.read_bytes()[40:])
    with pytest.raises(RecordingError, match="format 2"):
        read(directory)


def test_a_block_that_claims_too_much_is_no_block(tmp_path):
    """Nothing is allocated for what a head claims."""
    data = begun(SESSION_BLOCK)
    claims = bytearray(block([(MARKET, 1, b"", 0)], 2, 0, 0)[0])
    claims[4:8] = claims[28:32] = (CONTENT_BYTES_MAX + 1).to_bytes(4, "little")
    (tmp_path / "00000001.recording").write_bytes(data + claims)
    assert len(read(tmp_path)[0]) == 1


def test_a_sound_block_that_makes_no_sense_is_damage(tmp_path):
    """Its checksum fits, so its writer had a bug: still no other error than that of a recording."""
    data = begun(SESSION_BLOCK)
    crc = int.from_bytes(data[40 + 40 : 40 + 44], "little")
    never = (CLOCK, 0, b'{"wall_ns":1e30,"mono_ns":1}', 1001)
    counted = bytearray(block([PUSH_BLOCK[0][0]], 2, 1, crc)[0])
    counted[24:28] = (2**32 - 1).to_bytes(4, "little")
    counted[40:44] = crc32c(bytes(counted[44:]), crc32c(bytes(counted[:40]))).to_bytes(4, "little")
    for nonsense in (block([never], 2, 1, crc)[0], bytes(counted)):
        (tmp_path / "00000001.recording").write_bytes(data + nonsense)
        with pytest.raises(RecordingError, match=r"00000001\.recording"):
            read(tmp_path)
