"""Books, trades, tickers and ticks as JSON: integers on the scales of COIN-M and spot, decimal strings on USD-M.

Used by REST, whose replies are snapshots, and by the streams. `book_*` and `trade_*` give the members of an object
without its braces' type member, because the two faces and the two message types arrange the same members differently.
"""

from collections.abc import Iterable, Sequence

from tidings.exchange.catalogue import Instrument, Line
from tidings.exchange.markets.market import Level, Market, PublicTrade
from tidings.exchange.messages.json_text import array, real

FUNDING_RATE_ER = 10_000  # 0.01 % per interval, the venue's base rate; this exchange settles no funding


def levels(side: Sequence[Level], instrument: Instrument) -> str:
    """One side of a book."""
    if instrument.line is Line.USD_M:
        price_scale, qty_scale = instrument.price_scale, instrument.qty_scale
        return array(f"[{real(price, price_scale)},{real(qty, qty_scale)}]" for price, qty in side)
    return array(f"[{price},{qty}]" for price, qty in side)


def book(bids: Sequence[Level], asks: Sequence[Level], instrument: Instrument) -> str:
    """Both sides, asks first as the venue has them."""
    return f'{{"asks":{levels(asks, instrument)},"bids":{levels(bids, instrument)}}}'


def trade(print_: PublicTrade, instrument: Instrument) -> str:
    """One row of the tape: time, side of the taker, price, quantity."""
    if instrument.line is Line.USD_M:
        price, qty = real(print_.price, instrument.price_scale), real(print_.qty, instrument.qty_scale)
        return f'[{print_.time_ns},"{print_.side}",{price},{qty}]'
    return f'[{print_.time_ns},"{print_.side}",{print_.price},{print_.qty}]'


def trade_with_id(print_: PublicTrade) -> str:
    """One row of the older trade query, which has the trade id in second place."""
    return f'[{print_.time_ns},{print_.trade_id},"{print_.side}",{print_.price},{print_.qty}]'


def trades(prints: Iterable[PublicTrade], instrument: Instrument) -> str:
    """Rows of the tape, newest first; `prints` come oldest first."""
    return array(trade(print_, instrument) for print_ in reversed(list(prints)))


def best(market: Market) -> tuple[int, int]:
    """Best bid and best offer price, 0 where a side is empty."""
    bids, asks = market.levels(1)
    return (bids[0][0] if bids else 0), (asks[0][0] if asks else 0)


def contract_ticker(market: Market, now_ns: int) -> str:
    """COIN-M, 24 hours (`/md/v1/ticker/24hr`), keys as in the captures."""
    bid, ask = best(market)
    m, day = market, market.day(now_ns)
    return (
        f'{{"askEp":{ask},"bidEp":{bid},"fundingRateEr":{FUNDING_RATE_ER},"highEp":{day.high},'
        f'"indexEp":{m.index_price},"lastEp":{m.last_price},"lowEp":{day.low},"markEp":{m.mark_price},'
        f'"openEp":{day.open},"openInterest":0,"predFundingRateEr":{FUNDING_RATE_ER},'
        f'"symbol":"{m.instrument.symbol}","timestamp":{now_ns},"turnoverEv":{day.turnover},"volume":{day.volume}}}'
    )


def spot_ticker(market: Market, now_ns: int) -> str:
    """Spot, 24 hours (`/md/spot/ticker/24hr`)."""
    bid, ask = best(market)
    m, day = market, market.day(now_ns)
    return (
        f'{{"askEp":{ask},"bidEp":{bid},"highEp":{day.high},"indexEp":{m.index_price},"lastEp":{m.last_price},'
        f'"lowEp":{day.low},"openEp":{day.open},"symbol":"{m.instrument.symbol}","timestamp":{now_ns},'
        f'"turnoverEv":{day.turnover},"volumeEv":{day.volume}}}'
    )


def linear_ticker(market: Market, now_ns: int, version: int) -> str:
    """USD-M, 24 hours: version 3 (`last`, `index`, `mark`, `bid`, `ask`) or 2 (`close`, `indexPrice`, `markPrice`)."""
    m, day = market, market.day(now_ns)
    i = m.instrument
    bid, ask = best(market)

    def price(value: int) -> str:
        return real(value, i.price_scale)

    if version == 3:
        head, last = f'"askRp":{price(ask)},"bidRp":{price(bid)},', f'"lastRp":{price(m.last_price)},'
        index, mark = "indexRp", "markRp"
    else:
        head, last = f'"closeRp":{price(m.last_price)},', ""
        index, mark = "indexPriceRp", "markPriceRp"
    rate = real(FUNDING_RATE_ER, 8)
    return (
        f'{{{head}"fundingRateRr":{rate},"highRp":{price(day.high)},"{index}":{price(m.index_price)},'
        f'{last}"lowRp":{price(day.low)},"{mark}":{price(m.mark_price)},'
        f'"openInterestRv":"0","openRp":{price(day.open)},"predFundingRateRr":{rate},"symbol":"{i.symbol}",'
        f'"timestamp":{now_ns},"turnoverRv":{real(day.turnover, i.value_scale)},'
        f'"volumeRq":{real(day.volume, i.qty_scale)}}}'
    )
