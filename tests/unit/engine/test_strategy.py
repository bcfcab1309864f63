"""Which callbacks a strategy overrides; the others must cost nothing."""

import pytest

from tidings.engine.strategy import ORDER_CALLBACKS, Strategy, overridden

ALL = [*ORDER_CALLBACKS, "on_start", "on_book", "on_trade", "on_timer", "on_stop"]


@pytest.mark.parametrize("name", ALL)
def test_plain_strategy_overrides_nothing(name):
    assert overridden(Strategy(), name) is None


@pytest.mark.parametrize("name", ALL)
def test_override_is_found_also_through_a_parent(name):
    parent = type("Parent", (Strategy,), {name: lambda self, *_: (name, self)})
    strategy = type("Child", (parent,), {})()
    assert overridden(strategy, name)(1, 2, 3) == (name, strategy)


def test_every_callback_does_nothing_by_itself():
    for name in ALL:
        callback = getattr(Strategy(), name)
        arguments = {"on_timer": 1, "on_stop": 1}.get(name, 3 if name in ORDER_CALLBACKS else 2)
        assert callback(*[None] * arguments) is None
