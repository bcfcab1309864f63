"""hftbacktest's own files: `SYMBOL.npz`, one array `data` of its event type."""

from __future__ import annotations

import io
import shutil
import struct
import zipfile
from pathlib import Path
from typing import Any, ClassVar, Final

from tidings.export.backtest_events import BacktestEvents
from tidings.export.event_order import FIELDS, EventOrder, load_numpy
from tidings.export.form import Form, MadeFile
from tidings.export.part_file import PartFile
from tidings.export.tables import Grids

ZIP_TIME: Final = (1980, 1, 1, 0, 0, 0)  # the same recording makes the same bytes, whenever
COPY_BYTES: Final = 1 << 20
_EVENT = struct.Struct("<QqqddQqd")


class BacktestForm(Form):
    name: ClassVar[str] = "hftbacktest"

    def __init__(self, parts: Path, grids: Grids, lengths: dict[str, int]) -> None:
        super().__init__(parts, grids, lengths)
        load_numpy()
        self._events = BacktestEvents()
        self._files = {symbol: self._part(symbol, length_bytes) for symbol, length_bytes in lengths.items()}

    @property
    def news(self) -> BacktestEvents:
        return self._events

    @property
    def waiting_count(self) -> int:
        return self._events.waiting_count

    def _part(self, symbol: str, length_bytes: int) -> PartFile:
        return PartFile(self.parts / f"{symbol}.part", length_bytes)

    def write(self) -> None:
        for symbol, events in self._events.waiting.items():
            if symbol not in self._files:
                self._files[symbol] = self._part(symbol, 0)
            self._files[symbol].write(b"".join([_EVENT.pack(*event, 0, 0, 0.0) for event in events]))
            events.clear()

    def sync(self) -> dict[str, int]:
        return {symbol: file.sync() for symbol, file in self._files.items()}

    def save(self) -> dict[str, Any]:
        return {"last_ns": self._events.last_ns}

    def restore(self, state: dict[str, Any]) -> None:
        self._events.last_ns = state["last_ns"]

    def finish(self, out: Path) -> list[MadeFile]:
        self.write()
        self.sync()
        return [self._make(symbol, out) for symbol in sorted(self._files)]

    def _make(self, symbol: str, out: Path) -> MadeFile:
        order = EventOrder(self._files[symbol].path)
        body, made = self.parts / f"{symbol}.body", self.parts / f"{symbol}.made"
        count = 0
        with body.open("wb") as file:
            for rows in order.pieces():
                file.write(rows.tobytes())
                count += len(rows)
        write_npz(made, body, count)
        body.unlink()
        notes = {"split": count - order.count, "local_ts_moved_ns": order.moved_ns}
        return MadeFile(made, out / f"{symbol}.npz", count, notes=notes)

    def close(self) -> None:
        for file in self._files.values():
            file.close()


def write_npz(path: Path, body: Path, count: int) -> None:
    """The array of `count` events whose bytes are in `body`, as `numpy.savez_compressed(path, data=…)` has it."""
    head = io.BytesIO()
    described = {"descr": FIELDS, "fortran_order": False, "shape": (count,)}
    load_numpy().lib.format.write_array_header_1_0(head, described)
    name = zipfile.ZipInfo("data.npy", ZIP_TIME)
    name.compress_type = zipfile.ZIP_DEFLATED
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive,
        archive.open(name, "w", force_zip64=True) as file,
        body.open("rb") as events,
    ):
        file.write(head.getvalue())
        shutil.copyfileobj(events, file, COPY_BYTES)
