"""Which subscription brings what (phemex docs 2026, "WebSocket API")."""

import pytest
from market_instruments import INSTRUMENTS, INVERSE, LINEAR, SPOT

from tidings.errors import UsageError
from tidings.market.price_tick import TickKind
from tidings.venue.phemex.market_topics import Topic, topic_of
from tidings.venue.phemex.products import Products

PRODUCTS = Products(
    INSTRUMENTS,
    tick_symbols={
        "BTCUSD": {TickKind.INDEX: ".BTC", TickKind.FUNDING: ".BTCFR8H"},
        "BTCUSDT": {TickKind.MARK: ".MBTCUSDT"},
    },
)


@pytest.mark.parametrize(
    ("instrument", "word", "topic"),
    [
        (INVERSE, "book", ("orderbook", ("BTCUSD",))),
        (LINEAR, "book", ("orderbook_p", ("BTCUSDT",))),
        (SPOT, "book", ("orderbook", ("sBTCUSDT",))),
        (INVERSE, "trade", ("trade", ("BTCUSD",))),
        (LINEAR, "trade", ("trade_p", ("BTCUSDT",))),
        (SPOT, "kline:60", ("kline", ("sBTCUSDT", 60))),
        (LINEAR, "kline:86400", ("kline_p", ("BTCUSDT", 86400))),
        (INVERSE, "ticker", ("market24h", ())),
        (LINEAR, "ticker", ("perp_market24h_pack_p", ())),
        (SPOT, "ticker", ("spot_market24h", ())),
        (INVERSE, "index", ("tick", (".BTC",))),
        (INVERSE, "funding", ("tick", (".BTCFR8H",))),
        (LINEAR, "mark", ("tick_p", (".MBTCUSDT",))),
    ],
)
def test_every_word_has_its_subscription(instrument, word, topic):
    assert topic_of(instrument, word, PRODUCTS) == Topic(*topic)


@pytest.mark.parametrize(
    ("instrument", "word", "says"),
    [
        (SPOT, "index", "sBTCUSDT: the venue tells no index"),
        (INVERSE, "mark", "BTCUSD: the venue tells no mark"),
        (INVERSE, "books", "no channel 'books'.*kline:SECONDS"),
        (LINEAR, "kline:61", "kline:61.*60, 300"),
        (LINEAR, "kline:", "'kline:'.*60, 300"),
        (LINEAR, "kline:-60", "kline:-60"),
        (LINEAR, "kline:²", "seconds"),
    ],
)
def test_what_the_venue_does_not_have_is_said(instrument, word, says):
    with pytest.raises(UsageError, match=says):
        topic_of(instrument, word, PRODUCTS)
