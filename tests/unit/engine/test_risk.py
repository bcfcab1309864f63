"""Each reason to deny, at its edge, against arithmetic in Python's unbounded integers."""

from fractions import Fraction

import pytest
from engine_samples import wide_limits
from hypothesis import given
from hypothesis import strategies as st
from order_samples import INVERSE, LIMIT, LINEAR, SPOT, STOP_LIMIT

from tidings.engine.order_entry import OrderEntry
from tidings.engine.order_table import ExecIDSet, OrderTable
from tidings.engine.ports import PythonGateway
from tidings.engine.risk import Risk
from tidings.engine.risk_limits import StrategyLimits
from tidings.metrics.stages import Stages
from tidings.model.enums import DenyReason, ExecInst, ExecType, OrdType, Side, TimeInForce, TradingState, Trigger
from tidings.model.execution_report import report_of
from tidings.model.instrument import Instrument
from tidings.model.order import make_order
from tidings.model.order_ids import ClOrdIDMaker
from tidings.model.terms import OrderTerms

INT64_MAX = 2**63 - 1
LAST_TICKS = 612_500                    # 61,250.0; one lot is 0.001 BTC

SELL = OrderTerms(LINEAR, Side.SELL)
MARKET = OrderTerms(LINEAR, Side.BUY, ord_type=OrdType.MARKET, time_in_force=TimeInForce.IOC)
STOP = OrderTerms(LINEAR, Side.SELL, ord_type=OrdType.STOP, trigger=Trigger.LAST_PRICE, time_in_force=TimeInForce.IOC)
CLOSE = OrderTerms(LINEAR, Side.SELL, ord_type=OrdType.STOP, trigger=Trigger.LAST_PRICE, time_in_force=TimeInForce.IOC,
                   exec_inst=ExecInst.CLOSE_ON_TRIGGER)
SPEND = OrderTerms(SPOT, Side.BUY, ord_type=OrdType.MARKET, time_in_force=TimeInForce.IOC, qty_in_quote=True)
COINS = OrderTerms(INVERSE, Side.BUY)


def limits(reference_ticks=LAST_TICKS, **changes):
    risk = Risk([LINEAR, INVERSE, SPOT], wide_limits(**{"max_open": 5, **changes}))
    risk.set_reference_price(LINEAR, reference_ticks)
    risk.set_reference_price(SPOT, 6_125_000)
    return risk


def order_of(terms=LIMIT, qty_lots=10, price_ticks=LAST_TICKS, **numbers):
    return make_order(terms, order_qty_lots=qty_lots, price_ticks=price_ticks, **numbers)


def reason(risk, order, open_count=0):
    return DenyReason(risk.check(order, open_count))


def test_ordinary_order_passes():
    assert reason(limits(), order_of()) == DenyReason.NONE


def test_halt_denies_first():
    risk = limits()
    risk.set_state(TradingState.HALTED)
    assert reason(risk, order_of(qty_lots=-1), 99) == DenyReason.HALTED


def test_open_orders_are_limited():
    assert reason(limits(), order_of(), 4) == DenyReason.NONE
    assert reason(limits(), order_of(), 5) == DenyReason.MAX_OPEN_ORDERS


@pytest.mark.parametrize("qty_lots", [0, -1, -(2**63)])
@pytest.mark.parametrize("terms", [LIMIT, MARKET, SPEND])
def test_quantity_must_be_positive(terms, qty_lots):
    assert reason(limits(), order_of(terms, qty_lots)) == DenyReason.BAD_QTY


def test_order_that_closes_the_position_needs_no_quantity_but_a_trigger_price():
    assert reason(limits(), order_of(CLOSE, 0, 0, stop_px_ticks=600_000)) == DenyReason.NONE
    assert reason(limits(), order_of(CLOSE, 0, 0)) == DenyReason.BAD_PRICE
    assert reason(limits(), order_of(CLOSE, -1, 0, stop_px_ticks=600_000)) == DenyReason.BAD_QTY


@pytest.mark.parametrize("price_ticks", [0, -1, -(2**63)])
def test_limit_price_must_be_positive(price_ticks):
    assert reason(limits(), order_of(price_ticks=price_ticks)) == DenyReason.BAD_PRICE


@pytest.mark.parametrize("stop_px_ticks", [0, -1])
@pytest.mark.parametrize("terms", [STOP, STOP_LIMIT])
def test_trigger_price_must_be_positive(terms, stop_px_ticks):
    assert reason(limits(), order_of(terms, stop_px_ticks=stop_px_ticks)) == DenyReason.BAD_PRICE


