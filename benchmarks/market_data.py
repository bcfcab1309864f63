"""Market data from the bytes of WebSocket frames to a callback with a changed book, and a recording at full speed."""

from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter_ns, thread_time_ns
from typing import Any

import orjson
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.uri import parse_uri

from benchmarks.book import PlainBook
from benchmarks.compiled import loops
from benchmarks.instrument import INSTRUMENT
from benchmarks.market_flow import DEPTH, Market, message_of
from benchmarks.messages import SYMBOL
from benchmarks.picows_frames import PicowsFrames
from benchmarks.report import Row, Skipped, Table, Target
from benchmarks.timing import BATCH_CALLS, alternate
from tidings.market.book import Book
from tidings.venue.phemex.market_stream import MarketListener, MarketStream
from tidings.wire.frame_reader import FrameReader

TITLE = "market data"
PLAIN, PICOWS, PICOWS_OURS = "websockets, orjson and dicts", "picows, orjson and dicts", "picows, our decoder"
OURS, OURS_ALONE = "tidings, called in C", "tidings, from Python"
CALLBACK_LIMIT_NS = 1500.0
MESSAGE_LIMIT_NS = 2500.0  # 400,000 a second
MESSAGE_BYTES_MAX = 8 * 1024 * 1024
READ_BYTES = 16_384  # as much as a TLS record carries
ROUNDS = 7

# Five levels of each side; the second message takes two of each away again, so that every one changes the book.
_BIDS = {612_500 - distance: 1000 + 37 * distance for distance in (0, 3, 7, 12, 20)}
_ASKS = {612_501 + distance: 2000 + 41 * distance for distance in (0, 2, 5, 13, 21)}
_GONE = {612_500: 0, 612_493: 0}, {612_501: 0, 612_506: 0}
SNAPSHOT = message_of(1, _BIDS, _ASKS, kind="snapshot")
UPDATES = (message_of(7, _BIDS | _GONE[0], _ASKS | _GONE[1]), message_of(7, _BIDS, _ASKS))


class Strategy(MarketListener):
    """What the book tells is looked at in Python, once per message."""

    def __init__(self) -> None:
        self.book_count = self.best_bid_ticks = 0

    def book_changed(self, book: Book, now_ns: int) -> None:
        self.book_count += 1
        self.best_bid_ticks = book.best_bid_ticks


class PlainStrategy(PlainBook):
    """The same with orjson and dicts, cut to the depth the venue tells."""

    def __init__(self) -> None:
        super().__init__()
        self.book_count = 0

    def hear(self, text: bytes) -> None:
        if b'"orderbook_p"' not in text:
            orjson.loads(text)
            return
        if b'"snapshot"' in text:
            self.sides = {"bids": {}, "asks": {}}
        self.take(text)
        for name, is_better_high in (("bids", True), ("asks", False)):
            side = self.sides[name]
            if len(side) > DEPTH:
                self.sides[name] = dict(sorted(side.items(), reverse=is_better_high)[:DEPTH])
        self.book_changed()

    def book_changed(self) -> None:
        self.book_count += 1


class LibraryFrames:
    """The frame layer of `websockets`, sans-IO as the library offers it; the handshake is skipped."""

    def __init__(self, hear: Callable[[bytes], object]) -> None:
        self.protocol = ClientProtocol(parse_uri("ws://127.0.0.1/ws"), state=State.OPEN, max_size=MESSAGE_BYTES_MAX)
        self.hear = hear

    def take(self, data: bytes) -> None:
        self.protocol.receive_data(data)
        for event in self.protocol.events_received():
            assert isinstance(event, Frame)
            self.hear(bytes(event.data))


class Turns:
    """Hands over two frames in turns."""

    def __init__(self, take: Callable[[bytes], object]) -> None:
        self.take, self.count = take, 0

    def __call__(self) -> None:
        self.count += 1
        self.take(FRAMES[(self.count + 1) % 2])


def frame(text: bytes) -> bytes:
    return Frame(Opcode.TEXT, text).serialize(mask=False)


FRAMES = tuple(frame(text) for text in UPDATES)


def make_reader() -> FrameReader:
    return FrameReader(message_bytes_max=MESSAGE_BYTES_MAX)


def run(quick: bool) -> Iterator[Table | Skipped]:
    try:
        compiled = loops("market_loops")
    except RuntimeError as error:
        yield Skipped(TITLE, str(error))
        return
    if not has_picows():
        yield Skipped(f"{TITLE}: picows", "picows is not installed: pip install picows")
    batches = 100 if quick else 2000
    yield callbacks(compiled, batches)
    yield frames_alone(compiled, batches)
    yield from recordings(compiled, 1500 if quick else 20_000)


