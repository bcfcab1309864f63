"""Each limit of what could come of an order, and of how much goes out, at its edge: through the whole order path."""

import pytest
from engine_samples import LAST_PX_TICKS, NOW_NS, Path, wide_limits
from order_samples import INVERSE, LIMIT, LINEAR, SPOT, said, trade

from tidings.engine.risk_limits import RiskLimits, StrategyLimits
from tidings.model.enums import (
    DenyReason,
    ExecInst,
    ExecType,
    OrdType,
    PosSide,
    ReportSource,
    RequestKind,
    Side,
    TimeInForce,
    TradingState,
    Trigger,
)
from tidings.model.terms import OrderTerms

S = 1_000_000_000
BUY, SELL = LIMIT, OrderTerms(LINEAR, Side.SELL)
REDUCE = OrderTerms(LINEAR, Side.SELL, exec_inst=ExecInst.REDUCE_ONLY)
MARKET = {"ord_type": OrdType.MARKET, "time_in_force": TimeInForce.IOC}
MARKET_BUY, MARKET_SELL = (OrderTerms(LINEAR, side, **MARKET) for side in Side)
STOP_SELL = OrderTerms(LINEAR, Side.SELL, ord_type=OrdType.STOP, trigger=Trigger.LAST_PRICE, time_in_force=3)
LOT_E4 = LAST_PX_TICKS                  # one lot at the last price: 0.001 BTC × 61,250 = 61.25


def path_with(**limits):
    return Path(limits=wide_limits(**limits))


def attempt(path, terms=BUY, qty_lots=1, price_ticks=LAST_PX_TICKS, now_ns=NOW_NS, **numbers):
    """The DenyReason of one order, and the numbers told with it."""
    order = path.draft(terms, qty_lots, price_ticks if terms.has_price else 0)
    for name, value in numbers.items():
        setattr(order, name, value)
    result = path.entry.submit_order(order, now_ns)
    return DenyReason.NONE if result > 0 else DenyReason(-result)


def numbers(path):
    return path.risk.asked, path.risk.allowed


def position(path, lots, pos_side=PosSide.MERGED):
    path.risk.exposure.tell_position(LINEAR, pos_side, lots, lots)


# ---- Position, gross, net ------------------------------------------------------------------------------------------

def test_position_counts_open_orders_too():
    path = path_with()
    path.risk.symbols.limit_position(LINEAR, 20)
    position(path, 12)
    assert attempt(path, BUY, 8) == DenyReason.NONE
    assert attempt(path, BUY, 1) == DenyReason.MAX_POSITION
    assert numbers(path) == (21, 20)


def test_short_side_has_the_same_limit():
    path = path_with()
    path.risk.symbols.limit_position(LINEAR, 20)
    position(path, -12)
    assert attempt(path, SELL, 9) == DenyReason.MAX_POSITION
    assert numbers(path) == (21, 20)
    assert attempt(path, SELL, 8) == DenyReason.NONE
    assert attempt(path, BUY, 20, LAST_PX_TICKS - 9) == DenyReason.NONE      # covers: 8 long at worst


@pytest.mark.parametrize("state", ["in flight", "unknown", "part filled", "cancel sent"])
def test_order_holds_its_place_whatever_is_known_of_it(state):
    path = path_with()
    path.risk.symbols.limit_position(LINEAR, 10)
    order = path.submit(BUY, 10)
    if state == "unknown":
        path.hear(said(ExecType.UNKNOWN, ReportSource.LOCAL, handle=order.handle, request_kind=RequestKind.NEW))
    if state == "part filled":
        path.hear(trade(6, 6, handle=order.handle))
    if state == "cancel sent":
        path.hear(said(ExecType.NEW, handle=order.handle))
        path.entry.cancel_order(order, NOW_NS)
    assert attempt(path, BUY, 1) == DenyReason.MAX_POSITION


