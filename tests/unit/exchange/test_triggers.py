"""Conditional orders, trailing stops and attached take-profit and stop-loss. Table: phemex docs 2026, "Place order"."""

import pytest
from venue_driver import COIN_M_60K, SPOT_60K, SPOT_BTC, USD, Driver, steps

from tidings.exchange.orders.triggers import direction

NEW = ("New", "New")
REGISTERED = ("Untriggered", "Registered")
TRIGGERED = ("Triggered", "PendingNew")


@pytest.fixture
def d() -> Driver:
    return Driver()


def long_of(d: Driver, qty: int = 10) -> None:
    """User a holds a long position; user b makes a market of 1000 around 60000."""
    d.place(d.b, "BTCUSD", "Sell", qty, COIN_M_60K)
    d.place(d.a, "BTCUSD", "Buy", qty, COIN_M_60K)
    d.place(d.b, "BTCUSD", "Buy", 1000, COIN_M_60K - 10 * USD)
    d.place(d.b, "BTCUSD", "Sell", 1000, COIN_M_60K + 10 * USD)


@pytest.mark.parametrize(
    ("ord_type", "side", "expected"),
    [
        ("Stop", -1, "Falling"), ("StopLimit", -1, "Falling"), ("Stop", 1, "Rising"), ("StopLimit", 1, "Rising"),
        ("MarketIfTouched", -1, "Rising"), ("LimitIfTouched", -1, "Rising"),
        ("MarketIfTouched", 1, "Falling"), ("LimitIfTouched", 1, "Falling"),
    ],
)  # fmt: skip
def test_direction_follows_type_and_side(ord_type: str, side: int, expected: str) -> None:
    assert direction(ord_type, side) == expected


@pytest.mark.parametrize(
    ("ord_type", "side", "below", "code"),
    [
        ("Stop", "Sell", False, 11044), ("Stop", "Buy", True, 11043), ("StopLimit", "Buy", True, 11043),
        ("MarketIfTouched", "Sell", True, 11043), ("LimitIfTouched", "Buy", False, 11044),
        ("Stop", "Sell", True, 0), ("Stop", "Buy", False, 0), ("MarketIfTouched", "Sell", False, 0),
        ("MarketIfTouched", "Buy", True, 0),
    ],
)  # fmt: skip
def test_trigger_that_would_fire_at_once_is_refused(
    d: Driver, ord_type: str, side: str, below: bool, code: int
) -> None:
    stop_px = COIN_M_60K + (-USD if below else USD)
    terms = {"ord_type": ord_type, "stop_px": stop_px, "trigger": "ByMarkPrice"}
    assert d.refused(d.a, "BTCUSD", side, 1, COIN_M_60K, **terms) == code


def test_conditional_order_is_registered_triggered_and_then_lives_like_any_other(d: Driver) -> None:
    terms = {"ord_type": "StopLimit", "stop_px": COIN_M_60K - 5 * USD, "trigger": "ByMarkPrice"}
    reply = d.create(d.a, "BTCUSD", "Sell", 7, COIN_M_60K + USD, **terms)
    assert (reply.order.ord_status, reply.order.exec_status, reply.order.leaves_qty) == (*REGISTERED, 0)
    (report,) = d.run()
    assert (report.ord_status, report.exec_status, report.leaves_qty, report.added_seq) == (*REGISTERED, 0, 0)
    assert (report.stop_direction, report.trigger, report.stop_px) == ("Falling", "ByMarkPrice", 599_950_000)
    assert d.set_mark("BTCUSD", COIN_M_60K - 4 * USD) == []
    reports = d.set_mark("BTCUSD", COIN_M_60K - 5 * USD)
    assert steps(reports) == [TRIGGERED, NEW]
    assert (reports[1].leaves_qty, reports[1].price, reports[1].trigger_time_ns > 0) == (7, COIN_M_60K + USD, True)


def test_stop_becomes_a_market_order(d: Driver) -> None:
    long_of(d)
    terms = {"ord_type": "Stop", "stop_px": COIN_M_60K - 5 * USD, "trigger": "ByMarkPrice"}
    assert d.place(d.a, "BTCUSD", "Sell", 4, **terms)[0].price == 0
    reports = d.set_mark("BTCUSD", COIN_M_60K - 5 * USD)
    mine = [r for r in reports if r.user_id == d.a]
    assert steps(mine) == [TRIGGERED, NEW, ("Filled", "TakerFill")]
    assert (mine[-1].exec_price, mine[-1].time_in_force) == (COIN_M_60K - 10 * USD, "ImmediateOrCancel")


def test_last_price_triggers_fire_on_trades_of_others(d: Driver) -> None:
    long_of(d)
    terms = {"ord_type": "MarketIfTouched", "stop_px": COIN_M_60K + 10 * USD, "trigger": "ByLastPrice"}
    d.place(d.a, "BTCUSD", "Sell", 4, **terms)
    reports = d.place(d.b, "BTCUSD", "Buy", 1, COIN_M_60K + 10 * USD)  # b trades with itself at the trigger price
    assert steps(reports, d.a) == [TRIGGERED, NEW, ("Filled", "TakerFill")]


