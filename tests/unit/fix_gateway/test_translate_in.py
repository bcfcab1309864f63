"""NewOrderSingle → the engine's words, against the dialect's tables."""

import pytest

from tidings.fix_gateway.translate_in import Refusal, Rules, new_order
from tidings.model.enums import OrdType, PegType, PosSide, SelfTradePrevention, Trigger


class Message(dict):
    def find(self, tag: int, nth: int = 0) -> bytes | None:
        return self.get(tag)


LIMIT = {35: b"D", 11: b"o1", 55: b"BTCUSDT", 54: b"1", 38: b"0.01", 40: b"2", 44: b"60000", 60: b"20260801-00:00:00"}
STOP = {**LIMIT, 40: b"3", 99: b"61000"}


def read(fields, *, hedged=False, rules=None, **changes: bytes):
    tags = {int(name[1:]): value for name, value in changes.items()}
    return new_order(Message({**fields, **tags}), hedged, rules or Rules())


ORD_TYPES = [  # side, 40, 1109 → the venue's type
    (b"1", b"1", None, OrdType.MARKET), (b"1", b"2", None, OrdType.LIMIT), (b"1", b"3", None, OrdType.STOP),
    (b"1", b"3", b"U", OrdType.STOP), (b"2", b"3", b"D", OrdType.STOP), (b"1", b"3", b"D", OrdType.MARKET_IF_TOUCHED),
    (b"2", b"3", b"U", OrdType.MARKET_IF_TOUCHED), (b"1", b"J", None, OrdType.MARKET_IF_TOUCHED),
    (b"1", b"4", None, OrdType.STOP_LIMIT), (b"2", b"4", b"D", OrdType.STOP_LIMIT),
    (b"1", b"4", b"D", OrdType.LIMIT_IF_TOUCHED), (b"2", b"W", None, OrdType.LIMIT_IF_TOUCHED),
]


@pytest.mark.parametrize(("side", "code", "direction", "wanted"), ORD_TYPES)
def test_order_types(side, code, direction, wanted):
    changes = {"t54": side, "t40": code, **({"t1109": direction} if direction else {})}
    assert read(STOP, **changes).words["ord_type"] is wanted


TRIGGERS = [
    ({}, Trigger.LAST_PRICE), ({"t1107": b"2"}, Trigger.LAST_PRICE), ({"t1107": b"M"}, Trigger.MARK_PRICE),
    ({"t1107": b"I"}, Trigger.INDEX_PRICE), ({"t1107": b"1"}, Trigger.ASK_PRICE), ({"t1107": b"3"}, Trigger.BID_PRICE),
    ({"t5127": b"1"}, Trigger.MARK_PRICE), ({"t5127": b"2"}, Trigger.LAST_PRICE),
    ({"t5127": b"3"}, Trigger.INDEX_PRICE),
]


@pytest.mark.parametrize(("changes", "wanted"), TRIGGERS)
def test_trigger_sources(changes, wanted):
    assert read(STOP, **changes).words["trigger"] is wanted


def test_the_sessions_trigger_is_the_default():
    assert read(STOP, rules=Rules(trigger_by=Trigger.MARK_PRICE)).words["trigger"] is Trigger.MARK_PRICE


TIMES = [
    ({}, "GTC"), ({"t59": b"1"}, "GTC"), ({"t59": b"3"}, "IOC"), ({"t59": b"4"}, "FOK"), ({"t59": b"P"}, "PostOnly"),
    ({"t18": b"6", "t20004": b"Y"}, "RPIPostOnly"), ({"t40": b"1"}, "IOC"),
]


@pytest.mark.parametrize(("changes", "wanted"), TIMES)
def test_times_in_force(changes, wanted):
    assert read(LIMIT, **changes).words["tif"] == wanted


def test_day_is_good_till_cancelled_only_where_the_session_says_so():
    assert read(LIMIT, rules=Rules(day_is_gtc=True), t59=b"0").words["tif"] == "GTC"
    with pytest.raises(Refusal) as refusal:
        read(LIMIT, t59=b"0")
    assert refusal.value.reason == 11


@pytest.mark.parametrize("value", [b"6 E", b"6E", b"E 6"])
def test_instructions_may_be_run_together(value):
    words = read(LIMIT, t18=value).words
    assert (words["post_only"], words["reduce_only"]) == (True, True)


