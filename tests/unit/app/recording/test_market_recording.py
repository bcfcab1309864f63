"""What is followed of each symbol when they are not all of one kind."""

import logging
from types import SimpleNamespace

import pytest

from tidings.app.recording.market_recording import channels_of, market_recording
from tidings.app.world import World
from tidings.clock import Clock
from tidings.config import load_settings
from tidings.errors import UnknownSymbol, UsageError
from tidings.exchange.catalogue import load_catalogue
from tidings.exchange.messages.json_text import success
from tidings.venue.phemex.market_topics import KLINE_INTERVALS_S
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


async def test_a_recording_takes_no_more_connections_than_the_settings_say(products, tmp_path):
    async def read_anew():
        return products

    engine = SimpleNamespace(
        settings=load_settings("local", environ={}, market_connections=1), clock=Clock(), world=World(),
        catalogue=SimpleNamespace(read_anew=read_anew, body=b"{}"), credentials=None,
        access=SimpleNamespace(endpoints=SimpleNamespace(environment="local"), stream_url="ws://127.0.0.1:1/"),
    )  # fmt: skip
    words = [f"kline:{seconds}" for seconds in KLINE_INTERVALS_S]
    with pytest.raises(UsageError, match=r"the venue allows 20 \(1 connections of 20 each\)"):
        async with market_recording(engine, str(tmp_path / "r"), ["BTCUSD", "BTCUSDT"], words):
            pass
    assert not (tmp_path / "r").exists()
