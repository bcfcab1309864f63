"""The demo's strategy against a session that only records."""

from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest

from tidings.cli.demo_quoter import BEHIND_SPREADS, MOVE_INTERVAL_NS, POSITION_QUOTES_MAX, Quoter
from tidings.model.enums import Side

SYMBOL = "BTCUSDT"
BID, OFFER = 1000, 1010


@dataclass
class Armed:
    session: "Session"
    side: Side
    terms: object = field(default_factory=lambda: SimpleNamespace(instrument=SimpleNamespace(symbol=SYMBOL)))

    def fire(self, price_ticks: int, qty_lots: int) -> int:
        if self.session.denial:
            return self.session.denial
        handle = len(self.session.orders) + 1
        order = SimpleNamespace(symbol=SYMBOL, side=self.side, price_ticks=price_ticks, is_done=False, handle=handle)
        self.session.orders[handle] = order
        self.session.requests.append(("fire", self.side.name, price_ticks, qty_lots))
        return handle


class Session:
    """Takes the strategy's requests; amends are in force at once."""

    def __init__(self) -> None:
        self.requests: list[tuple[object, ...]] = []
        self.orders: dict[int, SimpleNamespace] = {}
        self.net_lots = 0
        self.denial = 0

    def instrument(self, symbol: str) -> str:
        return symbol

    def on_grid(self, instrument: str, price: None, qty: str) -> tuple[int, int]:
        return 0, int(qty)

    def arm(self, symbol: str, side: Side, *, post_only: bool) -> Armed:
        assert post_only
        return Armed(self, side)

    def order(self, handle: int) -> SimpleNamespace | None:
        return self.orders.get(handle)

    def position(self, symbol: str) -> SimpleNamespace:
        return SimpleNamespace(net_qty_lots=self.net_lots)

    def amend(self, handle: int, price_ticks: int) -> int:
        self.requests.append(("amend", self.orders[handle].side.name, price_ticks))
        self.orders[handle].price_ticks = price_ticks
        return 0

    def cancel(self, handle: int) -> int:
        self.requests.append(("cancel", self.orders[handle].side.name))
        self.orders[handle].is_done = True
        return 0

    def take_requests(self) -> list[tuple[object, ...]]:
        requests, self.requests = self.requests, []
        return requests


@pytest.fixture
def session() -> Session:
    return Session()


@pytest.fixture
def quoter(session: Session) -> Quoter:
    quoter = Quoter({SYMBOL: "5"})
    quoter.on_start(session, 0)
    return quoter


def book(bid_ticks: int = BID, offer_ticks: int = OFFER, is_two_sided: bool = True) -> SimpleNamespace:
    return SimpleNamespace(
        symbol=SYMBOL, best_bid_ticks=bid_ticks, best_offer_ticks=offer_ticks, is_two_sided=is_two_sided
    )


def test_quotes_begin_behind_the_best_prices(quoter: Quoter, session: Session) -> None:
    quoter.on_book(book(), 0)

    far = BEHIND_SPREADS * (OFFER - BID)
    assert session.take_requests() == [("fire", "BUY", BID - far, 5), ("fire", "SELL", OFFER + far, 5)]
    assert quoter.events[SYMBOL]["orders"] == 2


def test_next_moves_bring_them_to_the_front_and_leave_them_there(quoter: Quoter, session: Session) -> None:
    quoter.on_book(book(), 0)
    session.take_requests()

    quoter.on_book(book(), MOVE_INTERVAL_NS - 1)
    assert session.take_requests() == []

    quoter.on_book(book(), MOVE_INTERVAL_NS)
    assert session.take_requests() == [("amend", "BUY", BID + 1), ("amend", "SELL", OFFER - 1)]

    quoter.on_book(book(BID + 1, OFFER - 1), 2 * MOVE_INTERVAL_NS)
    assert session.take_requests() == []

    quoter.on_book(book(BID + 4, OFFER + 3), 3 * MOVE_INTERVAL_NS)
    assert session.take_requests() == [("amend", "BUY", BID + 5), ("amend", "SELL", OFFER + 2)]


@pytest.mark.parametrize("spread_ticks", [1, 2])
def test_narrow_spread_is_joined_not_crossed(quoter: Quoter, session: Session, spread_ticks: int) -> None:
    quoter.on_book(book(BID, BID + spread_ticks), 0)
    session.take_requests()

    quoter.on_book(book(BID, BID + spread_ticks), MOVE_INTERVAL_NS)

    assert session.take_requests() == [("amend", "BUY", BID), ("amend", "SELL", BID + spread_ticks)]


def test_fill_on_one_side_takes_the_other_away(quoter: Quoter, session: Session) -> None:
    quoter.on_book(book(), 0)
    session.take_requests()
    bought = session.orders[1]
    bought.is_done = True

    quoter.on_fill(bought, None, 1)

    assert session.take_requests() == [("cancel", "SELL")]
    assert quoter.events[SYMBOL]["fills"] == 1
    quoter.on_book(book(), MOVE_INTERVAL_NS)
    assert [request[:2] for request in session.take_requests()] == [("fire", "BUY"), ("fire", "SELL")]


@pytest.mark.parametrize(("net_quotes", "sides"), [(POSITION_QUOTES_MAX, ["SELL"]), (-POSITION_QUOTES_MAX, ["BUY"])])
def test_position_has_a_limit_on_either_side(quoter: Quoter, session: Session, net_quotes, sides) -> None:
    session.net_lots = net_quotes * 5

    quoter.on_book(book(), 0)

    assert [request[1] for request in session.take_requests()] == sides


def test_denied_quote_is_tried_again_after_the_interval(quoter: Quoter, session: Session) -> None:
    session.denial = -3
    quoter.on_book(book(), 0)
    session.denial = 0

    quoter.on_book(book(), 1)
    assert session.take_requests() == []
    quoter.on_book(book(), MOVE_INTERVAL_NS)

    assert len(session.take_requests()) == 2
    assert quoter.events[SYMBOL] == {"denied": 2, "orders": 2}


def test_nothing_is_quoted_on_a_one_sided_book_or_after_the_stop(quoter: Quoter, session: Session) -> None:
    quoter.on_book(book(is_two_sided=False), 0)
    quoter.on_stop(1)
    quoter.on_book(book(), 2)

    assert session.take_requests() == []


def test_every_word_of_the_venue_is_counted(quoter: Quoter) -> None:
    order = SimpleNamespace(symbol=SYMBOL, side=Side.BUY)
    for name in ("ack", "amend", "cancel", "reject", "unknown", "unsent"):
        getattr(quoter, f"on_{name}")(order, None, 0)

    assert quoter.events[SYMBOL] == {"acks": 1, "amends": 1, "cancels": 1, "rejects": 1, "unknown": 1, "unsent": 1}
