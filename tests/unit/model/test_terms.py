"""Combinations the venue would refuse are refused while there is still time to say why."""

import pytest
from order_samples import INVERSE, LINEAR, SPOT

from tidings.errors import UsageError
from tidings.model.enums import ExecInst, OrdType, PegType, PosSide, SelfTradePrevention, Side, TimeInForce, Trigger
from tidings.model.terms import OrderTerms

STOP = {"ord_type": OrdType.STOP, "trigger": Trigger.LAST_PRICE, "time_in_force": TimeInForce.IOC}


@pytest.mark.parametrize("ord_type", list(OrdType))
def test_conditional_types_and_triggers_belong_together(ord_type):
    waits = ord_type not in (OrdType.MARKET, OrdType.LIMIT)
    fine = OrderTerms(LINEAR, Side.BUY, ord_type=ord_type, trigger=Trigger.MARK_PRICE if waits else Trigger.NONE)
    assert (fine.is_conditional, fine.has_price) == (waits, "LIMIT" in ord_type.name)
    with pytest.raises(UsageError, match=f"BTCUSDT: {ord_type.name} .*trigger"):
        OrderTerms(LINEAR, Side.BUY, ord_type=ord_type, trigger=Trigger.NONE if waits else Trigger.MARK_PRICE)


@pytest.mark.parametrize("inst", [ExecInst.POST_ONLY, ExecInst.POST_ONLY | ExecInst.RPI])
@pytest.mark.parametrize(
    "words", [{"ord_type": OrdType.MARKET}, {"time_in_force": TimeInForce.IOC}, {"time_in_force": TimeInForce.FOK}]
)
def test_post_only_is_for_orders_that_rest(inst, words):
    OrderTerms(LINEAR, Side.BUY, exec_inst=inst)
    with pytest.raises(UsageError, match="post-only"):
        OrderTerms(LINEAR, Side.BUY, exec_inst=inst, **words)


def test_trailing_orders_are_stops():
    OrderTerms(LINEAR, Side.SELL, peg_type=PegType.TRAILING_STOP, **STOP)
    with pytest.raises(UsageError, match="trailing"):
        OrderTerms(LINEAR, Side.SELL, peg_type=PegType.TRAILING_STOP)


@pytest.mark.parametrize(
    "words",
    [
        {"exec_inst": ExecInst.REDUCE_ONLY}, {"exec_inst": ExecInst.CLOSE_ON_TRIGGER}, {"exec_inst": ExecInst.RPI},
        {"pos_side": PosSide.LONG}, {"stp": SelfTradePrevention.CANCEL_MAKER},
        {"take_profit_trigger": Trigger.LAST_PRICE}, {"stop_loss_trigger": Trigger.LAST_PRICE},
        {"peg_type": PegType.TRAILING_STOP, **STOP}, {**STOP, "trigger": Trigger.MARK_PRICE},
    ],
)
def test_what_is_for_contracts_is_refused_on_spot(words):
    OrderTerms(LINEAR, Side.BUY, **words)
    with pytest.raises(UsageError, match="sBTCUSDT"):
        OrderTerms(SPOT, Side.BUY, **words)


@pytest.mark.parametrize("instrument", [LINEAR, INVERSE])
def test_money_to_spend_is_for_spot(instrument):
    words = {"ord_type": OrdType.MARKET, "time_in_force": TimeInForce.IOC, "qty_in_quote": True}
    assert OrderTerms(SPOT, Side.BUY, **words).qty_in_quote
    with pytest.raises(UsageError, match="spot only"):
        OrderTerms(instrument, Side.BUY, **words)


@pytest.mark.parametrize("text", ["x" * 41, "naïve", "two\nlines", "nul\0"])
def test_text_is_short_and_plain(text):
    assert OrderTerms(LINEAR, Side.BUY, text="x" * 40).text == "x" * 40
    with pytest.raises(UsageError, match="40 printable"):
        OrderTerms(LINEAR, Side.BUY, text=text)


@pytest.mark.parametrize(
    ("name", "value"),
    [("ord_type", 9), ("time_in_force", 2), ("trigger", 17), ("pos_side", 3), ("peg_type", 5), ("stp", -1)],
)
def test_number_that_names_nothing_is_refused(name, value):
    with pytest.raises(ValueError, match=str(value)):
        OrderTerms(LINEAR, Side.BUY, **{name: value})


def test_equal_terms_have_equal_keys_and_different_ones_have_not():
    words = [{}, {"time_in_force": TimeInForce.IOC}, {"exec_inst": ExecInst.POST_ONLY}, {"pos_side": PosSide.LONG},
             {"stp": SelfTradePrevention.CANCEL_BOTH}, {"take_profit_trigger": Trigger.LAST_PRICE}, {"text": "a"}, STOP]
    keys = [OrderTerms(LINEAR, Side.BUY, **word).key for word in words]
    keys += [OrderTerms(LINEAR, Side.SELL).key, OrderTerms(INVERSE, Side.BUY).key]
    assert len(set(keys)) == len(keys)
    assert OrderTerms(LINEAR, Side.BUY, **STOP).key == OrderTerms(LINEAR, Side.BUY, **STOP).key
