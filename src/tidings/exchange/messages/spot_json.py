"""Spot as JSON: scaled integers, base and quote quantities side by side. Keys and order as in the venue's samples."""

from tidings.exchange.messages.json_text import array, quote
from tidings.exchange.reports import AccountUpdate, OrderReport, WalletState


def order_reply(report: OrderReport) -> str:
    """`data` of create, replace and cancel, and a row of the open-order list."""
    r = report
    base, quote_leaves = _leaves(r)
    return (
        f'{{"orderID":"{r.order_id}","clOrdID":{quote(r.cl_ord_id)},"priceEp":{r.price},"action":"{r.action}",'
        f'"trigger":"{r.trigger}","pegPriceType":"{r.peg_price_type}","stopDirection":"{r.stop_direction}",'
        f'"bizError":{r.code},"symbol":"{r.instrument.symbol}","side":"{r.side}","baseQtyEv":{r.base_qty},'
        f'"ordType":"{r.ord_type}","timeInForce":"{r.time_in_force}","ordStatus":"{r.ord_status}",'
        f'"cumFeeEv":{r.cum_fee},"cumBaseQtyEv":{r.cum_qty},"cumQuoteQtyEv":{r.cum_value},'
        f'"leavesBaseQtyEv":{base},"leavesQuoteQtyEv":{quote_leaves},"avgPriceEp":{r.avg_price},'
        f'"cumBaseAmountEv":{r.cum_qty},"cumQuoteAmountEv":{r.cum_value},"quoteQtyEv":{r.quote_qty},'
        f'"qtyType":"{r.qty_type}","stopPxEp":{r.stop_px},"pegOffsetValueEp":{r.peg_offset}}}'
    )


def _leaves(report: OrderReport) -> tuple[int, int]:
    """What is still open: in base currency, or in quote currency for an order by quote; the other is 0."""
    return (0, report.leaves_value) if report.qty_type == "ByQuote" else (report.leaves_qty, 0)


def closed_order(report: OrderReport) -> str:
    """A row of `/api-data/spots/orders` and `/orders/by-order-id`: here `baseQtyEv` is a string (docs 2026)."""
    r = report
    base, quote_leaves = _leaves(r)
    return (
        f'{{"avgPriceEp":{r.avg_price},"avgTransactPriceEp":{r.avg_price},"baseQtyEv":"{r.base_qty}",'
        f'"clOrdID":{quote(r.cl_ord_id)},"createTimeNs":{r.create_time_ns},"cumBaseValueEv":{r.cum_qty},'
        f'"cumFeeEv":{r.cum_fee},"cumQuoteValueEv":{r.cum_value},"execStatus":"{r.exec_status}",'
        f'"feeCurrency":"{r.fee_currency}","leavesBaseQtyEv":{base},"leavesQuoteQtyEv":{quote_leaves},'
        f'"ordStatus":"{r.ord_status}","ordType":"{r.ord_type}","orderID":"{r.order_id}","priceEp":{r.price},'
        f'"qtyType":"{r.qty_type}","quoteQtyEv":{r.quote_qty},"side":"{r.side}","stopDirection":"{r.stop_direction}",'
        f'"stopPxEp":{r.stop_px},"symbol":"{r.instrument.symbol}","timeInForce":"{r.time_in_force}"}}'
    )


def trade_row(report: OrderReport) -> str:
    """A row of `/api-data/spots/trades` (`priceEP` is the venue's spelling)."""
    r = report
    base, quote_leaves = _leaves(r)
    return (
        f'{{"action":"{r.action}","baseCurrency":"{r.instrument.base_currency}","baseQtyEv":{r.base_qty},'
        f'"clOrdID":{quote(r.cl_ord_id)},"execBaseQtyEv":{r.exec_qty},"execFeeEv":{r.exec_fee},"execId":"{r.exec_id}",'
        f'"execInst":"{r.exec_inst}","execPriceEp":{r.exec_price},"execQuoteQtyEv":{r.exec_value},'
        f'"execStatus":"{r.exec_status}","feeCurrency":"{r.fee_currency}","feeRateEr":{r.fee_rate_er},'
        f'"leavesBaseQtyEv":{base},"leavesQuoteQtyEv":{quote_leaves},"ordStatus":"{r.ord_status}",'
        f'"ordType":"{r.ord_type}","orderID":"{r.order_id}","priceEP":{r.price},"qtyType":"{r.qty_type}",'
        f'"quoteCurrency":"{r.instrument.quote_currency}","quoteQtyEv":{r.quote_qty},"side":"{r.side}",'
        f'"stopDirection":"{r.stop_direction}","stopPxEp":{r.stop_px},"symbol":"{r.instrument.symbol}",'
        f'"timeInForce":"{r.time_in_force}","tradeType":"{r.trade_type}","transactTimeNs":{r.transact_time_ns}}}'
    )