def test_position_is_limited_by_its_value_in_every_symbol():
    path = path_with(max_position_e4=10 * LOT_E4)
    assert attempt(path, BUY, 11) == DenyReason.MAX_POSITION_NOTIONAL
    assert numbers(path) == (11 * LOT_E4, 10 * LOT_E4)
    assert attempt(path, BUY, 10) == DenyReason.NONE


def test_reduce_only_orders_are_never_denied_for_size_of_position():
    path = path_with(max_position_e4=1, max_gross_e4=1, max_net_e4=1)
    position(path, 50)
    assert attempt(path, REDUCE, 50) == DenyReason.NONE


def test_order_that_can_only_shrink_needs_no_room():
    """Limits lowered below what is held leave the way out open, to the last lot and not beyond."""
    path = path_with(max_position_e4=1, max_gross_e4=1, max_net_e4=1)
    position(path, 50)
    assert attempt(path, SELL, 51) != DenyReason.NONE
    assert attempt(path, SELL, 50) == DenyReason.NONE
    assert attempt(path, SELL, 1) != DenyReason.NONE


def test_gross_adds_both_sides_and_all_symbols():
    path = path_with(max_gross_e4=30 * LOT_E4)
    position(path, -10)
    assert attempt(path, SELL, 10) == DenyReason.NONE
    assert attempt(path, OrderTerms(INVERSE, Side.BUY), 612, 122_500) == DenyReason.NONE     # 612 USD: 9.992 lots
    assert attempt(path, SELL, 1) == DenyReason.MAX_GROSS
    assert numbers(path) == (21 * LOT_E4 + 6_120_000, 30 * LOT_E4)


def test_net_lets_symbols_hedge_one_another():
    path = path_with(max_net_e4=10 * LOT_E4)
    path.risk.exposure.tell_position(INVERSE, PosSide.MERGED, -1225, None)       # 20 lots' worth short
    assert attempt(path, BUY, 30) == DenyReason.NONE
    assert attempt(path, BUY, 1) == DenyReason.MAX_NET
    assert numbers(path) == (11 * LOT_E4, 10 * LOT_E4)


def test_net_counts_no_sell_towards_a_buy():
    path = path_with(max_net_e4=10 * LOT_E4)
    assert attempt(path, SELL, 10, LAST_PX_TICKS + 100) != DenyReason.NONE
    assert attempt(path, SELL, 9, LAST_PX_TICKS + 100) == DenyReason.NONE
    assert attempt(path, BUY, 11) == DenyReason.MAX_NET


# ---- Own orders, and the same order again --------------------------------------------------------------------------

@pytest.mark.parametrize(
    ("mine", "terms", "price_ticks", "expected"),
    [
        (LAST_PX_TICKS, SELL, LAST_PX_TICKS, DenyReason.SELF_MATCH),
        (LAST_PX_TICKS, SELL, LAST_PX_TICKS + 1, DenyReason.NONE),
        (LAST_PX_TICKS, BUY, LAST_PX_TICKS + 9, DenyReason.NONE),
        (606_375, MARKET_SELL, 0, DenyReason.SELF_MATCH),                    # within 1 % of the last price
        (606_374, MARKET_SELL, 0, DenyReason.NONE),
        (LAST_PX_TICKS, STOP_SELL, 0, DenyReason.NONE),                      # waits for its trigger
    ],
)
def test_order_that_would_meet_our_own_is_denied(mine, terms, price_ticks, expected):
    path = path_with()
    path.submit(BUY, 10, mine)
    assert attempt(path, terms, 5, price_ticks, stop_px_ticks=600_000 if terms is STOP_SELL else 0) == expected
    if expected == DenyReason.SELF_MATCH and terms is SELL:
        assert numbers(path) == (LAST_PX_TICKS, LAST_PX_TICKS)


def test_unknown_order_may_be_on_the_book():
    path = path_with()
    order = path.submit(SELL, 10)
    path.hear(said(ExecType.UNKNOWN, ReportSource.LOCAL, handle=order.handle, request_kind=RequestKind.NEW))
    assert attempt(path, BUY) == DenyReason.SELF_MATCH


