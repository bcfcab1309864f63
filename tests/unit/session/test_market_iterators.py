"""Iterators over a market of the test's own: what waits is bounded, and nothing is left behind."""

import asyncio
import logging
from decimal import Decimal

import pytest
from market_instruments import INSTRUMENTS, LINEAR, SPOT

from tidings.app.market.market_listeners import MarketCallbacks, MarketListeners, tell
from tidings.clock import ManualClock
from tidings.errors import ConnectionLost, UsageError
from tidings.market.book import Book
from tidings.market.kline import Kline
from tidings.market.price_tick import PriceTick, TickKind
from tidings.market.trade import Trade
from tidings.model.enums import Side
from tidings.session.market_face import MarketFace
from tidings.venue.phemex.products import Products

PATIENCE_S = 30  # a busy machine


class Session(MarketFace):
    """A session, its engine and the engine's market in one; `listeners` hear what a test tells."""

    def __init__(self) -> None:
        self.engine = self.market = self
        self.clock = ManualClock(1)
        self.is_open = True
        self.products = Products(INSTRUMENTS)
        self.listeners = MarketListeners()
        self.subscribed, self.unsubscribed, self.books_by_symbol = [], [], {}
        self.failure = None

    def add_listener(self, **heard):
        listener = MarketCallbacks(**heard)
        self.listeners.add(listener)
        return listener

    def remove_listener(self, listener):
        self.listeners.remove(listener)

    async def subscribe(self, instruments, channels):
        if self.failure is not None:
            raise self.failure
        self.subscribed.append(([instrument.symbol for instrument in instruments], channels))

    def unsubscribe(self, instruments, channels):
        self.unsubscribed.append(([instrument.symbol for instrument in instruments], channels))

    def book(self, symbol):
        return self.books_by_symbol.get(symbol)

    @property
    def listener_count(self):
        return len(self.listeners._all)


def trade(number, instrument=LINEAR):
    return Trade(instrument, Side.BUY, number, 1, number)


def book_at(ticks, instrument=LINEAR):
    book = Book(instrument)
    book.apply_snapshot([(ticks, 1)], [(ticks + 1, 1)], sequence=ticks)
    return book


def kline(start_s, close, interval_s=60, instrument=LINEAR):
    return Kline(instrument, interval_s, start_s, *[Decimal(close)] * 5, Decimal(1), Decimal(1))


async def started(iterator):
    """Let it subscribe, while nothing has come yet."""
    waiting = asyncio.ensure_future(anext(iterator))
    await asyncio.sleep(0)
    return waiting


async def rest_of(iterator, count):
    return [await asyncio.wait_for(anext(iterator), PATIENCE_S) for _ in range(count)]


async def test_a_slow_loop_sees_the_newest_book_and_how_many_it_missed():
    session = Session()
    books = session.books("BTCUSDT")
    first = await started(books)
    assert session.subscribed == [(["BTCUSDT"], ("book",))]
    book = book_at(100)
    tell(session.listeners.book, book, 1)
    assert (await first).best_bid_ticks == 100
    for step in range(1, 50):
        book.apply_incremental([(100 - step, 2)], [], sequence=100 + step)
        tell(session.listeners.book, book, 1)
    [seen] = await rest_of(books, 1)
    assert (seen.bid_count, seen.sequence, books.conflated_count, books.dropped_count) == (50, 149, 48, 0)
    book.apply_incremental([(100, 0)], [], sequence=150)
    assert seen.best_bid_ticks == 100  # its own


async def test_two_symbols_take_turns():
    session = Session()
    books = session.books("BTCUSDT", "sBTCUSDT")
    first = await started(books)
    quick, slow = book_at(100), book_at(200, SPOT)
    tell(session.listeners.book, quick, 1)
    tell(session.listeners.book, slow, 1)
    for _ in range(5):
        tell(session.listeners.book, quick, 1)
    assert [(await first).symbol, *[book.symbol for book in await rest_of(books, 1)]] == ["BTCUSDT", "sBTCUSDT"]


