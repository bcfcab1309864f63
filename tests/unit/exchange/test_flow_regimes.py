"""Quiet, normal and crash days of the background flow."""

import hashlib
from itertools import pairwise

import pytest

from tidings.exchange.catalogue import ONE_ER, load_catalogue
from tidings.exchange.command import main
from tidings.exchange.markets.background_flow import BackgroundFlow, start_price
from tidings.exchange.markets.flow_regimes import REGIMES, Crash
from tidings.exchange.markets.market import Market
from tidings.exchange.markets.matching import SELL, Stay
from tidings.exchange.orders.order_requests import NewOrder
from tidings.exchange.venue import Venue
from tidings.exchange.venue_config import VenueConfig

START_NS = 1_760_000_000_000_000_000
TICK_NS = 100_000_000
INSTRUMENTS = load_catalogue().instruments
CRASH = Crash()
FALL_END = CRASH.calm_ticks + CRASH.leg_ticks * CRASH.leg_count


def flow_of(symbol: str, regime: str, seed: int = 1) -> BackgroundFlow:
    instrument = INSTRUMENTS[symbol]
    return BackgroundFlow(Market(instrument, start_price(instrument)), seed, REGIMES[regime])


def spread(venue: Venue, symbol: str) -> int:
    bids, asks = venue.markets[symbol].levels(1)
    return asks[0][0] - bids[0][0]


def displayed(venue: Venue, symbol: str) -> int:
    bids, asks = venue.markets[symbol].levels(10)
    return sum(qty for _, qty in (*bids, *asks))


@pytest.mark.parametrize(
    ("symbol", "digest"),
    [("BTCUSD", "c2572fa1491baaae"), ("ETHUSDT", "4bbf7c73ef92807b"), ("sBTCUSDT", "1c69b67b45c1196a")],
)
def test_normal_day_is_what_it_was_before_there_were_others(symbol: str, digest: str) -> None:
    """Digests taken from the flow of version 079b743: whatever is compared with old runs stays comparable."""
    flow, found = flow_of(symbol, "normal", seed=11), hashlib.sha256()
    market = flow._market
    for tick in range(600):
        cancels, submits = flow.tick(tick)
        off = [(order.side, order.price, order.leaves_qty) for order in cancels]
        new = [(order.side, order.price, order.leaves_qty, stay.value) for order, stay in submits]
        found.update(repr((tick, market.mark_price, market.index_price, off, new)).encode())
        for order, stay in submits:
            order.level = object() if stay is Stay.REST else None
        for order in cancels:
            order.level = None
    assert found.hexdigest()[:16] == digest


@pytest.mark.parametrize("seed", range(1, 9))
def test_price_crashes_by_tens_of_per_cent_in_jumps_with_rebounds(seed: int) -> None:
    flow = flow_of("BTCUSDT", "crash", seed)
    path = [flow.mid_price(tick) for tick in range(CRASH.cycle_ticks)]
    bottom = min(path)
    assert path[0] * 54 // 100 < bottom < path[0] * 76 // 100
    assert min(path[: CRASH.calm_ticks]) > path[0] * 98 // 100
    assert max(a - b for a, b in pairwise(path)) > path[0] // 300  # a third of a per cent in a tenth of a second
    rebounds = sum(
        path[start + CRASH.leg_ticks - 1] > path[start + CRASH.jump_ticks - 1]
        for start in range(CRASH.calm_ticks, FALL_END, CRASH.leg_ticks)
    )
    assert rebounds > CRASH.leg_count // 2
    assert path[-1] > path[0] * 97 // 100  # and has climbed back


def test_crash_is_a_function_of_seed_and_tick() -> None:
    one, two, other = (flow_of("BTCUSD", "crash", seed) for seed in (1, 1, 2))
    ticks = [0, 299, 300, 301, 900, 2_700, 2_701, 12_000, 12_345]
    assert [one.mid_price(tick) for tick in ticks] == [two.mid_price(tick) for tick in reversed(ticks)][::-1]
    assert one.mid_price(2_000) != other.mid_price(2_000)


@pytest.mark.parametrize("symbol", ["BTCUSD", "BTCUSDT", "sBTCUSDT", "ADAUSDT"])
def test_in_the_fall_the_spread_widens_and_depth_thins(symbol: str) -> None:
    calm, falling = (Venue(VenueConfig(flow="crash", always_awake=()), START_NS) for _ in range(2))
    calm.market(symbol, START_NS)
    fall_ns = START_NS + (CRASH.calm_ticks + 20) * TICK_NS
    falling.market(symbol, fall_ns)
    assert spread(falling, symbol) > 4 * spread(calm, symbol)
    assert displayed(falling, symbol) * 4 < displayed(calm, symbol)
    bids, asks = falling.markets[symbol].levels()
    assert min(len(bids), len(asks)) > 10


