"""The venue's product catalogue (`GET /public/products`) as instruments.

One bad entry must not keep the others from trading: it is left out, and `skipped` says why, naming the key. What the
venue no longer lists is kept, so that an error can say "Delisted" and a leftover position still has its scale. Numbers
are taken as the text the venue wrote, never through a float.

Keys: phemex docs 2026, "Query product information". `minPriceRp` is not read: orders far below it rest (observed 2025).
"""

import difflib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any, Final

import msgspec

from tidings.errors import PeerError, UnknownSymbol, UsageError
from tidings.market.price_tick import TickKind
from tidings.model.enums import ProductLine
from tidings.model.instrument import Instrument

CATALOGUE_BYTES_MAX: Final = 32 * 1024 * 1024  # the real one has about 2 MB
SCALE_MAX: Final = 18  # powers of ten either side of the point: more does not fit an int64
DIGITS_MAX: Final = 40
LINEAR_VALUE_SCALE: Final = 8  # for a settle currency that is not told: linear values travel as text anyway

_TICK_KEYS: Final = {
    TickKind.INDEX: "indexSymbol",
    TickKind.MARK: "markSymbol",
    TickKind.FUNDING: "fundingRate8hSymbol",
    TickKind.PREDICTED_FUNDING: "fundingRateSymbol",
}
_decode = msgspec.json.Decoder(float_hook=Decimal).decode


@dataclass(frozen=True, slots=True)
class Products:
    """All instruments of one catalogue, by symbol, in the order of their index."""

    instruments: Mapping[str, Instrument]
    skipped: Mapping[str, str] = field(default_factory=dict)  # symbol (or place) → why it has no instrument
    md5_checksum: str = ""  # the venue's own, of the whole content: unequal means changed
    tick_symbols: Mapping[str, Mapping[TickKind, str]] = field(default_factory=dict)  # what the venue calls its figures

    def __len__(self) -> int:
        return len(self.instruments)

    def __iter__(self) -> Iterator[Instrument]:
        return iter(self.instruments.values())

    def listed(self) -> list[Instrument]:
        """What can be traded now."""
        return [instrument for instrument in self.instruments.values() if instrument.is_listed]

    def find(self, symbol: str) -> Instrument | None:
        """The instrument, listed or not; None if the catalogue has none."""
        return self.instruments.get(symbol)

    def near(self, symbol: str) -> list[str]:
        """Up to three listed symbols that are written alike; case does not matter."""
        by_capitals = {instrument.symbol.upper(): instrument.symbol for instrument in self.listed()}
        wanted = symbol.upper()
        if wanted in by_capitals:
            return [by_capitals[wanted]]
        return [by_capitals[name] for name in difflib.get_close_matches(wanted, by_capitals, n=3)]

    def known(self, symbol: str) -> Instrument:
        """The instrument, listed or not, for what only ends something. Raises UnknownSymbol."""
        found = self.instruments.get(symbol) if isinstance(symbol, str) else None
        return found if found is not None else self.tradable(symbol)

    def tradable(self, symbol: str) -> Instrument:
        """The instrument, if it can be traded. Raises UnknownSymbol that says why not, or names what is near."""
        if not isinstance(symbol, str):
            raise UsageError(f"a symbol is a text, and several are given one by one: was {symbol!r}")
        instrument = self.instruments.get(symbol)
        if instrument is not None and instrument.is_listed:
            return instrument
        if instrument is not None:
            raise UnknownSymbol(f"{symbol} cannot be traded: the venue says {instrument.status}")
        if symbol in self.skipped:
            raise UnknownSymbol(f"{symbol} cannot be traded: its catalogue entry was left out: {self.skipped[symbol]}")
        near = self.near(str(symbol))
        hint = f": did you mean {', '.join(near)}?" if near else "; `tidings products` lists all"
        raise UnknownSymbol(f"no instrument {str(symbol)[:40]!r}{hint}")


class BadEntry(Exception):
    """One entry of the catalogue that cannot become an instrument; the message names the key."""


