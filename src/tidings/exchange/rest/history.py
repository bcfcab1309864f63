"""REST of the query services: done orders and executions, newest first, by page, by time, by id.

At the venue these read a database that lags; here they read the core, or how it was a moment ago (`Call.as_of_ns`).
"""

from collections.abc import Callable, Mapping

from tidings.exchange.catalogue import Line
from tidings.exchange.error_codes import INVALID_PARAMETER, name_of
from tidings.exchange.messages import (
    contract_history_json,
    contract_json,
    linear_history_json,
    linear_json,
    spot_history_json,
    spot_json,
)
from tidings.exchange.messages.linear_history_json import EXEC_STATUSES, ORD_STATUSES, ORD_TYPES, TRADE_TYPES
from tidings.exchange.reports import OrderReport
from tidings.exchange.rest.endpoint import Call, Endpoint, Table
from tidings.exchange.rest.pages import DAY_NS, Row, Shape, enveloped, page, reply
from tidings.exchange.rest.parameters import RequestError

_EXCHANGE_ROWS = 50  # default `limit` of /exchange/order/...
_API_DATA_ROWS = 20  # default `limit` of /api-data/...
_DAY_MS = 86_400_000
# How far back a query without `start` goes (phemex docs 2024 and 2026): "2 days ago from the end", "last 2 months",
# "last 90 days".
_DATA_DAYS, _ORDER_DAYS, _TRADING_DAYS = 2, 60, 90


def _orders(line: Line, row: Row, shape: Shape, default_rows: int, default_days: int = 0) -> Endpoint:
    """Done orders of the states named by `ordStatus`, in a window of time."""

    def endpoint(call: Call) -> bytes:
        symbols = _symbols(call, line)
        wanted = call.parameters.listed("ordStatus")
        orders = call.venue.queries.closed(call.user_id, line, as_of_ns=call.as_of_ns)
        chosen = (r for r in orders if r.instrument.symbol in symbols and (not wanted or r.ord_status in wanted))
        return reply(call, chosen, row, shape, default_rows, default_days)

    return endpoint


def _trades(line: Line, row: Row, shape: Shape, default_rows: int, default_days: int = 0) -> Endpoint:
    """Executions in a window of time, funding payments among them, of the kinds named by `tradeType`."""

    def endpoint(call: Call) -> bytes:
        symbols = _symbols(call, line)
        wanted = call.parameters.listed("tradeType")
        fills = call.venue.queries.fills(call.user_id, line, as_of_ns=call.as_of_ns)
        chosen = (r for r in fills if r.instrument.symbol in symbols and (not wanted or r.trade_type in wanted))
        return reply(call, chosen, row, shape, default_rows, default_days)

    return endpoint


def _symbols(call: Call, line: Line) -> frozenset[str]:
    """What is asked about: `symbol`, or on the USD-M line all of a `currency`, or of its `symbols`."""
    p = call.parameters
    if line is not Line.USD_M or p.has("symbol"):
        return frozenset({call.instrument(line).symbol})
    currency, wanted = p.required("currency"), p.listed("symbols")
    listed_there = (i.symbol for i in call.venue.catalogue.listed(line) if i.settle_currency == currency)
    return frozenset(symbol for symbol in listed_there if not wanted or symbol in wanted)


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
        return enveloped(call, map(row, found), shape, len(found))

    return endpoint


def order_list(call: Call) -> bytes:
    """`GET /exchange/order/v2/orderList`: open and done orders of a `currency`, enums as integers."""
    call.parameters.required("currency")
    symbols = _symbols(call, Line.USD_M)
    statuses = _numbered(call, "ordStatus", ORD_STATUSES)
    kinds = _numbered(call, "ordType", ORD_TYPES)
    orders = call.venue.queries.all_orders(call.user_id, Line.USD_M, sorted(symbols), call.as_of_ns)
    chosen = (r for r in orders if r.ord_status in statuses and r.ord_type in kinds)
    return reply(call, chosen, linear_history_json.order_list_row, "by-count", _EXCHANGE_ROWS, _ORDER_DAYS)


def trading_list(call: Call) -> bytes:
    """`GET /exchange/order/v2/tradingList`: executions of a `currency`."""
    call.parameters.required("currency")
    symbols = _symbols(call, Line.USD_M)
    is_meant = _kind_of_execution(call)
    fills = call.venue.queries.fills(call.user_id, Line.USD_M, as_of_ns=call.as_of_ns)
    chosen = (r for r in fills if r.instrument.symbol in symbols and is_meant(r))
    return reply(call, chosen, linear_history_json.trading_list_row, "by-count", _EXCHANGE_ROWS, _TRADING_DAYS)


