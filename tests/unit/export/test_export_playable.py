"""What the local exchange would refuse is not in what it is given to play; everything else is, as it came."""

import json
from pathlib import Path

from tidings.exchange.catalogue import load_catalogue
from tidings.exchange.markets.recording_file import RecordingReader
from tidings.export.conversion import convert
from tidings.recorder.entries import EntryKind

WALL_NS = 1_700_000_000_000_000_000


def tick(symbol: str) -> dict[str, object]:
    return {"tick_p": {"last": "60000.5", "symbol": symbol, "timestamp": WALL_NS}}


def played(directory: Path, out: Path, *symbols: str) -> list[dict[str, object]]:
    """The lines, each of which the exchange's own reader takes."""
    convert(directory, "jsonl", out, symbols)
    path = out / "market.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert len(list(RecordingReader(path, load_catalogue()))) == len(lines)
    return lines


def test_only_what_can_be_played_is_written(written, book_push, tmp_path: Path) -> None:
    snapshot = book_push("snapshot", [["60000.0", "1.5"]], [["60000.1", "1"]], 10)
    trades = {"sequence": 5, "symbol": "BTCUSDT", "trades_p": [[WALL_NS, "Sell", "60000.0", "0.5"]]}
    written.push(book_push("incremental", [["60000.0", "9"]], [], 9))  # of a book nobody has seen
    written.push(snapshot)
    written.push(book_push("incremental", [["60000.0", "2"]], [], 8))  # a number that goes back
    written.push(snapshot | {"sequence": 11})
    written.push(trades | {"type": "incremental"})
    written.push({"error": None, "id": 4, "result": {"status": "success"}})
    written.push(tick(".MBTCUSDT"))
    written.push(tick(".BTCUSDTFR"))  # a funding rate
    written.push({"kline_p": [], "sequence": 6, "symbol": "BTCUSDT", "type": "snapshot"})
    written.event(EntryKind.FEED, event="down", cause="cut")
    written.push(book_push("incremental", [["60000.0", "2"]], [], 12))  # nobody knows of what
    assert played(written.close(), tmp_path) == [
        {"received_ns": WALL_NS + 3_000, "message": snapshot},
        {"received_ns": WALL_NS + 5_000, "message": snapshot | {"sequence": 11}},
        {"received_ns": WALL_NS + 6_000, "message": trades | {"type": "incremental"}},
        {"received_ns": WALL_NS + 8_000, "message": tick(".MBTCUSDT")},
    ]


def test_ticks_go_with_their_symbol(written, book_push, tmp_path: Path) -> None:
    levels = ([["60000.0", "1"]], [["60000.1", "1"]])
    written.push(book_push("snapshot", *levels, 10))
    written.push(book_push("snapshot", *levels, 10) | {"symbol": "ETHUSDT"})
    for symbol in (".BTCUSDT", ".METHUSDT", ".MBTCUSDT"):
        written.push(tick(symbol))
    lines = played(written.close(), tmp_path, "BTCUSDT")
    assert [line["message"] for line in lines[1:]] == [tick(".BTCUSDT"), tick(".MBTCUSDT")]
    assert lines[0]["message"]["symbol"] == "BTCUSDT"


def test_a_clock_set_back_does_not_turn_the_file_back(written, book_push, tmp_path: Path) -> None:
    levels = ([["60000.0", "1"]], [["60000.1", "1"]])
    written.push(book_push("snapshot", *levels, 10))
    written.event(EntryKind.CLOCK, source=0, wall_ns=WALL_NS - 10**9, mono_ns=4_000)
    written.push(book_push("snapshot", *levels, 11))
    first, second = played(written.close(), tmp_path)
    assert first["received_ns"] == second["received_ns"] == WALL_NS + 2_000
