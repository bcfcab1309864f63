"""The second notice of an outcome that stays unknown: once, after the session's time, and not if it is known then."""

import pytest
from fix_story import Story

from tidings.fix_gateway import order_news
from tidings.fix_gateway.order_chains import OrderChains
from tidings.fix_gateway.unknown_notices import UnknownNotices
from tidings.model.enums import ExecType

S = 10**9
ECHO = {40: "2"}


@pytest.fixture
def notices():
    found = UnknownNotices()
    found.timeouts_ns["C1"] = 30 * S
    return found


def chain_of(owner: str = "C1", first_id: str = "o1"):
    chains = OrderChains()
    return chains, chains.begin(first_id, owner, "T1", "BTCUSDT", "1", ECHO)


def test_it_is_due_once_and_not_before_its_time(notices):
    _, chain = chain_of()
    notices.begin(chain, None, 5 * S)
    assert notices.due(35 * S - 1) == []
    assert notices.due(35 * S) == [(chain, None)]
    assert notices.due(99 * S) == []


def test_what_is_told_twice_before_is_told_once_after(notices):
    _, chain = chain_of()
    notices.begin(chain, None, 0)
    notices.begin(chain, None, 10 * S)
    assert notices.due(99 * S) == [(chain, None)]


@pytest.mark.parametrize("status", ["0", "1", "2", "4", "8"])
def test_an_order_that_is_known_by_then_is_not_told_of(notices, status):
    _, chain = chain_of()
    notices.begin(chain, None, 0)
    chain.told_status = status
    assert notices.due(30 * S) == []


@pytest.mark.parametrize("is_replace", [False, True])
def test_a_request_is_told_of_until_it_is_answered(notices, is_replace):
    chains, chain = chain_of()
    request = chains.ask(chain, "c1", is_replace=is_replace)
    notices.begin(chain, request, 0)
    assert notices.due(30 * S) == [(chain, request)]
    notices.begin(chain, request, 30 * S)
    chains.refuse(chain, request)
    chains.ask(chain, "c2", is_replace=is_replace)  # another one, of which nobody has said that it is unknown
    assert notices.due(60 * S) == []


def test_a_client_without_a_timeout_is_not_told_again(notices):
    _, chain = chain_of("in-process")
    notices.begin(chain, None, 0)
    assert notices.due(99 * S) == []


def test_the_second_notice_says_that_it_is_one():
    story = Story()
    story.news.unknown.timeouts_ns[Story.name] = 30 * S
    story.hear(ExecType.NEW)
    story.ask("c1", is_replace=False)
    story.news.tell_pending(story.chain, story.order, story.chain.cancel, order_news.UNKNOWN_TEXT)
    story.news.unknown.begin(story.chain, story.chain.cancel, 0)
    story.news.on_timer(31 * S)
    assert story.told == ["0/0", "6/6", "6/6"]
    first, second = story.reports[1:]
    assert (first[58], second[58]) == ("UNKNOWN outcome, querying", "UNKNOWN outcome, still querying")
    assert (second[11], second[41]) == ("c1", "o1")
    assert first[17] != second[17]
    assert story.problems == []
