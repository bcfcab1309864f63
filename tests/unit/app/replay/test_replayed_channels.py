"""What is heard in a replay is what was followed when it was recorded, though the venue went on telling the rest."""

import asyncio
import json
from collections import Counter

import pytest
from recorded_flow import RecordedFlow

import tidings
from tidings.app.replay.replaying import Replay
from tidings.clock import ManualClock
from tidings.recorder.entries import EntryKind
from tidings.recorder.reader import RecordingReader
from tidings.recorder.recorder import Recorder
from tidings.session.replay import replay

SYMBOLS = ("BTCUSDT", "ETHUSDT")
WORDS = ("book", "trade", "kline:60", "mark")


def followed(flow: RecordedFlow, symbols: tuple[str, ...], words: tuple[str, ...], count: int) -> int:
    """Written as a recorded session does; when."""
    channels = [[symbol, word] for symbol in symbols for word in words]
    told = {"event": "follow", "channels": channels, "count": count}
    flow._put(EntryKind.RUN, json.dumps(told).encode(), source=0)
    return flow.clock.read_now_ns()


class Hearing(tidings.Strategy):
    """When each kind of news of each symbol came, and what both clocks showed."""

    def __init__(self):
        self.heard, self.clocks, self.states = [], [], []

    def on_start(self, session, now_ns):
        self.clock = session.engine.clock
        session.engine.market.add_listener(state=lambda book, event, now_ns: self.states.append((book.symbol, event)))

    def note(self, what, symbol, now_ns):
        self.heard.append((what, symbol, now_ns))
        self.clocks.append((self.clock.read_now_ns(), self.clock.read_wall_ns()))

    def on_book(self, book, now_ns):
        self.note("book", book.symbol, now_ns)

    def on_tick(self, tick, now_ns):
        self.note(tick.kind, tick.symbol, now_ns)

    def on_kline(self, kline, now_ns):
        self.note("kline", kline.symbol, now_ns)


@pytest.fixture(scope="module")
def left(tmp_path_factory):
    """Six seconds; for the two in the middle, nobody follows BTCUSDT. When that began and when it ended."""
    directory = tmp_path_factory.mktemp("left") / "recording"
    flow = RecordedFlow(directory, SYMBOLS, seed=5)
    followed(flow, SYMBOLS, WORDS, 1)
    flow.advance(2)
    begin_ns = followed(flow, ("BTCUSDT",), WORDS, -1)
    flow.advance(1)
    flow.lose_connection()
    flow._put(EntryKind.FEED, b'{"event":"stale","symbol":"BTCUSDT","cause":"DISCONNECTED"}')
    flow._put(EntryKind.FEED, b'{"event":"stale","symbol":"ETHUSDT","cause":"DISCONNECTED"}')
    flow.subscribe(SYMBOLS)
    flow.advance(1)
    end_ns = followed(flow, ("BTCUSDT",), WORDS, 1)
    flow.advance(2)
    flow.close()
    return directory, begin_ns, end_ns


def test_channels_that_nobody_follows_are_not_heard_though_they_are_told(left):
    directory, begin_ns, end_ns = left
    hearing = Hearing()
    asyncio.run(replay(directory, [hearing]))
    spans = Counter((what, symbol, (now_ns > begin_ns) + (now_ns > end_ns)) for what, symbol, now_ns in hearing.heard)
    for what in ("book", "mark", "kline"):
        assert all(spans[what, "ETHUSDT", span] for span in (0, 1, 2)), what
        assert [spans[what, "BTCUSDT", span] > 0 for span in (0, 1, 2)] == [True, False, True], what
    states = [(symbol, event.name) for symbol, event in hearing.states]
    began = [("BTCUSDT", "SNAPSHOT"), ("ETHUSDT", "SNAPSHOT")]
    assert states == [*began, ("ETHUSDT", "DISCONNECTED"), ("ETHUSDT", "SNAPSHOT")], "BTCUSDT's was lost unheard"


