"""How far the venue's clock is from ours, how sure that is, and whether it is sure enough to trade. Sans-IO.

Each answer about the venue's time bounds the offset: it was read somewhere between our asking and our hearing. Two
clocks drift apart, so a bound widens with its age. The offset is the middle of what most bounds have in common
(Marzullo's intersection), its uncertainty half the width; one answer that contradicts the others is left out.

A clock that jumps shows itself as an answer that contradicts all before it. From then on nothing is sure; the newest
answers that agree with one another decide where the clock is now.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

NS_PER_S = 1_000_000_000
NS_PER_MS = 1_000_000
PARTS_PER_MILLION = 1_000_000
SAMPLES_KEPT = 16
JUMPS_KEPT = 16
REQUEST_LIFE_MAX_NS = 120 * NS_PER_S  # of any session's, by far
AGREEING_NEEDED = 3  # answers in a row that agree with one another, and not with the past: the clock has jumped


@dataclass(frozen=True, slots=True)
class ClockSample:
    """One answer: the venue's clock stood in [`earliest_wall_ns`, `latest_wall_ns`] at some time in [sent, heard]."""

    sent_ns: int
    heard_ns: int
    earliest_wall_ns: int
    latest_wall_ns: int


@dataclass(frozen=True, slots=True)
class _Bound:
    """The offset lay in [`lowest_ns`, `highest_ns`] at `at_ns`."""

    lowest_ns: int
    highest_ns: int
    at_ns: int


class ClockGuard:
    """Feed it answers with `observe`; ask `wall_offset_ns`, `uncertainty_ns` and `reason`."""

    def __init__(
        self, *, drift_ppm: int = 200, alarm_ns: int = 250 * NS_PER_MS, uncertainty_max_ns: int = NS_PER_S
    ) -> None:
        self._drift_ppm = drift_ppm
        self._alarm_ns, self._uncertainty_max_ns = alarm_ns, uncertainty_max_ns
        self._bounds: deque[_Bound] = deque(maxlen=SAMPLES_KEPT)
        self._odd: list[_Bound] = []  # the newest answers, while they contradict the past
        self.jump_count = 0
        self._jumps: deque[tuple[int, int]] = deque(maxlen=JUMPS_KEPT)  # (when it was followed, by how much)
        self.glitch_count = 0  # answers that contradicted the others, and were not followed

    def observe(self, sample: ClockSample) -> None:
        """Take in one answer about the venue's time."""
        bound = _Bound(
            sample.earliest_wall_ns - sample.heard_ns, sample.latest_wall_ns - sample.sent_ns, sample.heard_ns
        )
        if not self._bounds or self._agrees(bound, self._common(bound.at_ns)):
            self.glitch_count += len(self._odd)
            self._odd.clear()
            self._bounds.append(bound)
            return
        if not all(self._agrees(bound, self._widened(odd, bound.at_ns)) for odd in self._odd):
            self.glitch_count += len(self._odd)
            self._odd.clear()
        self._odd.append(bound)
        if len(self._odd) >= AGREEING_NEEDED:
            self._follow_jump(bound.at_ns)

    def wall_offset_ns(self, now_ns: int) -> int:
        """The venue's Unix time minus our monotonic clock. Raises ValueError before the first answer."""
        return self.offset_and_uncertainty_ns(now_ns)[0]

    def uncertainty_ns(self, now_ns: int) -> int:
        """The offset is true within ± this, as far as answers and the drift allow."""
        return self.offset_and_uncertainty_ns(now_ns)[1]

    def offset_and_uncertainty_ns(self, now_ns: int) -> tuple[int, int]:
        """Both of them, of one look."""
        lowest_ns, highest_ns = self._common(now_ns)
        return (lowest_ns + highest_ns) // 2, (highest_ns - lowest_ns + 1) // 2

    def set_back_ns(self, now_ns: int) -> int:
        """By how much longer than it should a request may live that was dated before the clock jumped: as far as it was
        set back since, at worst. What was dated before a jump counts for as long as that and the later ones let it be.
        """
        worst_ns = sum_ns = 0
        for at_ns, jump_ns in reversed(self._jumps):
            sum_ns += jump_ns
            if now_ns - at_ns <= REQUEST_LIFE_MAX_NS - min(0, sum_ns):
                worst_ns = max(worst_ns, -sum_ns)
        return worst_ns

    @property
    def is_in_doubt(self) -> bool:
        """Whether the newest answer contradicts those before it: ask again soon."""
        return bool(self._odd)

    def is_alarming(self, now_ns: int) -> bool:
        """Whether somebody should look: unsure beyond the alarm, or in doubt."""
        return self.is_in_doubt or self.uncertainty_ns(now_ns) > self._alarm_ns

    def reason(self, now_ns: int) -> str:
        """Why the venue's clock is not sure enough for new orders, in words; "" if it is."""
        if self._odd:
            off_ns = self._odd[-1].lowest_ns - self._common(now_ns)[0]
            return f"the venue's clock seems to have jumped by {off_ns / NS_PER_S:+.3f} s: asking it again"
        uncertain_ns = self.uncertainty_ns(now_ns)
        if uncertain_ns > self._uncertainty_max_ns:
            age_s = (now_ns - self._bounds[-1].at_ns) // NS_PER_S
            known = f"± {uncertain_ns / NS_PER_S:.1f} s"
            return f"the venue's clock is known to {known} only: it last answered {age_s} s ago"
        return ""

    # ---- Bounds --------------------------------------------------------------------------------------------------

    def _follow_jump(self, now_ns: int) -> None:
        before_ns = self.wall_offset_ns(now_ns)
        self._bounds.clear()
        self._bounds.extend(self._odd)
        self._odd.clear()
        self._jumps.append((now_ns, self.wall_offset_ns(now_ns) - before_ns))
        self.jump_count += 1

    def _widened(self, bound: _Bound, now_ns: int) -> tuple[int, int]:
        """What a bound says now: the clocks may have drifted apart since."""
        drift_ns = max(0, now_ns - bound.at_ns) * self._drift_ppm // PARTS_PER_MILLION
        return bound.lowest_ns - drift_ns, bound.highest_ns + drift_ns

    def _agrees(self, bound: _Bound, known: tuple[int, int]) -> bool:
        return bound.lowest_ns <= known[1] and known[0] <= bound.highest_ns

    def _common(self, now_ns: int) -> tuple[int, int]:
        """The stretch that most bounds share, the narrowest if several are shared by as many."""
        if not self._bounds:
            raise ValueError("the venue has not told its time yet")
        edges = sorted(
            edge
            for lowest_ns, highest_ns in (self._widened(bound, now_ns) for bound in self._bounds)
            for edge in ((lowest_ns, -1), (highest_ns, 1))  # at one place a bound begins before another ends
        )
        count = best_count = 0
        best = (0, 0)
        for (place_ns, kind), (next_ns, _) in zip(edges, [*edges[1:], edges[-1]], strict=True):
            count -= kind
            if kind < 0 and (count > best_count or (count == best_count and next_ns - place_ns < best[1] - best[0])):
                best_count, best = count, (place_ns, next_ns)
        return best
