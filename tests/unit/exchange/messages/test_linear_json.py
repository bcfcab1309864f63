"""USD-M messages: numbers of any size, and nothing but the reports they are made for."""

import json

import pytest

from tidings.exchange.catalogue import load_catalogue
from tidings.exchange.messages import linear_json
from tidings.exchange.reports import AccountUpdate, OrderReport

BTCUSDT = load_catalogue().instruments["BTCUSDT"]


def report(**more: object) -> OrderReport:
    return OrderReport(
        instrument=BTCUSDT, user_id=1, order_id="o", cl_ord_id='"c"', side="Buy", pos_side="Merged", ord_type="Limit",
        time_in_force="GoodTillCancel", exec_inst="None", **more,
    )  # fmt: skip


def test_numbers_are_text_on_the_scales_of_the_instrument() -> None:
    row = json.loads(linear_json.order_reply(report(price=60_000_500_000_000, order_qty=10**30)))
    assert (row["priceRp"], row["orderQtyRq"]) == ("60000.5", "1" + "0" * (30 - BTCUSDT.qty_scale))


def test_a_client_id_is_quoted() -> None:
    assert json.loads(linear_json.stream_order(report(), 10_003))["clOrdID"] == '"c"'


def test_a_message_holds_all_its_orders() -> None:
    update = AccountUpdate(BTCUSDT.line, 1, "USDT", 2, 3, [report(order_qty=1), report(order_qty=2)])
    message = json.loads(linear_json.stream_message(update, 10_003))
    assert len(message["orders_p"]) == 2
    assert message["positions_p"] == message["accounts_p"] == []


def test_only_reports_are_written() -> None:
    for nothing in (None, 5):
        with pytest.raises(TypeError):
            linear_json.order_reply(nothing)
