"""Every reason to deny an order is reachable, is a negative number on the hot path and an OrderDenied beside it."""

from contextlib import asynccontextmanager

import pytest
from fault_server import FaultServer
from session_lines import PATIENT

import tidings
from tidings.errors import UsageError
from tidings.exchange.server.certificates import Certificates
from tidings.model.enums import DenyReason, TradingState


@asynccontextmanager
async def session(**settings):
    with Certificates() as certificates:
        async with FaultServer(certificates.server_context()) as server:
            settings = {"lanes": 1, "rate_limits": False, "duplicate_window_s": 1e-6, **PATIENT, **settings}
            async with tidings.connect(
                "local", api_url=server.rest_url, ws_url=server.ws_url, ca_file=str(certificates.ca_file),
                api_key="key", api_secret="secret", **settings,
            ) as phemex:
                phemex.server = server
                yield phemex


def denied(phemex: tidings.Phemex, symbol: str = "BTCUSDT", qty: str = "0.01", price: str = "50000") -> str:
    """The reason, as both faces tell it."""
    ticks, lots = phemex.on_grid(phemex.instrument(symbol), price, qty)
    result = phemex.arm(symbol, "buy").fire(ticks, lots)
    assert result < 0
    with pytest.raises(tidings.OrderDenied, match=symbol) as caught:
        phemex.limit(symbol, "buy", qty=qty, price=price)
    assert caught.value.reason == DenyReason(-result).name
    return caught.value.reason


async def test_limits_of_an_order():
    async with session(max_qty={"BTCUSDT": "1"}, max_notional="100000", collar_percent="10") as phemex:
        assert denied(phemex, qty="1.001") == "MAX_QTY"
        assert denied(phemex, price="56000", qty="0.001") == "PRICE_COLLAR"
        assert denied(phemex, symbol="BTCUSD", qty="1") == "NO_REFERENCE_PRICE"
        assert phemex.arm("BTCUSDT", "buy").fire(0, 10) == -DenyReason.BAD_PRICE
        assert phemex.arm("BTCUSDT", "buy").fire(500_000, 0) == -DenyReason.BAD_QTY
        assert phemex.arm("BTCUSDT", "buy").fire(500_000, -5) == -DenyReason.BAD_QTY
        phemex.engine.risk.set_state(TradingState.HALTED)
        assert denied(phemex) == "HALTED"
        assert phemex.server.asked == []


async def test_value_of_an_order():
    async with session(max_notional="400") as phemex:
        assert denied(phemex) == "MAX_NOTIONAL"


async def test_open_orders_and_the_table():
    async with session(max_open_orders=2) as phemex:
        for _ in range(2):
            await phemex.limit("BTCUSDT", "buy", qty="0.01", price="50000").accepted()
        assert denied(phemex) == "MAX_OPEN_ORDERS"
    async with session(max_open_orders=1000, order_memory=256, lane_depth=64, lanes=4) as phemex:
        armed = phemex.arm("BTCUSDT", "buy")
        assert all(armed.fire(500_000, 10) > 0 for _ in range(256))
        assert denied(phemex) == "TABLE_FULL"


async def test_the_same_again_says_how_long_to_wait():
    async with session(duplicate_window_s=5.0) as phemex:
        phemex.server.acts.append(lambda asked: None)       # no answer
        first = phemex.limit("BTCUSDT", "buy", qty="0.01", price="50000")
        with pytest.raises(tidings.OrderDenied, match=rf"{first.cl_ord_id} was sent .* is taken in [45]\.\d+ s"):
            phemex.limit("BTCUSDT", "buy", qty="0.01", price="50000")


async def test_lanes():
    async with session(lane_depth=1) as phemex:
        (lane,) = phemex.engine.lanes.pool
        order = phemex.limit("BTCUSDT", "buy", qty="0.01", price="50000")
        assert denied(phemex) == "LANES_FULL"
        await order.accepted()
        lane.close(tidings.ConnectionLost("cut by the test"))
        assert denied(phemex) == "NOT_CONNECTED"
        assert "no order lane is up" in phemex.state.reason


async def test_budget():
    async with session(rate_limits=True, requests_per_minute_max=10) as phemex:
        armed = phemex.arm("BTCUSDT", "buy")
        results = []
        while not results or results[-1] > 0:
            order = phemex.order(results[-1]) if results else None
            results.append(armed.fire(500_000, 10))
            if order is not None:
                await phemex.engine.queries.server_time_ms()    # the answers come in meanwhile
        assert results[-1] == -DenyReason.RATE_LIMIT
        assert denied(phemex) == "RATE_LIMIT"
        assert phemex.cancel(results[0]) == 0, "a share is kept for cancels"


async def test_without_a_key_prices_can_be_asked_but_no_order_placed():
    with Certificates() as certificates:
        async with FaultServer(certificates.server_context()) as server, tidings.connect(
            "local", api_url=server.rest_url, ws_url=server.ws_url, ca_file=str(certificates.ca_file)
        ) as phemex:
            assert phemex.instrument("BTCUSDT").symbol == "BTCUSDT"
            assert "no API key" in phemex.state.reason
            with pytest.raises(tidings.OrderDenied, match="no API key") as caught:
                phemex.limit("BTCUSDT", "buy", qty="0.01", price="50000")
            assert caught.value.reason == "NOT_READY"


async def test_a_session_that_has_ended_says_so_to_whoever_would_wait_for_ever():
    async with session() as phemex:
        pass
    with pytest.raises(tidings.OrderDenied, match="not open: enter it with `async with`") as caught:
        await phemex.run(tidings.Strategy(), seconds=60)
    assert caught.value.reason == "NOT_READY"
    with pytest.raises(UsageError, match="has ended"):
        await phemex.subscribe("BTCUSDT")
    with pytest.raises(UsageError, match="iterate inside"):
        phemex.books("BTCUSDT")
