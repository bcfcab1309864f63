"""Words of events that only rules can settle: how an order begins, and how one ends that the engine does not keep."""

from typing import Final

from tidings.exchange.error_codes import CE_NO_ENOUGH_QTY, CE_WILLCROSS
from tidings.exchange.markets.matching import Outcome
from tidings.exchange.orders.orders import CANCELED
from tidings.exchange.venue_rules import Rules

FIRST_ERROR_CODE: Final = 1_000  # below are the reasons of cxlRejReason


def code_and_reason(code: int) -> tuple[int, int]:
    """`code` and cxlRejReason of an order that the venue takes off by itself, for one of either."""
    return (0, code) if code < FIRST_ERROR_CODE else (code, 0)


def removal(outcome: Outcome, rules: Rules) -> tuple[str, str, int]:
    """ordStatus, execStatus and cxlRejReason (phemex docs 2026) of an order with this outcome."""
    match outcome:
        case Outcome.WOULD_CROSS:
            return rules.post_only_ord_status, rules.post_only_exec_status, CE_WILLCROSS
        case Outcome.NOT_ENOUGH:
            return CANCELED, rules.fok_exec_status, CE_NO_ENOUGH_QTY
        case Outcome.REMAINDER:
            return CANCELED, rules.ioc_exec_status, CE_NO_ENOUGH_QTY
    return CANCELED, "Canceled", 0  # it met its owner's other order


def new_trade_type(rules: Rules) -> str:
    """tradeType of a New event; the stream leaves an empty one out."""
    return "" if rules.new_trade_type == "none" else rules.new_trade_type
