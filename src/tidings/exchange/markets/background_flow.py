"""The market behind the users: seeded makers and takers, and the mark and index prices.

Everything is a pure function of (seed, symbol, tick number): the price is a sum of smooth noises evaluated at the tick,
the ladder of quotes hangs on a price grid and changes its sizes in epochs, and takers arrive by a draw per tick. So a
run on a virtual clock repeats exactly, and an instrument that slept can join at any tick without replaying the past.

What the book makes of the flow's orders also depends on the users: a quote that would cross a user's order trades with
it. The flow only ever adds what its function says is missing and takes off what is not wanted any more.
"""

from typing import Final, NamedTuple

from tidings.exchange.catalogue import ONE_ER, Instrument
from tidings.exchange.markets.flow_regimes import NORMAL, FlowRegime, Mood
from tidings.exchange.markets.market import Market
from tidings.exchange.markets.matching import BUY, SELL, BookOrder, Stay
from tidings.exchange.markets.mix import mix
from tidings.exchange.scaled import from_text, rescale

# Prices of one day in 2026, by base currency, so that all product lines of a coin agree.
START_PRICES: Final = {
    "BTC": "61000", "ETH": "3000", "XRP": "0.52", "ADA": "0.45", "SOL": "150", "LTC": "71", "DOGE": "0.12",
    "TRX": "0.11",
}  # fmt: skip
LADDER_LEVELS: Final = 40  # a side; more than the 30 the venue publishes
EPOCH_TICKS: Final = 64  # a quote keeps its size that long
QUOTE_VALUE: Final = 8_000  # in quote currency, typical size at the touch


def start_price(instrument: Instrument, text: str = "") -> int:
    """The price an instrument starts at: `text`, or this module's for its base currency, rounded to the tick.

    Raises ValueError if `text` is no price of the instrument.
    """
    price = from_text(text or START_PRICES.get(instrument.base_currency, "1"), instrument.price_scale)
    if price < instrument.min_price or (instrument.max_price and price > instrument.max_price):
        raise ValueError(f"{instrument.symbol}: price {text} is outside the instrument's bounds")
    return instrument.round_price(price, up=False)


class Glimpse(NamedTuple):
    """A market without its book."""

    bid: int
    ask: int
    mark_price: int
    index_price: int