def parse_products(body: bytes) -> Products:
    """The catalogue in the body of `GET /public/products`. Raises PeerError if it is none or lists nothing to trade."""
    data = _open(body)
    value_scales = _value_scales(data)
    instruments: dict[str, Instrument] = {}
    skipped: dict[str, str] = {}
    tick_symbols: dict[str, dict[TickKind, str]] = {}
    for node, make in _NODES:
        for place, row in enumerate(data.get(node) or ()):
            symbol = row.get("symbol") if isinstance(row, dict) else None
            if not isinstance(symbol, str):
                skipped[f"{node}[{place}]"] = "symbol is missing"
            elif symbol in instruments or symbol in skipped:
                skipped.setdefault(symbol, "appears twice")
            else:
                try:
                    instruments[symbol] = make(_Row(row), len(instruments), value_scales)
                    tick_symbols[symbol] = _tick_symbols(row)
                except (BadEntry, UsageError) as error:
                    skipped[symbol] = str(error)
                except OverflowError:
                    skipped[symbol] = "one of its numbers does not fit 64 bits"
    if not any(instrument.is_listed for instrument in instruments.values()):
        raise PeerError(f"the product catalogue lists nothing that can be traded ({len(skipped)} entries left out)")
    checksum = data.get("md5Checksum")
    return Products(instruments, skipped, checksum if isinstance(checksum, str) else "", tick_symbols)


def _open(body: bytes) -> dict[str, Any]:
    if len(body) > CATALOGUE_BYTES_MAX:
        raise PeerError(f"the product catalogue has {len(body)} bytes, more than {CATALOGUE_BYTES_MAX}")
    try:
        envelope = _decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise PeerError(f"the product catalogue is no JSON: {error}") from None
    data = envelope.get("data") if isinstance(envelope, dict) else None
    if not isinstance(data, dict):
        raise PeerError(f"the product catalogue has no object `data`: {body[:80]!r}")
    for node, _ in _NODES:
        if not isinstance(data.get(node) or [], list):
            raise PeerError(f"the product catalogue's `{node}` is no list")
    return data


def _value_scales(data: dict[str, Any]) -> dict[str, int]:
    """Currency → exponent of its Ev integers. An entry that makes no sense is left out; who needs it says so."""
    rows = data.get("currencies")
    if not isinstance(rows, list):
        raise PeerError("the product catalogue has no list `currencies`")
    return {
        row["currency"]: row["valueScale"]
        for row in rows
        if isinstance(row, dict) and isinstance(row.get("currency"), str) and type(row.get("valueScale")) is int
    }


class _Row:
    """One entry, read key by key; every complaint names the key."""

    def __init__(self, values: dict[str, Any]) -> None:
        self._values = values

    def text(self, key: str, default: str | None = None) -> str:
        value = self._values.get(key, default)
        if not isinstance(value, str) or not value or not value.isprintable():
            raise BadEntry(f"{key} must be text, was {_shown(value)}")
        return value

    def integer(self, key: str, default: int | None = None) -> int:
        value = self._values.get(key, default)
        if type(value) is not int:
            raise BadEntry(f"{key} must be an integer, was {_shown(value)}")
        return value

    def decimal(self, key: str, default: str | None = None) -> Decimal:
        """A positive number, as JSON number or as text."""
        value = self._values.get(key, default)
        try:
            number = Decimal(value) if isinstance(value, str | int | Decimal) and type(value) is not bool else None
        except InvalidOperation:
            number = None
        if number is None or not number.is_finite() or number < 0 or (number == 0 and default is None):
            raise BadEntry(f"{key} must be a positive number, was {_shown(value)}")
        if number and (abs(number.adjusted()) > SCALE_MAX or len(number.as_tuple().digits) > DIGITS_MAX):
            raise BadEntry(f"{key} is out of range, was {_shown(value)}")
        return number


def _tick_symbols(row: dict[str, Any]) -> dict[TickKind, str]:
    """A contract's index, mark price and funding rates have symbols of their own; spot has none."""
    return {kind: row[key] for kind, key in _TICK_KEYS.items() if isinstance(row.get(key), str) and row[key]}


def _inverse(row: _Row, index: int, value_scales: Mapping[str, int]) -> Instrument:
    settle, quote = row.text("settleCurrency"), row.text("quoteCurrency")
    if settle == quote:
        status = row.text("status")
        raise BadEntry(f"settleCurrency {settle}: settled in the quote currency is not supported (status {status})")
    price_scale = row.integer("priceScale")
    tick_mantissa = _at_scale(row.decimal("tickSize"), price_scale, "tickSize")
    lot_mantissa = _at_scale(row.decimal("lotSize"), 0, "lotSize")
    contract_mantissa, contract_scale = _mantissa_and_scale(row.decimal("contractSize"))
    return Instrument(
        symbol=row.text("symbol"), line=ProductLine.INVERSE, index=index, status=row.text("status"),
        base_currency=row.text("baseCurrency", settle), quote_currency=quote, settle_currency=settle,
        price_scale=price_scale, tick_mantissa=tick_mantissa, qty_scale=0, lot_mantissa=lot_mantissa,
        contract_mantissa=contract_mantissa, contract_scale=contract_scale,
        value_scale=_scale_of(settle, value_scales, "settleCurrency"),
        max_price_ticks=row.integer("maxPriceEp", 0) // tick_mantissa,
        max_qty_lots=row.integer("maxOrderQty", 0) // lot_mantissa,
    )


