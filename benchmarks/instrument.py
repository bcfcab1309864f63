"""The canonical order as tidings objects: instrument, terms, order, encoder."""

from benchmarks.messages import API_KEY, API_SECRET, CL_ORD_ID, EXPIRY_S, PRICE_TICKS, QTY_LOTS, SYMBOL
from tidings.engine.risk_limits import RiskLimits, StrategyLimits
from tidings.model.enums import OrdType, ProductLine, Side, TimeInForce
from tidings.model.instrument import Instrument
from tidings.model.order import Order, make_order
from tidings.model.terms import OrderTerms
from tidings.venue.phemex.order_encoder import OrderEncoder
from tidings.venue.phemex.signing import Credentials

HOST = "127.0.0.1:8443"
INSTRUMENT = Instrument(
    symbol=SYMBOL,
    line=ProductLine.LINEAR,
    index=0,
    base_currency="BTC",
    quote_currency="USDT",
    settle_currency="USDT",
    price_scale=1,
    tick_mantissa=1,
    qty_scale=3,
    lot_mantissa=1,
    value_scale=8,
)

# A benchmark repeats one order as fast as it can: exactly what the real limits are there to stop.
WIDE_LIMITS = RiskLimits(
    max_notional_e4=10**12, max_open=16_384, max_position_e4=2**62, max_gross_e4=2**62, max_net_e4=2**62,
    max_window_e4=2**62, max_window_orders=10**9, max_orders_per_s=10**9, duplicate_window_ns=0,
    strategy=StrategyLimits(max_gross_e4=2**62, max_window_e4=2**62, max_orders_per_s=10**9, max_executions=10**6),
)  # fmt: skip


def make_terms() -> OrderTerms:
    return OrderTerms(INSTRUMENT, Side.BUY, ord_type=OrdType.LIMIT, time_in_force=TimeInForce.GTC)


def make_canonical_order(handle: int = 1) -> Order:
    return make_order(
        make_terms(), handle=handle, cl_ord_id=CL_ORD_ID, price_ticks=PRICE_TICKS, order_qty_lots=QTY_LOTS
    )


def make_encoder() -> OrderEncoder:
    encoder = OrderEncoder(HOST, Credentials(API_KEY, API_SECRET))
    encoder.expiry_s = EXPIRY_S
    return encoder
