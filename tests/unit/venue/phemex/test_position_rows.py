"""Rows of the account query with their prices. Shapes: phemex docs 2026."""

from decimal import Decimal

import pytest
from market_instruments import LINEAR

from tidings.errors import PeerError
from tidings.model.enums import PosSide, ProductLine
from tidings.model.instrument import Instrument
from tidings.venue.phemex.position_rows import held_position

INVERSE = Instrument(
    symbol="BTCUSD", line=ProductLine.INVERSE, index=0, base_currency="BTC", quote_currency="USD",
    settle_currency="BTC", price_scale=4, tick_mantissa=1000, qty_scale=0, lot_mantissa=1, value_scale=8,
)  # fmt: skip
LINEAR_ROW = {
    "symbol": "BTCUSDT", "side": "Sell", "posSide": "Short", "size": "0.5", "avgEntryPriceRp": "61000.5",
    "markPriceRp": "60000", "liquidationPriceRp": "90000", "leverageRr": "-10", "curTermRealisedPnlRv": "-1.25",
}  # fmt: skip
INVERSE_ROW = {
    "symbol": "BTCUSD", "side": "Buy", "size": 1000, "avgEntryPriceEp": 500_000_000, "markPriceEp": 625_000_000,
    "liquidationPriceEp": 10_000, "leverageEr": 200_000_000, "curTermRealisedPnlEv": 12_345,
}  # fmt: skip


def test_a_short_gains_what_the_mark_has_fallen():
    held = held_position(LINEAR, LINEAR_ROW)
    assert (held.pos_side, held.entry_px, held.mark_px) == (PosSide.SHORT, Decimal("61000.5"), Decimal(60000))
    assert (held.liquidation_px, held.leverage, held.realised_pnl) == (Decimal(90000), Decimal(-10), Decimal("-1.25"))
    assert held.unrealised_pnl == Decimal("500.25")  # 0.5 × 1000.5


def test_inverse_contracts_gain_in_the_coin():
    held = held_position(INVERSE, INVERSE_ROW)
    assert (held.entry_px, held.mark_px, held.leverage) == (Decimal(50000), Decimal(62500), Decimal(2))
    assert held.realised_pnl == Decimal("0.00012345")
    assert held.unrealised_pnl == Decimal("0.004")  # 1000 × (1/50000 − 1/62500)


@pytest.mark.parametrize(
    ("instrument", "row", "gain"),
    [  # what was paid tells more than the average price, which is rounded: 0.03 bought for 1830.02
        (LINEAR, {"side": "Buy", "size": "0.03", "avgEntryPriceRp": "61000.7", "valueRv": "1830.02",
                  "markPriceRp": "61100.123456789"}, "2.98370370367"),
        (LINEAR, {"side": "Sell", "size": "0.03", "avgEntryPriceRp": "61000.7", "valueRv": "1830.02",
                  "markPriceRp": "61100.123456789"}, "-2.98370370367"),
        # 7 contracts are worth 7 / 61234.5 = 0.00011431... coins, whole units of 1e-8 of it: 11431; paid were 11667
        (INVERSE, {"side": "Buy", "size": 7, "avgEntryPriceEp": 600_000_000, "valueEv": 11_667,
                   "markPriceEp": 612_345_000}, "0.00000236"),
        (INVERSE, {"side": "Sell", "size": 7, "avgEntryPriceEp": 600_000_000, "valueEv": 11_667,
                   "markPriceEp": 612_345_000}, "-0.00000236"),
    ],
)  # fmt: skip
def test_what_was_paid_is_exact(instrument, row, gain):
    assert held_position(instrument, row).unrealised_pnl == Decimal(gain)


def test_without_prices_nobody_knows_the_gain():
    assert held_position(LINEAR, {**LINEAR_ROW, "markPriceRp": None}).unrealised_pnl is None
    assert held_position(LINEAR, {"side": "None", "size": "0"}).unrealised_pnl == 0


def test_a_price_that_is_no_number_is_a_broken_answer():
    with pytest.raises(PeerError, match="BTCUSDT"):
        held_position(LINEAR, {**LINEAR_ROW, "markPriceRp": "dear"})
