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
DAY_S: Final = 86_400
TIME_MAX_NS: Final = 2**63 - 1
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
DIGITS_MAX: Final = 28  # what Decimal holds exactly; far more than any market needs
NOMICS_DIGITS: Final = 18  # of each part of a trade id
_SIDES: Final = {"buy": Side.BUY, "sell": Side.SELL}


def kline_of(instrument: Instrument, row: Any) -> Kline:
    """`[start_s, interval_s, last_close, open, high, low, close, volume, turnover]`."""
    start_s, interval_s, last_close, opened, high, low, close, volume, turnover = _cells(row)[:9]
    price, qty, value = _scales(instrument)
    last_close, opened, high, low, close = (number(text, price) for text in (last_close, opened, high, low, close))
    volume, turnover = number(volume, qty), number(turnover, value)
    start_s, interval_s = whole(start_s, TIME_MAX_NS // S_NS), whole(interval_s)
    return Kline(
        instrument, interval_s, start_s, last_close, opened, high, low, close, volume, turnover
    )  # fmt: skip


def recent_trade_of(instrument: Instrument, row: Any) -> PublicTrade:
    """`[ns, side, price, qty]`; a trade id may stand between the first two, so it is read from its right-hand end."""
    cells = _cells(row)
    side, price, qty = cells[-3:]
    price_scale, qty_scale, _ = _scales(instrument)
    return PublicTrade(
        instrument, whole(cells[0]), str(whole(cells[1])) if len(cells) > 4 else "", _SIDES[side.lower()],
        number(price, price_scale), number(qty, qty_scale),
    )  # fmt: skip


def trade_of(instrument: Instrument, row: Any) -> PublicTrade:
    """A row of the oldest list: decimals in plain units, also of COIN-M and spot. Its time has milliseconds."""
    amount = row["amount_quote"] if "amount_quote" in row else row["amount"]
    qty = number(amount, None)
    if instrument.line == ProductLine.INVERSE and "amount_quote" in row:
        qty /= instrument.contract_size
    return PublicTrade(
        instrument, time_ns(row["timestamp"]), row["id"], _SIDES[row["side"].lower()], number(row["price"], None),
        qty,
    )  # fmt: skip


def funding_of(instrument: Instrument, row: Any) -> FundingRate:
    """A rate that was paid."""
    return FundingRate(
        instrument, whole(row["fundingTime"], TIME_MAX_NS // MS_NS) * MS_NS, number(row["fundingRate"], None),
        whole(row["intervalSeconds"]),
    )  # fmt: skip


def id_parts(trade_id: str) -> tuple[int, ...]:
    """A trade's place among the others: sequence, place in it, and a last part of which no use is known."""
    parts = trade_id.split("-") if isinstance(trade_id, str) else []
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() and len(part) <= NOMICS_DIGITS for part in parts):
        raise PeerError(f"a trade id of three numbers was expected, was {str(trade_id)[:60]!r}")
    return tuple(map(int, parts))


def time_ns(text: str) -> int:
    """Unix time of "2019-11-24T08:32:17.046Z". No float comes near it."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    since = moment - EPOCH
    return whole((since.days * DAY_S + since.seconds) * S_NS + since.microseconds * 1_000)


def utc_text(unix_ns: int) -> str:
    """Unix time for people, to the second."""
    return datetime.fromtimestamp(unix_ns // S_NS, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def number(value: Any, scale: int | None) -> Decimal:
    """The exact number: an integer at `scale`, or decimal text where that is None. Raises ValueError."""
    if scale is not None:
        if type(value) is not int or abs(value) >= 10**DIGITS_MAX:
            raise ValueError("an integer on a scale was expected")
        return Decimal(value).scaleb(-scale)
    if isinstance(value, bool | float) or (isinstance(value, str) and len(value) > 2 * DIGITS_MAX):
        raise ValueError("a decimal number was expected")
    try:
        found = Decimal(value)
    except InvalidOperation as error:
        raise ValueError("a decimal number was expected") from error
    exponent = found.as_tuple().exponent
    if not isinstance(exponent, int) or abs(exponent) > DIGITS_MAX or len(found.as_tuple().digits) > DIGITS_MAX:
        raise ValueError("a finite number of a sensible length was expected")
    return found


def whole(value: Any, most: int = TIME_MAX_NS) -> int:
    """A whole number from 0 on. Raises ValueError."""
    if type(value) is not int or not 0 <= value <= most:
        raise ValueError("a whole number was expected")
    return value


def _cells(row: Any) -> list[Any]:
    if not isinstance(row, list):
        raise TypeError("a row is a list")
    return row


def _scales(instrument: Instrument) -> tuple[int | None, int | None, int | None]:
    """Of prices, quantities and values; None: the line writes decimals."""
    if instrument.line == ProductLine.LINEAR:
        return None, None, None
    return instrument.price_scale, instrument.qty_scale, instrument.value_scale
