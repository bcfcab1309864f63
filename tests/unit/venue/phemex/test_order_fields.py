"""What the venue has no word for is refused before it is sent."""

import pytest

from tidings.errors import UsageError
from tidings.model.enums import ExecInst, OrdType, ProductLine, SelfTradePrevention, Side, Trigger
from tidings.model.instrument import Instrument
from tidings.model.terms import OrderTerms
from tidings.venue.phemex.order_fields import LINES, constant_fields, number_fields


def instrument(line, **grid):
    settings = {"price_scale": 2, "tick_mantissa": 5, "qty_scale": 0, "lot_mantissa": 1, **grid}
    return Instrument(
        symbol="XYZ", line=line, index=0, base_currency="X", quote_currency="Z", settle_currency="Z", **settings
    )


def conditional(line, trigger):
    return OrderTerms(instrument(line), Side.BUY, ord_type=OrdType.STOP, trigger=trigger)


@pytest.mark.parametrize("trigger", [Trigger.INDEX_PRICE, Trigger.BID_PRICE, Trigger.ASK_PRICE])
def test_coin_m_watches_mark_and_last_only(trigger):
    with pytest.raises(UsageError, match=r"Trigger.MARK_PRICE, Trigger.LAST_PRICE here: was Trigger"):
        constant_fields(conditional(ProductLine.INVERSE, trigger))


@pytest.mark.parametrize(
    ("trigger", "word"),
    [
        (Trigger.MARK_PRICE, "ByMarkPrice"), (Trigger.LAST_PRICE, "ByLastPrice"), (Trigger.INDEX_PRICE, "ByIndexPrice"),
        (Trigger.BID_PRICE, "ByBidPrice"), (Trigger.ASK_PRICE, "ByAskPrice"),
    ],
)
def test_usd_m_watches_all_prices(trigger, word):
    assert ("triggerType", word) in constant_fields(conditional(ProductLine.LINEAR, trigger))


def test_self_trade_prevention_is_documented_for_usd_m_only():
    words = {
        SelfTradePrevention.CANCEL_MAKER: "CancelMaker",
        SelfTradePrevention.CANCEL_TAKER: "CancelTaker",
        SelfTradePrevention.CANCEL_BOTH: "CancelBoth",
    }
    for stp, word in words.items():
        terms = OrderTerms(instrument(ProductLine.LINEAR), Side.BUY, stp=stp)
        assert ("stpInstruction", word) in constant_fields(terms)
        with pytest.raises(UsageError, match="USD-M orders only"):
            constant_fields(OrderTerms(instrument(ProductLine.INVERSE), Side.BUY, stp=stp))


@pytest.mark.parametrize("inst", [ExecInst.POST_ONLY, ExecInst.RPI])
def test_post_only_needs_a_limit_price(inst):
    terms = OrderTerms(
        instrument(ProductLine.LINEAR), Side.BUY, ord_type=OrdType.STOP, trigger=Trigger.LAST_PRICE, exec_inst=inst
    )
    with pytest.raises(UsageError, match="post-only needs a limit price"):
        constant_fields(terms)


def test_spot_lots_are_scaled_to_the_base_currency():
    coarse = instrument(ProductLine.SPOT, qty_scale=2, lot_mantissa=5, base_value_scale=8)

    qty = number_fields(OrderTerms(coarse, Side.BUY))[0]

    assert (qty.name, qty.mantissa, qty.scale) == ("baseQtyEv", 5_000_000, 0)


@pytest.mark.parametrize("line", [ProductLine.INVERSE, ProductLine.SPOT])
def test_a_lot_finer_than_the_wire_is_refused(line):
    with pytest.raises(UsageError, match="a lot has 3 decimals, the wire only"):
        number_fields(OrderTerms(instrument(line, qty_scale=3, base_value_scale=2), Side.BUY))


def test_every_line_has_its_own_paths():
    paths = [
        (line.create_by_put_path, line.create_by_post_path, line.amend_path, line.cancel_path, line.cancel_all_path)
        for line in LINES.values()
    ]

    assert paths == [
        ("/orders/create", "/orders", "/orders/replace", "/orders/cancel", "/orders/all"),
        ("/g-orders/create", "/g-orders", "/g-orders/replace", "/g-orders/cancel", "/g-orders/all"),
        ("/spot/orders/create", "/spot/orders", "/spot/orders", "/spot/orders", "/spot/orders/all"),
    ]
