from collections.abc import Callable

from tidings.clock import Clock
from tidings.engine.order_table import OrderTable
from tidings.engine.ports import OrderGateway, OrderListener
from tidings.metrics.stages import Stages
from tidings.model.instrument import Instrument
from tidings.net.lane import Lane, LaneListener, LanePool
from tidings.venue.phemex.budget import RequestBudget
from tidings.venue.phemex.order_decoder import OrderDecoder
from tidings.venue.phemex.order_encoder import OrderEncoder

class PhemexOrderGateway(OrderGateway):
    """One account's way to the venue's order calls.

    `deadline_ns` per answer; `expiry_s` on the venue's clock, signed into every request.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        encoder: OrderEncoder,
        decoder: OrderDecoder,
        budget: RequestBudget,
        stages: Stages,
        orders: OrderTable,
        deadline_ns: int,
        expiry_s: int,
    ) -> None: ...
    @property
    def budget(self) -> RequestBudget: ...
    @property
    def lane_listener(self) -> LaneListener:
        """What the lanes of this gateway's pool report to."""
    @property
    def mismatch_count(self) -> int:
        """Replies that named another order: each closed its lane."""
    @property
    def misunderstood_count(self) -> int:
        """Replies that told no outcome: each left a request UNKNOWN."""
    def plug(
        self,
        pool: LanePool,
        listener: OrderListener,
        on_lane_change: Callable[[int, bool, Exception | None], None] | None = None,
        on_sent: Callable[[], object] | None = None,
    ) -> None:
        """Connect the lanes below and the engine above; `on_sent()` is called behind every request."""
    @property
    def is_ready(self) -> bool:
        """Whether new orders are taken at all; a symbol may still be denied by itself."""
    @property
    def gate(self) -> int:
        """The DenyReason for every new order; NONE: they are taken."""
    @property
    def bad_terms(self) -> str:
        """Why the last BAD_TERMS was said, in words; "" before the first."""
    def allow_orders(self, is_ready: bool) -> None:
        """New orders and amends are denied (NOT_READY) until this is told True; cancels are always taken."""
    def deny_orders(self, reason: int) -> None:
        """Deny new orders and amends of every symbol for this DenyReason from now on; NONE takes them again."""
    def deny_symbol(self, instrument: Instrument, reason: int) -> None:
        """Deny new orders and amends of one symbol for this DenyReason; NONE takes them again."""
    def set_venue_clock(self, venue_wall_offset_ns: int) -> None:
        """Venue wall clock − our monotonic clock, as measured."""
    def warm_lane(self, lane: Lane, is_signed: bool, now_ns: int) -> bool:
        """Keep one lane warm if it is up and idle. False: not needed, or no budget."""
