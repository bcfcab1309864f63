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


def told(own: OwnOrders, at_ns: int, order: dict[str, Any]) -> None:
    message = orjson.dumps({
        "accounts_p": [], "orders_p": [order], "positions_p": [], "sequence": 1, "timestamp": T, "type": "incremental",
    })  # fmt: skip
    own.take(Entry(1, at_ns, T + at_ns, EntryKind.ACCOUNT, 900, message))


def test_an_order_from_its_rest_to_its_fill(own: OwnOrders) -> None:
    told(own, 10, row("New", "New", "60000.0", "0.3"))
    told(own, 20, row("Replaced", "New", "60000.5", "0.3"))
    execution = {"execID": "bbbbbbbb-0000-4000-8000-000000000001", "execPriceRp": "60000.5", "execQty": "0.1"}
    for _ in range(2):  # told again, as a snapshot does
        told(own, 30, row("MakerFill", "PartiallyFilled", "60000.5", "0.2", tradeType="Trade", **execution))
    told(own, 40, row("Canceled", "Canceled", "60000.5", "0"))
    assert own.stands == {
        "BTCUSDT": [Stand(Side.BUY, 600_000, T + 10, T + 20), Stand(Side.BUY, 600_005, T + 20, T + 40)]
    }
    assert own.fills == {"BTCUSDT": [Fill(Side.BUY, 600_005, 100, T + 30)]}
    assert (own.fill_count, own.left_out) == (1, 0)


def test_an_order_that_is_open_stands_to_the_end(own: OwnOrders) -> None:
    told(own, 10, row("New", "New", "60000.0", "0.3"))
    own.finish(T + 99)
    assert own.stands == {"BTCUSDT": [Stand(Side.BUY, 600_000, T + 10, T + 99)]}


def test_what_is_no_account_message_is_left_alone(own: OwnOrders) -> None:
    own.take(Entry(1, 1, T, EntryKind.ACCOUNT, 900, b'{"error":null,"id":3,"result":"pong"}'))
    own.take(Entry(2, 2, T, EntryKind.ACCOUNT, 900, b'{"orders_p":'))
    assert (own.stands, own.fills) == ({}, {})
