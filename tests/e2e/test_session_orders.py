"""Every kind of order on every product line, from the awaitable face to the exchange's book and back."""

from decimal import Decimal

import pytest
from session_lines import COIN_M, SPOT, USD_M, Line, contract_line, every_line, placed, until

import tidings
from tidings.model.enums import ExecType, OrdStatus, OrdType


def open_ids(client, symbol: str) -> set[str]:
    """ClOrdIDs of what the venue has open, asked by an independent client."""
    path = {"BTCUSD": "/orders/activeList", "BTCUSDT": "/g-orders/activeList"}.get(symbol, "/spot/orders")
    answer = client.call("GET", path, symbol=symbol)
    if answer.code == 10002:
        return set()
    rows = answer.data["rows"] if isinstance(answer.data, dict) else answer.data
    return {row["clOrdID"] for row in rows}


def assert_price(avg_px: Decimal, line: Line) -> None:
    """The average is 1.01 × the start; COIN-M averages values that the venue truncates at 10**-8 BTC."""
    wanted = Decimal(line.at("1.01"))
    assert abs(avg_px - wanted) <= (wanted / 100_000 if line is COIN_M else 0)


@every_line
async def test_an_order_lives_from_ack_over_amend_to_cancel(phemex, clients, line: Line):
    order = phemex.limit(line.symbol, "buy", qty=line.qty, price=line.low)
    assert order.status == OrdStatus.PENDING_NEW
    await order.accepted()
    assert order.order.order_id != ""
    await until(lambda: order.status == OrdStatus.NEW)
    assert open_ids(clients[0], line.symbol) == {order.cl_ord_id}

    higher = line.at("0.9", 5)
    await order.amend(price=higher)
    assert order.price == Decimal(higher)
    more = {"BTCUSD": "12", "BTCUSDT": "0.012", "sBTCUSDT": "0.0012"}[line.symbol]
    await order.amend(qty=more)
    assert str(order.leaves_qty) == more

    await order.cancel()
    assert order.status == OrdStatus.CANCELED
    assert open_ids(clients[0], line.symbol) == set()


@every_line
@pytest.mark.parametrize("method", ["PUT", "POST"])
async def test_orders_are_created_by_put_and_by_post(quiet_exchange, clients, open_session, line: Line, method):
    phemex = await open_session(quiet_exchange, create_method=method)
    order = await placed(phemex, line)
    assert open_ids(clients[0], line.symbol) == {order.cl_ord_id}
    assert order.order.order_qty_lots == phemex.on_grid(phemex.instrument(line.symbol), None, line.qty)[1]
    stop = phemex.conditional(line.symbol, "sell", kind="stop", qty=line.qty, stop_px=line.low, price=line.at("0.89"))
    await stop.accepted()
    await until(lambda: stop.status == OrdStatus.UNTRIGGERED)


@every_line
async def test_post_only_rests_and_is_cancelled_where_it_would_take(phemex, counterparty, line: Line):
    resting = await placed(counterparty, line, "sell", price=line.at("1.01"))
    maker = await placed(phemex, line, tif="PostOnly")
    assert not maker.is_done
    crossing = phemex.limit(line.symbol, "buy", qty=line.qty, price=line.at("1.02"), tif="PostOnly")
    await crossing.done()
    assert (crossing.status, crossing.order.cum_qty_lots) == (OrdStatus.CANCELED, 0)
    assert resting.order.cum_qty_lots == 0


@every_line
async def test_immediate_or_cancel_fills_what_is_there_and_cancels_the_rest(phemex, counterparty, line: Line):
    maker = await placed(counterparty, line, "sell", price=line.at("1.01"))
    double = str(2 * Decimal(line.qty))
    taker = phemex.limit(line.symbol, "buy", qty=double, price=line.at("1.01"), tif="IOC")
    await taker.done()
    assert taker.status == (OrdStatus.CANCELED if line is SPOT else OrdStatus.EXPIRED)
    assert str(taker.cum_qty) == line.qty
    await maker.done()
    assert maker.status == OrdStatus.FILLED
    assert_price(maker.avg_px, line)


@every_line
async def test_fill_or_kill_takes_all_or_nothing(phemex, counterparty, line: Line):
    maker = await placed(counterparty, line, "sell", price=line.at("1.01"))
    double = str(2 * Decimal(line.qty))
    killed = phemex.limit(line.symbol, "buy", qty=double, price=line.at("1.01"), tif="FOK")
    await killed.done()
    assert killed.status in (OrdStatus.CANCELED, OrdStatus.EXPIRED)
    assert killed.order.cum_qty_lots == 0
    filled = phemex.limit(line.symbol, "buy", qty=line.qty, price=line.at("1.01"), tif="FOK")
    await filled.done()
    assert filled.status == OrdStatus.FILLED
    await maker.done()


