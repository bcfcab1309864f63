"""Market and reference data over the gateway, followed by a client that keeps a book of its own."""

import time
from decimal import Decimal

from exchange_process import RunningExchange
from fault_examples import FaultAdmin
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
        *(({"entry": entry}, "8") for entry in "59A"), ({"entry": "6", "symbol": "sBTCUSDT"}, "8"),
    ]):  # fmt: skip
        types = ((267, 1), (269, changes.get("entry", 0)), (146, 1), (55, changes.get("symbol", "BTCUSDT")))
        how = ((263, 1), (264, changes.get("depth", 1)), (265, changes.get("update", 1)))
        client.send("V", (262, f"x{number}"), *how, *types)
        client.expect("Y", t262=f"x{number}", t281=reason)


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


def entries_of(pairs):
    """The entries of the group 268, which begin with 269 in W."""
    starts = [place for place, (tag, _) in enumerate(pairs) if tag == 269]
    return [dict(pairs[start:end]) for start, end in zip(starts, [*starts[1:], len(pairs)], strict=True)]


FIGURES = ("3", "4", "6", "7", "8", "B", "C")


def test_figures_of_a_contract_are_those_of_the_venues_ticker(start_gateway, quiet_exchange):
    gateway = start_gateway(C1='kind = "md"\n')
    client = gateway.connect()
    client.logon()
    types = ((267, 7), *((269, kind) for kind in FIGURES), (146, 1), (55, "BTCUSDT"))
    client.send("V", (262, "f1"), (263, 0), (264, 0), *types)
    client.expect("W", t262="f1", t55="BTCUSDT", t268="7")
    entries = entries_of(client.pairs)
    assert [entry[269] for entry in entries] == list(FIGURES)
    market = RestClient(quiet_exchange.ready)
    shown = market.public("/md/v3/ticker/24hr", "symbol=BTCUSDT").json["result"]
    market.close()
    by_kind = {entry[269]: entry.get(270, entry.get(271)) for entry in entries}
    names = {"4": "openRp", "7": "highRp", "8": "lowRp", "B": "volumeRq", "C": "openInterestRv"}
    assert [Decimal(by_kind[kind]) for kind in names] == [Decimal(shown[name]) for name in names.values()]
    assert abs(Decimal(by_kind["6"]) / Decimal(shown["markRp"]) - 1) < Decimal("0.01")  # it moves
    assert abs(Decimal(by_kind["3"]) / Decimal(shown["indexRp"]) - 1) < Decimal("0.01")


def test_a_symbol_named_twice_is_shown_once_and_its_request_ends(start_gateway):
    gateway = start_gateway(C1='kind = "md"\n')
    client = gateway.connect()
    client.logon()
    for _ in range(2):  # the second finds the MDReqID free again
        twice = (146, 2), (55, "BTCUSD"), (55, "BTCUSD")
        client.send("V", (262, "once"), (263, 0), (264, 1), (267, 1), (269, 0), *twice)
        client.expect("W", t262="once", t55="BTCUSD")


def test_mark_and_index_go_on_by_changes(start_gateway, quiet_exchange):
    gateway = start_gateway(C1='kind = "md"\n')
    client = gateway.connect()
    client.logon()
    client.send("V", (262, "f2"), (263, 1), (264, 0), (267, 2), (269, 3), (269, 6), (146, 1), (55, "BTCUSD"))
    client.expect("W", t262="f2", t55="BTCUSD", t268="2")
    admin = FaultAdmin(quiet_exchange.ready)
    seen = {}
    try:
        admin.call("POST", "/price", {"symbol": "BTCUSD", "mark": "60123.45", "index": "60234.5"})
        while seen != {"6": "60123.45", "3": "60234.5"}:
            client.expect("X", t262="f2", t55="BTCUSD", t279="1")
            seen |= {entry[269]: entry[270] for entry in entries_of(client.pairs)}
    finally:
        admin.call("POST", "/price", {"symbol": "BTCUSD", "mark": "61000", "index": "61000"})


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
