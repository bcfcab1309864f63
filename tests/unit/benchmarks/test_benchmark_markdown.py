"""The measured figures in README.md and docs/measured.md, as the benchmarks write them."""

from pathlib import Path

import pytest

from benchmarks.__main__ import parse_arguments
from benchmarks.markdown import SHOWN_ABOUT, every_table, overview, table_lines, write_figures
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


def make_clocked_table() -> Table:
    medians_ns = {"C, blocking": 2000.0, "tidings, busy-poll": 4000.0, "tidings": 5000.0}
    rows = [Row.of(name, [median_ns]) for name, median_ns in medians_ns.items()]
    return Table("round trip", "decided", "C, blocking", rows, [Target("tidings", versus="C, blocking", ratio=4.0)])


def test_page_names_its_machine_first_and_its_verdict_last() -> None:
    parts = every_table(ABOUT, [make_table(), Skipped("round trip", "nginx is not installed")]).strip().split("\n\n")
    assert parts[0].startswith("processor some processor; cores some cores; load some load;")
    assert parts[2] == "round trip: not measured: nginx is not installed."
    assert parts[3] == "1 of 2 targets hold; missed: in \"encode\" ours | fast ≤ 0.3 × plain (was 0.33 ×)."


def test_overview_has_our_medians_beside_the_others() -> None:
    machine, table, targets = overview(ABOUT, [make_table(), make_clocked_table()]).strip().split("\n\n")
    assert machine.startswith("processor some processor;")
    assert table.splitlines()[2:] == ["| round trip | busy-poll 4.000; 5.000 | C, blocking 2.000 |"]
    assert targets == "2 of 3 targets hold."


def test_figures_are_written_between_the_marks_only(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    for name in ("README.md", "docs/measured.md"):
        (tmp_path / name).write_text("before\n<!-- measured -->\nold \\1\n<!-- /measured -->\nbehind\n")
    write_figures(tmp_path, ABOUT, [make_clocked_table()])
    for name, text in (("README.md", overview), ("docs/measured.md", every_table)):
        new = text(ABOUT, [make_clocked_table()])
        assert (tmp_path / name).read_text() == f"before\n<!-- measured -->\n{new}<!-- /measured -->\nbehind\n"


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        (["--json", "--write"], "not allowed with"),
        (["--write", "--quick"], "leave out --quick"),
        (["--write", "--only", "sign"], "leave out --quick and --only"),
    ],
)
def test_forms_that_contradict_each_other_are_refused(
    words: list[str], refusal: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        parse_arguments(words)
    assert refusal in capsys.readouterr().err
