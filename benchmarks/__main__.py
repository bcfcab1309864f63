"""`python -m benchmarks [--json | --write] [--quick] [--only NAME]`: every stage of an order beside its baseline."""

import argparse
import importlib
import json
import sys
from pathlib import Path

from benchmarks.markdown import write_figures
from benchmarks.report import Skipped, Table, machine, print_result

ROOT = Path(__file__).resolve().parent.parent
STAGES = (
    *("sign", "encode", "throttle", "risk", "fence", "journal"),
    *("http1", "reply", "account_stream", "book", "market_data", "recorder", "replay"),
    *("fix", "fix_in_process", "fix_gateway", "kill", "exchange"),
    "round_trip",
)


def parse_arguments(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="one JSON object on stdout, progress on stderr")
    form.add_argument("--write", action="store_true", help="put the figures into README.md and docs/measured.md too")
    parser.add_argument("--quick", action="store_true", help="fewer samples: shows that it works, not how fast it is")
    parser.add_argument("--only", action="append", choices=STAGES, help="one stage; may be given several times")
    options = parser.parse_args(arguments)
    if options.write and (options.quick or options.only):
        parser.error("--write is for the figures of a whole run: leave out --quick and --only")
    return options


def main(arguments: list[str]) -> int:
    """Measure and print; 1 if a target was missed, so that a script can tell."""
    options = parse_arguments(arguments)
    about = machine()
    stream = sys.stderr if options.json else sys.stdout
    if not options.json:
        stream.write("\n".join(f"{name:>9}  {value}" for name, value in about.items()) + "\n\n")
    results: list[Table | Skipped] = []
    for stage in options.only or STAGES:
        for result in importlib.import_module(f"benchmarks.{stage}").run(options.quick):
            print_result(result, stream)
            results.append(result)
    measured = [result for result in results if isinstance(result, Table)]
    if options.json:
        skipped = [
            {"title": result.title, "reason": result.reason} for result in results if isinstance(result, Skipped)
        ]
        answer = {"machine": about, "tables": [table.as_json() for table in measured], "skipped": skipped}
        sys.stdout.write(json.dumps(answer, indent=2) + "\n")
    if options.write:
        write_figures(ROOT, about, results)
    missed = [
        f"{table.title}: {target.sentence()}" for table in measured for target, _, holds in table.checked() if not holds
    ]
    if missed:
        stream.write(f"{len(missed)} targets missed: {'; '.join(missed)}\n")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
