"""Money is conserved through everything that moves it: trades, fees, funding, transfers, liquidations.

Users with little money trade with much leverage, move it between wallets and accounts, and the mark price jumps. By
currency, with every open position counted at its entry value, users' balances and wallets, the house's fees, funding,
insurance and cash are always what was handed out; positions add up to zero; books hold the open orders and no others;
and nobody who holds nothing owes anything. All sums are exact, in units of 10^-12.
"""

import json
from collections import Counter, defaultdict
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st
from test_exchange_conservation import MS_NS, START_NS, SYMBOLS, act, check_orders

from tidings.exchange.accounts.transfers import CONTRACT, SPOT
from tidings.exchange.catalogue import Line
from tidings.exchange.orders.order_checks import Refused
from tidings.exchange.orders.orders import Order
from tidings.exchange.saved.venue_saving import restore_venue, venue_document
from tidings.exchange.venue import Venue
from tidings.exchange.venue_config import VenueConfig

SCALE = 12
CONTRACTS = ("BTCUSD", "BTCUSDT")
LEVERAGES_ER = (-10, 10, 50, -50, 100, 3)


def money(venue: Venue) -> dict[str, int]:
    """All money by currency, wherever it is."""
    found: defaultdict[str, int] = defaultdict(int)
    scales = {name: currency.value_scale for name, currency in venue.catalogue.currencies.items()}

    def add(currency: str, amount: int, scale: int) -> None:
        found[currency] += amount * 10 ** (SCALE - scale)

    for account in venue.contract_accounts:
        add(account.currency, account.balance, account.value_scale)
        for position in account.known_positions():
            signed_value = position.value if position.net_qty > 0 else -position.value
            at_entry = signed_value if position.instrument.is_inverse else -signed_value
            add(account.currency, at_entry, account.value_scale)
    for user in venue.spot_wallets:
        for name, wallet in user.wallets.items():
            add(name, wallet.balance, scales[name])
    house = venue.state.house
    for ledger in (house.fees, house.funding, house.insurance, house.cash):
        for (line, name), amount in ledger.items():
            add(name, amount, 12 if line is Line.USD_M else scales[name])
    return {name: amount for name, amount in found.items() if amount}


def meddle(random: Random, venue: Venue, now_ns: int) -> None:
    """Something that moves money without an order, or makes the next order dangerous."""
    user_id, symbol = random.choice(venue.user_ids), random.choice(CONTRACTS)
    choice = random.random()
    if choice < 0.35:
        venue.set_leverage(user_id, symbol, now_ns, leverage_er=random.choice(LEVERAGES_ER) * 10**8)
    elif choice < 0.6:
        currency = random.choice(("USDT", "BTC"))
        most = 10_000 * 10**8 if currency == "USDT" else 10**7
        types = random.choice(((SPOT, CONTRACT), (CONTRACT, SPOT)))
        try:
            venue.transfers.move(user_id, currency, random.randint(1, most), *types, now_ns)
        except Refused as refused:
            assert refused.code in (11001, 35104)
    elif choice < 0.7:
        venue.assign_margin(user_id, symbol, "Merged", random.randint(0, 10**10), now_ns)
    else:
        market = venue.markets[symbol]
        factor = random.choice((70, 90, 97, 103, 111, 140))
        venue.set_price(symbol, now_ns, mark=market.mark_price * factor // 100 or 1)


def check_positions(venue: Venue) -> None:
    held: Counter[str] = Counter()
    for account in venue.contract_accounts:
        for position in account.known_positions():
            held[position.instrument.symbol] += position.net_qty
            assert (position.net_qty == 0) == (position.value == 0)
            opened = venue.state.store.open_orders(account.user_id, position.instrument.symbol)
            counted = sum(order.reserved_qty for order in opened if order.pos_side == position.pos_side)
            assert counted == position.buy_leaves_qty + position.sell_leaves_qty
        assert account.balance >= 0 or account.all_held()
    for symbol in CONTRACTS:
        assert held[symbol] + venue.state.house.net_qty[symbol] == 0


def check_books(venue: Venue) -> None:
    """The users' orders in the books are the open orders that have reached them."""
    for symbol in SYMBOLS:
        book = venue.markets[symbol].book
        resting = {o for side in (book.bids, book.asks) for level in side for o in level.orders if isinstance(o, Order)}
        opened = {o for user_id in venue.user_ids for o in venue.state.store.open_orders(user_id, symbol)}
        assert resting == {order for order in opened if order.level is not None}
        assert all(order.ord_status in ("Created", "Untriggered") for order in opened - resting)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32), has_flow=st.booleans())
