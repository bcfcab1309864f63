"""REST of the query services: done orders and executions, newest first, by page, by time, by id.

At the venue these read a database that lags; here they read the core, or how it was a moment ago (`Call.as_of_ns`).
Three shapes of `data` are in the wild, and so here: an object with `total` and `rows`, an object with `rows`, and a
bare array without envelope (phemex docs 2026 against captures).
"""

from collections.abc import Callable, Iterable, Mapping

from tidings.exchange.catalogue import Line
from tidings.exchange.error_codes import INVALID_PARAMETER, name_of
from tidings.exchange.messages import contract_json, linear_history_json, linear_json, spot_history_json, spot_json
from tidings.exchange.messages.json_text import array, success
from tidings.exchange.messages.linear_history_json import EXEC_STATUSES, ORD_STATUSES, ORD_TYPES
from tidings.exchange.reports import OrderReport
from tidings.exchange.rest.endpoint import Call, Endpoint, Table, is_in_window, page
from tidings.exchange.rest.parameters import RequestError

Row = Callable[[OrderReport], str]
Shape = Callable[[list[str], slice, bool], bytes]
"""All rows, which of them to show, whether to count them → the reply."""

_EXCHANGE_ROWS = 50  # default `limit` of /exchange/order/...
_API_DATA_ROWS = 20  # default `limit` of /api-data/...
_DAY_NS = 24 * 3_600 * 1_000_000_000
_DATA_DAYS = 2  # /api-data/futures without `start` goes back so far from `end` (phemex docs 2024)


def counted(rows: list[str], shown: slice, has_count: bool) -> bytes:
    """`data` = {total, rows}; without `withCount` the total is 0."""
    return success(f'{{"total":{len(rows) if has_count else 0},"rows":{array(rows[shown])}}}', "OK")


def counted_if_asked(rows: list[str], shown: slice, has_count: bool) -> bytes:
    """`data` = {total, rows} with `withCount`, else [...] (captured 2024)."""
    return counted(rows, shown, True) if has_count else listed(rows, shown, False)


def totalled(rows: list[str], shown: slice, has_count: bool) -> bytes:
    """`data` = {total, rows}, always with the total."""
    return counted(rows, shown, True)


def enveloped(rows: list[str], shown: slice, has_count: bool) -> bytes:
    """`data` = {rows}."""
    return success(f'{{"rows":{array(rows[shown])}}}', "OK")


def listed(rows: list[str], shown: slice, has_count: bool) -> bytes:
    """`data` = [...]."""
    return success(array(rows[shown]), "OK")


def bare(rows: list[str], shown: slice, has_count: bool) -> bytes:
    """[...], no envelope."""
    return array(rows[shown]).encode()


def _orders(line: Line, row: Row, shape: Shape, default_rows: int, default_days: int = 0) -> Endpoint:
    """Done orders of the states named by `ordStatus`, in a window of time."""

    def endpoint(call: Call) -> bytes:
        symbols = _symbols(call, line)
        wanted = call.parameters.listed("ordStatus")
        orders = call.venue.queries.closed(call.user_id, line, as_of_ns=call.as_of_ns)
        chosen = (r for r in orders if r.instrument.symbol in symbols and (not wanted or r.ord_status in wanted))
        return _reply(call, chosen, row, shape, default_rows, default_days)

    return endpoint


def _trades(line: Line, row: Row, shape: Shape, default_rows: int, default_days: int = 0) -> Endpoint:
    """Executions in a window of time, funding payments among them, or those of one `tradeType`."""

    def endpoint(call: Call) -> bytes:
        symbols = _symbols(call, line)
        wanted = call.parameters.text("tradeType")
        fills = call.venue.queries.fills(call.user_id, line, as_of_ns=call.as_of_ns)
        chosen = (r for r in fills if r.instrument.symbol in symbols and wanted in ("", r.trade_type))
        return _reply(call, chosen, row, shape, default_rows, default_days)

    return endpoint


def _symbols(call: Call, line: Line) -> frozenset[str]:
    """What is asked about: `symbol`, or on the USD-M line all of a `currency`, or of its `symbols`."""
    p = call.parameters
    if line is not Line.USD_M or p.has("symbol"):
        return frozenset({call.instrument(line).symbol})
    currency, wanted = p.required("currency"), p.listed("symbols")
    listed_there = (i.symbol for i in call.venue.catalogue.listed(line) if i.settle_currency == currency)
    return frozenset(symbol for symbol in listed_there if not wanted or symbol in wanted)


