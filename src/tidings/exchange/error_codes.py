"""The venue's error codes: names and meanings.

The table is data (`error_codes.json`: phemex docs 2026, "Error codes", and undocumented ones seen in clients, marked so
in their meaning). Codes used by this exchange have a name here, so that a typing mistake is an ImportError.
"""

import json
from importlib.resources import files
from typing import Final


def _load() -> dict[int, tuple[str, str]]:
    text = files("tidings.exchange").joinpath("error_codes.json").read_text(encoding="utf-8")
    return {int(code): (entry["name"], entry["meaning"]) for code, entry in json.loads(text).items()}


_TABLE: Final = _load()


def name_of(code: int) -> str:
    """The enum name of `code`, "" for 0, "UNKNOWN_<code>" for one that is not in the table."""
    if code == 0:
        return ""
    entry = _TABLE.get(code)
    return entry[0] if entry else f"UNKNOWN_{code}"


def meaning_of(code: int) -> str:
    """What `code` says in words, "" if it is not in the table."""
    entry = _TABLE.get(code)
    return entry[1] if entry else ""


def sentence_of(code: int) -> str:
    """The name as the account stream phrases it: 11001 is "TE: no enough available balance" (observed 2025)."""
    prefix, _, rest = name_of(code).partition("_")
    return f"{prefix}: {rest.replace('_', ' ').lower()}" if rest else prefix


# Reasons the matching engine gives for removing an order (field cxlRejReason).
CE_NO_ENOUGH_QTY: Final = 100
CE_WILLCROSS: Final = 101

