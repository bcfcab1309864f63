"""What a REST endpoint is: a function from a `Call` to the bytes of an envelope, and the table it is found in.

Each product line and topic has a file beside this one that ends in such a table; `face.py` joins them. An endpoint
raises `RequestError` for what it cannot read, and returns everything else, refusals of the core included.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tidings.exchange.catalogue import Instrument, Line
from tidings.exchange.error_codes import (
    AUTH_OR_PARAMETER_ERROR,
    INVALID_PARAMETER,
    SYMBOL_NOT_LISTED,
    TE_SYMBOL_INVALID,
    name_of,
)
from tidings.exchange.messages.json_text import failure
from tidings.exchange.reports import OrderReport, Reply
from tidings.exchange.rest.parameters import Parameters, RequestError
from tidings.exchange.venue import Venue

MS_NS = 1_000_000
MAX_PAGE_ROWS = 200  # phemex docs 2026: "limit", every list


@dataclass(slots=True)
class Call:
    """One request on its way through an endpoint. `user_id` is 0 where nobody signed in."""

    venue: Venue
    user_id: int
    parameters: Parameters
    now_ns: int
    query_lag_ns: int = 0  # how far the database behind a query lags

    @property
    def as_of_ns(self) -> int | None:
        """The time a query shows; None for the present."""
        return self.now_ns - self.query_lag_ns if self.query_lag_ns else None

    def instrument(self, line: Line) -> Instrument:
        """The instrument named by `symbol`. Raises `RequestError` if it is missing, unknown or of another line."""
        instrument = self.venue.catalogue.instruments.get(self.parameters.required("symbol"))
        if instrument is None or instrument.line is not line:
            raise RequestError(TE_SYMBOL_INVALID, name_of(TE_SYMBOL_INVALID))
        return instrument


def open_orders(call: Call, line: Line) -> list[OrderReport]:
    """The open orders of the symbol asked for, of the states named by `ordStatus` if there are any."""
    symbol = call.instrument(line).symbol
    wanted = call.parameters.listed("ordStatus")
    orders = call.venue.queries.open_orders(call.user_id, symbol, call.as_of_ns)
    return [order for order in orders if not wanted or order.ord_status in wanted]


def open_order(call: Call, line: Line, cl_ord_id: str) -> OrderReport | None:
    """The open order that `orderID`, or else `cl_ord_id`, names; None if there is none."""
    order_id = call.parameters.text("orderID")
    if not order_id and not cl_ord_id:
        call.parameters.required("orderID")
    for order in open_orders(call, line):
        if order.order_id == order_id if order_id else cl_ord_id and order.cl_ord_id == cl_ord_id:
            return order
    return None


Endpoint = Callable[[Call], bytes]
Table = Mapping[tuple[str, str], Endpoint]  # (method, path)


def refusal(reply: Reply) -> bytes:
    """The answer to what the core refused: its code and name, no data."""
    if reply.code == SYMBOL_NOT_LISTED:
        return failure(reply.code, reply.detail)  # a sentence there, with the symbol (observed)
    if reply.code == AUTH_OR_PARAMETER_ERROR:
        raise RequestError(reply.code, "Missing required parameter")
    if reply.code == INVALID_PARAMETER:
        raise RequestError(reply.code, reply.name, about=reply.detail)
    return failure(reply.code, reply.name)


def page(parameters: Parameters, default_rows: int) -> slice:
    """The rows asked for by `offset` and `limit`."""
    offset = max(0, parameters.integer("offset"))
    limit = min(max(0, parameters.integer("limit", default_rows)), MAX_PAGE_ROWS)
    return slice(offset, offset + limit)


def is_in_window(parameters: Parameters, time_ns: int, default_start_ns: int = 0) -> bool:
    """Whether `time_ns` lies between `start` and `end` (milliseconds, both optional)."""
    start_ns, end_ms = parameters.integer("start") * MS_NS or default_start_ns, parameters.integer("end")
    return start_ns <= time_ns and (not end_ms or time_ns <= end_ms * MS_NS + MS_NS - 1)
