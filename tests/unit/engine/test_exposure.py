"""What each kind of order and each word of the venue does to the worst case. Sums: see tests/property."""

import pytest
from engine_samples import LAST_PX_TICKS, NOW_NS, WALL_NS, Path
from order_samples import INVERSE, LIMIT, LINEAR, SPOT, reply, said, trade

from tidings.engine.exposure import Exposure
from tidings.engine.order_entry import OrderEntry
from tidings.engine.order_table import ExecIDSet, OrderTable
from tidings.metrics.stages import Stages
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
    Trigger,
)
from tidings.model.order_ids import ClOrdIDMaker
from tidings.model.terms import OrderTerms

SELL = OrderTerms(LINEAR, Side.SELL)
REDUCE = OrderTerms(LINEAR, Side.SELL, exec_inst=ExecInst.REDUCE_ONLY)
CLOSE = OrderTerms(LINEAR, Side.SELL, ord_type=OrdType.STOP, trigger=Trigger.LAST_PRICE, time_in_force=TimeInForce.IOC,
                   exec_inst=ExecInst.CLOSE_ON_TRIGGER)
SPEND = OrderTerms(SPOT, Side.BUY, ord_type=OrdType.MARKET, time_in_force=TimeInForce.IOC, qty_in_quote=True)


def worst(path, instrument=LINEAR, pos_side=PosSide.MERGED):
    return path.risk.exposure.worst_lots(instrument, pos_side)


def test_order_counts_before_its_bytes_leave():
    path, seen = Path(), []
    path.venue.send_new = lambda order, now_ns: seen.append(worst(path)) or 0
    path.submit(LIMIT, 10)
    assert seen == [(10, 0)]


def test_order_that_was_not_sent_is_given_back():
    path = Path()
    path.venue.answers["send_new"] = DenyReason.NOT_CONNECTED
    path.entry.submit_order(path.draft(LIMIT, 10), NOW_NS)
    assert (worst(path), path.risk.exposure.account_e4()) == ((0, 0), (0, 0, 0))
    assert (path.risk.notional.used_at(NOW_NS), path.risk.messages.used_at(NOW_NS)) == (0, 0)


def test_order_whose_sending_failed_midway_stays_counted():
    path = Path()
    path.venue.answers["send_new"] = OSError("the wire broke")
    with pytest.raises(OSError, match="the wire broke"):
        path.entry.submit_order(path.draft(LIMIT, 10), NOW_NS)
    assert worst(path) == (10, 0)


@pytest.mark.parametrize("fate", [ExecType.UNKNOWN, ExecType.NEW])
def test_order_counts_whether_it_works_or_nothing_is_known_of_it(fate):
    path = Path()
    order = path.submit(LIMIT, 10)
    source = ReportSource.LOCAL if fate == ExecType.UNKNOWN else ReportSource.STREAM
    path.hear(said(fate, source, handle=order.handle, request_kind=RequestKind.NEW))
    assert worst(path) == (10, 0)


@pytest.mark.parametrize("end", [ExecType.CANCELED, ExecType.REJECTED, ExecType.EXPIRED])
def test_end_frees_what_was_counted(end):
    path = Path()
    order = path.submit(LIMIT, 10)
    path.hear(said(end, handle=order.handle))
    assert (worst(path), path.risk.exposure.account_e4()) == ((0, 0), (0, 0, 0))


def test_fill_moves_into_the_position_and_a_late_one_too():
    path = Path()
    order = path.submit(LIMIT, 10)
    path.hear(trade(4, 4, handle=order.handle))
    assert (worst(path), path.risk.exposure.position_lots(LINEAR)) == ((10, -4), (4, None))
    path.hear(said(ExecType.CANCELED, handle=order.handle))
    assert worst(path) == (4, -4)
    path.hear(trade(3, 7, handle=order.handle))
    assert worst(path) == (7, -7)


def test_progress_told_without_its_execution_counts_once():
    path = Path()
    order = path.submit(LIMIT, 10)
    path.hear(said(ExecType.STATUS, ReportSource.QUERY, ord_status=2, cum_qty_lots=4, handle=order.handle))
    path.hear(trade(4, 4, handle=order.handle))
    assert (worst(path), path.risk.exposure.position_lots(LINEAR)) == ((10, -4), (4, None))


