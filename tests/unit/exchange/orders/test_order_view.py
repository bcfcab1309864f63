"""What a report says of an order: quantities by where the order is, words as the order has them."""

from dataclasses import fields

import pytest

from tidings.exchange.catalogue import load_catalogue
from tidings.exchange.orders.order_requests import NewOrder
from tidings.exchange.orders.order_view import view
from tidings.exchange.orders.orders import Order
from tidings.exchange.reports import OrderReport

INSTRUMENTS = load_catalogue().instruments


def order(**more: object) -> Order:
    request = NewOrder(symbol="BTCUSDT", side="Sell", cl_ord_id="mine", price=60_000 * 10**9, qty=10_000, **more)
    return Order(request, INSTRUMENTS["BTCUSDT"], 7, "id", 5)


def test_every_field_of_a_report_is_put() -> None:
    told = view(order(), "New", 9, 0)
    assert [field.name for field in fields(OrderReport) if getattr(told, field.name) is None] == []


def test_what_was_asked_is_told() -> None:
    told = view(order(stop_px=3, trigger="ByMarkPrice"), "New", 9, 0)
    assert (told.side, told.cl_ord_id, told.user_id, told.order_id) == ("Sell", "mine", 7, "id")
    assert (told.exec_status, told.transact_time_ns, told.create_time_ns) == ("New", 9, 5)
    assert (told.stop_px, told.trigger, told.message) == (3, "ByMarkPrice", "No error")


@pytest.mark.parametrize("status", ["Untriggered", "Canceled", "Filled", "Deactivated"])
def test_nothing_is_left_of_an_order_that_is_not_in_the_book(status: str) -> None:
    told = order()
    told.ord_status = status
    assert (view(told, "New", 9, 0).leaves_qty, view(told, "New", 9, 0).leaves_value) == (0, 0)


def test_what_is_left_is_worth_its_price() -> None:
    told = view(order(), "New", 9, 0)  # 0.01 BTC of 60,000 USDT
    assert told.leaves_qty == 10_000
    assert told.leaves_value == 600 * 10**INSTRUMENTS["BTCUSDT"].value_scale


def test_a_budget_shows_as_value_and_no_quantity() -> None:
    told = order()
    told.quote_left = 123
    assert (view(told, "New", 9, 0).order_qty, view(told, "New", 9, 0).leaves_value) == (0, 123)


def test_what_is_shown_is_the_whole_order_once_it_rests() -> None:
    told = order()
    assert view(told, "New", 9, 0).display_qty == 0
    told.added_seq = 4
    assert view(told, "New", 9, 0).display_qty == 10_000
