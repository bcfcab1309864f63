"""Each rule, and each value of it, changes what clients are told; none is there for nothing."""

from functools import cache
from pathlib import Path

import pytest
from rule_story import tell

from tidings.exchange.venue_rules import Rules, rule_rows

OTHER_NUMBERS = {  # of the rules that are a number: one that this story must notice
    "off-grid-code": "11058", "mode-switch-code": "11999", "max-active-orders": "1", "max-conditional-orders": "1",
    "bulk-cancel-ids-max": "1", "contract-protection-er": "1000000", "spot-protection-er": "1000000",
    "kline-list-rows-max": "5", "rest-expiry-max-s": "120", "stream-expiry-max-s": "300", "history-orders": "0",
    "stream-connections": "1", "stream-subscriptions": "3", "stream-requests-per-s": "50", "stream-silence-s": "5",
}  # fmt: skip
ELSEWHERE = {  # what needs a recording or a socket has a test of its own
    "recorded-cancels": ("test_recorded_market.py", "recorded_cancels"),
    "stream-attempts": ("test_local_exchange.py", "test_streams_above_the_limit_of_an_address_are_answered_429"),
    "idle-timeout-s": ("test_rule_faces.py", "test_rules_reach_listeners_and_streams_of_a_running_exchange"),
}


@cache
def by_default() -> str:
    return repr(tell(Rules()))


def told_under(name: str, value: str) -> str:
    rules = Rules()
    rules.set(name, value)
    return repr(tell(rules))


def other_values() -> list[tuple[str, list[str]]]:
    """Every rule that the story can show, and its values but the default."""
    rules = [(name, default, values) for name, default, values, _ in rule_rows() if name not in ELSEWHERE]
    return [
        (name, [OTHER_NUMBERS[name]] if " to " in values else [v for v in values.split(", ") if v != default])
        for name, default, values in rules
    ]


def test_the_story_is_the_same_each_time_it_is_told():
    assert repr(tell(Rules())) == by_default()


@pytest.mark.parametrize(("name", "values"), other_values(), ids=lambda case: case if isinstance(case, str) else "")
def test_every_value_of_every_rule_changes_what_clients_are_told(name, values):
    tellings = {by_default(): "the default"}
    for value in values:
        told = told_under(name, value)
        assert told not in tellings, f"{name}={value} is {tellings[told]}"
        tellings[told] = value


@pytest.mark.parametrize("name", ELSEWHERE)
def test_what_this_story_cannot_show_is_shown_elsewhere(name):
    file, what = ELSEWHERE[name]
    assert what in (Path(__file__).parent / file).read_text()
    assert name in Rules().view()
