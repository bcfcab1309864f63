"""When a watchdog acts, and when it must not: time is passed in."""

import pytest

from tidings.engine.heartbeat_signs import EngineMode, EngineSigns, TripCause
from tidings.watchdog.judgement import OWN_GAP_NS, Judgement

MS, S = 10**6, 10**9
START_NS = 5_000 * S
STALL_NS = 3 * S
TICK_NS = 20 * MS


def signs(beat_ns: int, *, mode: int = EngineMode.RUNNING, cut_off_ns: int = 0, open_count: int = 1) -> EngineSigns:
    return EngineSigns(mode, 1, 4711, 9, 7, beat_ns, cut_off_ns, open_count, 5)


def verdicts(until_ns: int, make_signs) -> list[tuple[int, TripCause]]:
    """(moment, verdict) of every tick that says something, from the start until `until_ns` later."""
    judgement, found = Judgement(STALL_NS), []
    for now_ns in range(START_NS, START_NS + until_ns + 1, TICK_NS):
        verdict = judgement.tick(now_ns, make_signs(now_ns), is_dead=False)
        if verdict:
            found.append((now_ns - START_NS, verdict))
    return found


def test_beating_engine_is_left_alone():
    assert verdicts(20 * S, lambda now_ns: signs(now_ns - 15 * MS)) == []


def test_silence_is_acted_upon_after_the_time_set_and_not_before():
    first_ns, cause = verdicts(4 * S, lambda now_ns: signs(START_NS))[0]
    assert cause == TripCause.STALLED
    assert STALL_NS < first_ns <= STALL_NS + TICK_NS


def test_death_is_acted_upon_at_once():
    assert Judgement(STALL_NS).tick(START_NS, signs(START_NS), is_dead=True) == TripCause.DIED


@pytest.mark.parametrize("mode", [EngineMode.NONE, EngineMode.LEFT, EngineMode.CANCELLED])
def test_goodbye_is_no_death_and_no_silence(mode):
    judgement = Judgement(STALL_NS)
    for now_ns in range(START_NS, START_NS + 10 * S, 100 * MS):
        assert judgement.tick(now_ns, signs(START_NS, mode=mode), is_dead=True) == TripCause.NONE


def test_engine_that_is_cut_off_with_orders_open_is_flattened():
    first_ns, cause = verdicts(4 * S, lambda now_ns: signs(now_ns, cut_off_ns=START_NS))[0]
    assert cause == TripCause.CUT_OFF
    assert STALL_NS < first_ns <= STALL_NS + TICK_NS


def test_engine_that_is_cut_off_with_nothing_open_may_come_back_in_peace():
    assert verdicts(10 * S, lambda now_ns: signs(now_ns, cut_off_ns=START_NS, open_count=0)) == []


def test_engine_that_reconnects_in_time_is_left_alone():
    def make(now_ns):
        return signs(now_ns, cut_off_ns=START_NS if now_ns - START_NS < STALL_NS else 0)

    assert verdicts(10 * S, make) == []


def test_watchdog_that_stood_still_itself_gives_the_engine_time_again():
    """Both were stopped (a suspended machine): the engine has not beaten, and could not."""
    judgement = Judgement(STALL_NS)
    judgement.tick(START_NS, signs(START_NS), is_dead=False)
    awake_ns = START_NS + 3600 * S
    told = []
    for now_ns in range(awake_ns, awake_ns + 4 * S, TICK_NS):
        if judgement.tick(now_ns, signs(START_NS), is_dead=False):
            told.append(now_ns - awake_ns)
    assert STALL_NS < told[0] <= STALL_NS + TICK_NS


def test_small_gaps_of_the_watchdog_do_not_give_time_again():
    judgement = Judgement(STALL_NS)
    moments = range(START_NS, START_NS + 4 * S, OWN_GAP_NS)
    assert [judgement.tick(now_ns, signs(START_NS), is_dead=False) for now_ns in moments][-1] == TripCause.STALLED


@pytest.mark.parametrize("is_cut_off", [False, True])
def test_a_watchdog_that_is_starved_all_the_while_acts_in_the_end(is_cut_off):
    """It comes to look every 700 ms; half a second of each counts, but for the first, which is forgiven."""
    judgement = Judgement(STALL_NS)
    for tick in range(10):
        now_ns = START_NS + tick * 700 * MS
        told = signs(now_ns, cut_off_ns=START_NS) if is_cut_off else signs(START_NS)
        if cause := judgement.tick(now_ns, told, is_dead=False):
            break
    assert (tick, cause) == (8, TripCause.CUT_OFF if is_cut_off else TripCause.STALLED)


def test_an_engine_that_is_cut_off_gets_the_time_again_to_beat_at_each_stop_of_both():
    """Nothing is open, so being cut off is no cause; a beat that is missing for their own standstill is none either."""
    judgement, now_ns, beat_ns, told = Judgement(STALL_NS), START_NS, START_NS, []
    for gap_ns in (2 * OWN_GAP_NS, 10 * STALL_NS):
        for _ in range(2 * STALL_NS // TICK_NS):
            now_ns += TICK_NS
            beat_ns = now_ns
            told.append(judgement.tick(now_ns, signs(beat_ns, cut_off_ns=START_NS, open_count=0), is_dead=False))
        now_ns += gap_ns  # the machine sleeps, and the watchdog is up before the engine
        told.append(judgement.tick(now_ns, signs(beat_ns, cut_off_ns=START_NS, open_count=0), is_dead=False))
    assert set(told) == {TripCause.NONE}
