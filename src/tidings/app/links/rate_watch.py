"""Tells once, in the log, when the venue has said that it takes no more requests for now."""

from __future__ import annotations

import logging

from tidings.venue.phemex.rate_groups import RateBudget
from tidings.venue.phemex.rate_words import full_budgets

log = logging.getLogger("tidings.rates")


class RateWatch:
    """Call `look` with the housekeeping."""

    def __init__(self, budget: RateBudget) -> None:
        self._budget = budget
        self._told_until_ns: dict[str, int] = {}

    def look(self, now_ns: int) -> None:
        """A wait that was not told yet, or has become longer."""
        if not self._budget.is_enforced:
            return
        for bucket in (*self._budget.by_suffix.values(), self._budget.ip):
            until_ns = bucket.blocked_until_ns
            if until_ns > now_ns and until_ns > self._told_until_ns.get(bucket.name, 0):
                self._told_until_ns[bucket.name] = until_ns
                why = full_budgets(self._budget, now_ns)[bucket.name]
                log.warning("%s; nothing but the kill switch sends before", why)
