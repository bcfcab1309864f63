"""`async for` over the running exchange: every kind, all lines at once, and an end that is clean."""

import asyncio
from decimal import Decimal

import pytest
from exchange_process import launch
from phemex_client import RestClient

from tidings.market.feed_state import FeedEvent

LIMIT_S = 20
SYMBOLS = ("BTCUSD", "BTCUSDT", "sBTCUSDT")


@pytest.fixture(scope="module")
def busy(tmp_path_factory):
    """An exchange with a quick market."""
    exchange = launch(tmp_path_factory.mktemp("iterated"), "--no-rate-limits", "--seed", "9", "--flow-rate", "5")
    yield exchange
    exchange.stop()


async def taken(iterator, count):
    """The first so many news, then the loop is left."""
    found = []
    async for one in iterator:
        found.append(one)
        if len(found) == count:
            break
    return found


async def test_every_kind_of_every_line_at_once(busy, open_session):
    phemex = await open_session(busy)
    kinds = [
        *(phemex.books(symbol) for symbol in SYMBOLS),
        *(phemex.trades(symbol) for symbol in SYMBOLS),
        *(phemex.klines(symbol, 60) for symbol in SYMBOLS),
        *(phemex.tickers(symbol) for symbol in SYMBOLS),
        *(phemex.ticks(symbol) for symbol in SYMBOLS[:2]),
    ]
    seen = await asyncio.wait_for(asyncio.gather(*[taken(iterator, 3) for iterator in kinds]), LIMIT_S)
    assert [{news.symbol for news in found} for found in seen] == [{symbol} for symbol in SYMBOLS * 4 + SYMBOLS[:2]]
    for found in seen[:3]:
        assert all(book.is_two_sided for book in found)
        assert [book.sequence for book in found] == sorted({book.sequence for book in found})
    rest = RestClient(busy.ready)
    first = seen[7][0]  # the oldest candle of BTCUSDT, long ended
    query = f"symbol=BTCUSDT&resolution=60&from={first.start_s}&to={first.start_s + 60}"
    [row] = rest.public("/exchange/public/md/v2/kline/list", query).data["rows"]
    assert (first.open, first.close, first.volume) == (Decimal(row[3]), Decimal(row[6]), Decimal(row[7]))
    kinds.clear()
    await asyncio.sleep(0.05)
    assert phemex.engine.market.followed() == []


async def test_the_session_ends_under_a_loop_and_the_loop_ends(busy, open_session):
    import tidings

    async def follow(session):
        async for _ in session.books("BTCUSDT"):
            pass
        return "ended"

    async with tidings.connect("local", exchange=str(busy.ready_file), rate_limits=False) as session:
        loop = asyncio.create_task(follow(session))
        await asyncio.wait_for(anext(session.books("BTCUSDT")), LIMIT_S)
        await asyncio.sleep(0.2)
        assert not loop.done()
    assert await asyncio.wait_for(loop, LIMIT_S) == "ended"


async def test_a_loop_that_sleeps_costs_no_memory_and_sees_the_newest_book(busy, open_session):
    phemex = await open_session(busy)
    books = phemex.books("BTCUSDT")
    first = await asyncio.wait_for(anext(books), LIMIT_S)
    await asyncio.sleep(1.5)
    second = await asyncio.wait_for(anext(books), LIMIT_S)
    assert second.sequence == phemex.engine.market.book("BTCUSDT").sequence
    assert second.sequence > first.sequence
    assert books.conflated_count > 3


async def test_a_loop_sees_a_book_turn_stale_and_heal(busy, open_session):
    phemex = await open_session(busy)
    books = phemex.books("sBTCUSDT")
    async with asyncio.timeout(LIMIT_S):
        assert (await anext(books)).is_live
        # Silence for longer than the venue ever is, as the clock tells it.
        phemex.engine.market.on_timer(phemex.engine.clock.read_now_ns() + 100_000_000_000)
        stale = await anext(books)
        assert (stale.is_live, stale.stale_cause) == (False, FeedEvent.SILENCE)
        assert stale.bid_count > 0  # to look at, not to trade on
        while not (await anext(books)).is_live:
            pass
    assert not stale.is_live
