"""Limits, states and strategies as a session's user meets them, on a real exchange."""

import pytest
from session_lines import USD_M, placed, until

import tidings
from tidings.errors import UsageError
from tidings.model.enums import OrdStatus


async def test_denial_names_the_limit_and_the_numbers(quiet_exchange, open_session):
    phemex = await open_session(quiet_exchange, max_position={"BTCUSDT": "0.015"})
    await placed(phemex, USD_M)
    with pytest.raises(tidings.OrderDenied, match=r"MAX_POSITION: .*\(asked 0\.02, allowed 0\.015\)") as caught:
        phemex.limit("BTCUSDT", "buy", qty="0.01", price=USD_M.at("0.91"))
    assert caught.value.reason == "MAX_POSITION"


async def test_room_comes_back_when_an_order_ends(quiet_exchange, open_session):
    phemex = await open_session(quiet_exchange, max_position={"BTCUSDT": "0.015"})
    for _ in range(3):
        order = await placed(phemex, USD_M)
        await order.cancel()
    assert phemex.engine.risk.exposure.worst_lots(phemex.instrument("BTCUSDT")) == (0, 0)


async def test_position_is_the_one_the_venue_tells(phemex, counterparty):
    offer = await placed(counterparty, USD_M, "sell", price=USD_M.price)
    await phemex.market("BTCUSDT", "buy", qty=USD_M.qty).done()
    await until(lambda: offer.is_done)
    instrument, exposure = phemex.instrument("BTCUSDT"), phemex.engine.risk.exposure
    await until(lambda: exposure.position_lots(instrument)[0] == exposure.position_lots(instrument)[1])
    assert exposure.position_lots(instrument)[0] == phemex.position("BTCUSDT").net_qty_lots


async def test_states_and_their_reasons(phemex):
    phemex.halt("BTCUSDT", reason="odd book")
    assert phemex.state.symbols["BTCUSDT"] == "halted: odd book"
    with pytest.raises(tidings.OrderDenied, match=r"SYMBOL_HALTED.*odd book"):
        phemex.limit("BTCUSDT", "buy", qty="0.01", price=USD_M.low)
    phemex.resume("BTCUSDT", reason="fine again")
    phemex.reduce_only(reason="end of day")
    assert (phemex.state.trading, phemex.state.trading_reason) == ("REDUCING", "end of day")
    with pytest.raises(tidings.OrderDenied, match="REDUCING"):
        phemex.limit("BTCUSDT", "buy", qty="0.01", price=USD_M.low)
    phemex.halt(reason="the news")
    assert (phemex.state.is_ready, phemex.state.reason) == (False, "trading is halted: the news")
    with pytest.raises(tidings.OrderDenied, match=r"HALTED.*the news"):
        phemex.limit("BTCUSDT", "buy", qty="0.01", price=USD_M.low)
    phemex.resume(reason="read it")
    await placed(phemex, USD_M)


async def test_strategies_are_limited_apart(quiet_exchange, open_session):
    phemex = await open_session(quiet_exchange, strategies={"mm1": {"max_notional": "500"}})
    with pytest.raises(tidings.OrderDenied, match=r"strategy mm1 .*`max_notional`.*\(asked 549 USDT, allowed 500\)"):
        phemex.limit("BTCUSDT", "buy", qty="0.01", price=USD_M.low, strategy="mm1")
    await placed(phemex, USD_M)
    armed = phemex.arm("BTCUSDT", "buy", strategy="mm2")
    assert armed.fire(540_000, 10) > 0
    phemex.halt(strategy="mm2", reason="runs wild")
    assert armed.fire(540_000, 11) == -tidings.DenyReason.STRATEGY_HALTED
    assert phemex.state.restricted == {"strategy mm2": "HALTED: runs wild"}
    with pytest.raises(UsageError, match="strategy's name"):
        phemex.arm("BTCUSDT", "buy", strategy="x" * 33)


async def test_lowered_limit_holds_for_the_next_order(phemex):
    phemex.limits.lower("max_notional", "500")
    with pytest.raises(tidings.OrderDenied, match=r"MAX_NOTIONAL.*\(asked 549 USDT, allowed 500\)"):
        phemex.limit("BTCUSDT", "buy", qty="0.01", price=USD_M.low)
    phemex.limits.raise_("max_notional", "600", reason="a test")
    order = await placed(phemex, USD_M)
    assert order.status in (OrdStatus.NEW, OrdStatus.PENDING_NEW)


async def test_orders_of_others_take_room_too(quiet_exchange, open_session, clients):
    clients[0].call("PUT", "/g-orders/create", symbol="BTCUSDT", clOrdID="by-hand", side="Buy", posSide="Merged",
                    ordType="Limit", priceRp="50000", orderQtyRq="0.01")
    phemex = await open_session(quiet_exchange, max_position={"BTCUSDT": "0.015"})
    await until(lambda: phemex.engine.risk.exposure.worst_lots(phemex.instrument("BTCUSDT"))[0] == 10)
    with pytest.raises(tidings.OrderDenied, match="MAX_POSITION"):
        phemex.limit("BTCUSDT", "buy", qty="0.01", price=USD_M.low)