def test_largest_quantity_is_the_venues_until_it_is_set():
    instrument = Instrument(
        symbol="XUSDT", line=1, index=0, base_currency="X", quote_currency="USDT", settle_currency="USDT",
        price_scale=1, tick_mantissa=1, qty_scale=3, lot_mantissa=1, max_qty_lots=20,
    )
    terms, risk = OrderTerms(instrument, Side.BUY), Risk([instrument], wide_limits(max_notional_e4=INT64_MAX))
    risk.set_reference_price(instrument, LAST_TICKS)
    assert [reason(risk, order_of(terms, qty)) for qty in (20, 21)] == [DenyReason.NONE, DenyReason.MAX_QTY]
    risk.symbols.limit_qty(instrument, 5)
    assert [reason(risk, order_of(terms, qty)) for qty in (5, 6)] == [DenyReason.NONE, DenyReason.MAX_QTY]
    risk.symbols.limit_qty(instrument, 0)
    assert reason(risk, order_of(terms, 10**6)) == DenyReason.NONE


def test_order_without_a_known_price_is_denied():
    risk = limits(reference_ticks=0)
    assert [reason(risk, order_of(terms)) for terms in (LIMIT, MARKET)] == [DenyReason.NO_REFERENCE_PRICE] * 2


def test_conditional_order_is_measured_at_its_trigger_price():
    risk = limits(reference_ticks=0)
    fine = order_of(STOP_LIMIT, price_ticks=120_000, stop_px_ticks=100_000)
    beyond = order_of(STOP_LIMIT, price_ticks=120_001, stop_px_ticks=100_000)
    assert (reason(risk, fine), reason(risk, beyond)) == (DenyReason.NONE, DenyReason.PRICE_COLLAR)


def test_instrument_the_limits_were_not_made_for_is_denied():
    other = Instrument(
        symbol="NEWUSDT", line=1, index=3, base_currency="NEW", quote_currency="USDT", settle_currency="USDT",
        price_scale=1, tick_mantissa=1, qty_scale=3, lot_mantissa=1,
    )
    assert reason(limits(), order_of(OrderTerms(other, Side.BUY))) == DenyReason.NO_REFERENCE_PRICE
    for call in (limits().reference_price, lambda it: limits().symbols.limit_qty(it, 1)):
        with pytest.raises(ValueError, match="NEWUSDT"):
            call(other)


# ---- Value ---------------------------------------------------------------------------------------------------------

def test_value_of_one_order_is_limited():
    """10 lots at 61,250.0 are 612.5000 USDT."""
    assert reason(limits(max_notional_e4=6_125_000), order_of()) == DenyReason.NONE
    assert reason(limits(max_notional_e4=6_124_999), order_of()) == DenyReason.MAX_NOTIONAL


def test_market_order_is_valued_at_the_last_price():
    assert reason(limits(max_notional_e4=6_125_000), order_of(MARKET, price_ticks=0)) == DenyReason.NONE
    assert reason(limits(max_notional_e4=6_124_999), order_of(MARKET, price_ticks=0)) == DenyReason.MAX_NOTIONAL


def test_inverse_contracts_are_worth_their_size_at_any_price():
    for price_ticks, max_notional_e4, expected in [(1, 10**7, 0), (1, 10**7 - 1, 5)]:
        risk = limits(max_notional_e4=max_notional_e4)
        risk.set_reference_price(INVERSE, price_ticks)
        assert risk.check(order_of(COINS, 1000, price_ticks)) == expected


