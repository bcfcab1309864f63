"""What kinds of days the background flow can have: settings of its price path, its ladder and its takers.

    quiet    a narrow market that hardly moves; a taker every two seconds
    normal   a day like most: the price wanders by some tenths of a per cent, three takers a second
    crash    every twenty minutes, after a calm half minute, the price falls by 25 to 45 per cent within four minutes,
             in jumps with rebounds; spread and gaps widen, depth thins, most takers sell, and the mark price lags
             several seconds behind, so that stops fire and positions go under. Then it climbs back.

A regime is a pure function of (seed, tick) too: an instrument that slept through half a crash wakes inside it.
"""

from dataclasses import dataclass
from typing import Final

from tidings.exchange.markets.mix import mix


@dataclass(frozen=True, slots=True)
class Mood:
    """How the market makers and takers behave for a while."""

    half_spread_steps: int = 0  # the best quotes stay so far away from the middle
    stride: int = 1  # only every so many-th step of the grid has a quote
    depth_256: int = 256  # how large quotes are, in 256ths
    taker_odds: int = 3  # one taker in so many ticks
    taker_reach_steps: int = 3  # how far through the middle a taker goes
    sellers_256: int = 128  # how many of the takers sell, in 256ths


@dataclass(frozen=True, slots=True)
class Crash:
    """When and how far the price falls; ticks of a tenth of a second."""

    cycle_ticks: int = 12_000
    calm_ticks: int = 300
    leg_ticks: int = 60  # one jump and its rebound
    leg_count: int = 40
    jump_ticks: int = 4  # of a leg; the rest is rebound
    overshoot_256: int = 384  # a jump goes so far, in 256ths of what the leg loses in the end
    depth_least_er: int = 25_000_000
    depth_most_er: int = 45_000_000

    def fallen_er(self, seed: int, tick: int) -> int:
        """How far below its path the price is at `tick`, as a ratio of scale 8."""
        cycle, offset = divmod(tick, self.cycle_ticks)
        key = mix(seed ^ cycle * 2_654_435_761)
        total_er = self.depth_least_er + key % (self.depth_most_er - self.depth_least_er)
        offset -= self.calm_ticks
        if offset < 0:
            return 0
        leg, within = divmod(offset, self.leg_ticks)
        if leg >= self.leg_count:
            return self._climbing_er(total_er, offset - self.leg_count * self.leg_ticks)
        weights = [1 + mix(key + number) % 7 for number in range(self.leg_count)]
        before_er = total_er * sum(weights[:leg]) // sum(weights)
        leg_er = total_er * weights[leg] // sum(weights)
        low_er = leg_er * self.overshoot_256 // 256
        if within < self.jump_ticks:
            return before_er + low_er * (within + 1) // self.jump_ticks
        rest = self.leg_ticks - self.jump_ticks
        return before_er + low_er - (low_er - leg_er) * (within - self.jump_ticks + 1) // rest

    def is_falling(self, tick: int) -> bool:
        """Whether `tick` lies within the fall."""
        offset = tick % self.cycle_ticks - self.calm_ticks
        return 0 <= offset < self.leg_count * self.leg_ticks

    def _climbing_er(self, total_er: int, offset: int) -> int:
        climb_ticks = self.cycle_ticks - self.calm_ticks - self.leg_count * self.leg_ticks
        return total_er * (climb_ticks - offset) // climb_ticks


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowRegime:
    """The settings of a background flow."""

    # The price path: (period in ticks, amplitude at scale 8): seconds, half minutes and ten minutes
    noises: tuple[tuple[int, int], ...] = ((16, 4_000), (300, 40_000), (6_000, 500_000))
    step_per_price: int = 20_000  # quotes stand on a grid of one so many-th of the price, at least one tick
    mark_lag_ticks: int = 10  # the mark price is the middle between now and so long ago
    is_mark_all_lag: bool = False  # or only what was so long ago
    index_lag_ticks: int = 3
    mood: Mood = Mood()
    crash: Crash | None = None
    falling_mood: Mood = Mood()

    def mood_at(self, tick: int) -> Mood:
        """How makers and takers behave at `tick`."""
        return self.falling_mood if self.crash is not None and self.crash.is_falling(tick) else self.mood


NORMAL: Final = FlowRegime()
REGIMES: Final = {
    "quiet": FlowRegime(
        noises=((16, 400), (300, 4_000), (6_000, 50_000)), step_per_price=100_000, mood=Mood(taker_odds=20)
    ),
    "normal": NORMAL,
    "crash": FlowRegime(
        crash=Crash(), mark_lag_ticks=40, is_mark_all_lag=True, index_lag_ticks=20,
        falling_mood=Mood(
            half_spread_steps=12, stride=5, depth_256=40, taker_odds=1, taker_reach_steps=40, sellers_256=205
        ),
    ),
}  # fmt: skip
OFF: Final = "off"
FLOW_NAMES: Final = (*REGIMES, OFF)
