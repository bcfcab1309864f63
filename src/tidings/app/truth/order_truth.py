"""Everything that keeps what we believe true, made for one engine: evidence from the venue's lists, the comparison with
them, and the inquiry into orders of unknown fate.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from tidings.app.links.venue_clock import VenueClock
from tidings.app.readiness import Readiness
from tidings.app.truth.foreign_exposure import ForeignExposure
from tidings.app.truth.foreign_orders import ForeignOrders
from tidings.app.truth.inquiry import Inquiry
from tidings.app.truth.journal_home import OFF
from tidings.app.truth.position_watch import PositionWatch
from tidings.app.truth.reconciliation import Reconciliation
from tidings.clock import Clock
from tidings.config import EngineSettings
from tidings.engine.order_entry import OrderEntry
from tidings.engine.order_table import ExecIDSet
from tidings.engine.resolver import NS_PER_S, Resolver
from tidings.model.execution_report import ExecutionReport
from tidings.model.position import Positions
from tidings.venue.phemex.evidence import Evidence
from tidings.venue.phemex.products import Products
from tidings.venue.phemex.queries import Queries
from tidings.venue.phemex.rate_groups import CONTRACT, PER_MINUTE, RateBudget

EXPIRY_MARGIN_S = 2  # expiries are rounded up by one; the venue may check one at its door and execute a little later


class OrderTruth:
    """Its parts, for whoever looks at them; `hear_foreign` is for reports about orders that are not ours."""

    def __init__(
        self,
        settings: EngineSettings,
        entry: OrderEntry,
        queries: Queries,
        products: Products,
        positions: Positions,
        readiness: Readiness,
        budget: RateBudget,
        clock: Clock,
        venue_clock: VenueClock,
        set_hedged: Callable[[str, bool], None],
        executions: ExecIDSet,
    ) -> None:
        self._venue_clock, self._clock, self._expiry_s = venue_clock, clock, settings.expiry_s
        evidence = Evidence(queries, clock, venue_clock.wall_ns)
        self.watch = PositionWatch(evidence, positions, products, readiness, clock, set_hedged, executions)
        contract = budget.bucket_of(CONTRACT)
        self.reconciliation = Reconciliation(
            entry, evidence, self.watch, products, readiness, clock, interval_ns=settings.reconcile_interval_ns,
            requests_per_minute=contract.capacity if contract is not None else PER_MINUTE[CONTRACT],
            foreign=ForeignOrders(logging.WARNING if settings.journal == OFF else logging.ERROR),
        )  # fmt: skip
        self.foreign_exposure = ForeignExposure(
            self.reconciliation.foreign, entry.risk.exposure, products.find, self.watch.is_hedged
        )
        self.resolver = Resolver(deadline_ns=settings.deadline_ns, expiry_ns=self.request_life_ns())
        self.inquiry = Inquiry(
            entry, evidence, self.resolver, clock, self.reconciliation, readiness,
            request_life_ns=self.request_life_ns, unknown_max=settings.unknown_orders_max,
            age_max_ns=settings.unknown_age_max_ns,
        )  # fmt: skip

    def look_at_foreign(self) -> None:
        """What is open of others: counted in the limits, and told where people must know. About once a second."""
        self.foreign_exposure.count()
        self.reconciliation.foreign.tell_alarms()

    def hear_foreign(self, report: ExecutionReport) -> None:
        """A report about an order that is not of this session."""
        self.reconciliation.hear_foreign(report)
        self.inquiry.hear_foreign(report)

    def request_life_ns(self) -> int | None:
        """How long a request may be executed after it was sent; None while the venue's clock is in doubt.

        Its expiry was dated so that it lives at least its time; what we were unsure of then counts twice, and a clock
        that was set back gives everything under way that much more.
        """
        now_ns = self._clock.read_now_ns()
        if self._venue_clock.reason(now_ns):
            return None
        set_back_ns = self._venue_clock.guard.set_back_ns(now_ns)
        return (self._expiry_s + EXPIRY_MARGIN_S) * NS_PER_S + 2 * self._venue_clock.dated_within_ns + set_back_ns
