"""Rows of the venue's lists of executions, read exactly. Shapes: phemex docs 2026; the numbers are made up."""

from decimal import Decimal

import pytest
from market_instruments import LINEAR

from tidings.errors import PeerError
from tidings.model.enums import ProductLine, Side
from tidings.model.instrument import Instrument
from tidings.venue.phemex.trade_rows import past_trade

INVERSE = Instrument(
    symbol="BTCUSD", line=ProductLine.INVERSE, index=0, base_currency="BTC", quote_currency="USD",
    settle_currency="BTC", price_scale=4, tick_mantissa=1000, qty_scale=0, lot_mantissa=1, value_scale=8,
)  # fmt: skip
SPOT = Instrument(
    symbol="sETHUSDT", line=ProductLine.SPOT, index=0, base_currency="ETH", quote_currency="USDT",
    settle_currency="USDT", price_scale=8, tick_mantissa=1_000_000, qty_scale=8, lot_mantissa=1000, value_scale=8,
    base_value_scale=8,
)  # fmt: skip
EXEC_ID, ORDER_ID = "0b2ed5a2-8f8e-5f0a-9e0c-0f4c3b2a1d00", "3f6b8f7e-31ab-4c6d-8f0e-9a7b6c5d4e3f"
NIL_ID = "00000000-0000-0000-0000-000000000000"
COMMON = {"transactTimeNs": 1_790_000_000_123_456_789, "side": "Sell", "tradeType": "Trade", "orderID": ORDER_ID,
          "clOrdID": "mine"}  # fmt: skip
LINEAR_ROW = {**COMMON, "execID": EXEC_ID, "execPriceRp": "61000.55", "execQtyRq": "0.0015", "execFeeRv": "-0.00915008"}
INVERSE_ROW = {**COMMON, "execID": EXEC_ID, "execPriceEp": 500_005_001, "execQty": 7, "execFeeEv": -35}
SPOT_ROW = {**COMMON, "execId": EXEC_ID, "execPriceEp": 250_012_000_000, "execBaseQtyEv": 1_230_000,
            "execFeeEv": 3_075, "feeCurrency": "USDT"}  # fmt: skip


def test_decimals_stay_what_they_are():
    trade = past_trade(LINEAR, LINEAR_ROW)
    assert (trade.exec_id, trade.order_id, trade.cl_ord_id, trade.side) == (EXEC_ID, ORDER_ID, "mine", Side.SELL)
    assert (trade.px, trade.qty, trade.fee) == (Decimal("61000.55"), Decimal("0.0015"), Decimal("-0.00915008"))
    assert (trade.fee_currency, trade.wall_ns) == ("USDT", 1_790_000_000_123_456_789)


def test_scaled_integers_are_read_at_their_scales_off_the_grid_of_today_too():
    trade = past_trade(INVERSE, INVERSE_ROW)  # 50000.5001 is no multiple of the tick, 0.1
    assert (trade.px, trade.qty) == (Decimal("50000.5001"), Decimal(7))
    assert (trade.fee, trade.fee_currency) == (Decimal("-0.00000035"), "BTC")


def test_spot_says_what_the_fee_was_taken_in_or_it_is_what_was_received():
    trade = past_trade(SPOT, SPOT_ROW)
    assert (trade.px, trade.qty) == (Decimal("2500.12"), Decimal("0.0123"))
    assert (trade.fee, trade.fee_currency) == (Decimal("0.00003075"), "USDT")
    bought = {**SPOT_ROW, "side": "Buy"}
    del bought["feeCurrency"]
    assert past_trade(SPOT, bought).fee_currency == "ETH"


@pytest.mark.parametrize("kind", ["LiqTrade", "AdlTrade"])
def test_what_moved_the_position_is_an_execution(kind):
    assert past_trade(LINEAR, {**LINEAR_ROW, "tradeType": kind}).trade_type == kind


def test_funding_has_no_order():
    row = {**INVERSE_ROW, "tradeType": "Funding", "orderID": NIL_ID, "clOrdID": "SettlingFunding"}
    trade = past_trade(INVERSE, row)
    assert (trade.trade_type, trade.order_id) == ("Funding", "")


@pytest.mark.parametrize("kind", ["TransferIn", "", None])
def test_what_is_neither_is_left_out(kind):
    assert past_trade(LINEAR, {**LINEAR_ROW, "tradeType": kind}) is None


@pytest.mark.parametrize(
    ("key", "value"),
    [("execPriceRp", "dear"), ("execPriceRp", None), ("execQtyRq", "NaN"), ("execFeeRv", "Infinity"), ("side", "None"),
     ("execID", ""), ("execID", NIL_ID), ("transactTimeNs", None), ("transactTimeNs", 0), ("transactTimeNs", "soon")],
)  # fmt: skip
def test_a_row_with_a_hole_is_a_broken_answer(key, value):
    with pytest.raises(PeerError, match="BTCUSDT"):
        past_trade(LINEAR, {**LINEAR_ROW, key: value})
