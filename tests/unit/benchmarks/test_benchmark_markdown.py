"""The README's measured section, as the benchmarks print it."""

import pytest

from benchmarks.__main__ import parse_arguments
from benchmarks.markdown import SHOWN_ABOUT, markdown, table_lines
from benchmarks.report import Row, Skipped, Table, Target

ABOUT = {name: f"some {name}" for name in (*SHOWN_ABOUT, "load")}


def make_table() -> Table:
    rows = [Row.of("plain", [3000.0]), Row.of("ours | fast", [1000.0])]
    targets = [Target("plain", limit_ns=5000), Target("ours | fast", versus="plain", ratio=0.3)]
    return Table("encode", "3 bytes", "plain", rows, targets)


def test_table_has_a_row_for_each_thing_measured() -> None:
    assert list(table_lines(make_table())) == [
        "| encode (3 bytes) | median | p99 | p99.9 | max | ratio |",
        "|---|--:|--:|--:|--:|--:|",
        "| plain | 3.000 | 3.000 | 3.000 | 3.000 | baseline |",
        "| ours \\| fast | 1.000 | 1.000 | 1.000 | 1.000 | 0.33 |",
    ]


def test_section_names_its_machine_first_and_its_verdict_last() -> None:
    parts = markdown(ABOUT, [make_table(), Skipped("round trip", "nginx is not installed")]).strip().split("\n\n")
    assert parts[0].startswith("processor some processor; cores some cores;")
    assert parts[2] == "round trip: not measured: nginx is not installed."
    assert parts[3] == "1 of 2 targets hold; missed: in \"encode\" ours | fast ≤ 0.3 × plain (was 0.33 ×)."


def test_object_and_markdown_at_once_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse_arguments(["--json", "--markdown"])
    assert "not allowed with" in capsys.readouterr().err
