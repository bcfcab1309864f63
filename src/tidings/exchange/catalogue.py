"""The products this exchange lists: the venue's catalogue as it is published, and each instrument's terms as integers.

`catalogue.json` holds the venue's real answer to GET /public/products under "data", cut down to representative
instruments, and beside it, under "sources", where each entry that the answer lacked comes from. `Catalogue.data` is
served as it is; `Instrument` is what the core computes with: every price, quantity and value an integer on the
instrument's scales, and the arithmetic of value, fee and average price with the venue's rounding.
"""

import json
from collections.abc import Iterable
from copy import copy
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from functools import cached_property
from importlib.resources import files
from typing import Any, Final

from tidings.exchange.scaled import from_text

RATIO_SCALE: Final = 8
ONE_ER: Final = 10**RATIO_SCALE  # the ratio 1

# USD-M numbers travel as decimal strings without a scale. These hold everything seen in captures exactly: average and
# mark prices with 9 decimals, balances with 12 (phemex, aop_p and accountPositions, observed 2024).
USD_M_PRICE_SCALE: Final = 9
USD_M_QTY_SCALE: Final = 6
USD_M_VALUE_SCALE: Final = 12

# Contract fees come from the account's fee tier, not from the catalogue; seen on new accounts (observed 2025).
CONTRACT_TAKER_FEE_ER: Final = 60_000
CONTRACT_MAKER_FEE_ER: Final = 10_000
DEFAULT_MAINT_MARGIN_ER: Final = 500_000


class Line(Enum):
    """A product line: its own accounts, streams and number style."""

    COIN_M = "COIN-M"
    USD_M = "USD-M"
    SPOT = "Spot"

    __hash__ = object.__hash__  # Enum's own is written in Python, and lines are looked up several times per order


@dataclass(frozen=True, slots=True)
class Currency:
    """A currency, its number in account ids, and the scale of its amounts on this exchange's integers."""

    name: str
    code: int
    value_scale: int


