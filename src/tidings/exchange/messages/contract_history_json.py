"""COIN-M in the words of `/api-data/futures`: alphabetical keys, no twins (phemex docs 2024, "Future data")."""

from collections.abc import Sequence

from tidings.exchange.messages.json_text import boolean, quote
from tidings.exchange.reports import OrderReport


def data_order(report: OrderReport) -> str:
    """A row of `/api-data/futures/orders` and `/orders/by-order-id`."""
    r = report
    return (
        f'{{"actionTimeNs":{r.action_time_ns},"bizError":{r.code},"clOrdID":{quote(r.cl_ord_id)},'
        f'"closedPnlEv":{r.closed_pnl},"closedSize":{r.closed_size},"cumQty":{r.cum_qty},"cumValueEv":{r.cum_value},'
        f'"displayQty":{r.display_qty},"leavesQty":{r.leaves_qty},"leavesValueEv":{r.leaves_value},'
        f'"ordStatus":"{r.ord_status}","orderID":"{r.order_id}","orderQty":{r.order_qty},"orderType":"{r.ord_type}",'
        f'"priceEp":{r.price},"reduceOnly":{boolean(r.reduce_only)},"side":"{r.side}",'
        f'"stopDirection":"{r.stop_direction}","stopLossEp":{r.stop_loss},"symbol":"{r.instrument.symbol}",'
        f'"takeProfitEp":{r.take_profit},"timeInForce":"{r.time_in_force}","transactTimeNs":{r.transact_time_ns}}}'
    )


def data_trade(report: OrderReport) -> str:
    """A row of `/api-data/futures/trades`."""
    r = report
    return (
        f'{{"action":"{r.action}","clOrdID":{quote(r.cl_ord_id)},"closedPnlEv":{r.closed_pnl},'
        f'"closedSize":{r.closed_size},"currency":"{r.instrument.settle_currency}","execFeeEv":{r.exec_fee},'
        f'"execID":"{r.exec_id}","execPriceEp":{r.exec_price},"execQty":{r.exec_qty},"execStatus":"{r.exec_status}",'
        f'"execValueEv":{r.exec_value},"feeRateEr":{r.fee_rate_er},"ordType":"{r.ord_type}","orderID":"{r.order_id}",'
        f'"orderQty":{r.order_qty},"priceEp":{r.price},"side":"{r.side}","symbol":"{r.instrument.symbol}",'
        f'"tradeType":"{r.trade_type}","transactTimeNs":{r.transact_time_ns}}}'
    )


def trading_fees(day_ms: int, fills: Sequence[OrderReport]) -> str:
    """A row of `/api-data/futures/trading-fees`: the executions of one symbol in the day that begins at `day_ms`."""
    made, taken = made_and_taken(fills)
    instrument = fills[0].instrument
    return (
        f'{{"createTime":{day_ms},"currency":"{instrument.settle_currency}",'
        f'"exchangeFeeValueEv":{sum(fill.exec_fee for fill in fills)},"id":{fees_id(day_ms, fills[0])},'
        f'"makerRateEr":{instrument.maker_fee_er},"makerValueEv":{made},"symbol":"{instrument.symbol}",'
        f'"takerRateEr":{instrument.taker_fee_er},"takerValueEv":{taken},"userId":{fills[0].user_id}}}'
    )


def made_and_taken(fills: Sequence[OrderReport]) -> tuple[int, int]:
    """The value traded as maker, and as taker."""
    made = sum(fill.exec_value for fill in fills if fill.last_liquidity_ind == "AddedLiquidity")
    return made, sum(fill.exec_value for fill in fills) - made


def fees_id(day_ms: int, fill: OrderReport) -> int:
    """A number that names one day of one user and symbol; what the venue's stands for is not documented."""
    return day_ms // 86_400_000 * 10_000 + fill.user_id % 10_000
