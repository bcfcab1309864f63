"""Every order of this session by its handle, and every execution seen."""

from typing import final

from tidings.model.order import Order
from tidings.model.order_ids import ClOrdIDMaker
from tidings.model.terms import OrderTerms

@final
class ExecIDSet:
    """Remembers at least the last `memory` executions, so that each is counted once. Takes 64 bytes for each."""

    def __init__(self, memory: int = 65536) -> None: ...
    @property
    def memory(self) -> int:
        """How many executions are remembered at least."""
    def add_new(self, high: int, low: int) -> bool:
        """Remember an execution by the two words of its id: True if it is new. 0, 0 is no id: always True."""
    def has(self, high: int, low: int) -> bool:
        """Whether an execution is remembered; this one is not from now on."""

@final
class OrderTable:
    """`capacity` orders (a power of two), open and done, are remembered; open ones never give up their place.

    Orders that are done are made again into new ones once nobody else holds them.
    """

    def __init__(self, ids: ClOrdIDMaker, capacity: int = 16384, last_handle: int = 0) -> None: ...
    @property
    def ids(self) -> ClOrdIDMaker: ...
    @property
    def capacity(self) -> int: ...
    @property
    def last_handle(self) -> int:
        """The newest handle given out."""
    @property
    def open_count(self) -> int:
        """Orders that are not done, unknown ones included."""
    @property
    def unknown_count(self) -> int:
        """Orders whose fate is not known."""
    def draft_order(self, terms: OrderTerms) -> Order | None:
        """A blank order, to be filled in and submitted before the next is drafted; None: all slots are open orders."""
    def find(self, handle: int) -> Order | None:
        """The order of a handle; None: never given out, or long done and forgotten."""
    def oldest_open_handle(self) -> int:
        """The lowest handle of an order that is not done; one more than the last if none is open. Some 30 µs."""
    def open_orders(self) -> list[Order]:
        """All orders that are not done, oldest first."""
    def owing_executions(self) -> list[Order]:
        """Orders of which more has filled than the executions heard add up to, done ones included; oldest first."""
    def orders(self) -> list[Order]:
        """All orders remembered, done ones included, oldest first."""
