"""The copy of the sources that holds every mutant, each behind a switch in the environment."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

from tests.mutants.mutant import Mutant
from tests.mutants.request_mutants import EXTRA
from tests.mutants.table import MUTANTS

ROOT = Path(__file__).resolve().parent.parent.parent
SWITCH = "TIDINGS_MUTANT"
COPIED = ("src", "ext", "tests", "docs", "build", "setup.py", "pyproject.toml", "README.md")
_FIRST_IMPORT = re.compile(r"^(?:from (?!__future__)|import |cimport )", re.MULTILINE)


def missing_texts() -> list[str]:
    """Mutants whose text does not occur exactly once in the sources: the table must follow the code."""
    found = []
    for name, file, old in [*((m.name, m.file, m.old) for m in MUTANTS), *(("resend", f, old) for f, old, _ in EXTRA)]:
        count = (ROOT / file).read_text(encoding="utf-8").count(old)
        if count != 1:
            found.append(f"mutant {name!r}: its text occurs {count} times in {file}, and must once: {old!r}")
    return found


def build_copy(directory: Path) -> Path:
    """Copy, change and compile; gives the copy's root. Raises RuntimeError when it does not compile."""
    for name in COPIED:
        source, target = ROOT / name, directory / name
        if source.is_dir():
            shutil.copytree(source, target, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
        elif source.exists():
            shutil.copy2(source, target)
    by_file = defaultdict(list)
    for mutant in MUTANTS:
        by_file[mutant.file].append(mutant)
    for file, mutants in by_file.items():
        path = directory / file
        path.write_text(mutated_text(path.read_text(encoding="utf-8"), file, mutants), encoding="utf-8")
    command = [sys.executable, "setup.py", "-q", "build_ext", "--inplace"]
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"the mutated copy does not compile:\n{done.stderr[-3000:]}")
    return directory


def mutated_text(text: str, file: str, mutants: list[Mutant]) -> str:
    """`text` with every mutant of `mutants` in it, asleep."""
    for extra_file, old, new in EXTRA:
        if extra_file == file:
            text = text.replace(old, new)
    for mutant in mutants:
        switch = f'(MUTATION_SWITCHES.get("{SWITCH}") == "{mutant.name}")'
        text = text.replace(mutant.old, mutant.new.replace("MUTATED", switch))
    place = _FIRST_IMPORT.search(text)
    assert place is not None, f"{file} has no import to stand behind"
    return f"{text[: place.start()]}from os import environ as MUTATION_SWITCHES\n{text[place.start() :]}"
