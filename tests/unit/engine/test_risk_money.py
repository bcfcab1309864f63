"""Orders of money (spot, in the quote currency): checked and counted like any, in flight, amended and adopted.

One lot is 0.000001 BTC, one tick 0.01 USDT; money is in 10**-8. At the collar's end, a fifth below 61,250.00, 100 USDT
buy 0.0020408 BTC, and a fifth below 61,000.00 0.0020492.
"""

import pytest
from engine_samples import NOW_NS, Path, wide_limits
from order_samples import SPOT, said

from tidings.engine.adoption import adopt_order
from tidings.model.enums import DenyReason, ExecType, OrdStatus, OrdType, ReportSource, Side, TimeInForce, Trigger
from tidings.model.terms import OrderTerms

USDT, LAST_TICKS, TOUCH_TICKS = 10**8, 6_125_000, 6_100_000
SPEND = {"qty_in_quote": True, "time_in_force": TimeInForce.IOC}
MARKET = OrderTerms(SPOT, Side.BUY, ord_type=OrdType.MARKET, **SPEND)
PRICED = OrderTerms(SPOT, Side.BUY, ord_type=OrdType.LIMIT, **SPEND)
TOUCHED = OrderTerms(SPOT, Side.BUY, ord_type=OrdType.MARKET_IF_TOUCHED, trigger=Trigger.LAST_PRICE, **SPEND)


def path_with(**limits):
    path = Path(limits=wide_limits(**limits))
    path.risk.set_reference_price(SPOT, LAST_TICKS)
    return path


def attempt(path, terms, money, price_ticks=0, stop_px_ticks=0):
    """The order, and the DenyReason."""
    order = path.draft(terms, money, price_ticks)
    order.stop_px_ticks = stop_px_ticks
    return order, DenyReason(max(0, -path.entry.submit_order(order, NOW_NS)))


def counted(path):
    """(lots bought at worst, gross in 0.0001 USDT)."""
    return path.risk.exposure.open_lots(SPOT)[0], path.risk.exposure.account_e4()[0]


@pytest.mark.parametrize(
    ("price_ticks", "expected"), [(7_350_000, DenyReason.NONE), (7_350_001, DenyReason.PRICE_COLLAR)]
)
def test_price_of_an_order_of_money_has_a_collar_too(price_ticks, expected):
    assert attempt(path_with(), PRICED, 100 * USDT, price_ticks)[1] == expected


def test_largest_order_binds_what_the_money_may_buy():
    path = path_with()
    path.risk.symbols.limit_qty(SPOT, 2040)
    assert attempt(path, MARKET, 100 * USDT)[1] == DenyReason.MAX_QTY
    assert (path.risk.asked, path.risk.allowed) == (2041, 2040)
    assert attempt(path, MARKET, 99 * USDT)[1] == DenyReason.NONE


@pytest.mark.parametrize(
    ("terms", "price_ticks", "stop_px_ticks", "lots"),
    [
        (MARKET, 0, 0, 2041), (PRICED, TOUCH_TICKS, 0, 2050), (PRICED, 6_200_000, 0, 2041),
        (TOUCHED, 0, TOUCH_TICKS, 2050),
    ],
)
def test_money_buys_most_at_the_lowest_price(terms, price_ticks, stop_px_ticks, lots):
    path = path_with()
    assert attempt(path, terms, 100 * USDT, price_ticks, stop_px_ticks)[1] == DenyReason.NONE
    assert counted(path) == (lots, 1_000_000)
    assert path.risk.symbols.window_qty_used(SPOT, NOW_NS) == lots


def waiting(path, money=100 * USDT):
    order, reason = attempt(path, TOUCHED, money, 0, TOUCH_TICKS)
    assert reason == DenyReason.NONE
    path.hear(said(ExecType.UNTRIGGERED, handle=order.handle, ord_status=OrdStatus.UNTRIGGERED))
    return order


def test_amended_money_counts_at_the_larger_until_it_is_settled():
    path = path_with(max_gross_e4=3_000_000)
    order = waiting(path)
    assert path.entry.amend_order(order, 0, 301 * USDT, NOW_NS) == -DenyReason.MAX_GROSS
    assert counted(path) == (2050, 1_000_000)
    assert path.entry.amend_order(order, 0, 300 * USDT, NOW_NS) == 0
    assert counted(path) == (6148, 3_000_000)
    assert path.risk.symbols.window_qty_used(SPOT, NOW_NS) == 6148

    path.hear(said(ExecType.REPLACED, handle=order.handle, order_qty_lots=300 * USDT))
    assert (order.order_qty_lots, counted(path)) == (300 * USDT, (6148, 3_000_000))
    assert path.entry.amend_order(order, 0, 50 * USDT, NOW_NS) == 0
    path.hear(said(ExecType.REPLACED, handle=order.handle, order_qty_lots=50 * USDT))
    assert counted(path) == (1025, 500_000)


def test_adopted_order_of_money_counts_what_it_spends():
    """Not so many lots as it has units of money: nothing else could be ordered until it ends."""
    path = path_with()
    numbers = {"order_qty_lots": 100 * USDT, "stop_px_ticks": TOUCH_TICKS}
    order = adopt_order(path.entry, TOUCHED, "T00000000A0000000017", numbers, [], decided_ns=5, now_ns=NOW_NS)
    assert counted(path) == (2050, 1_000_000)
    path.hear(said(ExecType.STATUS, ReportSource.QUERY, handle=order.handle, ord_status=OrdStatus.UNTRIGGERED))
    assert counted(path) == (2050, 1_000_000)
