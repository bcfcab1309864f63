"""Orders of others count while they are open, and no longer."""

import pytest
from order_samples import INVERSE, LINEAR, SPOT, said

from tidings.app.truth.foreign_exposure import ForeignExposure
from tidings.app.truth.foreign_orders import ForeignOrders
from tidings.engine.exposure import Exposure
from tidings.model.enums import ExecType, OrdStatus, PosSide, Side

IDS = [f"00000000-0000-0000-0000-00000000000{number}" for number in range(5)]


def told(number, symbol="BTCUSDT", side=Side.BUY, lots=10, cum=0, status=OrdStatus.NEW):
    return said(ExecType.STATUS, order_id=IDS[number], symbol=symbol, side=side, order_qty_lots=lots, cum_qty_lots=cum,
                ord_status=status)


def counting(*reports, hedged=()):
    foreign, exposure = ForeignOrders(), Exposure([LINEAR, INVERSE, SPOT])
    products = {"BTCUSDT": LINEAR, "BTCUSD": INVERSE, "sBTCUSDT": SPOT}
    counted = ForeignExposure(foreign, exposure, products.get, hedged.__contains__)
    for report in reports:
        foreign.hear(report)
    counted.count()
    return foreign, exposure, counted


def test_both_sides_count_what_may_still_fill():
    _, exposure, _ = counting(told(1), told(2, lots=7, cum=3), told(3, side=Side.SELL, lots=5))
    assert exposure.worst_lots(LINEAR) == (14, 5)


def test_what_ended_counts_no_more():
    foreign, exposure, counted = counting(told(1), told(2, symbol="BTCUSD"))
    foreign.hear(told(1, status=OrdStatus.CANCELED))
    counted.count()
    assert (exposure.worst_lots(LINEAR), exposure.worst_lots(INVERSE)) == ((0, 0), (10, 0))


def test_of_a_hedged_symbol_each_side_may_open_its_position():
    _, exposure, _ = counting(told(1), told(2, side=Side.SELL, lots=4), hedged=("BTCUSDT",))
    assert exposure.worst_lots(LINEAR, PosSide.LONG) == (10, 0)
    assert exposure.worst_lots(LINEAR, PosSide.SHORT) == (0, 4)


def test_what_cannot_be_placed_is_left_out():
    _, exposure, _ = counting(told(1, symbol="NOSUCH"), told(2, side=0))
    assert exposure.worst_lots(LINEAR) == (0, 0)


@pytest.mark.parametrize(("price", "stop_px"), [(6_000_000, 0), (0, 6_000_000)])
def test_money_to_spend_counts_as_what_it_may_buy(price, stop_px):
    """1,200 USDT at 60,000.00 are 0.02 BTC, of a lot of 0.000001; a tenth of that has filled."""
    money = said(
        ExecType.STATUS, order_id=IDS[1], symbol="sBTCUSDT", side=Side.BUY, order_qty_lots=1_200 * 10**8,
        qty_in_quote=True, price_ticks=price, stop_px_ticks=stop_px, cum_qty_lots=2_000, ord_status=OrdStatus.NEW,
    )  # fmt: skip
    _, exposure, _ = counting(money)
    buys, sells = exposure.worst_lots(SPOT)
    assert (buys in (18_000, 18_001), sells) == (True, 0), "rounded up"


def test_money_without_any_price_may_become_any_quantity():
    money = said(
        ExecType.STATUS, order_id=IDS[1], symbol="sBTCUSDT", side=Side.BUY, order_qty_lots=100 * 10**8,
        qty_in_quote=True, ord_status=OrdStatus.UNTRIGGERED,
    )  # fmt: skip
    _, exposure, _ = counting(money)
    assert exposure.worst_lots(SPOT)[0] >= 2**61


def test_quantities_beyond_all_measure_count_as_a_great_deal():
    """What a row says is not ours to believe or not: it must not end the count of all the others."""
    huge = 2**63 - 1
    sides = [(1, Side.BUY), (2, Side.BUY), (3, Side.SELL), (4, Side.SELL)]
    _, exposure, _ = counting(*(told(number, side=side, lots=huge) for number, side in sides))
    assert min(exposure.worst_lots(LINEAR)) >= 2**61
