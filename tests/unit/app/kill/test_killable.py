"""What a kill switch is told of its engine: how long requests can live that an earlier one may have sent."""

import pytest
from journal_samples import begin, send
from order_samples import said
from paged_disk import PagedDisk

from tidings.app.kill.killable import longest_expiry_s
from tidings.journal.log_reader import read_log
from tidings.journal.stories import Replay, replay
from tidings.model.enums import ExecType


def past_of(*sessions: tuple[int, bool]) -> Replay:
    """Sessions of so long an expiry, each with an order that has ended or not."""
    disk = PagedDisk()
    for expiry_s, has_ended in sessions:
        keeper = begin(disk, expiry_s=expiry_s)
        send(keeper, 1, *([said(ExecType.CANCELED)] if has_ended else []))
        keeper.close(open_count=0)
    return replay(read_log(disk).records())


@pytest.mark.parametrize(
    ("sessions", "longest_s"),
    [
        (((30, True), (3, True)), 5),  # of the last engine's orders one may be on its way that no journal knows
        (((3, True), (30, True)), 30),
        (((30, False), (3, True)), 30),
    ],
)
def test_requests_of_earlier_engines_live_as_long_as_those_said(sessions, longest_s):
    assert longest_expiry_s(past_of(*sessions), own_s=5) == longest_s


def test_where_nobody_says_the_longest_there_is_counts():
    past = past_of((3, True))
    past.sessions.clear()
    assert (longest_expiry_s(past, 5), longest_expiry_s(Replay(), 5)) == (60, 5)
