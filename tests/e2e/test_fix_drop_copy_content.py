"""What a drop copy is told: every report of the account, whoever's order it is, and how orders stand."""

import os

from fix_client import now_text
from phemex_client import RestClient


def by_hand(account: RestClient, method: str, **changes: str):
    """Another program's order on the gateway's account."""
    terms = {"symbol": "BTCUSDT", "side": "Buy", "ordType": "Limit", "priceRp": "54500", "orderQtyRq": "0.02",
             "timeInForce": "GoodTillCancel", "posSide": "Merged"}  # fmt: skip
    return account.call(method, "/g-orders/create", **(terms | changes))


def test_it_hears_orders_refusals_and_what_other_programs_do(start_gateway, quiet_exchange):
    gateway = start_gateway(C1="", DC='kind = "dropcopy"\n')
    client, copy = gateway.connect(), gateway.connect("DC")
    client.logon()
    copy.logon((9406, "Y"))
    client.order("o1")
    client.expect("8", t150="0")
    told = copy.expect("8", t150="0", t39="0", t11="o1", t797="Y", t38="0.01", t44="54900", t40="2", t59="1")
    client.change("G", "r1", "o1", (40, "2"), (44, "54901"))
    client.expect("8", t150="5")
    assert copy.expect("8", t150="5", t11="r1", t41="o1", t44="54901", t797="Y")[37] == told[37]
    client.order("o2", t38="0.00001")
    client.expect("8", t150="8", t103="13")
    copy.expect("8", t150="8", t39="8", t11="o2", t103="13", t797="Y")
    client.change("F", "c9", "nope")
    client.expect("9")

    account, other = RestClient(quiet_exchange.ready, 2), RestClient(quiet_exchange.ready, 1)
    name = f"hand{os.urandom(4).hex()}"
    order_id = by_hand(account, "PUT", clOrdID=name, priceRp="61500").data["orderID"]
    new = copy.expect("8", t150="0", t39="0", t11=name, t37=order_id, t54="1", t38="0.02", t44="61500", t797="Y")
    assert (new[14], new[151], new[6]) == ("0", "0.02", "0")
    by_hand(other, "PUT", clOrdID=f"{name}s", side="Sell", priceRp="61500", orderQtyRq="0.005",
            timeInForce="ImmediateOrCancel")  # fmt: skip
    fill = copy.expect("8", t150="F", t39="1", t11=name, t37=order_id, t31="61500", t32="0.005", t6="61500", t851="1")
    assert (fill[14], fill[151], fill[138], fill[139]) == ("0.005", "0.015", "USDT", "4")
    account.call("DELETE", "/g-orders/cancel", symbol="BTCUSDT", posSide="Merged", orderID=order_id)
    copy.expect("8", t150="4", t39="4", t11=name, t14="0.005", t151="0")
    client.send("1", (112, "quiet"))
    assert client.next()[112] == "quiet"  # the order session has heard nothing of it
    by_hand(account, "PUT", clOrdID=f"{name}c", side="Sell", priceRp="61500", orderQtyRq="0.005")
    copy.expect("8", t150="0")
    by_hand(other, "PUT", clOrdID=f"{name}d", priceRp="61500", orderQtyRq="0.005", timeInForce="ImmediateOrCancel")
    copy.expect("8", t150="F", t39="2", t151="0")
    account.close()
    other.close()


def test_it_may_ask_how_everybodys_orders_stand_and_do_nothing_else(start_gateway):
    gateway = start_gateway(C1="", C2="", DC='kind = "dropcopy"\ndialect = "extended"\n')
    one, two, copy = gateway.connect(), gateway.connect("C2"), gateway.connect("DC", is_extended=True)
    for client in (one, two, copy):
        client.logon()
    one.order("a1")
    two.order("b1", t44="54901")
    one.expect("8", t150="0")
    two.expect("8", t150="0")
    assert {copy.expect("8", t150="0", t20000="Limit", t20002="M")[11] for _ in range(2)} == {"a1", "b1"}
    copy.send("AF", (584, "m1"), (585, 7))
    reports = [copy.expect("8", t150="I", t584="m1", t911="2", t797="Y") for _ in range(2)]
    assert [(report[11], report.get(912)) for report in reports] == [("a1", None), ("b1", "Y")]
    copy.send("H", (11, "b1"), (55, "BTCUSDT"), (54, 1), (790, "h1"))
    copy.expect("8", t150="I", t39="0", t11="b1", t790="h1")
    one.send("H", (11, "b1"), (55, "BTCUSDT"), (54, 1))
    one.expect("8", t150="I", t39="8", t103="5")
    copy.send("AD", (568, "t1"), (569, 1))
    told = int(copy.expect("AQ", t749="0")[748])  # of earlier tests too: the venue's lists are the account's
    assert all(copy.expect("AE", t568="t1") for _ in range(told))
    for kind in ("F", "G"):
        copy.change(kind, "x1", "a1", *(((40, "2"),) if kind == "G" else ()))
        copy.expect("j", t380="6", t372=kind)
    copy.send("q", (11, "q1"), (530, 7), (60, now_text()))
    copy.expect("j", t380="6", t372="q")


def test_it_hears_of_attached_orders_once_they_are_orders(start_gateway, quiet_exchange):
    gateway = start_gateway(C1="", DC='kind = "dropcopy"\n')
    client, copy = gateway.connect(), gateway.connect("DC")
    client.logon()
    copy.logon()
    client.order("o1", t55="ETHUSDT", t38="0.05", t44="2700", t20010="5000", t20013="1000")
    parent = copy.expect("8", t150="0", t11="o1")
    account, other = RestClient(quiet_exchange.ready, 2), RestClient(quiet_exchange.ready, 1)
    eth = {"symbol": "ETHUSDT", "priceRp": "2700", "orderQtyRq": "0.05", "timeInForce": "ImmediateOrCancel"}
    by_hand(other, "PUT", clOrdID=f"a{os.urandom(4).hex()}", side="Sell", **eth)
    told = [copy.expect("8", t55="ETHUSDT") for _ in range(3)]
    children = [one for one in told if one[37] != parent[37]]
    assert {one[99] for one in children} == {"5000", "1000"}
    assert all((one[150], one[39], one[54], one[797]) == ("0", "0", "2", "Y") for one in children)
    client.send("1", (112, "end"))
    reports = []
    while (message := client.next())[35] != "0":
        reports.append(message[11])
    assert set(reports) == {"o1"}
    account.call("DELETE", "/g-orders/all", symbol="ETHUSDT", untriggered="true")
    by_hand(account, "PUT", clOrdID=f"b{os.urandom(4).hex()}", side="Sell", **(eth | {"timeInForce": "GoodTillCancel"}))
    by_hand(other, "PUT", clOrdID=f"c{os.urandom(4).hex()}", **eth)
    account.close()
    other.close()
