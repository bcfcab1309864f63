"""Every benchmark runs and finds its results right. How fast this machine is today is not asked."""

import importlib

import pytest

from benchmarks.__main__ import STAGES
from benchmarks.report import Skipped, Table


@pytest.mark.parametrize("stage", STAGES)
def test_stage_runs(stage: str) -> None:
    results = list(importlib.import_module(f"benchmarks.{stage}").run(quick=True))
    if all(isinstance(result, Skipped) for result in results):
        pytest.skip("; ".join(result.reason for result in results))
    for table in (result for result in results if isinstance(result, Table)):
        assert table.has(table.baseline) or len(table.rows) == 1, table.title
        assert all(row.samples_ns[0] > 0 for row in table.rows)
