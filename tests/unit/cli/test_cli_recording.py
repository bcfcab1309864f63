"""Whose the messages of a recording are, as `tidings recording` counts them."""

import pytest

from tidings.cli.recording import Contents
from tidings.recorder.entries import Entry, EntryKind


@pytest.mark.parametrize(
    ("message", "whose"),
    [
        (b'{"market24h":{"close":1,"symbol":"cETHUSD","volume":1},"timestamp":1}', "(ticker of all)"),
        (b'{"data":[["BTCUSDT"]],"method":"perp_market24h_pack_p.update","timestamp":1}', "(ticker of all)"),
        (b'{"sequence":1,"symbol":"BTCUSD","trades":[],"type":"incremental"}', "BTCUSD"),
        (b'{"error":null,"id":1,"result":"pong"}', "(answers)"),
    ],
)
def test_a_ticker_is_of_all_though_one_was_asked_for(message, whose):
    contents = Contents()
    contents.add(Entry(1, 1, 1, EntryKind.MARKET, 1, message))
    assert dict(contents.symbols) == {whose: 1}
