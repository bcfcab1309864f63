"""I10, judged from outside: what leaves on the wire, the exchange's own book, and the limits written down once more.

Shares no code with the engine. Where the engine must be careful about what it does not know, the judge knows: it asks
what really could have come of all that is open at the exchange or still on its way there. That is never more than a
careful engine counts, so whatever is blamed here is a real breach; and since an order of unknown fate that lives is
open at the exchange, an engine that forgets to count it is found out.

What is not judged, because no exact statement is possible from outside:
- Positions where orders were forgotten in a power loss of mode "crash" (docs/guarantees.md): nobody can count them. The
  symbol is left out from then on.
- Spot positions of later lives: what counts there is what a process has traded itself, and which executions it was the
  first to be told cannot be seen.
- What an order at market is worth, but for one part in fifty: the price the engine knew may be some seconds old.
- Values of positions, gross and net: they hang on the same price, and on which of two witnesses the engine believes.
  They are tried by `tests/property/test_exposure_against_reference.py`.
- Requests behind a full socket buffer: they were decided when nobody saw it. Creates are dated by their placing, and
  amends only remembered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from tests.simulated.exchange_side import DOLLAR, MIDDLE, SMALL_QTY, SYMBOLS
from tests.simulated.ground_truth import GroundTruth
from tests.simulated.http_frames import Passing
from tests.simulated.limits import LimitTraits
from tests.simulated.loop import NS_PER_S
from tests.simulated.order_words import Asked, read_amend, read_create

SPOT = "sBTCUSDT"
PRICES_WITHIN = 300  # dollars around the middle: all that ever trades in these runs
MARKET_PART = 0.98  # of the middle: what is bought or sold at market is worth at least that
Blame = Callable[[str, int, str], None]


@dataclass(slots=True)
class Sent:
    """A create that has left, and the largest that its order was ever asked to be."""

    asked: Asked
    decided_ns: int
    engine: int  # by which engine, counted from 1
    most_qty: int
    prices: set[float]  # that it was ever asked to have
    has_arrived: bool = False


@dataclass(slots=True)
class Spent:
    """What one request took of the windows."""

    decided_ns: int
    symbol: str
    qty: int
    dollars: float


@dataclass
class LimitsOracle:
    """`expiry_ns`: so long after it left a request that has not arrived may still be executed."""

    limits: LimitTraits
    truth: GroundTruth
    blame_as: Blame
    expiry_ns: int
    engine: int = 0
    sent: dict[str, Sent] = field(default_factory=dict)
    checks: int = 0
    _spent: list[Spent] = field(default_factory=list)
    _fills_ns: list[int] = field(default_factory=list)
    _is_tripped: bool = False
    _born_ns: int = -1
    _states: dict[str, str] = field(default_factory=dict)  # symbol, or "" for all → REDUCING, HALTED
    _placed_before: frozenset[str] = frozenset()
    _tainted: set[str] = field(default_factory=set)
    _told_working: set[str] = field(default_factory=set)

    # ---- What is heard ----------------------------------------------------------------------------------------------

    def told(self, cl_ord_id: str, ord_status: str) -> None:
        """The strategy was told of an order: one that waited and works now is known to, from here on."""
        if ord_status in ("NEW", "PARTIALLY_FILLED"):
            self._told_working.add(cl_ord_id)

    def born(self, known: set[str], now_ns: int) -> None:
        """Another engine is up; it knows these orders. Windows, states and breakers were the old one's."""
        self.engine += 1
        self._spent.clear()
        self._fills_ns.clear()
        self._states.clear()
        self._is_tripped, self._born_ns = False, now_ns
        if self.engine > 1:
            self._tainted.add(SPOT)
        for cl_ord_id, sent in self.sent.items():
            if cl_ord_id not in known and (self._open_qty(sent) or self._is_under_way(sent, now_ns)):
                self._tainted.add(sent.asked.symbol)

    def restricted(self, symbol: str, state: str, placed: Iterable[str]) -> None:
        """`symbol` ("": the account, or the only strategy) is REDUCING or HALTED from now on; these orders had been
        placed. One of them may leave later, in the same instant even, behind a full socket buffer.
        """
        self._states[symbol] = state
        self._placed_before = frozenset(placed)

    def resumed(self) -> None:
        """Everything is ACTIVE again, and the breaker armed."""
        self._states.clear()
        self._fills_ns.clear()
        self._is_tripped = False

    def filled(self, now_ns: int) -> None:
        """The strategy was told of an execution; in the moment of its birth, of those of an earlier engine's orders."""
        if now_ns == self._born_ns:
            return
        most = self.limits.max_executions
        self._fills_ns.append(now_ns)
        if most is not None and len(self._fills_ns) >= most:
            self._is_tripped |= now_ns - self._fills_ns[-most] < self.limits.executions_window_s * NS_PER_S

    def arrived(self, request: Passing, now_ns: int) -> None:
        """A request came to the exchange's door."""
        sent = self.sent.get(request.cl_ord_id)
        if sent is not None:
            sent.has_arrived = True
        self.judge_book(now_ns)

    def create_left(self, request: Passing, decided_ns: int, now_ns: int) -> None:
        """A whole create is in the kernel."""
        asked = read_create(request)
        self.checks += 1
        is_late = decided_ns < now_ns
        twin = self._unanswered_twin(asked, decided_ns)
        if twin and not is_late:
            self._blame(now_ns, f"{asked.cl_ord_id} is {twin} again, which has not arrived yet")
        self._judge_terms(asked, now_ns)
        if not is_late:
            if asked.cl_ord_id not in self._placed_before:
                self._judge_states(asked, asked.qty, now_ns)
            self._judge_self_match(asked, now_ns)
        self.sent[asked.cl_ord_id] = Sent(asked, decided_ns, self.engine, asked.qty, {asked.price})
        self._judge_windows(Spent(decided_ns, asked.symbol, asked.least_qty, asked.dollars), now_ns)
        self._judge_worst(asked.symbol, now_ns)
        if not is_late and self.limits.max_open is not None:
            count = sum(self._may_be_open(each, now_ns) for each in self.sent.values())
            if count > self.limits.max_open and not self._tainted:
                self._blame(now_ns, f"{asked.cl_ord_id} is the {count}. open order of {self.limits.max_open}")

    def amend_left(self, request: Passing, now_ns: int, *, is_late: bool = False) -> None:
        """A whole amend is in the kernel, decided now; or `is_late`, some time ago: what it asks is remembered only."""
        order = self.truth.order(request.symbol, request.fields.get("origClOrdID", ""), request.order_id)
        sent = self.sent.get(order.cl_ord_id if order is not None else request.cl_ord_id)
        if sent is None:
            return
        self.checks += 1
        asked = read_amend(request, sent.asked, order)
        more_qty = max(0, asked.qty - sent.most_qty)
        keeps_price = not asked.has_new_price or asked.price in sent.prices
        is_smaller = keeps_price and (asked.qty < sent.most_qty or asked.money < sent.asked.money)
        sent.prices.add(asked.price)
        sent.most_qty = max(sent.most_qty, asked.qty)
        if not is_smaller and not is_late:
            self._judge_terms(asked, now_ns)
            self._judge_states(asked, 0, now_ns)
            if not asked.waits or asked.cl_ord_id in self._told_working:  # who has not heard of a trigger cannot know
                self._judge_self_match(asked, now_ns)
            self._judge_windows(Spent(now_ns, asked.symbol, more_qty, 0.0), now_ns)
            self._judge_worst(asked.symbol, now_ns, amended=(sent, asked.qty))

    # ---- One order by itself ----------------------------------------------------------------------------------------

    def _judge_terms(self, asked: Asked, now_ns: int) -> None:
        limits = self.limits
        if limits.max_qty is not None and asked.least_qty > limits.max_qty * SMALL_QTY[asked.symbol]:
            self._blame(now_ns, f"{asked.cl_ord_id} of {asked.qty} is more than {limits.max_qty} small units")
        if limits.max_notional is not None and asked.dollars > limits.max_notional:
            self._blame(now_ns, f"{asked.cl_ord_id} is worth {asked.dollars:.2f} of {limits.max_notional}")
        if limits.collar_percent is not None and asked.price:
            collar = limits.collar_percent / 100
            centre_low, centre_high = MIDDLE - PRICES_WITHIN, MIDDLE + PRICES_WITHIN
            if asked.stop_px:
                centre_low = centre_high = asked.stop_px
            is_beyond = asked.price > centre_high * (1 + collar) if asked.buys else (
                asked.price < centre_low * (1 - collar))
            if is_beyond:
                self._blame(now_ns, f"{asked.cl_ord_id} at {asked.price} is beyond the collar of {collar:.0%}")

    def _unanswered_twin(self, asked: Asked, decided_ns: int) -> str:
        """An order of the same words that nobody can have heard of: the exchange has not got it yet."""
        since_ns = decided_ns - self.limits.duplicate_window_s * NS_PER_S
        for cl_ord_id, sent in reversed(self.sent.items()):
            is_recent = sent.engine == self.engine and sent.decided_ns > since_ns
            if is_recent and not sent.has_arrived and sent.asked.words == asked.words:
                return cl_ord_id
        return ""

    def _judge_self_match(self, asked: Asked, now_ns: int) -> None:
        """Whether one of our own stands where it would trade. At market it would trade with whatever there is."""
        if asked.waits and not asked.is_amend:
            return
        for cl_ord_id, sent in self.sent.items():
            other = sent.asked
            is_apart = other.symbol != asked.symbol or other.buys == asked.buys or other.waits or not other.price
            if is_apart or other.symbol in self._tainted or not self._may_be_open(sent, now_ns):
                continue
            order = self.truth.order(other.symbol, cl_ord_id)
            price = order.price / DOLLAR[other.symbol] if order is not None else other.price
            if not asked.price or (asked.price >= price if asked.buys else asked.price <= price):
                at = asked.price or "market"
                self._blame(now_ns, f"{asked.cl_ord_id} at {at} meets our own {cl_ord_id} at {price}")

    def _judge_states(self, asked: Asked, more_qty: int, now_ns: int) -> None:
        states = {self._states.get(""), self._states.get(asked.symbol)}
        if "HALTED" in states:
            self._blame(now_ns, f"{asked.cl_ord_id} leaves, and {asked.symbol} is HALTED")
        if self._is_tripped:
            self._blame(now_ns, f"{asked.cl_ord_id} leaves behind {self.limits.max_executions} executions in no time")
        if "REDUCING" in states and asked.symbol not in self._tainted:
            held = self.truth.net_lots(asked.symbol) * self.truth.grids[asked.symbol].lot
            orders = self._open_side(asked.symbol, asked.buys, now_ns) + more_qty
            if orders > (-held if asked.buys else held):
                self._blame(now_ns, f"{asked.cl_ord_id} may not shrink: {held} held, {orders} ordered, REDUCING")

    # ---- All of them together ---------------------------------------------------------------------------------------

    def judge_book(self, now_ns: int) -> None:
        """At no moment can what the exchange holds and has open come to more than a position may be."""
        if self.limits.max_position is not None:
            for symbol in SYMBOLS:
                self._judge_worst(symbol, now_ns)

    def _judge_worst(self, symbol: str, now_ns: int, amended: tuple[Sent, int] | None = None) -> None:
        most = self.limits.max_position
        if most is None or symbol in self._tainted:
            return
        held = self.truth.net_lots(symbol) * self.truth.grids[symbol].lot
        for buys in (True, False):
            orders = self._open_side(symbol, buys, now_ns)
            if amended is not None and amended[0].asked.buys == buys:
                sent, qty = amended
                order = self.truth.order(symbol, sent.asked.cl_ord_id)
                orders += max(0, qty - order.order_qty) if order is not None and not order.is_done else 0
            worst = (held if buys else -held) + orders
            if orders and worst > most * SMALL_QTY[symbol]:
                self._blame(now_ns, f"{symbol}: {held} held and {orders} {'bid' if buys else 'offered'} make {worst} "
                                    f"of {most * SMALL_QTY[symbol]}")

    def _open_side(self, symbol: str, buys: bool, now_ns: int) -> int:
        return sum(
            self._open_qty(sent) or (sent.asked.least_qty if self._is_under_way(sent, now_ns) else 0)
            for sent in self.sent.values() if sent.asked.symbol == symbol and sent.asked.buys == buys
        )

    def _open_qty(self, sent: Sent) -> int:
        order = self.truth.order(sent.asked.symbol, sent.asked.cl_ord_id)
        if order is None or order.is_done or sent.asked.is_money:
            return 0
        return int(order.order_qty - order.cum_qty)

    def _is_under_way(self, sent: Sent, now_ns: int) -> bool:
        is_young = now_ns - sent.decided_ns < self.expiry_ns
        return is_young and not sent.has_arrived and self.truth.order(sent.asked.symbol, sent.asked.cl_ord_id) is None

    def _may_be_open(self, sent: Sent, now_ns: int) -> bool:
        order = self.truth.order(sent.asked.symbol, sent.asked.cl_ord_id)
        return self._is_under_way(sent, now_ns) if order is None else not order.is_done

    # ---- Over a time ------------------------------------------------------------------------------------------------

    def _judge_windows(self, spent: Spent, now_ns: int) -> None:
        """Of the window that ends with this decision: one that leaves late looks back from when it was decided."""
        limits, end_ns = self.limits, spent.decided_ns
        self._spent.append(spent)
        before = [each for each in self._spent if each.decided_ns <= end_ns]
        recent = [each for each in before if each.decided_ns > end_ns - limits.window_s * NS_PER_S]
        qty = sum(each.qty for each in recent if each.symbol == spent.symbol)
        if limits.max_window_qty is not None and qty > limits.max_window_qty * SMALL_QTY[spent.symbol]:
            self._blame(now_ns, f"{spent.symbol}: {qty} ordered within {limits.window_s} s")
        dollars = sum(each.dollars for each in recent)
        if limits.max_window_notional is not None and dollars > limits.max_window_notional:
            self._blame(now_ns, f"{dollars:.2f} dollars ordered within {limits.window_s} s")
        count = sum(each.decided_ns > end_ns - NS_PER_S for each in before)
        if limits.max_orders_per_s is not None and count > limits.max_orders_per_s:
            self._blame(now_ns, f"{count} orders and amends within a second")

    def _blame(self, now_ns: int, text: Any) -> None:
        self.blame_as("I10", now_ns, str(text))