async def test_a_book_that_is_followed_already_is_shown_at_once():
    session = Session()
    session.books_by_symbol["BTCUSDT"] = book_at(77)
    [seen] = await rest_of(session.books("BTCUSDT"), 1)
    assert seen.best_bid_ticks == 77


async def test_trades_wait_in_order_and_of_too_many_the_oldest_are_lost_counted_and_told(caplog):
    session = Session()
    trades = session.trades("BTCUSDT", most=10)
    first = await started(trades)
    for number in range(25):
        tell(session.listeners.trade, trade(number), 1)
        tell(session.listeners.trade, trade(number, SPOT), 1)  # not asked for
    with caplog.at_level(logging.WARNING, "tidings.market"):
        seen = [await first, *await rest_of(trades, 9)]
    assert [one.price_ticks for one in seen] == list(range(15, 25))
    assert (trades.dropped_count, trades.conflated_count) == (15, 0)
    assert [record.getMessage() for record in caplog.records] == ["trade of BTCUSDT: 15 are lost: the loop is too slow"]


async def test_a_loop_that_goes_on_losing_is_told_of_now_and_then(caplog):
    session = Session()
    trades = session.trades("BTCUSDT", most=1)
    seen = await started(trades)
    with caplog.at_level(logging.WARNING, "tidings.market"):
        for number in range(100):
            tell(session.listeners.trade, trade(number), 1)
            tell(session.listeners.trade, trade(number), 1)
            await (seen if number == 0 else anext(trades))
            session.clock.advance(1_000_000_000)
    counts = [record.args[2] for record in caplog.records]
    assert counts == [1, *[10] * 9], "at once, then what ten seconds have cost"


async def test_a_candle_that_has_ended_is_shown_in_its_last_form_before_the_next():
    session = Session()
    klines = session.klines("BTCUSDT", 60)
    first = await started(klines)
    assert session.subscribed == [(["BTCUSDT"], ("kline:60",))]
    for news in (kline(0, 1), kline(0, 2), kline(60, 3), kline(60, 4), kline(60, 9, interval_s=300)):
        tell(session.listeners.kline, news, 1)
    assert [(one.start_s, one.close) for one in (await first, *await rest_of(klines, 1))] == [(0, 2), (60, 4)]


async def test_ticks_are_of_the_kinds_asked_for():
    session = Session()
    ticks = session.ticks("BTCUSDT", "mark")
    first = await started(ticks)
    for kind, value in (("index", 1), ("mark", 2), ("mark", 3), ("funding", 4)):
        tell(session.listeners.tick, PriceTick(LINEAR, TickKind(kind), Decimal(value), 1), 1)
    assert (await first).value == 3
    with pytest.raises(UsageError, match="expected index, mark"):
        session.ticks("BTCUSDT", "markk")


async def test_several_loops_at_once_hear_the_same():
    session = Session()
    seen = []

    async def follow(most):
        async for one in session.trades("BTCUSDT"):
            seen.append(one.price_ticks)
            if one.price_ticks == most:
                return

    loops = [asyncio.create_task(follow(9)) for _ in range(3)]
    await asyncio.sleep(0.01)
    for number in range(10):
        tell(session.listeners.trade, trade(number), 1)
    await asyncio.wait_for(asyncio.gather(*loops), PATIENCE_S)
    assert sorted(seen) == sorted([*range(10)] * 3)
    await asyncio.sleep(0.01)
    assert session.listener_count == 0


async def test_a_loop_that_is_left_is_heard_of_no_more():
    session = Session()

    async def leave_early():
        async for _ in session.trades("BTCUSDT"):
            break

    task = asyncio.create_task(leave_early())
    await asyncio.sleep(0.01)
    assert session.listener_count == 1
    tell(session.listeners.trade, trade(1), 1)
    await asyncio.wait_for(task, PATIENCE_S)
    await asyncio.sleep(0.01)
    assert session.listener_count == 0
    assert session.unsubscribed == session.subscribed == [(["BTCUSDT"], ("trade",))]


