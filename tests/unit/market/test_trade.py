"""A print of the public tape."""

from market_instruments import LINEAR

from tidings.market.trade import Trade
from tidings.model.enums import Side


def test_a_trade_knows_its_symbol():
    trade = Trade(LINEAR, Side.SELL, price_ticks=612_505, qty_lots=25, venue_time_ns=1_800_000_000_000_000_000)
    assert (trade.symbol, trade.side, trade.price_ticks, trade.qty_lots) == ("BTCUSDT", Side.SELL, 612_505, 25)
