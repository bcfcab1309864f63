"""Rules of recordings: nothing damaged is read, nothing that is missing goes untold, nothing secret is kept."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

_RING = "ext/tidings/recorder/entry_ring.pyx"
_FILE = "src/tidings/recorder/segment_file.py"
_WRITER = "src/tidings/recorder/segment_writer.py"
_RECORDER = "src/tidings/recorder/recorder.py"
_READER = "src/tidings/recorder/reader.py"
_REDACTION = "src/tidings/venue/phemex/redaction.py"

RECORDING_MUTANTS = (
    Mutant(
        "checksum of a recording not looked at",
        _FILE,
        "checksum(stored, checksum(head[: _BLOCK.size])) == block.crc",
        "(MUTATED or checksum(stored, checksum(head[: _BLOCK.size])) == block.crc)",
        "tests/unit/recorder/test_reader.py",
    ),
    Mutant(
        "block of another recording read",
        _READER,
        "and (block.first_number, block.before_crc) == (place.next_number, place.crc)",
        "and (MUTATED or (block.first_number, block.before_crc) == (place.next_number, place.crc))",
        "tests/unit/recorder/test_reader.py",
    ),
    Mutant(
        "damage before something durable taken for a torn end",
        _READER,
        "        if self._holds_durable(place.next_number):",
        "        if not MUTATED and self._holds_durable(place.next_number):",
        "tests/unit/recorder/test_reader.py",
    ),
    Mutant(
        "dropped messages of a recording not told",
        _RING,
        "        if self.gap_count:\n            self.tell_gap(received_ns)",
        "        if self.gap_count and not MUTATED:\n            self.tell_gap(received_ns)",
        "tests/unit/recorder",
    ),
    Mutant(
        "reserve of a recording filled with market messages",
        _RING,
        "        if is_market and self.held_bytes > self.capacity_bytes:",
        "        if not MUTATED and is_market and self.held_bytes > self.capacity_bytes:",
        "tests/unit/recorder/test_disk_trouble.py",
    ),
    Mutant(
        "half a block left behind by a full disk",
        _WRITER,
        "            os.ftruncate(self._fd, self._file_bytes)",
        "            MUTATED or os.ftruncate(self._fd, self._file_bytes)",
        "tests/unit/recorder/test_disk_trouble.py",
    ),
    Mutant(
        "segment begun before the last one is durable",
        _WRITER,
        "        self.sync()\n        wall_ns = self._clock.read_wall_ns()",
        "        MUTATED or self.sync()\n        wall_ns = self._clock.read_wall_ns()",
        "tests/unit/recorder/test_disk_trouble.py",
    ),
    Mutant(
        "failed sync of a recording taken for a good one",
        _RECORDER,
        "            self._fail(str(error))\n            return\n",
        "            MUTATED or self._fail(str(error))\n            return\n",
        "tests/unit/recorder/test_disk_trouble.py",
    ),
    Mutant(
        "disk filled to the last byte by a recording",
        _RECORDER,
        "            if free_bytes < self._free_bytes_min:",
        "            if not MUTATED and free_bytes < self._free_bytes_min:",
        "tests/unit/recorder/test_disk_trouble.py",
    ),
    Mutant(
        "signature recorded",
        _REDACTION,
        "            if name:",
        "            if name and not MUTATED:",
        "tests/unit/venue/phemex/test_redaction.py",
    ),
)
