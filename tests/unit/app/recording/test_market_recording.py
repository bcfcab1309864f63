"""What is followed of each symbol when they are not all of one kind."""

import logging

import pytest

from tidings.app.recording.market_recording import channels_of
from tidings.errors import UnknownSymbol, UsageError
from tidings.exchange.catalogue import load_catalogue
from tidings.exchange.messages.json_text import success
from tidings.venue.phemex.products import parse_products


@pytest.fixture(scope="module")
def products():
    return parse_products(success(load_catalogue().as_json))


def plan_of(products, symbols, channels):
    plan = channels_of(products, symbols, channels)
    return {words: [instrument.symbol for instrument in instruments] for words, instruments in plan.items()}


def test_symbols_of_one_kind_are_followed_together(products):
    assert plan_of(products, ["BTCUSD", "BTCUSDT"], ["book", "index"]) == {("book", "index"): ["BTCUSD", "BTCUSDT"]}


def test_what_a_line_has_not_is_left_out_and_told(products, caplog):
    with caplog.at_level(logging.WARNING, "tidings.recorder"):
        plan = plan_of(products, ["BTCUSDT", "sBTCUSDT"], ["book", "index"])
    assert plan == {("book", "index"): ["BTCUSDT"], ("book",): ["sBTCUSDT"]}
    assert "left out: sBTCUSDT: the venue tells no index of it" in caplog.text


@pytest.mark.parametrize(
    ("symbols", "channels", "error"),
    [
        (["sBTCUSDT"], ["book", "index"], UsageError),
        (["BTCUSDT", "sBTCUSDT"], ["quotes"], UsageError),
        (["NOSUCH"], ["book"], UnknownSymbol),
    ],
)
def test_what_nobody_has_is_refused(products, symbols, channels, error):
    with pytest.raises(error):
        plan_of(products, symbols, channels)
