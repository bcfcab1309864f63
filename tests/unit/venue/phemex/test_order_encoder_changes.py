"""Amends and cancels against targets written by hand from the venue's documents."""

import pytest
from phemex_requests import BTCUSD, BTCUSDT, ORDER_ID, SBTCUSDT, encoder, order, read, signed_request

from tidings.errors import UsageError
from tidings.model.enums import ExecInst, OrdType, PegType, PosSide, Side, TimeInForce, Trigger

OTHER_ORDER_ID = "01234567-89ab-4def-8123-456789abcdef"


STOP = {"ord_type": OrdType.STOP_LIMIT, "trigger": Trigger.LAST_PRICE}
ATTACHED = {"take_profit_trigger": Trigger.LAST_PRICE, "stop_loss_trigger": Trigger.MARK_PRICE}
TRAILING_TERMS = {
    "ord_type": OrdType.STOP, "trigger": Trigger.LAST_PRICE, "peg_type": PegType.TRAILING_STOP,
    "exec_inst": ExecInst.CLOSE_ON_TRIGGER, "time_in_force": TimeInForce.IOC,
}  # fmt: skip


@pytest.mark.parametrize(
    ("made", "numbers", "target"),
    [
        (order(BTCUSDT), {"price_ticks": 612515}, "/g-orders/replace?symbol=BTCUSDT&posSide=Merged"
         "&origClOrdID=td-7-000000000042&priceRp=61251.5"),
        (order(BTCUSDT, order_id=ORDER_ID, terms={"pos_side": PosSide.LONG}), {"qty_lots": 20},
         f"/g-orders/replace?symbol=BTCUSDT&posSide=Long&orderID={ORDER_ID}&orderQtyRq=0.02"),
        (order(BTCUSD, order_id=ORDER_ID), {"price_ticks": 323230, "qty_lots": 1},
         f"/orders/replace?symbol=BTCUSD&orderID={ORDER_ID}&priceEp=323230000&orderQty=1"),
        (order(BTCUSD), {"qty_lots": 3}, "/orders/replace?symbol=BTCUSD&origClOrdID=td-7-000000000042&orderQty=3"),
        (order(SBTCUSDT, order_id=ORDER_ID), {"price_ticks": 700000},
         f"/spot/orders?symbol=sBTCUSDT&orderID={ORDER_ID}&priceEp=700000000000"),
        (order(SBTCUSDT), {"qty_lots": 5}, "/spot/orders?symbol=sBTCUSDT&origClOrdID=td-7-000000000042&baseQtyEv=500"),
        (order(SBTCUSDT, terms={"qty_in_quote": True}), {"qty_lots": 5},
         "/spot/orders?symbol=sBTCUSDT&origClOrdID=td-7-000000000042&quoteQtyEv=5"),
        (order(BTCUSDT, terms=STOP), {"stop_px_ticks": 612515},
         "/g-orders/replace?symbol=BTCUSDT&posSide=Merged&origClOrdID=td-7-000000000042&stopPxRp=61251.5"),
        (order(BTCUSD, terms=STOP), {"price_ticks": 2, "stop_px_ticks": 3},
         "/orders/replace?symbol=BTCUSD&origClOrdID=td-7-000000000042&priceEp=2000&stopPxEp=3000"),
        (order(SBTCUSDT, terms=STOP), {"stop_px_ticks": 700000},
         "/spot/orders?symbol=sBTCUSDT&origClOrdID=td-7-000000000042&stopPxEp=700000000000"),
        (order(BTCUSDT, terms=ATTACHED), {"take_profit_ticks": 700000, "stop_loss_ticks": 500005},
         "/g-orders/replace?symbol=BTCUSDT&posSide=Merged&origClOrdID=td-7-000000000042&takeProfitRp=70000"
         "&stopLossRp=50000.5"),
        (order(BTCUSDT, Side.SELL, terms=TRAILING_TERMS), {"peg_offset_ticks": -1500},
         "/g-orders/replace?symbol=BTCUSDT&posSide=Merged&origClOrdID=td-7-000000000042&pegOffsetValueRp=-150"),
    ],
)
@pytest.mark.parametrize("by_post", [False, True])
def test_amend(made, numbers, target, by_post):
    assert encoder(create_by_post=by_post).amend_request(made, **numbers) == signed_request("PUT", target)


