"""Doubt becomes a request: at once, not in a storm, and a silent connection has a chance to prove that it lives."""

from market_instruments import LINEAR

from tidings.app.market.resync import SnapshotRequests, StallRule, Verdict, why_ask
from tidings.market.book import Book
from tidings.market.feed_state import FeedEvent

S_NS = 1_000_000_000


def test_a_book_is_asked_for_at_once_and_then_every_five_seconds():
    requests = SnapshotRequests()
    due = [second for second in range(12) if requests.is_due("BTCUSD", second * S_NS)]
    assert (due, requests.count) == ([0, 5, 10], 3)
    assert requests.is_due("ETHUSD", 11 * S_NS)


def test_a_book_is_doubted_that_is_not_live_or_was_not_repeated():
    book = Book(LINEAR)
    assert "no snapshot came yet" in why_ask(book, 0)
    book.apply_snapshot([(1000, 1)], [(1001, 1)], sequence=1, received_ns=S_NS)
    assert why_ask(book, 63 * S_NS) == ""
    book.apply_incremental([(1000, 2)], [], sequence=2, received_ns=50 * S_NS)
    assert "overdue" in why_ask(book, 63 * S_NS + 1), "changes are no whole book"
    book.mark_stale(FeedEvent.DISCONNECTED)
    assert "disconnected" in why_ask(book, 0)


def test_a_subscription_counts_as_asked_and_not_as_doubt():
    requests = SnapshotRequests()
    requests.note("BTCUSD", 0)
    assert not requests.is_due("BTCUSD", 4 * S_NS)
    assert requests.count == 0
    requests.forget("BTCUSD")
    assert requests.is_due("BTCUSD", 4 * S_NS)


def verdicts(rule: StallRule, looks: list[tuple[int, int]]) -> list[str]:
    return [rule.look(now_s * S_NS, data_s * S_NS).name for now_s, data_s in looks]


def test_silence_is_first_a_question_then_the_end():
    looks = [(15, 0), (16, 0), (17, 0), (21, 0), (22, 0)]
    assert verdicts(StallRule(15 * S_NS), looks) == ["NOTHING", "PROBE", "NOTHING", "NOTHING", "GIVE_UP"]


def test_an_answer_with_data_is_proof_and_the_next_silence_is_asked_about_anew():
    looks = [(16, 0), (17, 17), (33, 17), (34, 33), (49, 33), (70, 54)]
    assert verdicts(StallRule(15 * S_NS), looks) == ["PROBE", "NOTHING", "PROBE", "NOTHING", "PROBE", "PROBE"]


def test_looks_that_were_missed_do_not_condemn():
    assert StallRule(15 * S_NS).look(500 * S_NS, 0) is Verdict.PROBE
