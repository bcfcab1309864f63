"""The exchange's core as one object: everything below HTTP and WebSocket.

A face calls a request method and sends its `Reply` at once; whatever follows (book outcome, fills, triggers, background
flow) comes out of `advance`, in order, as `AccountUpdate`s to publish. The core reads no clock: `now_ns` is the wall
clock in nanoseconds, given with every call and never going backwards, so that a test can drive it by hand.

    reply = venue.create(user_id, NewOrder(symbol="BTCUSD", side="Buy", qty=1, price=610_000_000), now_ns)
    for update in venue.advance(now_ns):        # again at venue.next_due_ns()
        publish(update)
"""

from collections.abc import Sequence
from typing import TypeAlias

from tidings.exchange.catalogue import Catalogue, Line
from tidings.exchange.market import Market
from tidings.exchange.order_requests import AmendOrder, CancelOrder, NewOrder
from tidings.exchange.reports import AccountState, AccountUpdate, OrderReport, PositionState, Reply, WalletState
from tidings.exchange.venue_config import VenueConfig

JsonDict: TypeAlias = dict[str, object]


class Venue:
    """A whole exchange with its users, instruments and background flow."""

    def __init__(self, config: VenueConfig, start_ns: int) -> None:
        self.config = config
        self.catalogue: Catalogue
        self.user_ids: tuple[int, ...] = config.user_ids

    # Requests. Unknown users are a caller's error (KeyError): the faces authenticate first.

    def create(self, user_id: int, request: NewOrder, now_ns: int) -> Reply:
        """Take a new order. Code 0: `reply.order` is Created/PendingNew, or Untriggered/Registered if conditional."""
        raise NotImplementedError

    def amend(self, user_id: int, request: AmendOrder, now_ns: int) -> Reply:
        """Change an open order and queue it anew. Code 0: `reply.order` is New/PendingReplace with the new values."""
        raise NotImplementedError

    def cancel(self, user_id: int, request: CancelOrder, now_ns: int) -> Reply:
        """Ask to take an order off. Code 0: `reply.order` is New/PendingCancel."""
        raise NotImplementedError

    def cancel_many(
        self, user_id: int, symbol: str, now_ns: int, *, order_ids: Sequence[str] = (), cl_ord_ids: Sequence[str] = ()
    ) -> Reply:
        """Cancel each order named; `reply.orders` are those whose cancel was taken. 10002 if none of them is open."""
        raise NotImplementedError

    def cancel_all(
        self, user_id: int, line: Line, now_ns: int, *, symbols: Sequence[str] = (), untriggered: bool = False
    ) -> Reply:
        """Cancel all active orders of `line` (of `symbols` if given); with `untriggered` the waiting conditionals."""
        raise NotImplementedError

    def set_leverage(
        self, user_id: int, symbol: str, now_ns: int, *, leverage_er: int | None = None,
        long_leverage_er: int | None = None, short_leverage_er: int | None = None,
    ) -> Reply:
        """Set leverage (scale 8; ≤ 0 cross, > 0 isolated, 0 = cross at the maximum): one value in one-way mode, both
        sides in hedged mode.
        """
        raise NotImplementedError

    def set_position_mode(self, user_id: int, symbol: str, pos_mode: str, now_ns: int) -> Reply:
        """Switch a USD-M symbol to "OneWay" or "Hedged"; refused while it has a position or open orders."""
        raise NotImplementedError

    def assign_margin(self, user_id: int, symbol: str, pos_side: str, amount: int, now_ns: int) -> Reply:
        """Set the balance assigned to an isolated position to `amount` (value scale of the instrument)."""
        raise NotImplementedError

    # Time.

    def advance(self, now_ns: int) -> list[AccountUpdate]:
        """Do everything due until `now_ns` and give what is to be published, in order."""
        raise NotImplementedError

    def next_due_ns(self) -> int | None:
        """When `advance` has something to do next (may lie in the past: call it now); None if nothing is planned."""
        raise NotImplementedError

    # Queries.

    def open_orders(self, user_id: int, symbol: str) -> list[OrderReport]:
        """The user's open orders in one symbol, untriggered ones included, oldest first."""
        raise NotImplementedError

    def order(self, user_id: int, symbol: str, *, order_id: str = "", cl_ord_id: str = "") -> OrderReport | None:
        """The last state of one order, open or done, or None."""
        raise NotImplementedError

    def closed_orders(self, user_id: int, line: Line, symbol: str = "") -> list[OrderReport]:
        """The user's done orders, newest first, as far back as the exchange remembers."""
        raise NotImplementedError

    def fills(self, user_id: int, line: Line, symbol: str = "") -> list[OrderReport]:
        """The user's executions, newest first."""
        raise NotImplementedError

    def account(self, user_id: int, line: Line, currency: str) -> AccountState | None:
        """One contract account, or None if there is no such currency on the line."""
        raise NotImplementedError

    def positions(self, user_id: int, line: Line, currency: str = "", symbol: str = "") -> list[PositionState]:
        """The user's positions, flat ones included: one per one-way symbol, two per hedged symbol."""
        raise NotImplementedError

    def wallets(self, user_id: int, currency: str = "") -> list[WalletState]:
        """The user's spot wallets, all or one."""
        raise NotImplementedError

    def account_snapshot(self, user_id: int, line: Line, now_ns: int) -> list[AccountUpdate]:
        """What a new subscriber of aop, aop_p or wo is sent first: one update per currency (one in all for spot)."""
        raise NotImplementedError

    def market(self, symbol: str, now_ns: int) -> Market | None:
        """The public side of a listed instrument (its flow starts now if it slept), or None."""
        raise NotImplementedError

    def admin_view(self) -> JsonDict:
        """All orders, books, positions, balances and counters as JSON-ready dicts of integers and strings."""
        raise NotImplementedError