@dataclass(frozen=True, slots=True)
class RiskStep:
    """How large a position may be, and the margins that this size asks for."""

    limit: int  # value scale of the instrument
    initial_margin_er: int
    maint_margin_er: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Instrument:
    """The terms of one product, as integers; equal only to itself, so that it is quick to look up. Prices are on
    `price_scale`, quantities on `qty_scale`, values on `value_scale` of the settle (contracts) or quote currency
    (spot). A limit of 0 means none.
    """

    line: Line
    symbol: str
    is_listed: bool
    is_inverse: bool
    base_currency: str
    quote_currency: str
    settle_currency: str  # contracts: margin and profit; spot: the quote currency
    price_scale: int
    qty_scale: int
    value_scale: int
    tick_size: int
    lot_size: int
    quote_lot_size: int  # spot: step of quote amounts
    min_price: int
    max_price: int
    max_qty: int
    min_value: int
    max_value: int
    buy_limit_pct: int  # spot: a buy above this per cent of the last price is refused
    sell_limit_pct: int
    taker_fee_er: int
    maker_fee_er: int
    max_leverage: int
    default_leverage_er: int
    risk_steps: tuple[RiskStep, ...]  # contracts: lowest limit first
    value_num: int  # linear: value = qty × price × num ÷ den; inverse: value = qty × num ÷ (price × den)
    value_den: int
    index_symbol: str
    mark_symbol: str
    funding_symbol: str  # of the predicted rate
    funding_8h_symbol: str  # of the rates that were paid
    funding_interval_s: int

    def value(self, qty: int, price: int) -> int:
        """What `qty` is worth at `price`, truncated at the value grid as the venue does. 0 for a price of 0."""
        if self.is_inverse:
            return qty * self.value_num // (price * self.value_den) if price else 0
        return qty * price * self.value_num // self.value_den

    def value_up(self, qty: int, price: int) -> int:
        """`value`, rounded up: what must be set aside to be sure that it suffices."""
        if self.is_inverse:
            return -(-qty * self.value_num // (price * self.value_den)) if price else 0
        return -(-qty * price * self.value_num // self.value_den)

    def qty_for(self, value: int, price: int) -> int:
        """The largest quantity on the lot grid worth at most `value` at `price` (linear and spot)."""
        return value * self.value_den // (price * self.value_num) // self.lot_size * self.lot_size

    def average_price(self, qty: int, value: int) -> int:
        """The price at which `qty` is worth `value`; 0 if there is none.

        Truncated, except on USD-M, where the venue rounds to nine decimals (956.2442/0.046 → …391304, 748.3124/0.036
        → …555556, phemex docs 2024, aop_p).
        """
        if qty == 0 or value == 0:
            return 0
        if self.is_inverse:
            return qty * self.value_num // (value * self.value_den)
        numerator, denominator = value * self.value_den, qty * self.value_num
        if self.line is Line.USD_M:
            return (2 * numerator + denominator) // (2 * denominator)
        return numerator // denominator

    def fee(self, amount: int, fee_rate_er: int) -> int:
        """The fee on `amount`, rounded up towards +∞ (a rebate of −5.75 is −5; derived from aop samples)."""
        return -(-amount * fee_rate_er // ONE_ER)

    def round_price(self, price: int, *, up: bool) -> int:
        """`price` on the tick grid, never below one tick."""
        ticks = -(-price // self.tick_size) if up else price // self.tick_size
        return max(ticks, 1) * self.tick_size


class Catalogue:
    """All products: the venue's document and the instruments by symbol. Never changed."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.data: dict[str, Any] = document["data"]
        self.currencies = {entry["currency"]: _currency(entry) for entry in self.data["currencies"]}
        self._coin_m_risk = {entry["symbol"]: entry["riskLimits"][0] for entry in self.data["riskLimits"]}
        self._usd_m_risk = {entry["symbol"]: entry["riskLimits"][0] for entry in self.data["riskLimitsV2"]}
        instruments = [self._instrument(entry) for entry in (*self.data["products"], *self.data["perpProductsV2"])]
        self.instruments = {instrument.symbol: instrument for instrument in instruments}

    @cached_property
    def as_json(self) -> str:
        """The document as it is served."""
        return json.dumps(self.data, separators=(",", ":"))

    def with_contract_fees(self, maker_er: int | None, taker_er: int | None) -> "Catalogue":
        """The same for users whose fee rates in contracts are these; None: as they are."""
        if maker_er is None and taker_er is None:
            return self

        def changed(instrument: Instrument) -> Instrument:
            if instrument.line is Line.SPOT:
                return instrument
            return replace(
                instrument,
                maker_fee_er=instrument.maker_fee_er if maker_er is None else maker_er,
                taker_fee_er=instrument.taker_fee_er if taker_er is None else taker_er,
            )

        other = copy(self)
        other.instruments = {symbol: changed(instrument) for symbol, instrument in self.instruments.items()}
        return other

    def listed(self, line: Line | None = None) -> list[Instrument]:
        """The instruments open for trading, of one line or of all."""
        return [i for i in self.instruments.values() if i.is_listed and (line is None or i.line is line)]

    def settle_currencies(self, line: Line) -> list[str]:
        """The currencies in which contracts of `line` settle, each once, in catalogue order; USD counts as COIN-M."""
        return _unique(i.settle_currency for i in self.instruments.values() if i.line is line)

    def spot_currencies(self) -> list[str]:
        """Every currency of a listed spot pair."""
        pairs = self.listed(Line.SPOT)
        return _unique(currency for pair in pairs for currency in (pair.base_currency, pair.quote_currency))

    def _instrument(self, entry: dict[str, Any]) -> Instrument:
        build = {"Perpetual": self._coin_m, "PerpetualV2": self._usd_m, "Spot": self._spot}[entry["type"]]
        return build(entry)

    def _coin_m(self, entry: dict[str, Any]) -> Instrument:
        price_scale = entry["priceScale"]
        value_scale = self.currencies[entry["settleCurrency"]].value_scale
        is_inverse = entry["settleCurrency"] != entry["quoteCurrency"]
        contract_size = Fraction(str(entry["contractSize"]))
        exponent = value_scale + price_scale if is_inverse else value_scale - price_scale
        factor = contract_size * Fraction(10) ** exponent
        risk = self._coin_m_risk.get(entry["symbol"], {"limit": 10_000, "maintenanceMarginEr": DEFAULT_MAINT_MARGIN_ER})
        max_leverage = int(entry["maxLeverage"])
        initial_er = risk.get("initialMarginEr", ONE_ER // max_leverage)
        last_step = RiskStep(risk["limit"] * 10**value_scale, initial_er, risk["maintenanceMarginEr"])
        return Instrument(
            line=Line.COIN_M, is_inverse=is_inverse, settle_currency=entry["settleCurrency"],
            base_currency=entry["settleCurrency" if is_inverse else "contractUnderlyingAssets"],
            quote_currency=entry["quoteCurrency"],
            price_scale=price_scale, qty_scale=0, value_scale=value_scale,
            tick_size=from_text(_plain(entry["tickSize"]), price_scale), lot_size=entry["lotSize"], quote_lot_size=0,
            min_price=entry["minPriceEp"], max_price=entry["maxPriceEp"], max_qty=entry["maxOrderQty"],
            min_value=0, max_value=0, value_num=factor.numerator, value_den=factor.denominator,
            risk_steps=_steps_up_to(last_step, max_leverage),
            **_contract_terms(entry),
        )

    def _usd_m(self, entry: dict[str, Any]) -> Instrument:
        risk = self._usd_m_risk.get(entry["symbol"])
        only_step = RiskStep(1_000_000 * 10**USD_M_VALUE_SCALE, ONE_ER // int(entry["maxLeverage"]), 1_000_000)
        tick_size = from_text(entry["tickSize"], USD_M_PRICE_SCALE)
        return Instrument(
            line=Line.USD_M, is_inverse=False, settle_currency=entry["settleCurrency"],
            base_currency=entry["baseCurrency"], quote_currency=entry["quoteCurrency"],
            price_scale=USD_M_PRICE_SCALE, qty_scale=USD_M_QTY_SCALE, value_scale=USD_M_VALUE_SCALE,
            tick_size=tick_size, lot_size=from_text(entry["qtyStepSize"], USD_M_QTY_SCALE), quote_lot_size=0,
            # minPriceRp is unreliable: ADAUSDT says 1.0 and trades at 0.4 (observed 2024). One tick is the floor.
            min_price=tick_size, max_price=from_text(entry["maxPriceRp"], USD_M_PRICE_SCALE),
            max_qty=from_text(entry["maxOrderQtyRq"], USD_M_QTY_SCALE),
            min_value=from_text(entry["minOrderValueRv"], USD_M_VALUE_SCALE), max_value=0,
            value_num=1, value_den=10 ** (USD_M_PRICE_SCALE + USD_M_QTY_SCALE - USD_M_VALUE_SCALE),
            risk_steps=_steps_from(risk) if risk else (only_step,),
            **_contract_terms(entry),
        )

    def _spot(self, entry: dict[str, Any]) -> Instrument:
        base, quote = self.currencies[entry["baseCurrency"]], self.currencies[entry["quoteCurrency"]]
        price_scale = entry["priceScale"]
        factor = Fraction(10) ** (quote.value_scale - price_scale - base.value_scale)
        return Instrument(
            line=Line.SPOT, symbol=entry["symbol"], is_listed=entry["status"] == "Listed", is_inverse=False,
            base_currency=base.name, quote_currency=quote.name, settle_currency=quote.name,
            price_scale=price_scale, qty_scale=base.value_scale, value_scale=quote.value_scale,
            tick_size=entry["quoteTickSizeEv"], lot_size=entry["baseTickSizeEv"],
            quote_lot_size=10 ** (quote.value_scale - entry["quoteQtyPrecision"]),
            min_price=entry["quoteTickSizeEv"], max_price=0, max_qty=entry["maxBaseOrderSizeEv"],
            min_value=entry["minOrderValueEv"], max_value=entry["maxOrderValueEv"],
            buy_limit_pct=entry["buyPriceUpperLimitPct"], sell_limit_pct=entry["sellPriceLowerLimitPct"],
            taker_fee_er=entry["defaultTakerFeeEr"], maker_fee_er=entry["defaultMakerFeeEr"],
            max_leverage=0, default_leverage_er=0, risk_steps=(),
            value_num=factor.numerator, value_den=factor.denominator, index_symbol="", mark_symbol="",
            funding_symbol="", funding_8h_symbol="", funding_interval_s=0,
        )


def load_catalogue() -> Catalogue:
    """Give a fresh copy of the embedded catalogue."""
    return Catalogue(json.loads(files("tidings.exchange").joinpath("catalogue.json").read_text(encoding="utf-8")))


def _currency(entry: dict[str, Any]) -> Currency:
    return Currency(entry["currency"], entry["code"], entry["valueScale"])


def _contract_terms(entry: dict[str, Any]) -> dict[str, Any]:
    return {
        "symbol": entry["symbol"],
        "is_listed": entry["status"] == "Listed",
        "buy_limit_pct": 0,
        "sell_limit_pct": 0,
        "taker_fee_er": CONTRACT_TAKER_FEE_ER,
        "maker_fee_er": CONTRACT_MAKER_FEE_ER,
        "max_leverage": int(entry["maxLeverage"]),
        "default_leverage_er": from_text(entry["defaultLeverage"], RATIO_SCALE),
        "index_symbol": entry["indexSymbol"],
        "mark_symbol": entry["markSymbol"],
        "funding_symbol": entry["fundingRateSymbol"],
        "funding_8h_symbol": entry["fundingRate8hSymbol"],
        "funding_interval_s": entry["fundingInterval"],
    }


def _steps_up_to(last: RiskStep, max_leverage: int) -> tuple[RiskStep, ...]:
    """COIN-M: the steps up to `last`, the one the catalogue publishes: multiples of what the maximum leverage asks for.

    The venue's own lower steps are not in the catalogue of 2025; what it showed at the maximum leverage (initial margin
    1 %, maintenance 0.5 % for BTCUSD, observed 2025) is the first of these.
    """
    count = max(1, last.initial_margin_er * max_leverage // ONE_ER)
    return tuple(
        RiskStep(last.limit * n // count, last.initial_margin_er * n // count, last.maint_margin_er * n // count)
        for n in range(1, count + 1)
    )


def _steps_from(risk: dict[str, Any]) -> tuple[RiskStep, ...]:
    """USD-M: ten steps from the published one (BTCUSDT at leverage 5 showed 20,000,000 and 2.75 %, observed 2024)."""
    initial_er, maint_er = (from_text(risk[name], RATIO_SCALE) for name in ("initialMarginRr", "maintenanceMarginRr"))
    limit = risk["limit"] * 10**USD_M_VALUE_SCALE
    return tuple(RiskStep(limit * n, initial_er * n, maint_er * (n + 1) // 2) for n in range(1, 11))


def _plain(number: float) -> str:
    """A JSON number's shortest decimal text, never in exponent form."""
    return format(Decimal(str(number)), "f")


def _unique(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))
