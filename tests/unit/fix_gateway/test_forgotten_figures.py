"""Figures of a market that nobody asks for any more: what was is not told to who asks again."""

from decimal import Decimal
from types import SimpleNamespace

from market_instruments import INSTRUMENTS, INVERSE, LINEAR

from tidings.fix_gateway.market_data import MarketData
from tidings.fix_gateway.market_figures import INDEX
from tidings.fix_gateway.market_request import Subscription
from tidings.market.ticker import Ticker
from tidings.venue.phemex.products import Products


class Session:
    """A session, its engine and its market in one: whatever is subscribed is answered, and nothing comes by itself."""

    def __init__(self) -> None:
        self.engine = self.market = self.phemex = self
        self.is_open, self.products = True, Products(INSTRUMENTS)
        self.hear = None

    def add_listener(self, ticker, tick):
        self.hear = ticker
        return ticker

    def remove_listener(self, listener):
        self.hear = None

    def book(self, symbol):
        return None

    async def subscribe(self, *symbols, channels):
        pass

    def unsubscribe(self, *symbols, channels):
        pass


def day(instrument, index_price, time_ns):
    return Ticker(instrument, time_ns, *[Decimal(1)] * 6, index_price=Decimal(index_price))


async def test_figures_that_were_given_up_are_not_told_to_who_asks_again():
    session, told = Session(), []
    client = SimpleNamespace(tell=lambda kind, body: told.append(dict(body).get(262)))
    data = MarketData(session, client)

    async def ask(request_id, symbol):
        wanted = Subscription(request_id, (symbol,), 0, frozenset({INDEX}), is_once=False, is_incremental=True)
        data._subscriptions[request_id] = wanted
        await data._follow(wanted)

    await ask(b"kept", "BTCUSDT")
    await ask(b"old", "BTCUSD")
    session.hear(day(INVERSE, "60000", 1), 1)
    session.hear(day(LINEAR, "60001", 1), 1)
    assert told == [b"old", b"kept"]
    data._end(b"old")
    session.hear(day(INVERSE, "60002", 2), 2)  # others follow it
    await ask(b"new", "BTCUSD")
    assert told == [b"old", b"kept"], "what was told before it asked may be old"
    session.hear(day(INVERSE, "60003", 3), 3)
    assert told == [b"old", b"kept", b"new"]
