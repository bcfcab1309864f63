"""The simulation in small: some schedules of every test run, repeatability, and that the oracle can see."""

import os
import subprocess
import sys
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest

from tests.simulated.campaign import run_number
from tests.simulated.cuts import all_cuts, run_cut
from tests.simulated.schedule import kinds_in_use, make_schedule
from tests.simulated.simulation import Simulation

ROOT = Path(__file__).resolve().parents[2]
FIRST, SCHEDULES = 1_000, 200
PART = 25
ONCE_BROKEN = {
    100_000_011_537: "a kill was called verified 1 ms before its last order was gone",
    100_000_033_161: "a position's first word, flat and late, took back the fills that were found before it came",
    100_000_055_379: "the judge took an order placed in the instant of a kill, before it, for one placed behind",
    100_000_057_038: "the judge wanted an order known again that the exchange had refused in an unheard engine's time",
    100_000_075_358: "of several orders that were missing none was looked up to the end, where requests are few",
    200_000_033_270: "with 20 requests a minute, what became of an order was thrown away for want of its executions",
    100_000_117_965: "a request was counted and signed before a dial of two seconds, and left behind both",
    100_000_121_236: "executions were given up after so many looks, though not one of them could be asked",
    100_000_177_885: "the judge held a meeting of own orders against an engine that had not heard of a trigger",
    100_000_197_412: "the judge counted two journeys on one connection, one behind the other, as if each went alone",
    100_000_514_491: "the judge had not heard of an amend behind a full buffer, and took a smaller one for a larger",
    100_000_548_329: "the copy of a create's answer fitted its cancel, and the cancel's refusal ended another create",
    100_000_568_078: "a list that lagged ended a foreign order the stream had told of, and a kill left its symbol out",
    100_000_604_288: "the judge counted executions of an earlier engine, told at the start, for the breaker",
    100_000_842_856: "a create's late answer brought back an order that a row without a time had shown rejected",
    100_000_965_390: "the judge held a halt against an order placed in front of it, but behind a full buffer",
    1_000_008_468: "the oracle took a sync that failed while the engine came up for one of the engine before",
}
CUT_EVERY_BYTES = 157  # a prime: all parts of requests and answers are met; `--cuts` tries every byte


@pytest.mark.parametrize("first", range(FIRST, FIRST + SCHEDULES, PART))
def test_no_schedule_breaks_a_rule(first):
    results = map(run_number, range(first, first + PART))
    broken = {result.seed: result.violations for result in results if result.violations}
    assert not broken, f"again: python -m tests.simulated --only {min(broken)} --trace"


@pytest.mark.parametrize("number", ONCE_BROKEN)
def test_a_schedule_that_once_broke_a_rule_does_not_again(number):
    assert not run_number(number).violations, ONCE_BROKEN[number]


def test_the_same_seed_is_the_same_run_whatever_the_hash_seed():
    own = [run_number(number).trace_hash for number in (3, 4, 5)]
    code = "from tests.simulated.campaign import run_number; print(*(run_number(n).trace_hash for n in (3, 4, 5)))"
    for hash_seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        run = subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
        )
        assert run.stdout.split() == own


def test_without_faults_none_is_counted_and_nothing_differs():
    result = Simulation(replace(make_schedule(7), faults=())).run()
    assert not result.violations
    assert not result.fired


def test_every_kind_of_fault_is_met_within_some_hundred_schedules():
    met = set()
    for number in range(1_000_000, 1_000_400):
        met |= {fault.kind for fault in make_schedule(number).faults}
    assert met == set(kinds_in_use())


def test_no_cut_of_the_connection_leaves_a_difference():
    for cut in islice(all_cuts(), None, None, CUT_EVERY_BYTES):
        result = run_cut(cut)
        assert result.fired, f"{cut} never happened"
        assert not result.violations, cut