class BackgroundFlow:
    """The flow of one instrument."""

    def __init__(self, market: Market, seed: int, regime: FlowRegime = NORMAL) -> None:
        self._market = market
        self._regime = regime
        self._mood = regime.mood_at(0)
        self._start_price = market.last_price
        self._seed = mix(seed) ^ int.from_bytes(market.instrument.symbol.encode()[-8:])
        tick_size = market.instrument.tick_size
        self._step = max(1, self._start_price // tick_size // regime.step_per_price) * tick_size
        self._typical_qty = _typical_qty(market.instrument, self._start_price)
        # By side and price: the quote, and the tick at which it gets a new size.
        self._quotes: dict[int, dict[int, tuple[BookOrder, int]]] = {BUY: {}, SELL: {}}

    def mid_price(self, tick: int) -> int:
        """The middle of the market at `tick`, on the price scale; the start price at tick 0."""
        drift_er = 0
        for number, (period, amplitude) in enumerate(self._regime.noises):
            drift_er += amplitude * (self._noise(number, period, tick) - self._noise(number, period, 0)) >> 16
        price = self._start_price + self._start_price * drift_er // ONE_ER
        if self._regime.crash is not None:
            price -= price * self._regime.crash.fallen_er(self._seed, tick) // ONE_ER
        return max(price, self._step * 2)

    def tick(self, tick: int) -> tuple[list[BookOrder], list[tuple[BookOrder, Stay]]]:
        """Move mark and index price to `tick`, and give the orders to take off and those to submit."""
        mid = self.mid_price(tick)
        self._market.mark_price, self._market.index_price = self._mark_and_index(mid, tick)
        self._change_mood(self._regime.mood_at(tick))
        cancels: list[BookOrder] = []
        submits: list[tuple[BookOrder, Stay]] = []
        for side in (BUY, SELL):
            self._requote(side, mid, tick, cancels, submits)
        taker = self._taker(mid, tick)
        if taker is not None:
            submits.append((taker, Stay.IOC))
        return cancels, submits

    def glimpse(self, tick: int) -> Glimpse:
        """What `tick` would show, with nothing done."""
        mid, self._mood = self.mid_price(tick), self._regime.mood_at(tick)
        stride = self._step * self._mood.stride
        return Glimpse(self._best(BUY, mid, stride), self._best(SELL, mid, stride), *self._mark_and_index(mid, tick))

    def _mark_and_index(self, mid: int, tick: int) -> tuple[int, int]:
        regime = self._regime
        lagging = self.mid_price(max(0, tick - regime.mark_lag_ticks))
        mark_price = lagging if regime.is_mark_all_lag else (mid + lagging) // 2
        return mark_price, self.mid_price(max(0, tick - regime.index_lag_ticks))

    def _best(self, side: int, mid: int, stride: int) -> int:
        """The price of one side's best quote."""
        middle = mid - side * self._mood.half_spread_steps * self._step
        return (middle - 1) // stride * stride if side == BUY else -(-(middle + 1) // stride) * stride

    def _change_mood(self, mood: Mood) -> None:
        """Behave as `mood` says; in another one than before every quote gets a new size."""
        if mood == self._mood:
            return
        self._mood = mood
        for side, quotes in self._quotes.items():
            self._quotes[side] = {price: (order, 0) for price, (order, _) in quotes.items()}

    def _requote(
        self, side: int, mid: int, tick: int, cancels: list[BookOrder], submits: list[tuple[BookOrder, Stay]]
    ) -> None:
        """Bring one side's ladder to what it should be at `tick`."""
        quotes, step = self._quotes[side], self._step * self._mood.stride
        best = self._best(side, mid, step)
        wanted: dict[int, tuple[BookOrder, int]] = {}
        for depth in range(LADDER_LEVELS):
            price = best - side * depth * step
            if price < self._market.instrument.min_price:
                break
            held = quotes.pop(price, None)
            if held is not None and held[0].level is not None:
                if tick < held[1]:
                    wanted[price] = held
                    continue
                cancels.append(held[0])
            draw = mix(self._seed ^ price * 2 + (side == BUY))
            phase = draw % EPOCH_TICKS
            epoch = (tick + phase) // EPOCH_TICKS
            order = BookOrder(side, price, self._quote_qty(draw + epoch, depth))
            wanted[price] = order, (epoch + 1) * EPOCH_TICKS - phase
            submits.append((order, Stay.REST))
        cancels.extend(order for order, _ in quotes.values() if order.level is not None)
        self._quotes[side] = wanted

    def _quote_qty(self, draw: int, depth: int) -> int:
        """From a quarter to five quarters of the typical size, growing away from the touch."""
        typical_qty = self._typical_qty * self._mood.depth_256 // 256
        lots = typical_qty * (64 + mix(draw) % 256) * (8 + depth) // (256 * 8)
        lot_size = self._market.instrument.lot_size
        return max(1, lots // lot_size) * lot_size

    def _taker(self, mid: int, tick: int) -> BookOrder | None:
        draw = mix(self._seed + 31 * tick)
        mood = self._mood
        if draw % mood.taker_odds:
            return None
        share_256 = (draw >> 8 & 1) * 128 + (draw >> 9 & 127)
        side = SELL if share_256 < mood.sellers_256 else BUY
        lots = self._typical_qty * (32 + (draw >> 16) % 480) // 256 // self._market.instrument.lot_size
        price = self._market.instrument.round_price(mid + side * mood.taker_reach_steps * self._step, up=side != BUY)
        return BookOrder(side, price, max(1, lots) * self._market.instrument.lot_size)

    def _noise(self, number: int, period: int, tick: int) -> int:
        """Smooth noise in ±2^16: random values every `period` ticks, straight lines between them."""
        index, offset = divmod(tick, period)
        key = self._seed + 1_000_003 * (number + 1)
        left, right = mix(key ^ index) % 131_072 - 65_536, mix(key ^ (index + 1)) % 131_072 - 65_536
        return left + (right - left) * offset // period


def _typical_qty(instrument: Instrument, price: int) -> int:
    if instrument.is_inverse:
        return QUOTE_VALUE  # contracts of one unit of the quote currency
    value = rescale(QUOTE_VALUE, 0, instrument.value_scale)
    return max(instrument.lot_size, instrument.qty_for(value, price))
