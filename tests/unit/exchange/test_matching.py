import pytest

from tidings.exchange.markets.matching import BUY, SELL, Book, BookOrder, Outcome, SelfTrade, Stay


class Recorder:
    def __init__(self) -> None:
        self.fills: list[tuple[BookOrder, BookOrder, int, int]] = []
        self.canceled: list[BookOrder] = []

    def on_fill(self, maker: BookOrder, taker: BookOrder, price: int, qty: int) -> None:
        self.fills.append((maker, taker, price, qty))

    def on_self_trade_cancel(self, maker: BookOrder) -> None:
        self.canceled.append(maker)


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def book(recorder: Recorder) -> Book:
    book = Book()
    book.set_listener(recorder)
    return book


def rest(book: Book, side: int, price: int, qty: int, **more) -> BookOrder:
    order = BookOrder(side, price, qty, **more)
    assert book.submit(order, Stay.REST) is Outcome.RESTS
    return order


def test_older_order_at_the_same_price_trades_first(book: Book, recorder: Recorder) -> None:
    first, second = rest(book, SELL, 100, 5), rest(book, SELL, 100, 5)
    taker = BookOrder(BUY, 100, 7)
    assert book.submit(taker, Stay.REST) is Outcome.FILLED
    assert recorder.fills == [(first, taker, 100, 5), (second, taker, 100, 2)]
    assert (first.level, second.leaves_qty) == (None, 3)


def test_trades_happen_at_the_makers_price_best_first(book: Book, recorder: Recorder) -> None:
    rest(book, SELL, 102, 1)
    rest(book, SELL, 100, 1)
    book.submit(BookOrder(BUY, 105, 5), Stay.IOC)
    assert [(price, qty) for _, _, price, qty in recorder.fills] == [(100, 1), (102, 1)]


def test_post_only_order_that_would_trade_does_nothing(book: Book, recorder: Recorder) -> None:
    rest(book, SELL, 100, 1)
    assert book.submit(BookOrder(BUY, 100, 1), Stay.POST_ONLY) is Outcome.WOULD_CROSS
    assert book.submit(BookOrder(BUY, 99, 1), Stay.POST_ONLY) is Outcome.RESTS
    assert not recorder.fills


def test_fill_or_kill_is_all_or_nothing(book: Book, recorder: Recorder) -> None:
    rest(book, SELL, 100, 3)
    rest(book, SELL, 101, 3)
    assert book.submit(BookOrder(BUY, 101, 7), Stay.FOK) is Outcome.NOT_ENOUGH
    assert book.submit(BookOrder(BUY, 100, 4), Stay.FOK) is Outcome.NOT_ENOUGH
    assert not recorder.fills
    assert book.submit(BookOrder(BUY, 101, 6), Stay.FOK) is Outcome.FILLED


def test_immediate_or_cancel_leaves_nothing_in_the_book(book: Book) -> None:
    rest(book, SELL, 100, 3)
    taker = BookOrder(BUY, 100, 5)
    assert book.submit(taker, Stay.IOC) is Outcome.REMAINDER
    assert (taker.leaves_qty, len(book.bids), len(book.asks)) == (2, 0, 0)


def test_canceled_order_is_gone_and_keeps_its_quantity(book: Book) -> None:
    order = rest(book, BUY, 99, 4)
    book.cancel(order)
    assert (order.leaves_qty, order.level, book.best_bid()) == (4, None, None)
    with pytest.raises(ValueError, match="does not rest"):
        book.cancel(order)


def test_shrinking_keeps_the_place_in_the_queue(book: Book, recorder: Recorder) -> None:
    first = rest(book, BUY, 99, 9)
    rest(book, BUY, 99, 9)
    book.shrink(first, 2)
    assert [(level.price, level.qty) for level in book.bids] == [(99, 11)]
    book.submit(BookOrder(SELL, 99, 1), Stay.IOC)
    assert recorder.fills[0][0] is first
    with pytest.raises(ValueError, match="shrink"):
        book.shrink(first, 5)


@pytest.mark.parametrize(
    ("rule", "outcome", "is_maker_gone"),
    [
        (SelfTrade.ALLOW, Outcome.FILLED, True),
        (SelfTrade.CANCEL_MAKER, Outcome.RESTS, True),
        (SelfTrade.CANCEL_TAKER, Outcome.SELF_TRADE, False),
        (SelfTrade.CANCEL_BOTH, Outcome.SELF_TRADE, True),
    ],
)
def test_self_trade_rule_of_the_taker_decides(
    book: Book, recorder: Recorder, rule: SelfTrade, outcome: Outcome, is_maker_gone: bool
) -> None:
    maker = rest(book, SELL, 100, 1, owner=7)
    assert book.submit(BookOrder(BUY, 100, 1, 7, rule), Stay.REST) is outcome
    assert (maker.level is None) == is_maker_gone
    assert len(recorder.fills) == (rule is SelfTrade.ALLOW)


def test_makers_self_trade_rule_counts_where_the_taker_has_none(book: Book, recorder: Recorder) -> None:
    maker = BookOrder(SELL, 100, 1, 7, SelfTrade.CANCEL_BOTH)
    assert book.submit(maker, Stay.REST) is Outcome.RESTS
    assert book.submit(BookOrder(BUY, 100, 1, 7), Stay.REST) is Outcome.SELF_TRADE
    assert (maker.level, recorder.fills) == (None, [])


@pytest.mark.parametrize("rule", [SelfTrade.CANCEL_TAKER, SelfTrade.CANCEL_BOTH])
def test_fill_or_kill_does_nothing_where_its_owners_order_would_stop_it(
    book: Book, recorder: Recorder, rule: SelfTrade
) -> None:
    rest(book, SELL, 100, 5)
    own = rest(book, SELL, 100, 5, owner=7)
    rest(book, SELL, 101, 5)
    assert book.submit(BookOrder(BUY, 101, 10, 7, rule), Stay.FOK) is Outcome.NOT_ENOUGH
    assert recorder.fills == []
    assert own.level is not None
    assert book.submit(BookOrder(BUY, 101, 5, 7, rule), Stay.FOK) is Outcome.FILLED


def test_orders_of_nobody_always_trade_with_each_other(book: Book, recorder: Recorder) -> None:
    rest(book, SELL, 100, 1)
    book.submit(BookOrder(BUY, 100, 1, 0, SelfTrade.CANCEL_BOTH), Stay.REST)
    assert len(recorder.fills) == 1


def test_order_canceled_by_the_listener_is_not_traded(book: Book) -> None:
    first, second = rest(book, SELL, 100, 1), rest(book, SELL, 100, 1)

    class Canceller(Recorder):
        def on_fill(self, maker: BookOrder, taker: BookOrder, price: int, qty: int) -> None:
            super().on_fill(maker, taker, price, qty)
            if second.level is not None:
                book.cancel(second)

    canceller = Canceller()
    book.set_listener(canceller)
    taker = BookOrder(BUY, 100, 2)
    assert book.submit(taker, Stay.IOC) is Outcome.REMAINDER
    assert [fill[0] for fill in canceller.fills] == [first]