def test_amend_must_not_meet_our_own_either_and_counts_at_both_prices():
    path = path_with()
    path.submit(SELL, 10, LAST_PX_TICKS + 10)
    bid = path.submit(BUY, 10)
    path.hear(said(ExecType.NEW, handle=bid.handle))
    assert path.entry.amend_order(bid, LAST_PX_TICKS + 10, 0, NOW_NS) == -DenyReason.SELF_MATCH
    assert path.entry.amend_order(bid, LAST_PX_TICKS + 9, 0, NOW_NS) == 0
    assert attempt(path, SELL, 1, LAST_PX_TICKS + 9) == DenyReason.SELF_MATCH
    assert attempt(path, SELL, 1, LAST_PX_TICKS + 11) == DenyReason.NONE


def test_order_that_is_gone_is_not_in_the_way():
    path = path_with()
    bids = [path.submit(BUY, 10, LAST_PX_TICKS - number) for number in range(3)]
    path.hear(said(ExecType.CANCELED, handle=bids[0].handle))
    assert attempt(path, SELL, 1, LAST_PX_TICKS) == DenyReason.NONE
    assert attempt(path, SELL, 1, LAST_PX_TICKS - 1) == DenyReason.SELF_MATCH
    for bid in bids[1:]:
        path.hear(said(ExecType.CANCELED, handle=bid.handle))
    assert attempt(path, SELL, 1, LAST_PX_TICKS - 100) == DenyReason.NONE


def test_same_order_again_is_denied_until_the_first_is_heard_of():
    path = path_with(duplicate_window_ns=5 * S)
    first = path.submit(BUY, 10)
    assert attempt(path, BUY, 10) == DenyReason.DUPLICATE_ORDER
    assert attempt(path, BUY, 11) == DenyReason.NONE
    assert attempt(path, BUY, 10, LAST_PX_TICKS - 1) == DenyReason.NONE
    assert attempt(path, BUY, 10, now_ns=NOW_NS + 5 * S) == DenyReason.NONE
    path.hear(said(ExecType.NEW, handle=first.handle))
    assert attempt(path, BUY, 11, now_ns=NOW_NS + 5 * S - 1) == DenyReason.DUPLICATE_ORDER


def test_timeout_then_resend():
    """The classic double fill: the answer is lost, and the strategy orders the same again."""
    path = path_with(duplicate_window_ns=5 * S)
    order = path.submit(BUY, 10)
    path.hear(said(ExecType.UNKNOWN, ReportSource.LOCAL, handle=order.handle, request_kind=RequestKind.NEW))
    assert attempt(path, BUY, 10, now_ns=NOW_NS + 2 * S) == DenyReason.DUPLICATE_ORDER
    path.hear(said(ExecType.NEW, ReportSource.QUERY, handle=order.handle))
    assert attempt(path, BUY, 10, now_ns=NOW_NS + 2 * S) == DenyReason.NONE


def test_denied_or_unsent_order_is_no_first():
    path = path_with(duplicate_window_ns=5 * S)
    path.venue.answers["send_new"] = DenyReason.NOT_CONNECTED
    assert attempt(path, BUY, 10) == DenyReason.NOT_CONNECTED
    path.venue.answers.clear()
    assert attempt(path, BUY, 10) == DenyReason.NONE


# ---- Windows -------------------------------------------------------------------------------------------------------

def test_quantity_within_the_window_is_limited_per_symbol():
    path = path_with()
    path.risk.symbols.limit_window_qty(LINEAR, 20)
    assert [attempt(path, BUY, qty) for qty in (15, 6, 5)] == [DenyReason.NONE, DenyReason.WINDOW_QTY, DenyReason.NONE]
    path.risk.set_reference_price(SPOT, 6_125_000)
    assert attempt(path, OrderTerms(SPOT, Side.BUY), 100, 6_125_000) == DenyReason.NONE
    assert attempt(path, BUY, 1, now_ns=NOW_NS + 62 * S) == DenyReason.NONE


