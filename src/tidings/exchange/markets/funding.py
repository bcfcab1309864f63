"""What a perpetual contract's holders pay each other, and when: the funding rate.

A pure function of (seed, symbol, time), so that a history exists from the first second and a run repeats exactly.

    rates = FundingRates(instrument, seed)
    rates.rate_er(now_ns)             # will be paid at rates.next_time_ns(now_ns); fixed while the interval lasts
    rates.predicted_rate_er(now_ns)   # what the interval after this one looks like paying; settles as time goes on
    rates.history(start_ns, end_ns)   # what was paid, oldest first

Time is cut into intervals that begin at multiples of the contract's interval since the epoch (00:00, 08:00 and 16:00
UTC for eight hours). The premium of one interval gives the rate that is known throughout the next one and paid at its
end: rate = premium + clamp(interest − premium, ±0.05 %), within ±2 %. So a quiet premium pays just the interest, as at
the venue (phemex docs 2026, "Query real funding rates": interest 0.0001, cap 0.02, floor −0.02). The premiums are ours.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from tidings.exchange.catalogue import Instrument
from tidings.exchange.markets.mix import mix

SECOND_NS: Final = 1_000_000_000
INTEREST_ER: Final = 10_000  # of eight hours, at scale 8 like every Er
INTEREST_INTERVAL_S: Final = 28_800
CLAMP_ER: Final = 50_000
RATE_ER_MAX: Final = 2_000_000
# The premium of an interval: (period in intervals, amplitude at scale 8); moods of three days, each interval's own.
PREMIUM_NOISES: Final = ((9, 80_000), (1, 60_000))
DRIFT_ER: Final = 20_000  # how far a prediction may stray from what it becomes
DRIFT_STEP_S: Final = 60


class PastRate(NamedTuple):
    """A rate that was paid."""

    time_ns: int
    rate_er: int


class FundingRates:
    """The funding rates of one contract, at any time."""

    def __init__(self, instrument: Instrument, seed: int, interval_s: int = 0) -> None:
        """`interval_s`: how often funding is paid; 0 for the contract's own interval."""
        self.interval_s = interval_s or instrument.funding_interval_s
        self.interest_er = INTEREST_ER * instrument.funding_interval_s // INTEREST_INTERVAL_S
        self._interval_ns = self.interval_s * SECOND_NS
        self._seed = mix(seed ^ int.from_bytes(f"funding {instrument.symbol}".encode()))

    def next_time_ns(self, now_ns: int) -> int:
        """The first funding time after `now_ns`."""
        return (now_ns // self._interval_ns + 1) * self._interval_ns

    def rate_er(self, now_ns: int) -> int:
        """The rate that will be paid at the next funding time."""
        return self._rate_er(self._premium_er(now_ns // self._interval_ns - 1))

    def predicted_rate_er(self, now_ns: int) -> int:
        """The rate of the next interval as far as this one tells; at its end they agree."""
        number, elapsed_s = divmod(now_ns // SECOND_NS, self.interval_s)
        drift_er = _noise(self._seed + 7, now_ns // SECOND_NS, DRIFT_STEP_S) * DRIFT_ER >> 16
        left_s = self.interval_s - elapsed_s - 1
        return self._rate_er(self._premium_er(number) + drift_er * left_s // self.interval_s)

    def paid_rate_er(self, funding_time_ns: int) -> int:
        """The rate that is paid at a funding time."""
        return self.rate_er(funding_time_ns - 1)

    def history(self, start_ns: int, end_ns: int) -> Iterator[PastRate]:
        """What was paid at every funding time from `start_ns` to `end_ns`, both included, oldest first."""
        time_ns = self.next_time_ns(max(0, start_ns) - 1)
        while time_ns <= end_ns:
            yield PastRate(time_ns, self.paid_rate_er(time_ns))
            time_ns += self._interval_ns

    def _rate_er(self, premium_er: int) -> int:
        rate_er = premium_er + min(max(self.interest_er - premium_er, -CLAMP_ER), CLAMP_ER)
        return min(max(rate_er, -RATE_ER_MAX), RATE_ER_MAX)

    def _premium_er(self, number: int) -> int:
        """The average premium of mark over index price in interval `number`."""
        noises = (_noise(self._seed + period, number, period) * amplitude for period, amplitude in PREMIUM_NOISES)
        return self.interest_er + (sum(noises) >> 16)


def _noise(key: int, moment: int, period: int) -> int:
    """Smooth noise in ±2^16: a random value every `period`, straight lines between them."""
    index, offset = divmod(moment, period)
    left, right = (mix(key ^ mix(number)) % 131_072 - 65_536 for number in (index, index + 1))
    return left + (right - left) * offset // period
