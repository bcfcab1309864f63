"""What an order counts: quantities, terms, average prices; and what its faces refuse."""

from decimal import Decimal

import pytest
from engine_samples import NOW_NS, Path
from order_samples import (
    ACK,
    FILL,
    INVERSE,
    LIMIT,
    LINEAR,
    OVERFILL,
    PROGRESS,
    SPOT,
    STOP_LIMIT,
    T0,
    check_invariants,
    limit,
    order_in,
    reply,
    said,
    trade,
)

from tidings.model.enums import ExecInst, ExecType, OrdStatus, OrdType, ReportSource, RequestKind, Side, Trigger
from tidings.model.order import apply_report, make_order
from tidings.model.terms import OrderTerms

# ---- Quantities ----------------------------------------------------------------------------------------------------

def test_fill_after_cancel_counts_and_leaves_it_cancelled():
    order = order_in("CANCELED")
    assert apply_report(order, trade(3, 3)) == FILL
    assert (order.status, order.cum_qty_lots, order.leaves_qty_lots) == (OrdStatus.CANCELED, 3, 0)


def test_quantity_told_before_its_execution_is_progress_and_no_fill():
    order = order_in("NEW")
    assert apply_report(order, said(ExecType.STATUS, ord_status=OrdStatus.PARTIALLY_FILLED, cum_qty_lots=4)) == PROGRESS
    assert (order.status, order.cum_qty_lots, order.traded_qty_lots) == (OrdStatus.PARTIALLY_FILLED, 4, 0)

    assert apply_report(order, trade(4, 4)) == FILL
    assert (order.cum_qty_lots, order.traded_qty_lots) == (4, 4)


def test_first_word_may_be_a_snapshot_that_has_filled_already():
    order = limit()
    assert apply_report(order, said(ExecType.STATUS, ReportSource.SNAPSHOT, ord_status=OrdStatus.PARTIALLY_FILLED,
                                    cum_qty_lots=4, order_qty_lots=10)) == ACK | PROGRESS
    assert order.status == OrdStatus.PARTIALLY_FILLED
    check_invariants(order)


def test_execution_without_an_id_cannot_be_counted_once_so_only_its_total_is_believed():
    order = order_in("NEW")
    for _ in range(2):
        apply_report(order, trade(4, 4, exec_id=""))
    assert (order.cum_qty_lots, order.traded_qty_lots, order.trade_count) == (4, 0, 0)


def test_filled_by_the_venues_word_alone():
    order = order_in("NEW")
    assert apply_report(order, said(ExecType.STATUS, ord_status=OrdStatus.FILLED)) == PROGRESS
    assert (order.status, order.leaves_qty_lots) == (OrdStatus.FILLED, 0)


def test_quantities_that_nobody_can_count_do_not_wrap():
    order = order_in("NEW")
    for _ in range(3):
        apply_report(order, trade(2**62, -1))
    assert (order.traded_qty_lots, order.cum_qty_lots, order.trade_count) == (2**63 - 1, 2**63 - 1, 3)


def test_cum_quantity_never_shrinks():
    order = order_in("PARTIALLY_FILLED")
    apply_report(order, said(ExecType.STATUS, ord_status=OrdStatus.NEW, cum_qty_lots=1))
    assert (order.status, order.cum_qty_lots) == (OrdStatus.PARTIALLY_FILLED, 4)


def test_executions_beyond_the_ordered_quantity_raise_the_alarm_once_each():
    order = order_in("NEW")
    assert apply_report(order, trade(10, 10)) == FILL
    assert apply_report(order, trade(1, 11, ord_status=OrdStatus.FILLED)) == FILL | OVERFILL
    assert apply_report(order, said(ExecType.STATUS, ord_status=OrdStatus.FILLED, cum_qty_lots=11)) == 0
    assert (order.cum_qty_lots, order.leaves_qty_lots) == (11, 0)


def test_amended_below_what_has_filled_is_filled():
    order = order_in("PARTIALLY_FILLED")
    apply_report(order, said(ExecType.REPLACED, order_qty_lots=4, cum_qty_lots=4, transact_time_ns=T0))
    assert (order.status, order.leaves_qty_lots) == (OrdStatus.FILLED, 0)


def test_older_report_does_not_bring_old_terms_back():
    order = order_in("NEW")
    apply_report(order, said(ExecType.REPLACED, price_ticks=612_600, order_qty_lots=12, transact_time_ns=T0 + 1))
    apply_report(order, said(ExecType.NEW, price_ticks=612_500, order_qty_lots=10, transact_time_ns=T0))
    assert (order.price_ticks, order.order_qty_lots) == (612_600, 12)


def test_reply_to_an_amend_does_not_put_its_terms_in_force():
    order = order_in("NEW")
    apply_report(order, reply(ExecType.PENDING_REPLACE, RequestKind.AMEND,
                             price_ticks=612_600, transact_time_ns=T0))
    assert order.price_ticks == 612_500


def test_protective_price_of_a_market_order_is_not_its_price():
    order = make_order(OrderTerms(LINEAR, Side.BUY, ord_type=OrdType.MARKET, time_in_force=3), order_qty_lots=10)
    apply_report(order, said(ExecType.NEW, price_ticks=700_000, transact_time_ns=T0))
    assert order.price_ticks == 0