def wallet(state: WalletState) -> str:
    """A row of `/spot/wallets`."""
    w = state
    return (
        f'{{"currency":"{w.currency}","balanceEv":{w.balance},"lockedTradingBalanceEv":{w.locked_trading_balance},'
        f'"lockedWithdrawEv":0,"lastUpdateTimeNs":{w.last_update_time_ns},"walletVid":{w.wallet_vid}}}'
    )


def stream_order(report: OrderReport) -> str:
    """One entry of `open` or `closed` on the wo stream."""
    r = report
    base, quote_leaves = _leaves(r)
    trade_type = f'"tradeType":"{r.trade_type}",' if r.trade_type else ""
    return (
        f'{{"action":"{r.action}","avgPriceEp":{r.avg_price},"baseCurrency":"{r.instrument.base_currency}",'
        f'"baseQtyEv":{r.base_qty},"bizError":{r.code},"clOrdID":{quote(r.cl_ord_id)},'
        f'"createTimeNs":{r.create_time_ns},"cumBaseQtyEv":{r.cum_qty},"cumFeeEv":{r.cum_fee},'
        f'"cumQuoteQtyEv":{r.cum_value},"curBaseWalletQtyEv":{r.cur_base_wallet},'
        f'"curQuoteWalletQtyEv":{r.cur_quote_wallet},"cxlRejReason":{r.cxl_rej_reason},'
        f'"feeCurrency":"{r.fee_currency}","leavesBaseQtyEv":{base},"leavesQuoteQtyEv":{quote_leaves},'
        f'"ordStatus":"{r.ord_status}","ordType":"{r.ord_type}","orderID":"{r.order_id}",'
        f'"pegOffsetValueEp":{r.peg_offset},"priceEp":{r.price},"qtyType":"{r.qty_type}",'
        f'"quoteCurrency":"{r.instrument.quote_currency}","quoteQtyEv":{r.quote_qty},"side":"{r.side}",'
        f'"stopPxEp":{r.stop_px},"symbol":"{r.instrument.symbol}","timeInForce":"{r.time_in_force}",{trade_type}'
        f'"transactTimeNs":{r.transact_time_ns},"triggerTimeNs":{r.trigger_time_ns},"userID":{r.user_id}}}'
    )


def stream_fill(report: OrderReport) -> str:
    """One entry of `fills` on the wo stream."""
    r = report
    return (
        f'{{"avgPriceEp":{r.avg_price},"baseCurrency":"{r.instrument.base_currency}","baseQtyEv":{r.base_qty},'
        f'"clOrdID":{quote(r.cl_ord_id)},"execBaseQtyEv":{r.exec_qty},"execFeeEv":{r.exec_fee},"execID":"{r.exec_id}",'
        f'"execPriceEp":{r.exec_price},"execQuoteQtyEv":{r.exec_value},"feeCurrency":"{r.fee_currency}",'
        f'"lastLiquidityInd":"{r.last_liquidity_ind}","ordType":"{r.ord_type}","orderID":"{r.order_id}",'
        f'"priceEp":{r.price},"qtyType":"{r.qty_type}","quoteCurrency":"{r.instrument.quote_currency}",'
        f'"quoteQtyEv":{r.quote_qty},"side":"{r.side}","symbol":"{r.instrument.symbol}","tradeType":"{r.trade_type}",'
        f'"transactTimeNs":{r.transact_time_ns},"userID":{r.user_id}}}'
    )


def stream_wallet(state: WalletState) -> str:
    """One entry of `wallets` on the wo stream."""
    w = state
    return (
        f'{{"balanceEv":{w.balance},"currency":"{w.currency}","lastUpdateTimeNs":{w.last_update_time_ns},'
        f'"lockedTradingBalanceEv":{w.locked_trading_balance},"lockedWithdrawEv":0,"userID":{w.user_id}}}'
    )


def stream_message(update: AccountUpdate) -> str:
    """One incremental of the wo stream: each order once, as it stands, `open` or `closed`; executions apart."""
    latest = {order.order_id: order for order in update.orders}.values()
    return _message(
        update,
        opened=[order for order in latest if not order.is_done],
        closed=[order for order in latest if order.is_done],
        fills=[order for order in update.orders if order.is_trade],
    )


def snapshot_message(update: AccountUpdate, open_count: int) -> str:
    """The first message of the wo stream: of `update.orders` the first `open_count` are open, the others history."""
    history = update.orders[open_count:]
    closed = {order.order_id: order for order in history if order.is_done}
    return _message(
        update,
        opened=update.orders[:open_count],
        closed=list(closed.values()),
        fills=[order for order in history if order.is_trade],
    )


def _message(
    update: AccountUpdate, *, opened: list[OrderReport], closed: list[OrderReport], fills: list[OrderReport]
) -> str:
    return (
        f'{{"orders":{{"closed":{array(map(stream_order, closed))},"fills":{array(map(stream_fill, fills))},'
        f'"open":{array(map(stream_order, opened))}}},"sequence":{update.sequence},"timestamp":{update.timestamp_ns},'
        f'"type":"{"snapshot" if update.is_snapshot else "incremental"}",'
        f'"wallets":{array(map(stream_wallet, update.wallets))}}}'
    )
