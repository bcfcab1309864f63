"""Market and reference data over the gateway, followed by a client that keeps a book of its own."""

import time

from exchange_process import RunningExchange
from phemex_client import RestClient

TYPES = ((267, 3), (269, 0), (269, 1), (269, 2), (146, 1), (55, "BTCUSDT"))


def rest(exchange: RunningExchange, side: str, price: str, qty: str, tif: str = "GoodTillCancel") -> None:
    client = RestClient(exchange.ready, 1)
    client.call("PUT", "/g-orders/create", symbol="BTCUSDT", clOrdID=f"md{time.time_ns()}", side=side, ordType="Limit",
                priceRp=price, orderQtyRq=qty, timeInForce=tif, posSide="Merged")  # fmt: skip
    client.close()


def clear(exchange: RunningExchange) -> None:
    client = RestClient(exchange.ready, 1)
    client.call("DELETE", "/g-orders/all", symbol="BTCUSDT", untriggered="false")
    client.close()


def test_a_book_is_shown_whole_and_then_its_changes(start_gateway, quiet_exchange):
    gateway = start_gateway(C1='kind = "md"\n')
    client = gateway.connect()
    client.logon()
    rest(quiet_exchange, "Buy", "54000", "0.02")
    client.send("V", (262, "m1"), (263, 1), (264, 0), (265, 1), *TYPES)
    snapshot = client.expect("W", t262="m1", t55="BTCUSDT")
    while snapshot[268] == "0":  # the venue's own first one may have been from before the order
        snapshot = client.expect("X", t262="m1")
    assert (snapshot[269], snapshot[270], snapshot[271]) == ("0", "54000", "0.02")
    rest(quiet_exchange, "Buy", "54100", "0.03")
    client.expect("X", t279="0", t269="0", t55="BTCUSDT", t270="54100", t271="0.03")
    rest(quiet_exchange, "Buy", "54100", "0.01")
    client.expect("X", t279="1", t269="0", t270="54100", t271="0.04")
    clear(quiet_exchange)
    gone = client.expect("X", t279="2", t269="0")
    assert gone[270] in ("54000", "54100")
    client.send("V", (262, "m1"), (263, 2), (264, 0), *TYPES)
    client.send("1", (112, "stopped"))
    while (message := client.next())[35] != "0":
        assert message[35] == "X"
    rest(quiet_exchange, "Buy", "54200", "0.01")
    time.sleep(0.3)
    client.send("1", (112, "quiet"))
    assert client.next()[112] == "quiet"
    clear(quiet_exchange)


def test_requests_that_cannot_be_are_refused_with_their_reason(start_gateway):
    gateway = start_gateway()
    client = gateway.connect()
    client.logon()
    for number, (changes, reason) in enumerate([
        ({"symbol": "NOPE"}, "0"), ({"update": 0, "symbol": "NOPE"}, "0"), ({"depth": "-1"}, "5"),
        *(({"entry": entry}, "8") for entry in "345678BC"),
    ]):  # fmt: skip
        types = ((267, 1), (269, changes.get("entry", 0)), (146, 1), (55, changes.get("symbol", "BTCUSDT")))
        how = ((263, 1), (264, changes.get("depth", 1)), (265, changes.get("update", 1)))
        client.send("V", (262, f"x{number}"), *how, *types)
        told = client.expect("Y", t262=f"x{number}", t281=reason)
        if changes.get("entry", "") in tuple("34678BC"):
            assert told[58].endswith(": not offered yet")


def test_trades_begin_with_the_last_one_and_say_where_they_went(start_gateway, quiet_exchange):
    gateway = start_gateway(C1="", C2="")
    client, other = gateway.connect(), gateway.connect("C2")
    client.logon()
    other.logon()
    trades = ((267, 1), (269, 2), (146, 1), (55, "BTCUSDT"))
    client.send("V", (262, "t1"), (263, 1), (264, 0), (265, 1), *trades)
    other.send("V", (262, "t2"), (263, 1), (264, 0), (265, 0), *trades)
    client.send("1", (112, "there"))
    while client.next()[35] != "0":
        pass
    directions = []
    for place, price in enumerate(("61500", "61501", "61501", "61499")):
        rest(quiet_exchange, "Sell", price, "0.01")
        account = RestClient(quiet_exchange.ready, 0)
        account.call("PUT", "/g-orders/create", symbol="BTCUSDT", clOrdID=f"mt{time.time_ns()}", side="Buy",
                     ordType="Limit", priceRp=price, orderQtyRq="0.01", timeInForce="ImmediateOrCancel",
                     posSide="Merged")  # fmt: skip
        account.close()
        shown = other.expect("W", t262="t2", t268="1", t269="2", t270=price, t271="0.01")
        assert 272 in shown and 273 in shown
        if place == 0:
            told = client.expect_one_of("W", "X")
        else:
            told = client.expect("X", t262="t1", t279="0", t269="2", t55="BTCUSDT")
            directions.append(told[274])
        assert (told[270], told[271]) == (price, "0.01")
    assert directions == ["0", "1", "2"]
    client.send("V", (262, "t3"), (263, 0), (264, 1), *trades)
    client.expect("W", t262="t3", t268="1", t269="2", t270="61499")
    # Undo it: who bought sells back.
    rest(quiet_exchange, "Buy", "61499", "0.04")
    account = RestClient(quiet_exchange.ready, 0)
    account.call("PUT", "/g-orders/create", symbol="BTCUSDT", clOrdID=f"mt{time.time_ns()}", side="Sell",
                 ordType="Limit", priceRp="61499", orderQtyRq="0.04", timeInForce="ImmediateOrCancel",
                 posSide="Merged")  # fmt: skip
    account.close()


def test_securities_are_listed_with_their_grid(start_gateway):
    gateway = start_gateway(C1='symbols = ["BTCUSDT", "sBTCUSDT"]\n')
    client = gateway.connect()
    client.logon()
    client.send("x", (320, "s1"), (559, 0), (55, "BTCUSDT"))
    found = client.expect("y", t320="s1", t393="1", t146="1", t893="Y", t560="0")
    assert (found[55], found[167], found[15], found[561]) == ("BTCUSDT", "FUT", "USDT", "0.001")
    client.send("x", (320, "s2"), (559, 4))
    client.expect("y", t393="2", t146="2")
    client.send("e", (324, "e1"), (55, "BTCUSDT"), (263, 0))
    client.expect("f", t324="e1", t55="BTCUSDT", t326="17")
    client.send("e", (324, "e2"), (55, "NOPE"), (263, 0))
    client.expect("f", t324="e2", t326="18")
