"""How the query services cut a history down to what is asked for, and in which of the envelopes they answer.

Three shapes of `data` are in the wild: an object with `total` and `rows`, an object with `rows`, an array; and an array
without envelope. Which service answers in which is not settled (phemex docs 2026 against captures): rules choose.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Final, Literal

from tidings.exchange.messages.json_text import array, success
from tidings.exchange.reports import OrderReport
from tidings.exchange.rest.endpoint import MAX_PAGE_ROWS, MS_NS, Call
from tidings.exchange.rest.parameters import RequestError

Row = Callable[[OrderReport], str]
Shape = Literal["counted", "totalled", "by-count", "array", "rows", "list", "bare"]

OFFSET_MAX: Final = 1_000_000  # beyond every history: rows are not counted past what an iterator can
DAY_NS: Final = 24 * 3_600 * 1_000_000_000
BAD_INPUT: Final = 30000  # observed of the query services, with this text
_BAD_INPUT_TEXT: Final = "Please double check input arguments"


def bad_input(about: str) -> RequestError:
    """What the query services say to arguments they do not accept; `about` is for the log."""
    return RequestError(BAD_INPUT, _BAD_INPUT_TEXT, about=about)


def reply(
    call: Call, reports: Iterable[OrderReport], row: Row, shape: Shape, default_rows: int, default_days: int = 0
) -> bytes:
    """The page asked for of `reports`, which come newest first; only its rows are written out."""
    shown = page(call, default_rows)
    within = in_window(call, reports, default_days)
    is_counted = call.parameters.flag("withCount")
    if not (is_counted or shape == "totalled" or call.venue.config.rules.uncounted_total == "full"):
        return enveloped(call, map(row, islice(within, shown.start, shown.stop)), shape, 0)
    chosen = list(within)
    return enveloped(call, map(row, chosen[shown]), shape, len(chosen))


def enveloped(call: Call, rows: Iterable[str], shape: Shape, total: int) -> bytes:
    """Rows in the envelope of their service."""
    text = array(rows)
    match _ruled(call, shape):
        case "bare":
            return text.encode()
        case "list" | "array":
            return success(text, "OK")
        case "rows":
            return success(f'{{"rows":{text}}}', "OK")
    return success(f'{{"total":{total},"rows":{text}}}', "OK")


def _ruled(call: Call, shape: Shape) -> str:
    """The shape that the rules make of a service's own."""
    rules = call.venue.config.rules
    if shape == "by-count":
        is_list = not call.parameters.flag("withCount") if rules.v2_list_shape == "by-count" else False
        return "list" if is_list or rules.v2_list_shape == "list" else "counted"
    is_data_service = shape in ("bare", "list", "rows")
    return rules.api_data_shape if is_data_service and rules.api_data_shape != "by-path" else shape


def page(call: Call, default_rows: int) -> slice:
    """The rows asked for by `offset` and `limit`. Raises `RequestError`."""
    offset, limit = call.parameters.integer("offset"), call.parameters.integer("limit", default_rows)
    is_too_large = limit > MAX_PAGE_ROWS and call.venue.config.rules.large_limit == "refuse"
    if offset < 0 or limit < 0 or is_too_large:
        raise bad_input(f"offset {offset}, limit {limit}")
    offset = min(offset, OFFSET_MAX)
    return slice(offset, offset + min(limit, MAX_PAGE_ROWS))


def in_window(call: Call, reports: Iterable[OrderReport], default_days: int) -> Iterator[OrderReport]:
    """Reports from `start` to `end`, both in milliseconds; without a start, of so many days before the end."""
    start_ms, end_ms = call.parameters.integer("start"), call.parameters.integer("end")
    if start_ms < 0 or end_ms < 0:
        raise bad_input(f"start {start_ms}, end {end_ms}")
    start_ns, end_ns = start_ms * MS_NS, end_ms * MS_NS + MS_NS - 1
    if default_days and not start_ms:
        start_ns = (end_ms * MS_NS or call.now_ns) - default_days * DAY_NS
    return (r for r in reports if start_ns <= r.transact_time_ns and (not end_ms or r.transact_time_ns <= end_ns))
