"""The small synchronous API of the package tidings grew from, for plain scripts without a loop of their own.

    conn = PhemexConnection(AuthCredentials(api_key, secret_key))
    placer = conn.get_order_placer()
    factory = placer.get_order_factory()
    handle = placer.submit(factory.create_limit_order(Side.SELL, 1, 10000.0, Contract("BTCUSD")))
    handle.cancel()

A thin shell: the engine runs in a loop on a thread of its own, and every call here waits for its answer. Calls may come
from several threads. Nothing needs to be closed, though `with PhemexConnection(...)` and `close()` are there.

Prices may be floats, as in the original: they are taken by their shortest decimal form, which is what was typed. The
engine's own API refuses floats.
"""

from tidings.blocking.connection import PhemexConnection
from tidings.blocking.credentials import AuthCredentials, PublicCredentials
from tidings.blocking.order_model import (
    Condition,
    ConditionalOrder,
    Contract,
    LimitOrder,
    MarketOrder,
    OrderFactory,
    TimeInForce,
    Trigger,
)
from tidings.blocking.order_placer import OrderHandle, OrderPlacer
from tidings.model.enums import Side

__all__ = [
    "AuthCredentials",
    "Condition",
    "ConditionalOrder",
    "Contract",
    "LimitOrder",
    "MarketOrder",
    "OrderFactory",
    "OrderHandle",
    "OrderPlacer",
    "PhemexConnection",
    "PublicCredentials",
    "Side",
    "TimeInForce",
    "Trigger",
]
