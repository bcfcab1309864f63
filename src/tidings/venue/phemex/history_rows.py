"""Rows of the venue's public history, made exact: one function per list.

COIN-M and spot write prices and amounts as integers on the catalogue's scales, USD-M as decimal text (phemex docs 2026,
"Price/ratio/value scales"). Anything unexpected raises KeyError, TypeError or ValueError.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from tidings.errors import PeerError
from tidings.market.kline import Kline
from tidings.market.past import FundingRate, PublicTrade
from tidings.model.enums import ProductLine, Side
from tidings.model.instrument import Instrument

S_NS: Final = 1_000_000_000
MS_NS: Final = 1_000_000
NOMICS_DIGITS: Final = 18  # of each part of a trade id
_SIDES: Final = {"buy": Side.BUY, "sell": Side.SELL}


def kline_of(instrument: Instrument, row: Any) -> Kline:
    """`[start_s, interval_s, last_close, open, high, low, close, volume, turnover]`."""
    start_s, interval_s, last_close, opened, high, low, close, volume, turnover = row[:9]
    price, qty, value = _scales(instrument)
    last_close, opened, high, low, close = (number(text, price) for text in (last_close, opened, high, low, close))
    volume, turnover = number(volume, qty), number(turnover, value)
    return Kline(
        instrument, int(interval_s), int(start_s), last_close, opened, high, low, close, volume, turnover
    )  # fmt: skip


def recent_trade_of(instrument: Instrument, row: Any) -> PublicTrade:
    """`[ns, side, price, qty]`; a trade id may stand between the first two, so it is read from its right-hand end."""
    side, price, qty = row[-3:]
    price_scale, qty_scale, _ = _scales(instrument)
    return PublicTrade(
        instrument, int(row[0]), str(row[1]) if len(row) > 4 else "", _SIDES[side.lower()],
        number(price, price_scale), number(qty, qty_scale),
    )  # fmt: skip


def trade_of(instrument: Instrument, row: Any) -> PublicTrade:
    """A row of the oldest list: decimals in plain units, also of COIN-M and spot. Its time has milliseconds."""
    amount = row["amount_quote"] if "amount_quote" in row else row["amount"]
    qty = number(amount, None)
    if instrument.line == ProductLine.INVERSE and "amount_quote" in row:
        qty /= instrument.contract_size
    return PublicTrade(
        instrument, time_ns(row["timestamp"]), str(row["id"]), _SIDES[row["side"].lower()], number(row["price"], None),
        qty,
    )  # fmt: skip


def funding_of(instrument: Instrument, row: Any) -> FundingRate:
    """A rate that was paid."""
    return FundingRate(
        instrument, int(row["fundingTime"]) * MS_NS, number(row["fundingRate"], None), int(row["intervalSeconds"])
    )


def id_parts(trade_id: str) -> tuple[int, ...]:
    """A trade's place among the others: sequence, place in it, and a last part of which no use is known."""
    parts = trade_id.split("-")
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() and len(part) <= NOMICS_DIGITS for part in parts):
        raise PeerError(f"a trade id of three numbers was expected, was {trade_id[:60]!r}")
    return tuple(map(int, parts))


def time_ns(text: str) -> int:
    """Unix time of "2019-11-24T08:32:17.046Z". No float comes near it."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    whole_s = int(moment.replace(microsecond=0).timestamp())
    return whole_s * S_NS + moment.microsecond * 1_000


def utc_text(unix_ns: int) -> str:
    """Unix time for people, to the second."""
    return datetime.fromtimestamp(unix_ns // S_NS, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def number(value: Any, scale: int | None) -> Decimal:
    """The exact number: an integer at `scale`, or decimal text where that is None. Raises ValueError."""
    if isinstance(value, bool | float) or (scale is not None and not isinstance(value, int)):
        raise ValueError(f"not a number of this list: {value!r}")
    try:
        found = Decimal(value)
    except InvalidOperation as error:
        raise ValueError(f"not a number: {value!r}") from error
    if not found.is_finite():
        raise ValueError(f"not a finite number: {value!r}")
    return found.scaleb(-scale) if scale is not None else found


def _scales(instrument: Instrument) -> tuple[int | None, int | None, int | None]:
    """Of prices, quantities and values; None: the line writes decimals."""
    if instrument.line == ProductLine.LINEAR:
        return None, None, None
    return instrument.price_scale, instrument.qty_scale, instrument.value_scale
