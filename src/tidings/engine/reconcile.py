"""What the venue's lists say against what we believe: the comparison, without asking anybody anything.

An answer of the venue is a picture of some moment between our asking and our hearing, and may be older than what the
stream has told since. So the lists never take anything back: a row that is older than our last word of an order says
nothing, one that is missing says nothing of an order that moved a moment ago, and a position has to differ twice, some
time apart and by the same, before it is called different.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from tidings.model.enums import OrdStatus, PosSide
from tidings.model.execution_report import ExecutionReport
from tidings.model.instrument import Instrument
from tidings.model.order import Order
from tidings.model.position import Position

NS_PER_S = 1_000_000_000
SETTLE_NS = NS_PER_S  # an order that moved this shortly before the question may be on its way into or out of a list
DIFFERS_AFTER_NS = 3 * NS_PER_S  # a difference stays this long: the list of executions, which explains it, lags
LISTED_TOO_LONG_NS = 5 * NS_PER_S  # between two lists that show an order open whose end we know; no list lags as much
CANCEL_QUIET_NS = 5 * NS_PER_S  # between two lists that show an order open whose cancel was asked for before
NOT_FOUND_APART_NS = NS_PER_S // 2
NOT_FOUND_NEEDED = 2
_NOT_LISTED_YET = (OrdStatus.UNKNOWN, OrdStatus.PENDING_NEW)  # the resolver's, or an answer is still awaited


@dataclass(frozen=True, slots=True)
class Listing:
    """A list of orders. Only of a complete one does an order's absence say anything."""

    reports: list[ExecutionReport]
    is_complete: bool = True


@dataclass(frozen=True, slots=True)
class VenueExecution:
    """An execution as the venue lists it; `pos_side` None: not told."""

    report: ExecutionReport
    pos_side: PosSide | None = None


@dataclass(frozen=True, slots=True)
class VenuePosition:
    """A position as the venue lists it; `transact_time_ns` of its last change, on the venue's clock."""

    instrument: Instrument
    pos_side: PosSide
    net_qty_lots: int
    transact_time_ns: int


@dataclass(frozen=True, slots=True)
class OrderDifferences:
    """`news`: rows that say more than we know. `missing`: open here, and not in a complete list. `shown`: in it.
    `ended`: rows of orders that are over here, for now or for good.
    """

    news: list[ExecutionReport] = field(default_factory=list)
    missing: list[Order] = field(default_factory=list)
    foreign: list[ExecutionReport] = field(default_factory=list)
    ended: list[ExecutionReport] = field(default_factory=list)
    shown: list[Order] = field(default_factory=list)


def compare_orders(
    listing: Listing, open_orders: Iterable[Order], find_owner: Callable[[ExecutionReport], Order | None], asked_ns: int
) -> OrderDifferences:
    """The venue's open orders of one symbol, asked for at `asked_ns`, against ours of that symbol."""
    found = OrderDifferences()
    handles: set[int] = set()
    for report in listing.reports:
        order = find_owner(report)
        if order is None:
            found.foreign.append(report)
            continue
        handles.add(order.handle)
        found.shown.append(order)
        if tells_news(order, report):
            found.news.append(report)
        if order.is_done:
            found.ended.append(report)
    if listing.is_complete:
        found.missing.extend(
            order for order in open_orders if order.handle not in handles and _should_be_listed(order, asked_ns)
        )
    return found


def tells_news(order: Order, report: ExecutionReport) -> bool:
    """Whether a row about `order` says more than we know, and is not older than our last word."""
    if report.ord_status < 0:
        return False
    if order.is_done:
        return order.status in (OrdStatus.REJECTED, OrdStatus.UNSENT)  # our own conclusion, and it lives
    if OrdStatus.FILLED <= report.ord_status <= OrdStatus.EXPIRED:
        return True  # an end is an end, however old the row that tells it
    if is_older(order, report):
        return False
    if order.status in _NOT_LISTED_YET or report.cum_qty_lots > order.cum_qty_lots:
        return True
    if order.is_amend_pending or order.is_cancel_pending:
        return False  # its answer, or the resolver, will tell
    if order.status == OrdStatus.UNTRIGGERED and report.ord_status != OrdStatus.UNTRIGGERED:
        return True
    return _has_other_terms(order, report)


def is_older(order: Order, report: ExecutionReport) -> bool:
    """Whether a row shows an order as it was before the last thing we heard of it."""
    return 0 < report.transact_time_ns < order.venue_time_ns


def owes_executions(order: Order) -> bool:
    """Whether the venue has told that more filled than the executions we have heard add up to."""
    return order.cum_qty_lots > order.traded_qty_lots


def _has_other_terms(order: Order, report: ExecutionReport) -> bool:
    """Amended by somebody else, or by a request whose outcome was missed."""
    has_other_price = order.terms.has_price and 0 < report.price_ticks != order.price_ticks
    return has_other_price or (not order.terms.qty_in_quote and 0 < report.order_qty_lots != order.order_qty_lots)


def _should_be_listed(order: Order, asked_ns: int) -> bool:
    last_move_ns = max(order.decided_ns, order.replied_ns, order.streamed_ns)
    return not order.is_done and order.status not in _NOT_LISTED_YET and last_move_ns < asked_ns - SETTLE_NS


