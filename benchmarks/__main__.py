"""`python -m benchmarks [--json | --markdown] [--quick] [--only NAME]`: every stage of an order beside its baseline."""

import argparse
import importlib
import json
import sys

from benchmarks.markdown import markdown
from benchmarks.report import Skipped, Table, machine, print_result

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
    form.add_argument("--markdown", action="store_true", help="the README's measured section; progress on stderr")
    parser.add_argument("--quick", action="store_true", help="fewer samples: shows that it works, not how fast it is")
    parser.add_argument("--only", action="append", choices=STAGES, help="one stage; may be given several times")
    return parser.parse_args(arguments)


def main(arguments: list[str]) -> int:
    """Measure and print; 1 if a target was missed, so that a script can tell."""
    options = parse_arguments(arguments)
    about = machine()
    stream = sys.stderr if options.json or options.markdown else sys.stdout
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
    if options.markdown:
        sys.stdout.write(markdown(about, results))
    missed = [
        f"{table.title}: {target.sentence()}" for table in measured for target, _, holds in table.checked() if not holds
    ]
    if missed:
        stream.write(f"{len(missed)} targets missed: {'; '.join(missed)}\n")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
