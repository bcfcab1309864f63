"""REST of the query services: done orders and executions, newest first, by page, by time, by id.

At the venue these read a database that lags; here they read the core. Three shapes of `data` are in the wild, and so
here: an object with `total` and `rows`, an object with `rows`, and a bare array without envelope (phemex docs 2026
against captures).
"""

from collections.abc import Callable, Iterable

from tidings.exchange import contract_json, linear_json, spot_json
from tidings.exchange.catalogue import Line
from tidings.exchange.endpoint import Call, Endpoint, Table, is_in_window, page
from tidings.exchange.json_text import array, success
from tidings.exchange.reports import OrderReport

Row = Callable[[OrderReport], str]
Shape = Callable[[list[str], slice, bool], bytes]
"""All rows, which of them to show, whether to count them → the reply."""

_EXCHANGE_ROWS = 50  # default `limit` of /exchange/order/...
_API_DATA_ROWS = 20  # default `limit` of /api-data/...


def counted(rows: list[str], shown: slice, has_count: bool) -> bytes:
    """`data` = {total, rows}; without `withCount` the total is 0."""
    return success(f'{{"total":{len(rows) if has_count else 0},"rows":{array(rows[shown])}}}', "OK")


def enveloped(rows: list[str], shown: slice, has_count: bool) -> bytes:
    """`data` = {rows}."""
    return success(f'{{"rows":{array(rows[shown])}}}', "OK")


def listed(rows: list[str], shown: slice, has_count: bool) -> bytes:
    """`data` = [...]."""
    return success(array(rows[shown]), "OK")


def bare(rows: list[str], shown: slice, has_count: bool) -> bytes:
    """[...], no envelope."""
    return array(rows[shown]).encode()


def _orders(line: Line, row: Row, shape: Shape, default_rows: int) -> Endpoint:
    """Done orders of one symbol, of the states named by `ordStatus`, in a window of time."""

    def endpoint(call: Call) -> bytes:
        symbol = call.instrument(line).symbol
        wanted = call.parameters.listed("ordStatus")
        orders = call.venue.closed_orders(call.user_id, line, symbol)
        chosen = (order for order in orders if not wanted or order.ord_status in wanted)
        return _reply(call, chosen, row, shape, default_rows)

    return endpoint


def _trades(line: Line, row: Row, shape: Shape, default_rows: int) -> Endpoint:
    """Executions of one symbol in a window of time; of a type other than Trade there are none here."""

    def endpoint(call: Call) -> bytes:
        symbol = call.instrument(line).symbol
        is_wanted = call.parameters.text("tradeType", "Trade") == "Trade"
        fills = call.venue.fills(call.user_id, line, symbol) if is_wanted else []
        return _reply(call, fills, row, shape, default_rows)

    return endpoint


def _reply(call: Call, reports: Iterable[OrderReport], row: Row, shape: Shape, default_rows: int) -> bytes:
    p = call.parameters
    rows = [row(report) for report in reports if is_in_window(p, report.transact_time_ns)]
    return shape(rows, page(p, default_rows), p.flag("withCount"))


def _orders_by_id(line: Line, row: Row, shape: Shape) -> Endpoint:
    """Orders in any state by `orderID` and `clOrdID`, one or several each; unknown ids are left out."""

    def endpoint(call: Call) -> bytes:
        symbol = call.instrument(line).symbol
        p = call.parameters
        # The docs' template for spot misspells orderID.
        order_ids, cl_ord_ids = p.listed("orderID") + p.listed("oderId"), p.listed("clOrdID")
        if not order_ids and not cl_ord_ids:
            p.required("orderID")
        found = [call.venue.order(call.user_id, symbol, order_id=order_id) for order_id in order_ids]
        found += [call.venue.order(call.user_id, symbol, cl_ord_id=cl_ord_id) for cl_ord_id in cl_ord_ids]
        unique = {order.order_id: order for order in found if order is not None}
        return shape([row(order) for order in unique.values()], slice(None), False)

    return endpoint


_C, _L, _S = contract_json, linear_json, spot_json

TABLE: Table = {
    ("GET", "/exchange/order/list"): _orders(Line.COIN_M, _C.closed_order, counted, _EXCHANGE_ROWS),
    ("GET", "/exchange/order"): _orders_by_id(Line.COIN_M, _C.closed_order, listed),
    ("GET", "/exchange/order/trade"): _trades(Line.COIN_M, _C.trade_row, counted, _EXCHANGE_ROWS),
    ("GET", "/api-data/futures/orders"): _orders(Line.COIN_M, _C.closed_order, bare, _API_DATA_ROWS),
    ("GET", "/api-data/futures/orders/by-order-id"): _orders_by_id(Line.COIN_M, _C.closed_order, bare),
    ("GET", "/api-data/futures/trades"): _trades(Line.COIN_M, _C.trade_row, bare, _API_DATA_ROWS),
    ("GET", "/api-data/g-futures/orders"): _orders(Line.USD_M, _L.closed_order, enveloped, _API_DATA_ROWS),
    ("GET", "/api-data/g-futures/orders/by-order-id"): _orders_by_id(Line.USD_M, _L.closed_order, listed),
    ("GET", "/api-data/g-futures/trades"): _trades(Line.USD_M, _L.trade_row, enveloped, _API_DATA_ROWS),
    ("GET", "/api-data/spots/orders"): _orders(Line.SPOT, _S.closed_order, bare, _API_DATA_ROWS),
    ("GET", "/api-data/spots/orders/by-order-id"): _orders_by_id(Line.SPOT, _S.closed_order, bare),
    ("GET", "/api-data/spots/trades"): _trades(Line.SPOT, _S.trade_row, bare, _API_DATA_ROWS),
}
