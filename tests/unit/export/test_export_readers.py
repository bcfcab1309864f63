"""pyarrow, polars, pandas and duckdb read the tables as they are, each with its own exact decimals."""

from decimal import Decimal
from pathlib import Path

import pyarrow.parquet
import pytest
from recorded_flow import RecordedFlow

from tidings.export.conversion import convert


@pytest.fixture(scope="module")
def out(flow, tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("out")
    for form in ("parquet", "csv"):
        convert(flow.directory, form, directory)
    return directory


def volume(out: Path) -> Decimal:
    """Of BTCUSDT, by plain pyarrow rows."""
    rows = pyarrow.parquet.read_table(out / "trades.parquet").to_pylist()
    return sum((row["price"] * row["qty"] for row in rows if row["symbol"] == "BTCUSDT"), Decimal(0))


def test_a_trade_takes_at_most_eight_bytes_of_parquet(tmp_path: Path) -> None:
    """Four minutes of the flow of which docs/export.md tells an hour; the shorter, the dearer."""
    recorded = RecordedFlow(tmp_path / "recording", ("BTCUSDT",), seed=1)
    recorded.advance(240)
    recorded.close()
    trades = convert(tmp_path / "recording", "parquet", tmp_path / "out").files[0]
    assert (trades.path.name, trades.rows > 1000) == ("trades.parquet", True)
    assert sum(trades.columns.values()) <= 8


def test_polars_reads_them(out: Path) -> None:
    polars = pytest.importorskip("polars", reason="polars is not installed")
    frame = polars.read_parquet(out / "trades.parquet")
    assert frame.schema["price"] == polars.Decimal(18, 2) and frame.schema["received_ns"] == polars.Int64
    rows = frame.filter(polars.col("symbol") == "BTCUSDT").select("price", "qty").rows()
    assert sum((price * qty for price, qty in rows), Decimal(0)) == volume(out)
    exact = {"price": polars.Decimal(18, 8), "qty": polars.Decimal(18, 8)}
    written = polars.read_csv(out / "trades.csv", schema_overrides=exact)
    assert all(written[name].to_list() == frame[name].to_list() for name in frame.columns)
    top = polars.read_csv(out / "top.csv")
    assert top.height == polars.read_parquet(out / "top.parquet").height


def test_duckdb_reads_them(out: Path) -> None:
    duckdb = pytest.importorskip("duckdb", reason="duckdb is not installed")
    trades = f"'{out / 'trades.parquet'}' where symbol = 'BTCUSDT'"
    told = duckdb.sql(f"select sum(price::decimal(38,2) * qty::decimal(18,6)) from {trades}").fetchall()
    assert told == [(volume(out),)]
    for name in ("trades", "book", "top", "klines"):
        counts = [
            duckdb.sql(f"select count(*) from '{out / name}.{suffix}'").fetchall() for suffix in ("parquet", "csv")
        ]
        assert counts[0] == counts[1] != [(0,)]


def test_pandas_reads_them(out: Path) -> None:
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    trades = pandas.read_parquet(out / "trades.parquet", dtype_backend="pyarrow")
    chosen = trades[trades["symbol"] == "BTCUSDT"]
    assert sum(map(Decimal.__mul__, chosen["price"], chosen["qty"]), Decimal(0)) == volume(out)
    assert len(pandas.read_csv(out / "book.csv")) == len(pandas.read_parquet(out / "book.parquet"))
