"""Running the installed command as its users do: `python -m tidings …` in a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

LIMIT_S = 60  # a busy machine


class Ended(subprocess.CompletedProcess[str]):
    """A run that has ended."""

    @property
    def json(self) -> dict[str, Any]:
        """stdout, which must be one JSON object and nothing else."""
        found = json.loads(self.stdout)
        assert isinstance(found, dict)
        return found


def command_line(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "tidings", *map(str, arguments)]


def tidings(*arguments: object, **variables: str) -> Ended:
    """Run to the end; no run may ever show a traceback."""
    done = subprocess.run(
        command_line(*arguments), env=clean_environment() | variables, capture_output=True, text=True, timeout=LIMIT_S
    )
    assert "Traceback" not in done.stderr, done.stderr
    return Ended(done.args, done.returncode, done.stdout, done.stderr)


def clean_environment() -> dict[str, str]:
    """This process's environment without what steers tidings."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PHEMEX_", "TIDINGS_"))}


def children_of(pid: int) -> list[str]:
    """Command lines of the exchanges that the process `pid` started and that still run (Linux)."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().decode(errors="replace").split("\0")
        except OSError:  # it ended meanwhile
            continue
        if "--parent-pid" in words and str(pid) in words:
            found.append(" ".join(words))
    return found