@pytest.mark.parametrize("qty_lots", [INT64_MAX, 2**62, 2**40])
def test_value_that_overflows_is_too_much(qty_lots):
    risk = limits(reference_ticks=INT64_MAX // 2, max_notional_e4=INT64_MAX - 1)
    assert reason(risk, order_of(qty_lots=qty_lots, price_ticks=INT64_MAX // 2)) == DenyReason.MAX_NOTIONAL


def test_money_to_spend_is_rounded_up():
    """10 USDT at scale 8; the limit is in 0.0001."""
    for money, expected in [(10 * 10**8, DenyReason.NONE), (10 * 10**8 + 1, DenyReason.MAX_NOTIONAL)]:
        assert reason(limits(max_notional_e4=100_000), order_of(SPEND, money, 0)) == expected


def test_money_in_coarse_units_saturates():
    coarse = Instrument(
        symbol="sXTRY", line=2, index=0, base_currency="X", quote_currency="TRY", settle_currency="TRY",
        price_scale=4, tick_mantissa=1, qty_scale=8, lot_mantissa=1, value_scale=2,
    )
    terms = OrderTerms(coarse, Side.BUY, ord_type=OrdType.MARKET, time_in_force=TimeInForce.IOC, qty_in_quote=True)
    most = dict.fromkeys(("max_gross_e4", "max_window_e4"), INT64_MAX)
    own = StrategyLimits(max_notional_e4=INT64_MAX, **most)
    most |= dict.fromkeys(("max_net_e4", "max_position_e4"), INT64_MAX)
    risk = Risk([coarse], wide_limits(max_notional_e4=INT64_MAX - 1, strategy=own, **most))
    risk.set_reference_price(coarse, 1)
    assert reason(risk, order_of(terms, INT64_MAX // 100 - 1, 0)) == DenyReason.NONE
    assert reason(risk, order_of(terms, INT64_MAX // 50, 0)) == DenyReason.MAX_NOTIONAL


# ---- Collar --------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize(
    ("terms", "price_ticks", "expected"),
    [
        (LIMIT, 735_000, DenyReason.NONE), (LIMIT, 735_001, DenyReason.PRICE_COLLAR), (LIMIT, 1, DenyReason.NONE),
        (SELL, 490_000, DenyReason.NONE), (SELL, 489_999, DenyReason.PRICE_COLLAR), (SELL, 9_999_999, DenyReason.NONE),
    ],
)
def test_collar_is_20_percent_on_the_aggressive_side(terms, price_ticks, expected):
    assert reason(limits(), order_of(terms, 1, price_ticks)) == expected


@given(
    side=st.sampled_from(Side), collar_bp=st.integers(1, 9999),
    price_ticks=st.one_of(st.integers(1, 10**6), st.integers(1, INT64_MAX)),
    reference_ticks=st.one_of(st.integers(1, 10**6), st.integers(1, INT64_MAX)),
)
def test_collar_agrees_with_fractions_and_never_overflows(side, collar_bp, price_ticks, reference_ticks):
    risk = limits(reference_ticks, max_notional_e4=INT64_MAX, collar_bp=collar_bp)
    beyond = (price_ticks - reference_ticks) * (1 if side == Side.BUY else -1)
    is_denied = beyond > Fraction(reference_ticks * collar_bp, 10_000)
    expected = DenyReason.PRICE_COLLAR if is_denied else DenyReason.NONE
    assert reason(risk, order_of(OrderTerms(LINEAR, side), 1, price_ticks)) == expected


def test_reference_that_is_no_price_is_ignored():
    risk = limits()
    for price_ticks in (0, -5):
        risk.set_reference_price(LINEAR, price_ticks)
    assert risk.reference_price(LINEAR) == LAST_TICKS


# ---- Amends --------------------------------------------------------------------------------------------------------

class Taker:
    """A venue that takes everything."""

    def __getattr__(self, name):
        return lambda *_: 0


def working(risk, terms=LIMIT, **numbers):
    """(entry, order): an order of 10 lots of which 4 have filled."""
    entry = OrderEntry(OrderTable(ClOrdIDMaker(wall_ns=0), 8), risk, Stages(), ExecIDSet(10))
    entry.plug(PythonGateway(Taker()))
    order = entry.draft_order(terms)
    order.order_qty_lots, order.price_ticks = 10, LAST_TICKS
    for name, value in numbers.items():
        setattr(order, name, value)
    assert entry.submit_order(order, 0) > 0
    entry.take_report(report_of(ExecType.NEW, 1, handle=1, cum_qty_lots=4), 0)
    return entry, order


@pytest.mark.parametrize(
    ("price_ticks", "qty_lots", "expected"),
    [
        (612_600, 0, DenyReason.NONE), (0, 11, DenyReason.NONE), (0, 5, DenyReason.NONE),
        (0, 4, DenyReason.BAD_QTY), (0, -1, DenyReason.BAD_QTY), (-1, 0, DenyReason.BAD_PRICE),
        (735_001, 0, DenyReason.PRICE_COLLAR), (0, 10**12, DenyReason.MAX_NOTIONAL),
    ],
)
def test_amended_order_must_pass_as_if_it_were_new(price_ticks, qty_lots, expected):
    entry, order = working(limits())
    assert entry.amend_order(order, price_ticks, qty_lots, 0) == -expected


@pytest.mark.parametrize(
    ("price_ticks", "qty_lots", "expected"),
    [
        (0, 6, DenyReason.NONE), (LAST_TICKS, 6, DenyReason.NONE), (612_400, 0, DenyReason.HALTED),
        (612_400, 6, DenyReason.HALTED), (0, 11, DenyReason.HALTED),
    ],
)
def test_halted_orders_may_only_shrink(price_ticks, qty_lots, expected):
    risk = limits()
    entry, order = working(risk)
    risk.set_state(TradingState.HALTED)
    assert entry.amend_order(order, price_ticks, qty_lots, 0) == -expected


def test_shrinking_is_allowed_though_the_market_has_left_the_price():
    risk = limits()
    entry, order = working(risk)
    risk.set_reference_price(LINEAR, 100_000)
    assert entry.amend_order(order, 0, 6, 0) == 0


def test_order_without_a_limit_price_cannot_get_one():
    entry, order = working(limits(), STOP, price_ticks=0, stop_px_ticks=600_000)
    assert entry.amend_order(order, 612_500, 0, 0) == -DenyReason.BAD_PRICE


@pytest.mark.parametrize(
    ("stop_px_ticks", "expected"),
    [
        (510_416, DenyReason.NONE), (510_415, DenyReason.PRICE_COLLAR),      # a fifth above: 612,499.2 and 612,498
        (-1, DenyReason.BAD_PRICE), (-(2**63), DenyReason.BAD_PRICE),
    ],
)
def test_amended_trigger_price_must_pass_as_if_it_were_new(stop_px_ticks, expected):
    entry, order = working(limits(), STOP_LIMIT, price_ticks=612_499, stop_px_ticks=LAST_TICKS)
    assert entry.amend_triggers(order, 0, 0, 0, stop_px_ticks=stop_px_ticks) == -expected


def test_value_of_one_order_is_limited_at_an_amended_trigger_price_too():
    """10 lots to be sold where 61,250.0 or 61,250.1 is touched."""
    entry, order = working(limits(max_notional_e4=6_125_000), STOP, price_ticks=0, stop_px_ticks=600_000)
    assert entry.amend_triggers(order, 0, 0, 0, stop_px_ticks=612_501) == -DenyReason.MAX_NOTIONAL
    assert entry.amend_triggers(order, 0, 0, 0, stop_px_ticks=612_500) == 0


def test_smaller_order_with_another_trigger_price_does_more_than_shrink():
    risk = limits()
    entry, order = working(risk, STOP, price_ticks=0, stop_px_ticks=600_000)
    risk.set_state(TradingState.HALTED)
    assert entry.amend_triggers(order, 0, 6, 0, stop_px_ticks=612_000) == -DenyReason.HALTED
    assert entry.amend_triggers(order, 0, 6, 0, stop_px_ticks=600_000) == 0


@pytest.mark.parametrize("name", ["take_profit_ticks", "stop_loss_ticks"])
def test_attached_prices_must_be_positive(name):
    terms = OrderTerms(LINEAR, Side.BUY, take_profit_trigger=Trigger.LAST_PRICE, stop_loss_trigger=Trigger.LAST_PRICE)
    entry, order = working(limits(), terms, take_profit_ticks=700_000, stop_loss_ticks=5)
    assert entry.amend_triggers(order, 0, 0, 0, **{name: -7}) == -DenyReason.BAD_PRICE


# ---- Limits --------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize(
    "wrong", [{"max_notional_e4": 0}, {"collar_bp": 0}, {"collar_bp": 10_000}, {"max_open": 0}, {"max_open": -1}]
)
def test_limit_that_limits_nothing_is_refused(wrong):
    with pytest.raises(ValueError, match=f"{next(iter(wrong))}={next(iter(wrong.values()))}"):
        limits(**wrong)


def test_negative_largest_quantity_is_refused():
    with pytest.raises(ValueError, match="BTCUSDT"):
        limits().symbols.limit_qty(LINEAR, -1)


def test_instruments_may_come_one_by_one():
    risk = Risk(iter([LINEAR, SPOT]))
    risk.set_reference_price(SPOT, 5)
    assert risk.reference_price(SPOT) == 5
