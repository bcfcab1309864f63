"""A short run of the stream's faults, and that the oracle would notice what it is there to notice."""

import logging

import pytest

from tests.stream_faults.faults import Faults
from tests.stream_faults.trial import Trial
from tidings.app.market import market_watch
from tidings.market.book import Book
from tidings.market.feed_state import FeedEvent

HOURS = 0.5


@pytest.fixture(autouse=True)
def quiet():
    log = logging.getLogger("tidings")
    before = log.level
    log.setLevel(logging.CRITICAL)
    yield
    log.setLevel(before)


def only(monkeypatch, *kinds: str) -> None:
    """No other faults than these."""
    make = Faults.__init__

    def choose(self, *arguments):
        make(self, *arguments)
        self.kinds = [getattr(self, name) for name in kinds]

    monkeypatch.setattr(Faults, "__init__", choose)


@pytest.mark.parametrize("seed", [11, 12])
def test_a_wrong_book_is_found_within_a_snapshot_interval_and_told(seed):
    trial = Trial(seed, fault_every_s=20)
    found = trial.run(HOURS)
    assert found.violations == []
    assert len(trial.fired) >= 12 and sum(found.wrong.values()) >= 15
    assert {"corrected", "sequence_back", "disconnected"} <= found.wrong.keys()


def test_without_faults_every_book_is_right_at_every_look(monkeypatch):
    monkeypatch.setattr(Trial, "_plan_fault", lambda self: None)
    trial = Trial(3)
    found = trial.run(0.2)
    assert (found.violations, sum(found.wrong.values()), found.longest_doubt_s) == ([], 0, 0)
    assert found.looks > 2800 and trial.network.dial_count == 1


def test_the_same_seed_is_the_same_run():
    runs = [Trial(5) for _ in range(2)]
    assert runs[0].run(0.1) == runs[1].run(0.1)
    assert runs[0].fired == runs[1].fired and runs[0].watch.state_counts == runs[1].watch.state_counts


def test_a_stream_that_answers_pings_alone_is_made_anew(monkeypatch):
    only(monkeypatch, "mute")
    trial = Trial(6, fault_every_s=600)
    found = trial.run(HOURS)
    assert (found.violations, trial.fired["mute"] > 0) == ([], True)
    assert found.longest_doubt_s < 60 + 15 + 20, "as long as it is mute, an answer's time, and a pause"


def test_silence_that_is_never_looked_for_is_noticed(monkeypatch):
    only(monkeypatch, "silent_symbol")

    class Deaf(market_watch.MarketWatch):
        def on_timer(self, now_ns: int) -> None:
            pass

    monkeypatch.setattr("tests.stream_faults.trial.MarketWatch", Deaf)
    assert any("wrong for" in violation for violation in Trial(4).run(HOURS).violations)


@pytest.mark.parametrize("event", [FeedEvent.CORRECTED, FeedEvent.MISMATCH])
def test_a_correction_that_is_not_told_is_noticed(monkeypatch, event):
    only(monkeypatch, "lost")

    class Silent(market_watch.MarketWatch):
        def state_changed(self, book: Book, told: int, now_ns: int) -> None:
            if told != event:
                super().state_changed(book, told, now_ns)

    monkeypatch.setattr("tests.stream_faults.trial.MarketWatch", Silent)
    assert any("not told" in violation for violation in Trial(4).run(HOURS).violations)
