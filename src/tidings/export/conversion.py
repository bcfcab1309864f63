"""A recording into one of the forms: reads, writes, notes how far it is, and goes on where it was interrupted."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tidings.errors import RecordingError, UsageError
from tidings.export.backtest_form import BacktestForm
from tidings.export.checkpoint import Workplace
from tidings.export.form import Form, MadeFile, put_in_place
from tidings.export.part_file import not_written
from tidings.export.playable_form import PlayableForm
from tidings.export.recorded_market import RecordedMarket
from tidings.export.tables import Grid, Grids
from tidings.export.tables_form import CsvForm, ParquetForm
from tidings.recorder.entries import Entry
from tidings.recorder.reader import RecordingReader

_FORMS: Final[tuple[type[Form], ...]] = (ParquetForm, CsvForm, PlayableForm, BacktestForm)
FORMS: Final = {form.name: form for form in _FORMS}
ROWS_MAX: Final = 100_000  # in memory before they are written
CHECKPOINT_ENTRIES: Final = 100_000
PROGRESS_ENTRIES: Final = 1_000
Progress = Callable[[int, int, int], object]  # (entries, bytes read, bytes in all)


@dataclass
class Conversion:
    """What came of it."""

    files: list[MadeFile]
    entries: int
    messages: int
    dropped: int  # messages the recording says are missing
    refused: int  # pushes that were not taken
    symbols: list[str]
    resumed_at: int  # the entry an earlier run had come to; 0: there was none
    damage: str  # of the recording's end; "": it was ended on purpose


def convert(
    directory: Path, form_name: str, out: Path, symbols: Iterable[str] = (), progress: Progress = lambda *_: None
) -> Conversion:
    """Write the recording in `directory` to `out`. Raises RecordingError, UsageError, FileNotWritten."""
    reader = RecordingReader(directory)
    identity = {"to": form_name, "symbols": sorted(symbols), "session": reader.session}
    workplace = Workplace(out)
    is_done = False
    try:
        run = _Run(reader, workplace, identity, progress)
        conversion = run.finish(out)
        is_done = True
    except OSError as error:
        raise not_written(out, error, "; when that is mended, the same command goes on") from None
    finally:
        workplace.leave(is_done=is_done)
    return conversion


class _Run:
    """One run of an export."""

    def __init__(
        self, reader: RecordingReader, workplace: Workplace, identity: dict[str, Any], progress: Progress
    ) -> None:
        self._reader, self._workplace, self._identity, self._progress = reader, workplace, identity, progress
        checkpoint = workplace.load(identity) or {}
        self._grids = Grids([Grid(*grid) for grid in checkpoint.get("grids", ())])
        self._form = FORMS[identity["to"]](workplace.parts, self._grids, checkpoint.get("lengths", {}))
        self._market = RecordedMarket(self._form.news, identity["symbols"])
        self._last_number = self._resumed_at = checkpoint.get("last", 0)
        if checkpoint:
            self._market.restore(checkpoint["market"], self._entry(checkpoint["market"]["catalogue"]))
            self._form.restore(checkpoint["form"])

    def _entry(self, number: int) -> Entry | None:
        return next(self._reader.entries(number)) if number else None

    def finish(self, out: Path) -> Conversion:
        try:
            self._read()
            self._form.write()
            self._note()
            if not self._market.catalogue_number:
                raise RecordingError(f"{self._reader.directory} holds no product catalogue: its numbers mean nothing")
            if missing := sorted(set(self._identity["symbols"]) - self._market.symbols):
                raise UsageError(f"nothing of {', '.join(missing)} is in this recording")
            files = self._form.finish(out)
        finally:
            self._form.close()
        put_in_place(files)
        market = self._market
        return Conversion(
            files, self._last_number, market.message_count, market.dropped_count, market.refused_count,
            sorted(market.symbols), self._resumed_at, self._reader.damage,
        )  # fmt: skip

    def _read(self) -> None:
        market, form = self._market, self._form
        for entry in self._reader.entries(self._last_number + 1):
            market.play(entry)
            number = self._last_number = entry.number
            if form.waiting_count >= ROWS_MAX:
                form.write()
            if number % CHECKPOINT_ENTRIES == 0:
                form.write()
                self._note()
            if number % PROGRESS_ENTRIES == 0:
                self._progress(number, self._reader.read_bytes, self._reader.total_bytes)
        self._progress(self._last_number, self._reader.read_bytes, self._reader.total_bytes)

    def _note(self) -> None:
        self._workplace.store(self._identity, {
            "last": self._last_number,
            "lengths": self._form.sync(),
            "grids": [list(grid) for grid in self._grids.all],
            "market": self._market.save(),
            "form": self._form.save(),
        })  # fmt: skip
