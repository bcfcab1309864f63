"""What was recorded of a session is told again exactly: the same callbacks, in the same order, with all arguments."""

import asyncio
import itertools
import shutil
from collections import Counter

import pytest
from exchange_process import launch
from told_strategy import ToldListener, ToldQuoter

import tidings
from tidings.clock import ManualClock
from tidings.errors import PeerError, RecordingError, UsageError
from tidings.recorder.entries import EntryKind
from tidings.recorder.reader import RecordingReader
from tidings.recorder.recorder import Recorder
from tidings.session.replay import replay

SIZES = {"BTCUSDT": "0.002", "BTCUSD": "20", "sBTCUSDT": "0.001"}
SECONDS = 3.0
TELLING = (EntryKind.MARKET, EntryKind.FEED, EntryKind.RUN, EntryKind.TIMER, EntryKind.REPORT)  # callbacks follow these
PLAYER = """
import tidings
from told_strategy import ToldQuoter

class Player(ToldQuoter):
    symbols = ("BTCUSDT",)
    def __init__(self):
        super().__init__({"BTCUSDT": "0.002"})
"""


def named(name, sizes):
    quoter = ToldQuoter(sizes)
    quoter.name = name
    return quoter


async def recorded(ready_file, directory, *strategies, by_hand=True, **settings):
    """A session that is recorded: an order by hand, then strategies, and what they leave is cancelled."""
    options = {"exchange": str(ready_file), "rate_limits": False, **settings}
    async with tidings.connect("local", on_stop="cancel", record=str(directory), **options) as phemex:
        if by_hand:
            await phemex.limit("ETHUSDT", "buy", qty="0.1", price="1000").accepted()
        await phemex.subscribe(*SIZES)
        if strategies:
            await phemex.run(*strategies, seconds=SECONDS, timer_ms=250)
        else:
            await asyncio.sleep(SECONDS)


@pytest.fixture(scope="module")
def flowing(tmp_path_factory):
    """An exchange with its market, for this file."""

    exchange = launch(tmp_path_factory.mktemp("flowing"), "--seed", "5", "--no-rate-limits")
    yield exchange
    exchange.stop()


@pytest.fixture(scope="module")
def demo(flowing, tmp_path_factory):
    """A recorded run of the demo's strategy: where it is, and what the strategy heard."""
    directory = tmp_path_factory.mktemp("recordings") / "demo"
    quoter = ToldQuoter(SIZES)
    asyncio.run(recorded(flowing.ready_file, directory, quoter))
    return directory, quoter.heard


def play(directory, *strategies, **words):
    return asyncio.run(replay(directory, strategies, **words))


def test_a_recorded_run_is_told_again_exactly(demo):
    directory, live = demo
    again = ToldQuoter(SIZES)
    result = play(directory, again)
    names = Counter(name for name, _ in live)
    assert {"on_start", "on_book", "on_trade", "on_ack", "on_order", "on_position", "on_timer", "on_stop"} <= set(names)
    assert again.heard == live
    assert (result.callbacks, result.differences, result.damage) == (len(live), 0, "")
    assert result.calls >= names["on_ack"]


def test_twice_the_same_hash_and_another_for_less(demo):
    directory, _ = demo
    first, second = (play(directory, ToldQuoter(SIZES)) for _ in range(2))
    assert first == second
    assert len(first.state_hash) == 64
    assert play(directory, ToldQuoter(SIZES), until=first.entries - 20).state_hash != first.state_hash


