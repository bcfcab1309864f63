"""Reports are values: made by keyword, compared by content, copied with changes, kept by the state file."""

from dataclasses import fields, replace

import pytest

from tidings.exchange.catalogue import load_catalogue
from tidings.exchange.reports import AccountUpdate, OrderReport, Reply
from tidings.exchange.saved.graph_words import attributes

BTCUSDT = load_catalogue().instruments["BTCUSDT"]


def report(**more: object) -> OrderReport:
    return OrderReport(
        instrument=BTCUSDT, user_id=1, order_id="o", cl_ord_id="c", side="Buy", pos_side="Merged", ord_type="Limit",
        time_in_force="GoodTillCancel", exec_inst="None", **more,
    )  # fmt: skip


def test_a_report_is_compared_by_what_it_says() -> None:
    assert report(price=5) == report(price=5)
    assert report(price=5) != report(price=6)


def test_a_copy_with_a_change_leaves_the_original() -> None:
    first = report(price=5)
    assert replace(first, price=7).price == 7
    assert first.price == 5


def test_numbers_have_no_bound() -> None:
    assert report(cum_value=10**30).cum_value == 10**30


def test_lists_are_not_shared() -> None:
    assert Reply().orders is not Reply().orders


def test_a_field_that_does_not_exist_is_refused() -> None:
    with pytest.raises(TypeError):
        report(volume=1)
    with pytest.raises(AttributeError):
        report().volume = 1


def test_the_state_file_finds_every_field() -> None:
    update = AccountUpdate(BTCUSDT.line, 1, "USDT", 2, 3, [report()])
    names, values = attributes(update)
    assert set(names) == {field.name for field in fields(AccountUpdate)}
    assert dict(zip(names, values, strict=True))["orders"] == [report()]


@pytest.mark.parametrize(
    ("status", "trade_type", "is_done", "is_trade"), [("New", "", False, False), ("Filled", "Trade", True, True)]
)
def test_what_follows_from_its_words(status: str, trade_type: str, is_done: bool, is_trade: bool) -> None:
    told = report(ord_status=status, trade_type=trade_type)
    assert (told.is_done, told.is_trade) == (is_done, is_trade)
