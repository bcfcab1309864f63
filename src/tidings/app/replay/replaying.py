"""A recording played again: each entry at its own time, on a clock that stands still in between.

The clock shows an entry's stamp while it is acted on, and the stamp of the next recorded call while a strategy is asked
for one: all that callbacks are told is what they were told live. Pushes go through the live decoders, reports through
the live order path; nothing is asked of a venue.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import orjson

from tidings.app.replay.callback_text import CallbackDigest
from tidings.app.replay.entries_ahead import EntriesAhead, look_ahead
from tidings.app.replay.replay_engine import ReplayEngine
from tidings.app.replay.replay_result import ReplayResult
from tidings.app.strategies.strategy_group import Member
from tidings.app.strategies.strategy_run import StrategyRun
from tidings.engine.adoption import set_stamps
from tidings.errors import RecordingError, TidingsError
from tidings.market.feed_state import FeedEvent
from tidings.model.position import Position
from tidings.recorder.entries import Entry, EntryKind
from tidings.recorder.order_events import (
    POSITION_NUMBERS,
    AdoptCall,
    AdoptedTold,
    Call,
    CancelCall,
    CancelManyCall,
    Followed,
    Heard,
    ModeSet,
    PathLaid,
    RunBegins,
    RunStrategy,
    StrategyStarts,
    StrategyStops,
    decode_call,
    decode_run,
    decode_told,
)  # fmt: skip
from tidings.recorder.reader import RecordingReader
from tidings.venue.phemex.products import parse_products

BREATH_ENTRIES = 256  # between two looks at whatever else the loop has to do
NS_PER_S = 1_000_000_000
NS_PER_MS = 1_000_000
TIMER_MS = 100
FOREVER_NS = 2**63 - 1

# What the strategies of a replay are: from those of the recorded run (none: a market-only recording) to members.
MakeMembers = Callable[[ReplayEngine, list[RunStrategy]], list[Member]]


NO_PATH = PathLaid(cl_ord_id_prefix="", session_wall_ms=0, order_memory=1024, owners=[])
_LOSSES = {"down": FeedEvent.DISCONNECTED, "silent": FeedEvent.SILENCE}


class Replay:
    """One recording, one pass. Raises RecordingError for what is none, or does not fit together."""

    def __init__(
        self,
        reader: RecordingReader,
        make_members: MakeMembers,
        *,
        is_driven: bool,
        until: int | None = None,
        timer_ms: int = TIMER_MS,
    ) -> None:
        """`is_driven`: recorded calls are made again whoever listens, because no strategy here will make them."""
        self.reader = reader
        self.result = ReplayResult()
        self._make_members, self._is_driven = make_members, is_driven
        self._digest = CallbackDigest()
        laid, self._is_told, self._has_run = look_ahead(reader, until)
        products = parse_products(reader.catalogue)
        self.engine = ReplayEngine(products, laid or NO_PATH, self._expected_call, self._pass_call)
        self.engine.market.on_left = self._leave
        self._ahead = EntriesAhead(reader, until)
        self._call: Call | None = None  # the recorded call that comes next, if it was looked at
        self._again: Call | None = None  # the call that is made again just now
        self._run: StrategyRun | None = None
        self._is_plugged = self._is_acting = False
        self._count = self._timed_count = 0  # of the recorded run's strategies; up to the last one with a timer
        self._timer_ns, self._due_ns = timer_ms * NS_PER_MS, 0  # 0: timers are recorded, or there are none

    # ---- The order path's side -----------------------------------------------------------------------------------

    def _expected_call(self) -> Call | None:
        """The recorded call that comes next, if one does."""
        if self._again is not None:
            return self._again
        if self._call is None:
            self._call = self._next_own_call()
        return self._call

    def _next_own_call(self) -> Call | None:
        """A callback asks for something. Cancels that came from inside it and are not its own (a kill) come first."""
        while (found := self._peek_call()) is not None:
            place, entry = found
            call = decode_call(entry.payload)
            if not isinstance(call, CancelCall | CancelManyCall) or call.by_strategy:
                return call
            self._follow_runs(place)
            self._pop()
            self._do(entry)
            self._aim()
        return None

    def _pass_call(self) -> None:
        """It was made again: whatever is asked next is asked at the time of the one behind it."""
        if self._again is not None:
            return
        found = self._peek_call()
        self._follow_runs(found[0] if found is not None else 0)
        self._pop()
        self._aim()

    def _follow_runs(self, count: int) -> None:
        """The channels that were followed or left before a call."""
        for entry in self._ahead.pop_many(count):
            self._follow_run(entry)

    def _leave(self, channels: list[tuple[str, str]]) -> None:
        """A callback leaves channels. If others were left when this was recorded, those are, at their time."""
        left = self._ahead.peek_left() if self._is_acting else None
        if left is not None and left.channels == channels and (entry := self._pop()) is not None:
            self._follow_run(entry)

    def _pop(self) -> Entry | None:
        self._call = None
        return self._ahead.pop()

    def _peek_call(self) -> tuple[int, Entry] | None:
        found = self._ahead.peek_call()
        if found is None and self._ahead.is_over:
            self.engine.recorded.is_torn = bool(self.reader.damage)
        return found

    def _aim(self) -> None:
        found = self._peek_call()
        if found is not None:
            self._set_clock(found[1])

    def _set_clock(self, entry: Entry) -> None:
        clock = self.engine.manual_clock
        clock.manual_now_ns, clock.manual_wall_ns = entry.received_ns, entry.wall_ns

    # ---- Playing -------------------------------------------------------------------------------------------------

    async def play(self, speed: float | None = None) -> ReplayResult:
        """To the end. `speed`: times as fast as it was; None: as fast as it goes."""
        loop = asyncio.get_running_loop()
        began_s, first_ns, breath_at = loop.time(), 0, BREATH_ENTRIES
        while (entry := self._pop()) is not None:
            first_ns = first_ns or entry.received_ns
            if speed is not None:
                due_s = began_s + (entry.received_ns - first_ns) / NS_PER_S / speed
                await asyncio.sleep(max(0.0, due_s - loop.time()))
            elif self._ahead.count >= breath_at:
                await asyncio.sleep(0)
                breath_at = self._ahead.count + BREATH_ENTRIES
            self._is_acting = True
            self.step(entry)
            self._is_acting = False
            if speed is None:
                self._feed_market()
        return self._finish()

    def _feed_market(self) -> None:
        """All messages up to whatever else comes next: nobody asked for anything in between."""
        engine = self.engine
        self.result.messages += self._ahead.feed_market(
            engine.market.streams, engine.manual_clock, self._due_ns or FOREVER_NS
        )

    def step(self, entry: Entry) -> None:
        """Act on one entry at its time."""
        kind = entry.kind
        if self._due_ns:
            self._tick_until(entry.received_ns)
        self._set_clock(entry)
        if kind is not EntryKind.CALL:
            self._aim()
        if kind is EntryKind.MARKET:
            if self._run is None and not self._has_run:
                self._begin_unrecorded(entry.received_ns)
            self.result.messages += 1
            self.engine.market.take(entry.source, entry.payload, entry.received_ns)
        elif kind is EntryKind.REPORT:
            self._hear(entry)
        elif kind is EntryKind.CALL:
            self._do(entry)
        elif kind is EntryKind.TIMER:
            if self._run is not None:
                for member in _members_at(self._run, entry.source, self._timed_count):
                    self._run.tick(member.index, entry.received_ns)
        elif kind is EntryKind.RUN:
            self._follow_run(entry)
        elif kind is EntryKind.FEED:
            self._follow_feed(entry)
        else:
            self._miss(entry)

    # ---- What ran ------------------------------------------------------------------------------------------------

    def _plug_in(self, described: list[RunStrategy]) -> StrategyRun:
        run = self._run = StrategyRun(self.engine, self._make_members(self.engine, described), self._digest.around)
        run.plug_in()
        self._is_plugged = True
        return run

    def _begin_unrecorded(self, now_ns: int) -> None:
        """Nobody ran when this was recorded: strategies start with the first message, their timers count from it."""
        run = self._plug_in([])
        for member in run.members:
            run.start(member, now_ns)  # what an on_start raises ends it, as it would end a run
        self._due_ns = now_ns + self._timer_ns if run.timed() else 0

    def _tick_until(self, now_ns: int) -> None:
        assert self._run is not None
        while self._due_ns <= now_ns:
            clock = self.engine.manual_clock
            clock.advance(self._due_ns - clock.manual_now_ns)
            for member in self._run.timed():
                self._run.tick(member.index, self._due_ns)
            self._due_ns += self._timer_ns

    def _start(self, run: StrategyRun, index: int, now_ns: int) -> None:
        """An on_start that raises ended the recorded run; its end is recorded."""
        try:
            run.start(run.members[index], now_ns)
        except Exception as error:
            run.hear_error(error, run.members[index].strategy.on_start)

    def _unplug(self, run: StrategyRun) -> None:
        if self._is_plugged:
            self._is_plugged = False
            run.unplug()

    def _follow_run(self, entry: Entry) -> None:
        event, run, now_ns = decode_run(entry.payload), self._run, entry.received_ns
        if isinstance(event, RunBegins):
            run = self._plug_in(event.strategies)
            timed = [place for place, strategy in enumerate(event.strategies, 1) if strategy.has_timer]
            self._count, self._timed_count = len(event.strategies), timed[-1] if timed else 0
            self._due_ns = now_ns + self._timer_ns if run.timed() and not timed else 0
        elif isinstance(event, ModeSet):
            self.engine.set_hedged(event.symbol, event.hedged)
        elif isinstance(event, Followed):
            self.engine.market.follow(event.channels, event.count)
        elif isinstance(event, AdoptedTold):
            self.engine.adopted.tell(now_ns)
        elif isinstance(event, StrategyStarts | StrategyStops) and run is not None:
            for member in _members_at(run, event.index, self._count):
                if isinstance(event, StrategyStarts):
                    self._start(run, member.index, now_ns)
                else:
                    self._due_ns = 0
                    self._unplug(run)
                    run.stop(member, now_ns)

    def _follow_feed(self, entry: Entry) -> None:
        """Books that turned stale without a message; where nobody looked on, by what the connection did."""
        told = orjson.loads(entry.payload)
        event = told.get("event")
        if event == "stale":
            cause = FeedEvent[told["cause"]]
            self.engine.market.turn_stale(entry.source, told["symbol"], cause, entry.received_ns)
        elif not self._is_told and event in _LOSSES:
            self.engine.market.lose(entry.source, _LOSSES[event], entry.received_ns)

    def _miss(self, entry: Entry) -> None:
        """What it was is not known: books may be wrong from here on, to their next snapshot."""
        told = orjson.loads(entry.payload)
        self.result.dropped += int(told["messages"])
        self.result.lost += int(told.get("beside_market", 0))
        self.engine.market.lose_all(entry.received_ns)

    # ---- What passed through the order path ------------------------------------------------------------------------

    def _hear(self, entry: Entry) -> None:
        told = decode_told(entry.payload)
        if isinstance(told, Heard):
            order = self.engine.entry.orders.find(told.handle)
            if order is not None and told.encoded_ns:
                set_stamps(order, told.encoded_ns, told.written_ns)
            self.engine.entry.take_report(told.report(), entry.received_ns)
        else:
            numbers = {name: getattr(told, name) for name in POSITION_NUMBERS}
            self.engine.held.restore(told.symbol, told.pos_side, numbers, entry.received_ns)

    def _do(self, entry: Entry) -> None:
        """A call no strategy has made here: somebody else's, or, where none is to make them, the strategy's own."""
        call, recorded = decode_call(entry.payload), self.engine.recorded
        if isinstance(call, AdoptCall):
            self.engine.adopt(call, entry.received_ns)
            return
        if call.by_strategy and not self._is_driven:
            recorded.differs(f"entry {entry.number}: the recorded strategy asked for something, and this one did not")
        if recorded.differences:
            return
        self._again = call
        try:
            self.engine.do_again(call, entry.received_ns)
        except RecordingError as error:
            recorded.differs(f"entry {entry.number}: {error}")
        except TidingsError:
            pass  # as it raised then
        finally:
            self._again = None

    def _finish(self) -> ReplayResult:
        if self._run is not None and not self._has_run:
            self._unplug(self._run)
            for member in self._run.members:
                self._run.stop(member, self.engine.clock.read_now_ns())
        result, engine = self.result, self.engine
        result.entries = self._ahead.count
        result.callbacks, result.strategy_errors = self._digest.count, engine.strategy_error_count
        result.calls, result.differences = engine.recorded.recorded_calls, engine.recorded.differences
        result.damage = self.reader.damage
        told = filter(_is_told, engine.held.account)
        positions = sorted(told, key=lambda position: (position.symbol, position.pos_side))
        result.state_hash = self._digest.end(engine.market.books(), [*engine.entry.orders.orders(), *positions])
        return result


def _is_told(position: Position) -> bool:
    """Whether anything is known of it: who only asks for a position makes a blank one."""
    return any(getattr(position, name) for name in POSITION_NUMBERS)


def _members_at(run: StrategyRun, index: int, count: int) -> list[Member]:
    """Who is in a recorded strategy's place; with the last of `count`, also all that are more than were recorded."""
    return run.members[index:] if index == count - 1 else run.members[index : index + 1]
