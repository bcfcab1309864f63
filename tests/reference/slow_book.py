"""A limit order book so simple that it is obviously right: a list of orders, scanned for every match."""

from dataclasses import dataclass, field


@dataclass(eq=False)
class SlowOrder:
    """An order by name; `side` +1 buys, −1 sells."""

    name: int
    side: int
    price: int
    qty: int
    owner: int = 0
    self_trade: str = "allow"


@dataclass
class SlowBook:
    """Resting orders in order of arrival; fills as (maker, taker, price, quantity)."""

    resting: list[SlowOrder] = field(default_factory=list)
    fills: list[tuple[int, int, int, int]] = field(default_factory=list)

    def submit(self, order: SlowOrder, stay: str) -> str:
        if stay == "post-only" and self._reachable(order):
            return "would-cross"
        if stay == "fill-or-kill" and self._tradable_qty(order) < order.qty:
            return "not-enough"
        while order.qty and (makers := self._reachable(order)):
            maker = makers[0]
            rule = order.self_trade if order.self_trade != "allow" else maker.self_trade
            if maker.owner == order.owner != 0 and rule != "allow":
                if rule in ("cancel-maker", "cancel-both"):
                    self.resting.remove(maker)
                if rule in ("cancel-taker", "cancel-both"):
                    return "self-trade"
                continue
            qty = min(order.qty, maker.qty)
            order.qty -= qty
            maker.qty -= qty
            self.fills.append((maker.name, order.name, maker.price, qty))
            if not maker.qty:
                self.resting.remove(maker)
        if not order.qty:
            return "filled"
        if stay in ("rest", "post-only"):
            self.resting.append(order)
            return "rests"
        return "remainder"

    def cancel(self, name: int) -> bool:
        found = [order for order in self.resting if order.name == name]
        if found:
            self.resting.remove(found[0])
        return bool(found)

    def levels(self, side: int) -> list[tuple[int, int]]:
        prices = sorted({order.price for order in self.resting if order.side == side}, reverse=side > 0)
        return [(price, sum(o.qty for o in self.resting if o.side == side and o.price == price)) for price in prices]

    def _reachable(self, order: SlowOrder) -> list[SlowOrder]:
        """Opposite orders whose price `order` reaches, best price first, oldest first among equals."""
        opposite = [m for m in self.resting if m.side == -order.side and (order.price - m.price) * order.side >= 0]
        return sorted(opposite, key=lambda maker: maker.price * order.side)

    def _tradable_qty(self, order: SlowOrder) -> int:
        """How much it would trade before it meets an order of its owner that has it cancelled."""
        qty = 0
        for maker in self._reachable(order):
            rule = order.self_trade if order.self_trade != "allow" else maker.self_trade
            if rule == "allow" or maker.owner != order.owner or order.owner == 0:
                qty += maker.qty
            elif rule != "cancel-maker" and qty < order.qty:
                return qty
        return qty
