"""After every event of an order path, what is counted equals what the open orders add up to, worked out anew."""

from engine_samples import LAST_PX_TICKS, NOW_NS, Path
from hypothesis import given, settings
from hypothesis import strategies as st
from order_samples import LINEAR, reply, said, trade
from slow_exposure import is_closing, order_value_e4, position_ends, rest_lots, value_e4, worst_of

from tidings.model.enums import DenyReason, ExecInst, ExecType, OrdType, ReportSource, RequestKind, Side, TimeInForce
from tidings.model.terms import OrderTerms

OPEN_MAX = 5  # every order of filling is tried


def make_terms(side, closes, is_market, owner):
    kind = {"ord_type": OrdType.MARKET, "time_in_force": TimeInForce.IOC} if is_market else {}
    return OrderTerms(LINEAR, side, exec_inst=ExecInst.REDUCE_ONLY if closes else ExecInst.NONE, owner=owner, **kind)


class Twin:
    """An order path and everything that is needed to work its exposure out anew."""

    def __init__(self):
        self.path = Path()
        self.path.risk.owner("other")
        self.orders = []  # every order ever sent
        self.then_ticks = {}  # order → reference price when it was sent
        self.reference_ticks = LAST_PX_TICKS
        self.base_lots, self.seen_cum, self.venue_lots = 0, {}, None

    # ---- Events ---------------------------------------------------------------------------------------------------

    def submit(self, side, closes, is_market, owner, lots, price_ticks, is_sent):
        if sum(not order.is_done for order in self.orders) >= OPEN_MAX:
            return
        order = self.path.draft(make_terms(side, closes, is_market, owner), lots, 0 if is_market else price_ticks)
        self.path.venue.answers["send_new"] = 0 if is_sent else DenyReason.NOT_CONNECTED
        before = self.counts()
        if self.path.entry.submit_order(order, NOW_NS) > 0:
            self.orders.append(order)
            self.then_ticks[order] = self.reference_ticks
        else:
            assert self.counts() == before  # a denial takes nothing and frees nothing

    def amend(self, number, price_ticks, lots, is_sent):
        order = self.orders[number % len(self.orders)]
        self.path.venue.answers["send_amend"] = 0 if is_sent else DenyReason.NOT_CONNECTED
        price_ticks = price_ticks if order.terms.ord_type == OrdType.LIMIT else 0
        before = self.counts()
        if self.path.entry.amend_order(order, price_ticks, lots, NOW_NS) < 0:
            assert self.counts() == before

    def report(self, number, kind, lots):
        order = self.orders[number % len(self.orders)]
        ours = {"handle": order.handle}
        kind_of = {
            "new": lambda: said(ExecType.NEW, **ours),
            "canceled": lambda: said(ExecType.CANCELED, **ours),
            "rejected": lambda: reply(ExecType.REJECTED, RequestKind.NEW, code=11001, **ours),
            "unknown": lambda: lost(ExecType.UNKNOWN, RequestKind.NEW, **ours),
            "unsent": lambda: lost(ExecType.UNSENT, RequestKind.NEW, **ours),
            "fill": lambda: trade(lots, order.cum_qty_lots + lots, ord_status=-1, **ours),
            "told": lambda: said(ExecType.STATUS, ord_status=1, cum_qty_lots=order.cum_qty_lots + lots, **ours),
            "replaced": lambda: said(
                ExecType.REPLACED,
                price_ticks=order.amend_price_ticks or order.price_ticks,
                order_qty_lots=order.amend_qty_lots or order.order_qty_lots,
                **ours,
            ),
            "not replaced": lambda: reply(ExecType.REPLACE_REJECTED, RequestKind.AMEND, code=11001, **ours),
            "amend lost": lambda: lost(ExecType.UNKNOWN, RequestKind.AMEND, **ours),
        }
        self.path.entry.take_report(kind_of[kind](), NOW_NS)

    def position(self, lots, venue_lots):
        """What is held by all executions known: what has filled and was told otherwise counts beside."""
        self.path.risk.exposure.tell_position(LINEAR, 0, lots, venue_lots)
        self.base_lots = lots - sum(self.traded(order) for order in self.orders)
        self.venue_lots = venue_lots

    def price(self, ticks):
        self.path.risk.set_reference_price(LINEAR, ticks)
        self.reference_ticks = ticks

    # ---- Worked out anew ------------------------------------------------------------------------------------------

    @staticmethod
    def filled(order):
        return order.cum_qty_lots if order.side == Side.BUY else -order.cum_qty_lots

    @staticmethod
    def traded(order):
        return order.traded_qty_lots if order.side == Side.BUY else -order.traded_qty_lots

    def counts(self):
        exposure = self.path.risk.exposure
        return (
            exposure.open_lots(LINEAR), exposure.position_lots(LINEAR), exposure.worst_lots(LINEAR),
            exposure.account_e4(), exposure.owner_e4(0), exposure.owner_e4(1),
        )  # fmt: skip

    def anew(self):
        net_lots = self.base_lots + sum(self.filled(order) for order in self.orders)
        kinds = [(Side.BUY, False), (Side.SELL, False), (Side.BUY, True), (Side.SELL, True)]
        open_lots = tuple(
            sum(rest_lots(order) for order in self.orders if (order.side, is_closing(order)) == kind) for kind in kinds
        )
        worst = worst_of(self.orders, net_lots, self.venue_lots)
        return (
            open_lots,
            (net_lots, self.venue_lots),
            worst,
            self.account_e4(net_lots),
            self.owner_e4(0),
            self.owner_e4(1),
        )

    def open_e4(self, side, owners=(0, 1)):
        return sum(
            order_value_e4(order, self.then_ticks[order]) for order in self.orders
            if order.side == side and not is_closing(order) and order.terms.owner in owners
        )  # fmt: skip

    def account_e4(self, net_lots):
        high, low = position_ends(self.orders, net_lots, self.venue_lots)
        buys, sells = self.open_e4(Side.BUY), self.open_e4(Side.SELL)
        starts = (net_lots, net_lots if self.venue_lots is None else self.venue_lots)
        size_e4 = self.value_e4(max(abs(lots) for lots in starts))
        return size_e4 + buys + sells, self.value_e4(high) + buys, sells - self.value_e4(low)

    def owner_e4(self, owner):
        net_lots = sum(self.filled(order) for order in self.orders if order.terms.owner == owner)
        return abs(self.value_e4(net_lots)) + self.open_e4(Side.BUY, (owner,)) + self.open_e4(Side.SELL, (owner,))

    def value_e4(self, lots):
        return (1 if lots >= 0 else -1) * value_e4(LINEAR, self.reference_ticks, lots)