def test_canceled_untriggered_order_is_deactivated(d: Driver) -> None:
    terms = {"ord_type": "Stop", "stop_px": COIN_M_60K + USD, "trigger": "ByMarkPrice", "cl_ord_id": "c"}
    d.place(d.a, "BTCUSD", "Buy", 4, **terms)
    d.cancel(d.a, "BTCUSD", cl_ord_id="c")
    (report,) = d.run()
    assert (report.ord_status, report.exec_status, report.exec_qty) == ("Deactivated", "Canceled", 0)
    assert d.set_mark("BTCUSD", COIN_M_60K + 2 * USD) == []


def test_amended_trigger_price_counts(d: Driver) -> None:
    terms = {"ord_type": "Stop", "stop_px": COIN_M_60K + USD, "trigger": "ByMarkPrice", "cl_ord_id": "c"}
    d.place(d.a, "BTCUSD", "Buy", 4, **terms)
    assert d.amend(d.a, "BTCUSD", orig_cl_ord_id="c", stop_px=COIN_M_60K - USD).code == 11043
    d.amend(d.a, "BTCUSD", orig_cl_ord_id="c", stop_px=COIN_M_60K + 3 * USD, qty=5)
    (report,) = d.run()
    assert (report.ord_status, report.exec_status, report.order_qty) == ("Untriggered", "Replaced", 5)
    assert d.set_mark("BTCUSD", COIN_M_60K + 2 * USD) == []
    assert steps(d.set_mark("BTCUSD", COIN_M_60K + 3 * USD))[0] == TRIGGERED


def test_triggered_order_without_balance_is_rejected(d: Driver) -> None:
    terms = {"ord_type": "StopLimit", "stop_px": COIN_M_60K + USD, "trigger": "ByMarkPrice"}
    d.place(d.a, "BTCUSD", "Buy", 20_000_000, COIN_M_60K, **terms)  # 333 BTC at ten times leverage, 10 BTC there
    (report,) = d.set_mark("BTCUSD", COIN_M_60K + USD)
    assert (report.ord_status, report.code) == ("Rejected", 11001)


