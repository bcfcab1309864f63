"""The words people write for sides, types and times in force, as enumerations.

Accepts the enumeration itself or its name in any case: "buy", "Sell", "GTC", "IOC", "PostOnly", "mark". Anything else
is a UsageError that lists what would do.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TypeVar

from tidings.errors import UsageError
from tidings.model.enums import (
    ExecInst,
    OrdType,
    PegType,
    PosSide,
    SelfTradePrevention,
    Side,
    TimeInForce,
    Trigger,
)

Word = TypeVar("Word", bound=IntEnum)

_TIME_IN_FORCE_WORDS = {
    "GOODTILLCANCEL": TimeInForce.GTC,
    "IMMEDIATEORCANCEL": TimeInForce.IOC,
    "FILLORKILL": TimeInForce.FOK,
}
_POST_ONLY_WORDS = {"POSTONLY": ExecInst.POST_ONLY, "RPIPOSTONLY": ExecInst.POST_ONLY | ExecInst.RPI}
_TRIGGER_WORDS = {
    "MARK": Trigger.MARK_PRICE,
    "LAST": Trigger.LAST_PRICE,
    "INDEX": Trigger.INDEX_PRICE,
    "BYMARKPRICE": Trigger.MARK_PRICE,
    "BYLASTPRICE": Trigger.LAST_PRICE,
    "BYINDEXPRICE": Trigger.INDEX_PRICE,
}


def side_of(word: str | Side) -> Side:
    """The Side that "buy" or "sell" names."""
    return _word(Side, word, "side")


def pos_side_of(word: str | PosSide) -> PosSide:
    """The PosSide that "merged", "long" or "short" names."""
    return _word(PosSide, word, "pos_side")


def ord_type_of(word: str | OrdType) -> OrdType:
    """The OrdType that "limit", "market", "stop", "stop_limit", … names."""
    return _word(OrdType, word, "ord_type")


def peg_type_of(word: str | PegType) -> PegType:
    """The PegType that a word names."""
    return _word(PegType, word, "peg_type")


def stp_of(word: str | SelfTradePrevention) -> SelfTradePrevention:
    """What "none", "cancel_maker", "cancel_taker" or "cancel_both" names."""
    return _word(SelfTradePrevention, word, "stp")


def trigger_of(word: str | Trigger) -> Trigger:
    """The Trigger that "mark", "last" or "index" names, or the venue's own word for it."""
    return _word(Trigger, word, "trigger", _TRIGGER_WORDS)


def time_in_force_of(word: str | TimeInForce) -> tuple[TimeInForce, ExecInst]:
    """Time in force, and the post-only instruction that the venue spells as one."""
    if isinstance(word, str) and (inst := _POST_ONLY_WORDS.get(_plain(word))) is not None:
        return TimeInForce.GTC, inst
    if isinstance(word, str) and _plain(word) == "DAY":
        raise UsageError("tif: the venue has no DAY orders: use GTC and cancel at the end of your day")
    return _word(TimeInForce, word, "tif", _TIME_IN_FORCE_WORDS), ExecInst.NONE


def _plain(word: str) -> str:
    return word.upper().replace("_", "").replace("-", "").replace(" ", "")


def _word(kind: type[Word], word: str | Word, what: str, also: dict[str, Word] | None = None) -> Word:
    if isinstance(word, kind):
        return word
    if isinstance(word, str):
        for member in kind:
            if _plain(member.name) == _plain(word):
                return member
        if also and (found := also.get(_plain(word))) is not None:
            return found
    names = ", ".join(member.name for member in kind)
    raise UsageError(f"{what}: expected one of {names}: was {word!r}")