@every_line
async def test_a_market_order_fills_at_the_book(phemex, counterparty, line: Line):
    await placed(counterparty, line, "sell", price=line.at("1.01"))
    order = await phemex.market(line.symbol, "buy", qty=line.qty).done()
    assert (order.status, str(order.cum_qty)) == (OrdStatus.FILLED, line.qty)
    assert_price(order.avg_px, line)


async def test_spot_spends_an_amount_of_the_quote_currency(phemex, counterparty):
    await placed(counterparty, SPOT, "sell", price="61500.00", qty="0.01")
    order = await phemex.market(SPOT.symbol, "buy", quote_qty="123").done()
    assert order.status == OrdStatus.FILLED
    assert str(order.cum_qty) == "0.002"
    with pytest.raises(tidings.errors.UsageError, match="either qty or quote_qty"):
        phemex.market(SPOT.symbol, "buy", qty="1", quote_qty="1")


CONDITIONS = [("stop", False), ("stop", True), ("if_touched", False), ("if_touched", True)]


@every_line
@pytest.mark.parametrize(("kind", "is_limit"), CONDITIONS)
async def test_a_conditional_order_waits_and_is_cancelled(phemex, clients, line: Line, kind, is_limit):
    # A stop sells below the market, an if-touched order sells above it.
    stop_px = line.low if kind == "stop" else line.high
    words = {"price": stop_px} if is_limit else {}
    order = phemex.conditional(line.symbol, "sell", kind=kind, qty=line.qty, stop_px=stop_px, **words)
    await order.accepted()
    assert order.status == OrdStatus.UNTRIGGERED
    expected = {
        ("stop", False): OrdType.STOP, ("stop", True): OrdType.STOP_LIMIT,
        ("if_touched", False): OrdType.MARKET_IF_TOUCHED, ("if_touched", True): OrdType.LIMIT_IF_TOUCHED,
    }
    assert order.order.terms.ord_type == expected[kind, is_limit]
    assert open_ids(clients[0], line.symbol) == {order.cl_ord_id}
    await order.cancel()
    assert order.status == OrdStatus.CANCELED


@every_line
async def test_a_stop_triggers_when_the_market_trades_through_it(phemex, counterparty, line: Line):
    """Both accounts make the market: a trade at 62,000 lifts the last price over the stop."""
    stop = phemex.conditional(line.symbol, "buy", kind="stop", qty=line.qty, stop_px=line.at("1.005"),
                              price=line.at("1.03"))
    await stop.accepted()
    offer = await placed(counterparty, line, "sell", price=line.at("1.01"), qty=line.qty)
    await phemex.market(line.symbol, "buy", qty=line.qty).done()
    await offer.done()
    await until(lambda: stop.status in (OrdStatus.NEW, OrdStatus.FILLED), "the trigger")
    await counterparty.market(line.symbol, "sell", qty=line.qty).done()
    await until(lambda: stop.status == OrdStatus.FILLED, "the fill")


@contract_line
async def test_a_trailing_stop_closes_a_position(phemex, counterparty, line: Line):
    await placed(counterparty, line, "sell", price=line.price)
    await phemex.market(line.symbol, "buy", qty=line.qty).done()
    trailing = phemex.trailing_stop(line.symbol, "sell", offset=f"-{line.at('0.02')}", stop_px=line.at("0.97"))
    await trailing.accepted()
    assert trailing.status == OrdStatus.UNTRIGGERED
    await trailing.cancel()
    assert trailing.status == OrdStatus.CANCELED


@contract_line
async def test_take_profit_and_stop_loss_travel_with_an_order(phemex, open_stream, line: Line):
    order = phemex.limit(line.symbol, "buy", qty=line.qty, price=line.low, take_profit=line.high,
                         stop_loss=line.at("0.8"))
    await order.accepted()
    method, rows, keys, scale = {
        COIN_M: ("aop.subscribe", "orders", ("takeProfitEp", "stopLossEp"), 10_000),
        USD_M: ("aop_p.subscribe", "orders_p", ("takeProfitRp", "stopLossRp"), 1),
    }[line]
    stream = open_stream(0)
    stream.login()
    stream.request(method)
    (row,) = [row for row in stream.next(rows)[rows] if row["clOrdID"] == order.cl_ord_id]
    assert [Decimal(row[key]) / scale for key in keys] == [Decimal(line.high), Decimal(line.at("0.8"))]


async def test_reports_end_with_the_order(phemex):
    order = phemex.limit(USD_M.symbol, "buy", qty=USD_M.qty, price=USD_M.low)
    await order.accepted()
    await order.cancel()
    kinds = [report.exec_type async for report in order.reports()]
    assert kinds[-1] == ExecType.CANCELED
    assert len(kinds) >= 2, "at least the ack and the cancel"