def test_value_within_the_window_is_limited_for_the_account():
    path = path_with(max_window_e4=20 * LOT_E4)
    assert attempt(path, BUY, 15) == DenyReason.NONE
    assert attempt(path, BUY, 6) == DenyReason.WINDOW_NOTIONAL
    assert numbers(path) == (21 * LOT_E4, 20 * LOT_E4)


def test_messages_within_a_second_are_limited():
    path = path_with(max_orders_per_s=2)
    order = path.submit(BUY, 10)
    path.hear(said(ExecType.NEW, handle=order.handle))
    assert path.entry.amend_order(order, LAST_PX_TICKS - 5, 0, NOW_NS) == 0
    assert attempt(path) == DenyReason.ORDER_RATE
    assert numbers(path) == (3, 2)
    assert path.entry.cancel_order(order, NOW_NS) == 0                       # cancels are never throttled
    assert attempt(path, now_ns=NOW_NS + S + S // 32 + 1) == DenyReason.NONE


def test_amend_takes_only_what_it_adds():
    path = path_with(max_window_e4=20 * LOT_E4)
    order = path.submit(BUY, 15)
    path.hear(said(ExecType.NEW, handle=order.handle))
    assert path.entry.amend_order(order, 0, 21, NOW_NS) == -DenyReason.WINDOW_NOTIONAL
    assert path.entry.amend_order(order, 0, 20, NOW_NS) == 0
    assert path.risk.notional.used_at(NOW_NS) == 20 * LOT_E4


# ---- Strategies ----------------------------------------------------------------------------------------------------

def two_strategies(**limits):
    path = path_with()
    owner = path.risk.owner("mm1", StrategyLimits(**limits)).index
    return path, OrderTerms(LINEAR, Side.BUY, owner=owner)


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ({"max_notional_e4": 5 * LOT_E4}, DenyReason.STRATEGY_NOTIONAL),
        ({"max_gross_e4": 5 * LOT_E4}, DenyReason.STRATEGY_GROSS),
        ({"max_window_e4": 5 * LOT_E4}, DenyReason.STRATEGY_WINDOW),
    ],
)
def test_strategy_has_limits_of_its_own(limits, expected):
    path, terms = two_strategies(**limits)
    assert attempt(path, terms, 6) == expected
    assert numbers(path) == (6 * LOT_E4, 5 * LOT_E4)
    assert attempt(path, BUY, 6) == DenyReason.NONE
    assert attempt(path, terms, 5) == DenyReason.NONE


def test_strategy_has_a_message_rate_of_its_own():
    path, terms = two_strategies(max_orders_per_s=1)
    assert [attempt(path, terms), attempt(path, terms)] == [DenyReason.NONE, DenyReason.STRATEGY_RATE]
    assert attempt(path, BUY) == DenyReason.NONE


def test_strategy_nobody_announced_may_do_nothing():
    assert attempt(path_with(), OrderTerms(LINEAR, Side.BUY, owner=5)) == DenyReason.STRATEGY_HALTED


def test_breaker_disables_its_strategy_until_a_person_arms_it():
    path, terms = two_strategies(max_executions=3, executions_window_ns=S)
    order = path.submit(terms, 10)
    for cum in (1, 2, 3):
        assert path.risk.trip_count == 0
        path.hear(trade(1, cum, handle=order.handle))
    assert attempt(path, terms) == DenyReason.REPEATED_EXECUTIONS
    assert (numbers(path), path.risk.trip_count) == ((3, 3), 1)
    assert attempt(path, BUY) == DenyReason.NONE
    assert attempt(path, terms, now_ns=NOW_NS + 3600 * S) == DenyReason.REPEATED_EXECUTIONS
    assert path.entry.cancel_order(order, NOW_NS) == 0
    path.risk.owners[terms.owner].set_state(TradingState.ACTIVE)
    assert attempt(path, terms) == DenyReason.NONE


# ---- States --------------------------------------------------------------------------------------------------------

def restrict(path, scope, state):
    if scope == "account":
        path.risk.set_state(state)
    elif scope == "symbol":
        path.risk.symbols.set_state(LINEAR, state)
    else:
        path.risk.owners[0].set_state(state)


