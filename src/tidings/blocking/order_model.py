"""The original's orders: plain descriptions, not yet placed. Nothing here talks to anybody."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

from tidings.errors import UsageError
from tidings.model.enums import Side
from tidings.model.enums import TimeInForce as EngineTimeInForce

Number = str | int | float | Decimal


class TimeInForce(Enum):
    """How long a limit order stands. Submitting a DAY order raises UsageError: the venue has none."""

    DAY = "Day"
    GTC = "GTC"
    IOC = "IOC"
    FOK = "FOK"

    def in_engine_words(self) -> EngineTimeInForce:
        """Raises UsageError for DAY."""
        if self is TimeInForce.DAY:
            raise UsageError(
                "TimeInForce.DAY: the venue has no day orders: use GTC, and cancel what is left at the end of your day"
            )
        return EngineTimeInForce[self.name]


class Condition(Enum):
    """IF_TOUCHED: the price comes to the trigger in our favour; STOP: against us."""

    IF_TOUCHED = "if_touched"
    STOP = "stop"


class Trigger(Enum):
    """Which price pulls the trigger."""

    LAST_PRICE = "last"
    MARK_PRICE = "mark"


@dataclass(frozen=True, slots=True)
class Contract:
    """A symbol, and the leverage its orders need: 0 cross margin, above 0 isolated; set before the first of them.

    None, the default, leaves what the account has: a script that does not speak of leverage must not change the margin
    of a position it may not know of.
    """

    symbol: str
    leverage: int | None = None


@dataclass(frozen=True, slots=True)
class LimitOrder:
    """An order with a worst price to trade at."""

    price: Number
    qty: Number
    contract: Contract
    side: Side
    time_in_force: TimeInForce = TimeInForce.GTC
    post_only: bool = False
    reduce_only: bool = False


@dataclass(frozen=True, slots=True)
class MarketOrder:
    """An order that takes the price it finds."""

    qty: Number
    contract: Contract
    side: Side
    reduce_only: bool = False


@dataclass(frozen=True, slots=True)
class ConditionalOrder:
    """`order`, placed by the venue once the price that `trigger` names reaches `trigger_price`."""

    condition: Condition
    trigger: Trigger
    trigger_price: Number
    order: LimitOrder | MarketOrder
    close_on_trigger: bool = False


class OrderFactory:
    """Makes orders, with the arguments in the original's order."""

    @staticmethod
    def create_limit_order(
        side: Side,
        qty: Number,
        price: Number,
        contract: Contract,
        time_in_force: TimeInForce = TimeInForce.GTC,
        post_only: bool = False,
        reduce_only: bool = False,
    ) -> LimitOrder:
        """`price` in the quote currency, `qty` in contracts (COIN-M) or in the base currency (USD-M, spot)."""
        return LimitOrder(price, qty, contract, side, time_in_force, post_only, reduce_only)

    @staticmethod
    def create_market_order(side: Side, qty: Number, contract: Contract, reduce_only: bool = False) -> MarketOrder:
        """`qty` as in a limit order."""
        return MarketOrder(qty, contract, side, reduce_only)


def exact(number: Number) -> str | int | Decimal:
    """A number as it was written: a float by its shortest decimal form, numpy's too, whose own repr says more."""
    return Decimal(float.__repr__(number)) if isinstance(number, float) else number
