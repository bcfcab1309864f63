"""REST of the present market, without a key: books, trades and 24-hour figures, each in its versions.

Everything under `/md` has an envelope of its own: `{"error":null,"id":0,"result":...}` with the caller's `id` (phemex
docs 2026, "Market data"), and one error for whatever cannot be answered.
"""

from collections.abc import Callable
from typing import Final

from tidings.exchange.catalogue import Line
from tidings.exchange.markets.market import Market
from tidings.exchange.markets.tickers import Ticker
from tidings.exchange.messages import market_json, ticker_json
from tidings.exchange.messages.json_text import array
from tidings.exchange.rest.endpoint import Call, Endpoint, Table
from tidings.exchange.rest.parameters import RequestError
from tidings.exchange.venue_rules import Rules

DEFAULT_DEPTH: Final = 30
QUERY_TRADES: Final = 200  # rows of the newer queries, as many as a stream begins with; the docs say no number
_INVALID_ARGUMENT: Final = b'{"error":{"code":6001,"message":"invalid argument"},"id":null,"result":null}'
_SCALED: Final = (Line.COIN_M, Line.SPOT)

Result = Callable[[Market, int], str]
"""JSON of one market at a time in nanoseconds."""


def _envelope(call: Call, result: str) -> bytes:
    try:
        request_id = call.parameters.integer("id")
    except RequestError:
        return _INVALID_ARGUMENT
    return f'{{"error":null,"id":{request_id},"result":{result}}}'.encode()


def _market(call: Call, lines: tuple[Line, ...]) -> Market | None:
    """The market named by `symbol`, if it is of one of `lines`; it is awake from now on."""
    instrument = call.venue.catalogue.instruments.get(call.parameters.text("symbol"))
    return call.venue.market(instrument.symbol, call.now_ns) if instrument and instrument.line in lines else None


def _market_data(result: Result, *lines: Line) -> Endpoint:
    """An endpoint that answers with `result` for one market."""

    def endpoint(call: Call) -> bytes:
        market = _market(call, lines)
        return _INVALID_ARGUMENT if market is None else _envelope(call, result(market, call.now_ns))

    return endpoint


def _tickers(path: str, line: Line, wording: Callable[[Ticker, Rules], str]) -> Table:
    """Both forms of a 24-hour query: of one symbol, and of all, which wakes none of them."""

    def one(call: Call) -> bytes:
        market = _market(call, (line,))
        if market is None:
            return _INVALID_ARGUMENT
        ticker = call.venue.tickers.of(market.instrument.symbol, call.now_ns)
        return _envelope(call, wording(ticker, call.venue.config.rules))

    def all_symbols(call: Call) -> bytes:
        rules, tickers = call.venue.config.rules, call.venue.tickers.all(line, call.now_ns)
        return _envelope(call, array(wording(ticker, rules) for ticker in tickers))

    return {("GET", path): one, ("GET", f"{path}/all"): all_symbols}


def _book(depth: int) -> Result:
    def result(market: Market, now_ns: int) -> str:
        bids, asks = market.levels(depth)
        book = market_json.book(bids, asks, market.instrument)
        time = f'"timestamp":{market.updated_ns or now_ns}'
        names = f'"sequence":{market.sequence}', f'"symbol":"{market.instrument.symbol}"'
        if market.instrument.line is Line.USD_M:
            return f'{{"depth":{depth},"orderbook_p":{book},{names[0]},{names[1]},{time},"type":"snapshot"}}'
        return f'{{"book":{book},"depth":{depth},{names[0]},{time},{names[1]},"type":"snapshot"}}'

    return result


def _trades(market: Market, now_ns: int) -> str:
    key = "trades_p" if market.instrument.line is Line.USD_M else "trades"
    rows = market_json.trades(list(market.trades)[-QUERY_TRADES:], market.instrument)
    return (
        f'{{"sequence":{market.sequence},"symbol":"{market.instrument.symbol}","{key}":{rows},"type":"snapshot"}}'
    )


def _trades_with_ids(market: Market, now_ns: int) -> str:
    rows = array(map(market_json.trade_with_id, reversed(market.trades)))
    symbol = market.instrument.symbol
    return f'{{"sequence":{market.sequence},"symbol":"{symbol}","trades":{rows},"type":"snapshot"}}'


def _switch(is_chosen: Callable[[Rules], bool], chosen: Endpoint, other: Endpoint) -> Endpoint:
    """An endpoint that answers as a rule says."""
    return lambda call: (chosen if is_chosen(call.venue.config.rules) else other)(call)


_FOUR_COLUMNS, _FIVE_COLUMNS = _market_data(_trades, *_SCALED), _market_data(_trades_with_ids, *_SCALED)


TABLE: Table = {
    ("GET", "/md/orderbook"): _market_data(_book(DEFAULT_DEPTH), *_SCALED),
    ("GET", "/v1/md/orderbook"): _market_data(_book(DEFAULT_DEPTH), *_SCALED),
    ("GET", "/md/fullbook"): _market_data(_book(0), *_SCALED),
    ("GET", "/v1/md/fullbook"): _market_data(_book(0), *_SCALED),
    ("GET", "/md/v2/orderbook"): _market_data(_book(DEFAULT_DEPTH), Line.USD_M),
    ("GET", "/md/trade"): _switch(lambda rules: rules.trade_columns == "5", _FIVE_COLUMNS, _FOUR_COLUMNS),
    ("GET", "/v1/md/trade"): _switch(lambda rules: rules.trade_columns == "4", _FOUR_COLUMNS, _FIVE_COLUMNS),
    ("GET", "/md/v2/trade"): _market_data(_trades, Line.USD_M),
    **_tickers("/md/ticker/24hr", Line.COIN_M, ticker_json.contract_plain),
    **_tickers("/md/v1/ticker/24hr", Line.COIN_M, ticker_json.contract),
    **_tickers("/v1/md/ticker/24hr", Line.COIN_M, ticker_json.contract),
    **_tickers("/md/spot/ticker/24hr", Line.SPOT, ticker_json.spot),
    **_tickers("/v1/md/spot/ticker/24hr", Line.SPOT, ticker_json.spot),
    **_tickers("/md/v2/ticker/24hr", Line.USD_M, ticker_json.linear_v2),
    **_tickers("/md/v3/ticker/24hr", Line.USD_M, ticker_json.linear_v3),
}
