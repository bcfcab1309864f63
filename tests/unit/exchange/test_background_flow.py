from itertools import pairwise

import pytest

from tidings.exchange.catalogue import load_catalogue
from tidings.exchange.markets.background_flow import (
    EPOCH_TICKS,
    LADDER_LEVELS,
    START_PRICES,
    BackgroundFlow,
    start_price,
)
from tidings.exchange.markets.market import Market
from tidings.exchange.markets.matching import BUY, Stay
from tidings.exchange.markets.mix import mix
from tidings.exchange.orders.order_requests import NewOrder
from tidings.exchange.venue import Venue
from tidings.exchange.venue_config import VenueConfig

START_NS = 1_760_000_000_000_000_000
TICK_NS = 100_000_000
INSTRUMENTS = load_catalogue().instruments
SYMBOLS = [symbol for symbol, instrument in INSTRUMENTS.items() if instrument.is_listed]


def flow_of(symbol: str, seed: int = 1) -> BackgroundFlow:
    instrument = INSTRUMENTS[symbol]
    return BackgroundFlow(Market(instrument, start_price(instrument)), seed)


def run(venue: Venue, seconds: int) -> None:
    for tick in range(seconds * 10 + 1):
        venue.advance(START_NS + tick * TICK_NS)


def test_mix_is_the_finaliser_of_splitmix64() -> None:
    """First outputs of splitmix64 for seed 1234567 (its state goes up by the golden gamma each time)."""
    gamma, seed = 0x9E37_79B9_7F4A_7C15, 1234567
    outputs = [mix((seed + n * gamma) % 2**64) for n in range(3)]
    assert outputs == [6457827717110365317, 3203168211198807973, 9817491932198370423]


def test_price_is_a_function_of_seed_and_tick() -> None:
    one, two, other = flow_of("BTCUSDT"), flow_of("BTCUSDT"), flow_of("BTCUSDT", seed=2)
    ticks = [0, 7, 100, 5_000, 123_456]
    assert [one.mid_price(tick) for tick in ticks] == [two.mid_price(tick) for tick in reversed(ticks)][::-1]
    assert [one.mid_price(tick) for tick in ticks[1:]] != [other.mid_price(tick) for tick in ticks[1:]]
    assert one.mid_price(0) == 61_000 * 10**9


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_price_walks_slowly_and_not_far(symbol: str) -> None:
    flow = flow_of(symbol)
    path = [flow.mid_price(tick) for tick in range(20_000)]
    assert max(abs(b - a) for a, b in pairwise(path)) < path[0] // 10_000
    assert path[0] * 97 // 100 < min(path) < max(path) < path[0] * 103 // 100
    assert max(path) - min(path) > path[0] // 500


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_orders_are_on_the_instruments_grid(symbol: str) -> None:
    instrument, flow = INSTRUMENTS[symbol], flow_of(symbol)
    for tick in range(3 * EPOCH_TICKS):
        for order, _ in flow.tick(tick)[1]:
            assert order.price % instrument.tick_size == 0 < order.price
            assert order.leaves_qty % instrument.lot_size == 0
            assert instrument.lot_size <= order.leaves_qty <= instrument.max_qty
            assert order.owner == 0


def test_every_listed_coin_has_a_price_that_agrees_over_the_lines() -> None:
    assert {INSTRUMENTS[symbol].base_currency for symbol in SYMBOLS} == set(START_PRICES)


