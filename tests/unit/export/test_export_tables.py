"""Tables say what the messages said: compared with readings of their own, and with the exchange's own books."""

import csv
import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest

from tidings.errors import RecordingError, UsageError
from tidings.export.conversion import convert
from tidings.export.tables import IF_ANY, TABLES, text_of_steps
from tidings.recorder.entries import EntryKind
from tidings.recorder.reader import RecordingReader

# What the documents of the lines say: integers on scales, and texts (0).
PRICE_SCALES = {"BTCUSDT": 0, "BTCUSD": 4, "sBTCUSDT": 8}
QTY_SCALES = {"BTCUSDT": 0, "BTCUSD": 0, "sBTCUSDT": 8}
WALL_NS = 1_700_000_000_000_000_000
FEED, DROPPED = EntryKind.FEED, EntryKind.DROPPED


def parquet_rows(path: Path) -> list[dict[str, Any]]:
    return pyarrow.parquet.read_table(path).to_pylist()


def exported(directory: Path, out: Path, **options: Any) -> Callable[[str], list[dict[str, Any]]]:
    """Rows of a table by its name."""
    convert(directory, "parquet", out, **options)
    return lambda name: parquet_rows(out / f"{name}.parquet")


def pushes(directory: Path) -> Iterator[tuple[Any, dict[str, Any]]]:
    for entry in RecordingReader(directory):
        if entry.kind is EntryKind.MARKET:
            yield entry, json.loads(entry.payload)


def scaled(value: Any, scale: int) -> Decimal:
    return Decimal(value).scaleb(-scale)


def told_trades(directory: Path) -> list[tuple[Any, ...]]:
    """Read from the messages with nothing of ours."""
    return [
        (
            entry.number, entry.wall_ns, row[0], symbol, row[1].lower(), scaled(row[2], PRICE_SCALES[symbol]),
            scaled(row[3], QTY_SCALES[symbol]),
        )
        for entry, push in pushes(directory)
        if ("trades" in push or "trades_p" in push) and push["type"] == "incremental"
        for symbol in [push["symbol"]]
        for row in reversed(push.get("trades") or push["trades_p"])
    ]  # fmt: skip


def test_trades_are_those_of_the_messages(flow, tmp_path: Path) -> None:
    table = exported(flow.directory, tmp_path)
    trades = [tuple(row.values()) for row in table("trades")]
    assert len(trades) > 500
    assert trades == told_trades(flow.directory)


def rebuilt(rows: list[dict[str, Any]], symbol: str, depth: int) -> tuple[list[Any], list[Any]]:
    """The book of `symbol` that somebody makes of the table."""
    sides: dict[str, dict[Decimal, Decimal]] = {"bid": {}, "ask": {}}
    of_symbol = [row for row in rows if row["symbol"] == symbol]
    for place, row in enumerate(of_symbol):
        if row["is_snapshot"] and (not place or of_symbol[place - 1]["record"] != row["record"]):
            sides = {"bid": {}, "ask": {}}
        sides[row["side"]][row["price"]] = row["qty"]
        if not row["qty"]:
            del sides[row["side"]][row["price"]]
        if place + 1 == len(of_symbol) or of_symbol[place + 1]["record"] != row["record"]:
            sides = {name: cut(side, name == "bid", depth) for name, side in sides.items()}
    return list(sides["bid"].items()), list(sides["ask"].items())


def cut(side: dict[Decimal, Decimal], is_bid: bool, depth: int) -> dict[Decimal, Decimal]:
    return dict(sorted(side.items(), reverse=is_bid)[:depth])


@pytest.mark.parametrize("symbol", ["BTCUSDT", "BTCUSD", "sBTCUSDT"])
def test_the_book_table_makes_the_exchange_s_own_book(flow, tmp_path: Path, symbol: str) -> None:
    table = exported(flow.directory, tmp_path, symbols=[symbol])
    market = flow.recorded.venue.markets[symbol]
    scales = (market.instrument.price_scale, market.instrument.qty_scale)
    truth = [[tuple(map(scaled, level, scales)) for level in side] for side in market.levels(30)]
    assert list(rebuilt(table("book"), symbol, depth=30)) == truth
    last = table("top")[-1]
    assert [(last["bid_price"], last["bid_qty"]), (last["ask_price"], last["ask_qty"])] == [s[0] for s in truth]
    assert last["state"] == "live"


