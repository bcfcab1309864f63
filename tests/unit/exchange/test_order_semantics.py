"""What each price a trigger can watch, each attached order, each self-trade rule and close-on-trigger do.

Sources: phemex docs 2026, "Place order", "Self trade prevention", enumerations of triggers.
"""

import pytest
from venue_driver import COIN_M_60K, MILLI_BTC, USD, USD_M_60K, USDT, Driver

from tidings.exchange.catalogue import ONE_ER, Line
from tidings.exchange.venue_rules import Rules


@pytest.fixture
def d() -> Driver:
    return Driver()


def own(reports: list, user_id: int) -> list:
    return [report for report in reports if report.user_id == user_id]


# Triggers.


def quotes(d: Driver, bid: int, offer: int) -> None:
    d.place(d.b, "BTCUSDT", "Buy", MILLI_BTC, USD_M_60K + bid * USDT, cl_ord_id=f"bid{bid}")
    d.place(d.b, "BTCUSDT", "Sell", MILLI_BTC, USD_M_60K + offer * USDT, cl_ord_id=f"offer{offer}")


@pytest.mark.parametrize(
    ("trigger", "moves"),
    [
        ("ByLastPrice", "last"), ("ByLastPriceLimit", "last"), ("ByMarkPrice", "mark"), ("ByMarkPriceLimit", "mark"),
        ("ByIndexPrice", "index"),
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    ("ord_type", "side", "distance"),
    [
        ("Stop", "Buy", 50), ("Stop", "Sell", -50), ("StopLimit", "Buy", 50), ("StopLimit", "Sell", -50),
        ("MarketIfTouched", "Buy", -50), ("MarketIfTouched", "Sell", 50), ("LimitIfTouched", "Buy", -50),
        ("LimitIfTouched", "Sell", 50),
    ],
)  # fmt: skip
def test_each_conditional_type_fires_by_each_price_in_its_direction_and_by_no_other(
    d: Driver, trigger: str, moves: str, ord_type: str, side: str, distance: int
) -> None:
    price = USD_M_60K if ord_type.endswith(("StopLimit", "LimitIfTouched")) else 0
    stop_px = USD_M_60K + distance * USDT
    d.place(d.a, "BTCUSDT", side, MILLI_BTC, price, ord_type=ord_type, stop_px=stop_px, trigger=trigger)
    for name in {"last", "mark", "index"} - {moves}:
        d.venue.set_price("BTCUSDT", d.now_ns, **{name: stop_px + distance * USDT})
        assert d.run() == []
    short_of = stop_px - USDT if distance > 0 else stop_px + USDT
    d.venue.set_price("BTCUSDT", d.now_ns, **{moves: short_of})
    assert d.run() == []
    d.venue.set_price("BTCUSDT", d.now_ns, **{moves: stop_px})
    assert next(r.ord_status for r in d.run()) == "Triggered"


def test_bid_and_ask_triggers_watch_the_book(d: Driver) -> None:
    quotes(d, -10, 10)
    terms = {"ord_type": "Stop", "stop_px": USD_M_60K + 20 * USDT}
    d.place(d.a, "BTCUSDT", "Buy", MILLI_BTC, cl_ord_id="by ask", trigger="ByAskPrice", **terms)
    d.place(d.a, "BTCUSDT", "Buy", MILLI_BTC, cl_ord_id="by bid", trigger="ByBidPrice", **terms)
    d.cancel(d.b, "BTCUSDT", cl_ord_id="offer10")
    d.run()
    fired = d.place(d.b, "BTCUSDT", "Sell", 10 * MILLI_BTC, USD_M_60K + 25 * USDT)
    assert {r.cl_ord_id for r in own(fired, d.a)} == {"by ask"}
    fired = d.place(d.b, "BTCUSDT", "Buy", MILLI_BTC, USD_M_60K + 20 * USDT)
    assert {r.cl_ord_id for r in own(fired, d.a)} == {"by bid"}
    empty = Driver()
    assert empty.refused(empty.a, "BTCUSDT", "Buy", MILLI_BTC, trigger="ByAskPrice", **terms) == 11042


# Attached orders.


@pytest.mark.parametrize(("symbol", "price", "unit", "qty"), [
    ("BTCUSD", COIN_M_60K, USD, 10), ("BTCUSDT", USD_M_60K, USDT, MILLI_BTC),
])  # fmt: skip
@pytest.mark.parametrize("side", ["Buy", "Sell"])
def test_attached_limit_prices_make_limit_orders(
    d: Driver, symbol: str, price: int, unit: int, qty: int, side: str
) -> None:
    sign = 1 if side == "Buy" else -1
    terms = {
        "take_profit": price + sign * 20 * unit, "tp_px": price + sign * 19 * unit, "tp_trigger": "ByLastPrice",
        "stop_loss": price - sign * 20 * unit, "sl_px": price - sign * 25 * unit, "sl_trigger": "ByIndexPrice",
    }  # fmt: skip
    other = "Sell" if side == "Buy" else "Buy"
    d.place(d.b, symbol, other, qty, price)
    mine = own(d.place(d.a, symbol, side, qty, price, **terms), d.a)
    tp, sl = mine[-2:]
    assert (tp.ord_type, tp.side, tp.price, tp.trigger) == ("LimitIfTouched", other, terms["tp_px"], "ByLastPrice")
    assert (sl.ord_type, sl.side, sl.price, sl.trigger) == ("StopLimit", other, terms["sl_px"], "ByIndexPrice")
    d.venue.set_price(symbol, d.now_ns, index=terms["stop_loss"])
    fired = own(d.run(), d.a)
    assert [(r.ord_status, r.price, r.leaves_qty) for r in fired[-1:]] == [("New", terms["sl_px"], qty)]


def test_attached_orders_follow_the_whole_position_and_outlive_their_order(d: Driver) -> None:
    d.place(d.b, "BTCUSD", "Sell", 4, COIN_M_60K)
    d.place(d.a, "BTCUSD", "Buy", 10, COIN_M_60K, cl_ord_id="x", stop_loss=COIN_M_60K - 20 * USD)
    d.cancel(d.a, "BTCUSD", cl_ord_id="x")
    d.run()
    d.place(d.b, "BTCUSD", "Sell", 3, COIN_M_60K)
    d.place(d.a, "BTCUSD", "Buy", 3, COIN_M_60K)
    d.place(d.b, "BTCUSD", "Buy", 50, COIN_M_60K - 20 * USD)
    fills = [r for r in own(d.set_mark("BTCUSD", COIN_M_60K - 20 * USD), d.a) if r.is_trade]
    assert (sum(r.exec_qty for r in fills), d.net_qty(d.a, "BTCUSD")) == (7, 0)


@pytest.mark.parametrize("ord_type", ["Stop", "MarketIfTouched"])
def test_standalone_stop_loss_and_take_profit_close_the_position(d: Driver, ord_type: str) -> None:
    d.place(d.b, "BTCUSD", "Sell", 10, COIN_M_60K)
    d.place(d.a, "BTCUSD", "Buy", 10, COIN_M_60K)
    d.place(d.b, "BTCUSD", "Buy", 50, COIN_M_60K)
    stop_px = COIN_M_60K + (-20 if ord_type == "Stop" else 20) * USD
    terms = {"ord_type": ord_type, "stop_px": stop_px, "trigger": "ByMarkPrice", "close_on_trigger": True}
    d.place(d.a, "BTCUSD", "Sell", 0, **terms)
    d.set_mark("BTCUSD", stop_px)
    assert d.net_qty(d.a, "BTCUSD") == 0


# Close on trigger.


def test_closing_order_makes_way_for_itself_where_the_account_cannot_carry_both(d: Driver) -> None:
    """Resting sells beyond the position cost margin once a closing sell stands beside them: the newest go first."""
    d.venue.set_leverage(d.a, "BTCUSD", d.now_ns, leverage_er=10 * ONE_ER)
    qty = 2_000_000  # 33.3 BTC, 3.33 of margin; the account holds 10
    d.place(d.b, "BTCUSD", "Sell", 1_000_000, COIN_M_60K)
    d.place(d.c, "BTCUSD", "Sell", 1_000_000, COIN_M_60K)
    d.place(d.a, "BTCUSD", "Buy", qty, COIN_M_60K)
    for name, price in (("old", 60_100), ("new", 60_200)):
        d.place(d.a, "BTCUSD", "Sell", 2_200_000, price * USD, cl_ord_id=name)
    d.place(d.a, "BTCUSD", "Buy", 100_000, 50_000 * USD, cl_ord_id="other side")
    stop = {"ord_type": "StopLimit", "stop_px": COIN_M_60K - 20 * USD, "trigger": "ByMarkPrice"}
    d.place(d.a, "BTCUSD", "Sell", qty, COIN_M_60K + 50 * USD, cl_ord_id="close", close_on_trigger=True, **stop)
    fired = own(d.set_mark("BTCUSD", COIN_M_60K - 20 * USD), d.a)
    assert [r.cl_ord_id for r in fired if r.ord_status == "Canceled"] == ["new"]
    assert fired[-1].cl_ord_id == "close"
    resting = {r.cl_ord_id for r in d.venue.queries.open_orders(d.a, "BTCUSD")}
    assert resting == {"old", "other side", "close"}


def test_closing_order_leaves_others_alone_where_the_account_carries_them(d: Driver) -> None:
    d.place(d.b, "BTCUSD", "Sell", 10, COIN_M_60K)
    d.place(d.a, "BTCUSD", "Buy", 10, COIN_M_60K)
    d.place(d.a, "BTCUSD", "Sell", 20, COIN_M_60K + 90 * USD, cl_ord_id="other")
    stop = {"ord_type": "Stop", "stop_px": COIN_M_60K - 20 * USD, "trigger": "ByMarkPrice", "close_on_trigger": True}
    d.place(d.b, "BTCUSD", "Buy", 10, COIN_M_60K - 20 * USD)
    d.place(d.a, "BTCUSD", "Sell", 10, **stop)
    d.set_mark("BTCUSD", COIN_M_60K - 20 * USD)
    assert d.net_qty(d.a, "BTCUSD") == 0
    assert [r.cl_ord_id for r in d.venue.queries.open_orders(d.a, "BTCUSD")] == ["other"]


# Self-trade prevention.


@pytest.mark.parametrize(
    ("maker", "taker", "traded", "maker_lives", "taker_lives"),
    [
        ("None", "None", True, False, False), ("None", "CancelMaker", False, False, True),
        ("None", "CancelTaker", False, True, False), ("None", "CancelBoth", False, False, False),
        ("CancelBoth", "CancelTaker", False, True, False), ("CancelTaker", "CancelMaker", False, False, True),
        ("CancelMaker", "None", False, False, True),
    ],
)  # fmt: skip
@pytest.mark.parametrize("has_group", [True, False])
def test_self_trade_rule_of_the_taker_wins_where_the_account_has_a_group(
    maker: str, taker: str, traded: bool, maker_lives: bool, taker_lives: bool, has_group: bool
) -> None:
    d = Driver(rules=Rules(self_trade_group=has_group))
    d.place(d.a, "BTCUSDT", "Sell", MILLI_BTC, USD_M_60K, cl_ord_id="maker", stp_instruction=maker)
    fills = d.place(d.a, "BTCUSDT", "Buy", MILLI_BTC, USD_M_60K, cl_ord_id="taker", stp_instruction=taker)
    living = {r.cl_ord_id for r in d.venue.queries.open_orders(d.a, "BTCUSDT")}
    if has_group:
        assert living == {name for name, lives in (("maker", maker_lives), ("taker", taker_lives)) if lives}
    assert any(r.is_trade for r in fills) == (traded or not has_group)
    assert living == set() or has_group


def test_rule_is_about_ones_own_orders_alone(d: Driver) -> None:
    d.place(d.b, "BTCUSDT", "Sell", MILLI_BTC, USD_M_60K, stp_instruction="CancelBoth")
    fills = d.place(d.a, "BTCUSDT", "Buy", MILLI_BTC, USD_M_60K, stp_instruction="CancelBoth")
    assert sum(r.is_trade for r in fills) == 2


# What is documented without a meaning.


def test_displayed_quantity_in_a_request_has_no_effect(d: Driver) -> None:
    d.place(d.b, "BTCUSD", "Sell", 10, COIN_M_60K, display_qty=1)
    assert d.venue.markets["BTCUSD"].levels()[1] == [(COIN_M_60K, 10)]


def test_post_only_order_amended_through_the_market_is_taken_off(d: Driver) -> None:
    d.place(d.b, "BTCUSD", "Sell", 10, COIN_M_60K)
    d.place(d.a, "BTCUSD", "Buy", 5, COIN_M_60K - USD, cl_ord_id="x", time_in_force="PostOnly")
    assert d.amend(d.a, "BTCUSD", orig_cl_ord_id="x", price=COIN_M_60K).code == 0
    (report,) = d.run()
    assert (report.ord_status, report.cxl_rej_reason) == ("Canceled", 101)


def test_attached_orders_of_a_hedged_side_close_that_side_only(d: Driver) -> None:
    assert d.venue.set_position_mode(d.a, "BTCUSDT", "Hedged", d.now_ns).code == 0
    qty = 10_000
    for side, pos_side in (("Sell", "Short"), ("Buy", "Long")):
        d.place(d.b, "BTCUSDT", "Buy" if side == "Sell" else "Sell", qty, USD_M_60K)
        gain = 100 * USDT if side == "Buy" else -100 * USDT
        reports = own(d.place(d.a, "BTCUSDT", side, qty, USD_M_60K, pos_side=pos_side, take_profit=USD_M_60K + gain,
                              stop_loss=USD_M_60K - gain), d.a)  # fmt: skip
        attached = [(r.side, r.pos_side) for r in reports if r.ord_status == "Untriggered"]
        assert attached == [("Sell" if side == "Buy" else "Buy", pos_side)] * 2
    d.place(d.c, "BTCUSDT", "Buy", 5 * qty, USD_M_60K + 100 * USDT)
    d.place(d.b, "BTCUSDT", "Sell", qty, USD_M_60K + 100 * USDT)  # the last price reaches the long's take-profit
    sizes = {state.pos_side: state.size for state in d.venue.positions(d.a, Line.USD_M, symbol="BTCUSDT")}
    assert sizes == {"Long": 0, "Short": qty}
    left = [(o.pos_side, o.ord_type) for o in d.venue.queries.open_orders(d.a, "BTCUSDT")]
    assert left == [("Short", "MarketIfTouched"), ("Short", "Stop")]


def test_stops_that_fire_together_close_a_position_once(d: Driver) -> None:
    d.place(d.b, "BTCUSD", "Sell", 10, COIN_M_60K)
    d.place(d.a, "BTCUSD", "Buy", 10, COIN_M_60K)
    d.place(d.b, "BTCUSD", "Buy", 100, COIN_M_60K - 20 * USD)
    stop = {"ord_type": "Stop", "stop_px": COIN_M_60K - 20 * USD, "trigger": "ByMarkPrice", "close_on_trigger": True}
    for name in ("first", "second"):
        d.place(d.a, "BTCUSD", "Sell", 0, cl_ord_id=name, **stop)
    ends = [(r.cl_ord_id, r.ord_status) for r in own(d.set_mark("BTCUSD", COIN_M_60K - 20 * USD), d.a) if r.is_done]
    assert sorted(ends) == [("first", "Filled"), ("second", "Deactivated")]
    assert d.net_qty(d.a, "BTCUSD") == 0


def test_orders_are_attached_at_the_first_of_many_fills_only(d: Driver) -> None:
    d.place(d.a, "BTCUSD", "Buy", 30, COIN_M_60K, take_profit=COIN_M_60K + 100 * USD, cl_ord_id="parent")
    for _ in range(3):
        d.place(d.b, "BTCUSD", "Sell", 10, COIN_M_60K)
    assert [o.ord_type for o in d.venue.queries.open_orders(d.a, "BTCUSD")] == ["MarketIfTouched"]
