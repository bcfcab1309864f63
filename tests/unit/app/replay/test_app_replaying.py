"""Recordings played again: the same state on every machine, and what becomes of what was not recorded."""

import asyncio
import os
import subprocess
import sys
from decimal import Decimal

import pytest
from recorded_flow import RecordedFlow
from told_strategy import ToldListener

import tidings
from tidings.clock import ManualClock
from tidings.errors import RecordingError, UsageError
from tidings.model.scale import price_decimal
from tidings.recorder.entries import EntryKind
from tidings.recorder.order_events import RunStrategy
from tidings.recorder.reader import RecordingReader
from tidings.recorder.recorder import Recorder
from tidings.session.replay import _as_recorded as as_recorded
from tidings.session.replay import replay

SYMBOLS = ("BTCUSD", "BTCUSDT")


@pytest.fixture(scope="module")
def flow(tmp_path_factory):
    """Twenty seconds of market, a connection lost in between."""
    directory = tmp_path_factory.mktemp("flow") / "recording"
    flow = RecordedFlow(directory, SYMBOLS, seed=3)
    flow.advance(10)
    flow.lose_connection()
    flow.miss(4)
    flow.subscribe(SYMBOLS)
    flow.advance(10)
    flow.close()
    return directory, flow


def play(directory, *strategies, **words):
    return asyncio.run(replay(directory, strategies, **words))


def pushes(directory):
    return sum(entry.kind is EntryKind.MARKET for entry in RecordingReader(directory))


class Watching(ToldListener):
    def on_start(self, session, now_ns):
        super().on_start(session, now_ns)
        self.session = session


def test_books_are_the_exchanges_own_at_the_end(flow):
    directory, recorded = flow
    watching = Watching()
    result = play(directory, watching)
    for symbol in SYMBOLS:
        market, instrument = recorded.venue.markets[symbol], watching.session.instrument(symbol)
        book = watching.session.engine.market.book(symbol)
        assert book.is_live
        ours = [price_decimal(instrument, ticks) for ticks in (book.best_bid_ticks, book.best_offer_ticks)]
        theirs = [market.book.best_bid(), market.book.best_offer()]
        assert ours == [Decimal(price).scaleb(-market.instrument.price_scale) for price in theirs]
    assert (result.messages, result.dropped, result.differences) == (pushes(directory), 4, 0)


def test_a_lost_connection_turns_its_books_stale_until_the_next_snapshot(flow):
    listener = ToldListener()
    play(flow[0], listener)
    states = [arguments[0]["state"] for name, arguments in listener.heard if name == "on_book"]
    first_stale = states.index("STALE")
    assert states.count("STALE") == len(SYMBOLS)
    assert set(states[:first_stale]) == {"LIVE"}
    assert set(states[first_stale + len(SYMBOLS) :]) == {"LIVE"}


def test_the_state_is_the_same_in_another_process_with_other_hashes(flow):
    hashes = set()
    for seed in ("1", "2"):
        words = [sys.executable, "-m", "tidings", "replay", str(flow[0]), "--json"]
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=60, check=True)
        hashes.add(done.stdout)
    objects = {text.split('"state_hash": "')[1][:64] for text in hashes}
    assert objects == {play(flow[0]).state_hash}


