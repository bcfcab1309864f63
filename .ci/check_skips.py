"""Whether every skipped test was expected: `check_skips.py LOG`, the output of `pytest -ra`, beside expected_skips.txt.

The skips are counted from the lines that name them and held against pytest's own count, so none goes unseen.
"""

import re
import sys
from pathlib import Path

SKIP_LINE = re.compile(r"^SKIPPED \[(\d+)\] (\S+): (.*)$", re.MULTILINE)
TOTALS = re.compile(r"\b(\d+) skipped\b")
SUMMARY = re.compile(r"^.*\b\d+ (?:passed|failed|skipped|errors?)\b.* in [\d.]+s.*$", re.MULTILINE)


def expected_reasons(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]


def faults(log: str, expected: list[str]) -> list[str]:
    """What is wrong, one sentence each."""
    skips = [(int(count), place, reason) for count, place, reason in SKIP_LINE.findall(log)]
    found = [
        f"skipped and not expected: {place}: {reason}"
        for _, place, reason in skips
        if not any(reason.removeprefix("Skipped: ").startswith(beginning) for beginning in expected)
    ]
    summaries = SUMMARY.findall(log)
    if not summaries:
        return [*found, "the log has no summary of pytest's"]
    totals = TOTALS.search(summaries[-1])
    total, counted = int(totals[1]) if totals else 0, sum(count for count, _, _ in skips)
    if total != counted:
        found.append(f"pytest counts {total} skips, and names {counted}: run it with -ra")
    return found


def main() -> int:
    log = Path(sys.argv[1]).read_text(encoding="utf-8", errors="replace")
    expected = expected_reasons(Path(__file__).with_name("expected_skips.txt").read_text(encoding="utf-8"))
    found = faults(log, expected)
    for fault in found:
        print(fault)
    print(f"{sum(int(count) for count, _, _ in SKIP_LINE.findall(log))} skipped, {len(found)} faults")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