@pytest.mark.parametrize(
    ("instrument", "head"),
    [
        (BTCUSD, "/orders/cancel?symbol=BTCUSD&"),
        (BTCUSDT, "/g-orders/cancel?symbol=BTCUSDT&posSide=Merged&"),
        (SBTCUSDT, "/spot/orders?symbol=sBTCUSDT&"),
    ],
)
def test_cancel_by_either_id(instrument, head):
    made = order(instrument, order_id=ORDER_ID)

    assert encoder().cancel_request(made) == signed_request("DELETE", f"{head}clOrdID=td-7-000000000042")
    assert encoder().cancel_request(made, by_order_id=True) == signed_request("DELETE", f"{head}orderID={ORDER_ID}")


def test_cancel_many_by_order_ids():
    known = {"order_id": ORDER_ID}, {"order_id": OTHER_ORDER_ID}
    ids = f"{ORDER_ID},{OTHER_ORDER_ID}"

    linear = encoder().cancel_many_request(BTCUSDT, [order(BTCUSDT, **each) for each in known])
    inverse = encoder().cancel_many_request(BTCUSD, [order(BTCUSD, **each) for each in known])

    assert linear == signed_request("DELETE", f"/g-orders?symbol=BTCUSDT&posSide=Merged&orderID={ids}")
    assert inverse == signed_request("DELETE", f"/orders?symbol=BTCUSD&orderID={ids}")


def test_cancel_many_by_client_ids_where_the_venue_takes_them():
    orders = [order(BTCUSDT, cl_ord_id="first", order_id=ORDER_ID), order(BTCUSDT, cl_ord_id="second")]

    request = encoder().cancel_many_request(BTCUSDT, orders)

    assert request == signed_request("DELETE", "/g-orders?symbol=BTCUSDT&posSide=Merged&clOrdID=first,second")
    with pytest.raises(UsageError, match="wait for its ack"):
        encoder().cancel_many_request(BTCUSD, [order(BTCUSD)])


def test_cancel_many_takes_the_limit_and_not_one_more():
    orders = [order(BTCUSDT, cl_ord_id=f"{index:040d}") for index in range(150)]

    _, target, _, _ = read(encoder().cancel_many_request(BTCUSDT, orders))

    assert target.endswith(",".join(f"{index:040d}" for index in range(150)))
    assert len(f"DELETE {target} HTTP/1.1") < 8000
    for refused in ([], [*orders, orders[0]]):
        with pytest.raises(UsageError, match="1 to 150 orders"):
            encoder().cancel_many_request(BTCUSDT, refused)


@pytest.mark.parametrize(
    ("instrument", "orders", "says"),
    [
        (SBTCUSDT, [order(SBTCUSDT, order_id=ORDER_ID)], "no bulk cancel for spot"),
        (BTCUSDT, [order(BTCUSDT), order(BTCUSD)], "one symbol"),
        (BTCUSDT, [order(BTCUSDT), order(BTCUSDT, terms={"pos_side": PosSide.LONG})], "one position side"),
    ],
)
def test_cancel_many_refuses_what_one_request_cannot_say(instrument, orders, says):
    with pytest.raises(UsageError, match=says):
        encoder().cancel_many_request(instrument, orders)


def test_cancel_many_wants_orders():
    with pytest.raises(TypeError):
        encoder().cancel_many_request(BTCUSDT, ["td-7"])


@pytest.mark.parametrize(
    ("instrument", "path"), [(BTCUSD, "/orders/all"), (BTCUSDT, "/g-orders/all"), (SBTCUSDT, "/spot/orders/all")]
)
def test_cancel_all_in_two_halves(instrument, path):
    active = encoder().cancel_all_request(instrument)
    waiting = encoder().cancel_all_request(instrument, untriggered=True)

    assert active == signed_request("DELETE", f"{path}?symbol={instrument.symbol}&untriggered=false")
    assert waiting == signed_request("DELETE", f"{path}?symbol={instrument.symbol}&untriggered=true")


@pytest.mark.parametrize(
    ("numbers", "says"),
    [({}, "new price or quantity"), ({"price_ticks": -1}, "price_ticks must be"), ({"qty_lots": -1}, "order_qty_lots")],
)
def test_refuses_an_amend_without_sense(numbers, says):
    with pytest.raises(UsageError, match=says):
        encoder().amend_request(order(BTCUSDT), **numbers)


def test_refuses_to_amend_the_price_of_a_market_order():
    with pytest.raises(UsageError, match="no price_ticks to amend"):
        encoder().amend_request(order(BTCUSDT, terms={"ord_type": OrdType.MARKET}), price_ticks=5)


def test_refuses_an_order_id_that_is_not_known():
    with pytest.raises(UsageError, match="not known yet"):
        encoder().cancel_request(order(BTCUSDT), by_order_id=True)
