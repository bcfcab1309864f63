"""The exchange's book against a slow model, over random sequences of orders and cancels."""

from hypothesis import given, settings
from hypothesis import strategies as st
from slow_book import SlowBook, SlowOrder

from tidings.exchange.markets.matching import Book, BookOrder, SelfTrade, Stay

SUBMIT = st.tuples(
    st.just("submit"),
    st.sampled_from([1, -1]),
    st.integers(95, 105),
    st.integers(1, 9),
    st.integers(0, 2),
    st.sampled_from(list(SelfTrade)),
    st.sampled_from(list(Stay)),
)
CANCEL = st.tuples(st.just("cancel"), st.integers(0, 40))


class Recorder:
    """Writes down fills by the names of the orders."""

    def __init__(self) -> None:
        self.names: dict[BookOrder, int] = {}
        self.fills: list[tuple[int, int, int, int]] = []

    def on_fill(self, maker: BookOrder, taker: BookOrder, price: int, qty: int) -> None:
        self.fills.append((self.names[maker], self.names[taker], price, qty))

    def on_self_trade_cancel(self, maker: BookOrder) -> None:
        assert maker.level is None


@settings(max_examples=300, deadline=None)
@given(st.lists(SUBMIT | CANCEL, max_size=40))
def test_book_agrees_with_the_slow_model(steps: list[tuple]) -> None:
    book, recorder, slow = Book(), Recorder(), SlowBook()
    book.set_listener(recorder)
    orders: list[BookOrder] = []
    for step in steps:
        if step[0] == "cancel":
            order = orders[step[1]] if step[1] < len(orders) else None
            was_resting = order is not None and order.level is not None
            if was_resting:
                book.cancel(order)
            assert slow.cancel(step[1]) == was_resting
        else:
            _, side, price, qty, owner, rule, stay = step
            order = BookOrder(side, price, qty, owner, rule)
            recorder.names[order] = len(orders)
            twin = SlowOrder(len(orders), side, price, qty, owner, rule.value)
            orders.append(order)
            assert book.submit(order, stay).value == slow.submit(twin, stay.value)
            assert order.leaves_qty == twin.qty
        assert recorder.fills == slow.fills
        assert [(level.price, level.qty) for level in book.bids] == slow.levels(1)
        assert [(level.price, level.qty) for level in book.asks] == slow.levels(-1)
        assert book.best_bid() is None or book.best_offer() is None or book.best_bid() < book.best_offer()
