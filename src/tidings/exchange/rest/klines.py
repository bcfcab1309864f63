"""REST of the market's past, without a key: klines in each version, and the oldest list of trades.

All list only what is over: the unfinished candle is not in them (phemex docs 2026, "Query kline"). What is missing or
cannot be is refused in the words of these services (observed in clients): 412, 30000, 30018, 39997.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Final

from tidings.exchange.catalogue import Instrument, Line
from tidings.exchange.markets.candle import Row
from tidings.exchange.markets.candles import RESOLUTIONS_S
from tidings.exchange.markets.market import TRADES_PER_SEQUENCE, Market, PublicTrade
from tidings.exchange.messages import market_json
from tidings.exchange.messages.json_text import array, success, twin
from tidings.exchange.rest.endpoint import Call, Endpoint, Table
from tidings.exchange.rest.parameters import Parameters, RequestError
from tidings.exchange.scaled import rescale, to_text
from tidings.exchange.server.http_request import Request
from tidings.exchange.venue import Venue
from tidings.exchange.venue_rules import Rules

LIMITS: Final = (5, 10, 50, 100, 500, 1_000)  # phemex docs 2026, "Query kline"
DEFAULT_LIMIT: Final = 100  # not documented
OLD_ROWS_MAX: Final = 1_000
ROWS_MAX: Final = 2_000  # of any query of candles
NOMICS_ROWS_MAX: Final = 1_000  # not documented; as many as are kept
SECOND_NS: Final = 1_000_000_000
TRADE_LIST: Final = "/exchange/public/nomics/trades"

MISSING_PARAMETER: Final = 412
BAD_ARGUMENTS: Final = 30000, "Please double check input arguments"
TOO_MANY_ROWS: Final = 30018, "phemex.data.size.uplimt"
NOT_LISTED: Final = 39997
_EVERY_LINE: Final = tuple(Line)


def _last(call: Call) -> bytes:
    """The newest candles: `symbol`, `resolution`, `limit`."""
    market, resolution_s = _market(call, "symbol", _EVERY_LINE), _resolution_s(call)
    limit = _integer(call, "limit") if call.parameters.has("limit") else DEFAULT_LIMIT
    if limit > LIMITS[-1]:
        raise RequestError(*TOO_MANY_ROWS, about=f"limit {limit} is above {LIMITS[-1]}")
    if limit not in LIMITS and (limit < 1 or call.venue.config.rules.kline_limit == "listed"):
        raise _bad(f"limit {limit}: one of {', '.join(map(str, LIMITS))}, unless --rule kline-limit=any")
    return _answer(call, market, market.candles.last(resolution_s, limit, _present_s(call, resolution_s)))


def _list(lines: tuple[Line, ...], rows_max: Callable[[Rules], int]) -> Endpoint:
    """The candles that begin in a stretch of time: `symbol`, `resolution`, `from`, `to` (seconds)."""

    def endpoint(call: Call) -> bytes:
        market, resolution_s = _market(call, "symbol", lines), _resolution_s(call)
        from_s, to_s = (_integer(call, name) for name in ("from", "to"))
        if not 0 <= from_s <= to_s:
            raise _bad(f"from {from_s}, to {to_s}")
        if (to_s - from_s) // resolution_s > (most := rows_max(call.venue.config.rules)):
            raise RequestError(*TOO_MANY_ROWS, about=f"from {from_s} to {to_s} are more than {most} rows")
        to_s = min(to_s, _present_s(call, resolution_s))
        return _answer(call, market, market.candles.between(resolution_s, from_s, to_s) if from_s < to_s else [])

    return endpoint


def preparation(venue: Venue, request: Request, wall_ns: int) -> Iterator[None] | None:
    """The steps that make the past a query of candles asks for; None if there is nothing to make.

    A thousand candles that nobody has asked for before take 20 to 70 ms; others are served between the steps.
    """
    if request.path not in _KLINE_PATHS:
        return None
    try:
        call = Call(venue, 0, Parameters.of_request(request), wall_ns)
        market, resolution_s = _market(call, "symbol", _EVERY_LINE), _resolution_s(call)
        to_s = _present_s(call, resolution_s)
        if call.parameters.has("from"):
            from_s, to_s = _integer(call, "from"), min(to_s, _integer(call, "to"))
        else:
            from_s = to_s - call.parameters.integer("limit", DEFAULT_LIMIT) * resolution_s
    except RequestError:
        return None  # the endpoint says why
    is_sound = from_s >= 0 and (to_s - from_s) // resolution_s <= ROWS_MAX
    return market.candles.steps(resolution_s, from_s, to_s) if is_sound else None


def _nomics(call: Call) -> bytes:
    """`GET /exchange/public/nomics/trades`: the trades after the one named by `since`, oldest first."""
    market = _market(call, "market", _EVERY_LINE)
    since_id = _trade_id(_required(call, "since"))
    trades = islice(_trades_after(market, since_id), NOMICS_ROWS_MAX)
    return success(array(_nomics_row(trade, market.instrument) for trade in trades), "OK")


def _trades_after(market: Market, trade_id: int) -> Iterator[PublicTrade]:
    return (trade for trade in market.trades if trade.trade_id > trade_id)


def _trade_id(text: str) -> int:
    """A trade's number from its name in this list: sequence, place in it, and a last part of which we know no use."""
    parts = text.split("-")
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() and len(part) < 16 for part in parts):
        raise _bad(f"since {text[:40]!r} is no id of a trade")
    return int(parts[0]) * TRADES_PER_SEQUENCE + int(parts[1]) - 1


