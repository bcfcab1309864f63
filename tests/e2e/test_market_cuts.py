"""Market connections that are cut again and again in the middle of what is under way: a live book is never wrong."""

import asyncio
from collections import defaultdict

from cutting_proxy import CuttingProxy
from phemex_client import RestClient
from test_market_data import MARKETS, Sides, rest_book

import tidings
from tidings.market.feed_state import FeedEvent

CUTS = 4
COMPARISONS_MIN = 5
LIMIT_S = 40.0  # back-off doubles up to its fifth attempt; alone it takes eight seconds


async def test_a_live_book_is_the_exchanges_book_whatever_is_cut(start_exchange):
    exchange = start_exchange("--no-rate-limits", "--seed", "13")
    ready, rest = exchange.ready, RestClient(exchange.ready)
    told: dict[str, dict[int, Sides]] = defaultdict(dict)
    shown: dict[str, dict[int, Sides]] = defaultdict(dict)
    lost: list[str] = []

    def hear_book(book, now_ns):
        if book.is_live:
            told[book.symbol][book.sequence] = book.bids(), book.offers()

    def hear_state(book, event, now_ns):
        if event is FeedEvent.DISCONNECTED:
            lost.append(book.symbol)

    def common(symbol: str) -> set[int]:
        return told[symbol].keys() & shown[symbol].keys()

    target = ready["ws"].removeprefix("wss://").split("/")[0]
    with CuttingProxy(target, lives_s=(0.3, 1.5), seed=3) as proxy:
        async with tidings.connect(
            "local", api_url=ready["rest"], ws_url=f"wss://{proxy.address}/ws", ca_file=ready["ca_file"],
            rate_limits=False,
        ) as phemex:  # fmt: skip
            phemex.engine.market.add_listener(book=hear_book, state=hear_state)
            await phemex.subscribe(*MARKETS)
            async with asyncio.timeout(LIMIT_S):
                while len(lost) < CUTS * len(MARKETS) or any(len(common(name)) < COMPARISONS_MIN for name in MARKETS):
                    for symbol in MARKETS:
                        sequence, sides = rest_book(rest, phemex.instrument(symbol))
                        shown[symbol][sequence] = sides
                    await asyncio.sleep(0.03)
            proxy.lives_s = None
            async with asyncio.timeout(LIMIT_S):
                while phemex.state.doubtful_books:
                    await asyncio.sleep(0.05)
            assert sum(feed.stream.malformed_count for feed in phemex.engine.market.feeds) == 0
    rest.close()
    for symbol in MARKETS:
        for sequence in common(symbol):
            assert told[symbol][sequence] == shown[symbol][sequence], (symbol, sequence)