@pytest.mark.parametrize("text", ["0", "-5", "1000001", "abc", "61000.00001"])
def test_bad_starting_prices_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"price|decimal"):
        start_price(INSTRUMENTS["BTCUSD"], text)


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_market_stays_uncrossed_deep_and_near_its_middle(symbol: str) -> None:
    venue = Venue(VenueConfig(always_awake=(symbol,)), START_NS)
    market = venue.markets[symbol]
    for tick in range(300):
        venue.advance(START_NS + tick * TICK_NS)
        bids, asks = market.levels()
        assert bids[0][0] < asks[0][0]
        assert min(len(bids), len(asks)) >= LADDER_LEVELS - 3  # takers may have eaten some
        assert asks[0][0] - bids[0][0] <= max(market.mark_price // 1000, 4 * market.instrument.tick_size)
        assert abs(market.last_price - market.mark_price) * 200 < market.mark_price
    assert market.trade_count > 30


@pytest.mark.parametrize(("symbol", "qty"), [("BTCUSD", 50), ("BTCUSDT", 1_000), ("sBTCUSDT", 100_000)])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_orders_at_the_touch_are_filled_within_seconds(symbol: str, qty: int, seed: int) -> None:
    venue = Venue(VenueConfig(seed=seed), START_NS)
    (bid, _), *_ = venue.markets[symbol].levels(1)[0]
    (offer, _), *_ = venue.markets[symbol].levels(1)[1]
    tick_size = venue.markets[symbol].instrument.tick_size
    for side, price in (("Buy", bid + tick_size), ("Sell", offer - tick_size)):
        request = NewOrder(symbol=symbol, side=side, qty=qty, price=price, time_in_force="PostOnly")
        assert venue.create(venue.user_ids[0], request, START_NS).code == 0
    run(venue, seconds=10)
    line = venue.markets[symbol].instrument.line
    assert {fill.side for fill in venue.queries.fills(venue.user_ids[0], line)} == {"Buy", "Sell"}


def test_runs_repeat_exactly_whatever_the_steps_of_the_clock() -> None:
    def view(step: int) -> dict:
        venue = Venue(VenueConfig(seed=5), START_NS)
        venue.create(venue.user_ids[0], NewOrder(symbol="BTCUSD", side="Buy", qty=10, ord_type="Market"), START_NS)
        for now_ns in range(START_NS, START_NS + 10**9 + 1, step):
            venue.advance(now_ns)
        return venue.admin_view()

    assert view(10**7) == view(10**9) == view(10**8)


def test_sleeping_instrument_wakes_with_a_full_book_at_the_current_price() -> None:
    early, late = Venue(VenueConfig(), START_NS), Venue(VenueConfig(), START_NS)
    assert early.markets["ETHUSDT"].levels(1) == ([], [])
    early.market("ETHUSDT", START_NS)
    run(early, seconds=30)
    run(late, seconds=30)
    assert late.market("ETHUSDT", START_NS + 30 * 10**9).mark_price == early.markets["ETHUSDT"].mark_price
    assert len(late.markets["ETHUSDT"].levels()[0]) == LADDER_LEVELS
    assert late.market("NOSUCH", START_NS) is None


def test_flow_does_not_replay_a_long_sleep_of_the_process() -> None:
    venue = Venue(VenueConfig(), START_NS)
    venue.advance(START_NS + 24 * 3600 * 10**9)
    assert venue.state.counters.flow_ticks < 100
    venue.advance(START_NS + 24 * 3600 * 10**9 + 10 * TICK_NS)
    assert venue.state.counters.flow_ticks > 30


def test_quote_that_was_eaten_comes_back() -> None:
    flow = flow_of("BTCUSDT")
    market_orders = flow.tick(0)[1]
    quotes = [order for order, stay in market_orders if stay is Stay.REST]
    assert len(quotes) == 2 * LADDER_LEVELS
    assert len([order for order in quotes if order.side == BUY]) == LADDER_LEVELS
    again = [order for order, stay in flow.tick(1)[1] if stay is Stay.REST]  # none of them rests in a book
    assert len(again) == 2 * LADDER_LEVELS


def test_without_flow_the_market_is_empty() -> None:
    venue = Venue(VenueConfig(has_flow=False), START_NS)
    assert (venue.market("BTCUSD", START_NS).levels(), venue.next_due_ns()) == (([], []), None)
