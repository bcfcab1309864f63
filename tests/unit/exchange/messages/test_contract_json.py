"""COIN-M messages: scaled integers and their twins of any size, and nothing but the reports they are made for."""

import pytest

from tidings.exchange.catalogue import load_catalogue
from tidings.exchange.messages import contract_json
from tidings.exchange.reports import OrderReport

BTCUSD = load_catalogue().instruments["BTCUSD"]


def report(**more: object) -> OrderReport:
    return OrderReport(
        instrument=BTCUSD, user_id=1, order_id="o", cl_ord_id="c", side="Buy", pos_side="Merged", ord_type="Limit",
        time_in_force="GoodTillCancel", exec_inst="None", **more,
    )  # fmt: skip


def test_a_twin_stands_beside_its_integer() -> None:
    row = contract_json.order_reply(report(price=600_000_000, cum_value=10**30))
    assert '"priceEp":600000000,"price":60000.00000000,' in row
    assert f'"cumValueEv":{10**30},"cumValue":{10**22}.00000000,' in row


def test_a_twin_of_nothing_has_an_exponent() -> None:
    assert '"stopPxEp":0,"stopPx":0E-8,' in contract_json.order_reply(report())


def test_a_trigger_that_was_not_given_shows_a_default() -> None:
    assert contract_json.trigger_or("UNSPECIFIED", "ByMarkPrice") == "ByMarkPrice"
    assert contract_json.trigger_or("ByLastPrice", "ByMarkPrice") == "ByLastPrice"


def test_only_reports_are_written() -> None:
    for nothing in (None, 5):
        with pytest.raises(TypeError):
            contract_json.stream_order(nothing, 1)
