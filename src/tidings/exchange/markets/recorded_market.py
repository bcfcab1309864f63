"""A recorded market that users trade in: the recorded book lies in the real one, and users' orders queue in it.

What the recording displays at a price is one or more `Displayed` orders of nobody. A user's order joins behind what is
displayed at its price at that moment. From then on

- recorded trades at its price take what is ahead of it first, then the order itself, then what is behind; a trade at
  a worse price fills it, for nothing that was ahead of it can be left;
- when the displayed quantity shrinks and no trade explains it, that was cancelled: ahead of or behind users' orders by
  the rule recorded-cancels; what is added joins at the end;
- what users take is gone until the recording changes that level; a recorded quote that reaches a user's order trades
  with it;
- a level that comes back into a depth-limited view is taken to have been there all the time: it goes ahead.

Users' trades are not printed on the tape and move no price: those are the recording's.
"""

from typing import Final

from tidings.exchange.markets.market import Market
from tidings.exchange.markets.matching import BUY, SELL, BookOrder, BookSide, PriceLevel, Stay
from tidings.exchange.markets.recording_file import BookPush, PricePush, TradesPush
from tidings.exchange.venue_rules import Rules


class Displayed(BookOrder):
    """Quantity that the recording shows at a price."""

    __slots__ = ()


