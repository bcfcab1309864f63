"""The table of a book's feed, every cell of it."""

import pytest

from tidings.market.feed_state import FEED_TRANSITIONS, FeedEvent, FeedState

LOSSES = (
    *(FeedEvent.SEQUENCE_BACK, FeedEvent.CROSSED, FeedEvent.MALFORMED),
    *(FeedEvent.SILENCE, FeedEvent.DISCONNECTED),
)
HARMLESS = (FeedEvent.INCREMENTAL, FeedEvent.MISMATCH, FeedEvent.CORRECTED)


def after(state: FeedState, event: FeedEvent) -> FeedState:
    return FEED_TRANSITIONS.get((state, event), state)


@pytest.mark.parametrize("state", FeedState)
def test_a_snapshot_makes_any_book_live(state):
    assert after(state, FeedEvent.SNAPSHOT) is FeedState.LIVE


@pytest.mark.parametrize("event", LOSSES)
def test_a_loss_makes_a_live_book_stale(event):
    assert after(FeedState.LIVE, event) is FeedState.STALE


@pytest.mark.parametrize("event", HARMLESS)
@pytest.mark.parametrize("state", FeedState)
def test_changes_and_healed_mismatches_change_no_state(state, event):
    assert after(state, event) is state


@pytest.mark.parametrize("event", LOSSES)
@pytest.mark.parametrize("state", [FeedState.AWAITED, FeedState.STALE])
def test_what_is_not_live_cannot_be_lost(state, event):
    assert after(state, event) is state


def test_every_event_is_covered_here():
    assert {FeedEvent.SNAPSHOT, *LOSSES, *HARMLESS} == set(FeedEvent)
