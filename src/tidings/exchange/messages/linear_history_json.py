"""USD-M as JSON in the words of `/exchange/order/v2`: integer enums, milliseconds, ids cut to seven characters.

Keys and order as captured in 2024. The numbers are those seen in captures and documents; a state whose number no source
shows is 0 here, and so is a word that a client made up.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from tidings.exchange.messages.contract_history_json import fees_id, made_and_taken
from tidings.exchange.messages.json_text import quote, ratio, real
from tidings.exchange.reports import OrderReport

MS_NS = 1_000_000
SHORT_ID_CHARACTERS = 7  # `clOrdId` there is the beginning of orderId, not the client's id (observed 2024)

ORD_STATUSES: Final[Mapping[str, int]] = MappingProxyType({
    "Created": 0, "Untriggered": 1, "Deactivated": 2, "Triggered": 3, "Rejected": 4, "New": 5, "PartiallyFilled": 6,
    "Filled": 7, "Canceled": 8,
})  # fmt: skip
ORD_TYPES: Final[Mapping[str, int]] = MappingProxyType({
    "Market": 1, "Limit": 2, "Stop": 3, "StopLimit": 4, "MarketIfTouched": 5, "LimitIfTouched": 6,
})  # fmt: skip
EXEC_STATUSES: Final[Mapping[str, int]] = MappingProxyType({
    "Init": 0, "Aborted": 2, "New": 5, "MakerFill": 6, "TakerFill": 7, "Expired": 8, "Canceled": 11, "Replaced": 18,
    "CreateRejected": 19,
})  # fmt: skip
TRADE_TYPES: Final[Mapping[str, int]] = MappingProxyType({
    "Trade": 1, "Funding": 4, "LiqTrade": 6, "AdlTrade": 7, "Amend": 8, "Replace": 10,
})  # fmt: skip
_SIDES = {"Buy": 1, "Sell": 2}
_POS_SIDES = {"Long": 1, "Short": 2, "Merged": 3}
_ACTIONS = {"New": 1, "Cancel": 2, "Replace": 3, "CancelAll": 4, "LiqRequest": 11, "SettleFundingFee": 13}
_TRIGGERS = {"ByMarkPrice": 1, "ByIndexPrice": 2, "ByLastPrice": 3}
_STOP_DIRECTIONS = {"Rising": 1, "Falling": 2}


def order_list_row(report: OrderReport) -> str:
    """A row of `/exchange/order/v2/orderList`."""
    r = report
    i = r.instrument

    def price(value: int) -> str:
        return real(value, i.price_scale)

    def amount(value: int) -> str:
        return real(value, i.value_scale)

    return (
        f'{{"createdAt":{r.create_time_ns // MS_NS},"symbol":"{i.symbol}",'
        f'"orderQtyRq":{real(r.order_qty, i.qty_scale)},"side":{_SIDES[r.side]},'
        f'"posSide":{_POS_SIDES.get(r.pos_side, 0)},"priceRp":{price(r.price)},'
        f'"execQtyRq":{real(r.cum_qty, i.qty_scale)},"leavesQtyRq":{real(r.leaves_qty, i.qty_scale)},'
        f'"execPriceRp":{price(r.avg_price)},"orderValueRv":{amount(r.cum_value + r.leaves_value)},'
        f'"leavesValueRv":{amount(r.leaves_value)},"cumValueRv":{amount(r.cum_value)},'
        f'"stopDirection":{_STOP_DIRECTIONS.get(r.stop_direction, 0)},"stopPxRp":{price(r.stop_px)},'
        f'"trigger":{_TRIGGERS.get(r.trigger, 0)},"actionBy":{_action_by(r)},"execFeeRv":{amount(r.cum_fee)},'
        f'"ordType":{ORD_TYPES.get(r.ord_type, 0)},"ordStatus":{ORD_STATUSES[r.ord_status]},'
        f'"clOrdId":"{r.order_id[:SHORT_ID_CHARACTERS]}","orderId":"{r.order_id}",'
        f'"execStatus":{EXEC_STATUSES.get(r.exec_status, 0)},"bizError":{r.code},"totalPnlRv":null,'
        f'"avgTransactPriceRp":null,"orderDetailsVos":null,"tradeType":{_last_trade_type(r)},'
        f'"updatedAt":{r.transact_time_ns // MS_NS}}}'
    )


def _action_by(report: OrderReport) -> int:
    """Who acted last, by number: 1 the user, 4 the trigger of a conditional order, 0 after an amend (observed 2024)."""
    if report.trigger_time_ns:
        return 4
    return 0 if report.exec_status == "Replaced" else 1


def _last_trade_type(report: OrderReport) -> int:
    """The kind of the order's last event: an amend is one (observed 2024)."""
    return TRADE_TYPES["Replace"] if report.exec_status == "Replaced" else TRADE_TYPES.get(report.trade_type, 0)


def trading_list_row(report: OrderReport) -> str:
    """A row of `/exchange/order/v2/tradingList`: it names neither the order nor, in full, the execution."""
    r = report
    i = r.instrument
    return (
        f'{{"createdAt":{r.transact_time_ns // MS_NS},"symbol":"{i.symbol}","currency":{quote(i.settle_currency)},'
        f'"action":{_ACTIONS[r.action]},"tradeType":{TRADE_TYPES.get(r.trade_type, 0)},'
        f'"execQtyRq":{real(r.exec_qty, i.qty_scale)},"execPriceRp":{real(r.exec_price, i.price_scale)},'
        f'"side":{_SIDES[r.side]},"orderQtyRq":{real(r.order_qty, i.qty_scale)},'
        f'"priceRp":{real(r.price, i.price_scale)},"execValueRv":{real(r.exec_value, i.value_scale)},'
        f'"feeRateRr":{ratio(r.fee_rate_er)},"execFeeRv":{real(r.exec_fee, i.value_scale)},'
        f'"ordType":{ORD_TYPES.get(r.ord_type, 0)},"execId":"{r.exec_id[:SHORT_ID_CHARACTERS]}",'
        f'"execStatus":{EXEC_STATUSES.get(r.exec_status, 0)},"posSide":{_POS_SIDES.get(r.pos_side, 0)},'
        f'"ptFeeRv":"0","ptPriceRp":"0"}}'
    )


def trading_fees(day_ms: int, fills: Sequence[OrderReport]) -> str:
    """A row of `/api-data/g-futures/trading-fees`: as on the COIN-M line, with the numbers of this one."""
    made, taken = made_and_taken(fills)
    i = fills[0].instrument
    fee = sum(fill.exec_fee for fill in fills)
    return (
        f'{{"createTime":{day_ms},"currency":"{i.settle_currency}","exchangeFeeValueRv":{real(fee, i.value_scale)},'
        f'"id":{fees_id(day_ms, fills[0])},"makerRateRr":{ratio(i.maker_fee_er)},'
        f'"makerValueRv":{real(made, i.value_scale)},"symbol":"{i.symbol}","takerRateRr":{ratio(i.taker_fee_er)},'
        f'"takerValueRv":{real(taken, i.value_scale)},"userId":{fills[0].user_id}}}'
    )
