"""Trades that come while the venue is being asked to send them: each told once, with whatever it must have."""

import asyncio
from types import SimpleNamespace

from fix_story import make_instrument

from tidings.clock import Clock
from tidings.fix_gateway.market_data import MarketData
from tidings.fix_gateway.tag_message import TagMessage
from tidings.fix_gateway.translate_in import Rules

SUBSCRIBE = [(262, b"r"), (263, b"1"), (264, b"0"), (267, b"1"), (269, b"2"), (146, b"1"), (55, b"BTCUSDT")]


class Desk:
    """The desk, its engine and its client in one: one instrument, and a venue that takes its time."""

    rules, clock = Rules(), Clock()

    def __init__(self):
        instrument = make_instrument()
        products = SimpleNamespace(find=lambda symbol: instrument, tradable=lambda symbol: instrument)
        self.phemex = SimpleNamespace(engine=SimpleNamespace(products=products, is_open=True), subscribe=self.subscribe)
        self.told = []
        self.is_asked, self.has_answered = asyncio.Event(), asyncio.Event()

    async def subscribe(self, *symbols, channels):
        self.is_asked.set()
        await self.has_answered.wait()

    def tell(self, msg_type, fields):
        assert all(value for _, value in fields)
        self.told.append((msg_type, [value for tag, value in fields if tag == 270]))


def trade(ticks):
    return SimpleNamespace(
        symbol="BTCUSDT", instrument=make_instrument(), price_ticks=ticks, qty_lots=1,
        venue_time_ns=1_800_000_000 * 10**9,
    )  # fmt: skip


async def test_a_trade_that_was_told_meanwhile_is_not_told_again():
    desk = Desk()
    market = MarketData(desk, desk)
    market.request(TagMessage(SUBSCRIBE))
    await desk.is_asked.wait()
    market.on_trade(trade(600_000))  # somebody else follows them already
    market.on_trade(trade(600_001))
    desk.has_answered.set()
    await asyncio.gather(*market._asking)
    assert desk.told == [(b"W", [b"60000"]), (b"X", [b"60000.1"])]
