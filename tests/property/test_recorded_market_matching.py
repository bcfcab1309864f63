"""A market recorded from one exchange and played in another: the same book, whatever the steps of the clock, and
nothing is created or lost by users who trade in it.
"""

import json
import tempfile
from collections import Counter
from pathlib import Path
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st
from test_exchange_conservation import MS_NS, START_NS, act, check_orders, check_wallets_and_margin, totals

from tidings.exchange.catalogue import load_catalogue
from tidings.exchange.markets.recorded_market import Displayed
from tidings.exchange.streams.market_feeds import BOOK_INTERVAL_NS, BookFeed, TradeFeed
from tidings.exchange.venue import Venue
from tidings.exchange.venue_config import VenueConfig
from tidings.exchange.venue_rules import Rules

SYMBOLS = ("BTCUSD", "BTCUSDT", "sBTCUSDT")
CATALOGUE = load_catalogue()  # instruments are equal to themselves only


def recorded(seed: int, flow: str, polls: int, path: Path) -> dict[str, tuple[list, list]]:
    """Record what an exchange with a flow would push for so many polls; the books at the end."""
    venue = Venue(VenueConfig(seed=seed, flow=flow), START_NS)
    feeds = [feed for symbol in SYMBOLS for feed in (
        TradeFeed(venue.markets[symbol], Rules()),
        BookFeed(venue.markets[symbol], 0, BOOK_INTERVAL_NS, START_NS, Rules()),
    )]  # fmt: skip
    Random(seed).shuffle(feeds)  # trades before the book that shows them, or behind it
    lines = [(START_NS, text) for feed in feeds for text in feed.snapshot(START_NS)]
    for poll in range(1, polls + 1):
        now_ns = START_NS + poll * BOOK_INTERVAL_NS
        venue.advance(now_ns)
        lines.extend((now_ns, text) for feed in feeds for text in feed.poll(now_ns))
    path.write_text("".join(f'{{"received_ns":{ns},"message":{text}}}\n' for ns, text in lines))
    assert all(json.loads(text) for _, text in lines)
    return {symbol: venue.markets[symbol].levels() for symbol in SYMBOLS}


def playing(seed: int, path: Path, rule: str = "proportional") -> Venue:
    config = VenueConfig(seed=seed, recording=path, rules=Rules(recorded_cancels=rule),
                         wallet_funds={"BTC": 1, "USDT": 20_000})
    return Venue(config, START_NS, CATALOGUE)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32), flow=st.sampled_from(["quiet", "normal", "crash"]), step=st.integers(1, 2_000))
def test_without_users_the_played_market_is_the_recorded_one(seed: int, flow: str, step: int) -> None:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "market.jsonl")
        books = recorded(seed, flow, 150, path)
        venue = playing(seed, path)
        for now_ns in range(START_NS, START_NS + 151 * BOOK_INTERVAL_NS, step * MS_NS):
            venue.advance(now_ns)
        venue.advance(START_NS + 151 * BOOK_INTERVAL_NS)
        assert venue.playback is not None
        assert venue.playback.view()["state"] == "ended"
        assert {symbol: venue.markets[symbol].levels() for symbol in SYMBOLS} == books
        for symbol in SYMBOLS:
            rows = Counter(
                (row[1], str(row[2]))
                for line in path.read_text().splitlines()
                for message in [json.loads(line)["message"]]
                if message["symbol"] == symbol
                for row in message.get("trades", message.get("trades_p", ()))
            )
            assert venue.markets[symbol].trade_count == rows.total()


@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 2**32), flow=st.sampled_from(["normal", "crash"]),
    rule=st.sampled_from(["proportional", "behind-first", "ahead-first"]),
)  # fmt: skip
def test_nothing_is_created_or_lost_in_a_recorded_market(seed: int, flow: str, rule: str) -> None:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "market.jsonl")
        recorded(seed, flow, 200, path)
        runs = []
        for step_ms in (1, 7):  # the clock's steps between the users' actions
            random, venue, now_ns = Random(seed), playing(seed, path, rule), START_NS
            handed_out, told = totals(venue), []
            for _ in range(120):
                due_ns = now_ns + random.randint(0, 60) * MS_NS
                for between_ns in range(now_ns, due_ns, step_ms * MS_NS):
                    told.extend(venue.advance(between_ns))
                now_ns = due_ns
                told.extend(venue.advance(now_ns))
                act(random, venue, now_ns)
                told.extend(venue.advance(now_ns))
            check_orders(venue)
            check_wallets_and_margin(venue)
            assert totals(venue) == handed_out
            for symbol in SYMBOLS:
                book = venue.markets[symbol].book
                for level in (*book.bids, *book.asks):
                    orders = list(level.orders)
                    assert all(order.owner or isinstance(order, Displayed) for order in orders)
            runs.append((told, venue.admin_view()))
        assert runs[0] == runs[1]
