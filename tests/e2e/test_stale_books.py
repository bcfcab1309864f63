"""A book that cannot be trusted is asked for again, and heals without waiting for the venue's next snapshot."""

import pytest
from session_lines import COIN_M, SPOT, USD_M, until

import tidings

SYMBOLS = ("BTCUSD", "BTCUSDT", "sBTCUSDT")


class Listener(tidings.Strategy):
    def __init__(self) -> None:
        self.states: list[bool] = []

    def on_book(self, book, now_ns):
        self.states.append(book.is_live)


@pytest.mark.parametrize("symbol", SYMBOLS)
async def test_a_stale_book_heals_by_a_fresh_subscription(start_exchange, open_session, symbol):
    phemex = await open_session(start_exchange("--seed", "3"))
    listener = Listener()
    phemex.engine.market.listen(listener, lambda error, callback: None)
    await phemex.subscribe(symbol)
    book = phemex.engine.market.book(symbol)
    await until(lambda: book.is_live, "a live book")
    # Silence for longer than the venue ever is, as the clock tells it.
    phemex.engine.market.on_timer(phemex.engine.clock.read_now_ns() + 100_000_000_000)
    assert not book.is_live
    assert listener.states[-1] is False
    assert phemex.state.doubtful_books == {symbol: "stale: silence"}
    assert phemex.engine.market.snapshot_requests.count == 1
    await until(lambda: book.is_live, "the book to heal")
    assert book.best_bid_ticks < book.best_offer_ticks
    assert phemex.state.doubtful_books == {}


@pytest.mark.parametrize("line", [COIN_M, USD_M, SPOT], ids=lambda line: line.symbol)
async def test_orders_wait_for_a_live_book_where_the_setting_says_so(quiet_exchange, open_session, line):
    phemex = await open_session(quiet_exchange, stale_book="deny")

    def place():
        return phemex.limit(line.symbol, "buy", qty=line.qty, price=line.low)

    with pytest.raises(tidings.OrderDenied, match=r"STALE_BOOK|subscribe first") as denied:
        place()
    assert denied.value.reason == "STALE_BOOK"
    await phemex.subscribe(line.symbol)
    book = phemex.engine.market.book(line.symbol)
    await until(lambda: book.is_live, "a live book")
    order = await place().accepted()
    phemex.engine.market.on_timer(phemex.engine.clock.read_now_ns() + 100_000_000_000)
    with pytest.raises(tidings.OrderDenied, match="stale: silence"):
        place()
    assert phemex.amend(order.handle, order.order.price_ticks - 1) == -tidings.DenyReason.STALE_BOOK
    assert phemex.cancel(order.handle) == 0, "cancels are always taken"
    await until(lambda: book.is_live, "the book to heal")
    await (await place().accepted()).cancel()
    phemex.unsubscribe(line.symbol)
    with pytest.raises(tidings.OrderDenied, match="not followed"):
        place()