POSITIONS = [  # hedged, fields → pos_side, reduce_only, close_on_trigger
    (False, LIMIT, {}, (None, False, False)),
    (False, LIMIT, {"t77": b"C"}, (None, True, False)),
    (False, STOP, {"t77": b"C"}, (None, False, True)),
    (True, LIMIT, {"t77": b"O"}, (PosSide.LONG, False, False)),
    (True, LIMIT, {"t77": b"O", "t54": b"2"}, (PosSide.SHORT, False, False)),
    (True, LIMIT, {"t77": b"C"}, (PosSide.SHORT, True, False)),
    (True, LIMIT, {"t77": b"C", "t54": b"2"}, (PosSide.LONG, True, False)),
    (True, LIMIT, {"t20002": b"S"}, (PosSide.SHORT, False, False)),
    (True, LIMIT, {"t20002": b"S", "t77": b"O"}, (PosSide.SHORT, False, False)),  # PosSide given always wins
    (False, LIMIT, {"t20001": b"Y"}, (None, True, False)),  # close-on-trigger of a plain order is reduce-only
]


@pytest.mark.parametrize(("hedged", "fields", "changes", "wanted"), POSITIONS)
def test_position_side_and_closing(hedged, fields, changes, wanted):
    words = read(fields, hedged=hedged, **changes).words
    assert (words["pos_side"], words["reduce_only"], words["close_on_trigger"]) == wanted


def test_numbers_stay_the_text_they_came_as():
    numbers = read(LIMIT, t38=b"0.0100", t44=b"60000.50", t111=b"0.005", t20010=b"70000", t20013=b"50000").numbers
    assert numbers == {
        "qty": "0.0100", "price": "60000.50", "display_qty": "0.005", "take_profit": "70000", "stop_loss": "50000"
    }


def test_a_trailing_stop_follows_by_its_offset():
    order = read({**STOP, 54: b"2"}, t18=b"a", t211=b"100")
    assert (order.numbers["peg_offset"], order.words["peg_type"]) == ("-100", PegType.TRAILING_TAKE_PROFIT)
    order = read(STOP, t40=b"P", t211=b"100", t20016=b"TrailingStopPeg")
    assert (order.numbers["peg_offset"], order.words["peg_type"]) == ("100", PegType.TRAILING_STOP)


def test_self_trade_types():
    kinds = {b"O": "CANCEL_MAKER", b"N": "CANCEL_TAKER", b"B": "CANCEL_BOTH"}
    assert {code: read(LIMIT, t7928=code).words["stp"].name for code in kinds} == kinds
    assert read(LIMIT).words["stp"] is SelfTradePrevention.NONE


REFUSED = [  # fields, changes, OrdRejReason, a word of the text
    (LIMIT, {"t54": b"5"}, 11, "tag 54"), (LIMIT, {"t40": b"K"}, 11, "OrdType"), (LIMIT, {"t59": b"6"}, 11, "59"),
    (LIMIT, {"t18": b"G"}, 11, "ExecInst"), (STOP, {"t1102": b"61001"}, 11, "differ"),
    (LIMIT, {"t44": b"1e3"}, 99, "44"),
    (LIMIT, {"t44": b"+1"}, 99, "44"), (LIMIT, {"t1": b"other"}, 15, "account"), (LIMIT, {"t55": b"XRPUSDT"}, 1, "XRP"),
    (LIMIT, {"t59": b"3", "t18": b"6"}, 11, "post-only"), (LIMIT, {"t20015": b"2"}, 11, "20013"),
    ({**LIMIT, 40: b"3"}, {}, 11, "99"), ({**STOP, 18: b"a"}, {}, 11, "211"), (LIMIT, {"t152": b"5"}, 11, "152"),
]


@pytest.mark.parametrize(("fields", "changes", "reason", "word"), REFUSED)
def test_what_the_dialect_does_not_know_is_refused(fields, changes, reason, word):
    rules = Rules(account="A1", symbols=frozenset({"BTCUSDT"}))
    with pytest.raises(Refusal, match=word) as refusal:
        read(fields, rules=rules, **changes)
    assert refusal.value.reason == reason


def test_a_hedged_account_needs_to_know_which_side():
    with pytest.raises(Refusal, match="hedged"):
        read(LIMIT, hedged=True)


def test_what_comes_back_in_every_report_is_as_it_was_said():
    assert read(LIMIT, t18=b"6 E", t1=b"A").echo == {1: "A", 18: "6 E", 40: "2", 59: "1"}
    assert read(LIMIT, t18=b"6E").echo[18] == "6 E"
