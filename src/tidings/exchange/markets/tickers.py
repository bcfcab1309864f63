"""Everything a 24 h ticker shows of one market, gathered once for whoever words it.

Open interest is the sum of the long positions in a contract, those of the users and what the house holds (they equal
the short ones). It is added up when asked for, all contracts at once; tickers are asked for far less often than
positions change.
"""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from tidings.exchange.catalogue import Instrument, Line
from tidings.exchange.markets.background_flow import Glimpse
from tidings.exchange.markets.funding import FundingRates
from tidings.exchange.markets.market import Market
from tidings.exchange.markets.rolling_day import Day

OpenInterest = Callable[[], Mapping[str, int]]
"""The open interest of each contract that has any, on its quantity scale."""

GlimpseOf = Callable[[str, int], Glimpse | None]
"""What an instrument that nobody has used yet shows at a time; None of one that has a book of its own."""

NO_RATE: Final = 0  # of spot


class Ticker(NamedTuple):
    """One market at one time. Prices, quantities and values are on the instrument's scales; 0 where there is none."""

    instrument: Instrument
    time_ns: int
    bid: int
    ask: int
    last_price: int
    mark_price: int
    index_price: int
    day: Day
    open_interest: int
    funding_rate_er: int
    predicted_rate_er: int


class Tickers:
    """Makes tickers of all markets."""

    def __init__(
        self, markets: Mapping[str, Market], rates: Mapping[str, FundingRates], open_interest: OpenInterest,
        glimpse: GlimpseOf,
    ) -> None:  # fmt: skip
        self._markets = markets
        self._rates = rates
        self._open_interest = open_interest
        self._glimpse = glimpse

    def of(self, symbol: str, now_ns: int) -> Ticker:
        """The ticker of one listed instrument."""
        return self._ticker(self._markets[symbol], self._open_interest(), now_ns)

    def all(self, line: Line, now_ns: int) -> list[Ticker]:
        """The tickers of a whole line."""
        interest = self._open_interest()
        markets = (market for market in self._markets.values() if market.instrument.line is line)
        return [self._ticker(market, interest, now_ns) for market in markets]

    def _ticker(self, market: Market, interest: Mapping[str, int], now_ns: int) -> Ticker:
        symbol = market.instrument.symbol
        rates = self._rates.get(symbol)
        seen = self._glimpse(symbol, now_ns) or Glimpse(
            market.book.best_bid() or 0, market.book.best_offer() or 0, market.mark_price, market.index_price
        )
        return Ticker(
            market.instrument, now_ns, seen.bid, seen.ask, market.last_price,
            seen.mark_price, seen.index_price, market.day(now_ns), interest.get(symbol, 0),
            rates.rate_er(now_ns) if rates else NO_RATE, rates.predicted_rate_er(now_ns) if rates else NO_RATE,
        )
