"""A restored exchange is the one that was saved: the same now, and the same in all that follows."""

import json
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st
from test_exchange_conservation import MS_NS, START_NS, act, check_orders, check_wallets_and_margin, totals

from tidings.exchange.catalogue import ONE_ER
from tidings.exchange.orders.order_requests import NewOrder
from tidings.exchange.saved.venue_saving import restore_venue, venue_document
from tidings.exchange.venue import Venue
from tidings.exchange.venue_config import VenueConfig


def settle_in(venue: Venue) -> None:
    """What a random trader never does: hedged mode, leverage, attached and trailing orders."""
    one, other = venue.user_ids[:2]
    assert venue.set_position_mode(one, "ETHUSDT", "Hedged", START_NS).code == 0
    assert venue.set_leverage(one, "BTCUSD", START_NS, leverage_er=20 * ONE_ER).code == 0
    price = venue.markets["BTCUSD"].last_price
    hedged = NewOrder(symbol="ETHUSDT", side="Buy", qty=100_000, ord_type="Market", pos_side="Long")
    attached = NewOrder(
        symbol="BTCUSD", side="Buy", qty=5, price=price * 11 // 10, take_profit=price * 12 // 10,
        stop_loss=price * 9 // 10, tp_trigger="ByMarkPrice",
    )  # fmt: skip
    venue.create(one, hedged, START_NS)
    assert venue.create(other, attached, START_NS).code == 0
    venue.advance(START_NS + 10 * MS_NS)
    offset = venue.markets["BTCUSD"].instrument.tick_size * 50
    trailing = NewOrder(
        symbol="BTCUSD", side="Sell", qty=0, ord_type="Stop", close_on_trigger=True, stop_px=price - offset,
        peg_offset=-offset, peg_price_type="TrailingStopPeg", trigger="ByLastPrice",
        time_in_force="ImmediateOrCancel",
    )  # fmt: skip
    venue.create(other, trailing, START_NS + 10 * MS_NS)


def saved_and_restored(venue: Venue, now_ns: int, **settings: object) -> Venue:
    document = json.loads(json.dumps(venue_document(venue, now_ns)))
    restored = Venue(VenueConfig(seed=document["seed"], **settings), now_ns, venue.catalogue)
    restore_venue(restored, document, now_ns)
    return restored


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32), flow=st.sampled_from(["off", "normal", "crash"]), steps=st.integers(0, 150))
def test_restored_exchange_goes_on_as_the_saved_one_would_have(seed: int, flow: str, steps: int) -> None:
    settings = {"has_flow": flow != "off", "flow": flow, "wallet_funds": {"BTC": 1, "USDT": 20_000}}
    random, now_ns = Random(seed), START_NS + 10 * MS_NS
    venue = Venue(VenueConfig(seed=seed, **settings), START_NS)
    handed_out = totals(venue)
    settle_in(venue)
    for _ in range(steps):
        now_ns += random.randint(0, 40) * MS_NS
        act(random, venue, now_ns)
        venue.advance(now_ns)
    restored = saved_and_restored(venue, now_ns, **settings)
    assert totals(restored) == handed_out
    assert restored.admin_view() == venue.admin_view()
    seed_after = random.random()
    one, other = Random(seed_after), Random(seed_after)
    for _ in range(60):
        now_ns += one.randint(0, 400) * MS_NS
        other.randint(0, 400)
        act(one, venue, now_ns)
        act(other, restored, now_ns)
        assert venue.advance(now_ns) == restored.advance(now_ns)
    assert restored.admin_view() == venue.admin_view()
    check_orders(restored)
    check_wallets_and_margin(restored)
    assert totals(restored) == handed_out


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 2**32), flow=st.sampled_from(["off", "quiet", "crash"]), minutes=st.integers(0, 20))
def test_another_day_begins_where_the_prices_are(seed: int, flow: str, minutes: int) -> None:
    random, now_ns = Random(seed), START_NS
    venue = Venue(VenueConfig(seed=seed), START_NS)
    handed_out = totals(venue)
    for _ in range(60):
        now_ns += random.randint(0, 40) * MS_NS
        act(random, venue, now_ns)
        venue.advance(now_ns)
    users = {order for order in venue.state.store if order.level is not None}
    now_ns += minutes * 60_000 * MS_NS  # the day goes on while the exchange does not run
    last = venue.markets["BTCUSDT"].last_price
    restored = saved_and_restored(venue, now_ns, has_flow=flow != "off", flow=flow)
    resting = {order.order_id for order in restored.state.store if order.level is not None}
    if flow == "off":
        assert resting == {order.order_id for order in users}
        levels = [level for market in restored.markets.values() for level in (*market.book.bids, *market.book.asks)]
        assert all(order.owner for level in levels for order in level.orders)
    else:
        bids, asks = restored.markets["BTCUSDT"].levels(1)
        assert abs(bids[0][0] + asks[0][0] - 2 * last) < last // 2_000  # half the spread of a quiet or a calm market
    restored.advance(now_ns + 1_000 * MS_NS)
    check_orders(restored)
    assert totals(restored) == handed_out


def test_a_day_begins_where_there_was_none() -> None:
    """The markets that are always awake are so in a run that goes on from one without a flow."""
    venue = Venue(VenueConfig(has_flow=False), START_NS)
    restored = saved_and_restored(venue, START_NS)
    assert all(restored.markets[symbol].levels()[0] for symbol in VenueConfig().always_awake)
    restored.advance(START_NS + 10_000 * MS_NS)
    assert restored.markets["BTCUSDT"].trade_count > 0
