"""The four stages are kept apart and told in microseconds."""

import pytest

from tidings.metrics.stages import Stages


def test_each_stage_counts_in_its_own_histogram() -> None:
    stages = Stages()
    for nanoseconds, stage in enumerate(["encode", "write", "reply", "stream"], 11):
        stages.add(stage, nanoseconds)
    assert (stages.encode.max, stages.write.max, stages.reply.max, stages.stream.max) == (11, 12, 13, 14)
    assert [histogram.count for histogram in stages.histograms().values()] == [1, 1, 1, 1]


def test_latencies_are_told_in_microseconds() -> None:
    stages = Stages()
    stages.add("reply", 2500)
    nothing = {"p50": 0.0, "p99": 0.0, "p99.9": 0.0, "max": 0.0}
    one = {"p50": 2.5, "p99": 2.5, "p99.9": 2.5, "max": 2.5}
    assert stages.latency_us() == {"encode": nothing, "write": nothing, "reply": one, "stream": nothing}


def test_merge_and_clear_reach_every_stage() -> None:
    stages, other = Stages(), Stages()
    for stage in ("encode", "write", "reply", "stream"):
        other.add(stage, 5)

    stages.merge(other)
    other.clear()

    assert [histogram.count for histogram in stages.histograms().values()] == [1, 1, 1, 1]
    assert [histogram.count for histogram in other.histograms().values()] == [0, 0, 0, 0]


def test_unknown_stage_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="'ack'"):
        Stages().add("ack", 1)
