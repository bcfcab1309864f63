"""Order replies in the words that the rules choose: the same facts as documents and captures put them.

Each returns the envelope of a reply; what the core refused passes through as its code.
"""

from collections.abc import Callable
from dataclasses import replace

from tidings.exchange.catalogue import Line
from tidings.exchange.error_codes import (
    OM_ORDER_NOT_FOUND,
    TE_PLACE_ORDER_INSUFFICIENT_BASE_BALANCE,
    TE_PLACE_ORDER_INSUFFICIENT_QUOTE_BALANCE,
    name_of,
)
from tidings.exchange.messages import linear_json
from tidings.exchange.messages.json_text import array, boolean, failure, success
from tidings.exchange.orders.orders import CREATED
from tidings.exchange.reports import OrderReport, Reply
from tidings.exchange.rest.endpoint import Call, open_orders, refusal

Row = Callable[[OrderReport], str]

_SPOT_BALANCE_CODES = (TE_PLACE_ORDER_INSUFFICIENT_BASE_BALANCE, TE_PLACE_ORDER_INSUFFICIENT_QUOTE_BALANCE)
_WALLET_MESSAGE = "phemex.spot.wallet.balance.notenough"  # observed


def created(call: Call, reply: Reply, row: Row) -> bytes:
    """The reply to a create. The documents' samples show it as Init at time 0; captures show Created at a time."""
    rules = call.venue.config.rules
    order = reply.order
    if order is None or reply.code:
        if rules.spot_balance_code and reply.code in _SPOT_BALANCE_CODES:
            return failure(rules.spot_balance_code, _WALLET_MESSAGE)
        return refusal(reply)
    if rules.accepted_status == "Init" and order.ord_status == CREATED:
        order = replace(order, ord_status="Init", exec_status="Init")
    if rules.accepted_time == "zero":
        order = replace(order, transact_time_ns=0)
    return success(row(order))


def changed(reply: Reply, row: Row) -> bytes:
    """The reply to an amend or a cancel."""
    return success(row(reply.order)) if reply.order and not reply.code else refusal(reply)


def canceled_many(call: Call, reply: Reply, row: Row) -> bytes:
    """The reply to a bulk cancel: the documents show one object, the 2024 text says "cancelled orders"."""
    if reply.code:
        return refusal(reply)
    if call.venue.config.rules.bulk_cancel_reply == "object":
        return success(row(reply.orders[0]))
    return success(array(map(row, reply.orders)))


def open_rows(call: Call, line: Line, row: Row) -> list[str] | None:
    """The rows of a list of open orders; None where there is none, and a rule wants that told as a code."""
    rows = [row(order) for order in open_orders(call, line)]
    return rows if rows or call.venue.config.rules.no_open_orders == "empty" else None


def one_open(call: Call, order: OrderReport | None, row: Row) -> bytes:
    """The answer to a query for one open order; the contract lines' is listed in the table of rate limits only."""
    if order is None:
        return not_found()
    text = row(order)
    return success(f'{{"rows":[{text}]}}' if call.venue.config.rules.active_shape == "rows" else text)


def renamed(call: Call) -> tuple[str, str]:
    """What an amend says of client ids: which order is meant, if its own id does not say so, and its new id.

    Today's documents have `origClOrdID` and no new id; ccxt sends `clOrdID` for the former, the documents of 2024 for
    the latter.
    """
    p = call.parameters
    original, other = p.text("origClOrdID"), p.text("clOrdID")
    if call.venue.config.rules.replace_client_id == "renames":
        return original, other
    return original or ("" if p.has("orderID") else other), ""


def not_found() -> bytes:
    """No such order, or none open (observed: the same code for both)."""
    return failure(OM_ORDER_NOT_FOUND, name_of(OM_ORDER_NOT_FOUND))


def linear_row(call: Call) -> Row:
    """How a USD-M order is written: samples of 2026 misspell its price once, and those before 2024 have reduceOnly."""
    rules = call.venue.config.rules
    if rules.price_key == "priceRp" and not rules.reduce_only_key:
        return linear_json.order_reply

    def row(report: OrderReport) -> str:
        text = linear_json.order_reply(report)
        if rules.reduce_only_key:
            text = text.replace('"closedPnlRv":', f'"reduceOnly":{boolean(report.reduce_only)},"closedPnlRv":', 1)
        return text.replace('"priceRp":', f'"{rules.price_key}":', 1)

    return row
