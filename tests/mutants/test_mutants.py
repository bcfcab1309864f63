"""The table of mutants follows the code: each text it changes is there, once, and what it names as catcher exists."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.mutants import hunt
from tests.mutants.build import SWITCH, missing_texts, mutated_text
from tests.mutants.mutant import LIMITS, SIMULATION, Mutant
from tests.mutants.table import MUTANTS

ROOT = Path(__file__).resolve().parent.parent.parent


def test_every_mutant_has_its_place_in_the_sources():
    assert missing_texts() == []


def test_there_are_enough_of_them_and_each_is_told_apart():
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS) >= 40
    assert sum(mutant.is_quick for mutant in MUTANTS) == 6


def test_every_test_that_is_to_catch_one_exists():
    named = {path for mutant in MUTANTS for path in mutant.tests.split() if path.startswith("tests/")}
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []


@pytest.mark.parametrize(("tests", "code"), [(SIMULATION, 1), (LIMITS, 1), ("tests/e2e/test_restart.py", 4)])
def test_a_run_that_breaks_has_caught_nobody_and_is_no_sound_copy(monkeypatch, tests, code):
    broken = subprocess.CompletedProcess([], code, stdout="", stderr="ImportError: no module named tests")
    monkeypatch.setattr(hunt, "_run", lambda *_: broken)
    assert hunt.hunt(ROOT, Mutant("any", "a.py", "", "", tests), 40) == ""
    assert "ImportError" in hunt.hunt(ROOT, None, 40, tests)


def test_a_schedule_that_fails_in_the_sound_copy_too_has_caught_nobody(monkeypatch):
    """Number 7 fails with and without the mutant, number 9 with it alone."""
    ran = []

    def simulated(copy, mutant, arguments):
        ran.append((mutant is not None, arguments[2:4]))
        failing = [7, 9] if mutant is not None else [7] if "7" in arguments else []
        return subprocess.CompletedProcess([], bool(failing), stdout=json.dumps({"failing_seeds": failing}), stderr="")

    monkeypatch.setattr(hunt, "_run", simulated)
    assert hunt.hunt(ROOT, Mutant("any", "a.py", "", ""), 40) == "simulated schedule 9"
    assert ran[1:] == [(False, ["--only", "7"]), (False, ["--only", "9"])]


def test_a_mutant_sleeps_until_its_switch_is_on(monkeypatch):
    mutant = Mutant("always true", "a.py", "return x > 1", "return MUTATED or x > 1")
    source = '"""Doc."""\n\nfrom __future__ import annotations\n\nimport sys\n\n\ndef f(x):\n    return x > 1\n'
    code = compile(mutated_text(source, "a.py", [mutant]), "a.py", "exec")
    room = {}
    exec(code, room)
    assert not room["f"](0)
    monkeypatch.setenv(SWITCH, "always true")
    assert room["f"](0)


def test_no_switch_is_in_what_is_shipped():
    shipped = [path for tree in ("src", "ext") for path in (ROOT / tree).rglob("*.py*")]
    shipped = [path for path in shipped if path.suffix in (".py", ".pyx")]
    assert len(shipped) > 200
    assert [path for path in shipped if "MUTAT" in path.read_text(encoding="utf-8")] == []
