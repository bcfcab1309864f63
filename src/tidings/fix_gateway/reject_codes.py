"""Why something was refused, as FIX 4.4 counts it: OrdRejReason (103) and CxlRejReason (102).

Two sources: the venue's business codes, and our own DenyReason for what never left. Only values of stock FIX 4.4 are
used, so that a strict client accepts them.
"""

from __future__ import annotations

from typing import Final

from tidings.model.enums import DenyReason
from tidings.venue.phemex.error_codes import meaning_of

# OrdRejReason
UNKNOWN_SYMBOL, EXCHANGE_CLOSED, EXCEEDS_LIMIT, UNKNOWN_ORDER, DUPLICATE_ORDER = 1, 2, 3, 5, 6
STALE, UNSUPPORTED, INCORRECT_QUANTITY, UNKNOWN_ACCOUNT, OTHER = 8, 11, 13, 15, 99
# CxlRejReason
TOO_LATE, CXL_UNKNOWN_ORDER, CXL_PENDING, CXL_DUPLICATE = 0, 1, 3, 6

_ORD_REJ: Final[dict[int, int]] = {
    **dict.fromkeys((11027, 11070), UNKNOWN_SYMBOL),
    **dict.fromkeys((11001, 11002, 11003, 11031, 11032, 11081, 11082, 11100, 11101, 11105, 11106, 11114, 11116, 39995),
                    EXCEEDS_LIMIT),
    10002: UNKNOWN_ORDER,
    **dict.fromkeys((10001, 11033, 11085, 19999), DUPLICATE_ORDER),
    **dict.fromkeys((*range(11034, 11040), *range(11043, 11053), *range(11074, 11081), 11083, 11084, 11086, 11095,
                     11096, 11112, 11126, 11128), UNSUPPORTED),
    **dict.fromkeys((11012, 11056, 11058, 11115), INCORRECT_QUANTITY),
    **dict.fromkeys((11022, 11026, 11069, 11113), UNKNOWN_ACCOUNT),
}  # fmt: skip
_CXL_REJ: Final[dict[int, int]] = {
    **dict.fromkeys((10002, 11111), CXL_UNKNOWN_ORDER),
    **dict.fromkeys((10003, 10004, 10005, 11061, 11064), CXL_PENDING),
    **dict.fromkeys((11015, 11062, 11063, 11066, 11108, 11109, 11110), TOO_LATE),
    11085: CXL_DUPLICATE,
}
_DENIED_ORD: Final[dict[int, int]] = {
    **dict.fromkeys(
        (DenyReason.RATE_LIMIT, DenyReason.MAX_QTY, DenyReason.MAX_NOTIONAL, DenyReason.MAX_OPEN_ORDERS,
         DenyReason.TABLE_FULL, DenyReason.MAX_POSITION, DenyReason.MAX_POSITION_NOTIONAL, DenyReason.MAX_GROSS,
         DenyReason.MAX_NET, DenyReason.ORDER_RATE, DenyReason.WINDOW_QTY, DenyReason.WINDOW_NOTIONAL,
         DenyReason.STRATEGY_NOTIONAL, DenyReason.STRATEGY_GROSS, DenyReason.STRATEGY_RATE,
         DenyReason.STRATEGY_WINDOW, DenyReason.REPEATED_EXECUTIONS, DenyReason.LANES_FULL),
        EXCEEDS_LIMIT,
    ),
    **dict.fromkeys((DenyReason.HALTED, DenyReason.SYMBOL_HALTED, DenyReason.STRATEGY_HALTED, DenyReason.KILLED,
                     DenyReason.REDUCING), EXCHANGE_CLOSED),
    DenyReason.BAD_QTY: INCORRECT_QUANTITY,
    DenyReason.DUPLICATE_ORDER: DUPLICATE_ORDER,
    DenyReason.BAD_TERMS: UNSUPPORTED,
}  # fmt: skip
_DENIED_CXL: Final[dict[int, int]] = {
    DenyReason.ORDER_DONE: TOO_LATE,
    DenyReason.UNKNOWN_ORDER: CXL_UNKNOWN_ORDER,
    DenyReason.REQUEST_PENDING: CXL_PENDING,
    DenyReason.BAD_QTY: TOO_LATE,  # no more than what has filled already
}
# The venue cannot be reached: nothing is queued, and the client is told so by a BusinessMessageReject.
LINK_DOWN: Final = frozenset({DenyReason.NOT_CONNECTED, DenyReason.NOT_READY, DenyReason.CLOCK_UNSURE})


def ord_rej_reason(code: int) -> int:
    """103 of a business code of the venue's."""
    return _ORD_REJ.get(code, OTHER)


def cxl_rej_reason(code: int) -> int:
    """102 of a business code of the venue's."""
    return _CXL_REJ.get(code, OTHER)


def denied_ord_rej_reason(reason: int) -> int:
    """103 of an order that we refused before the wire."""
    return _DENIED_ORD.get(reason, OTHER)


def denied_cxl_rej_reason(reason: int) -> int:
    """102 of a cancel or amend that we refused before the wire."""
    return _DENIED_CXL.get(reason, OTHER)


def code_text(code: int, venue_text: str) -> str:
    """Text (58) of a refusal: `<code> <NAME>: <meaning>`, or just the words where no code of the venue's says it."""
    if code == 0:
        return venue_text or "not at the venue"
    entry = meaning_of(code, venue_text)
    return f"{code} {entry.name}: {entry.meaning}"