def test_quotes_of_the_calm_do_not_outlive_it() -> None:
    venue = Venue(VenueConfig(flow="crash", always_awake=("BTCUSDT",)), START_NS)
    venue.advance(START_NS + (CRASH.calm_ticks - 1) * TICK_NS)
    before = displayed(venue, "BTCUSDT")
    venue.advance(START_NS + (CRASH.calm_ticks + 1) * TICK_NS)
    assert displayed(venue, "BTCUSDT") * 3 < before


def test_most_takers_sell_in_the_fall() -> None:
    flow = flow_of("BTCUSDT", "crash")
    takers = [
        order.side
        for tick in range(CRASH.calm_ticks, FALL_END)
        for order, stay in flow.tick(tick)[1]
        if stay is Stay.IOC
    ]
    assert len(takers) == FALL_END - CRASH.calm_ticks
    assert 0.7 < takers.count(SELL) / len(takers) < 0.9


def test_mark_lags_behind_and_stops_fire() -> None:
    venue = Venue(VenueConfig(flow="crash", always_awake=("BTCUSDT",)), START_NS)
    market, user_id = venue.markets["BTCUSDT"], venue.user_ids[0]
    venue.create(user_id, NewOrder(symbol="BTCUSDT", side="Buy", qty=1_000, ord_type="Market"), START_NS)
    venue.advance(START_NS + TICK_NS)
    stop_px = market.instrument.round_price(market.mark_price * 9 // 10, up=False)
    stop = NewOrder(symbol="BTCUSDT", side="Sell", qty=1_000, ord_type="Stop", stop_px=stop_px,
                    trigger="ByMarkPrice", reduce_only=True)  # fmt: skip
    assert venue.create(user_id, stop, START_NS + TICK_NS).code == 0
    ahead = 0
    for tick in range(2, FALL_END):
        venue.advance(START_NS + tick * TICK_NS)
        ahead += market.mark_price > market.last_price * 101 // 100
    assert ahead > 100
    fill = next(iter(venue.queries.fills(user_id, market.instrument.line)))
    assert (fill.ord_type, fill.side) == ("Stop", "Sell")
    assert venue.queries.open_orders(user_id, "BTCUSDT") == []


def test_quiet_day_is_narrow_and_has_few_takers() -> None:
    quiet, normal = (Venue(VenueConfig(flow=name, always_awake=("BTCUSDT",)), START_NS) for name in ("quiet", "normal"))
    prices = {"quiet": set[int](), "normal": set[int]()}
    for tick in range(600):
        for name, venue in (("quiet", quiet), ("normal", normal)):
            venue.advance(START_NS + tick * TICK_NS)
            prices[name].add(venue.markets["BTCUSDT"].mark_price)
    assert spread(quiet, "BTCUSDT") * 3 < spread(normal, "BTCUSDT")
    assert quiet.markets["BTCUSDT"].trade_count * 4 < normal.markets["BTCUSDT"].trade_count
    assert (max(prices["quiet"]) - min(prices["quiet"])) * 5 < max(prices["normal"]) - min(prices["normal"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--flow", "calm"], "invalid choice"), (["--flow-rate", "0"], "from 0.1 to 100"),
        (["--flow-rate", "101"], "from 0.1 to 100"), (["--flow-rate", "fast"], "from 0.1 to 100"),
    ],
)  # fmt: skip
def test_unknown_regimes_and_rates_are_wrong_usage(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("symbol", ["BTCUSD", "BTCUSDT"])
def test_leveraged_longs_are_liquidated_in_the_fall(symbol: str) -> None:
    venue = Venue(VenueConfig(flow="crash", always_awake=(symbol,)), START_NS)
    user_id, instrument = venue.user_ids[0], venue.markets[symbol].instrument
    assert venue.set_leverage(user_id, symbol, START_NS, leverage_er=20 * ONE_ER).code == 0
    buy = NewOrder(symbol=symbol, side="Buy", qty=1_000, ord_type="Market")
    assert venue.create(user_id, buy, START_NS).code == 0
    venue.advance(START_NS + TICK_NS)
    before = venue.account(user_id, instrument.line, instrument.settle_currency).balance
    (held,) = venue.positions(user_id, instrument.line, symbol=symbol)
    assert held.size > 0
    reports = [
        report
        for tick in range(2, FALL_END)
        for update in venue.advance(START_NS + tick * TICK_NS)
        for report in update.orders
        if update.user_id == user_id
    ]
    assert "LiqTrade" in {report.trade_type for report in reports}
    assert [position.size for position in venue.positions(user_id, instrument.line, symbol=symbol)] == [0]
    assert venue.account(user_id, instrument.line, instrument.settle_currency).balance < before