def lost(exec_type, kind, **fields):
    """Our own word that a request's answer is lost, or that it never left."""
    return said(exec_type, ReportSource.LOCAL, request_kind=kind, **fields)


lots = st.integers(1, 30)
ticks = st.integers(LAST_PX_TICKS - 4000, LAST_PX_TICKS + 4000)
numbers = st.integers(0, 20)
reports = ["new", "canceled", "rejected", "unknown", "unsent", "fill", "told", "replaced", "not replaced", "amend lost"]
events = st.one_of(
    st.tuples(
        st.just("submit"),
        st.sampled_from(Side),
        st.booleans(),
        st.booleans(),
        st.integers(0, 1),
        lots,
        ticks,
        st.sampled_from([True, True, True, False]),
    ),
    st.tuples(st.just("amend"), numbers, ticks | st.just(0), lots | st.just(0), st.sampled_from([True, True, False])),
    st.tuples(st.just("report"), numbers, st.sampled_from(reports), st.integers(1, 12)),
    st.tuples(st.just("position"), st.integers(-40, 40), st.none() | st.integers(-40, 40)),
    st.tuples(st.just("price"), ticks),
)


@settings(deadline=None, max_examples=300)
@given(story=st.lists(events, max_size=40))
def test_what_is_counted_is_what_the_orders_add_up_to(story):
    twin = Twin()
    for name, *arguments in story:
        if twin.orders or name not in ("amend", "report"):
            getattr(twin, name)(*arguments)
        assert twin.counts() == twin.anew(), name
