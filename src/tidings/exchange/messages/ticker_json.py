"""The 24 h tickers of every line and version, of REST and of the streams, each in its own words.

Keys and their order: captures of 2024 and 2025 where there are any, else phemex docs 2026; rules choose where the two
disagree. The plain style of COIN-M, without suffixes, is that of the stream and of the oldest query.
"""

from typing import Final

from tidings.exchange.markets.tickers import Ticker
from tidings.exchange.messages.json_text import array, ratio, real
from tidings.exchange.venue_rules import Rules

PACK_FIELDS: Final = (
    *("symbol", "openRp", "highRp", "lowRp", "lastRp", "volumeRq", "turnoverRv", "openInterestRv"),
    *("indexRp", "markRp", "fundingRateRr", "predFundingRateRr", "bidRp", "askRp"),
)
_FIELDS_JSON: Final = array(f'"{name}"' for name in PACK_FIELDS)


def contract(ticker: Ticker, rules: Rules) -> str:
    """COIN-M (`/md/v1/ticker/24hr`): suffixed keys, as the documents' table and captures have, not their sample."""
    if rules.v1_ticker_keys == "plain":
        return contract_plain(ticker, rules)
    t, day = ticker, ticker.day
    return (
        f'{{"askEp":{t.ask},"bidEp":{t.bid},"fundingRateEr":{t.funding_rate_er},"highEp":{day.high},'
        f'"indexEp":{t.index_price},"lastEp":{t.last_price},"lowEp":{day.low},"markEp":{t.mark_price},'
        f'"openEp":{day.open},"openInterest":{t.open_interest},"predFundingRateEr":{t.predicted_rate_er},'
        f'"symbol":"{t.instrument.symbol}","timestamp":{t.time_ns},"turnoverEv":{day.turnover},"volume":{day.volume}}}'
    )


def contract_plain(ticker: Ticker, rules: Rules) -> str:
    """COIN-M, keys without suffixes (`/md/ticker/24hr`)."""
    return _contract_plain(ticker, has_time=True)


def _contract_plain(ticker: Ticker, *, has_time: bool) -> str:
    t, day = ticker, ticker.day
    time = f'"timestamp":{t.time_ns},' if has_time else ""
    return (
        f'{{"close":{t.last_price},"fundingRate":{t.funding_rate_er},"high":{day.high},"indexPrice":{t.index_price},'
        f'"low":{day.low},"markPrice":{t.mark_price},"open":{day.open},"openInterest":{t.open_interest},'
        f'"predFundingRate":{t.predicted_rate_er},"symbol":"{t.instrument.symbol}",{time}'
        f'"turnover":{day.turnover},"volume":{day.volume}}}'
    )


def spot(ticker: Ticker, rules: Rules) -> str:
    """Spot (`/md/spot/ticker/24hr`)."""
    return _spot(ticker, has_index=rules.spot_ticker_index, has_time=True)


def _spot(t: Ticker, *, has_index: bool, has_time: bool) -> str:
    day = t.day
    index = f'"indexEp":{t.index_price},' if has_index else ""
    time = f'"timestamp":{t.time_ns},' if has_time else ""
    return (
        f'{{"askEp":{t.ask},"bidEp":{t.bid},"highEp":{day.high},{index}"lastEp":{t.last_price},"lowEp":{day.low},'
        f'"openEp":{day.open},"symbol":"{t.instrument.symbol}",{time}"turnoverEv":{day.turnover},'
        f'"volumeEv":{day.volume}}}'
    )


def linear_v3(ticker: Ticker, rules: Rules) -> str:
    """USD-M, version 3: `last`, `index`, `mark`, and the touch."""
    t, day, scale = ticker, ticker.day, ticker.instrument.price_scale
    return (
        f'{{"askRp":{real(t.ask, scale)},"bidRp":{real(t.bid, scale)},"fundingRateRr":{ratio(t.funding_rate_er)},'
        f'"highRp":{real(day.high, scale)},"indexRp":{real(t.index_price, scale)},"lastRp":{real(t.last_price, scale)},'
        f'"lowRp":{real(day.low, scale)},"markRp":{real(t.mark_price, scale)},{_linear_tail(t, has_time=True)}}}'
    )


def linear_v2(ticker: Ticker, rules: Rules) -> str:
    """USD-M, version 2: `close`, `indexPrice`, `markPrice`."""
    return _linear_v2(ticker, has_time=True)


def _linear_v2(ticker: Ticker, *, has_time: bool) -> str:
    t, day, scale = ticker, ticker.day, ticker.instrument.price_scale
    return (
        f'{{"closeRp":{real(t.last_price, scale)},"fundingRateRr":{ratio(t.funding_rate_er)},'
        f'"highRp":{real(day.high, scale)},"indexPriceRp":{real(t.index_price, scale)},"lowRp":{real(day.low, scale)},'
        f'"markPriceRp":{real(t.mark_price, scale)},{_linear_tail(t, has_time=has_time)}}}'
    )


def _linear_tail(t: Ticker, *, has_time: bool) -> str:
    """What both versions end with."""
    i, day = t.instrument, t.day
    time = f'"timestamp":{t.time_ns},' if has_time else ""
    return (
        f'"openInterestRv":{real(t.open_interest, i.qty_scale)},"openRp":{real(day.open, i.price_scale)},'
        f'"predFundingRateRr":{ratio(t.predicted_rate_er)},"symbol":"{i.symbol}",{time}'
        f'"turnoverRv":{real(day.turnover, i.value_scale)},"volumeRq":{real(day.volume, i.qty_scale)}'
    )


def contract_message(ticker: Ticker, rules: Rules) -> str:
    """One message of `market24h`."""
    figures = _contract_plain(ticker, has_time=rules.stream_ticker_time)
    return f'{{"market24h":{figures},"timestamp":{ticker.time_ns}}}'


def linear_message(ticker: Ticker, rules: Rules) -> str:
    """One message of `market24h_p`."""
    return f'{{"market24h_p":{_linear_v2(ticker, has_time=False)},"timestamp":{ticker.time_ns}}}'


def spot_message(ticker: Ticker, rules: Rules) -> str:
    """One message of `spot_market24h`."""
    figures = _spot(ticker, has_index=False, has_time=rules.stream_ticker_time)
    return f'{{"spot_market24h":{figures},"timestamp":{ticker.time_ns}}}'


def pack_message(tickers: list[Ticker], now_ns: int) -> str:
    """`perp_market24h_pack_p`: all contracts as a table whose columns are named once."""
    return (
        f'{{"data":{array(map(_pack_row, tickers))},"fields":{_FIELDS_JSON},'
        f'"method":"perp_market24h_pack_p.update","timestamp":{now_ns},"type":"snapshot"}}'
    )


def _pack_row(t: Ticker) -> str:
    i, day, scale = t.instrument, t.day, t.instrument.price_scale
    prices = [real(price, scale) for price in (day.open, day.high, day.low, t.last_price)]
    amounts = [real(day.volume, i.qty_scale), real(day.turnover, i.value_scale), real(t.open_interest, i.qty_scale)]
    rest = [real(t.index_price, scale), real(t.mark_price, scale), ratio(t.funding_rate_er), ratio(t.predicted_rate_er)]
    return array([f'"{i.symbol}"', *prices, *amounts, *rest, real(t.bid, scale), real(t.ask, scale)])
