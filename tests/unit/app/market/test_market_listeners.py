"""Listeners of market data: each hears what it asked for, and suffers its own mistakes alone."""

from asyncio import CancelledError

import pytest

from tidings.app.market.market_listeners import MarketCallbacks, MarketListeners, tell, tell_state
from tidings.market.feed_state import FeedEvent


@pytest.fixture
def listeners() -> MarketListeners:
    return MarketListeners()


def test_listeners_hear_in_the_order_they_were_added(listeners):
    heard: list[object] = []
    listeners.add(MarketCallbacks(trade=lambda trade, now_ns: heard.append(("first", trade, now_ns))))
    listeners.add(MarketCallbacks(book=lambda book, now_ns: heard.append("never")))
    listeners.add(MarketCallbacks(trade=lambda trade, now_ns: heard.append(("second", trade, now_ns))))
    tell(listeners.trade, "print", 7)
    assert heard == [("first", "print", 7), ("second", "print", 7)]


@pytest.mark.parametrize("error", [ValueError("no"), CancelledError()])
def test_a_mistake_goes_to_its_own_handler_and_disturbs_nobody(listeners, error):
    heard: list[object] = []
    mistakes: list[object] = []

    def bad(*news):
        raise error

    listeners.add(MarketCallbacks(tick=bad, state=bad, on_error=lambda error, callback: mistakes.append(callback)))
    listeners.add(MarketCallbacks(tick=lambda *news: heard.append(news), state=lambda *news: heard.append(news)))
    tell(listeners.tick, "tick", 1)
    tell_state(listeners.state, None, FeedEvent.SILENCE, 2)
    assert heard == [("tick", 1), (None, FeedEvent.SILENCE, 2)]
    assert mistakes == [bad, bad]


def test_who_has_left_hears_nothing_even_if_it_leaves_twice_or_from_a_callback(listeners):
    heard: list[int] = []

    def once(news, now_ns):
        heard.append(now_ns)
        listeners.remove(listener)

    listener = MarketCallbacks(kline=once)
    listeners.add(listener)
    tell(listeners.kline, "candle", 1)
    tell(listeners.kline, "candle", 2)
    listeners.remove(listener)
    assert heard == [1]


def test_two_listeners_with_the_same_callback_are_two(listeners):
    heard: list[int] = []
    twins = [MarketCallbacks(ticker=lambda news, now_ns: heard.append(now_ns)) for _ in range(2)]
    for twin in twins:
        listeners.add(twin)
    listeners.remove(twins[0])
    tell(listeners.ticker, "day", 3)
    assert heard == [3]