@pytest.mark.parametrize(
    ("scope", "expected"),
    [("account", DenyReason.HALTED), ("symbol", DenyReason.SYMBOL_HALTED), ("strategy", DenyReason.STRATEGY_HALTED)],
)
def test_halted_takes_nothing_new(scope, expected):
    path = path_with()
    position(path, 10)
    restrict(path, scope, TradingState.HALTED)
    assert [attempt(path, BUY), attempt(path, REDUCE)] == [expected] * 2
    restrict(path, scope, TradingState.ACTIVE)
    assert attempt(path, BUY) == DenyReason.NONE


@pytest.mark.parametrize("scope", ["account", "symbol", "strategy"])
def test_reducing_takes_what_surely_shrinks_the_position(scope):
    path = path_with()
    position(path, 10)
    restrict(path, scope, TradingState.REDUCING)
    assert attempt(path, BUY) == DenyReason.REDUCING
    assert attempt(path, SELL, 11) == DenyReason.REDUCING
    assert attempt(path, SELL, 6) == DenyReason.NONE
    assert attempt(path, SELL, 5) == DenyReason.REDUCING                     # 6 may fill: 4 are left to sell
    assert attempt(path, SELL, 4) == DenyReason.NONE
    assert attempt(path, REDUCE, 10) == DenyReason.NONE


def test_reducing_believes_the_smaller_of_two_positions():
    path = path_with()
    path.risk.exposure.tell_position(LINEAR, PosSide.MERGED, 10, 3)
    path.risk.set_state(TradingState.REDUCING)
    assert [attempt(path, SELL, qty) for qty in (4, 3)] == [DenyReason.REDUCING, DenyReason.NONE]


def test_reducing_takes_no_amend_that_grows():
    path = path_with()
    order = path.submit(BUY, 10)
    path.hear(said(ExecType.NEW, handle=order.handle))
    path.risk.set_state(TradingState.REDUCING)
    assert path.entry.amend_order(order, 0, 11, NOW_NS) == -DenyReason.REDUCING
    assert path.entry.amend_order(order, 0, 9, NOW_NS) == 0


def test_other_symbols_go_on():
    path = path_with()
    path.risk.symbols.set_state(LINEAR, TradingState.HALTED)
    assert attempt(path, OrderTerms(INVERSE, Side.BUY), 10, 122_500) == DenyReason.NONE


def test_kill_switch_comes_before_everything():
    path = path_with()
    order = path.submit(BUY, 10)
    path.hear(said(ExecType.NEW, handle=order.handle))
    path.risk.set_state(TradingState.HALTED)
    path.risk.set_killed(True)
    path.forget()
    assert attempt(path, BUY, -1) == DenyReason.KILLED
    assert path.entry.amend_order(order, 0, 9, NOW_NS) == -DenyReason.KILLED
    assert path.venue.calls == []
    assert path.entry.cancel_order(order, NOW_NS) == 0


# ---- Limits as numbers ---------------------------------------------------------------------------------------------

def test_changed_limits_hold_at_once():
    path = path_with()
    path.risk.adopt(wide_limits(max_gross_e4=5 * LOT_E4))
    assert attempt(path, BUY, 6) == DenyReason.MAX_GROSS
    assert path.risk.limits.max_gross_e4 == 5 * LOT_E4


def test_lengths_of_windows_do_not_change_while_it_runs():
    with pytest.raises(ValueError, match="fixed when the engine starts"):
        path_with().risk.adopt(wide_limits(window_ns=S))


@pytest.mark.parametrize("value", [0, -1, 1.5, True, 2**63, None])
def test_no_limit_can_be_left_out(value):
    for name in RiskLimits.__slots__:
        if name != "strategy" and not (name == "duplicate_window_ns" and value == 0 and value is not False):
            with pytest.raises(ValueError, match=name):
                RiskLimits(**{name: value})
    for name in StrategyLimits.__slots__:
        with pytest.raises(ValueError, match=name):
            StrategyLimits(**{name: value})
