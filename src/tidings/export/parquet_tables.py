"""Tables as Parquet: times int64, prices and quantities decimals, each column in the encoding that suits it.

While an export runs, rows lie in Arrow streams of whole ticks and lots, one behind the other in a part file. When all
rows are there, and so all grids, they become decimals of one scale: the smallest that holds every grid exactly, as
decimal(18, s), which Parquet keeps as int64; as decimal(38, s) only if a number has more digits.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Context, Decimal
from importlib import import_module
from pathlib import Path
from typing import Any

import orjson

from tidings.errors import UsageError
from tidings.export.form import MadeFile
from tidings.export.part_file import PartFile
from tidings.export.tables import Column, Grid, Grids, Kind, Row, Table, places, step_at

ROW_GROUP_ROWS = 250_000  # a reader takes one into memory at a time, and so do we
NARROW_DIGITS = 18  # of a decimal that is kept as int64
WIDE_DIGITS = 38
EXACT = Context(prec=WIDE_DIGITS)
COMPRESSION_LEVEL = 9
_DECIMALS = (Kind.PRICE, Kind.QTY, Kind.EXACT)
_AS_TEXT = (Kind.WORD, Kind.SYMBOL)
_DICTIONARIES = (*_AS_TEXT, Kind.QTY)  # what repeats; what grows or wanders is kept as differences


def load_pyarrow() -> Any:
    """pyarrow with what we use of it. Raises UsageError if it is not installed."""
    try:
        for name in ("ipc", "parquet", "compute"):
            import_module(f"pyarrow.{name}")
        return import_module("pyarrow")
    except ImportError:
        raise UsageError("--to parquet needs pyarrow: pip install 'tidings[record]', or --to csv") from None


class ParquetTable:
    """One table's file."""

    suffix = "parquet"

    def __init__(self, table: Table, part: PartFile, grids: Grids) -> None:
        self._arrow = load_pyarrow()
        self._table, self._part, self._grids = table, part, grids
        self._used: list[Grid] = []
        self._kept = self._arrow.schema([(column.name, self._kept_type(column.kind)) for column in table.columns])

    def _kept_type(self, kind: Kind) -> Any:
        """In the part file."""
        arrow = self._arrow
        types = {
            Kind.FLAG: arrow.bool_(), Kind.WORD: arrow.string(), Kind.SYMBOL: arrow.int32(), Kind.EXACT: arrow.string(),
        }  # fmt: skip
        return types.get(kind, arrow.int64())

    def write(self, rows: list[Row]) -> None:
        arrow = self._arrow
        columns = [
            arrow.array(_texts(cells) if column.kind is Kind.EXACT else cells, field.type)
            for column, field, cells in zip(self._table.columns, self._kept, zip(*rows, strict=True), strict=True)
        ]
        batch = arrow.record_batch(columns, schema=self._kept)
        buffer = arrow.BufferOutputStream()
        with arrow.ipc.new_stream(buffer, self._kept, options=arrow.ipc.IpcWriteOptions(compression="lz4")) as stream:
            stream.write_batch(batch)
        self._part.write(buffer.getvalue())

    def finish(self, out: Path, row_count: int) -> MadeFile:
        self._part.sync()
        self._used = self._grids_used()
        decimals = {
            column.name: self._decimal_type(column) for column in self._table.columns if column.kind in _DECIMALS
        }
        schema = self._schema(decimals)
        made = self._part.path.with_suffix(".made")
        with self._writer(made, schema) as writer:
            waiting: list[Any] = []
            for batch in self._batches():
                waiting.append(self._converted(batch, schema))
                while sum(map(len, waiting)) >= ROW_GROUP_ROWS:
                    table = self._arrow.Table.from_batches(waiting, schema)
                    self._write_group(writer, table.slice(0, ROW_GROUP_ROWS))
                    waiting = table.slice(ROW_GROUP_ROWS).to_batches()
            if waiting:
                self._write_group(writer, self._arrow.Table.from_batches(waiting, schema))
        columns = self._column_bytes(made, row_count)
        return MadeFile(made, out / f"{self._table.name}.{self.suffix}", row_count, columns=columns)

    def _write_group(self, writer: Any, table: Any) -> None:
        """As one piece: how the rows came together must not be seen in the bytes."""
        writer.write_table(table.combine_chunks(), row_group_size=ROW_GROUP_ROWS)

    def _writer(self, path: Path, schema: Any) -> Any:
        dictionaries = [c.name for c in self._table.columns if c.kind in _DICTIONARIES]
        deltas = {
            column.name: "DELTA_BINARY_PACKED"
            for column in self._table.columns
            if column.kind not in (*_DICTIONARIES, Kind.FLAG) and not _is_wide(schema.field(column.name).type)
        }
        return self._arrow.parquet.ParquetWriter(
            path, schema, compression="zstd", compression_level=COMPRESSION_LEVEL, use_dictionary=dictionaries,
            column_encoding=deltas, store_decimal_as_integer=True, version="2.6",
        )  # fmt: skip

    def _batches(self) -> Iterator[Any]:
        """What was written, in order."""
        size_bytes = self._part.path.stat().st_size
        with self._arrow.OSFile(str(self._part.path), "rb") as file:
            while file.tell() < size_bytes:
                yield from self._arrow.ipc.open_stream(file)

    # ---- types ---------------------------------------------------------------------------------------------------

    def _decimal_type(self, column: Column) -> Any:
        """The narrow decimal, if all numbers of the column fit into it."""
        if column.kind is Kind.EXACT:
            return self._exact_type(column)
        scale = max((places(*step_of(grid, column.kind)) for grid in self._used), default=0)
        is_narrow = all(
            most * step < 10**NARROW_DIGITS
            for batch in self._batches()
            for most, step in self._largest(batch, column, scale)
        )
        return self._arrow.decimal128(NARROW_DIGITS if is_narrow else WIDE_DIGITS, scale)

    def _grids_used(self) -> list[Grid]:
        """Of the symbols that have rows: others must not decide how many decimals these get."""
        numbers = {number for batch in self._batches() for number in batch.column("symbol").unique().to_pylist()}
        return [self._grids[number] for number in sorted(numbers)]

    def _largest(self, batch: Any, column: Column, scale: int) -> Iterator[tuple[int, int]]:
        """(the largest number of steps, the step's mantissa) of each grid in a batch."""
        numbers = self._arrow.table({"grid": batch.column("symbol"), "steps": batch.column(column.name)})
        for row in numbers.group_by("grid").aggregate([("steps", "max")]).to_pylist():
            yield row["steps_max"] or 0, step_at(scale, *step_of(self._grids[row["grid"]], column.kind))

    def _exact_type(self, column: Column) -> Any:
        scale = digits = 0
        for batch in self._batches():
            for text in filter(None, batch.column(column.name).to_pylist()):
                number = Decimal(text).normalize(Context(prec=len(text)))
                scale = max(scale, -int(number.as_tuple().exponent))
                digits = max(digits, number.adjusted() + 1)
        if digits + scale > WIDE_DIGITS:
            raise UsageError(
                f"{column.name} of {self._table.name} would need {digits + scale} digits, and Parquet's decimals have "
                f"{WIDE_DIGITS}: --to csv keeps them all"
            )
        return self._arrow.decimal128(NARROW_DIGITS if digits + scale <= NARROW_DIGITS else WIDE_DIGITS, scale)

    def _schema(self, decimals: dict[str, Any]) -> Any:
        arrow = self._arrow
        fields = [
            arrow.field(
                column.name,
                decimals.get(column.name) or (arrow.string() if column.kind in _AS_TEXT else kept.type),
                metadata={"unit": column.unit, "meaning": column.meaning},
            )
            for column, kept in zip(self._table.columns, self._kept, strict=True)
        ]
        grids = [grid._asdict() for grid in self._used]
        return arrow.schema(fields, {"tidings_table": self._table.name, "tidings_grids": orjson.dumps(grids)})

    # ---- values --------------------------------------------------------------------------------------------------

    def _converted(self, batch: Any, schema: Any) -> Any:
        numbers = batch.column("symbol")
        symbols = self._arrow.array([grid.symbol for grid in self._grids.all], self._arrow.string())
        columns = []
        for column, field in zip(self._table.columns, schema, strict=True):
            values = batch.column(column.name)
            if column.kind is Kind.SYMBOL:
                values = symbols.take(numbers)
            elif column.kind is Kind.EXACT:
                numbers_of = [None if text is None else Decimal(text) for text in values.to_pylist()]
                values = self._arrow.array(numbers_of, field.type)
            elif column.kind in _DECIMALS:
                values = self._decimals(values, numbers, column.kind, field.type)
            columns.append(values)
        return self._arrow.record_batch(columns, schema=schema)

    def _decimals(self, steps: Any, numbers: Any, kind: Kind, decimal_type: Any) -> Any:
        """Whole steps as decimals: multiplied as integers, then named decimals of that scale."""
        arrow = self._arrow
        sizes = [step_at(decimal_type.scale, *step_of(grid, kind)) for grid in self._grids.all]
        if _is_wide(decimal_type):
            mantissas = [
                None if step is None else Decimal(step * sizes[number]).scaleb(-decimal_type.scale, EXACT)
                for step, number in zip(steps.to_pylist(), numbers.to_pylist(), strict=True)
            ]
            return arrow.array(mantissas, decimal_type)
        mantissas = arrow.compute.multiply_checked(steps, arrow.array(sizes, arrow.int64()).take(numbers))
        whole = mantissas.cast(arrow.decimal128(19, 0))  # 19 digits: what any int64 may need
        return arrow.Array.from_buffers(decimal_type, len(whole), whole.buffers(), offset=whole.offset)

    def _column_bytes(self, path: Path, row_count: int) -> dict[str, float]:
        metadata = self._arrow.parquet.read_metadata(path)
        sizes = dict.fromkeys((column.name for column in self._table.columns), 0)
        for group in range(metadata.num_row_groups):
            for place, name in enumerate(sizes):
                sizes[name] += metadata.row_group(group).column(place).total_compressed_size
        return {name: round(size / row_count, 3) for name, size in sizes.items()} if row_count else {}


def step_of(grid: Grid, kind: Kind) -> tuple[int, int]:
    """(mantissa, scale) of one tick or lot."""
    if kind is Kind.PRICE:
        return grid.tick_mantissa, grid.price_scale
    return grid.lot_mantissa, grid.qty_scale


def _texts(cells: Row) -> list[str | None]:
    return [None if cell is None else str(cell) for cell in cells]


def _is_wide(arrow_type: Any) -> bool:
    return getattr(arrow_type, "precision", 0) > NARROW_DIGITS
