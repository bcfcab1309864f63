"""Money and positions are conserved, whatever users and background flow do.

Contracts: with every open position counted at its entry value, balances + fees + funding + the flow's cash are what was
handed out. Spot: wallets + fees + the flow's cash are. Positions of all users and the flow add up to zero.
"""

from collections import defaultdict
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from tidings.exchange.catalogue import Line
from tidings.exchange.orders.order_requests import AmendOrder, CancelOrder, NewOrder
from tidings.exchange.reports import OrderReport
from tidings.exchange.venue import Venue
from tidings.exchange.venue_config import VenueConfig

START_NS = 1_760_000_000_000_000_000
MS_NS = 1_000_000
SYMBOLS = ("BTCUSD", "BTCUSDT", "sBTCUSDT")
ORD_TYPES = ("Limit", "Limit", "Limit", "Market", "Stop", "MarketIfTouched", "StopLimit")
TIMES_IN_FORCE = ("GoodTillCancel", "GoodTillCancel", "ImmediateOrCancel", "FillOrKill", "PostOnly")


def totals(venue: Venue) -> dict[tuple[Line, str], int]:
    """All money of each line and currency, wherever it is."""
    found: defaultdict[tuple[Line, str], int] = defaultdict(int)
    for account in venue.contract_accounts:
        key = account.line, account.currency
        found[key] += account.balance
        for position in account.known_positions():
            signed_value = position.value if position.net_qty > 0 else -position.value
            found[key] += signed_value if position.instrument.is_inverse else -signed_value
    for user in venue.spot_wallets:
        for name, wallet in user.wallets.items():
            found[Line.SPOT, name] += wallet.balance
    house = venue.state.house
    for ledger in (house.fees, house.funding, house.insurance, house.cash):
        for key, amount in ledger.items():
            found[key] += amount
    return {key: amount for key, amount in found.items() if amount}


def random_request(random: Random, venue: Venue) -> NewOrder:
    symbol = random.choice(SYMBOLS)
    market = venue.markets[symbol]
    instrument = market.instrument
    step = market.last_price // 5000 // instrument.tick_size * instrument.tick_size
    side = random.choice(("Buy", "Sell"))
    return NewOrder(
        symbol=symbol, side=side, price=market.last_price // step * step + random.randint(-4, 4) * step,
        qty=random.randint(1, 400) * instrument.lot_size * (10 if instrument.line is Line.SPOT else 1),
        ord_type=random.choice(ORD_TYPES), time_in_force=random.choice(TIMES_IN_FORCE),
        stop_px=market.last_price // step * step + random.randint(-3, 3) * step,
        trigger="ByLastPrice", reduce_only=instrument.line is not Line.SPOT and random.random() < 0.2,
        stp_instruction=random.choice(("None", "CancelMaker", "CancelTaker", "CancelBoth")),
    )  # fmt: skip


def act(random: Random, venue: Venue, now_ns: int) -> None:
    """One user does one thing."""
    user_id = random.choice(venue.user_ids)
    open_orders = [report for symbol in SYMBOLS for report in venue.queries.open_orders(user_id, symbol)]
    choice = random.random()
    if choice < 0.6 or not open_orders:
        venue.create(user_id, random_request(random, venue), now_ns)
        return
    order: OrderReport = random.choice(open_orders)
    symbol = order.instrument.symbol
    if choice < 0.8:
        venue.cancel(user_id, CancelOrder(symbol=symbol, order_id=order.order_id), now_ns)
    else:
        qty = max(1, order.order_qty // order.instrument.lot_size + random.randint(-5, 5)) * order.instrument.lot_size
        venue.amend(user_id, AmendOrder(symbol=symbol, order_id=order.order_id, qty=qty, price=order.price), now_ns)


def check_orders(venue: Venue) -> None:
    for order in venue.state.store:
        assert order.leaves_qty >= 0
        if order.is_done:
            assert (order.leaves_qty, order.level, order.reserved_value) == (0, None, 0)
        elif order.level is not None:
            assert order.cum_qty + order.leaves_qty == order.order_qty
    for market in venue.markets.values():
        bid, offer = market.book.best_bid(), market.book.best_offer()
        assert bid is None or offer is None or bid < offer
        for side in (market.book.bids, market.book.asks):
            assert all(level.qty == sum(order.leaves_qty for order in level.orders) > 0 for level in side)


def check_wallets_and_margin(venue: Venue) -> None:
    for user in venue.spot_wallets:
        for wallet in user.wallets.values():
            assert 0 <= wallet.locked <= wallet.balance
    for account in venue.contract_accounts:
        for position in account.known_positions():
            assert min(position.buy_leaves_qty, position.sell_leaves_qty) >= 0
            assert (position.net_qty == 0) == (position.value == 0)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32), has_flow=st.booleans())
def test_nothing_is_created_or_lost(seed: int, has_flow: bool) -> None:
    random = Random(seed)
    venue = Venue(VenueConfig(seed=seed, has_flow=has_flow, wallet_funds={"BTC": 1, "USDT": 20_000}), START_NS)
    handed_out = totals(venue)
    now_ns = START_NS
    for _ in range(120):
        now_ns += random.randint(0, 40) * MS_NS
        act(random, venue, now_ns)
        for update in venue.advance(now_ns):
            for report in update.orders:
                assert report.leaves_qty >= 0
                assert report.cum_qty + report.leaves_qty <= report.order_qty
        check_orders(venue)
        check_wallets_and_margin(venue)
    assert totals(venue) == handed_out
    for symbol in ("BTCUSD", "BTCUSDT"):
        users = sum(
            position.net_qty
            for account in venue.contract_accounts
            for position in account.known_positions()
            if position.instrument.symbol == symbol
        )
        assert users + venue.state.house.net_qty[symbol] == 0
    assert venue.state.counters.trades > 0 or not has_flow