async def test_a_task_that_is_cancelled_leaves_nothing():
    session = Session()

    async def follow():
        async for _ in session.trades("BTCUSDT"):
            pass

    task = asyncio.create_task(follow())
    await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    del task
    await asyncio.sleep(0.01)
    assert session.listener_count == 0


async def test_a_loop_that_is_closed_while_it_subscribes_gives_that_back():
    session, answered = Session(), asyncio.Event()
    subscribe = session.subscribe

    async def subscribe_slowly(instruments, channels):
        await answered.wait()
        await subscribe(instruments, channels)

    session.subscribe = subscribe_slowly
    trades = session.trades("BTCUSDT")
    waiting = await started(trades)
    trades.close()
    answered.set()
    with pytest.raises(StopAsyncIteration):
        await asyncio.wait_for(waiting, PATIENCE_S)
    await asyncio.sleep(0.01)
    assert session.unsubscribed == session.subscribed == [(["BTCUSDT"], ("trade",))]
    assert session.listener_count == 0


async def test_the_end_of_the_session_ends_its_loops():
    session = Session()
    seen = []

    async def follow():
        async for one in session.trades("BTCUSDT"):
            seen.append(one)
        return "ended"

    task = asyncio.create_task(follow())
    await asyncio.sleep(0.01)
    session.close_iterators()
    assert await asyncio.wait_for(task, PATIENCE_S) == "ended"
    await asyncio.sleep(0.01)
    assert (seen, session.listener_count) == ([], 0)


async def test_closed_twice_is_closed_and_gives_nothing_more():
    session = Session()
    async with session.trades("BTCUSDT") as trades:
        waiting = await started(trades)
        tell(session.listeners.trade, trade(1), 1)
        await waiting
        tell(session.listeners.trade, trade(2), 1)
    trades.close()
    with pytest.raises(StopAsyncIteration):
        await anext(trades)
    await asyncio.sleep(0.01)
    assert len(session.unsubscribed) == 1


async def test_what_cannot_be_followed_is_raised_at_the_first_step():
    session = Session()
    session.failure = ConnectionLost("no venue")
    trades = session.trades("BTCUSDT")
    with pytest.raises(ConnectionLost):
        await anext(trades)
    await asyncio.sleep(0.01)
    assert (session.listener_count, session.unsubscribed) == (0, [])


async def test_a_step_may_be_given_up_and_nothing_is_lost():
    session = Session()
    trades = session.trades("BTCUSDT")
    for _ in range(3):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(trades), 0.01)
    tell(session.listeners.trade, trade(5), 1)
    [seen] = await rest_of(trades, 1)
    assert seen.price_ticks == 5


async def test_two_loops_cannot_share_an_iterator():
    session = Session()
    trades = session.trades("BTCUSDT")
    waiting = await started(trades)
    with pytest.raises(UsageError, match="one loop per iterator"):
        await anext(trades)
    waiting.cancel()


@pytest.mark.parametrize(
    "ask",
    [
        lambda s: s.books(), lambda s: s.books("NOPE"), lambda s: s.trades("BTCUSDT", most=0),
        lambda s: s.klines("BTCUSDT", "60"), lambda s: s.klines("BTCUSDT", 60.0),
    ],
)  # fmt: skip
async def test_what_cannot_be_is_refused_at_once(ask):
    with pytest.raises(UsageError):
        ask(Session())


async def test_a_session_that_is_not_open_says_so():
    session = Session()
    session.is_open = False
    with pytest.raises(UsageError, match="not open"):
        session.books("BTCUSDT")


async def test_a_session_that_ends_while_a_loop_waits_for_its_subscription_ends_the_loop():
    session = Session()
    answer = asyncio.get_running_loop().create_future()

    async def subscribe(instruments, channels):
        await answer

    session.subscribe = subscribe
    books = session.books("BTCUSDT")
    step = asyncio.ensure_future(anext(books))
    await asyncio.sleep(0)
    books.close()
    answer.set_exception(ConnectionLost("the market 1 stream was closed before it was answered"))
    with pytest.raises(StopAsyncIteration):
        await step
    assert session.listener_count == 0
