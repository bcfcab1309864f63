"""The table of mutants follows the code: each text it changes is there, once, and what it names as catcher exists."""

from pathlib import Path

from tests.mutants.build import SWITCH, missing_texts, mutated_text
from tests.mutants.mutant import Mutant
from tests.mutants.table import MUTANTS

ROOT = Path(__file__).resolve().parent.parent.parent


def test_every_mutant_has_its_place_in_the_sources():
    assert missing_texts() == []


def test_there_are_enough_of_them_and_each_is_told_apart():
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS) >= 40
    assert sum(mutant.is_quick for mutant in MUTANTS) == 5


def test_every_test_that_is_to_catch_one_exists():
    named = {path for mutant in MUTANTS for path in mutant.tests.split() if path.startswith("tests/")}
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []


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