def _reply(
    call: Call, reports: Iterable[OrderReport], row: Row, shape: Shape, default_rows: int, default_days: int = 0
) -> bytes:
    p = call.parameters
    start_ns = max(0, (p.integer("end") * 1_000_000 or call.now_ns) - default_days * _DAY_NS) if default_days else 0
    rows = [row(report) for report in reports if is_in_window(p, report.transact_time_ns, start_ns)]
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
        found = call.venue.queries.by_id(call.user_id, symbol, order_ids, cl_ord_ids, call.as_of_ns)
        return shape([row(order) for order in found], slice(None), False)

    return endpoint


def order_list(call: Call) -> bytes:
    """`GET /exchange/order/v2/orderList`: open and done orders of a `currency`, enums as integers."""
    call.parameters.required("currency")
    symbols = _symbols(call, Line.USD_M)
    statuses = _numbered(call, "ordStatus", ORD_STATUSES)
    kinds = _numbered(call, "ordType", ORD_TYPES)
    orders = call.venue.queries.all_orders(call.user_id, Line.USD_M, sorted(symbols), call.as_of_ns)
    chosen = (r for r in orders if r.ord_status in statuses and r.ord_type in kinds)
    return _reply(call, chosen, linear_history_json.order_list_row, counted_if_asked, _EXCHANGE_ROWS)


def trading_list(call: Call) -> bytes:
    """`GET /exchange/order/v2/tradingList`: executions of a `currency`."""
    call.parameters.required("currency")
    symbols = _symbols(call, Line.USD_M)
    statuses = _numbered(call, "execType", EXEC_STATUSES)
    fills = call.venue.queries.fills(call.user_id, Line.USD_M, as_of_ns=call.as_of_ns)
    chosen = (r for r in fills if r.instrument.symbol in symbols and r.exec_status in statuses)
    return _reply(call, chosen, linear_history_json.trading_list_row, counted_if_asked, _EXCHANGE_ROWS)


def _numbered(call: Call, name: str, numbers: Mapping[str, int]) -> frozenset[str]:
    """The words meant by a list of integers; all of them if there is none. Raises `RequestError`."""
    values = call.parameters.listed(name)
    if not values:
        return frozenset(numbers)
    if not all(value.isascii() and value.isdigit() for value in values):
        raise RequestError(INVALID_PARAMETER, name_of(INVALID_PARAMETER))
    wanted = {int(value) for value in values}
    return frozenset(word for word, number in numbers.items() if number in wanted)


_C, _L, _S = contract_json, linear_json, spot_json

TABLE: Table = {
    ("GET", "/exchange/order/list"): _orders(Line.COIN_M, _C.closed_order, counted, _EXCHANGE_ROWS),
    ("GET", "/exchange/order"): _orders_by_id(Line.COIN_M, _C.closed_order, listed),
    ("GET", "/exchange/order/trade"): _trades(Line.COIN_M, _C.trade_row, counted, _EXCHANGE_ROWS),
    ("GET", "/api-data/futures/orders"): _orders(Line.COIN_M, _C.closed_order, bare, _API_DATA_ROWS, _DATA_DAYS),
    ("GET", "/api-data/futures/orders/by-order-id"): _orders_by_id(Line.COIN_M, _C.closed_order, bare),
    ("GET", "/api-data/futures/trades"): _trades(Line.COIN_M, _C.trade_row, bare, _API_DATA_ROWS, _DATA_DAYS),
    ("GET", "/exchange/order/v2/orderList"): order_list,
    ("GET", "/exchange/order/v2/tradingList"): trading_list,
    ("GET", "/api-data/g-futures/orders"): _orders(Line.USD_M, _L.closed_order, enveloped, _API_DATA_ROWS),
    ("GET", "/api-data/g-futures/orders/by-order-id"): _orders_by_id(Line.USD_M, _L.closed_order, listed),
    ("GET", "/api-data/g-futures/trades"): _trades(Line.USD_M, _L.trade_row, enveloped, _API_DATA_ROWS),
    ("GET", "/api-data/spots/orders"): _orders(Line.SPOT, _S.closed_order, bare, _API_DATA_ROWS),
    ("GET", "/api-data/spots/orders/by-order-id"): _orders_by_id(Line.SPOT, spot_history_json.order_by_id, bare),
    ("GET", "/api-data/spots/trades"): _trades(Line.SPOT, _S.trade_row, bare, _API_DATA_ROWS),
    ("GET", "/exchange/spot/order"): _orders(Line.SPOT, spot_history_json.order_row, totalled, _EXCHANGE_ROWS),
    ("GET", "/exchange/spot/order/trades"): _trades(Line.SPOT, spot_history_json.trade_row, totalled, _EXCHANGE_ROWS),
}
