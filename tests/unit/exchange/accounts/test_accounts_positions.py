from dataclasses import fields

import pytest

from tidings.exchange.accounts.positions import MERGED, Position, profit_beside, used_by
from tidings.exchange.catalogue import load_catalogue
from tidings.exchange.markets.matching import BUY, SELL
from tidings.exchange.orders.order_requests import NewOrder
from tidings.exchange.orders.orders import Order
from tidings.exchange.reports import PositionState

INSTRUMENTS = load_catalogue().instruments
INVERSE, LINEAR = INSTRUMENTS["BTCUSD"], INSTRUMENTS["BTCUSDT"]


def position(instrument=LINEAR) -> Position:
    return Position(instrument, 1, 10003, MERGED)


def test_fills_on_one_side_add_up() -> None:
    held = position()
    assert held.trade(BUY, 10, 1000, 1) == (0, 0)
    assert held.trade(BUY, 5, 600, 2) == (0, 0)
    assert (held.net_qty, held.value, held.term) == (15, 1600, 1)


def test_linear_long_gains_when_sold_higher() -> None:
    held = position()
    held.trade(BUY, 10, 1000, 1)
    assert held.trade(SELL, 4, 480, 2) == (4, 80)
    assert (held.net_qty, held.value, held.cum_closed_pnl) == (6, 600, 80)


def test_inverse_long_gains_when_value_falls() -> None:
    held = position(INVERSE)
    held.trade(BUY, 10, 1000, 1)
    assert held.trade(SELL, 10, 900, 2) == (10, 100)


def test_short_positions_gain_the_other_way() -> None:
    linear, inverse = position(), position(INVERSE)
    linear.trade(SELL, 10, 1000, 1)
    inverse.trade(SELL, 10, 1000, 1)
    assert (linear.trade(BUY, 10, 900, 2), inverse.trade(BUY, 10, 900, 2)) == ((10, 100), (10, -100))


def test_flip_closes_the_whole_position_and_opens_the_rest() -> None:
    held = position()
    held.trade(BUY, 10, 1000, 1)
    assert held.trade(SELL, 15, 1650, 7) == (10, 100)
    assert (held.net_qty, held.value, held.term, held.last_term_end_time_ns) == (-5, 550, 2, 7)


def test_term_profit_starts_anew_with_the_next_position() -> None:
    held = position()
    held.trade(BUY, 10, 1000, 1)
    held.charge(3)
    held.trade(SELL, 10, 1100, 2)
    assert (held.cur_term_pnl, held.term) == (97, 2)
    held.trade(BUY, 1, 100, 3)
    assert (held.cur_term_pnl, held.cum_closed_pnl, held.cum_fee) == (0, 100, 3)


def test_room_is_only_on_the_closing_side() -> None:
    held = position()
    assert (held.room(BUY), held.room(SELL)) == (0, 0)
    held.trade(BUY, 10, 1000, 1)
    assert (held.room(BUY), held.room(SELL)) == (0, 10)


def test_orders_that_only_reduce_cost_nothing() -> None:
    held = position()
    held.trade(BUY, 10_000, 600 * 10**12, 1)
    order = Order(NewOrder(symbol="BTCUSDT", side="Sell", qty=10_000, price=1), LINEAR, 1, "id", 0)
    held.count(order, 10_000, 600 * 10**12)
    assert held.order_cost() == 0
    held.count(order, 20_000, 1200 * 10**12)
    assert held.order_cost() == 60_756_000_000_000  # half of it opens: 600 × 0.10126
    held.count(order, 0, 0)
    assert (held.sell_leaves_qty, held.sell_leaves_value, held.order_cost()) == (0, 0, 0)


def test_reduce_only_orders_cost_nothing_however_many() -> None:
    held = position()
    held.trade(BUY, 10_000, 600 * 10**12, 1)
    for number in range(3):
        request = NewOrder(symbol="BTCUSDT", side="Sell", qty=10_000, price=1, reduce_only=True)
        held.count(Order(request, LINEAR, 1, f"closing {number}", 0), 10_000, 600 * 10**12)
    assert held.order_cost() == 0
    order = Order(NewOrder(symbol="BTCUSDT", side="Sell", qty=5_000, price=1), LINEAR, 1, "may open", 0)
    held.count(order, 5_000, 300 * 10**12)
    assert held.order_cost() == 30_378_000_000_000  # all of it opens if the others are filled first: 300 × 0.10126
    held.recount(order, 0, 0, 0)
    assert held.order_cost() == 0