class Looking(Hearing):
    """Looks with each book of ETHUSDT for the one of BTCUSDT."""

    def on_start(self, session, now_ns):
        super().on_start(session, now_ns)
        self.market, self.seen = session.engine.market, []

    def on_book(self, book, now_ns):
        if book.symbol == "ETHUSDT":
            self.seen.append((now_ns, self.market.book("BTCUSDT") is not None))


def test_a_book_that_nobody_follows_is_not_to_be_had_though_it_is_told(left):
    directory, begin_ns, end_ns = left
    looking = Looking()
    asyncio.run(replay(directory, [looking]))
    assert len({is_there for _, is_there in looking.seen}) == 2
    assert all(is_there != (begin_ns < now_ns < end_ns) for now_ns, is_there in looking.seen[1:])


def test_leaving_what_nobody_follows_counts_for_nothing(tmp_path):
    """As it does live: the next who follows hears it."""
    flow = RecordedFlow(tmp_path / "flow", SYMBOLS, seed=5)
    followed(flow, SYMBOLS, WORDS, -1)
    begin_ns = followed(flow, SYMBOLS, WORDS, 1)
    flow.advance(2)
    flow.close()
    hearing = Hearing()
    asyncio.run(replay(tmp_path / "flow", [hearing]))
    assert {what for what, _, now_ns in hearing.heard if now_ns > begin_ns} == {"book", "mark", "kline"}


def test_each_callback_finds_both_clocks_at_its_own_time(left):
    hearing = Hearing()
    asyncio.run(replay(left[0], [hearing]))
    walls = {entry.received_ns: entry.wall_ns for entry in RecordingReader(left[0])}
    assert hearing.clocks == [(now_ns, walls[now_ns]) for _, _, now_ns in hearing.heard]


def test_most_messages_are_told_without_being_entries(left, monkeypatch):
    """Else `tidings replay` were slow, and what compares both ways would compare one with itself."""
    stepped, step = [], Replay.step
    monkeypatch.setattr(Replay, "step", lambda self, entry: (stepped.append(entry.kind), step(self, entry))[1])
    result = asyncio.run(replay(left[0]))
    assert stepped.count(EntryKind.MARKET) * 2 < result.messages, "the last of each block is looked at"
    stepped.clear()
    assert asyncio.run(replay(left[0], until=result.entries)) == result
    assert stepped.count(EntryKind.MARKET) == result.messages


class Leaving(Hearing):
    """Has heard enough of candles after five."""

    def __init__(self, symbol="BTCUSDT"):
        super().__init__()
        self.symbol = symbol

    def on_start(self, session, now_ns):
        super().on_start(session, now_ns)
        self.session = session

    def on_kline(self, kline, now_ns):
        super().on_kline(kline, now_ns)
        if len(self.heard) == 5:
            self.session.unsubscribe(self.symbol, channels=["kline:60"])


def test_what_a_callback_leaves_is_left_in_the_middle_of_a_message(tmp_path):
    """A subscription's first message tells a thousand candles; what is recorded of its callbacks lies behind it."""
    flow = RecordedFlow(tmp_path / "flow", ("BTCUSDT",), seed=5)
    flow.close()
    reader = RecordingReader(tmp_path / "flow")
    candles = next(entry for entry in reader if entry.kind is EntryKind.MARKET and b"kline" in entry.payload)
    recorder = Recorder(tmp_path / "left", session={}, clock=ManualClock(), has_thread=False, free_bytes_min=0)
    follow, leave = (
        json.dumps({"event": "follow", "channels": [["BTCUSDT", "kline:60"]], "count": count}).encode()
        for count in (1, -1)
    )
    for kind, source, payload in (
        (EntryKind.CATALOGUE, 0, reader.catalogue), (EntryKind.RUN, 0, follow), (EntryKind.MARKET, 1, candles.payload),
        (EntryKind.RUN, 0, leave),
    ):  # fmt: skip
        recorder.take(kind, source, payload, candles.received_ns)
    recorder.close()
    leaving, other, hearing = Leaving(), Leaving("ETHUSDT"), Hearing()
    for strategy in (leaving, other, hearing):
        asyncio.run(replay(tmp_path / "left", [strategy]))
    assert len(leaving.heard) == 5
    assert len(other.heard) == len(hearing.heard) > 900, "whoever does something else hears what was told"