def test_order_that_comes_back_to_life_is_counted_anew():
    path = Path()
    order = path.submit(LIMIT, 10)
    path.hear(reply(ExecType.REJECTED, RequestKind.NEW, code=11001, handle=order.handle))
    assert worst(path) == (0, 0)
    path.hear(said(ExecType.NEW, handle=order.handle))
    assert worst(path) == (10, 0)


def test_amend_in_flight_counts_at_the_larger_until_it_is_settled():
    path = Path()
    order = path.submit(LIMIT, 10)
    path.hear(said(ExecType.NEW, handle=order.handle))
    path.entry.amend_order(order, 0, 25, NOW_NS)
    assert worst(path) == (25, 0)
    path.hear(said(ExecType.UNKNOWN, ReportSource.LOCAL, request_kind=RequestKind.AMEND, handle=order.handle))
    assert worst(path) == (25, 0)
    path.hear(reply(ExecType.REPLACE_REJECTED, RequestKind.AMEND, code=11001, handle=order.handle))
    assert worst(path) == (10, 0)


def test_a_stop_that_is_to_trigger_higher_is_worth_more_at_once():
    """10 lots of 0.001 at 61,240 and then at 70,000: a stop without a price counts at what triggers it."""
    path = Path()
    terms = OrderTerms(
        LINEAR, Side.BUY, ord_type=OrdType.STOP, trigger=Trigger.LAST_PRICE, time_in_force=TimeInForce.IOC
    )
    order = path.draft(terms, price_ticks=0)
    order.stop_px_ticks = 612_400
    assert path.entry.submit_order(order, NOW_NS) > 0
    path.hear(said(ExecType.UNTRIGGERED, handle=order.handle))
    (before, _, _) = path.risk.exposure.account_e4()
    path.entry.amend_triggers(order, 0, 0, NOW_NS, stop_px_ticks=700_000)
    assert path.risk.exposure.account_e4()[0] - before == 876 * 1000
    path.hear(reply(ExecType.REPLACE_REJECTED, RequestKind.AMEND, code=11043, handle=order.handle))
    assert path.risk.exposure.account_e4()[0] == before


def test_amend_that_was_not_sent_counts_as_before():
    path = Path()
    order = path.submit(LIMIT, 10)
    path.venue.answers["send_amend"] = DenyReason.LANES_FULL
    path.entry.amend_order(order, 0, 25, NOW_NS)
    assert worst(path) == (10, 0)


def test_reduce_only_order_opens_nothing_but_may_close_first():
    """Long 5, a reduce-only sell of 5, a sell of 5: if the first fills first, the second opens a short of 5."""
    path = Path()
    path.risk.exposure.tell_position(LINEAR, PosSide.MERGED, 5, 5)
    path.submit(REDUCE, 5)
    assert worst(path) == (5, 0)
    path.submit(SELL, 5)
    assert worst(path) == (5, 5)


def test_order_that_closes_everything_is_a_whole_position():
    path = Path()
    path.risk.exposure.tell_position(LINEAR, PosSide.MERGED, 7, 7)
    order = path.draft(CLOSE, 0, 0)
    order.stop_px_ticks = 600_000
    assert path.entry.submit_order(order, NOW_NS) > 0
    path.submit(SELL, 5)
    assert worst(path) == (7, 5)


def test_hedged_sides_are_apart_and_their_closing_orders_open_nothing():
    path = Path()
    path.risk.exposure.tell_position(LINEAR, PosSide.LONG, 6, 6)
    path.submit(OrderTerms(LINEAR, Side.SELL, pos_side=PosSide.LONG), 6)
    path.submit(OrderTerms(LINEAR, Side.SELL, pos_side=PosSide.SHORT), 4, LAST_PX_TICKS + 1)
    assert (worst(path, LINEAR, PosSide.LONG), worst(path, LINEAR, PosSide.SHORT)) == ((6, 0), (0, 4))


