"""REST of funding rates, which needs no key: what was paid, and what will be."""

from collections.abc import Iterator
from itertools import islice

from tidings.exchange.catalogue import Instrument, Line
from tidings.exchange.markets.funding import RATE_ER_MAX, FundingRates, PastRate
from tidings.exchange.messages.json_text import array, ratio, success
from tidings.exchange.rest.endpoint import Call, Table
from tidings.exchange.rest.pages import bad_input
from tidings.exchange.scaled import to_text

MS_NS = 1_000_000
SECOND_NS = 1_000_000_000
MAX_ROWS = 100  # phemex docs 2026, "Query funding rate history"
_ROWS = 20  # without `limit`


def rate_history(call: Call) -> bytes:
    """`GET /api-data/public/data/funding-rate-history`: oldest first; `symbol` is the contract's `fundingRate8hSymbol`.

    From `start` on if it is given, else the last ones before `end` or now; `latestOnly` gives the very last.
    """
    p = call.parameters
    name = p.required("symbol")
    contract = next((i for i in _contracts(call) if i.funding_8h_symbol == name), None)
    is_latest = p.flag("latestOnly")
    limit, start_ms, end_ms = p.integer("limit", _ROWS), p.integer("start"), p.integer("end")
    if is_latest:
        limit, start_ms = 1, 0
    if contract is None or min(limit, start_ms, end_ms) < 0:
        raise bad_input(f"symbol {name[:40]!r} (as .BTCFR8H), limit {limit}, start {start_ms}, end {end_ms}")
    rates = call.venue.funding.rates[contract.symbol]
    end_ns = min(end_ms * MS_NS or call.now_ns, call.now_ns)
    rows = [_rate_row(name, row, rates) for row in _chosen(rates, start_ms * MS_NS, end_ns, min(limit, MAX_ROWS))]
    return success(f'{{"rows":{array(rows)}}}', "OK")


def _chosen(rates: FundingRates, start_ns: int, end_ns: int, count: int) -> Iterator[PastRate]:
    if not start_ns:
        start_ns = max(0, end_ns - count * rates.interval_s * SECOND_NS + 1)
    return islice(rates.history(start_ns, end_ns), count)


def _rate_row(name: str, row: PastRate, rates: FundingRates) -> str:
    return (
        f'{{"symbol":"{name}","fundingRate":{ratio(row.rate_er)},"fundingTime":{row.time_ns // MS_NS},'
        f'"intervalSeconds":{rates.interval_s}}}'
    )


def real_rates(call: Call) -> bytes:
    """`GET /contract-biz/public/real-funding-rates`: of one contract, or of all; a bare array."""
    symbol = call.parameters.text("symbol")
    contracts = [i for i in _contracts(call) if symbol in ("", i.symbol)]
    if not contracts:
        raise bad_input(f"symbol {symbol[:40]!r} is no contract listed here")
    return array(_real_row(i.symbol, call.venue.funding.rates[i.symbol], call.now_ns) for i in contracts).encode()


def _real_row(symbol: str, rates: FundingRates, now_ns: int) -> str:
    next_ns = rates.next_time_ns(now_ns)
    cap = to_text(RATE_ER_MAX, 8)
    return (
        f'{{"symbol":"{symbol}","fundingInterval":{rates.interval_s},'
        f'"toNextfundingInterval":{(next_ns - now_ns) // SECOND_NS},"nextfundingTime":{next_ns // MS_NS},'
        f'"fundingRate":{ratio(rates.rate_er(now_ns))},"interestRate":{ratio(rates.interest_er)},'
        f'"fundingRateCap":"{cap}","fundingRateFloor":"-{cap}"}}'
    )


def _contracts(call: Call) -> list[Instrument]:
    return [i for i in call.venue.catalogue.listed() if i.line is not Line.SPOT]


TABLE: Table = {
    ("GET", "/api-data/public/data/funding-rate-history"): rate_history,
    ("GET", "/v1/api-data/public/data/funding-rate-history"): rate_history,  # as ccxt asks for COIN-M
    ("GET", "/contract-biz/public/real-funding-rates"): real_rates,
}