OM_ORDER_NOT_FOUND: Final = 10002
OM_ORDER_PENDING_CANCEL: Final = 10003
OM_ORDER_PENDING_REPLACE: Final = 10004
OM_ORDER_PENDING: Final = 10005
AUTH_OR_PARAMETER_ERROR: Final = 10500
TE_NO_ENOUGH_AVAILABLE_BALANCE: Final = 11001
TE_INVALID_RISK_LIMIT: Final = 11002
TE_NO_ENOUGH_BALANCE_FOR_NEW_RISK_LIMIT: Final = 11003
TE_INVALID_LEVERAGE: Final = 11004
TE_NO_ENOUGH_BALANCE_FOR_NEW_LEVERAGE: Final = 11005
TE_CANNOT_CHANGE_POSITION_MARGIN_WITHOUT_POSITION: Final = 11006
TE_CANNOT_CHANGE_POSITION_MARGIN_FOR_CROSS_MARGIN: Final = 11007
TE_CANNOT_REMOVE_POSITION_MARGIN_MORE_THAN_ADDED: Final = 11008
TE_CANNOT_REMOVE_POSITION_MARGIN_DUE_TO_UNREALIZED_PNL: Final = 11009
TE_CANNOT_ADD_POSITION_MARGIN: Final = 11010
TE_REDUCE_ONLY_ABORT: Final = 11011
TE_REPLACE_TO_INVALID_QTY: Final = 11012
TE_CONDITIONAL_NO_POSITION: Final = 11013
TE_CONDITIONAL_CLOSE_POSITION_WRONG_SIDE: Final = 11014
TE_REJECT_DUE_TO_IN_PROCESS_OF_LIQ: Final = 11023
TE_SYMBOL_INVALID: Final = 11027
TE_CURRENCY_INVALID: Final = 11028
TE_SO_NUM_EXCEEDS: Final = 11031
TE_AO_NUM_EXCEEDS: Final = 11032
TE_SIDE_INVALID: Final = 11034
TE_ORD_TYPE_INVALID: Final = 11035
TE_TIME_IN_FORCE_INVALID: Final = 11036
TE_EXEC_INST_INVALID: Final = 11037
TE_TRIGGER_INVALID: Final = 11038
TE_NO_LAST_PRICE: Final = 11042
TE_RISING_TRIGGER_DIRECTLY: Final = 11043
TE_FALLING_TRIGGER_DIRECTLY: Final = 11044
TE_TRIGGER_PRICE_TOO_LARGE: Final = 11045
TE_TRIGGER_PRICE_TOO_SMALL: Final = 11046
TE_BUY_TP_SHOULD_GT_BASE: Final = 11047
TE_BUY_SL_SHOULD_LT_BASE: Final = 11048
TE_SELL_TP_SHOULD_LT_BASE: Final = 11050
TE_SELL_SL_SHOULD_GT_BASE: Final = 11052
TE_PRICE_TOO_LARGE: Final = 11053
TE_PRICE_WORSE_THAN_BANKRUPT: Final = 11054
TE_PRICE_TOO_SMALL: Final = 11055
TE_QTY_TOO_LARGE: Final = 11056
TE_QTY_NOT_MATCH_REDUCE_ONLY: Final = 11057
TE_QTY_TOO_SMALL: Final = 11058
TE_ORD_ALREADY_PENDING_CANCEL: Final = 11061
TE_ORD_ALREADY_CANCELED: Final = 11062
TE_ORD_STATUS_CANNOT_CANCEL: Final = 11063
TE_ORD_ALREADY_PENDING_REPLACE: Final = 11064
TE_ORD_REPLACE_NOT_MODIFIED: Final = 11065
TE_ORD_STATUS_CANNOT_REPLACE: Final = 11066
TE_CANNOT_REPLACE_PRICE: Final = 11067
TE_CANNOT_REPLACE_QTY: Final = 11068
TE_CANNOT_ATTACH_TP_SL: Final = 11074
TE_TP_TOO_LARGE: Final = 11075
TE_TP_TOO_SMALL: Final = 11076
TE_TP_TRIGGER_INVALID: Final = 11077
TE_SL_TOO_LARGE: Final = 11078
TE_SL_TOO_SMALL: Final = 11079
TE_SL_TRIGGER_INVALID: Final = 11080
TE_RISK_LIMIT_EXCEEDS: Final = 11081
TE_CANNOT_COVER_ESTIMATE_ORDER_LOSS: Final = 11082
TE_CL_ORD_ID_DUPLICATE: Final = 11085
TE_PEG_PRICE_TYPE_INVALID: Final = 11086
TE_BUY_TS_SHOULD_LT_BASE: Final = 11087
TE_SELL_TS_SHOULD_GT_BASE: Final = 11090
TE_BUY_REVERT_VALUE_SHOULD_LT_ZERO: Final = 11091
TE_SELL_REVERT_VALUE_SHOULD_GT_ZERO: Final = 11092
TE_BUY_TTP_SHOULD_ACTIVATE_ABOVE_BASE: Final = 11093
TE_SELL_TTP_SHOULD_ACTIVATE_BELOW_BASE: Final = 11094
TE_TRAILING_ORDER_DUPLICATED: Final = 11095
TE_CLOSE_ORDER_CANNOT_ATTACH_TP_SL: Final = 11096
TE_CANNOT_FIND_WALLET_OF_THIS_CURRENCY: Final = 11097
TE_PLACE_ORDER_INSUFFICIENT_BASE_BALANCE: Final = 11105
TE_PLACE_ORDER_INSUFFICIENT_QUOTE_BALANCE: Final = 11106
TE_CANNOT_REPLACE_OR_CANCEL_MARKET_ORDER: Final = 11108
TE_CANNOT_REPLACE_OR_CANCEL_IOC_ORDER: Final = 11109
TE_CANNOT_REPLACE_OR_CANCEL_FOK_ORDER: Final = 11110
TE_QTY_TYPE_INVALID: Final = 11112
TE_ORDER_VALUE_TOO_LARGE: Final = 11114
TE_ORDER_VALUE_TOO_SMALL: Final = 11115
TE_BO_DONOT_SUPPORT_API: Final = 11126
TE_RPI_NOT_APPROVED_MARKET_MAKER: Final = 11143
TE_OI_LIMIT_REDUCE_ONLY: Final = 11150
TE_ERR_INCONSISTENT_POS_MODE: Final = 20004
ACCESS_FORBIDDEN: Final = 34003
SPOT_WALLET_BALANCE: Final = 35104
INVALID_PARAMETER: Final = 39108
SYMBOL_NOT_LISTED: Final = 39997