def test_two_witnesses_of_a_position_both_count():
    path = Path()
    exposure = path.risk.exposure
    exposure.tell_position(LINEAR, PosSide.MERGED, 5, -2)
    assert (worst(path), exposure.position_lots(LINEAR)) == ((5, 2), (5, -2))
    exposure.tell_position(LINEAR, PosSide.MERGED, -2, -2)
    assert worst(path) == (-2, 2)


def test_orders_that_are_not_ours_count_like_ours():
    path = Path()
    path.risk.exposure.tell_foreign(LINEAR, PosSide.MERGED, 3, 4)
    assert worst(path) == (3, 4)
    assert path.risk.exposure.account_e4() == (7 * 612_500, 3 * 612_500, 4 * 612_500)
    path.risk.set_reference_price(LINEAR, 600_000)
    assert path.risk.exposure.account_e4() == (7 * 600_000, 3 * 600_000, 4 * 600_000)
    path.risk.exposure.tell_foreign(LINEAR, PosSide.MERGED, 0, 0)
    assert (worst(path), path.risk.exposure.account_e4()) == ((0, 0), (0, 0, 0))


def test_orders_that_are_not_ours_count_once_their_price_is_known():
    path = Path()
    path.risk.exposure.tell_foreign(SPOT, PosSide.MERGED, 0, 1000)
    path.risk.set_reference_price(SPOT, 6_125_000)
    assert path.risk.exposure.account_e4() == (612_500, 0, 612_500)


def test_order_of_money_counts_what_it_may_buy_at_the_collars_end():
    """100 USDT at 61,250 less 20 %: 0.002040817 BTC, in lots of 0.000001 BTC; the money itself is its value."""
    path = Path()
    path.risk.set_reference_price(SPOT, 6_125_000)
    path.submit(SPEND, 100 * 10**8, 0)
    assert worst(path, SPOT) == (2041, 0)
    assert path.risk.exposure.account_e4()[0] == 1_000_000


def test_inverse_contracts_are_worth_their_size():
    path = Path()
    path.submit(OrderTerms(INVERSE, Side.BUY), 30, 122_500)
    path.risk.exposure.tell_position(INVERSE, PosSide.MERGED, -12, -12)
    assert path.risk.exposure.account_e4() == (420_000, 180_000, 120_000)


def test_instruments_with_open_orders_are_found():
    path = Path()
    assert path.risk.exposure.open_instruments() == []
    order = path.submit(LIMIT, 10)
    path.submit(OrderTerms(INVERSE, Side.BUY), 30, 122_500)
    assert path.risk.exposure.open_instruments() == [LINEAR, INVERSE]
    path.hear(said(ExecType.CANCELED, handle=order.handle))
    assert path.risk.exposure.open_instruments() == [INVERSE]


def test_positions_are_valued_at_the_last_price():
    path = Path()
    path.risk.exposure.tell_position(LINEAR, PosSide.MERGED, 10, 10)
    path.risk.set_reference_price(LINEAR, 700_000)
    assert path.risk.exposure.account_e4() == (7_000_000, 7_000_000, -7_000_000)


def test_strategies_count_their_own_executions():
    path = Path()
    owner = path.risk.owner("mm1").index
    order = path.submit(OrderTerms(LINEAR, Side.BUY, owner=owner), 10)
    path.hear(trade(4, 4, handle=order.handle))
    assert [path.risk.exposure.owner_e4(number) for number in (0, owner)] == [0, 10 * 612_500]


def test_limits_serve_one_order_table():
    path = Path(capacity=8)
    assert path.risk.exposure.slot_count == 8
    with pytest.raises(ValueError, match="an order table already"):
        OrderEntry(OrderTable(ClOrdIDMaker(wall_ns=WALL_NS), 8), path.risk, Stages(), ExecIDSet(8))


def test_instrument_that_is_not_among_them_is_refused():
    exposure = Exposure([LINEAR, SPOT])
    for ask in (exposure.worst_lots, exposure.open_lots, exposure.position_lots, exposure.reference_price):
        with pytest.raises(ValueError, match="BTCUSD"):
            ask(INVERSE)
