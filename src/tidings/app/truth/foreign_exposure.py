"""Orders that are not ours, counted in the limits: placed by hand or by another program, they fill all the same."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

from tidings.app.truth.foreign_orders import ForeignOrder, ForeignOrders
from tidings.engine.exposure import Exposure
from tidings.model.enums import PosSide, Side
from tidings.model.instrument import Instrument

Key = tuple[Instrument, PosSide]
LOTS_MAX = 2**61  # of one side: the limits add the two up in 64 bits


class ForeignExposure:
    """Call `count` about once a second; it tells only what has changed."""

    def __init__(
        self,
        foreign: ForeignOrders,
        exposure: Exposure,
        find: Callable[[str], Instrument | None],
        is_hedged: Callable[[str], bool],
    ) -> None:
        self._foreign, self._exposure, self._find, self._is_hedged = foreign, exposure, find, is_hedged
        self._told: dict[Key, tuple[int, int]] = {}

    def count(self) -> None:
        """Tell the limits what is open of others now."""
        sums: defaultdict[Key, list[int]] = defaultdict(lambda: [0, 0])
        for order in self._foreign.all():
            instrument = self._find(order.symbol)
            if instrument is None or order.side is None:
                continue
            lots = max(0, self._qty_lots(instrument, order) - order.cum_qty_lots)
            sums[instrument, self._pos_side(order.symbol, order.side)][order.side != Side.BUY] += lots
        found = {key: (min(buys, LOTS_MAX), min(sells, LOTS_MAX)) for key, (buys, sells) in sums.items()}
        for key in {**self._told, **found}:
            if found.get(key) != self._told.get(key):
                self._exposure.tell_foreign(*key, *found.get(key, (0, 0)))
        self._told = found

    def _qty_lots(self, instrument: Instrument, order: ForeignOrder) -> int:
        """Without any price to go by, money may become any quantity."""
        if not order.qty_in_quote:
            return order.order_qty_lots
        price_ticks = order.price_ticks or order.stop_px_ticks or self._exposure.reference_price(instrument)
        return self._exposure.lots_of(instrument, order.order_qty_lots, price_ticks) if price_ticks else LOTS_MAX

    def _pos_side(self, symbol: str, side: Side) -> PosSide:
        """The venue's rows do not tell which of two positions an order works on: at worst it opens one."""
        if not self._is_hedged(symbol):
            return PosSide.MERGED
        return PosSide.LONG if side == Side.BUY else PosSide.SHORT
