"""Faults of the order service: slow ways to the book, doubles that are taken, orders it changes its mind about."""

from tidings.exchange.catalogue import Instrument
from tidings.exchange.faults.fault_kinds import Point
from tidings.exchange.faults.fault_scope import Occasion
from tidings.exchange.faults.plan import MS_NS, ArmedFault, FaultPlan
from tidings.exchange.orders.orders import Order


class OrderFaults:
    """What the plan says about orders. Without a fault each question costs one look into a dict."""

    def __init__(self, plan: FaultPlan) -> None:
        self._plan = plan

    def delay_ns(self, order: Order, request: str) -> int:
        """How much longer than usual a create, amend or cancel is on its way to the book."""
        if not self._plan.has(Point.MATCHING):
            return 0
        return sum(slow.delay_ns() for slow in self._plan.decide(Point.MATCHING, _occasion(order, request)))

    def upset(self, order: Order) -> ArmedFault | None:
        """What the venue does to an order that it has accepted, by itself."""
        if not self._plan.has(Point.ACCEPTED):
            return None
        happening = self._plan.decide(Point.ACCEPTED, _occasion(order, "create"))
        return happening[0] if happening else None

    def duplicate_code(self, instrument: Instrument, user_id: int, age_ns: int, usual_code: int) -> int:
        """The code that refuses a client id first used `age_ns` ago; 0 if it is forgotten and may be used again."""
        if self._plan.has(Point.DUPLICATE):
            occasion = Occasion(line=instrument.line, symbols=(instrument.symbol,), user_id=user_id)
            for armed in self._plan.decide(Point.DUPLICATE, occasion):
                is_forgotten = 0 <= armed.fault.remembered_ms * MS_NS <= age_ns
                return 0 if is_forgotten else armed.fault.code
        return usual_code


def _occasion(order: Order, request: str) -> Occasion:
    instrument = order.instrument
    names = frozenset({request, "order"})
    return Occasion(requests=names, line=instrument.line, symbols=(instrument.symbol,), user_id=order.owner)
