"""Price-time priority of a whole venue against the slow model: creates, amends and cancels of several users.

An amend queues anew, whatever it changes (observed: the venue cancels and replaces): in the model it is a cancel and a
new order.
"""

from hypothesis import given, settings
from hypothesis import strategies as st
from slow_book import SlowBook, SlowOrder

from tidings.exchange.catalogue import load_catalogue
from tidings.exchange.orders.order_requests import AmendOrder, CancelOrder, NewOrder
from tidings.exchange.venue import Venue
from tidings.exchange.venue_config import VenueConfig

START_NS = 1_760_000_000_000_000_000
MS_NS = 1_000_000
TICK = 1_000  # BTCUSD
BASE = 600_000_000 // TICK - 100
CATALOGUE = load_catalogue()

CREATE = st.tuples(
    st.just("create"), st.sampled_from([1, -1]), st.integers(97, 103), st.integers(1, 9), st.integers(0, 3),
    st.sampled_from(["GoodTillCancel", "PostOnly", "ImmediateOrCancel", "FillOrKill"]),
)  # fmt: skip
AMEND = st.tuples(st.just("amend"), st.integers(0, 30), st.integers(97, 103), st.integers(1, 9))
CANCEL = st.tuples(st.just("cancel"), st.integers(0, 30))
STAYS = {
    "GoodTillCancel": "rest", "PostOnly": "post-only", "ImmediateOrCancel": "immediate-or-cancel",
    "FillOrKill": "fill-or-kill",
}  # fmt: skip


class TwoBooks:
    """The venue and the model, driven alike."""

    def __init__(self) -> None:
        config = VenueConfig(has_flow=False, prices={"BTCUSD": "60000"}, matching_delay_ns=0)
        self.venue = Venue(config, START_NS, CATALOGUE)
        self.slow = SlowBook()
        self.now_ns = START_NS
        self.owners: list[int] = []  # by number of the order
        self.stays: list[str] = []
        self.versions: dict[int, int] = {}  # number in the model → number of the order
        self.living: dict[int, int] = {}  # number of the order → its last number in the model
        self.fills: list[tuple[int, int, int, int]] = []

    def create(self, side: int, price: int, qty: int, owner: int, stay: str) -> None:
        number = len(self.owners)
        self.owners.append(self.venue.user_ids[owner])
        self.stays.append(stay)
        request = NewOrder(
            symbol="BTCUSD", side="Buy" if side > 0 else "Sell", qty=qty, price=(BASE + price) * TICK,
            cl_ord_id=str(number), time_in_force=stay,
        )  # fmt: skip
        assert self.venue.create(self.owners[number], request, self.now_ns).code == 0
        self._submit(number, side, price, qty)
        self.advance()

    def amend(self, number: int, price: int, qty: int) -> None:
        if number >= len(self.owners):
            return
        order = self.venue.state.store.find(self.owners[number], "BTCUSD", "", str(number))
        assert order is not None
        new_qty = order.cum_qty + qty
        request = AmendOrder(
            symbol="BTCUSD", orig_cl_ord_id=str(number), price=(BASE + price) * TICK, qty=new_qty
        )
        if self.venue.amend(self.owners[number], request, self.now_ns).code:
            return
        assert self.slow.cancel(self.living[number])
        self._submit(number, order.side, price, qty)
        self.advance()

    def cancel(self, number: int) -> None:
        if number >= len(self.owners):
            return
        request = CancelOrder(symbol="BTCUSD", cl_ord_id=str(number))
        was_open = self.venue.cancel(self.owners[number], request, self.now_ns).code == 0
        assert self.slow.cancel(self.living[number]) == was_open
        self.advance()

    def advance(self) -> None:
        self.now_ns += MS_NS
        reports = [report for update in self.venue.advance(self.now_ns) for report in update.orders if report.is_trade]
        for report in reports:
            if report.last_liquidity_ind == "AddedLiquidity":
                (taker,) = {r.cl_ord_id for r in reports if r.last_liquidity_ind == "RemovedLiquidity"}
                price = report.exec_price // TICK - BASE
                self.fills.append((int(report.cl_ord_id), int(taker), price, report.exec_qty))

    def levels(self, side: int) -> list[tuple[int, int]]:
        levels = self.venue.markets["BTCUSD"].levels()[side < 0]
        return [(price // TICK - BASE, qty) for price, qty in levels]

    def _submit(self, number: int, side: int, price: int, qty: int) -> None:
        version = len(self.versions)
        self.versions[version], self.living[number] = number, version
        self.slow.submit(SlowOrder(version, side, price, qty, 0, "allow"), STAYS[self.stays[number]])


@settings(max_examples=150, deadline=None)
@given(st.lists(CREATE | AMEND | CANCEL, max_size=30))
def test_venue_trades_in_the_order_of_the_slow_model(steps: list[tuple]) -> None:
    books = TwoBooks()
    for name, *arguments in steps:
        getattr(books, name)(*arguments)
        told = sorted(books.fills)
        expected = sorted((books.versions[m], books.versions[t], price, qty) for m, t, price, qty in books.slow.fills)
        assert told == expected
        assert books.levels(1) == books.slow.levels(1)
        assert books.levels(-1) == books.slow.levels(-1)
