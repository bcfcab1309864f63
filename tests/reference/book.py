"""An L2 book so simple that it is obviously right: two dicts, sorted whenever somebody looks."""

from dataclasses import dataclass, field

Levels = list[tuple[int, int]]


@dataclass
class DictBook:
    """`levels` of bids and offers, price → quantity; limited to the best `depth` after each update (0: no limit)."""

    bid_levels: dict[int, int] = field(default_factory=dict)
    offer_levels: dict[int, int] = field(default_factory=dict)

    def apply_snapshot(self, bids: Levels, offers: Levels, depth: int = 0) -> None:
        self.bid_levels, self.offer_levels = {}, {}
        self.apply_incremental(bids, offers, depth)

    def apply_incremental(self, bids: Levels, offers: Levels, depth: int = 0) -> None:
        self.bid_levels.update(bids)
        self.offer_levels.update(offers)
        self.bid_levels = dict(self.bids()[: depth or None])
        self.offer_levels = dict(self.offers()[: depth or None])

    def bids(self) -> Levels:
        return sorted(((price, qty) for price, qty in self.bid_levels.items() if qty), reverse=True)

    def offers(self) -> Levels:
        return sorted((price, qty) for price, qty in self.offer_levels.items() if qty)

    @property
    def is_crossed(self) -> bool:
        return bool(self.bids() and self.offers() and self.bids()[0][0] >= self.offers()[0][0])
