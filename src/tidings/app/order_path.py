"""The order path of one engine, plugged together: the engine above, the venue's gateway below, limits between."""

from __future__ import annotations

from dataclasses import dataclass

from tidings.app.limits.risk_limits import make_risk
from tidings.app.links.venue_access import VenueAccess
from tidings.app.links.venue_clock import VenueClock
from tidings.app.truth.journal_home import JournalHome
from tidings.clock import Clock
from tidings.config import EngineSettings
from tidings.engine.order_entry import OrderEntry
from tidings.engine.order_table import ExecIDSet, OrderTable
from tidings.engine.risk import Risk
from tidings.metrics.stages import Stages
from tidings.venue.phemex.budget import RequestBudget
from tidings.venue.phemex.order_decoder import OrderDecoder
from tidings.venue.phemex.order_encoder import OrderEncoder
from tidings.venue.phemex.order_gateway import PhemexOrderGateway
from tidings.venue.phemex.products import Products
from tidings.venue.phemex.rate_groups import RateBudget
from tidings.venue.phemex.signing import Credentials

EXECUTIONS_PER_ORDER = 4  # so many are remembered for each order that is


@dataclass(frozen=True, slots=True)
class OrderPath:
    """Its parts, for whoever watches over them; orders go through `entry`."""

    entry: OrderEntry
    risk: Risk
    gateway: PhemexOrderGateway
    executions: ExecIDSet


def lay_order_path(
    settings: EngineSettings,
    access: VenueAccess,
    credentials: Credentials | None,
    products: Products,
    budget: RateBudget,
    stages: Stages,
    clock: Clock,
    venue_clock: VenueClock,
    home: JournalHome,
) -> OrderPath:
    """Make the parts; `entry.plug(gateway, …)` and the lanes are the caller's."""
    orders = OrderTable(home.ids, settings.order_memory)
    risk = make_risk(settings, products)
    gateway = PhemexOrderGateway(
        clock=clock,
        encoder=OrderEncoder(access.endpoints.rest.authority, credentials, create_by_post=settings.create_by_post),
        decoder=OrderDecoder(),
        budget=RequestBudget(budget, products),
        stages=stages,
        orders=orders,
        deadline_ns=settings.deadline_ns,
        expiry_s=settings.expiry_s,
    )
    gateway.set_venue_clock(venue_clock.expiry_offset_ns)
    executions = ExecIDSet(EXECUTIONS_PER_ORDER * settings.order_memory)
    return OrderPath(OrderEntry(orders, risk, stages, executions, home.journal), risk, gateway, executions)
