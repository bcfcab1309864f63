"""Price-time matching of one instrument: the limit order book.

Venue-neutral and free of money: prices and quantities are integers on one grid, an order's `owner` matters only for
self-trade prevention, and what a fill means is the listener's business. The listener is called once per fill, after
book and orders have changed, and may cancel or shrink other resting orders from within the call: the loop looks at the
book afresh for every fill.
"""

from bisect import bisect_left, insort
from collections.abc import Iterator
from enum import Enum
from typing import Final, Protocol

BUY: Final = 1
SELL: Final = -1


class Stay(Enum):
    """How long an order may live."""

    REST = "rest"  # what is not matched at once stays in the book
    POST_ONLY = "post-only"  # stays, and is refused if it would match at once
    IOC = "immediate-or-cancel"
    FOK = "fill-or-kill"


class SelfTrade(Enum):
    """What to do when an order meets another one of its owner."""

    ALLOW = "allow"
    CANCEL_MAKER = "cancel-maker"
    CANCEL_TAKER = "cancel-taker"
    CANCEL_BOTH = "cancel-both"


class Outcome(Enum):
    """Where an order stands after it was submitted."""

    RESTS = "rests"
    FILLED = "filled"
    REMAINDER = "remainder"  # matched as far as possible; what is left is not in the book
    WOULD_CROSS = "would-cross"  # post-only, nothing happened
    NOT_ENOUGH = "not-enough"  # fill-or-kill, nothing happened
    SELF_TRADE = "self-trade"  # stopped before trading with its owner; what is left is not in the book


class BookOrder:
    """An order as the book sees it."""

    __slots__ = ("cum_value", "leaves_qty", "level", "owner", "price", "self_trade", "side")

    def __init__(
        self, side: int, price: int, qty: int, owner: int = 0, self_trade: SelfTrade = SelfTrade.ALLOW
    ) -> None:
        self.side = side
        self.price = price
        self.leaves_qty = qty
        self.owner = owner  # 0: nobody
        self.self_trade = self_trade
        self.level: PriceLevel | None = None  # where it rests
        self.cum_value = 0  # what its fills were worth: kept by the listener, who knows about money

    def takeable_qty(self, price: int) -> int:
        """How much of it may trade at `price` (orders with a budget override this)."""
        return self.leaves_qty


class PriceLevel:
    """The queue at one price, oldest order first."""

    __slots__ = ("orders", "price", "qty")

    def __init__(self, price: int) -> None:
        self.price = price
        self.qty = 0
        self.orders: dict[BookOrder, None] = {}


class BookListener(Protocol):
    """Who is told what the book does."""

    def on_fill(self, maker: BookOrder, taker: BookOrder, price: int, qty: int) -> None:
        """`qty` was traded at `price`; both orders' `leaves_qty` are already reduced."""

    def on_self_trade_cancel(self, maker: BookOrder) -> None:
        """A resting order was taken off because its owner's other order met it."""


class BookSide:
    """One side's price levels, sorted so that the best is last."""

    __slots__ = ("_keys", "_levels", "_side")

    def __init__(self, side: int) -> None:
        self._side = side
        self._keys: list[int] = []  # price × side, ascending
        self._levels: dict[int, PriceLevel] = {}

    def __iter__(self) -> Iterator[PriceLevel]:
        """The levels, best first."""
        levels, side = self._levels, self._side
        return (levels[key * side] for key in reversed(self._keys))

    def __len__(self) -> int:
        return len(self._keys)

    @property
    def best(self) -> PriceLevel | None:
        """The best level, or None."""
        return self._levels[self._keys[-1] * self._side] if self._keys else None

    def level(self, price: int) -> PriceLevel | None:
        """The queue at `price`, or None."""
        return self._levels.get(price)

    def add(self, order: BookOrder) -> None:
        """Put an order at the end of its price's queue."""
        level = self._levels.get(order.price)
        if level is None:
            level = self._levels[order.price] = PriceLevel(order.price)
            insort(self._keys, order.price * self._side)
        level.orders[order] = None
        level.qty += order.leaves_qty
        order.level = level

    def remove(self, order: BookOrder) -> None:
        """Take a resting order out of its queue."""
        level = order.level
        if level is None:
            raise ValueError("the order does not rest in this book")
        del level.orders[order]
        level.qty -= order.leaves_qty
        order.level = None
        if not level.orders:
            del self._levels[level.price]
            del self._keys[bisect_left(self._keys, level.price * self._side)]