def test_top_tells_when_books_were_not_to_be_trusted(flow, tmp_path: Path) -> None:
    table = exported(flow.directory, tmp_path, symbols=["BTCUSDT"])
    states = [row["state"] for row in table("top")]
    changes = [state for before, state in zip(["", *states], states, strict=False) if state != before]
    assert changes == ["live", "stale", "live", "stale", "live"]


def test_the_last_candle_of_each_minute_stands_once(flow, tmp_path: Path) -> None:
    rows = exported(flow.directory, tmp_path, symbols=["BTCUSDT"])("klines")
    starts = [row["start_ns"] for row in rows]
    assert starts == sorted(set(starts)) and len(rows) > 1000
    assert [row["is_closed"] for row in rows] == [True] * (len(rows) - 1) + [False]
    market = flow.recorded.venue.markets["BTCUSDT"]
    candle = market.candles.current(60).candle
    assert starts[-1] == candle.start_s * 1_000_000_000
    assert rows[-1]["close"] == scaled(candle.close, market.instrument.price_scale)


@pytest.mark.parametrize(
    ("steps", "mantissa", "scale", "text"),
    [
        (610_000, 1, 1, "61000.0"),
        (610_005, 1, 1, "61000.5"),
        (3, 50, 2, "1.5"),
        (4, 50, 2, "2.0"),
        (7, 100, 2, "7"),
        (1, 1, 8, "0.00000001"),
        (-15, 1, 1, "-1.5"),
        (0, 25, 2, "0.00"),
        (2**62, 5, 3, "23058430092136939.520"),
    ],
)
def test_a_text_has_the_decimals_of_its_step(steps: int, mantissa: int, scale: int, text: str) -> None:
    assert text_of_steps(steps, mantissa, scale) == text


def test_csv_and_parquet_say_the_same(flow, tmp_path: Path) -> None:
    table = exported(flow.directory, tmp_path)
    convert(flow.directory, "csv", tmp_path)
    for name in ("trades", "book", "top", "klines"):
        with (tmp_path / f"{name}.csv").open() as file:
            texts = list(csv.DictReader(file))
        assert texts
        assert [[value(cell) for cell in row.values()] for row in texts] == [
            [value(cell) for cell in row.values()] for row in table(name)
        ]


def value(cell: Any) -> Any:
    if cell is None or cell == "":
        return None
    if isinstance(cell, str):
        return {"true": True, "false": False}.get(cell) if cell in ("true", "false") else number_or_text(cell)
    return cell if isinstance(cell, bool) else Decimal(cell)


def number_or_text(cell: str) -> Any:
    return cell if cell[0].isalpha() else Decimal(cell)


def test_types_and_units_are_in_the_file(flow, tmp_path: Path) -> None:
    convert(flow.directory, "parquet", tmp_path)
    schema = pyarrow.parquet.read_schema(tmp_path / "trades.parquet")
    # BTCUSDT has steps of 0.1 and 0.001, BTCUSD of 0.5 and 1, sBTCUSDT of 0.01 and 0.000001.
    assert {field.name: str(field.type) for field in schema} == {
        "record": "int64", "received_ns": "int64", "venue_ns": "int64", "symbol": "string", "side": "string",
        "price": "decimal128(18, 2)", "qty": "decimal128(18, 6)",
    }  # fmt: skip
    assert schema.field("price").metadata[b"unit"] == b"quote currency"
    grids = json.loads(schema.metadata[b"tidings_grids"])
    assert {grid["symbol"] for grid in grids} == {"BTCUSDT", "BTCUSD", "sBTCUSDT"}