def test_spot_stop_locks_money_only_when_it_triggers(d: Driver) -> None:
    d.place(d.b, "sBTCUSDT", "Buy", SPOT_BTC, SPOT_60K)
    terms = {"ord_type": "Stop", "stop_px": SPOT_60K - 10**8, "trigger": "ByLastPrice"}
    d.place(d.a, "sBTCUSDT", "Sell", SPOT_BTC // 100, **terms)
    assert d.venue.wallets(d.a, "BTC")[0].locked_trading_balance == 0
    d.venue.markets["sBTCUSDT"].last_price = SPOT_60K - 10**8
    d.venue.lives["sBTCUSDT"].flow([], [], d.now_ns)
    assert steps(d.run(), d.a) == [TRIGGERED, NEW, ("Filled", "TakerFill")]


# Trailing stops.

TRAILING = {"ord_type": "Stop", "trigger": "ByMarkPrice", "close_on_trigger": True}


def test_trailing_stop_follows_the_best_price_and_closes_the_position(d: Driver) -> None:
    long_of(d)
    stop = {"peg_price_type": "TrailingStopPeg", "peg_offset": -5 * USD, "stop_px": COIN_M_60K - 5 * USD}
    assert steps(d.place(d.a, "BTCUSD", "Sell", 0, **TRAILING, **stop)) == [REGISTERED]
    assert d.set_mark("BTCUSD", COIN_M_60K + 3 * USD) == []
    assert d.set_mark("BTCUSD", COIN_M_60K - 1 * USD) == []
    mine = [r for r in d.set_mark("BTCUSD", COIN_M_60K - 2 * USD) if r.user_id == d.a]  # 3 − 5
    assert steps(mine) == [TRIGGERED, NEW, ("Filled", "TakerFill")]
    assert (mine[1].order_qty, mine[1].exec_inst) == (10, "CloseOnTrigger")
    assert d.net_qty(d.a, "BTCUSD") == 0


def test_trailing_take_profit_waits_for_its_activation_price(d: Driver) -> None:
    long_of(d)
    peg = {"peg_price_type": "TrailingTakeProfitPeg", "peg_offset": -2 * USD, "stop_px": COIN_M_60K + 5 * USD}
    d.place(d.a, "BTCUSD", "Sell", 0, **TRAILING, **peg)
    assert d.set_mark("BTCUSD", COIN_M_60K - 50 * USD) == []
    assert d.set_mark("BTCUSD", COIN_M_60K + 6 * USD) == []
    assert steps(d.set_mark("BTCUSD", COIN_M_60K + 4 * USD), d.a)[0] == TRIGGERED


@pytest.mark.parametrize(
    ("side", "peg", "offset", "stop", "code"),
    [
        ("Sell", "TrailingStopPeg", 5, -5, 11091), ("Sell", "TrailingStopPeg", -5, 5, 11087),
        ("Sell", "TrailingTakeProfitPeg", -5, -5, 11093), ("Sell", "LastPeg", -5, -5, 11086),
        ("Buy", "TrailingStopPeg", -5, 5, 11092), ("Buy", "TrailingStopPeg", 5, -5, 11090),
        ("Buy", "TrailingTakeProfitPeg", 5, 5, 11094),
    ],
)  # fmt: skip
def test_trailing_terms_on_the_wrong_side_are_refused(
    d: Driver, side: str, peg: str, offset: int, stop: int, code: int
) -> None:
    long_of(d)
    terms = {"peg_price_type": peg, "peg_offset": offset * USD, "stop_px": COIN_M_60K + stop * USD}
    assert d.refused(d.a, "BTCUSD", side, 0, **TRAILING, **terms) == code


def test_position_sized_order_needs_a_position_on_the_other_side(d: Driver) -> None:
    terms = {"peg_price_type": "TrailingStopPeg", "peg_offset": -5 * USD, "stop_px": COIN_M_60K - 5 * USD}
    assert d.refused(d.a, "BTCUSD", "Sell", 0, **TRAILING, **terms) == 11013
    d.place(d.b, "BTCUSD", "Buy", 1, COIN_M_60K)
    d.place(d.a, "BTCUSD", "Sell", 1, COIN_M_60K)
    assert d.refused(d.a, "BTCUSD", "Sell", 0, **TRAILING, **terms) == 11014


# Attached take-profit and stop-loss.

ATTACHED = {"take_profit": COIN_M_60K + 20 * USD, "stop_loss": COIN_M_60K - 20 * USD, "tp_trigger": "ByMarkPrice"}


def test_first_fill_creates_the_attached_orders(d: Driver) -> None:
    d.place(d.b, "BTCUSD", "Sell", 10, COIN_M_60K)
    mine = [r for r in d.place(d.a, "BTCUSD", "Buy", 10, COIN_M_60K, **ATTACHED) if r.user_id == d.a]
    assert steps(mine) == [NEW, ("Filled", "TakerFill"), REGISTERED, REGISTERED]
    tp, sl = mine[2:]
    assert (tp.ord_type, tp.side, tp.stop_px, tp.trigger) == ("MarketIfTouched", "Sell", 600_200_000, "ByMarkPrice")
    assert (sl.ord_type, sl.side, sl.stop_px, sl.trigger) == ("Stop", "Sell", 599_800_000, "ByMarkPrice")
    assert tp.exec_inst == sl.exec_inst == "CloseOnTrigger"


def test_attached_order_closes_the_position_and_its_twin_is_deactivated(d: Driver) -> None:
    d.place(d.b, "BTCUSD", "Sell", 10, COIN_M_60K)
    d.place(d.a, "BTCUSD", "Buy", 10, COIN_M_60K, **ATTACHED)
    d.place(d.b, "BTCUSD", "Buy", 10, COIN_M_60K)
    mine = [r for r in d.set_mark("BTCUSD", COIN_M_60K + 20 * USD) if r.user_id == d.a]
    assert steps(mine) == [TRIGGERED, NEW, ("Filled", "TakerFill"), ("Deactivated", "Aborted")]
    assert (mine[0].ord_type, mine[-1].ord_type) == ("MarketIfTouched", "Stop")
    assert (d.net_qty(d.a, "BTCUSD"), d.venue.queries.open_orders(d.a, "BTCUSD")) == (0, [])


@pytest.mark.parametrize(
    ("side", "take_profit", "stop_loss", "code"),
    [("Buy", -1, 0, 11047), ("Buy", 0, 1, 11048), ("Sell", 1, 0, 11050), ("Sell", 0, -1, 11052), ("Sell", -1, 1, 0)],
)
def test_attached_prices_on_the_wrong_side_are_refused(
    d: Driver, side: str, take_profit: int, stop_loss: int, code: int
) -> None:
    terms = {
        "take_profit": COIN_M_60K + take_profit * USD if take_profit else 0,
        "stop_loss": COIN_M_60K + stop_loss * USD if stop_loss else 0,
    }
    assert d.refused(d.a, "BTCUSD", side, 1, COIN_M_60K, **terms) == code


@pytest.mark.parametrize(
    ("side", "take_profit", "code"),
    [("Buy", COIN_M_60K + 20 * USD + 1, 39108), ("Sell", -USD, 11076)],
)
def test_attached_prices_off_the_grid_or_below_it_are_refused(
    d: Driver, side: str, take_profit: int, code: int
) -> None:
    assert d.refused(d.a, "BTCUSD", side, 1, COIN_M_60K, take_profit=take_profit) == code
    assert d.venue.queries.open_orders(d.a, "BTCUSD") == []


def test_nothing_can_be_attached_to_closing_orders_or_beside_a_position(d: Driver) -> None:
    long_of(d)
    assert d.refused(d.a, "BTCUSD", "Buy", 1, COIN_M_60K, **ATTACHED) == 11074
    assert d.refused(d.a, "BTCUSD", "Sell", 1, COIN_M_60K, reduce_only=True, stop_loss=COIN_M_60K + USD) == 11096