def test_a_part_ends_with_all_that_its_last_entry_led_to(demo):
    """The strategy asks for something while it is told of the last entry: that is part of it, and no difference."""
    directory, live = demo
    entries = list(RecordingReader(directory))
    calls = [entry for entry in entries if entry.kind is EntryKind.CALL and b'"by_strategy":true' in entry.payload]
    for call in (calls[0], calls[len(calls) // 2], calls[-1]):
        told = max(entry.number for entry in entries[: call.number - 1] if entry.kind in TELLING)
        again = ToldQuoter(SIZES)
        result = play(directory, again, until=told)
        assert again.heard == live[: len(again.heard)]
        assert (result.differences, result) == (0, play(directory, until=told))
        assert result.entries >= call.number


def test_what_a_torn_recording_cannot_tell_is_no_difference(demo, tmp_path):
    """Killed between what a strategy was told and what it asked for then."""
    directory, live = demo
    copy = [entry for entry in RecordingReader(directory) if entry.kind is not EntryKind.SESSION]
    calls = [place for place, entry in enumerate(copy) if b'"by_strategy":true' in entry.payload]
    told = max(place for place in range(calls[5]) if copy[place].kind in TELLING)
    recorder = Recorder(tmp_path / "torn", session=RecordingReader(directory).session, has_thread=False)
    for entry in copy[: told + 1]:
        recorder.take(entry.kind, entry.source, entry.payload, entry.received_ns)
    recorder.turn()  # and no more
    again = ToldQuoter(SIZES)
    result = play(tmp_path / "torn", again)
    assert again.heard == live[: len(again.heard)]
    assert (result.differences, result.damage[:9]) == (0, "not ended")


def test_without_a_strategy_its_recorded_calls_are_made_again(demo):
    directory, live = demo
    result = play(directory)
    assert (result.callbacks, result.differences) == (len(live), 0)
    assert result == play(directory, ToldQuoter(SIZES))


def test_a_strategy_that_orders_something_else_is_denied(demo, caplog):
    directory, _ = demo
    other = ToldQuoter({**SIZES, "BTCUSDT": "0.003"})
    result = play(directory, other)
    assert result.differences > 1
    assert [record.message for record in caplog.records if "denied from here on" in record.message][1:] == []
    assert other.events["BTCUSDT"]["denied"] > 0
    assert other.events["BTCUSDT"]["acks"] == 0


def test_more_strategies_than_ran_are_others_each_with_its_start_timer_and_end(demo, caplog):
    directory, live = demo
    quoters = [named(name, SIZES) for name in ("one", "other", "third")]
    result = play(directory, *quoters)
    assert result.differences > 0
    assert any("a replay has no venue" in record.message for record in caplog.records)
    often = Counter(name for name, _ in live)
    for quoter in quoters:
        heard = Counter(name for name, _ in quoter.heard)
        for name in ("on_start", "on_timer", "on_book", "on_trade", "on_stop"):
            assert heard[name] == often[name], name


def test_two_of_one_name_cannot_be_told_apart(demo):
    with pytest.raises(UsageError, match="two strategies are called 'ToldQuoter'"):
        play(demo[0], ToldQuoter(SIZES), ToldQuoter(SIZES))


def test_a_recording_without_a_run_is_played_into_any_strategy(flowing, tmp_path):
    asyncio.run(recorded(flowing.ready_file, tmp_path / "market", by_hand=False))
    quoter = ToldQuoter(SIZES)
    result = play(tmp_path / "market", quoter)
    names = Counter(name for name, _ in quoter.heard)
    assert (names["on_start"], names["on_stop"]) == (1, 1)
    assert names["on_book"] > 10
    assert names["on_timer"] >= SECONDS * 10 - 5, "by the recording's own time"
    assert sum(counted["denied"] for counted in quoter.events.values()) > 0
    assert result.calls == 0


def test_orders_of_a_market_only_recording_say_why_they_are_denied(flowing, tmp_path):
    asyncio.run(recorded(flowing.ready_file, tmp_path / "market", by_hand=False))
    said = []

    class Asking(tidings.Strategy):
        def on_start(self, session, now_ns):
            try:
                session.limit("BTCUSDT", "buy", qty="0.01", price="50000")
            except tidings.OrderDenied as error:
                said.append((error.reason, str(error)))

    play(tmp_path / "market", Asking(), until=60)
    assert said[0][0] == "NOT_READY"
    assert "a replay has no venue" in said[0][1]


def test_strategies_that_ran_together_are_told_again_each_what_it_was_told(flowing, tmp_path):
    def both():
        return named("one", {"BTCUSDT": "0.002"}), named("other", {"BTCUSD": "20", "BTCUSDT": "0.001"})

    live, again = both(), both()
    asyncio.run(recorded(flowing.ready_file, tmp_path / "both", *live, account=1))
    result = play(tmp_path / "both", *again)
    assert [one.heard for one in again] == [one.heard for one in live]
    assert (result.differences, result.callbacks) == (0, sum(len(one.heard) for one in live))


def test_a_market_stream_that_breaks_is_told_again(flowing, tmp_path):
    """Its books turn stale without a message, and come back by one."""
    live, again = ToldListener(), ToldListener()

    async def cut() -> None:
        options = {"exchange": str(flowing.ready_file), "record": str(tmp_path / "cut")}
        async with tidings.connect("local", **options) as phemex:
            await phemex.subscribe("BTCUSDT")
            running = asyncio.create_task(phemex.run(live, seconds=3.0))
            await asyncio.sleep(1.0)
            break_stream(phemex)
            await running

    asyncio.run(cut())
    states = [arguments[0]["state"] for name, arguments in live.heard if name == "on_book"]
    assert "STALE" in states
    assert states[-1] == "LIVE"
    play(tmp_path / "cut", again)
    assert again.heard == live.heard


def test_candles_figures_and_ticks_are_told_again(flowing, tmp_path):
    live, again = ToldListener(), ToldListener()

    async def follow() -> None:
        options = {"exchange": str(flowing.ready_file), "record": str(tmp_path / "figures")}
        async with tidings.connect("local", **options) as phemex:
            await phemex.subscribe("BTCUSDT", "BTCUSD", channels=["kline:60", "ticker", "index", "mark", "book"])
            running = asyncio.create_task(phemex.run(live, seconds=3.0))
            await asyncio.sleep(1.5)
            phemex.unsubscribe("BTCUSDT", channels=["book", "ticker"])
            await running

    asyncio.run(follow())
    names = Counter(name for name, _ in live.heard)
    assert {"on_kline", "on_ticker", "on_tick", "on_book"} <= set(names)
    play(tmp_path / "figures", again)
    assert again.heard == live.heard


class Leaving(ToldListener):
    """Leaves a book, which the venue goes on telling beside others of its channel, and orders in the same callback."""

    def on_start(self, session, now_ns):
        super().on_start(session, now_ns)
        self.session, self.handle = session, 0

    def on_book(self, book, now_ns):
        super().on_book(book, now_ns)
        if not self.handle and book.symbol == "BTCUSDT" and book.is_two_sided:
            self.session.unsubscribe("ETHUSDT", channels=["book"])
            self.handle = self.session.arm("BTCUSDT", "buy").fire(book.best_bid_ticks - 1000, 5)


def test_what_a_callback_leaves_before_it_orders_is_left_in_a_replay(flowing, tmp_path):
    live, again = Leaving(), Leaving()

    async def leave() -> None:
        options = {"exchange": str(flowing.ready_file), "record": str(tmp_path / "leaving")}
        async with tidings.connect("local", on_stop="cancel", **options) as phemex:
            await phemex.subscribe("BTCUSDT", "ETHUSDT")
            await phemex.run(live, seconds=2.0)

    asyncio.run(leave())
    entries = list(RecordingReader(tmp_path / "leaving"))
    call = next(entry.number for entry in entries if entry.kind is EntryKind.CALL)
    told = [entry.payload for entry in entries[call:] if entry.kind is EntryKind.MARKET]
    assert any(b"orderbook_p" in push and b"ETHUSDT" in push for push in told)
    result = play(tmp_path / "leaving", again)
    assert again.heard == live.heard
    assert (result.differences, again.handle == live.handle > 0) == (0, True)


class Careful(ToldListener):
    """Orders only while its session says that it can."""

    def on_start(self, session, now_ns):
        super().on_start(session, now_ns)
        self.session, self.handle = session, 0

    def on_book(self, book, now_ns):
        super().on_book(book, now_ns)
        if not self.handle and book.is_two_sided and self.session.state.is_ready:
            self.handle = self.session.arm("BTCUSDT", "buy").fire(500_000, 5)


def test_a_session_is_ready_where_it_was_until_something_is_asked_that_was_not(flowing, demo, tmp_path):
    live, again = Careful(), Careful()
    asyncio.run(recorded(flowing.ready_file, tmp_path / "careful", live))
    result = play(tmp_path / "careful", again)
    assert again.heard == live.heard
    assert (result.differences, again.handle == live.handle > 0) == (0, True)
    other = Careful()
    assert play(demo[0], other).differences > 0
    assert not other.session.state.is_ready


def break_stream(phemex):
    (connection,) = phemex.engine.market.feeds
    connection.feed.reconnect(PeerError("cut by the test"))


def test_orders_of_an_earlier_session_are_told_again(flowing, tmp_path):
    """They are adopted while the recording begins, and told of when a strategy runs."""
    journal = {"journal_dir": str(tmp_path / "journal"), "account": 2}

    async def leave() -> None:
        async with tidings.connect("local", exchange=str(flowing.ready_file), **journal) as phemex:
            await phemex.limit("BTCUSDT", "buy", qty="0.01", price="50000").accepted()

    asyncio.run(leave())
    live, again = ToldListener(), ToldListener()
    asyncio.run(recorded(flowing.ready_file, tmp_path / "later", live, **journal))
    assert "on_ack" in [name for name, _ in live.heard]
    result = play(tmp_path / "later", again)
    assert again.heard == live.heard
    assert result.differences == 0


def rewritten(directory, other, replaced):
    """The same recording with some entries replaced by others, or by nothing."""
    reader = RecordingReader(directory)
    first = next(iter(reader))
    clock = ManualClock(first.received_ns, first.wall_ns)
    recorder = Recorder(other, session={"env": "local"}, clock=clock, has_thread=False, free_bytes_min=0)
    for entry in reader:
        if entry.kind is not EntryKind.SESSION:
            for kind, payload in replaced(entry):
                recorder.take(kind, entry.source, payload, entry.received_ns)
    recorder.close()
    return other


def test_a_call_that_is_missing_in_the_recording_is_a_difference_and_no_more(demo, tmp_path):
    calls = []

    def without_the_fifth_call(entry):
        calls.extend([entry.number] if entry.kind is EntryKind.CALL else [])
        return [] if calls and entry.number == calls[-1] and len(calls) == 5 else [(entry.kind, entry.payload)]

    directory = rewritten(demo[0], tmp_path / "less", without_the_fifth_call)
    for strategies in ([], [ToldQuoter(SIZES)]):
        result = play(directory, *strategies)
        assert result.differences > 0
        assert result.messages == play(demo[0]).messages


def test_what_was_lost_beside_the_market_is_told(demo, tmp_path):
    told = b'{"messages":3,"bytes":99,"beside_market":2,"from_ns":1,"to_ns":2}'

    pushes = itertools.count(1)

    def with_a_gap(entry):
        gap = [(EntryKind.DROPPED, told)] if entry.kind is EntryKind.MARKET and next(pushes) % 20 == 0 else []
        return [(entry.kind, entry.payload), *gap]

    result = play(rewritten(demo[0], tmp_path / "gaps", with_a_gap))
    gap_count = (next(pushes) - 1) // 20
    assert gap_count > 0
    assert (result.dropped, result.lost) == (gap_count * 3, gap_count * 2)


# ---- The command ---------------------------------------------------------------------------------------------------


def test_the_command_tells_one_object(demo, run_here, tmp_path):
    directory, live = demo
    path = tmp_path / "player.py"
    path.write_text(PLAYER.replace('{"BTCUSDT": "0.002"}', str(SIZES)))
    done = run_here("replay", directory, "--strategy", path, "--json")
    assert done.returncode == 0, done.stderr
    assert done.json["callbacks"] == len(live)
    assert done.json["differences"] == 0
    assert done.json["state_hash"] == play(directory, ToldQuoter(SIZES)).state_hash
    assert done.json["messages"] == play(directory).messages


def test_a_replay_may_go_at_the_recordings_own_pace(demo, run_here):
    directory, _ = demo
    done = run_here("replay", directory, "--speed", 4, "--json")
    assert SECONDS / 4 <= done.json["seconds"] < SECONDS * 4
    assert done.json["state_hash"] == play(directory).state_hash


def test_what_is_no_recording_is_told(run_here, tmp_path):
    done = run_here("replay", tmp_path / "gone")
    assert (done.returncode, "gone" in done.stderr) == (1, True)


@pytest.mark.parametrize("words", [("--speed", "0"), ("--speed", "fast"), ("--until", "-3"), ("--until", "noon")])
def test_wrong_usage_is_refused(run_here, tmp_path, words):
    assert run_here("replay", tmp_path, *words).returncode == 2


def test_a_recording_of_which_a_segment_is_missing_is_refused(demo, tmp_path):
    directory, _ = demo
    shutil.copytree(directory, tmp_path / "copy")
    for path in (tmp_path / "copy").iterdir():
        path.rename(path.with_name(path.name.replace("1", "2")))
    with pytest.raises(RecordingError):
        play(tmp_path / "copy")