def test_a_part_ends_at_its_number_or_its_time(flow):
    entries = [entry for entry in RecordingReader(flow[0]) if entry.kind is EntryKind.MARKET]
    middle = entries[len(entries) // 2]
    by_number, by_time = play(flow[0], until=middle.number), play(flow[0], until=middle.wall_ns)
    assert by_number == by_time
    assert by_number.messages == len(entries) // 2 + 1
    assert by_number.state_hash != play(flow[0], until=middle.number - 1).state_hash


def test_an_on_start_that_raises_ends_the_replay_as_it_would_a_run(flow):
    class Failing(ToldListener):
        def on_start(self, session, now_ns):
            raise ValueError("no such day")

    with pytest.raises(ValueError, match="no such day"):
        play(flow[0], Failing())


def test_messages_in_a_row_are_told_as_one_by_one(flow):
    """What goes through compiled code at once, and what is looked at entry by entry because it may have to end."""
    *_, last = RecordingReader(flow[0])
    at_once, one_by_one = Watching(), Watching()
    assert play(flow[0], at_once, timer_ms=300) == play(flow[0], one_by_one, timer_ms=300, until=last.number)
    assert at_once.heard[1:] == one_by_one.heard[1:], "the first is of another session"


def test_a_reader_tells_how_far_the_replay_has_come(flow):
    reader = RecordingReader(flow[0])
    play(reader)
    assert reader.read_bytes == reader.total_bytes > 0


def test_a_part_ends_at_its_time_whatever_the_recorder_says_in_between(flow, tmp_path):
    """Written late, each segment begins with an entry that is younger than those behind it."""
    entries = [entry for entry in RecordingReader(flow[0]) if entry.kind not in (EntryKind.SESSION, EntryKind.CLOCK)]
    clock = ManualClock(entries[-1].received_ns + 10**9, entries[-1].wall_ns + 10**9)
    sizes = {"segment_bytes": 16384, "slab_bytes": 16384, "free_bytes_min": 0}
    recorder = Recorder(tmp_path / "late", session={}, clock=clock, has_thread=False, **sizes)
    for entry in entries:
        recorder.take(entry.kind, entry.source, entry.payload, entry.received_ns)
    recorder.close()
    assert recorder.stats.segments > 2
    market = [entry for entry in RecordingReader(tmp_path / "late") if entry.kind is EntryKind.MARKET]
    assert play(tmp_path / "late", until=market[-5].wall_ns).messages == len(market) - 4


def test_books_are_not_trusted_behind_messages_that_are_missing(tmp_path):
    flow = RecordedFlow(tmp_path / "flow", SYMBOLS, seed=4)
    flow.advance(3)
    flow.miss(2)
    flow.advance(3)
    flow.close()
    listener = ToldListener()
    result = play(tmp_path / "flow", listener)
    states = [arguments[0]["state"] for name, arguments in listener.heard if name == "on_book"]
    assert states[-len(SYMBOLS) :] == ["STALE"] * len(SYMBOLS), "no snapshot came behind them"
    assert (set(states[: -len(SYMBOLS)]), result.dropped, result.lost) == ({"LIVE"}, 2, 0)


def test_timers_count_by_the_recordings_time(flow):
    listener = ToldListener()
    play(flow[0], listener, timer_ms=500)
    starts = [arguments[1] for name, arguments in listener.heard if name == "on_start"]
    ticks = [arguments[0] for name, arguments in listener.heard if name == "on_timer"]
    assert [tick - starts[0] for tick in ticks] == [500_000_000 * place for place in range(1, len(ticks) + 1)]
    assert 38 <= len(ticks) <= 40


@pytest.mark.parametrize("words", [{"timer_ms": 0}, {"timer_ms": -5}, {"speed": 0}, {"speed": float("nan")}])
def test_a_pace_that_leads_nowhere_is_refused(flow, words):
    """A timer of no time was called for ever."""
    with pytest.raises(UsageError, match="timer_ms from 1, a speed above 0"):
        play(flow[0], ToldListener(), **words)


def test_an_order_nobody_recorded_is_denied_and_told_once(flow, caplog):
    results = []

    class Firing(tidings.Strategy):
        def on_start(self, session, now_ns):
            self.session, self.armed = session, session.arm("BTCUSDT", "buy")

        def on_book(self, book, now_ns):
            results.append(self.armed.fire(book.best_bid_ticks, 1))

    result = play(flow[0], Firing())
    assert set(results) == {-tidings.DenyReason.NOT_READY}
    assert result.differences == len(results) > 10
    assert len([record for record in caplog.records if "no venue" in record.message]) == 1


async def test_what_would_ask_the_venue_is_refused(flow):
    watching = Watching()
    await replay(flow[0], [watching])
    for asked in (watching.session.cancel_all("BTCUSDT"), watching.session.set_leverage("BTCUSDT", 5)):
        with pytest.raises(tidings.OrderDenied, match="a replay has no venue"):
            await asked
    with watching.session.batch():
        assert not watching.session.state.is_ready


async def test_iterators_hear_what_was_recorded(flow):
    heard = []

    class Iterating(tidings.Strategy):
        def on_start(self, session, now_ns):
            self.task = asyncio.create_task(self.follow(session))

        async def follow(self, session):
            async for book in session.books("BTCUSDT"):
                heard.append(book.symbol)

    iterating = Iterating()
    await replay(flow[0], [iterating])
    iterating.task.cancel()
    await asyncio.gather(iterating.task, return_exceptions=True)
    assert set(heard) == {"BTCUSDT"}


def test_an_error_of_a_strategy_is_counted_and_the_replay_goes_on(flow, caplog):
    class Failing(tidings.Strategy):
        def on_book(self, book, now_ns):
            raise RuntimeError("a strategy's bug")

    result = play(flow[0], Failing())
    assert result.strategy_errors > 10
    assert result.messages == pushes(flow[0])


def test_a_torn_recording_is_played_to_its_end_and_says_so(flow, tmp_path):
    for path in flow[0].iterdir():
        data = path.read_bytes()
        (tmp_path / path.name).write_bytes(data[: len(data) * 2 // 3])
    result = play(tmp_path)
    assert 0 < result.messages < pushes(flow[0])
    assert result.damage


def test_what_is_no_recording_is_refused(tmp_path):
    with pytest.raises(RecordingError):
        play(tmp_path)


def test_strategies_take_the_places_they_had_whatever_the_order_they_are_given_in():
    class First(tidings.Strategy):
        pass

    class Second(tidings.Strategy):
        pass

    first, second, twin = First(), Second(), Second()
    second.name, twin.name = "second", "twin"
    ran = [
        RunStrategy(name="twin", owner=1, kind="Second"), RunStrategy(name="First", owner=2, kind="First"),
        RunStrategy(name="second", owner=3, kind="Second"),
    ]  # fmt: skip
    assert as_recorded([first, second, twin], ran) == [twin, first, second]
    assert as_recorded([first, second, twin], ran[2:]) == [second], "of a recording with several runs"
    assert as_recorded([first], ran[2:]) == [first], "another strategy, another decision"
    assert as_recorded([first, second], []) == [first, second]
    assert as_recorded([second, twin], ran[1:2]) == [second, twin], "others, and more of them"
