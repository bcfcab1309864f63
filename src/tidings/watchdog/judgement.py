"""When to act. A pure function of what the engine's page says and of the time; the clock is the caller's.

A watchdog that was stopped itself (a suspended machine, a starved core) must not take its own absence for the engine's:
after a gap in its own ticks the engine gets the whole time again to show that it lives. Once for each silence: where
gaps come one after the other, each counts as the longest that is none, or nobody would ever act on a starved machine.
"""

from __future__ import annotations

from tidings.engine.heartbeat_signs import EngineMode, EngineSigns, TripCause

OWN_GAP_NS = 500_000_000  # ticks are 20 ms apart


class Judgement:
    """Call `tick` often. `stall_ns`: how long an engine may be silent, or cut off with orders open."""

    def __init__(self, stall_ns: int) -> None:
        self.stall_ns = stall_ns
        self._last_tick_ns: int | None = None
        self._beat, self._link = _Silence(0), _Silence(0)

    def tick(self, now_ns: int, signs: EngineSigns, *, is_dead: bool) -> TripCause:
        """Why to act now; NONE: not yet, or never again for an engine that said goodbye."""
        if self._last_tick_ns is None:
            self._beat, self._link = _Silence(now_ns), _Silence(now_ns)
        elif (gap_ns := now_ns - self._last_tick_ns) > OWN_GAP_NS:
            self._beat.allow_for(gap_ns, now_ns, signs.beat_ns)
            self._link.allow_for(gap_ns, now_ns, signs.cut_off_ns)
        self._last_tick_ns = now_ns
        if signs.mode != EngineMode.RUNNING:
            return TripCause.NONE
        if is_dead:
            return TripCause.DIED
        if self._beat.lasted_ns(now_ns, signs.beat_ns) > self.stall_ns:
            return TripCause.STALLED
        if signs.cut_off_ns and signs.open_count and self._link.lasted_ns(now_ns, signs.cut_off_ns) > self.stall_ns:
            return TripCause.CUT_OFF
        return TripCause.NONE


class _Silence:
    """What an engine does not show any more, a beat or a connection, for as long as a watchdog was there to see it."""

    def __init__(self, patient_from_ns: int) -> None:
        self._patient_from_ns = patient_from_ns
        self._forgiven_ns: int | None = None  # the silence, by its begin, that has got the whole time again

    def allow_for(self, gap_ns: int, now_ns: int, since_ns: int) -> None:
        """The watchdog itself was away for `gap_ns`."""
        if since_ns == self._forgiven_ns:
            self._patient_from_ns += gap_ns - OWN_GAP_NS
        else:
            self._patient_from_ns, self._forgiven_ns = now_ns, since_ns

    def lasted_ns(self, now_ns: int, since_ns: int) -> int:
        return now_ns - max(since_ns, self._patient_from_ns)
