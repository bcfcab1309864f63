"""Books, trades and candles as JSON: integers on the scales of COIN-M and spot, decimal strings on USD-M.

Used by REST, whose replies are snapshots, and by the streams. `book_*` and `trade_*` give the members of an object
without its braces' type member, because the two faces and the two message types arrange the same members differently.
"""

from collections.abc import Iterable, Sequence

from tidings.exchange.catalogue import Instrument, Line
from tidings.exchange.markets.candle import Row
from tidings.exchange.markets.market import Level, PublicTrade
from tidings.exchange.messages.json_text import array, real


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


def candle(row: Row, instrument: Instrument) -> str:
    """One row of a kline: start, length, close before it, open, high, low, close, volume, turnover."""
    c = row.candle
    prices, amounts = (row.last_close, c.open, c.high, c.low, c.close), (c.volume, c.turnover)
    if instrument.line is not Line.USD_M:
        return array(map(str, (c.start_s, c.length_s, *prices, *amounts)))
    texts = [real(price, instrument.price_scale) for price in prices]
    volume, turnover = real(c.volume, instrument.qty_scale), real(c.turnover, instrument.value_scale)
    return array([str(c.start_s), str(c.length_s), *texts, volume, turnover])


def candles(rows: Iterable[Row], instrument: Instrument) -> str:
    """Rows of a kline, in the order they come."""
    return array(candle(row, instrument) for row in rows)