@pytest.mark.parametrize(("leverage_er", "loss"), [(-(10**9), 500_000_000_000), (10**9, 0)])
def test_cross_position_holds_its_loss_isolated_does_not(leverage_er: int, loss: int) -> None:
    """600 at 10 times: 60 margin, 600 × 0.0006 × 0.9 = 0.324 to close; the mark has fallen by 0.5 in value."""
    held = position()
    held.leverage_er = leverage_er
    held.trade(BUY, 10_000, 600 * 10**12, 1)
    assert held.cost() == 60_324_000_000_000
    assert held.assigned(59_950 * 10**9) == 60_324_000_000_000 + loss


def test_state_of_a_cross_long_matches_the_captured_one() -> None:
    """LTCUSDT, captured 2024: 0.2 at 71.135, leverage -4, mark 67.57, balance 224.929205196403."""
    held = Position(INSTRUMENTS["LTCUSDT"], 940666, 9406660003, MERGED)
    held.leverage_er = -4 * 10**8
    held.trade(BUY, 200_000, 14_227_000_000_000, 1)
    order = Order(NewOrder(symbol="LTCUSDT", side="Buy", qty=1, price=1), held.instrument, 1, "id", 0)
    held.count(order, 300_000, 21 * 10**12)
    shared = 224_929_205_196_403 - 65_293_392_710_000
    state = held.state(67_570_000_000, shared, "OneWay")
    assert (state.side, state.size, state.avg_entry_price) == ("Buy", 200_000, 71_135_000_000)
    assert state.pos_cost == 3_563_152_150_000
    assert state.assigned_pos_balance == 4_276_152_150_000
    assert state.used_balance == 9_548_202_150_000
    assert state.bankrupt_comm == 1_200_000
    assert state.position_margin == 163_911_963_436_403
    assert (state.bankrupt_price, state.liquidation_price) == (10_000_000, 10_000_000)
    assert (state.buy_value_to_cost_er, state.sell_value_to_cost_er) == (25_105_000, 25_135_000)
    assert (state.init_margin_req_er, state.maint_margin_req_er) == (25_000_000, 1_000_000)


@pytest.mark.parametrize("instrument", [LINEAR, INVERSE])
@pytest.mark.parametrize("qty", [0, 10])
def test_a_state_says_something_in_every_field(instrument, qty: int) -> None:
    held = position(instrument)
    if qty:
        held.trade(BUY, qty, 1000, 1)
    state = held.state(instrument.min_price * 1000, 0, "OneWay")
    assert [field.name for field in fields(PositionState) if getattr(state, field.name) is None] == []


def test_what_positions_keep_is_added_up() -> None:
    one, other, idle = position(), position(INVERSE), position()
    one.trade(BUY, 10_000, 600 * 10**LINEAR.value_scale, 1)
    other.trade(SELL, 10, 10 * 10**INVERSE.value_scale // 60_000, 1)
    held = {"one": {MERGED: one}, "other": {MERGED: other, "idle": idle}}
    prices = {"one": 60_000 * 10**9, "other": 60_000 * 10**4}
    assert used_by(held, prices.__getitem__) == one.used(prices["one"]) + other.used(prices["other"]) > 0


def test_only_gains_of_other_cross_positions_stand_behind_one() -> None:
    def beside(leverage_er: int, side: int) -> int:
        one, other = position(), position()
        one.set_leverage(0)
        other.set_leverage(leverage_er)
        one.trade(BUY, 10_000, 600 * 10**LINEAR.value_scale, 1)
        other.trade(side, 10_000, 600 * 10**LINEAR.value_scale, 1)
        held = {"one": {MERGED: one}, "other": {MERGED: other}}
        return profit_beside(one, held, lambda symbol: 61_000 * 10**9)

    gain = 10 * 10**LINEAR.value_scale  # 0.01 of 1,000
    assert beside(0, BUY) == gain
    assert beside(0, SELL) == 0
    assert beside(10 * 10**8, BUY) == 0  # isolated