def test_a_book_by_hand(written, book_push, tmp_path: Path) -> None:
    written.push({"error": None, "id": 1, "result": {"status": "success"}})
    written.push(book_push("snapshot", [["60000.0", "1.5"], ["59999.9", "2"]], [["60000.1", "0.001"]], 10))
    written.push(book_push("incremental", [["60000.0", "0"]], [], 11))
    written.event(FEED, event="down", cause="reset by the peer")
    written.push(book_push("incremental", [["59999.8", "7"]], [], 12))  # of no use: something was lost
    written.push(book_push("snapshot", [], [], 13))
    table = exported(written.close(), tmp_path)
    assert [tuple(row.values())[0:1] + tuple(row.values())[4:] for row in table("book")] == [
        (4, 10, True, "bid", Decimal("60000.0"), Decimal("1.500")),
        (4, 10, True, "bid", Decimal("59999.9"), Decimal("2.000")),
        (4, 10, True, "ask", Decimal("60000.1"), Decimal("0.001")),
        (5, 11, False, "bid", Decimal("60000.0"), Decimal("0.000")),
        (8, 13, True, None, None, None),
    ]
    assert [(row["record"], row["state"], row["bid_price"], row["ask_qty"]) for row in table("top")] == [
        (4, "live", Decimal("60000.0"), Decimal("0.001")),
        (5, "live", Decimal("59999.9"), Decimal("0.001")),
        (6, "stale", Decimal("59999.9"), Decimal("0.001")),
        (8, "live", None, None),
    ]
    assert table("book")[0] | {"record": 0} == {
        "record": 0, "received_ns": WALL_NS + 3_000, "venue_ns": WALL_NS - 999_990, "symbol": "BTCUSDT", "sequence": 10,
        "is_snapshot": True, "side": "bid", "price": Decimal("60000.0"), "qty": Decimal("1.500"),
    }  # fmt: skip


def test_only_books_of_the_lost_connection_are_doubted(written, book_push, tmp_path: Path) -> None:
    levels = ([["60000.0", "1"]], [["60000.1", "1"]])
    other = book_push("snapshot", [["3000.00", "1"]], [["3000.05", "1"]], 10) | {"symbol": "ETHUSDT"}
    written.push(book_push("snapshot", *levels, 10), source=1)
    written.push(other, source=2)
    written.event(FEED, source=2, event="silent", cause="nothing for 90 s")
    written.event(DROPPED, source=0, messages=4, bytes=99)
    table = exported(written.close(), tmp_path)
    assert [(row["record"], row["symbol"], row["state"]) for row in table("top")] == [
        (3, "BTCUSDT", "live"), (4, "ETHUSDT", "live"), (5, "ETHUSDT", "stale"), (6, "BTCUSDT", "stale"),
    ]  # fmt: skip


def test_a_book_told_stale_by_itself_leaves_the_others_alone(written, book_push, tmp_path: Path) -> None:
    levels = ([["60000.0", "1"]], [["60000.1", "1"]])
    written.push(book_push("snapshot", *levels, 10))
    written.push(book_push("snapshot", [["3000.00", "1"]], [["3000.05", "1"]], 10) | {"symbol": "ETHUSDT"})
    written.event(FEED, event="stale", symbol="ETHUSDT", cause="SILENCE")
    written.event(FEED, event="up", cause="")
    table = exported(written.close(), tmp_path)
    assert [(row["record"], row["symbol"], row["state"]) for row in table("top")] == [
        (3, "BTCUSDT", "live"), (4, "ETHUSDT", "live"), (5, "ETHUSDT", "stale"),
    ]  # fmt: skip


def test_a_silent_book_is_doubted(written, book_push, tmp_path: Path) -> None:
    written.push(book_push("snapshot", [["60000.0", "1"]], [["60000.1", "1"]], 10))
    written.wait(91)
    written.push({"sequence": 5, "symbol": "BTCUSDT", "trades_p": [], "type": "incremental"})
    table = exported(written.close(), tmp_path)
    assert [row["state"] for row in table("top")] == ["live", "stale"]


