"""One order-book update of eight levels, from bytes to a changed book in integers."""

from collections.abc import Iterator
from decimal import Decimal

import orjson

from benchmarks.compiled import loops
from benchmarks.instrument import INSTRUMENT
from benchmarks.messages import BOOK_UPDATE, SYMBOL
from benchmarks.report import Row, Skipped, Table
from benchmarks.timing import BATCH_CALLS, alternate
from tidings.venue.phemex.market_stream import MarketListener, MarketStream

TITLE = "book update"
OURS, PLAIN = "tidings, called in C", "orjson, Decimal and dicts"
# The canonical update takes three levels away; its twin puts them back, so that every message changes the book.
RESTORE = BOOK_UPDATE.replace(b',"0"]', b',"0.3"]')
SNAPSHOT = RESTORE.replace(b"incremental", b"snapshot")


class PlainBook:
    """Ticks → lots per side, as one writes it in Python."""

    def __init__(self) -> None:
        self.sides: dict[str, dict[int, int]] = {"bids": {}, "asks": {}}
        self.best_bid_ticks = self.best_offer_ticks = 0

    def take(self, message: bytes) -> None:
        for name, levels in orjson.loads(message)["orderbook_p"].items():
            side = self.sides[name]
            for price, qty in levels:
                ticks, lots = int(Decimal(price) * 10), int(Decimal(qty) * 1000)
                if lots:
                    side[ticks] = lots
                else:
                    side.pop(ticks, None)
        self.best_bid_ticks, self.best_offer_ticks = max(self.sides["bids"]), min(self.sides["asks"])


class Turns:
    """Takes the two updates in turns."""

    def __init__(self, plain: PlainBook) -> None:
        self.plain, self.count = plain, 0

    def __call__(self) -> None:
        self.count += 1
        self.plain.take(BOOK_UPDATE if self.count % 2 else RESTORE)


def make_stream() -> MarketStream:
    stream = MarketStream({SYMBOL: INSTRUMENT}, MarketListener())
    assert stream.feed(SNAPSHOT, 1)
    return stream


def run(quick: bool) -> Iterator[Table | Skipped]:
    batches, stream, plain = 200 if quick else 2000, make_stream(), PlainBook()
    plain.take(RESTORE)
    calls = {PLAIN: Turns(plain), "orjson alone": lambda: orjson.loads(BOOK_UPDATE)}
    rows = [Row.of(name, taken) for name, taken in alternate(calls, batches).items()]
    try:
        rows.append(Row.of(OURS, loops().book(stream, BOOK_UPDATE, RESTORE, batches, BATCH_CALLS)))
    except RuntimeError as error:
        yield Skipped(TITLE, str(error))
        return
    book = stream.book(SYMBOL)
    assert book is not None and book.is_live
    assert (stream.book_count, stream.second_try_count) == (1 + batches * BATCH_CALLS, 0)
    assert dict(book.bids()) == plain.sides["bids"] and dict(book.offers()) == plain.sides["asks"]
    assert (book.best_bid_ticks, book.best_offer_ticks) == (plain.best_bid_ticks, plain.best_offer_ticks)
    yield Table(TITLE, f"{len(BOOK_UPDATE)} bytes, 8 levels", PLAIN, rows)
