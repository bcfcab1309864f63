"""Amends of triggers, trailing terms and attached prices: checked like new ones, and in force at once."""

import pytest
from venue_driver import COIN_M_60K, SPOT_60K, SPOT_BTC, USD, USD_M_60K, USDT, Driver

TRAILING = {"ord_type": "Stop", "close_on_trigger": True, "trigger": "ByMarkPrice"}


@pytest.fixture
def d() -> Driver:
    return Driver()


def long_of(d: Driver, qty: int = 10) -> None:
    d.place(d.b, "BTCUSD", "Sell", qty, COIN_M_60K)
    d.place(d.a, "BTCUSD", "Buy", qty, COIN_M_60K)
    d.place(d.b, "BTCUSD", "Buy", 1000, COIN_M_60K - 200 * USD)
    d.place(d.b, "BTCUSD", "Sell", 1000, COIN_M_60K + 200 * USD)


def stop(d: Driver, **terms: object) -> str:
    """A waiting sell stop 50 dollars below the market; its client id."""
    terms = {"ord_type": "Stop", "stop_px": COIN_M_60K - 50 * USD, "trigger": "ByMarkPrice"} | terms
    d.place(d.a, "BTCUSD", "Sell", terms.pop("qty", 1), cl_ord_id="s", **terms)
    return "s"


def amended(d: Driver, **terms: object) -> int:
    return d.amend(d.a, "BTCUSD", orig_cl_ord_id="s", **terms).code


@pytest.mark.parametrize(
    ("terms", "code"),
    [
        ({"trigger": "ByMoon"}, 11038), ({"trigger": "ByLastPrice"}, 0), ({"trigger": "ByIndexPrice"}, 0),
        ({"stop_px": COIN_M_60K}, 11044), ({"stop_px": COIN_M_60K - 50 * USD + 1}, 39108), ({"stop_px": 0}, 11046),
        ({"stop_px": COIN_M_60K - USD}, 0), ({"peg_price_type": "TrailingStopPeg"}, 11086), ({"peg_offset": 5}, 11086),
    ],
)  # fmt: skip
def test_conditions_are_amended_to_what_a_new_order_could_have(d: Driver, terms: dict, code: int) -> None:
    stop(d)
    assert amended(d, **terms) == code


def test_working_order_has_no_trigger_to_amend(d: Driver) -> None:
    d.place(d.a, "BTCUSD", "Buy", 1, COIN_M_60K - USD, cl_ord_id="s")
    assert amended(d, stop_px=COIN_M_60K) == 11066
    assert amended(d, trigger="ByMarkPrice") == 11066