class RecordedMarket:
    """The recorded side of one instrument. Its methods are called within an event of the instrument's engine."""

    def __init__(self, market: Market, rules: Rules) -> None:
        market.is_recorded = True
        self._market = market
        self._book = market.book
        self._rules = rules
        self._shown: Final[dict[int, dict[int, int]]] = {BUY: {}, SELL: {}}  # side → price → quantity
        self._shown_ns = 0  # the venue's time of the book as it is shown
        # Quantities taken by trades that the book does not show yet: (side, price) → quantity, time of the last
        self._untold: dict[tuple[int, int], tuple[int, int]] = {}
        self._has_traded = False
        self._has_told_price: set[bool] = set()  # is_mark of the prices that the recording has itself

    def on_price(self, push: PricePush) -> None:
        """A mark or index price."""
        self._has_told_price.add(push.is_mark)
        if push.is_mark:
            self._market.mark_price = push.price
        else:
            self._market.index_price = push.price

    # The book.

    def on_book(self, push: BookPush) -> None:
        """A book, or what has changed of it."""
        changes = [
            (side, price, qty)
            for side, levels in ((BUY, push.bids), (SELL, push.asks))
            for price, qty in self._changes(side, dict(levels), push.is_snapshot).items()
        ]
        self._shown_ns = max(self._shown_ns, push.time_ns)
        self._restore_untold({(side, price) for side, price, _ in changes})
        reach = {side: self._worst(side, push.depth) for side in (BUY, SELL)}
        for side, price, qty in changes:
            self._shed(side, price, self._displayed_qty(side, price) - qty)
        for side, price, qty in changes:
            if qty:
                self._shown[side][price] = qty
                worst = reach[side]
                is_back = worst is not None and (price - worst) * side < 0
                self._grow(side, price, qty - self._displayed_qty(side, price), ahead=is_back)
            else:
                self._shown[side].pop(price, None)
        for side in (BUY, SELL):
            self._cut(side, push.depth)
        self._follow_middle()

    def _changes(self, side: int, levels: dict[int, int], is_snapshot: bool) -> dict[int, int]:
        shown = self._shown[side]
        gone = dict.fromkeys((price for price in shown if price not in levels), 0) if is_snapshot else {}
        return gone | {price: qty for price, qty in levels.items() if qty != shown.get(price, 0)}

    def _restore_untold(self, changed: set[tuple[int, int]]) -> None:
        """What a trade took is there again at a level that the book, told after that trade, shows unchanged."""
        for (side, price), (qty, time_ns) in list(self._untold.items()):
            if (side, price) in changed or time_ns <= self._shown_ns:
                del self._untold[side, price]
                if (side, price) not in changed and price in self._shown[side]:
                    self._grow(side, price, qty)

    def _worst(self, side: int, depth: int) -> int | None:
        """The last price that is displayed of a side whose view is full; None if nothing lies beyond."""
        shown = self._shown[side]
        return min(shown, key=lambda price: price * side) if depth and len(shown) >= depth else None

    def _cut(self, side: int, depth: int) -> None:
        shown = self._shown[side]
        if depth and len(shown) > depth:
            for price in sorted(shown, key=lambda price: -price * side)[depth:]:
                self._shed(side, price, self._displayed_qty(side, price))
                del shown[price]

    def _follow_middle(self) -> None:
        """Prices that the recording does not tell: the middle of its book."""
        bids, asks = self._shown[BUY], self._shown[SELL]
        if not bids or not asks:
            return
        middle = (max(bids) + min(asks)) // 2
        market = self._market
        if True not in self._has_told_price:
            market.mark_price = middle
        if False not in self._has_told_price:
            market.index_price = middle
        if not self._has_traded:
            market.last_price = middle

    def _grow(self, side: int, price: int, qty: int, *, ahead: bool = False) -> None:
        """Display `qty` more at a price; what it reaches of users' orders trades with it."""
        if qty <= 0:
            return
        self._drop_crossed(side, price)
        opposite = self._side(-side).best
        level = self._side(side).level(price)
        if level is not None and (opposite is None or (price - opposite.price) * side < 0):
            last = next(reversed(level.orders))
            if isinstance(last, Displayed):
                self._book.grow(last, last.leaves_qty + qty)
                return
        order = Displayed(side, price, qty)
        self._book.submit(order, Stay.REST)
        if ahead and order.level is not None:
            order.level.orders = {order: None, **order.level.orders}

    def _drop_crossed(self, side: int, price: int) -> None:
        """What is displayed on the other side at a price that now has quotes of this side is there no more."""
        for level in list(self._side(-side)):
            if (price - level.price) * side < 0:
                break
            self._shown[-side].pop(level.price, None)
            for order in _displayed(level):
                self._book.cancel(order)

    def _shed(self, side: int, price: int, qty: int) -> None:
        """Take `qty` of what is displayed at a price away, as cancelled by others."""
        level = self._side(side).level(price)
        if qty <= 0 or level is None:
            return
        orders = _displayed(level)
        if self._rules.recorded_cancels == "proportional" and len(orders) > 1:
            total, lot_size = sum(order.leaves_qty for order in orders), self._market.instrument.lot_size
            for order in orders:
                share = qty * order.leaves_qty // total // lot_size * lot_size
                qty -= share
                total -= order.leaves_qty
                self._take(order, share)
        for order in orders if self._rules.recorded_cancels == "ahead-first" else reversed(orders):
            qty -= self._take(order, min(qty, order.leaves_qty))

    def _take(self, order: BookOrder, qty: int) -> int:
        if qty and qty == order.leaves_qty and order.level is not None:
            self._book.cancel(order)
            order.leaves_qty = 0
        elif qty:
            self._book.shrink(order, order.leaves_qty - qty)
        return qty

    def _displayed_qty(self, side: int, price: int) -> int:
        level = self._side(side).level(price)
        return sum(order.leaves_qty for order in _displayed(level)) if level is not None else 0

    def _side(self, side: int) -> BookSide:
        return self._book.bids if side == BUY else self._book.asks

    # Trades.

    def on_trades(self, push: TradesPush, now_ns: int) -> None:
        """Recorded trades. The rows of a first snapshot are the tape so far, those of a later one are known."""
        if push.is_snapshot and self._has_traded:
            return
        self._has_traded = self._has_traded or bool(push.rows)
        for time_ns, side, price, qty in push.rows:
            value = self._market.instrument.value(qty, price)
            self._market.print_trade(side, price, qty, value, now_ns)
            if not push.is_snapshot:
                self._trade(side, price, qty, time_ns)

    def _trade(self, taker_side: int, price: int, qty: int, time_ns: int) -> None:
        """Let a recorded taker take what it took, users' orders in their turn."""
        side, is_shown = -taker_side, time_ns <= self._shown_ns
        left = qty
        for level in list(self._side(side)):
            if left == 0 or (level.price - price) * side < 0:
                return
            is_beyond = level.price != price
            for order in list(level.orders):
                if left == 0 and not is_beyond:
                    break
                if not isinstance(order, Displayed):
                    filled_qty = min(left, order.leaves_qty) if order.level is not None else 0
                    if filled_qty:
                        self._book.trade(order, BookOrder(taker_side, level.price, filled_qty), filled_qty)
                    left -= filled_qty
                elif is_beyond and not is_shown:
                    self._note_untold(side, level.price, self._take(order, order.leaves_qty), time_ns)
                elif not is_beyond:
                    left -= self._take_displayed(order, min(left, order.leaves_qty), time_ns, is_shown=is_shown)

    def _take_displayed(self, order: BookOrder, qty: int, time_ns: int, *, is_shown: bool) -> int:
        side, price = order.side, order.price
        self._take(order, qty)
        if is_shown:  # the book was told after the trade: what it displays is still there, further back
            self._grow(side, price, qty)
        else:
            self._note_untold(side, price, qty, time_ns)
        return qty

    def _note_untold(self, side: int, price: int, qty: int, time_ns: int) -> None:
        before, _ = self._untold.get((side, price), (0, 0))
        self._untold[side, price] = before + qty, time_ns


def _displayed(level: PriceLevel) -> list[BookOrder]:
    return [order for order in level.orders if isinstance(order, Displayed)]