class VanishedOrders:
    """Orders that are open here while the venue neither lists them open nor knows how they ended.

    Nothing is concluded from that but that somebody must look: an order the venue has once acknowledged has an end.
    """

    def __init__(self) -> None:
        # Handle → (symbol, answers, when the last of them came).
        self._not_found: dict[int, tuple[Instrument, int, int]] = {}

    def not_found(self, order: Order, now_ns: int) -> bool:
        """A well-formed answer that the venue does not know the order: whether that makes enough of them."""
        _, count, last_ns = self._not_found.get(order.handle, (None, 0, now_ns - NOT_FOUND_APART_NS))
        if now_ns - last_ns >= NOT_FOUND_APART_NS:
            count, last_ns = count + 1, now_ns
        self._not_found[order.handle] = order.terms.instrument, count, last_ns
        return count >= NOT_FOUND_NEEDED

    def found(self, order: Order) -> None:
        """The venue knows it after all."""
        self._not_found.pop(order.handle, None)

    def keep_only(self, instrument: Instrument, handles: set[int]) -> None:
        """Forget the orders of one symbol that are not missing any more."""
        self._not_found = {
            handle: told
            for handle, told in self._not_found.items()
            if told[0] is not instrument or handle in handles
        }


class QuietCancels:
    """Cancels that were asked for, while the venue's lists go on showing the order open and its stream says nothing.

    An order whose cancel is under way takes no second one; after this long the first is over, without effect.
    """

    def __init__(self) -> None:
        self._since_ns: dict[str, dict[int, int]] = {}  # symbol → handle → the first list that showed it

    def overdue(self, instrument: Instrument, shown: Iterable[Order], asked_ns: int) -> list[Order]:
        """Of the orders that one symbol's list, asked for at `asked_ns`, shows open: whose cancel is over."""
        before = self._since_ns.get(instrument.symbol, {})
        shown = dict.fromkeys(shown)  # one that was triggered between two lists is in both
        since_ns = {
            order.handle: max(before.get(order.handle, asked_ns), order.cancel_asked_ns)
            for order in shown
            if order.is_cancel_pending
        }
        found = [order for order in shown if asked_ns - since_ns.get(order.handle, asked_ns) >= CANCEL_QUIET_NS]
        for order in found:
            del since_ns[order.handle]
        self._since_ns[instrument.symbol] = since_ns
        return found


class DoubtedEnds:
    """Orders that are over here, and that the venue's lists go on showing open.

    One list may be older than the end. Two of them some time apart contradict it: an end comes once, so the order is
    not brought back; but nobody here answers for it any more, as for one that was never ours.
    """

    def __init__(self) -> None:
        self._since_ns: dict[str, dict[str, int]] = {}  # symbol → the venue's id → when a list first showed it

    def symbols(self) -> list[str]:
        """Where the last list showed any."""
        return [symbol for symbol, since_ns in self._since_ns.items() if since_ns]

    def lasting(self, instrument: Instrument, ended: Iterable[ExecutionReport], asked_ns: int) -> list[ExecutionReport]:
        """Of the `ended` rows of one symbol's list, asked for at `asked_ns`: those that no lag explains.

        The order had ended when the first list was heard, but perhaps not when that was asked for.
        """
        before = self._since_ns.get(instrument.symbol, {})
        since_ns = {
            report.order_id: before.get(report.order_id, max(asked_ns, report.received_ns)) for report in ended
        }
        self._since_ns[instrument.symbol] = since_ns
        return [report for report in ended if asked_ns - since_ns[report.order_id] >= LISTED_TOO_LONG_NS]


class PositionCheck:
    """One position against the venue's lists: `look` at each, and believe a difference when it stays."""

    def __init__(self) -> None:
        self._seen: tuple[int, int] | None = None
        self._since_ns = 0
        self.is_different = False

    @property
    def is_suspect(self) -> bool:
        """Whether the last look showed a difference, believed or not."""
        return self._seen is not None

    def look(self, position: Position, told_lots: int, asked_ns: int) -> None:
        """The venue says `told_lots`; the question was asked at `asked_ns`."""
        seen = position.net_qty_lots, told_lots
        if seen[0] == seen[1]:
            self._seen, self.is_different = None, False
        elif seen != self._seen:
            self._seen, self._since_ns, self.is_different = seen, asked_ns, False
        else:
            self.is_different = asked_ns - self._since_ns >= DIFFERS_AFTER_NS


class BalanceCheck:
    """Balances as the stream told them against a list: one that differs twice by the same is a message that was missed.

    Our executions do not make a balance: fees, transfers and others' orders move it too. So the list's word is taken.
    """

    def __init__(self) -> None:
        self._seen: dict[str, tuple[int, int]] = {}

    def missed(self, ours: dict[str, int], told: dict[str, int]) -> dict[str, int]:
        """Currency → the venue's balance, for those that the stream owes us."""
        differing = {
            currency: (ours.get(currency, 0), balance)
            for currency, balance in told.items()
            if ours.get(currency, 0) != balance
        }
        missed = {currency: seen[1] for currency, seen in differing.items() if self._seen.get(currency) == seen}
        self._seen = differing
        return missed