def test_money_is_conserved_whatever_moves_it(seed: int, has_flow: bool) -> None:
    random = Random(seed)
    venue = Venue(
        VenueConfig(
            seed=seed, has_flow=has_flow, funding_interval_s=1, liquidation_delay_ns=10 * MS_NS,
            contract_funds={"USDT": 3_000, "BTC": 1}, wallet_funds={"BTC": 1, "USDT": 20_000},
            insurance_funds={"USDT": 50},
        ),
        START_NS,
    )  # fmt: skip
    handed_out = money(venue)
    now_ns = START_NS
    for _ in range(150):
        now_ns += random.choice((0, 5, 20, 700)) * MS_NS
        (meddle if random.random() < 0.35 else act)(random, venue, now_ns)
        venue.advance(now_ns)
        check_orders(venue)
        check_positions(venue)
        check_books(venue)
        assert money(venue) == handed_out


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**32), steps=st.integers(0, 120))
def test_saved_money_goes_on_as_it_would_have(seed: int, steps: int) -> None:
    """Also when it is saved between a liquidation's two steps, or before funding is due."""
    config = VenueConfig(
        seed=seed, has_flow=False, funding_interval_s=1, liquidation_delay_ns=300 * MS_NS,
        contract_funds={"USDT": 3_000, "BTC": 1}, wallet_funds={"BTC": 1, "USDT": 20_000}, insurance_funds={"USDT": 50},
    )  # fmt: skip
    random, venue, now_ns = Random(seed), Venue(config, START_NS), START_NS
    for _ in range(steps):
        now_ns += random.choice((0, 5, 20, 700)) * MS_NS
        (meddle if random.random() < 0.35 else act)(random, venue, now_ns)
        venue.advance(now_ns)
    document = json.loads(json.dumps(venue_document(venue, now_ns)))
    restored = Venue(config, now_ns, venue.catalogue)
    restore_venue(restored, document, now_ns)
    assert money(restored) == money(venue)
    seed_after = random.random()
    randoms = Random(seed_after), Random(seed_after)
    for _ in range(40):
        now_ns += 100 * MS_NS
        for one, exchange in zip(randoms, (venue, restored), strict=True):
            (meddle if one.random() < 0.35 else act)(one, exchange, now_ns)
        assert venue.advance(now_ns) == restored.advance(now_ns)
    assert restored.admin_view() == venue.admin_view()
    made = [[(t.amount, t.time_ns) for t in exchange.transfers.made(user_id)]
            for exchange in (venue, restored) for user_id in venue.user_ids]  # fmt: skip
    assert made[:4] == made[4:]


def test_the_rare_things_do_happen() -> None:
    """What the property above would be worth little without."""
    seen: Counter[str] = Counter()
    for seed in range(12):
        random = Random(seed)
        venue = Venue(
            VenueConfig(
                seed=seed, has_flow=False, funding_interval_s=1, contract_funds={"USDT": 3_000, "BTC": 1},
                wallet_funds={"BTC": 1, "USDT": 20_000}, insurance_funds={},
            ),
            START_NS,
        )  # fmt: skip
        now_ns = START_NS
        for _ in range(200):
            now_ns += random.choice((5, 20, 700)) * MS_NS
            (meddle if random.random() < 0.35 else act)(random, venue, now_ns)
            venue.advance(now_ns)
        for user_id in venue.user_ids:
            for line in (Line.COIN_M, Line.USD_M):
                seen.update(report.trade_type for report in venue.queries.fills(user_id, line))
            seen["transfers"] += len(venue.transfers.made(user_id))
    assert min(seen[name] for name in ("Trade", "Funding", "LiqTrade", "AdlTrade", "transfers")) > 0, seen
