"""One long day with everything in it: crash flow, hedged and one-way users, funding, liquidation, transfers, restarts.

What must hold after every step holds whatever came before it: money and positions add up (`test_exchange_money`), the
sides of a hedged symbol never change over, margins are not negative, books hold the open orders, and an exchange that
was saved and restored in the middle is checked on as if nothing had been.
"""

import json
from collections import Counter
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st
from test_exchange_conservation import MS_NS, START_NS, act, check_orders
from test_exchange_money import check_books, check_positions, meddle, money

from tidings.exchange.catalogue import ONE_ER
from tidings.exchange.orders.order_requests import NewOrder
from tidings.exchange.saved.venue_saving import restore_venue, venue_document
from tidings.exchange.venue import Venue
from tidings.exchange.venue_config import VenueConfig

HEDGED = "BTCUSDT"
CONFIG = {
    "flow": "crash", "flow_tick_ns": 20 * MS_NS, "funding_interval_s": 2, "liquidation_delay_ns": 30 * MS_NS,
    "contract_funds": {"USDT": 3_000, "BTC": 1}, "wallet_funds": {"BTC": 1, "USDT": 20_000},
    "insurance_funds": {"USDT": 20},
}  # fmt: skip


def hedged_request(random: Random, venue: Venue) -> NewOrder:
    """An order on either side of a hedged symbol: it opens, closes, protects, or brings its protection along."""
    market = venue.markets[HEDGED]
    tick, last = market.instrument.tick_size, market.last_price
    side, pos_side = random.choice(("Buy", "Sell")), random.choice(("Long", "Short"))
    is_opening = (side == "Buy") == (pos_side == "Long")
    near = last // tick * tick + random.randint(-30, 30) * (last // 20_000 // tick) * tick
    request = NewOrder(
        symbol=HEDGED, side=side, pos_side=pos_side, qty=random.randint(1, 400) * market.instrument.lot_size,
        price=near, ord_type=random.choice(("Limit", "Limit", "Market", "Stop", "StopLimit", "MarketIfTouched")),
        stop_px=last // tick * tick + random.choice((-1, 1)) * last // 200 // tick * tick,
        trigger=random.choice(("ByLastPrice", "ByMarkPrice", "ByAskPrice")),
        reduce_only=not is_opening and random.random() < 0.5,
        stp_instruction=random.choice(("None", "CancelMaker", "CancelTaker", "CancelBoth")),
    )  # fmt: skip
    if not is_opening and request.ord_type == "Stop" and random.random() < 0.5:
        request.close_on_trigger, request.qty = True, 0
    if is_opening and request.ord_type == "Limit" and random.random() < 0.3:
        away = (1 if side == "Buy" else -1) * (last // 50 // tick * tick)
        request.take_profit, request.stop_loss = near + away, near - away
    return request


def hedge(random: Random, venue: Venue, now_ns: int) -> None:
    """A user does something that fits hedged mode; one-way users are refused."""
    user_id, choice = random.choice(venue.user_ids), random.random()
    if choice < 0.2:
        long_er, short_er = (random.choice((-20, 20, 100, -100, 5)) * ONE_ER for _ in range(2))
        venue.set_leverage(user_id, HEDGED, now_ns, long_leverage_er=long_er, short_leverage_er=short_er)
    elif choice < 0.25:
        venue.assign_margin(user_id, HEDGED, random.choice(("Long", "Short")), random.randint(0, 10**15), now_ns)
    else:
        venue.create(user_id, hedged_request(random, venue), now_ns)


def check_sides(venue: Venue) -> None:
    for account in venue.contract_accounts:
        positions = account.known_positions()
        assert account.liquidation_count == sum(position.status == "Liq" for position in positions)
        for position in positions:
            assert position.pos_side == "Merged" or position.net_qty * (1 if position.pos_side == "Long" else -1) >= 0
            assert position.assigned(venue.markets[position.instrument.symbol].mark_price) >= 0
            opened = venue.state.store.open_orders(account.user_id, position.instrument.symbol)
            waiting = [order for order in opened if order.pos_side == position.pos_side]
            assert position.status == "Normal" or not waiting


def restored(venue: Venue, config: VenueConfig, now_ns: int) -> Venue:
    document = json.loads(json.dumps(venue_document(venue, now_ns)))
    found = Venue(config, now_ns, venue.catalogue)
    restore_venue(found, document, now_ns)
    return found


def long_run(seed: int, steps: int) -> tuple[Venue, Counter[str]]:
    """The day; at its end the exchange and how often each kind of execution happened."""
    random, config, now_ns = Random(seed), VenueConfig(seed=seed, **CONFIG), START_NS
    venue = Venue(config, START_NS)
    for user_id in venue.user_ids[:2]:
        assert venue.set_position_mode(user_id, HEDGED, "Hedged", now_ns).code == 0
    handed_out, seen = money(venue), Counter[str]()
    for _ in range(steps):
        now_ns += random.choice((0, 5, 20, 300)) * MS_NS
        random.choice((hedge, hedge, act, act, meddle))(random, venue, now_ns)
        for update in venue.advance(now_ns):
            seen.update(f"{r.trade_type} {r.pos_side}" for r in update.orders if r.exec_qty and r.trade_type)
        check_orders(venue)
        check_positions(venue)
        check_books(venue)
        check_sides(venue)
        assert money(venue) == handed_out
        if random.random() < 0.01:
            venue = restored(venue, config, now_ns)
            seen["restored"] += 1
    return venue, seen


@settings(max_examples=4, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_everything_adds_up_all_day(seed: int) -> None:
    long_run(seed, 250)


def test_everything_does_happen() -> None:
    """What the property above would be worth little without."""
    seen: Counter[str] = Counter()
    for seed in range(3):
        venue, counts = long_run(seed, 400)
        seen += counts
        seen["transfers"] += sum(len(venue.transfers.made(user_id)) for user_id in venue.user_ids)
    wanted = [f"{kind} {side}" for kind in ("Trade", "Funding", "LiqTrade") for side in ("Merged", "Long", "Short")]
    assert min(seen[name] for name in (*wanted, "transfers", "restored")) > 0, seen
    assert any(name.startswith("AdlTrade") for name in seen), seen
