"""Who would be deleveraged first: the rank by profit for margin among the positions of a side.

Three shorts of 1 BTC from 60,000: `c` at 50x has the highest return on its margin, then `b` and `e` at 10x, of whom
`b` was opened lower and gains less.
"""

import json
from dataclasses import replace

import pytest
from money_driver import ask
from venue_driver import MILLI_BTC, USD_M_60K, USDT, Driver

from tidings.exchange.catalogue import Line
from tidings.exchange.messages import contract_json, linear_json
from tidings.exchange.streams.account_channels import AccountChannels
from tidings.exchange.streams.subscriptions import Key

X = 10**8
BTC = 1_000 * MILLI_BTC


@pytest.fixture
def d() -> Driver:
    """`a` is long 3 BTC against shorts of the three others."""
    d = Driver()
    e = d.venue.user_ids[3]
    for user_id, leverage, price in ((d.b, 10, 59_000 * USDT), (d.c, 50, USD_M_60K), (e, 10, USD_M_60K)):
        d.venue.set_leverage(user_id, "BTCUSDT", d.now_ns, leverage_er=leverage * X)
        d.place(user_id, "BTCUSDT", "Sell", BTC, price)
        d.place(d.a, "BTCUSDT", "Buy", BTC, price)
    return d


def ranks(d: Driver) -> list[int]:
    """Of a, b, c and the fourth user."""
    return [d.venue.positions(user_id, Line.USD_M, symbol="BTCUSDT")[0].deleverage_er for user_id in d.venue.user_ids]


def lights(d: Driver, user_id: int) -> list[int]:
    channels = AccountChannels(d.venue)
    messages = [json.loads(text) for text, _ in channels.snapshot(Key("aop_p"), user_id, d.now_ns)]
    return [message["position_info"]["light"] for message in messages if "position_info" in message]


def test_rank_is_by_profit_for_margin_among_the_side(d: Driver) -> None:
    d.set_mark("BTCUSDT", 58_000 * USDT)
    assert ranks(d) == [0, 33_333_333, X, 66_666_666], "the long loses"
    assert [lights(d, user_id) for user_id in d.venue.user_ids] == [[1], [2], [5], [4]]


def test_position_that_loses_is_not_deleveraged(d: Driver) -> None:
    d.set_mark("BTCUSDT", 59_500 * USDT)
    assert ranks(d) == [0, 0, X, 66_666_666]
    d.set_mark("BTCUSDT", 60_500 * USDT)
    assert ranks(d) == [X, 0, 0, 0]


def test_rank_is_of_the_moment_and_gone_with_the_position(d: Driver) -> None:
    d.venue.markets["BTCUSDT"].mark_price = 58_000 * USDT  # no flow has looked at it
    assert ranks(d)[2] == X
    d.place(d.a, "BTCUSDT", "Sell", BTC, 58_000 * USDT)
    d.place(d.c, "BTCUSDT", "Buy", BTC, 58_000 * USDT)
    assert ranks(d) == [0, X // 2, 0, X]


def test_every_message_about_a_position_shows_it(d: Driver) -> None:
    d.set_mark("BTCUSDT", 58_000 * USDT)
    rows = ask(d, "GET", "/g-accounts/accountPositions", d.b, currency="USDT")["data"]["positions"]
    assert [row["deleveragePercentileRr"] for row in rows if row["symbol"] == "BTCUSDT"] == ["0.33333333"]
    (state,) = d.venue.positions(d.b, Line.USD_M, symbol="BTCUSDT")
    for text in (linear_json.stream_position(state), linear_json.rest_position_with_pnl(state)):
        assert json.loads(text)["deleveragePercentileRr"] == "0.33333333"
    state = replace(state, instrument=d.venue.catalogue.instruments["BTCUSD"])
    for text in (contract_json.stream_position(state), contract_json.rest_position_with_pnl(state)):
        assert json.loads(text)["deleveragePercentileEr"] == 33_333_333
    row = json.loads(contract_json.rest_position(state))
    assert (row["deleveragePercentileEr"], row["deleveragePercentile"]) == (33_333_333, 0.33333333)
