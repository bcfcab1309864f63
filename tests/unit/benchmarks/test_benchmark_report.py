"""Reports of benchmarks: percentiles, ratios, targets, and what a reader or a script sees of them."""

import io
import json
import random

import pytest

from benchmarks.__main__ import parse_arguments
from benchmarks.report import Row, Skipped, Table, Target, machine, microseconds, print_result


def make_table() -> Table:
    rows = [Row.of("plain", [2000.0, 4000.0, 3000.0]), Row.of("ours", [900.0, 1000.0, 5000.0])]
    return Table(
        "encode", "3 bytes", "plain", rows, [Target("ours", limit_ns=1000), Target("ours", versus="plain", ratio=0.3)]
    )


def test_percentiles_are_nearest_ranks_of_sorted_samples() -> None:
    samples = list(range(1, 1001))
    random.Random(7).shuffle(samples)
    assert Row.of("x", samples).percentiles_ns == {"p50": 501, "p99": 991, "p99.9": 1000, "max": 1000}


def test_one_sample_is_every_percentile() -> None:
    assert set(Row.of("x", [5.0]).percentiles_ns.values()) == {5.0}


def test_target_holds_up_to_its_limit() -> None:
    assert [(measured, holds) for _, measured, holds in make_table().checked()] == [
        (1000.0, True),
        (pytest.approx(1 / 3), False),
    ]


def test_target_of_a_row_that_was_not_measured_is_left_out() -> None:
    table = make_table()
    table.targets.append(Target("absent", limit_ns=1.0))
    table.targets.append(Target("ours", versus="absent", ratio=1.0))
    assert len(list(table.checked())) == 2


def test_json_holds_ratios_to_the_baseline() -> None:
    ours = json.loads(json.dumps(make_table().as_json()))["rows"][1]
    assert (ours["name"], ours["samples"], ours["ns"]["p50"], ours["ratio"]) == ("ours", 3, 1000.0, 0.333)


def test_table_without_its_baseline_has_no_ratios() -> None:
    table = Table("encode", "", "absent", [Row.of("ours", [1.0])])
    assert table.as_json()["rows"][0]["ratio"] is None


def test_pipe_gets_plain_text_with_each_row_and_target() -> None:
    pipe = io.StringIO()
    print_result(make_table(), pipe)
    text = pipe.getvalue()
    assert "\033" not in text
    assert "holds  ours ≤ 1 µs: 1.000 µs" in text
    assert "MISSED ours ≤ 0.3 × plain: 0.33 ×" in text


def test_terminal_gets_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    terminal = io.StringIO()
    terminal.isatty = lambda: True
    print_result(make_table(), terminal)
    assert "\033[31mMISSED" in terminal.getvalue()


def test_skipped_benchmark_says_why() -> None:
    pipe = io.StringIO()
    print_result(Skipped("round trip", "nginx is not installed"), pipe)
    assert pipe.getvalue() == "round trip: skipped: nginx is not installed\n\n"


@pytest.mark.parametrize(("value_ns", "text"), [(248.4, "0.248"), (12_340, "12.3"), (1_204_000, "1204")])
def test_microseconds_have_about_four_digits(value_ns: float, text: str) -> None:
    assert microseconds(value_ns) == text


def test_machine_names_what_a_figure_depends_on() -> None:
    assert {"processor", "kernel", "python", "compiler", "flags", "commit"} <= machine().keys()


def test_unknown_stage_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse_arguments(["--only", "nonsense"])
    assert "round_trip" in capsys.readouterr().err
