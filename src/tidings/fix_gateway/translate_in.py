"""From a NewOrderSingle to the engine's words. Pure: a message and a few facts in, an order's terms or a refusal out.

Numbers stay the text they came as, and are put on the instrument's grid by the engine's own exact conversion. What the
dialect does not know is refused with its OrdRejReason; nothing is guessed or rounded.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tidings.fix_gateway.field_text import FieldSource, decimal_of
from tidings.fix_gateway.reject_codes import OTHER, UNKNOWN_ACCOUNT, UNKNOWN_SYMBOL, UNSUPPORTED
from tidings.model.enums import OrdType, PegType, PosSide, SelfTradePrevention, Side, Trigger

ECHOED = (1, 18, 40, 59, 77, 210, 7928, 20004)  # terms that come back in every report as they were said
_SIDES = {b"1": Side.BUY, b"2": Side.SELL}
_PRICED = (OrdType.LIMIT, OrdType.STOP_LIMIT, OrdType.LIMIT_IF_TOUCHED)
_CONDITIONAL = (OrdType.STOP, OrdType.STOP_LIMIT, OrdType.MARKET_IF_TOUCHED, OrdType.LIMIT_IF_TOUCHED)
_TIMES_IN_FORCE = {b"1": "GTC", b"3": "IOC", b"4": "FOK", b"P": "PostOnly"}
_TRIGGERS = {
    b"2": Trigger.LAST_PRICE, b"M": Trigger.MARK_PRICE, b"I": Trigger.INDEX_PRICE, b"1": Trigger.ASK_PRICE,
    b"3": Trigger.BID_PRICE,
}  # fmt: skip
_TRIGGER_METHODS = {b"1": Trigger.MARK_PRICE, b"2": Trigger.LAST_PRICE, b"3": Trigger.INDEX_PRICE}  # tag 5127
_SELF_TRADE = {
    b"O": SelfTradePrevention.CANCEL_MAKER, b"N": SelfTradePrevention.CANCEL_TAKER,
    b"B": SelfTradePrevention.CANCEL_BOTH,
}  # fmt: skip
_POS_SIDES = {b"M": PosSide.MERGED, b"L": PosSide.LONG, b"S": PosSide.SHORT}
_PRICES = {44: "price", 99: "stop_px", 20010: "take_profit", 20013: "stop_loss", 20011: "take_profit_px",
           20014: "stop_loss_px"}  # fmt: skip
_YES_NO = {b"Y": True, b"N": False}


class Refusal(Exception):
    """An order that cannot be taken: OrdRejReason (103) and words (58)."""

    def __init__(self, reason: int, text: str) -> None:
        super().__init__(text)
        self.reason = reason
        self.text = text


@dataclass(frozen=True, slots=True)
class Rules:
    """What depends on the session rather than on the message."""

    account: str = ""  # what Account (1) must be; "": whatever it is
    day_is_gtc: bool = False
    trigger_by: Trigger = Trigger.LAST_PRICE
    symbols: frozenset[str] = frozenset()  # that may be traded; none: all


@dataclass(frozen=True, slots=True)
class NewOrder:
    """A NewOrderSingle in the engine's words: for `OrderDesk.terms` and `OrderDesk.draft`."""

    symbol: str
    side: Side
    words: dict[str, Any]
    numbers: dict[str, Any]
    echo: dict[int, str]


def new_order(message: FieldSource, is_hedged: bool, rules: Rules) -> NewOrder:
    """Read a NewOrderSingle (D). Raises Refusal."""
    symbol = _text(message, 55)
    if rules.symbols and symbol not in rules.symbols:
        raise Refusal(UNKNOWN_SYMBOL, f"{symbol} is not among this session's symbols")
    account = message.find(1)
    if account is not None and rules.account and account.decode("latin-1") != rules.account:
        raise Refusal(UNKNOWN_ACCOUNT, "not this session's account")
    side = _choice(message, 54, _SIDES)
    instructions = _instructions(message.find(18))
    ord_type, is_trailing = _ord_type(message, side, instructions)
    numbers = _numbers(message, ord_type)
    words: dict[str, Any] = {
        "ord_type": ord_type,
        "tif": _time_in_force(message, ord_type, instructions, rules),
        "post_only": "6" in instructions,
        "reduce_only": "E" in instructions,
        "close_on_trigger": _choice(message, 20001, _YES_NO, False),
        "text": _text(message, 58, ""),
        "stp": _choice(message, 7928, _SELF_TRADE, SelfTradePrevention.NONE),
        "qty_in_quote": "quote_qty" in numbers,
    }
    if ord_type in _CONDITIONAL:
        words["trigger"] = _trigger(message, rules)
    if is_trailing:
        _make_trailing(message, side, words, numbers)
    _attach(message, words, numbers)
    _choose_position(message, side, ord_type in _CONDITIONAL, is_hedged, words)
    _check_qty(words, numbers)
    return NewOrder(symbol, side, words, numbers, _echo(message))