def test_quantity_in_quote_currency_is_finished_by_the_venues_word():
    terms = OrderTerms(SPOT, Side.BUY, ord_type=OrdType.MARKET, time_in_force=3, qty_in_quote=True)
    order = make_order(terms, order_qty_lots=50_000_000_000)
    apply_report(order, trade(100, 100, px_ticks=6_125_000, ord_status=OrdStatus.PARTIALLY_FILLED))
    assert (order.status, order.leaves_qty_lots) == (OrdStatus.PARTIALLY_FILLED, 0)
    apply_report(order, trade(90_000_000_000, 90_000_000_100, px_ticks=6_125_000, ord_status=OrdStatus.FILLED))
    assert order.status == OrdStatus.FILLED


# ---- Conditional orders --------------------------------------------------------------------------------------------

def test_late_untriggered_does_not_put_a_triggered_order_back():
    order = order_in("NEW", STOP_LIMIT)
    assert apply_report(order, said(ExecType.UNTRIGGERED, ord_status=OrdStatus.UNTRIGGERED)) == 0
    assert order.status == OrdStatus.NEW


@pytest.mark.parametrize("state", ["PENDING_NEW", "UNKNOWN"])
def test_amended_before_its_first_word_may_still_wait_for_its_trigger(state):
    order = order_in(state, STOP_LIMIT)
    assert apply_report(order, said(ExecType.REPLACED, ord_status=OrdStatus.UNTRIGGERED)) == ACK
    assert order.status == OrdStatus.UNTRIGGERED


def test_order_that_closes_whatever_is_there_has_nothing_left_to_fill():
    terms = OrderTerms(LINEAR, Side.SELL, ord_type=OrdType.STOP, trigger=Trigger.MARK_PRICE, time_in_force=3,
                       exec_inst=ExecInst.CLOSE_ON_TRIGGER)
    order = make_order(terms, stop_px_ticks=600_000)
    apply_report(order, said(ExecType.UNTRIGGERED))
    assert (order.status, order.leaves_qty_lots) == (OrdStatus.UNTRIGGERED, 0)


# ---- Average price -------------------------------------------------------------------------------------------------

FILLS = [(612_505, 3), (612_512, 7), (612_490, 1)]


def test_average_of_linear_executions_is_weighted_by_quantity():
    order = limit(qty_lots=11)
    for px_ticks, qty_lots in FILLS:
        apply_report(order, trade(qty_lots, -1, px_ticks=px_ticks))
    paid = sum(Decimal(px) / 10 * qty for px, qty in FILLS)
    assert order.avg_px == paid / 11
    assert str(limit_filled_at(612_500).avg_px) == "61250.0"


def limit_filled_at(px_ticks):
    order = limit()
    apply_report(order, trade(10, 10, px_ticks=px_ticks))
    return order


def test_average_of_inverse_executions_is_weighted_by_value():
    """Contracts of 1 USD, tick 0.5: Σ qty ÷ Σ (qty ÷ price), each value cut to 1e-8 BTC as the venue cuts."""
    order = make_order(OrderTerms(INVERSE, Side.SELL), price_ticks=122_000, order_qty_lots=12_000)
    fills = [(122_501, 1000), (122_500, 10_000), (121_999, 7)]
    for px_ticks, qty_lots in fills:
        apply_report(order, trade(qty_lots, -1, px_ticks=px_ticks))
    values = [Decimal(qty) / (Decimal(px) / 2) for px, qty in fills]
    cut = [value.quantize(Decimal("1e-8"), rounding="ROUND_DOWN") for value in values]
    assert order.avg_px == Decimal(11_007) / sum(cut)


def test_average_survives_values_beyond_64_bits():
    order = limit(qty_lots=2 * 10**15)
    for _ in range(2):
        apply_report(order, trade(10**15, -1, px_ticks=10**9))
    assert order.avg_px == Decimal(10**8)


def test_no_execution_no_average():
    assert limit().avg_px is None


# ---- Faces ---------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("value", [61250.9, 1.0, "5", None, Decimal(5)])
def test_ticks_and_lots_are_whole_numbers(value):
    order = limit()
    with pytest.raises(TypeError, match="whole numbers"):
        order.price_ticks = value
    assert order.price_ticks == 612_500


def test_numbers_are_set_before_it_is_sent_and_not_after():
    path = Path()
    order = path.draft(LIMIT)
    order.price_ticks = 612_400
    assert path.entry.submit_order(order, NOW_NS) > 0
    with pytest.raises(AttributeError, match="amend it"):
        order.order_qty_lots = 5
    assert (order.price_ticks, order.order_qty_lots) == (612_400, 10)


def test_state_cannot_be_set():
    with pytest.raises(AttributeError):
        limit().status = OrdStatus.FILLED


def test_order_cannot_be_made_without_terms():
    with pytest.raises(TypeError, match="order table"):
        type(limit())()


def test_client_id_longer_than_the_venue_takes_is_refused():
    with pytest.raises(ValueError, match="40 characters"):
        make_order(LIMIT, cl_ord_id="x" * 41)


def test_order_tells_its_ids_and_side():
    order_id = "ab90a08c-b728-4b6b-97c4-36fa497335bf"
    order = make_order(LIMIT, handle=3, cl_ord_id="T3", order_id=order_id, price_ticks=1, order_qty_lots=2)
    assert (order.order_id, order.cl_ord_id, order.symbol, order.side) == (order_id, "T3", "BTCUSDT", Side.BUY)
    assert "T3 BTCUSDT BUY 0/2 lots @ 1 ticks PENDING_NEW" in repr(order)


def test_venues_id_is_learnt_once():
    order, first = limit(), "ab90a08c-b728-4b6b-97c4-36fa497335bf"
    apply_report(order, said(ExecType.NEW, order_id=first))
    apply_report(order, said(ExecType.NEW, order_id="00000000-0000-0001-0000-000000000002"))
    assert order.order_id == first
