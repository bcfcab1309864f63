"""What kind of value stands under a key: the type, the style of its number, the format of its id or time.

Two values of one kind may differ; two values of different kinds are a difference whatever they say.
"""

import re
from typing import Any

from tests.fidelity.raw_json import Number

_TRIMMED = re.compile(r"-?(0|[1-9]\d*)(\.\d*[1-9])?")
_DECIMAL = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-([0-9a-f])[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")
_ISO_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
_SHORT_ID = re.compile(r"[0-9a-f]{7}")  # the beginning of a UUID, in one query service
_SHORT_ID_KEYS = ("execId", "clOrdId")
_REAL_SUFFIXES = ("Rv", "Rr", "Rp", "Rq")
_NIL = "00000000-0000-0000-0000-000000000000"
_TIME_KEYS = re.compile(r".*(Ns|Time|timestamp|dts|mts|createdAt|updatedAt)$")
_TIME_DIGITS = 10  # seconds; what is shorter was invented by a document
PLACEHOLDERS = frozenset({"string", "...", "X" * 22})  # of documents that show a schema, and of redacted ids

# Words a key may hold (phemex docs 2026, "Enums"; captured 2024/2025). `side` and the like are integers elsewhere.
VOCABULARY = {
    "side": {"Buy", "Sell", "None", "buy", "sell"},  # one public query has them small
    "curPosSide": {"Buy", "Sell", "None"},
    "posSide": {"Merged", "Long", "Short", ""},
    "posMode": {"OneWay", "Hedged"},
    "ordStatus": {
        "Created", "Init", "Untriggered", "Triggered", "Deactivated", "Rejected", "New", "PartiallyFilled", "Filled",
        "Canceled",
    },
    "execStatus": {
        "Aborted", "MakerFill", "TakerFill", "Expired", "Canceled", "CreateRejected", "New", "PendingNew",
        "PendingCancel", "PendingReplace", "CancelRejected", "Replaced", "Registered", "NewRejected", "Init",
    },
    "timeInForce": {"GoodTillCancel", "ImmediateOrCancel", "FillOrKill", "PostOnly", "GoodTillModify"},
    "stopDirection": {"UNSPECIFIED", "Rising", "Falling"},
    "trigger": {"UNSPECIFIED", "ByMarkPrice", "ByLastPrice", "ByIndexPrice"},
    "execInst": {"None", "ReduceOnly", "CloseOnTrigger"},
    "lastLiquidityInd": {"AddedLiquidity", "RemovedLiquidity"},
    "qtyType": {"ByBase", "ByQuote"},
    "action": {"New", "Cancel", "Replace", "CancelAll", "SettleFundingFee", "LiqRequest"},
    "tradeType": {"Trade", "Funding", "LiqTrade", "AdlTrade", "Amend", "Replace"},
}  # fmt: skip

# What the set-up of a play determines: compared as text, not only by kind.
EXACT = frozenset({
    "code", "msg", "message", "bizError", "error", "result", "status", "stauts", "method", "data",
    "fields", "typeDesc", "nextPageArg",
    "symbol", "currency", "side", "posSide", "posMode", "ordType", "orderType", "timeInForce", "clOrdID", "type",
    "priceEp", "priceRp", "price", "orderQty", "orderQtyRq", "baseQtyEv", "quoteQtyEv", "qtyType",
    "ordStatus", "execStatus", "action", "actionBy", "tradeType", "lastLiquidityInd", "execInst", "reduceOnly",
    "leavesQty", "leavesQtyRq", "leavesValue", "leavesValueEv", "leavesValueRv",
    "leavesBaseQtyEv", "leavesQuoteQtyEv", "cumQty", "cumQtyRq", "cumValue", "cumValueEv", "cumValueRv",
    "execQty", "execQtyRq", "execPriceEp", "execPriceRp", "execValueEv", "execValueRv",
    "stopDirection", "stopPx", "stopPxEp", "stopPxRp", "trigger", "pegPriceType", "pegOffsetValueEp",
    "pegOffsetValueRp", "pegOffsetProportionEr", "pegOffsetProportionRr", "takeProfitEp", "takeProfitRp",
    "stopLossEp", "stopLossRp", "slPxRp", "tpPxRp", "slPxEp", "tpPxEp", "tpTrigger", "slTrigger",
    "slTimeInForce", "tpTimeInForce", "posTpSlPattern", "cxlRejReason", "closedSize", "closedSizeRq", "closedPnl",
    "closedPnlEv", "closedPnlRv", "size", "sizeRq", "leverageEr", "leverageRr", "positionStatus", "crossMargin",
    "depth", "scale", "priceScale", "qtyScale", "valueScale", "total", "feeCurrency", "baseCurrency",
    "quoteCurrency", "fundingInterval", "intervalSeconds", "riskMode", "userMode", "version", "valuationCurrency",
})  # fmt: skip


# What follows from the set-up by the venue's arithmetic of today: equal too, where the sample is a recent capture.
DERIVED = frozenset({
    "avgEntryPriceRp", "avgEntryPrice", "initMarginReqRr", "maintMarginReqRr", "buyValueToCostRr",
    "sellValueToCostRr", "takerFeeRateRr", "makerFeeRateRr", "valueRv", "posCostRv", "assignedPosBalanceRv",
    "usedBalanceRv", "bankruptPriceRp", "bankruptCommRv", "liquidationPriceRp", "riskLimitRv", "buyLeavesValueRv",
    "sellLeavesValueRv", "displayQty", "displayQtyRq", "feeRateRr", "execFeeRv", "deleveragePercentileRr",
    "estimatedOrdLossRv", "orderValueRv",
})  # fmt: skip


def kind(key: str, value: Any, is_wire: bool) -> str:
    """The kind of a scalar under `key`; `is_wire`: its text is the venue's own, so that decimals have a style."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, Number):
        return _number_kind(key, value, is_wire)
    if key in _SHORT_ID_KEYS and _SHORT_ID.fullmatch(value):
        return "short id"
    return _text_kind(value)


def is_time(key: str) -> bool:
    """Whether a number under `key` is a moment."""
    return _TIME_KEYS.fullmatch(key) is not None


def decimal_places(number: Number) -> int:
    """The scale of a decimal as Java's BigDecimal prints it: 8 for `0E-8`, `0.00003125` and `1.0E-7` alike."""
    mantissa, _, exponent = number.upper().partition("E")
    return len(mantissa.partition(".")[2]) - int(exponent or "0")


def _number_kind(key: str, number: Number, is_wire: bool) -> str:
    if re.fullmatch(r"-?\d+", number):
        return f"time of {len(number)} digits" if is_time(key) and len(number) >= _TIME_DIGITS else "integer"
    if not is_wire:
        return "decimal"
    spelling = f", zero as {number}" if not number.value else ""
    return f"decimal of {decimal_places(number)} places{spelling}"


def _text_kind(text: str) -> str:
    uuid = _UUID.fullmatch(text)
    if uuid:
        return "nil UUID" if text == _NIL else f"UUID of version {uuid[1]}"
    if _TRIMMED.fullmatch(text) and text != "-0":
        return "decimal text"
    if _DECIMAL.fullmatch(text):
        return "decimal text, not trimmed"
    return "ISO time" if _ISO_TIME.fullmatch(text) else "text"


def same_kind(key: str, expected: Any, got: Any, is_wire: bool) -> bool:
    """Whether two scalars are of one kind. A time may be 0, "never", and a decimal zero has a spelling of its own."""
    one, other = kind(key, expected, is_wire), kind(key, got, is_wire)
    if one == other:
        return True
    numbers = isinstance(expected, Number) and isinstance(got, Number)
    if numbers and is_time(key) and "0" in (expected, got):
        return one.startswith(("time", "integer")) and other.startswith(("time", "integer"))
    if numbers and not is_wire and key.endswith(_REAL_SUFFIXES):  # a JSON printer writes 999.0 as 999
        return True
    if numbers and one.startswith("decimal") and other.startswith("decimal"):
        both_zero = not expected.value and not got.value
        zeros_spelled = all(number.value or number == f"0E-{decimal_places(number)}" for number in (expected, got))
        return not both_zero and zeros_spelled and decimal_places(expected) == decimal_places(got)
    return expected in PLACEHOLDERS and isinstance(got, str) and not isinstance(got, Number)


def unknown_word(key: str, got: Any) -> bool:
    """Whether `got` is a word that the venue does not use under `key`."""
    words = VOCABULARY.get(key)
    is_word = isinstance(got, str) and not isinstance(got, Number)
    return words is not None and is_word and got not in words
