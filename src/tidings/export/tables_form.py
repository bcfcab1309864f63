"""The forms that hold tables: CSV and Parquet."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from tidings.export.csv_tables import CsvTable
from tidings.export.form import Form, MadeFile
from tidings.export.parquet_tables import ParquetTable
from tidings.export.part_file import PartFile
from tidings.export.table_rows import TableRows
from tidings.export.tables import IF_ANY, TABLES, Grids


class TablesForm(Form):
    """All tables, in files of one kind."""

    kind: ClassVar[type[CsvTable] | type[ParquetTable]]

    def __init__(self, parts: Path, grids: Grids, lengths: dict[str, int]) -> None:
        super().__init__(parts, grids, lengths)
        self._rows = TableRows(grids)
        self._files = {
            table.name: PartFile(parts / f"{table.name}.part", lengths.get(table.name, 0)) for table in TABLES
        }
        self._tables = {table.name: self.kind(table, self._files[table.name], grids) for table in TABLES}
        self._counts = dict.fromkeys(self._tables, 0)

    @property
    def news(self) -> TableRows:
        return self._rows

    @property
    def waiting_count(self) -> int:
        return self._rows.waiting_count

    def write(self) -> None:
        for name, rows in self._rows.waiting.items():
            if rows:
                self._tables[name].write(rows)
                self._counts[name] += len(rows)
                rows.clear()

    def sync(self) -> dict[str, int]:
        return {name: file.sync() for name, file in self._files.items()}

    def save(self) -> dict[str, Any]:
        return {"rows": self._rows.save(), "counts": self._counts}

    def restore(self, state: dict[str, Any]) -> None:
        self._rows.restore(state["rows"])
        self._counts = dict(state["counts"])

    def finish(self, out: Path) -> list[MadeFile]:
        self._rows.finish()
        self.write()
        told = [name for name, count in self._counts.items() if count or name not in IF_ANY]
        return [self._tables[name].finish(out, self._counts[name]) for name in told]

    def close(self) -> None:
        for file in self._files.values():
            file.close()


class CsvForm(TablesForm):
    name = "csv"
    kind = CsvTable


class ParquetForm(TablesForm):
    name = "parquet"
    kind = ParquetTable