def _spot(row: _Row, index: int, value_scales: Mapping[str, int]) -> Instrument:
    base, quote = row.text("baseCurrency"), row.text("quoteCurrency")
    base_scale = _scale_of(base, value_scales, "baseCurrency")
    lot_mantissa = row.integer("baseTickSizeEv")
    if lot_mantissa <= 0:
        raise BadEntry(f"baseTickSizeEv must be positive, was {lot_mantissa}")
    return Instrument(
        symbol=row.text("symbol"), line=ProductLine.SPOT, index=index, status=row.text("status"),
        base_currency=base, quote_currency=quote, settle_currency=quote,
        price_scale=row.integer("priceScale"), tick_mantissa=row.integer("quoteTickSizeEv"),
        qty_scale=base_scale, lot_mantissa=lot_mantissa,
        value_scale=_scale_of(quote, value_scales, "quoteCurrency"), base_value_scale=base_scale,
        max_qty_lots=row.integer("maxBaseOrderSizeEv", 0) // lot_mantissa,
    )


def _linear(row: _Row, index: int, value_scales: Mapping[str, int]) -> Instrument:
    if row.text("type") != "PerpetualV2":
        raise BadEntry(f"type must be PerpetualV2, was {row.text('type')!r}")
    settle, quote = row.text("settleCurrency"), row.text("quoteCurrency")
    tick, lot = row.decimal("tickSize"), row.decimal("qtyStepSize")
    tick_mantissa, price_scale = _mantissa_and_scale(tick)
    lot_mantissa, qty_scale = _mantissa_and_scale(lot)
    return Instrument(
        symbol=row.text("symbol"), line=ProductLine.LINEAR, index=index, status=row.text("status"),
        base_currency=row.text("baseCurrency"), quote_currency=quote, settle_currency=settle,
        price_scale=price_scale, tick_mantissa=tick_mantissa, qty_scale=qty_scale, lot_mantissa=lot_mantissa,
        value_scale=value_scales.get(settle, LINEAR_VALUE_SCALE),
        max_price_ticks=_whole_steps(row.decimal("maxPriceRp", "0"), tick),
        max_qty_lots=_whole_steps(row.decimal("maxOrderQtyRq", "0"), lot),
    )


def _inverse_or_spot(row: _Row, index: int, value_scales: Mapping[str, int]) -> Instrument:
    makers = {"Perpetual": _inverse, "Spot": _spot}
    kind = row.text("type")
    if kind not in makers:
        raise BadEntry(f"type must be Perpetual or Spot, was {kind!r}")
    return makers[kind](row, index, value_scales)


# Node of the catalogue → what its entries become. `perpProductsPilot` is not documented, and is left alone.
_Maker = Callable[[_Row, int, Mapping[str, int]], Instrument]
_NODES: Final[tuple[tuple[str, _Maker], ...]] = (("products", _inverse_or_spot), ("perpProductsV2", _linear))


def _scale_of(currency: str, value_scales: Mapping[str, int], key: str) -> int:
    if currency not in value_scales:
        raise BadEntry(f"{key} {currency}: the catalogue does not tell the valueScale of this currency")
    return value_scales[currency]


def _at_scale(number: Decimal, scale: int, key: str) -> int:
    """number × 10**scale, which must be whole."""
    mantissa, own_scale = _mantissa_and_scale(number)
    if not 0 <= scale <= SCALE_MAX or own_scale > scale:
        raise BadEntry(f"{key} {number} has more decimals than its scale of {scale}")
    return int(mantissa * 10 ** (scale - own_scale))


def _whole_steps(limit: Decimal, step: Decimal) -> int:
    return int(Fraction(limit) // Fraction(step))


def _mantissa_and_scale(number: Decimal) -> tuple[int, int]:
    """The smallest scale ≥ 0 at which `number` is an integer, and that integer."""
    numerator, denominator = number.as_integer_ratio()
    scale = 0
    while 10**scale % denominator:
        scale += 1
    return numerator * (10**scale // denominator), scale


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:40] + "…"