def test_spot_stop_watches_the_last_price_whatever_is_asked(d: Driver) -> None:
    terms = {"ord_type": "Stop", "stop_px": SPOT_60K - 10**8}
    d.place(d.a, "sBTCUSDT", "Sell", SPOT_BTC // 100, cl_ord_id="s", **terms)
    assert d.amend(d.a, "sBTCUSDT", orig_cl_ord_id="s", trigger="ByMarkPrice").code == 11038


def trailing(d: Driver, **terms: object) -> None:
    long_of(d)
    terms = {"peg_price_type": "TrailingStopPeg", "peg_offset": -50 * USD} | terms
    stop(d, qty=0, close_on_trigger=True, **terms)


@pytest.mark.parametrize(
    ("terms", "code"),
    [
        ({"peg_offset": 5 * USD}, 11091), ({"peg_offset": 0}, 11091), ({"stop_px": COIN_M_60K + 5 * USD}, 11087),
        ({"peg_price_type": "MidPricePeg"}, 11086), ({"peg_price_type": "UNSPECIFIED"}, 11086),
        ({"peg_price_type": "TrailingTakeProfitPeg"}, 11093), ({"peg_offset": -5 * USD}, 0),
        ({"peg_price_type": "TrailingTakeProfitPeg", "stop_px": COIN_M_60K + 5 * USD}, 0),
    ],
)  # fmt: skip
def test_trailing_terms_are_amended_to_the_right_side(d: Driver, terms: dict, code: int) -> None:
    trailing(d)
    assert amended(d, **terms) == code


def test_new_offset_moves_the_stop_at_once(d: Driver) -> None:
    trailing(d)
    d.set_mark("BTCUSD", COIN_M_60K + 100 * USD)
    assert [o.stop_px for o in d.venue.queries.open_orders(d.a, "BTCUSD")] == [COIN_M_60K + 50 * USD]
    assert amended(d, peg_offset=-20 * USD) == 0
    d.run()
    assert [o.stop_px for o in d.venue.queries.open_orders(d.a, "BTCUSD")] == [COIN_M_60K + 80 * USD]
    fired = d.set_mark("BTCUSD", COIN_M_60K + 80 * USD)
    assert [r.exec_qty for r in fired if r.user_id == d.a and r.is_trade] == [10]


def test_new_offset_is_taken_from_the_best_price_seen(d: Driver) -> None:
    trailing(d)
    d.set_mark("BTCUSD", COIN_M_60K + 100 * USD)
    d.set_mark("BTCUSD", COIN_M_60K + 70 * USD)  # the stop stays at 50
    assert amended(d, peg_offset=-40 * USD) == 0
    d.run()
    assert [o.stop_px for o in d.venue.queries.open_orders(d.a, "BTCUSD")] == [COIN_M_60K + 60 * USD]


def test_activation_price_is_amended_on_the_winning_side_until_it_was_reached(d: Driver) -> None:
    trailing(d, peg_price_type="TrailingTakeProfitPeg", stop_px=COIN_M_60K + 60 * USD)
    assert amended(d, stop_px=COIN_M_60K - 60 * USD) == 11093
    assert amended(d, stop_px=COIN_M_60K + 90 * USD) == 0
    d.run()
    d.set_mark("BTCUSD", COIN_M_60K + 70 * USD)
    assert not any(o.is_done for o in d.venue.queries.open_orders(d.a, "BTCUSD"))
    d.set_mark("BTCUSD", COIN_M_60K + 90 * USD)  # activated: the stop trails 50 behind
    assert [o.stop_px for o in d.venue.queries.open_orders(d.a, "BTCUSD")] == [COIN_M_60K + 40 * USD]
    assert amended(d, stop_px=COIN_M_60K + 95 * USD) == 11087
    assert amended(d, stop_px=COIN_M_60K + 60 * USD) == 0


def test_a_position_has_one_trailing_order(d: Driver) -> None:
    trailing(d)
    terms = {"peg_price_type": "TrailingStopPeg", "peg_offset": -5 * USD, "stop_px": COIN_M_60K - 5 * USD}
    assert d.refused(d.a, "BTCUSD", "Sell", 0, **TRAILING, **terms) == 11095
    d.cancel(d.a, "BTCUSD", cl_ord_id="s")
    d.run()
    assert d.refused(d.a, "BTCUSD", "Sell", 0, **TRAILING, **terms) == 0


@pytest.mark.parametrize(
    ("terms", "code"),
    [
        ({"take_profit": COIN_M_60K - 20 * USD}, 11047), ({"stop_loss": COIN_M_60K + 20 * USD}, 11048),
        ({"take_profit": COIN_M_60K + 20 * USD + 1}, 39108), ({"take_profit": -USD}, 11076),
        ({"stop_loss": 2_000_000 * USD}, 11078), ({"take_profit": 2_000_000 * USD}, 11075),
        ({"stop_loss": -USD}, 11079), ({"take_profit": COIN_M_60K + 20 * USD}, 0), ({"stop_loss": 0}, 0),
        ({"price": COIN_M_60K - 40 * USD, "take_profit": COIN_M_60K - 20 * USD}, 0),
    ],
)  # fmt: skip
def test_attached_prices_are_amended_like_new_ones(d: Driver, terms: dict, code: int) -> None:
    attached = {"take_profit": COIN_M_60K + 50 * USD, "stop_loss": COIN_M_60K - 50 * USD}
    d.place(d.a, "BTCUSD", "Buy", 4, COIN_M_60K - 10 * USD, cl_ord_id="s", **attached)
    assert amended(d, **terms) == code


def test_amended_take_profit_is_the_one_that_is_attached(d: Driver) -> None:
    d.place(d.a, "BTCUSD", "Buy", 4, COIN_M_60K, cl_ord_id="s", take_profit=COIN_M_60K + 50 * USD)
    assert amended(d, take_profit=COIN_M_60K + 70 * USD) == 0
    d.run()
    reports = d.place(d.b, "BTCUSD", "Sell", 1, COIN_M_60K)
    assert [r.stop_px for r in reports if r.ord_type == "MarketIfTouched"] == [COIN_M_60K + 70 * USD]
    assert amended(d, take_profit=COIN_M_60K + 90 * USD) == 11074  # an order of its own by now


def test_reduce_only_order_cannot_be_given_attached_ones(d: Driver) -> None:
    long_of(d)
    d.place(d.a, "BTCUSD", "Sell", 4, COIN_M_60K + 100 * USD, cl_ord_id="s", reduce_only=True)
    assert amended(d, take_profit=COIN_M_60K - USD) == 11096


def test_closing_side_of_a_hedged_position_carries_no_attached_orders(d: Driver) -> None:
    for user_id in (d.a, d.b):
        assert d.venue.set_position_mode(user_id, "BTCUSDT", "Hedged", d.now_ns).code == 0
    d.place(d.b, "BTCUSDT", "Sell", 10_000, USD_M_60K, pos_side="Short")
    d.place(d.a, "BTCUSDT", "Buy", 10_000, USD_M_60K, pos_side="Long")
    terms = {"pos_side": "Long", "take_profit": USD_M_60K - 100 * USDT}
    assert d.refused(d.a, "BTCUSDT", "Sell", 10_000, USD_M_60K, **terms) == 11096