class Book:
    """All resting orders of one instrument, and the matching of new ones against them."""

    def __init__(self) -> None:
        self._listener: BookListener
        self.bids = BookSide(BUY)
        self.asks = BookSide(SELL)

    def set_listener(self, listener: BookListener) -> None:
        """Say who is told of fills; once, before the first order."""
        self._listener = listener

    def submit(self, order: BookOrder, stay: Stay) -> Outcome:
        """Match `order` as far as its price reaches, then let it rest if it may."""
        refusal = self.refusal(order, stay)
        if refusal is not None:
            return refusal
        if self._match(order) is Outcome.SELF_TRADE:
            return Outcome.SELF_TRADE
        if order.leaves_qty == 0:
            return Outcome.FILLED
        if stay is Stay.REST or stay is Stay.POST_ONLY:
            self._own_side(order).add(order)
            return Outcome.RESTS
        return Outcome.REMAINDER

    def refusal(self, order: BookOrder, stay: Stay) -> Outcome | None:
        """Why the book would not even begin to match `order`, or None."""
        if stay is Stay.POST_ONLY and self._crosses(order):
            return Outcome.WOULD_CROSS
        if stay is Stay.FOK and not self._can_fill(order):
            return Outcome.NOT_ENOUGH
        return None

    def cancel(self, order: BookOrder) -> None:
        """Take a resting order off the book; its `leaves_qty` stays as it was."""
        self._own_side(order).remove(order)

    def shrink(self, order: BookOrder, leaves_qty: int) -> None:
        """Reduce a resting order to `leaves_qty` without losing its place."""
        if order.level is None or not 0 < leaves_qty <= order.leaves_qty:
            raise ValueError(f"cannot shrink a quantity of {order.leaves_qty} to {leaves_qty}")
        order.level.qty -= order.leaves_qty - leaves_qty
        order.leaves_qty = leaves_qty

    def grow(self, order: BookOrder, leaves_qty: int) -> None:
        """Enlarge a resting order to `leaves_qty` where it stands; fair only for the last of its queue."""
        if order.level is None or leaves_qty < order.leaves_qty:
            raise ValueError(f"cannot grow a quantity of {order.leaves_qty} to {leaves_qty}")
        order.level.qty += leaves_qty - order.leaves_qty
        order.leaves_qty = leaves_qty

    def trade(self, maker: BookOrder, taker: BookOrder, qty: int) -> None:
        """Let `taker` take `qty` of the resting `maker`, whatever stands before it."""
        self._trade(self._own_side(maker), maker, taker, qty)

    def best_bid(self) -> int | None:
        """The highest bid price, or None."""
        level = self.bids.best
        return level.price if level else None

    def best_offer(self) -> int | None:
        """The lowest offer price, or None."""
        level = self.asks.best
        return level.price if level else None

    def _match(self, taker: BookOrder) -> Outcome | None:
        opposite = self.asks if taker.side == BUY else self.bids
        while taker.leaves_qty > 0:
            level = opposite.best
            if level is None or (taker.price - level.price) * taker.side < 0:
                break
            maker = next(iter(level.orders))
            if maker.owner == taker.owner != 0 and (rule := _self_trade_rule(maker, taker)) is not SelfTrade.ALLOW:
                if rule is not SelfTrade.CANCEL_TAKER:
                    opposite.remove(maker)
                    self._listener.on_self_trade_cancel(maker)
                if rule is not SelfTrade.CANCEL_MAKER:
                    return Outcome.SELF_TRADE
                continue
            qty = min(taker.takeable_qty(level.price), maker.leaves_qty)
            if qty == 0:
                break
            self._trade(opposite, maker, taker, qty)
        return None

    def _trade(self, opposite: BookSide, maker: BookOrder, taker: BookOrder, qty: int) -> None:
        if qty == maker.leaves_qty:
            opposite.remove(maker)
            maker.leaves_qty = 0
        else:
            self.shrink(maker, maker.leaves_qty - qty)
        taker.leaves_qty -= qty
        self._listener.on_fill(maker, taker, maker.price, qty)

    def _own_side(self, order: BookOrder) -> BookSide:
        return self.bids if order.side == BUY else self.asks

    def _crosses(self, order: BookOrder) -> bool:
        level = (self.asks if order.side == BUY else self.bids).best
        return level is not None and (order.price - level.price) * order.side >= 0

    def _can_fill(self, order: BookOrder) -> bool:
        missing = order.leaves_qty
        for level in self.asks if order.side == BUY else self.bids:
            if (order.price - level.price) * order.side < 0:
                break
            if not order.owner:
                missing -= level.qty
            for maker in level.orders if order.owner else ():
                if maker.owner != order.owner or (rule := _self_trade_rule(maker, order)) is SelfTrade.ALLOW:
                    missing -= maker.leaves_qty
                elif missing > 0 and rule is not SelfTrade.CANCEL_MAKER:
                    return False  # it would be stopped there
            if missing <= 0:
                return True
        return False


def _self_trade_rule(maker: BookOrder, taker: BookOrder) -> SelfTrade:
    """The taker's instruction wins (phemex docs 2026, "Self trade prevention"); the maker's counts if it has none."""
    return taker.self_trade if taker.self_trade is not SelfTrade.ALLOW else maker.self_trade