@pytest.mark.parametrize(("qty", "digits"), [("999999999999.999", 18), ("1000000000000.001", 38)])
def test_a_number_too_long_for_int64_widens_its_column(
    written, book_push, tmp_path: Path, qty: str, digits: int
) -> None:
    """The smallest step of a quantity is spot's 0.000001: that leaves twelve digits before the point."""
    book = {"asks": [[6_000_100_000_000, 100]], "bids": []}
    written.push({
        "book": book, "depth": 30, "sequence": 1, "symbol": "sBTCUSDT", "timestamp": 1, "type": "snapshot",
    })  # fmt: skip
    written.push(book_push("snapshot", [["60000.0", qty]], [], 10))
    table = exported(written.close(), tmp_path)
    assert [row["qty"] for row in table("book")] == [Decimal("0.000001"), Decimal(qty)]
    types = {field.name: str(field.type) for field in pyarrow.parquet.read_schema(tmp_path / "book.parquet")}
    assert (types["qty"], types["price"]) == (f"decimal128({digits}, 6)", "decimal128(18, 2)")


def test_what_cannot_be_exported_is_said(written, tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="holds no recording"):
        convert(tmp_path, "csv", tmp_path / "out")
    with pytest.raises(UsageError, match="nothing of NONESUCH"):
        convert(written.close(), "csv", tmp_path / "out", ["NONESUCH"])


def test_a_recording_without_messages_gives_empty_tables(written, tmp_path: Path) -> None:
    directory = written.close()
    table = exported(directory, tmp_path)
    convert(directory, "csv", tmp_path)
    for of in TABLES:
        if of.name in IF_ANY:
            assert not list(tmp_path.glob(f"{of.name}.*"))
            continue
        assert table(of.name) == []
        assert (tmp_path / f"{of.name}.csv").read_text() == ",".join(column.name for column in of.columns) + "\n"


PACK_FIELDS = [
    *("symbol", "openRp", "highRp", "lowRp", "lastRp", "volumeRq", "turnoverRv", "openInterestRv", "indexRp", "markRp"),
    *("fundingRateRr", "predFundingRateRr", "bidRp", "askRp"),
]


def push_figures(written: Any) -> None:
    """Two mark prices, and the 24 h figures of USD-M in one push and of COIN-M in another."""
    written.push({"tick_p": {"last": "61000.25", "symbol": ".MBTCUSDT", "timestamp": WALL_NS - 9}})
    written.push({"tick": {"last": 610000000, "scale": 4, "symbol": ".MBTC", "timestamp": WALL_NS - 8}})
    figures = ["1", "1.5", "0.5", "1.25", "7.001", "9", "3", "1.2", "1.3", "0.0001", "-0.00025"]
    rows = [["BTCUSDT", *figures, "1.1", "1.4"], ["ETHUSDT", *figures, "1.10000000001", "1.4"]]
    written.push({
        "data": rows, "fields": PACK_FIELDS, "method": "perp_market24h_pack_p.update", "timestamp": WALL_NS - 7,
        "type": "snapshot",
    })  # fmt: skip
    of_coin = {
        "close": 610000000, "fundingRate": 10000, "high": 620000000, "indexPrice": 610010000, "low": 600000000,
        "markPrice": 610020000, "open": 605000000, "openInterest": 77, "predFundingRate": -5000, "symbol": "BTCUSD",
        "turnover": 123456789, "volume": 1000,
    }  # fmt: skip
    written.push({"market24h": of_coin, "timestamp": WALL_NS - 6})


def test_ticks_and_tickers_are_exact_and_pick_their_symbols(written, tmp_path: Path) -> None:
    push_figures(written)
    table = exported(written.close(), tmp_path / "all")
    marks = [(row["symbol"], row["kind"], row["value"], row["venue_ns"]) for row in table("ticks")]
    assert marks == [("BTCUSDT", "mark", Decimal("61000.25"), WALL_NS - 9), ("BTCUSD", "mark", 61000, WALL_NS - 8)]
    linear, other, inverse = table("tickers")
    assert [row["symbol"] for row in (linear, other, inverse)] == ["BTCUSDT", "ETHUSDT", "BTCUSD"]
    told = [linear[name] for name in ("open", "high", "low", "last", "volume", "predicted_funding_rate", "offer")]
    assert told == [Decimal(text) for text in ("1", "1.5", "0.5", "1.25", "7.001", "-0.00025", "1.4")]
    assert (other["bid"], inverse["bid"], inverse["open_interest"]) == (Decimal("1.10000000001"), None, 77)
    assert (inverse["last"], inverse["funding_rate"], inverse["venue_ns"]) == (61000, Decimal("0.0001"), WALL_NS - 6)
    result = convert(written.directory, "parquet", tmp_path / "one", ["BTCUSDT"])
    for name in IF_ANY:
        assert [row["symbol"] for row in parquet_rows(tmp_path / f"one/{name}.parquet")] == ["BTCUSDT"]
    assert (result.messages, result.symbols) == (2, ["BTCUSDT"])


