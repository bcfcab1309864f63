"""A strategy's exceptions: the first of each kind at once, the others by their number."""

import logging

from tidings.app.strategies.strategy_errors import AGAIN_AFTER_NS, KINDS_MAX, StrategyErrors
from tidings.clock import ManualClock


class Bad:
    def on_book(self):
        """Named in the log."""

    def on_fill(self):
        """Another."""


def test_each_kind_is_told_once_and_then_counted(caplog):
    clock = ManualClock(1)
    errors, bad = StrategyErrors(clock), Bad()
    for _ in range(50):
        errors.hear(ValueError("no price"), bad.on_book)
    errors.hear(KeyError("no price"), bad.on_book)
    errors.hear(ValueError("no price"), bad.on_fill)
    clock.advance(AGAIN_AFTER_NS)
    errors.hear(ValueError("no quantity"), bad.on_book)
    assert [record.getMessage() for record in caplog.records] == [
        "Bad.on_book raised ValueError('no price'); the engine goes on",
        "Bad.on_book raised KeyError('no price'); the engine goes on",
        "Bad.on_fill raised ValueError('no price'); the engine goes on",
        "Bad.on_book raised ValueError('no quantity') (49 more times since it was told last); the engine goes on",
    ]
    assert all(record.levelno == logging.ERROR and record.exc_info for record in caplog.records)
    assert errors.count == 53


def test_kinds_without_end_take_no_memory_without_end():
    errors = StrategyErrors(ManualClock(1))
    for number in range(3 * KINDS_MAX):
        errors.hear(ValueError(), f"callback {number}")
    assert (errors.count, len(errors._kinds) <= KINDS_MAX) == (3 * KINDS_MAX, True)
