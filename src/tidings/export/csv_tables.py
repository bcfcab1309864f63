"""Tables as CSV: a line of names, then one line per row, decimals as exact text. Needs nothing but Python."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tidings.export.form import MadeFile
from tidings.export.part_file import PartFile
from tidings.export.tables import Grids, Kind, Row, Table


class CsvTable:
    """One table's file."""

    suffix = "csv"

    def __init__(self, table: Table, part: PartFile, grids: Grids) -> None:
        self._table, self._part, self._grids = table, part, grids
        self._symbol_place = table.place_of("symbol")

    def write(self, rows: list[Row]) -> None:
        columns = list(zip(*rows, strict=True))
        symbols = columns[self._symbol_place]
        texts = [
            self._texts(column.kind, cells, symbols) for column, cells in zip(self._table.columns, columns, strict=True)
        ]
        buffer = io.StringIO()
        if not self._part.length_bytes:
            _writer(buffer).writerow([column.name for column in self._table.columns])
        _writer(buffer).writerows(zip(*texts, strict=True))
        self._part.write(buffer.getvalue().encode())

    def _texts(self, kind: Kind, cells: Row, symbols: Row) -> Any:
        """What the csv module is to write; None becomes nothing."""
        grids = self._grids.all
        if kind is Kind.SYMBOL:
            return [grids[number].symbol for number in cells]
        if kind is Kind.FLAG:
            return ["true" if cell else "false" for cell in cells]
        if kind is Kind.EXACT:
            return [None if cell is None else f"{cell:f}" for cell in cells]
        if kind in (Kind.PRICE, Kind.QTY):
            text_of = _Texts([grid.price_text if kind is Kind.PRICE else grid.qty_text for grid in grids])
            numbered = zip(symbols, cells, strict=True)
            return [None if cell is None else text_of[number, cell] for number, cell in numbered]
        return cells

    def finish(self, out: Path, row_count: int) -> MadeFile:
        if not self._part.length_bytes:
            self._part.write((",".join(column.name for column in self._table.columns) + "\n").encode())
        self._part.sync()
        return MadeFile(self._part.path, out / f"{self._table.name}.{self.suffix}", row_count)


class _Texts(dict[tuple[int, int], str]):
    """Texts of (grid, ticks): the same few prices stand in most rows of a batch."""

    def __init__(self, texts_of: list[Callable[[int], str]]) -> None:
        self._texts_of = texts_of

    def __missing__(self, key: tuple[int, int]) -> str:
        text = self[key] = self._texts_of[key[0]](key[1])
        return text


def _writer(buffer: io.StringIO) -> Any:
    return csv.writer(buffer, lineterminator="\n")