def _nomics_row(trade: PublicTrade, instrument: Instrument) -> str:
    """Quantities of inverse contracts are in quote currency, all others in base currency."""
    sequence, index = divmod(trade.trade_id, TRADES_PER_SEQUENCE)
    name = "amount_quote" if instrument.is_inverse else "amount"
    moment = datetime.fromtimestamp(trade.time_ns // SECOND_NS, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    price = twin(rescale(trade.price, instrument.price_scale, 8), 8)
    return (
        f'{{"id":"{sequence}-{index + 1}-1","timestamp":"{moment}.{trade.time_ns // 1_000_000 % 1_000:03}Z",'
        f'"price":"{price}","{name}":"{to_text(trade.qty, instrument.qty_scale)}","side":"{trade.side.lower()}",'
        f'"type":"limit"}}'
    )


def _answer(call: Call, market: Market, rows: list[Row]) -> bytes:
    if call.venue.config.rules.kline_order == "newest-first":
        rows = rows[::-1]
    return success(f'{{"total":-1,"rows":{market_json.candles(rows, market.instrument)}}}', "OK")


def _market(call: Call, name: str, lines: tuple[Line, ...]) -> Market:
    symbol = _required(call, name)
    instrument = call.venue.catalogue.instruments.get(symbol)
    if instrument is None or instrument.line not in lines:
        raise _bad(f"{name} {symbol[:40]!r} is no product of this list")
    market = call.venue.market(symbol, call.now_ns)
    if market is None:
        raise RequestError(NOT_LISTED, f"Symbol not listed {symbol}")
    return market


def _resolution_s(call: Call) -> int:
    resolution_s = _integer(call, "resolution")
    if resolution_s not in RESOLUTIONS_S:
        raise _bad(f"resolution {resolution_s}: one of {', '.join(map(str, RESOLUTIONS_S))}")
    return resolution_s


def _present_s(call: Call, resolution_s: int) -> int:
    """When the unfinished candle begins."""
    return call.now_ns // SECOND_NS // resolution_s * resolution_s


def _integer(call: Call, name: str) -> int:
    _required(call, name)
    try:
        return call.parameters.integer(name)
    except RequestError as error:
        raise _bad(error.msg) from None


def _bad(about: str) -> RequestError:
    return RequestError(*BAD_ARGUMENTS, about=about)


def _required(call: Call, name: str) -> str:
    value = call.parameters.text(name)
    if not value:
        raise RequestError(MISSING_PARAMETER, f"Missing parameter - {name}")
    return value


_KLINE_PATHS: Final = frozenset({
    "/exchange/public/md/kline", "/exchange/public/md/v2/kline", "/exchange/public/md/v2/kline/last",
    "/exchange/public/md/v2/kline/list",
})  # fmt: skip
TABLE: Table = {
    ("GET", "/exchange/public/md/kline"): _list((Line.COIN_M, Line.SPOT), lambda rules: OLD_ROWS_MAX),
    ("GET", "/exchange/public/md/v2/kline"): _last,
    ("GET", "/exchange/public/md/v2/kline/last"): _last,
    ("GET", "/exchange/public/md/v2/kline/list"): _list(_EVERY_LINE, lambda rules: rules.kline_list_rows_max),
    ("GET", TRADE_LIST): _nomics,
}
