"""The words people write, and the enumerations they mean."""

import pytest

from tidings.errors import UsageError
from tidings.model.enums import ExecInst, PosSide, SelfTradePrevention, Side, TimeInForce, Trigger
from tidings.model.words import pos_side_of, side_of, stp_of, time_in_force_of, trigger_of


@pytest.mark.parametrize("word", ["buy", "Buy", "BUY", Side.BUY])
def test_side_in_any_case(word):
    assert side_of(word) is Side.BUY


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("GTC", (TimeInForce.GTC, ExecInst.NONE)),
        ("GoodTillCancel", (TimeInForce.GTC, ExecInst.NONE)),
        ("ioc", (TimeInForce.IOC, ExecInst.NONE)),
        ("immediate-or-cancel", (TimeInForce.IOC, ExecInst.NONE)),
        ("FillOrKill", (TimeInForce.FOK, ExecInst.NONE)),
        ("PostOnly", (TimeInForce.GTC, ExecInst.POST_ONLY)),
        ("post_only", (TimeInForce.GTC, ExecInst.POST_ONLY)),
        ("RPIPostOnly", (TimeInForce.GTC, ExecInst.POST_ONLY | ExecInst.RPI)),
        (TimeInForce.IOC, (TimeInForce.IOC, ExecInst.NONE)),
    ],
)
def test_time_in_force_and_the_instruction_the_venue_spells_as_one(word, expected):
    assert time_in_force_of(word) == expected


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("last", Trigger.LAST_PRICE), ("LastPrice", Trigger.LAST_PRICE), ("ByLastPrice", Trigger.LAST_PRICE),
        ("mark", Trigger.MARK_PRICE), ("ByMarkPrice", Trigger.MARK_PRICE), ("index", Trigger.INDEX_PRICE),
        ("bid price", Trigger.BID_PRICE), ("none", Trigger.NONE),
    ],
)
def test_trigger_words(word, expected):
    assert trigger_of(word) is expected


def test_position_side_and_self_trade_prevention():
    assert (pos_side_of("Long"), pos_side_of("merged")) == (PosSide.LONG, PosSide.MERGED)
    assert (stp_of("CancelMaker"), stp_of("none")) == (SelfTradePrevention.CANCEL_MAKER, SelfTradePrevention.NONE)


@pytest.mark.parametrize("word", ["bid", "", "1", 1, 1.0, None, b"buy", True])
def test_anything_else_is_refused_with_what_would_do(word):
    with pytest.raises(UsageError, match=r"side: expected one of BUY, SELL: was "):
        side_of(word)


def test_enumeration_of_another_kind_is_refused():
    with pytest.raises(UsageError, match="side"):
        side_of(PosSide.LONG)


def test_day_orders_are_refused_with_advice():
    with pytest.raises(UsageError, match="GTC"):
        time_in_force_of("Day")
