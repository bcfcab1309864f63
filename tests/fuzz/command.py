"""The command line that all fuzzers have: how many executions, which seed, how long. One line of JSON on stdout."""

import argparse
import json
import sys
from collections.abc import Callable
from typing import Any


def run_command(
    name: str, about: str | None, fuzz: Callable[[int, int, float], dict[str, Any]], arguments: list[str],
    executions: int = 100_000,
) -> int:
    """Exit code 1: something was violated. `fuzz` gets executions, seed and seconds."""
    parser = argparse.ArgumentParser(prog=f"python -m {name}", description=str(about).split("\n")[0])
    parser.add_argument("--executions", type=int, default=executions, help="how many (default %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of all chance (default %(default)s)")
    parser.add_argument("--seconds", type=float, default=1e9, help="end then, however many there were")
    options = parser.parse_args(arguments)
    result = fuzz(options.executions, options.seed, options.seconds)
    sys.stdout.write(json.dumps(result) + "\n")
    return 1 if result["violation"] else 0
