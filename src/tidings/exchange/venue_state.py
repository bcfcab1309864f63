"""What all parts of one exchange share: settings, identifiers, the schedule, orders, money and counters."""

from dataclasses import dataclass, field

from tidings.exchange.accounts.ledgers import HouseLedger
from tidings.exchange.catalogue import Catalogue
from tidings.exchange.faults.plan import FaultPlan
from tidings.exchange.identifiers import Identifiers
from tidings.exchange.orders.order_store import OrderStore
from tidings.exchange.outbox import Outbox
from tidings.exchange.schedule import Schedule
from tidings.exchange.venue_config import VenueConfig


@dataclass(slots=True)
class Counters:
    """How often things happened, since the start."""

    creates: int = 0
    amends: int = 0
    cancels: int = 0  # requests, by id and in bulk; cancel-all counts each order
    refused: int = 0  # requests answered with a code
    trades: int = 0
    liquidations: int = 0
    deleveraged: int = 0  # positions reduced because an insurance fund could not pay
    updates: int = 0
    flow_ticks: int = 0


@dataclass(slots=True)
class VenueState:
    """The shared parts; made once per exchange."""

    config: VenueConfig
    catalogue: Catalogue
    identifiers: Identifiers
    outbox: Outbox
    faults: FaultPlan  # what is to go wrong: the faces ask it too
    schedule: Schedule = field(default_factory=Schedule)
    store: OrderStore = field(default_factory=OrderStore)
    house: HouseLedger = field(default_factory=HouseLedger)
    counters: Counters = field(default_factory=Counters)

    @property
    def is_stream_first(self) -> bool:
        """Whether the stream tells what becomes of the present request before it is answered."""
        rule = self.config.rules.reply_order
        if rule != "either":
            return rule == "stream-first"
        return (self.counters.creates + self.counters.amends + self.counters.cancels) % 2 == 1