def _echo(message: FieldSource) -> dict[int, str]:
    found = {tag: value.decode("latin-1") for tag in ECHOED if (value := message.find(tag)) is not None}
    if instructions := found.get(18):
        found[18] = " ".join(instructions.replace(" ", ""))  # however it came, FIX separates them
    if found.get(59, "P") == "P":
        found[59] = "1"  # absent means good till cancelled, whatever the venue calls it; post-only is 18=6
    return found


def _instructions(value: bytes | None) -> set[str]:
    """ExecInst: letters, blank separated or run together."""
    found = set((value or b"").decode("latin-1").replace(" ", ""))
    if unknown := found - {"6", "E", "a"}:
        raise Refusal(UNSUPPORTED, f"ExecInst (18): {' '.join(sorted(unknown))} is not supported")
    return found


def _ord_type(message: FieldSource, side: Side, instructions: set[str]) -> tuple[OrdType, bool]:
    """The engine's type, and whether it trails. A stop whose trigger lies in its favour is an if-touched order."""
    code = message.find(40)
    direction = message.find(1109)
    if direction not in (None, b"U", b"D"):
        raise Refusal(UNSUPPORTED, "TriggerPriceDirection (1109) must be U or D")
    is_touched = direction is not None and direction != (b"U" if side == Side.BUY else b"D")
    if code == b"P" or (code == b"3" and "a" in instructions):
        return OrdType.STOP, True
    if "a" in instructions:
        raise Refusal(UNSUPPORTED, "ExecInst (18) a is for OrdType 3 and P")
    if code == b"3":
        return (OrdType.MARKET_IF_TOUCHED if is_touched else OrdType.STOP), False
    if code == b"4":
        return (OrdType.LIMIT_IF_TOUCHED if is_touched else OrdType.STOP_LIMIT), False
    plain = {b"1": OrdType.MARKET, b"2": OrdType.LIMIT, b"J": OrdType.MARKET_IF_TOUCHED, b"W": OrdType.LIMIT_IF_TOUCHED}
    if code not in plain:
        raise Refusal(UNSUPPORTED, f"OrdType (40): {(code or b'').decode('latin-1')} is not supported")
    return plain[code], False


def _numbers(message: FieldSource, ord_type: OrdType) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for tag, name in _PRICES.items():
        if (value := _decimal(message, tag)) is not None:
            found[name] = value
    trigger_px = _decimal(message, 1102)
    if trigger_px is not None and found.setdefault("stop_px", trigger_px) != trigger_px:
        raise Refusal(UNSUPPORTED, "StopPx (99) and TriggerPrice (1102) differ")
    if ord_type in _PRICED and "price" not in found:
        raise Refusal(UNSUPPORTED, "Conditionally Required Field Missing (44)")
    if ord_type in _CONDITIONAL and "stop_px" not in found:
        raise Refusal(UNSUPPORTED, "Conditionally Required Field Missing (99)")
    if ord_type not in _PRICED:
        found.pop("price", None)  # a protective price is no term of the venue's market orders
    if ord_type not in _CONDITIONAL:
        found.pop("stop_px", None)
    for name, tags in (("qty", (38,)), ("quote_qty", (152,)), ("display_qty", (111, 210, 1138))):
        for tag in tags:
            if name not in found and (value := _decimal(message, tag)) is not None:
                found[name] = value
    return found


def _check_qty(words: dict[str, Any], numbers: dict[str, Any]) -> None:
    if "quote_qty" in numbers:
        if "qty" in numbers or words["ord_type"] != OrdType.MARKET:
            raise Refusal(UNSUPPORTED, "CashOrderQty (152) is for market orders, in place of OrderQty (38)")
        numbers["qty"] = numbers.pop("quote_qty")
    elif "qty" not in numbers:
        if not words["close_on_trigger"]:
            raise Refusal(UNSUPPORTED, "Conditionally Required Field Missing (38)")
        numbers["qty"] = 0


