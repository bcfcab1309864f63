"""What an instrument's candles were before the exchange started: made up, the same for the same seed.

A day is a pure function of (seed, instrument, day): its open and close lie on a slow path that ends at the price the
market starts at, and its range and volume are drawn. Every shorter candle is a share of the longer one it lies in,
drawn so that opens, highs, lows, closes, volumes and turnovers of the shares add up to the whole exactly. So any
stretch of any resolution can be had without making what lies before it, and all resolutions agree.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from tidings.exchange.catalogue import ONE_ER, Instrument
from tidings.exchange.markets.candle import Candle, fold
from tidings.exchange.markets.mix import mix
from tidings.exchange.scaled import rescale

DAY_S: Final = 86_400
SPLITS_S: Final = (DAY_S, 21_600, 3_600, 900, 300, 60)  # each candle is made of those of the next length
BEGIN_S: Final = 18_225 * DAY_S  # 2019-11-25: the venue's first contract traded then
# The path of the days: (period in seconds, amplitude at scale 8).
NOISES: Final = ((43_200, 1_200_000), (259_200, 4_000_000), (1_814_400, 12_000_000), (15_552_000, 25_000_000))
VALUE_PER_S: Final = 28_000  # in quote currency; about what the background flow trades
CACHED_PARENTS_MAX: Final = 2_000  # the largest query, 2000 rows of three minutes, makes 1,720
STEP_PARENTS: Final = 32  # made in one step of `steps`: some three milliseconds


class PriceHistory:
    """The candles of one instrument until `end_s`, where its price is `end_price`."""

    def __init__(self, instrument: Instrument, seed: int, end_price: int, end_s: int) -> None:
        self.end_s = end_s // 60 * 60
        self._instrument = instrument
        self._seed = mix(seed ^ int.from_bytes(f"history {instrument.symbol}".encode()))
        self._end_price = end_price
        self._end_level = self._level(self.end_s)
        self._priced = (self.end_s, end_price)  # the last place looked up on the path
        self._days: dict[int, Candle] = {}
        self._shares: dict[tuple[int, int], list[Candle]] = {}  # by rung and start of the longer candle

    def candles(self, rung_s: int, from_s: int, to_s: int) -> list[Candle]:
        """Those of a rung that begin in [`from_s`, `to_s`), oldest first. The last one ends at `end_s`."""
        from_s, to_s = max(-(-from_s // rung_s) * rung_s, BEGIN_S), min(to_s, self.end_s)
        if rung_s not in SPLITS_S:
            finer_s = max(split_s for split_s in SPLITS_S if rung_s % split_s == 0)
            return list(fold(self.candles(finer_s, from_s, -(-to_s // rung_s) * rung_s), rung_s))
        if rung_s == DAY_S:
            return [self._day(start_s) for start_s in range(from_s, to_s, DAY_S)]
        parent_s = SPLITS_S[SPLITS_S.index(rung_s) - 1]
        return [
            candle
            for start_s in range(from_s // parent_s * parent_s, to_s, parent_s)
            for candle in self._split(rung_s, parent_s, start_s)
            if from_s <= candle.start_s < to_s
        ]

    def steps(self, rung_s: int, from_s: int, to_s: int) -> Iterator[None] | None:
        """What makes the candles of such a query, a little with each step; None if all of it is there."""
        rung_s = max(split_s for split_s in SPLITS_S if rung_s % split_s == 0)
        parent_s = SPLITS_S[max(SPLITS_S.index(rung_s) - 1, 0)]
        starts_s = range(max(from_s, BEGIN_S) // parent_s * parent_s, min(to_s, self.end_s), parent_s)
        made = self._days if rung_s == DAY_S else self._shares
        missing = [s for s in starts_s if (s if rung_s == DAY_S else (rung_s, s)) not in made]
        if not missing:
            return None
        if rung_s != DAY_S and len(self._shares) + len(missing) * 3 // 2 > CACHED_PARENTS_MAX:
            self._shares.clear()  # else it happened half-way, and the query would make that half once more
            missing = list(starts_s)
        return self._steps(rung_s, parent_s, missing)

    def _steps(self, rung_s: int, parent_s: int, starts_s: list[int]) -> Iterator[None]:
        for first in range(0, len(starts_s), STEP_PARENTS):
            for start_s in starts_s[first : first + STEP_PARENTS]:
                self.candles(rung_s, start_s, start_s + parent_s)
            yield

    def _day(self, start_s: int) -> Candle:
        day = self._days.get(start_s)
        if day is None:
            day = self._days[start_s] = self._make_day(start_s)
        return day

    def _split(self, rung_s: int, parent_s: int, start_s: int) -> list[Candle]:
        """The candles of `rung_s` in the one of `parent_s` that begins at `start_s`."""
        shares = self._shares.get((rung_s, start_s))
        if shares is None:
            if len(self._shares) >= CACHED_PARENTS_MAX:
                self._shares.clear()
            parent = self._day(start_s) if parent_s == DAY_S else self._candle(parent_s, start_s)
            shares = self._shares[rung_s, start_s] = self._make_shares(parent, rung_s)
        return shares

    def _candle(self, rung_s: int, start_s: int) -> Candle:
        parent_s = SPLITS_S[SPLITS_S.index(rung_s) - 1]
        first_s = start_s // parent_s * parent_s
        return self._split(rung_s, parent_s, first_s)[(start_s - first_s) // rung_s]

    def _price(self, time_s: int) -> int:
        """The path of the days at a time, on the price grid; `end_price` at the end."""
        if time_s != self._priced[0]:  # a day ends where the next one begins
            price = self._end_price * self._level(time_s) // self._end_level
            self._priced = time_s, self._instrument.round_price(price, up=False)
        return self._priced[1]

    def _level(self, time_s: int) -> int:
        """Where the path is, at scale 8 around 1."""
        level = ONE_ER
        for period_s, amplitude in NOISES:
            index, offset = divmod(time_s, period_s)
            key = self._seed + period_s
            left, right = (mix(key ^ mix(number)) % 131_072 - 65_536 for number in (index, index + 1))
            level += amplitude * (left + (right - left) * offset // period_s) >> 16
        return level

    def _make_day(self, start_s: int) -> Candle:
        instrument, end_s = self._instrument, min(start_s + DAY_S, self.end_s)
        first, last = self._price(start_s), self._price(end_s)
        draw = mix(self._seed ^ start_s)
        high = max(first, last) * (10_020 + draw % 128) // 10_000
        low = min(first, last) * (9_980 - (draw >> 16) % 128) // 10_000
        high, low = instrument.round_price(high, up=True), instrument.round_price(low, up=False)
        price = instrument.round_price((first + high + low + last) // 4, up=False)
        quote = VALUE_PER_S * (end_s - start_s) * (128 + (draw >> 32) % 256) // 256
        if instrument.is_inverse:
            volume = quote  # contracts of one unit of the quote currency
        else:
            volume = instrument.qty_for(rescale(quote, 0, instrument.value_scale), price)
        return Candle(start_s, DAY_S, first, high, low, last, volume, instrument.value(volume, price))

    def _make_shares(self, parent: Candle, rung_s: int) -> list[Candle]:
        end_s = min(parent.start_s + parent.length_s, self.end_s)
        starts_s = range(parent.start_s, end_s, rung_s)
        key = mix(self._seed ^ mix(parent.start_s) ^ rung_s)
        draws = [mix(key + number) for number in range(len(starts_s))]
        shares = _path(parent, starts_s, rung_s, draws, self._instrument.tick_size)
        _share_volume(parent, shares, end_s, draws, self._instrument.lot_size)
        _share_turnover(parent, shares, self._instrument)
        return shares


def _path(parent: Candle, starts_s: range, rung_s: int, draws: list[int], tick_size: int) -> list[Candle]:
    """Candles from the parent's open to its close, one of which touches its high and one its low."""
    span = parent.high - parent.low
    shares: list[Candle] = []
    price = parent.open
    for start_s, close, draw in zip(starts_s, _closes(parent, draws, tick_size), draws, strict=True):
        reach = (abs(close - price) + span // (4 * len(draws))) // 512
        above, below = ((draw >> shift & 255) * reach // tick_size * tick_size for shift in (16, 24))
        high, low = min(max(price, close) + above, parent.high), max(min(price, close) - below, parent.low)
        shares.append(Candle(start_s, rung_s, price, high, low, close, 0, 0))
        price = close
    max(shares, key=lambda share: share.high).high = parent.high
    min(shares, key=lambda share: share.low).low = parent.low
    return shares


def _closes(parent: Candle, draws: list[int], tick_size: int) -> list[int]:
    """Where each share closes: on the way from open to close by way of high and low, in an order that is drawn."""
    count, draw = len(draws), draws[0] >> 32
    turns = {0: parent.open, count: parent.close}
    if count > 1:
        top = 1 + draw % (count - 1)
        turns[top] = parent.high
        if count > 2:
            bottom = 1 + (draw >> 8) % (count - 2)
            turns[bottom + (bottom >= top)] = parent.low
    closes = []
    places = sorted(turns)
    for first, last in pairwise(places):
        for number in range(first + 1, last):
            stray = (draws[number] % 256 - 128) * (parent.high - parent.low) // (512 * count)
            close = turns[first] + (turns[last] - turns[first]) * (number - first) // (last - first) + stray
            closes.append(min(max(close // tick_size * tick_size, parent.low), parent.high))
        closes.append(turns[last])
    return closes


def _share_volume(parent: Candle, shares: list[Candle], end_s: int, draws: list[int], lot_size: int) -> None:
    """Hand the parent's volume out in whole lots, by drawn weights."""
    lots = parent.volume // lot_size
    weights = [
        (128 + (draw >> 40) % 256) * (min(share.start_s + share.length_s, end_s) - share.start_s)
        for share, draw in zip(shares, draws, strict=True)
    ]
    total, passed = sum(weights), 0
    for share, weight in zip(shares, weights, strict=True):
        share.volume = (lots * (passed + weight) // total - lots * passed // total) * lot_size
        passed += weight


def _share_turnover(parent: Candle, shares: list[Candle], instrument: Instrument) -> None:
    """Hand the parent's turnover out so that each share's average price lies in its range, widened where it must."""
    step = _turnover_step(instrument)
    ends = (parent.high, parent.low) if instrument.is_inverse else (parent.low, parent.high)
    bounds = []
    for share in shares:
        bounds.append((instrument.value(share.volume, ends[0]), instrument.value_up(share.volume, ends[1])))
        price = instrument.round_price((share.open + share.high + share.low + share.close) // 4, up=False)
        share.turnover = instrument.value(share.volume, price)
    missing = parent.turnover - sum(share.turnover for share in shares)
    for share, (least, most) in zip(shares, bounds, strict=True):
        turnover = share.turnover + missing * share.volume // max(parent.volume, 1) // step * step
        share.turnover = min(max(turnover, least), most)
    missing = parent.turnover - sum(share.turnover for share in shares)
    for share, (least, most) in zip(shares, bounds, strict=True):
        before = share.turnover
        share.turnover = min(max(before + missing, least), most)
        missing -= share.turnover - before
        _widen(share, parent, instrument)


def _turnover_step(instrument: Instrument) -> int:
    """What turnovers are multiples of: a lot at the smallest price; 1 where that is below the value grid."""
    return 1 if instrument.is_inverse else max(1, instrument.value(instrument.lot_size, instrument.tick_size))


def _widen(share: Candle, parent: Candle, instrument: Instrument) -> None:
    """Have the range of `share` hold its average price."""
    if share.volume == 0:
        return
    price = instrument.average_price(share.volume, share.turnover)
    low, high = instrument.round_price(price, up=False), instrument.round_price(price, up=True)
    share.low, share.high = max(min(share.low, low), parent.low), min(max(share.high, high), parent.high)
