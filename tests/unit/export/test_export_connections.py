"""Several connections in one recording: what happens on one changes nothing of what the others bring."""

import json
from pathlib import Path
from typing import Any

from tidings.export.conversion import convert
from tidings.export.recorded_market import MarketNews, RecordedMarket
from tidings.recorder.entries import Entry, EntryKind
from tidings.recorder.reader import RecordingReader


class Told(MarketNews):
    """What was told of books: the entry's number, symbol, whether it is live, best bid."""

    def __init__(self) -> None:
        self.heard: list[tuple[int, str, bool, int]] = []

    def book_changed(self, entry: Entry, book: Any) -> None:
        self.heard.append((entry.number, book.symbol, book.is_live, book.best_bid_ticks))


def played(directory: Path, *, anew: bool = False) -> tuple[list[tuple[int, str, bool, int]], RecordedMarket]:
    """`anew`: by another object for each entry, which goes on from what the one before has saved."""
    told, catalogue = Told(), None
    market = RecordedMarket(told)
    for entry in RecordingReader(directory):
        catalogue = entry if entry.kind is EntryKind.CATALOGUE else catalogue
        if anew and catalogue is not None and entry is not catalogue:
            state = json.loads(json.dumps(market.save()))
            market = RecordedMarket(told)
            market.restore(state, catalogue)
        market.play(entry)
    return told.heard, market


def push(symbol: str, kind: str, sequence: int, bid: str) -> dict[str, Any]:
    book = {"asks": [], "bids": [[bid, "1"]]}
    return {"depth": 30, "orderbook_p": book, "sequence": sequence, "symbol": symbol, "timestamp": 5, "type": kind}


def test_garbage_of_one_connection_leaves_the_books_of_others_alone(written, tmp_path: Path) -> None:
    written.push(push("BTCUSDT", "snapshot", 1, "60000.0"), 1)  # entry 3, behind session and catalogue
    written.push(push("ETHUSDT", "snapshot", 1, "3000.0"), 2)
    written.put(EntryKind.MARKET, b"{garbage", 2)
    written.push(push("BTCUSDT", "incremental", 2, "60000.1"), 1)
    written.push(push("ETHUSDT", "incremental", 2, "3000.1"), 2)
    directory = written.close()
    heard, _ = played(directory)
    assert heard == [
        (3, "BTCUSDT", True, 600_000), (4, "ETHUSDT", True, 300_000), (5, "ETHUSDT", False, 300_000),
        (6, "BTCUSDT", True, 600_001),
    ]  # fmt: skip
    assert played(directory, anew=True)[0] == heard
    made = convert(directory, "csv", tmp_path / "out")
    assert (made.messages, made.refused) == (5, 2), "the garbage, and the change behind it"


def test_a_book_that_comes_by_another_connection_begins_anew(written) -> None:
    written.push(push("BTCUSDT", "snapshot", 9, "60000.0"), 1)
    written.push(push("BTCUSDT", "incremental", 10, "60000.1"), 2)  # without the whole there is nothing to change
    written.push(push("BTCUSDT", "snapshot", 2, "60000.2"), 2)
    written.event(EntryKind.FEED, source=1, event="down", cause="cut")
    written.put(EntryKind.MARKET, b"{garbage", 1)
    written.wait(70)
    written.push(push("BTCUSDT", "snapshot", 3, "60000.3"), 2)
    directory = written.close()
    heard, market = played(directory)
    told = [(number, is_live, ticks) for number, _, is_live, ticks in heard]
    assert told == [(3, True, 600_000), (5, True, 600_002), (8, False, 600_002), (8, True, 600_003)], "65 s in silence"
    assert (market.message_count, market.refused_count) == (5, 2)
    assert played(directory, anew=True)[0] == heard