def _kind_of_execution(call: Call) -> Callable[[OrderReport], bool]:
    """What `execType` lets through. The documents call it a list of order states; its numbers may mean others."""
    match call.venue.config.rules.exec_type:
        case "trade-type":
            trade_types = _numbered(call, "execType", TRADE_TYPES)
            return lambda report: report.trade_type in trade_types
        case "ord-status":
            ord_statuses = _numbered(call, "execType", ORD_STATUSES)
            return lambda report: report.ord_status in ord_statuses
    exec_statuses = _numbered(call, "execType", EXEC_STATUSES)
    return lambda report: report.exec_status in exec_statuses


def _numbered(call: Call, name: str, numbers: Mapping[str, int]) -> frozenset[str]:
    """The words meant by a list of integers; all of them if there is none. Raises `RequestError`."""
    values = call.parameters.listed(name)
    if not values:
        return frozenset(numbers)
    if not all(value.isascii() and value.isdigit() for value in values):
        raise RequestError(INVALID_PARAMETER, name_of(INVALID_PARAMETER), about=f"{name} is a list of numbers")
    wanted = {int(value[:9]) for value in values}
    return frozenset(word for word, number in numbers.items() if number in wanted)


def trading_fees(line: Line) -> Endpoint:
    """What was traded as maker and as taker, and the fees of it, per day and symbol; the newest day first."""

    def endpoint(call: Call) -> bytes:
        symbols = _symbols(call, line)
        days: dict[tuple[int, str], list[OrderReport]] = {}
        for fill in call.venue.queries.fills(call.user_id, line, as_of_ns=call.as_of_ns):
            if fill.is_trade and fill.instrument.symbol in symbols:
                days.setdefault((fill.transact_time_ns // DAY_NS, fill.instrument.symbol), []).append(fill)
        chosen = list(days.items())[page(call, _API_DATA_ROWS)]
        row = contract_history_json.trading_fees if line is Line.COIN_M else linear_history_json.trading_fees
        rows = (row(day * _DAY_MS, fills) for (day, _), fills in chosen)
        return enveloped(call, rows, "bare" if line is Line.COIN_M else "rows", len(days))

    return endpoint


_C, _CH, _L, _S, _SH = contract_json, contract_history_json, linear_json, spot_json, spot_history_json

TABLE: Table = {
    ("GET", "/exchange/order/list"): _orders(Line.COIN_M, _C.closed_order, "counted", _EXCHANGE_ROWS, _ORDER_DAYS),
    ("GET", "/exchange/order"): _orders_by_id(Line.COIN_M, _C.closed_order, "array"),
    ("GET", "/exchange/order/trade"): _trades(Line.COIN_M, _C.trade_row, "counted", _EXCHANGE_ROWS),
    ("GET", "/api-data/futures/orders"): _orders(Line.COIN_M, _CH.data_order, "bare", _API_DATA_ROWS, _DATA_DAYS),
    ("GET", "/api-data/futures/orders/by-order-id"): _orders_by_id(Line.COIN_M, _CH.data_order, "bare"),
    ("GET", "/api-data/futures/trades"): _trades(Line.COIN_M, _CH.data_trade, "bare", _API_DATA_ROWS, _DATA_DAYS),
    ("GET", "/api-data/futures/trading-fees"): trading_fees(Line.COIN_M),
    ("GET", "/exchange/order/v2/orderList"): order_list,
    ("GET", "/exchange/order/v2/tradingList"): trading_list,
    ("GET", "/api-data/g-futures/orders"): _orders(Line.USD_M, _L.closed_order, "rows", _API_DATA_ROWS),
    ("GET", "/api-data/g-futures/orders/by-order-id"): _orders_by_id(Line.USD_M, _L.closed_order, "list"),
    ("GET", "/api-data/g-futures/trades"): _trades(Line.USD_M, _L.trade_row, "rows", _API_DATA_ROWS),
    ("GET", "/api-data/g-futures/trading-fees"): trading_fees(Line.USD_M),
    ("GET", "/api-data/spots/orders"): _orders(Line.SPOT, _S.closed_order, "bare", _API_DATA_ROWS, _DATA_DAYS),
    # rows: what a client of the live venue reads here, against the documents
    ("GET", "/api-data/spots/orders/by-order-id"): _orders_by_id(Line.SPOT, _SH.order_by_id, "rows"),
    ("GET", "/api-data/spots/trades"): _trades(Line.SPOT, _S.trade_row, "bare", _API_DATA_ROWS, _DATA_DAYS),
    ("GET", "/exchange/spot/order"): _orders(Line.SPOT, _SH.order_row, "totalled", _EXCHANGE_ROWS),
    ("GET", "/exchange/spot/order/trades"): _trades(Line.SPOT, _SH.trade_row, "totalled", _EXCHANGE_ROWS),
}
