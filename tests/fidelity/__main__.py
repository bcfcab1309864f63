"""Play captured samples of the venue against the local exchange and say where its answers differ.

    python -m tests.fidelity DIR --report report.json

DIR holds samples: JSON files with `source` and `request` and `response`, or `subscribe` and `messages`. Exit code 0: no
difference, or only declared ones; 1: a difference nobody meant; 2: wrong usage.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from tests.fidelity.comparison import Difference
from tests.fidelity.plays import NotPlayed, arguments_for, play_of
from tests.fidelity.report import Report
from tests.fidelity.samples import Sample, read_samples
from tests.fidelity.stage import Stage
from tests.fidelity.switches import rules_for
from tests.fidelity.venue_process import VenueProcess
from tests.reference.phemex_client import RestClient


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the tool; gives the exit code."""
    options = _parser().parse_args(arguments)
    try:
        samples = [one for one in read_samples(options.directory) if fnmatchcase(one.name, options.only)]
    except ValueError as error:
        print(f"{options.directory}: {error}", file=sys.stderr)
        return 2
    if not samples:
        print(f"{options.directory}: no samples (*.json) there", file=sys.stderr)
        return 2
    report = play_all(samples, is_quiet=options.quiet)
    text = json.dumps(report.document(), indent=1, ensure_ascii=False)
    if options.report:
        options.report.write_text(text + "\n", encoding="utf-8")
    print(text if options.json else report.summary())
    return 1 if report.undeclared else 0


def play_all(samples: Sequence[Sample], *, is_quiet: bool = True) -> Report:
    """Play each sample in turn, with progress on stderr."""
    report = Report(samples=len(samples))
    venues: dict[tuple[str, ...], VenueProcess] = {}
    try:
        for place, sample in enumerate(samples, 1):
            outcome = _play(sample, venues, report)
            if not is_quiet:
                print(f"[{place}/{len(samples)}] {sample.name}: {outcome}", file=sys.stderr, flush=True)
    finally:
        for venue in venues.values():
            venue.stop()
    return report


def _venue_for(sample: Sample, venues: dict[tuple[str, ...], VenueProcess]) -> VenueProcess:
    """The running exchange for a sample, one with an unused account."""
    arguments = arguments_for(sample)
    venue = venues.get(arguments)
    if venue is None or not venue.has_accounts:
        if venue is not None:
            venue.stop()
        venue = venues[arguments] = VenueProcess(*arguments)
    return venue


def _play(sample: Sample, venues: dict[tuple[str, ...], VenueProcess], report: Report) -> str:
    """Play one sample into the report; gives its outcome in a few words."""
    try:
        play = play_of(sample)
    except NotPlayed as reason:
        report.not_played.append({"sample": sample.name, "reason": str(reason)})
        return f"not played, {reason}"
    try:
        venue = _venue_for(sample, venues)
    except RuntimeError as error:
        report.add(sample.name, [Difference("(play)", "an exchange that starts", str(error))], 0)
        return str(error)
    other = RestClient(venue.ready)
    stage = Stage(venue, sample, other)
    found: list[Difference] = []
    rules = rules_for(sample.name)
    try:
        stage.rules(rules)
        for one in play(stage):
            found.append(one)
    except Exception as error:  # the top of one play: an answer that no play expects is its difference
        found.append(Difference("(play)", "an answer to compare", f"{type(error).__name__}: {error}"))
    finally:
        stage.clear()
        if rules:
            stage.rules(None)
            report.played_with.append({"sample": sample.name, "rules": rules})
        other.close()
    if not stage.count and not found:
        found.append(Difference("(play)", "values to compare", "none"))
    undeclared = report.add(sample.name, found, stage.count)
    if undeclared:
        return f"{undeclared} undeclared of {len(found)} differences"
    return "equal" if not found else f"{len(found)} declared differences"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.fidelity", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("directory", type=_directory, metavar="DIR", help="where the samples are")
    parser.add_argument("--report", type=Path, metavar="FILE", help="write the report here, as JSON")
    parser.add_argument("--only", default="*", metavar="PATTERN", help="samples whose names match, such as 'ws_*'")
    parser.add_argument("--json", action="store_true", help="print the report as JSON instead of a summary")
    parser.add_argument("--quiet", action="store_true", help="no progress on stderr")
    return parser


def _directory(text: str) -> Path:
    path = Path(text)
    if not path.is_dir():
        raise argparse.ArgumentTypeError(f"no directory {text}")
    return path


if __name__ == "__main__":
    sys.exit(main())
