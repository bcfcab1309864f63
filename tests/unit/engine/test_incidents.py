"""Losses other people had, as tests: each stops where a limit of ours stands, and where is said."""

from engine_samples import LAST_PX_TICKS, NOW_NS, Path
from order_samples import LINEAR, said, trade

from tidings.engine.risk_limits import RiskLimits
from tidings.model.enums import DenyReason, ExecType, PosSide, Side, TradingState
from tidings.model.terms import OrderTerms

MS = 1_000_000
LOT_E4 = LAST_PX_TICKS


def run_away(path, next_order, answer, orders_max):
    """A strategy that orders a thousand times a second and never looks up; the DenyReasons it met."""
    denials = []
    for number in range(orders_max):
        terms, lots, price_ticks = next_order(number)
        now_ns = NOW_NS + number * MS
        order = path.draft(terms, lots, price_ticks)
        result = path.entry.submit_order(order, now_ns)
        if result < 0:
            denials.append(DenyReason(-result))
        else:
            answer(path, order, now_ns)
        path.forget()
    return denials


def filled(path, order, now_ns):
    path.hear(trade(order.order_qty_lots, order.order_qty_lots, order.price_ticks, handle=order.handle), now_ns=now_ns)


def resting(path, order, now_ns):
    path.hear(said(ExecType.NEW, handle=order.handle), now_ns=now_ns)


def test_everbright_2013_unfilled_orders_are_not_sent_again_without_end():
    """26,082 orders in minutes, 23.4 billion placed: a function that ordered anew what had not filled.

    Resting or filling, all that was ordered stays below the position's limit: the first of the defaults to bind.
    """
    for answer in (resting, filled):
        path = Path(limits=RiskLimits())
        denials = run_away(path, lambda number: (OrderTerms(LINEAR, Side.BUY), 1000 + number % 7, LAST_PX_TICKS),
                           answer, 26_082)
        longest, _ = path.risk.exposure.worst_lots(LINEAR)
        assert 400_000 * 10_000 < longest * LOT_E4 <= 500_000 * 10_000
        assert path.entry.submitted_count < 10
        assert set(denials) == {DenyReason.MAX_POSITION_NOTIONAL}


def test_everbright_2013_orders_of_unknown_fate_fill_the_limit_too():
    path = Path(limits=RiskLimits())
    run_away(path, lambda number: (OrderTerms(LINEAR, Side.BUY), 1000 + number % 7, LAST_PX_TICKS),
             lambda path, order, now_ns: None, 1000)
    assert 400_000 * 10_000 < path.risk.exposure.worst_lots(LINEAR)[0] * LOT_E4 <= 500_000 * 10_000


def test_knight_2012_child_orders_stop_though_the_position_stays_flat():
    """4 million executions for 212 parents: old code bought and sold on, for 45 minutes, one strategy of many.

    Bought and sold in turn no position grows, so that no position limit sees it: the breaker counts executions.
    """
    path = Path(limits=RiskLimits())
    rogue = path.risk.owner("power peg").index
    sides = [OrderTerms(LINEAR, side, owner=rogue) for side in (Side.BUY, Side.SELL)]
    denials = run_away(path, lambda number: (sides[number % 2], 1, LAST_PX_TICKS), filled, 60_000)

    assert path.risk.exposure.position_lots(LINEAR, PosSide.MERGED)[0] in (-1, 0, 1)
    assert path.entry.fill_count == RiskLimits().strategy.max_executions == 1000
    assert denials[-1] == DenyReason.REPEATED_EXECUTIONS
    assert set(denials) <= {DenyReason.ORDER_RATE, DenyReason.STRATEGY_RATE, DenyReason.REPEATED_EXECUTIONS}
    other = path.draft(OrderTerms(LINEAR, Side.BUY), 1, LAST_PX_TICKS)
    assert path.entry.submit_order(other, NOW_NS + 61_000 * MS) > 0         # the other strategies trade on
    path.risk.owners[rogue].set_state(TradingState.ACTIVE)                  # a person has looked
    assert path.entry.submit_order(path.draft(sides[0], 1, LAST_PX_TICKS - 1), NOW_NS + 61_000 * MS) > 0