def has_picows() -> bool:
    try:
        import picows  # noqa: F401
    except ImportError:
        return False
    return True


class Contest:
    """Everyone's frame layer, each with a listener of its own that has heard nothing yet."""

    def __init__(self) -> None:
        self.plain = PlainStrategy()
        self.strategy = Strategy()
        self.stream = MarketStream({SYMBOL: INSTRUMENT}, self.strategy)
        self.others: dict[str, LibraryFrames | PicowsFrames] = {PLAIN: LibraryFrames(self.plain.hear)}
        if has_picows():
            stream = MarketStream({SYMBOL: INSTRUMENT}, Strategy())
            self.others[PICOWS] = PicowsFrames(PlainStrategy().hear)
            self.others[PICOWS_OURS] = PicowsFrames(lambda text: stream.feed(text, perf_counter_ns()))

    def check(self) -> None:
        """Ours must have the levels of dicts: a figure for a wrong book is worth nothing."""
        book = self.stream.book(SYMBOL)
        assert book is not None and book.is_live
        assert (dict(book.bids()), dict(book.offers())) == (self.plain.sides["bids"], self.plain.sides["asks"])
        assert (self.stream.second_try_count, self.stream.malformed_count) == (0, 0)


def callbacks(compiled: Any, batches: int) -> Table:
    """From one frame to a strategy's callback."""
    contest = Contest()
    for other in contest.others.values():
        other.take(frame(SNAPSHOT))
    taken = alternate({name: Turns(other.take) for name, other in contest.others.items()}, batches)
    assert contest.stream.feed(SNAPSHOT, 1)
    taken[OURS] = compiled.frames(make_reader(), contest.stream, *FRAMES, batches, BATCH_CALLS)
    contest.check()
    assert contest.strategy.book_count == 1 + batches * BATCH_CALLS
    rows = [Row.of(name, samples) for name, samples in taken.items()]
    note = f"{len(FRAMES[0])} bytes, ten levels; the callback is Python"
    return Table(f"{TITLE}: frame to callback", note, PLAIN, rows, [Target(OURS, limit_ns=CALLBACK_LIMIT_NS)])


def frames_alone(compiled: Any, batches: int) -> Table:
    """The same frames, and nothing is done with them."""
    calls = {"websockets": Turns(LibraryFrames(len).take)}
    if has_picows():
        calls["picows"] = Turns(PicowsFrames(len).take)
    calls[OURS_ALONE] = Turns(make_reader().feed)
    rows = [Row.of(name, taken) for name, taken in alternate(calls, batches).items()]
    rows.append(Row.of(OURS, compiled.frames(make_reader(), None, *FRAMES, batches, BATCH_CALLS)))
    return Table(f"{TITLE}: frame layer alone", f"{len(FRAMES[0])} bytes", "websockets", rows)


def recordings(compiled: Any, count: int) -> Iterator[Table]:
    """A seeded market's frames, kept in a file and read back, as fast as each can take them.

    In the thread's own processor time: it lasts long enough for others on the machine to come in between.
    """
    reads = recorded(count)
    samples: dict[str, list[float]] = {}
    for _ in range(ROUNDS):
        contest = Contest()
        for name, other in contest.others.items():
            samples.setdefault(name, []).append(timed(other.take, reads) / count)
        per_message_ns, messages = compiled.recording(make_reader(), contest.stream, reads)
        samples.setdefault(OURS, []).append(per_message_ns)
        contest.check()
        assert (messages, contest.strategy.book_count) == (count, contest.plain.book_count)
    rows = [Row.of(name, taken) for name, taken in samples.items()]
    rate = 1e9 / rows[-1].median_ns
    size = f"{sum(map(len, reads)) // count} bytes each"
    note = f"processor time per message of {count}, {size}; ours: {rate:,.0f} a second on one core"
    yield Table(f"{TITLE}: a recording", note, PLAIN, rows, [Target(OURS, limit_ns=MESSAGE_LIMIT_NS)])


def recorded(count: int) -> list[bytes]:
    with TemporaryDirectory() as directory:
        path = Path(directory) / "frames"
        path.write_bytes(b"".join(frame(text) for text in Market(seed=1).messages(count)))
        with path.open("rb") as file:
            return list(iter(lambda: file.read(READ_BYTES), b""))


def timed(take: Callable[[bytes], object], reads: list[bytes]) -> float:
    start_ns = thread_time_ns()
    for read in reads:
        take(read)
    return thread_time_ns() - start_ns
