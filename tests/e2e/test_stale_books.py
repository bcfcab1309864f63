"""A book that cannot be trusted is asked for again, and heals without waiting for the venue's next snapshot."""

import pytest
from session_lines import until

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
    assert phemex.engine.market.refresh_count == 1
    await until(lambda: book.is_live, "the book to heal")
    assert book.best_bid_ticks < book.best_offer_ticks