def test_figures_in_csv_are_those_of_parquet(written, tmp_path: Path) -> None:
    push_figures(written)
    table = exported(written.close(), tmp_path)
    convert(written.directory, "csv", tmp_path)
    for name in IF_ANY:
        with (tmp_path / f"{name}.csv").open() as file:
            texts = list(csv.DictReader(file))
        assert [[value(cell) for cell in row.values()] for row in texts] == [
            [value(cell) for cell in row.values()] for row in table(name)
        ]


def test_a_symbol_without_rows_decides_no_decimals(written, tmp_path: Path, book_push) -> None:
    push_figures(written)
    written.push(book_push("snapshot", [["60000.0", "1"]], [], 10))
    exported(written.close(), tmp_path)
    types = {field.name: str(field.type) for field in pyarrow.parquet.read_schema(tmp_path / "book.parquet")}
    assert (types["price"], types["qty"]) == ("decimal128(18, 1)", "decimal128(18, 3)")


def test_levels_are_read_with_quotes_or_without_as_the_book_took_them(written, book_push, tmp_path: Path) -> None:
    written.push(book_push("snapshot", [[60000.5, 0.25]], [[60001, 1]], 7))
    inverse = {"asks": [["612510000", "20"]], "bids": [["612500000", 1900]]}
    written.push({"book": inverse, "depth": 30, "sequence": 8, "symbol": "BTCUSD", "timestamp": 5, "type": "snapshot"})
    table = exported(written.close(), tmp_path / "out")
    assert [(row["symbol"], row["side"], row["price"], row["qty"]) for row in table("book")] == [
        ("BTCUSDT", "bid", Decimal("60000.5"), Decimal("0.25")), ("BTCUSDT", "ask", Decimal(60001), Decimal(1)),
        ("BTCUSD", "bid", Decimal(61250), Decimal(1900)), ("BTCUSD", "ask", Decimal(61251), Decimal(20)),
    ]  # fmt: skip
    tops = {row["symbol"]: (row["bid_price"], row["ask_price"]) for row in table("top")}
    assert tops == {"BTCUSDT": (Decimal("60000.5"), Decimal(60001)), "BTCUSD": (Decimal(61250), Decimal(61251))}


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_a_symbol_that_is_no_text_is_nobodys(written, book_push, tmp_path: Path, form: str) -> None:
    for odd in ({"symbol": ["BTCUSDT"], "trades_p": []}, {"tick_p": {"symbol": {}, "last": "1", "scale": 8}}):
        written.push({"sequence": 1, "type": "incremental", **odd})
    written.push(book_push("snapshot", [["60000.5", "1"]], [], 7))
    directory = written.close()
    assert convert(directory, form, tmp_path / "some", symbols=["BTCUSDT"]).symbols == ["BTCUSDT"]
    assert convert(directory, form, tmp_path / "all").symbols == ["BTCUSDT"]


@pytest.mark.parametrize(("small", "fits"), [(30, True), (33, True), (34, False), (39, False)])
def test_figures_beyond_parquets_decimals_are_refused_and_kept_as_text(written, tmp_path: Path, small, fits) -> None:
    """`small` decimals beside five digits before the point."""
    values = ["61250", f"0.{'0' * (small - 1)}1"]
    for value in values:
        written.push({"tick_p": {"last": value, "symbol": ".MBTCUSDT", "timestamp": 5}})
    directory = written.close()
    if fits:
        assert [row["value"] for row in exported(directory, tmp_path / "p")("ticks")] == list(map(Decimal, values))
    else:
        with pytest.raises(UsageError, match=rf"value of ticks would need {small + 5} digits.*--to csv"):
            convert(directory, "parquet", tmp_path / "p")
    convert(directory, "csv", tmp_path / "c")
    assert [row["value"] for row in csv.DictReader((tmp_path / "c/ticks.csv").open())] == values
