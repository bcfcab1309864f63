"""Who catches a mutant: the simulation, the request budgets' simulation, or named tests."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.mutants.build import SWITCH
from tests.mutants.mutant import LIMITS, SIMULATION, Mutant

SEED = 1
FIRST_CHUNK = 40  # most are caught at once; then four times as many
SOUND_SCHEDULES = 200
LIMIT_S = 900
SUMMARY = ("FAILED tests/", "ERROR tests/")  # of pytest; a log it shows has levels of the same name


def hunt(copy: Path, mutant: Mutant | None, schedules_max: int, tests: str = SIMULATION) -> str:
    """What caught it, in words; "": nothing did. Without a mutant: what fails in the sound copy, by `tests`."""
    tests = tests if mutant is None else mutant.tests
    if tests == SIMULATION:
        return _simulate(copy, mutant, schedules_max)
    if tests == LIMITS:
        return _simulate_limits(copy, mutant)
    return _test(copy, mutant, tests)


def faults_of_the_copy(copy: Path, mutants: list[Mutant]) -> list[str]:
    """What fails while every switch is off: then a mutant would be caught by mistake."""
    catchers = {mutant.tests for mutant in mutants}
    fails = {tests: hunt(copy, None, SOUND_SCHEDULES, tests) for tests in sorted(catchers)}
    return [f"{tests or 'simulation'}: {why}" for tests, why in fails.items() if why]


def _simulate(copy: Path, mutant: Mutant | None, schedules_max: int) -> str:
    first, count = 0, FIRST_CHUNK
    while first < schedules_max:
        count = min(count, schedules_max - first)
        module = [
            "tests.simulated",
            "--schedules",
            str(count),
            "--from",
            str(first),
            "--seed",
            str(SEED),
            "--jobs",
            "2",
        ]
        done = _run(copy, mutant, ["-m", *module])
        lines = done.stdout.splitlines()
        if not lines or not lines[-1].startswith("{"):
            return _broken(mutant, done)
        for number in json.loads(lines[-1])["failing_seeds"]:
            if mutant is None or _is_sound(copy, number):
                return f"simulated schedule {number}"
        first, count = first + count, 4 * count
    return ""


def _is_sound(copy: Path, number: int) -> bool:
    """Whether nothing fails in a schedule while every switch is off: else it has caught nobody who hides behind it."""
    return _run(copy, None, ["-m", "tests.simulated", "--only", str(number)]).returncode == 0


def _simulate_limits(copy: Path, mutant: Mutant | None) -> str:
    done = _run(copy, mutant, ["-m", "tests.simulated_limits", "--minutes", "1500", "--seed", str(SEED), "--json"])
    lines = done.stdout.splitlines()
    if not lines or not lines[-1].startswith("{"):
        return _broken(mutant, done)
    return f"simulated limits, seed {SEED}" if done.returncode == 1 else ""


def _broken(mutant: Mutant | None, done: subprocess.CompletedProcess[str]) -> str:
    """A run that ended without a result: a fault of the sound copy, but nobody has caught a mutant by it."""
    words = f"the run broke: {(done.stderr or done.stdout).strip()[-120:]}"
    if mutant is None:
        return words
    print(f"{mutant.name}: {words}", file=sys.stderr)
    return ""


def _test(copy: Path, mutant: Mutant | None, tests: str) -> str:
    done = _run(copy, mutant, ["-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests.split()])
    failed = [line for line in done.stdout.splitlines() if line.startswith(SUMMARY)]
    if done.returncode == 1 and failed:
        return failed[0].split(" - ")[0].split("/")[-1]
    return _broken(mutant, done) if done.returncode else ""


def _run(copy: Path, mutant: Mutant | None, arguments: list[str]) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(copy / "src")}
    if mutant is not None:
        environment[SWITCH] = mutant.name
    command = [sys.executable, *arguments]
    with subprocess.Popen(
        command, cwd=copy, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True,
    ) as process:  # fmt: skip
        try:
            out, errors = process.communicate(timeout=LIMIT_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)  # with the exchanges it has started
            out, errors = "", f"it did not end within {LIMIT_S} s"
    return subprocess.CompletedProcess(command, process.returncode, out, errors)
