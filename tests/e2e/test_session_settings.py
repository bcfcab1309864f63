"""Position modes, leverage, margin and the catalogue: settings that decide what an order may say."""

import pytest

import tidings
from tidings.errors import UsageError
from tidings.model.enums import OrdStatus, PosSide


async def position_row(phemex: tidings.Phemex, symbol: str, currency: str = "USDT") -> dict:
    instrument = phemex.instrument(symbol)
    data = await phemex.engine.queries.account_positions(tidings.ProductLine(instrument.line), currency)
    return next(row for row in data["positions"] if row["symbol"] == symbol)


@pytest.fixture
async def hedged(quiet_exchange, open_session):
    """Account 2 with ETHUSDT hedged; afterwards one-way again."""
    phemex = await open_session(quiet_exchange, account=2)
    await phemex.set_position_mode("ETHUSDT", "Hedged")
    yield phemex
    await phemex.cancel_all("ETHUSDT")
    await phemex.set_position_mode("ETHUSDT", "OneWay")


@pytest.mark.parametrize(
    ("side", "reduce_only", "pos_side"),
    [("buy", False, PosSide.LONG), ("sell", False, PosSide.SHORT), ("buy", True, PosSide.SHORT)],
)
async def test_in_hedged_mode_the_position_side_follows_from_the_order(hedged, side, reduce_only, pos_side):
    terms = hedged.arm("ETHUSDT", side, reduce_only=reduce_only).terms
    assert terms.pos_side == pos_side


async def test_a_hedged_order_names_its_side_and_lives(hedged):
    order = await hedged.limit("ETHUSDT", "buy", qty="0.1", price="2700").accepted()
    await order.amend(price="2701")
    await order.cancel()
    assert order.status == OrdStatus.CANCELED
    short = await hedged.limit("ETHUSDT", "sell", qty="0.1", price="3300", pos_side="short").accepted()
    assert hedged.cancel_many([short.handle]) == 0
    await short.done()


async def test_a_position_side_of_the_other_mode_is_refused_here(hedged):
    with pytest.raises(UsageError, match=r"hedged position mode.*LONG or SHORT.*20004"):
        hedged.limit("ETHUSDT", "buy", qty="0.1", price="2700", pos_side="merged")
    with pytest.raises(UsageError, match=r"one-way position mode.*20004"):
        hedged.limit("BTCUSDT", "buy", qty="0.01", price="60000", pos_side="long")
    assert hedged.entry.submitted_count == 0


async def test_the_mode_is_read_at_connect(hedged, quiet_exchange, open_session):
    again = await open_session(quiet_exchange, account=2)
    assert again.engine.is_hedged("ETHUSDT")
    assert not again.engine.is_hedged("BTCUSDT")


async def test_only_usd_m_contracts_have_a_mode(phemex):
    for symbol in ("BTCUSD", "sBTCUSDT"):
        with pytest.raises(UsageError, match="only USD-M"):
            await phemex.set_position_mode(symbol, "Hedged")
    with pytest.raises(UsageError, match="OneWay"):
        await phemex.set_position_mode("BTCUSDT", "hedge")


async def test_leverage_is_set_on_both_contract_lines(quiet_exchange, open_session):
    phemex = await open_session(quiet_exchange, account=3)
    await phemex.set_leverage("ETHUSDT", "7")
    assert str((await position_row(phemex, "ETHUSDT"))["leverageRr"]) in ("7", "7.0")
    await phemex.set_leverage("ETHUSDT", 0)
    assert float((await position_row(phemex, "ETHUSDT"))["leverageRr"]) <= 0, "0 is cross margin"
    await phemex.set_leverage("cETHUSD", 5)
    assert float((await position_row(phemex, "cETHUSD", "ETH"))["leverage"]) == 5
    with pytest.raises(UsageError, match="spot has no leverage"):
        await phemex.set_leverage("sETHUSDT", 2)
    with pytest.raises(UsageError, match="not float"):
        await phemex.set_leverage("ETHUSDT", 2.5)
    with pytest.raises(UsageError, match="one leverage"):
        await phemex.set_leverage("ETHUSDT", 2, short_leverage=3)


async def test_hedged_leverage_has_two_sides(hedged):
    await hedged.set_leverage("ETHUSDT", "4", short_leverage="6")
    data = await hedged.engine.queries.account_positions(tidings.ProductLine.LINEAR, "USDT")
    rows = {row["posSide"]: row for row in data["positions"] if row["symbol"] == "ETHUSDT"}
    assert {side: float(row["leverageRr"]) for side, row in rows.items() if side != "Merged"} == {"Long": 4, "Short": 6}


async def test_margin_is_assigned_to_an_isolated_position(quiet_exchange, open_session, phemex):
    """Account 3 holds a little ETHUSDT against account 0, with isolated margin."""
    holder = await open_session(quiet_exchange, account=3)
    await holder.set_leverage("ETHUSDT", "5")
    offer = await phemex.limit("ETHUSDT", "sell", qty="0.1", price="3000").accepted()
    await holder.market("ETHUSDT", "buy", qty="0.1").done()
    await offer.done()
    before = float((await position_row(holder, "ETHUSDT"))["assignedPosBalanceRv"])
    await holder.assign_margin("ETHUSDT", "100")
    assert float((await position_row(holder, "ETHUSDT"))["assignedPosBalanceRv"]) == 100 != before
    with pytest.raises(UsageError, match="one-way"):
        await holder.assign_margin("ETHUSDT", "100", pos_side="long")
    bid = await phemex.limit("ETHUSDT", "buy", qty="0.1", price="3000").accepted()
    await holder.market("ETHUSDT", "sell", qty="0.1", reduce_only=True).done()
    await bid.done()
    await holder.set_leverage("ETHUSDT", 0)


async def test_the_catalogue_is_read_again_on_demand(phemex):
    known = phemex.instrument("BTCUSDT")
    products = await phemex.refresh_products()
    assert products.tradable("BTCUSDT") is known, "an unchanged instrument goes on as it is"
    assert phemex.instrument("sBTCUSDT").symbol == "sBTCUSDT"