def _time_in_force(message: FieldSource, ord_type: OrdType, instructions: set[str], rules: Rules) -> str:
    code = message.find(59) or b"1"
    if code == b"0" and rules.day_is_gtc:
        code = b"1"
    if code not in _TIMES_IN_FORCE:
        raise Refusal(UNSUPPORTED, f"TimeInForce (59): {code.decode('latin-1')} is not supported")
    if "6" in instructions and code not in (b"1", b"P"):
        raise Refusal(UNSUPPORTED, "a post-only order is good till cancelled (59=1)")
    is_rpi = _choice(message, 20004, _YES_NO, False)
    if is_rpi and not ("6" in instructions or code == b"P"):
        raise Refusal(UNSUPPORTED, "RetailPriceImprovement (20004) is for post-only orders")
    if is_rpi:
        return "RPIPostOnly"
    if ord_type not in _PRICED and code == b"1":
        return "IOC"  # what the venue takes for orders without a price
    return _TIMES_IN_FORCE[code]


def _trigger(message: FieldSource, rules: Rules) -> Trigger:
    is_letter = message.find(1107) is not None
    tag, choices = (1107, _TRIGGERS) if is_letter else (5127, _TRIGGER_METHODS)
    trigger: Trigger = _choice(message, tag, choices, rules.trigger_by)
    return trigger


def _make_trailing(message: FieldSource, side: Side, words: dict[str, Any], numbers: dict[str, Any]) -> None:
    """It follows the price by an offset: down from the best for a sell, up for a buy."""
    offset = _decimal(message, 211)
    if offset is None:
        raise Refusal(UNSUPPORTED, "Conditionally Required Field Missing (211)")
    size = offset.lstrip("-")
    numbers["peg_offset"] = f"-{size}" if side == Side.SELL else size
    is_plain = _text(message, 20016, "TrailingTakeProfitPeg") == "TrailingStopPeg"
    words["peg_type"] = PegType.TRAILING_STOP if is_plain else PegType.TRAILING_TAKE_PROFIT
    words["close_on_trigger"] = words["close_on_trigger"] or "qty" not in numbers


def _attach(message: FieldSource, words: dict[str, Any], numbers: dict[str, Any]) -> None:
    """Take-profit and stop-loss that travel with the order."""
    for name, tag in (("take_profit", 20012), ("stop_loss", 20015)):
        if name in numbers:
            words[f"{name}_trigger"] = _choice(message, tag, _TRIGGERS, Trigger.LAST_PRICE)
        elif message.find(tag) is not None or f"{name}_px" in numbers:
            raise Refusal(UNSUPPORTED, f"tag {tag} without the trigger price it belongs to ({tag - 2})")


def _choose_position(
    message: FieldSource, side: Side, is_conditional: bool, is_hedged: bool, words: dict[str, Any]
) -> None:
    """PositionEffect (77) and PosSide (20002): which position, and whether the order may only close it."""
    effect = message.find(77)
    if effect not in (None, b"O", b"C"):
        raise Refusal(UNSUPPORTED, "PositionEffect (77) must be O or C")
    pos_side = _choice(message, 20002, _POS_SIDES, None)
    if effect == b"C":
        words["close_on_trigger" if is_conditional and not is_hedged else "reduce_only"] = True
    if pos_side is None and is_hedged:
        if effect is None:
            raise Refusal(UNSUPPORTED, "hedged position mode: PositionEffect (77) or PosSide (20002) is needed")
        pos_side = PosSide.LONG if (side == Side.BUY) == (effect == b"O") else PosSide.SHORT
    words["pos_side"] = pos_side
    if not is_conditional and words["close_on_trigger"]:
        words["reduce_only"], words["close_on_trigger"] = True, False


# ---- Values ----------------------------------------------------------------------------------------------------------

_REQUIRED: Any = object()


def _choice(message: FieldSource, tag: int, choices: dict[bytes, Any], default: Any = _REQUIRED) -> Any:
    value = message.find(tag)
    if value is None and default is not _REQUIRED:
        return default
    if value not in choices:
        raise Refusal(UNSUPPORTED, f"tag {tag}: {(value or b'').decode('latin-1')!r} is not supported")
    return choices[value]


def _decimal(message: FieldSource, tag: int) -> str | None:
    value = message.find(tag)
    if value is None:
        return None
    text = decimal_of(value)
    if text is None:
        raise Refusal(OTHER, f"tag {tag}: {value.decode('latin-1')!r} is no decimal number")
    return text


def _text(message: FieldSource, tag: int, default: str | None = None) -> str:
    value = message.find(tag)
    if value is None:
        if default is None:
            raise Refusal(OTHER, f"Conditionally Required Field Missing ({tag})")
        return default
    return value.decode("latin-1")
