"""One instrument of each product line, on grids like the venue's."""

from tidings.model.enums import ProductLine
from tidings.model.instrument import Instrument

INVERSE = Instrument(
    symbol="BTCUSD", line=ProductLine.INVERSE, index=0, base_currency="BTC", quote_currency="USD",
    settle_currency="BTC", price_scale=4, tick_mantissa=1000, qty_scale=0, lot_mantissa=1,
)  # fmt: skip
LINEAR = Instrument(
    symbol="BTCUSDT", line=ProductLine.LINEAR, index=1, base_currency="BTC", quote_currency="USDT",
    settle_currency="USDT", price_scale=1, tick_mantissa=1, qty_scale=3, lot_mantissa=1,
)  # fmt: skip
SPOT = Instrument(
    symbol="sBTCUSDT", line=ProductLine.SPOT, index=2, base_currency="BTC", quote_currency="USDT",
    settle_currency="USDT", price_scale=8, tick_mantissa=1_000_000, qty_scale=8, lot_mantissa=100,
)  # fmt: skip
INSTRUMENTS = {instrument.symbol: instrument for instrument in (INVERSE, LINEAR, SPOT)}
