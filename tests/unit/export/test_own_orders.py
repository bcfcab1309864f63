"""Where own orders stood and what filled, by what the account stream said."""

from typing import Any

import orjson
import pytest

from tidings.exchange.catalogue import load_catalogue
from tidings.exchange.messages.json_text import success
from tidings.export.own_orders import Fill, OwnOrders, Stand
from tidings.model.enums import Side
from tidings.recorder.entries import Entry, EntryKind
from tidings.venue.phemex.products import parse_products

ORDER = "aaaaaaaa-0000-4000-8000-000000000001"
T = 1_760_000_000_000_000_000


@pytest.fixture
def own() -> OwnOrders:
    own = OwnOrders()
    own.catalogue_changed(parse_products(success(load_catalogue().as_json)))
    return own


def row(exec_status: str, ord_status: str, price: str, leaves: str, **more: Any) -> dict[str, Any]:
    """One row of `orders_p`, with the keys that matter (phemex docs 2026, "Subscribe account-order-position")."""
    return {
        "action": "New", "clOrdID": "c1", "cumQtyRq": "0", "execID": "", "execPriceRp": "0", "execQty": "0",
        "execSeq": 1, "execStatus": exec_status, "leavesQtyRq": leaves, "ordStatus": ord_status, "ordType": "Limit",
        "orderID": ORDER, "orderQtyRq": "0.3", "priceRp": price, "side": "Buy", "symbol": "BTCUSDT",
        "tradeType": "", "transactTimeNs": T, **more,
    }  # fmt: skip


def told(own: OwnOrders, at_ns: int, *orders: dict[str, Any], kind: str = "incremental") -> None:
    message = orjson.dumps({
        "accounts_p": [], "orders_p": orders, "positions_p": [], "sequence": 1, "timestamp": T + at_ns, "type": kind,
    })  # fmt: skip
    own.take(Entry(1, at_ns, T + at_ns, EntryKind.ACCOUNT, 900, message))


def test_an_order_from_its_rest_to_its_fill(own: OwnOrders) -> None:
    told(own, 10, row("New", "New", "60000.0", "0.3"))
    told(own, 20, row("Replaced", "New", "60000.5", "0.3"))
    filled = {"execID": "bbbbbbbb-0000-4000-8000-000000000001", "execPriceRp": "60000.5", "execQty": "0.1"}
    for _ in range(2):  # told again, as a snapshot does
        told(own, 30, row("MakerFill", "PartiallyFilled", "60000.5", "0.2", tradeType="Trade", **filled))
    told(own, 40, row("Canceled", "Canceled", "60000.5", "0"))
    assert own.stands == {
        "BTCUSDT": [Stand(Side.BUY, 600_000, T + 10, T + 20, ORDER), Stand(Side.BUY, 600_005, T + 20, T + 40, ORDER)]
    }
    assert own.fills == {"BTCUSDT": [Fill(Side.BUY, 600_005, 100, T + 30)]}
    assert (own.fill_count, own.left_out) == (1, 0)


def test_an_order_that_is_open_stands_to_the_end(own: OwnOrders) -> None:
    told(own, 10, row("New", "New", "60000.0", "0.3"))
    own.finish(T + 99)
    assert own.stands == {"BTCUSDT": [Stand(Side.BUY, 600_000, T + 10, T + 99, ORDER)]}


def test_what_is_no_account_message_is_left_alone(own: OwnOrders) -> None:
    own.take(Entry(1, 1, T, EntryKind.ACCOUNT, 900, b'{"error":null,"id":3,"result":"pong"}'))
    own.take(Entry(2, 2, T, EntryKind.ACCOUNT, 900, b'{"orders_p":'))
    assert (own.stands, own.fills) == ({}, {})


def execution(number: int, at_ns: int, ord_status: str = "PartiallyFilled", **more: Any) -> dict[str, Any]:
    """0.1 that were bought at `at_ns`."""
    return row(
        "MakerFill", ord_status, "60000.0", "0.2", tradeType="Trade", execPriceRp="60000.0", execQty="0.1",
        execID=f"bbbbbbbb-0000-4000-8000-{number:012}", transactTimeNs=T + at_ns, **more,
    )  # fmt: skip


def test_what_a_snapshot_tells_of_before_is_not_of_the_recording(own: OwnOrders) -> None:
    """An order that was filled in part and cancelled long ago, its cancel forgotten; and one that is open."""
    still_open = row("MakerFill", "PartiallyFilled", "59000.0", "0.2", orderID=ORDER.replace("1", "2"))
    told(own, 10, still_open, execution(1, 3), execution(2, 4, orderID=ORDER.replace("1", "3")), kind="snapshot")
    told(own, 10, execution(3, 5), kind="snapshot")  # of the account in another currency
    own.finish(T + 99)
    assert own.fills == {}
    assert own.stands == {"BTCUSDT": [Stand(Side.BUY, 590_000, T + 10, T + 99, ORDER.replace("1", "2"))]}


def test_what_was_missed_while_the_stream_was_down_is_of_the_recording(own: OwnOrders) -> None:
    told(own, 10, kind="snapshot")
    told(own, 20, row("New", "New", "60000.0", "0.3"))
    told(own, 50, execution(1, 3), execution(2, 40, "Filled"), kind="snapshot")
    assert own.fills == {"BTCUSDT": [Fill(Side.BUY, 600_000, 100, T + 50)]}
    assert own.stands == {"BTCUSDT": [Stand(Side.BUY, 600_000, T + 20, T + 50, ORDER)]}
