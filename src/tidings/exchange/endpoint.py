"""What a REST endpoint is: a function from a `Call` to the bytes of an envelope, and the table it is found in.

Each product line and topic has a file `rest_*.py` that ends in such a table; `rest.py` joins them. An endpoint raises
`RequestError` for what it cannot read, and returns everything else, refusals of the core included.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tidings.exchange.catalogue import Instrument, Line
from tidings.exchange.error_codes import TE_SYMBOL_INVALID, name_of
from tidings.exchange.json_text import failure
from tidings.exchange.parameters import Parameters, RequestError
from tidings.exchange.reports import Reply
from tidings.exchange.venue import Venue

MAX_PAGE_ROWS = 200  # phemex docs 2026: "limit", every list


@dataclass(slots=True)
class Call:
    """One request on its way through an endpoint. `user_id` is 0 where nobody signed in."""

    venue: Venue
    user_id: int
    parameters: Parameters
    now_ns: int

    def instrument(self, line: Line) -> Instrument:
        """The instrument named by `symbol`. Raises `RequestError` if it is missing, unknown or of another line."""
        instrument = self.venue.catalogue.instruments.get(self.parameters.required("symbol"))
        if instrument is None or instrument.line is not line:
            raise RequestError(TE_SYMBOL_INVALID, name_of(TE_SYMBOL_INVALID))
        return instrument


Endpoint = Callable[[Call], bytes]
Table = Mapping[tuple[str, str], Endpoint]  # (method, path)


def refusal(reply: Reply) -> bytes:
    """The answer to what the core refused: its code and name, no data."""
    return failure(reply.code, reply.name)


def page(parameters: Parameters, default_rows: int) -> slice:
    """The rows asked for by `offset` and `limit`."""
    offset = max(0, parameters.integer("offset"))
    limit = min(max(0, parameters.integer("limit", default_rows)), MAX_PAGE_ROWS)
    return slice(offset, offset + limit)


def is_in_window(parameters: Parameters, time_ns: int) -> bool:
    """Whether `time_ns` lies between `start` and `end` (milliseconds, both optional)."""
    start_ms, end_ms = parameters.integer("start"), parameters.integer("end")
    return start_ms * 1_000_000 <= time_ns and (not end_ms or time_ns <= end_ms * 1_000_000 + 999_999)
