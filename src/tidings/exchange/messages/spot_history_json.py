"""Spot orders and executions in the words of the query services that are not the order service's.

Keys and order: the by-id query as documented in 2026, the two under `/exchange/spot/order` as captured in 2024.
"""

from tidings.exchange.messages.json_text import quote
from tidings.exchange.reports import OrderReport


def order_by_id(report: OrderReport) -> str:
    """A row of `/api-data/spots/orders/by-order-id`: the client's id is not in it (docs 2026)."""
    r = report
    base, quote_leaves = _leaves(r)
    return (
        f'{{"avgPriceEp":{r.avg_price},"avgTransactPriceEp":{r.avg_price},"baseQtyEv":"{r.base_qty}",'
        f'"createTimeNs":{r.create_time_ns},"cumBaseValueEv":{r.cum_qty},"cumFeeEv":{r.cum_fee},'
        f'"cumQuoteValueEv":{r.cum_value},"execStatus":"{r.exec_status}","feeCurrency":"{_fee_currency(r)}",'
        f'"leavesBaseQtyEv":{base},"leavesQuoteQtyEv":{quote_leaves},"ordStatus":"{r.ord_status}",'
        f'"ordType":"{r.ord_type}","orderID":"{r.order_id}","priceEp":{r.price},"qtyType":"{r.qty_type}",'
        f'"quoteQtyEv":{r.quote_qty},"side":"{r.side}","stopDirection":"{r.stop_direction}","stopPxEp":{r.stop_px},'
        f'"symbol":"{r.instrument.symbol}","timeInForce":"{r.time_in_force}"}}'
    )


def order_row(report: OrderReport) -> str:
    """A row of `/exchange/spot/order`."""
    r = report
    base, quote_leaves = _leaves(r)
    return (
        f'{{"orderID":"{r.order_id}","clOrdID":{quote(r.cl_ord_id)},"stopPxEp":{r.stop_px},"avgPriceEp":{r.avg_price},'
        f'"qtyType":"{r.qty_type}","leavesBaseQtyEv":{base},"leavesQuoteQtyEv":{quote_leaves},'
        f'"baseQtyEv":"{r.base_qty}","feeCurrency":"{_fee_currency(r)}","stopDirection":"{r.stop_direction}",'
        f'"symbol":"{r.instrument.symbol}","side":"{r.side}","quoteQtyEv":{r.quote_qty},"priceEp":{r.price},'
        f'"ordType":"{r.ord_type}","timeInForce":"{r.time_in_force}","ordStatus":"{r.ord_status}",'
        f'"execStatus":"{r.exec_status}","createTimeNs":{r.create_time_ns},"cumFeeEv":{r.cum_fee},'
        f'"cumBaseValueEv":{r.cum_qty},"cumQuoteValueEv":{r.cum_value},"avgTransactPriceEp":0,'
        f'"spotOrderDetailsVos":null}}'
    )


def trade_row(report: OrderReport) -> str:
    """A row of `/exchange/spot/order/trades` (`priceEP` is the venue's spelling)."""
    r = report
    base, quote_leaves = _leaves(r)
    return (
        f'{{"qtyType":"{r.qty_type}","transactTimeNs":{r.transact_time_ns},"clOrdID":{quote(r.cl_ord_id)},'
        f'"orderID":"{r.order_id}","symbol":"{r.instrument.symbol}","side":"{r.side}","priceEP":{r.price},'
        f'"baseQtyEv":{r.base_qty},"quoteQtyEv":{r.quote_qty},"action":"{r.action}",'
        f'"execStatus":"{r.exec_status}","ordStatus":"{r.ord_status}","ordType":"{r.ord_type}",'
        f'"execInst":"{r.exec_inst}","timeInForce":"{r.time_in_force}","stopDirection":"{r.stop_direction}",'
        f'"tradeType":"{r.trade_type}","stopPxEp":{r.stop_px},"execId":"{r.exec_id}","execPriceEp":{r.exec_price},'
        f'"execBaseQtyEv":{r.exec_qty},"execQuoteQtyEv":{r.exec_value},"leavesBaseQtyEv":{base},'
        f'"leavesQuoteQtyEv":{quote_leaves},"execFeeEv":{r.exec_fee},"feeRateEr":{r.fee_rate_er}}}'
    )


def _leaves(report: OrderReport) -> tuple[int, int]:
    """What is still open: in base currency, or in quote currency for an order by quote; the other is 0."""
    return (0, report.leaves_value) if report.qty_type == "ByQuote" else (report.leaves_qty, 0)


def _fee_currency(report: OrderReport) -> str:
    """The fee is taken in what is received (phemex docs 2026, spot)."""
    instrument = report.instrument
    return instrument.base_currency if report.side == "Buy" else instrument.quote_currency
