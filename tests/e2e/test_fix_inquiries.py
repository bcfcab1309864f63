"""Positions, executions, limits, lists and definitions over the gateway: what is asked about, and batches of orders."""

import os
from datetime import UTC, datetime

from exchange_process import RunningExchange
from fix_client import FixClient, now_text
from phemex_client import RestClient


def trade(exchange: RunningExchange, side: str, price: str, qty: str = "0.01") -> None:
    """Somebody else takes what rests at `price`."""
    other = RestClient(exchange.ready, 1)
    other.call("PUT", "/g-orders/create", symbol="BTCUSDT", clOrdID=f"i{os.urandom(6).hex()}", side=side,
               ordType="Limit", priceRp=price, orderQtyRq=qty, timeInForce="ImmediateOrCancel",
               posSide="Merged")  # fmt: skip
    other.close()


def ask_positions(client: FixClient, request_id: str, *fields: tuple[int, object]) -> None:
    common = ((710, request_id), (724, 0), (1, "2"), (581, 1), (715, today()), (60, now_text()))
    client.send("AN", *common, *fields)


def today() -> str:
    return datetime.now(UTC).strftime("%Y%m%d")


def test_a_position_is_told_when_asked_for_and_when_it_changes(start_gateway, quiet_exchange):
    gateway = start_gateway(C1="", C2='dialect = "extended"\n')
    client, wide = gateway.connect(), gateway.connect("C2", is_extended=True)
    client.logon()
    wide.logon()
    ask_positions(client, "p0", (55, "BTCUSDT"))
    client.expect("AO", t710="p0", t727="0", t728="2", t729="0", t1="2")
    wide_ask = ((55, "BTCUSDT"), (263, 1))
    ask_positions(wide, "w1", *wide_ask)
    wide.expect("AO", t710="w1", t727="0", t728="2")
    client.order("o1", t44="61500")
    client.expect("8", t150="0")
    trade(quiet_exchange, "Sell", "61500")
    client.expect("8", t150="F", t39="2")
    ask_positions(client, "p1")
    client.expect("AO", t710="p1", t727="1", t728="0", t729="0")
    told = client.expect("AP", t710="p1", t55="BTCUSDT", t15="USDT", t702="1", t703="TQ", t704="0.01", t705="0")
    assert (told[734], told[731], told[715], 325 in told) == ("61500", "2", today(), False)
    gain = (float(told[730]) - 61500) * 0.01
    assert abs(float(told[708]) - gain) < 1e-9 and told[707] == "FMTM"
    news = wide.expect("AP", t710="w1", t325="Y", t704="0.01", t20002="M", t20032="61500")
    assert 20033 in news and 20034 in news and 20035 in news
    client.order("o2", t54="2", t44="61500")
    client.expect("8", t150="0")
    trade(quiet_exchange, "Buy", "61500")
    client.expect("8", t150="F")
    wide.expect("AP", t710="w1", t325="Y", t704="0", t705="0")
    ask_positions(wide, "w1", (263, 2))
    wide.expect("AO", t710="w1", t729="0")


def test_positions_of_another_account_or_kind_are_refused(start_gateway):
    client = start_gateway().connect()
    client.logon()
    common = ((581, 1), (715, today()), (60, now_text()))
    client.send("AN", (710, "x1"), (724, 0), (1, "7"), *common)
    client.expect("AO", t710="x1", t728="3", t729="2", t58="not this session's account")
    client.send("AN", (710, "x2"), (724, 1), (1, "2"), *common)
    client.expect("AO", t710="x2", t728="1", t729="2")


def test_executions_are_told_once_more(start_gateway, quiet_exchange):
    gateway = start_gateway(C1="", C2="")
    client, stranger = gateway.connect(), gateway.connect("C2")
    client.logon()
    stranger.logon()
    begin, fills = now_text(), []
    for name, side, other in (("o1", "1", "Sell"), ("o2", "2", "Buy")):
        client.order(name, t54=side, t44="61500")
        client.expect("8", t150="0")
        trade(quiet_exchange, other, "61500")
        fills.append(client.expect("8", t150="F"))
    since = ((580, 1), (75, today()), (60, begin))
    client.send("AD", (568, "t1"), (569, 1), (263, 0), *since)
    client.expect("AQ", t568="t1", t569="1", t748="2", t749="0", t750="0", t58=f"executions since {begin}")
    for place, fill in enumerate(fills, 1):
        again = client.expect("AE", t568="t1", t571=f"t1-{place}", t570="N", t150="F", t748="2", t552="1")
        for tag in (17, 31, 32, 55, 60, 54, 37, 11, 137, 138, 139):
            assert again[tag] == fill[tag], tag
        assert again.get(912) == ("Y" if place == 2 else None)
        assert again[75] == again[60][:8]
    for number, (narrow, names) in enumerate([
        (((11, "o2"),), ["o2"]), (((54, 2),), ["o2"]), (((37, fills[0][37]),), ["o1"]), (((17, fills[1][17]),), ["o2"]),
        (((55, "BTCUSDT"),), ["o1", "o2"]), (((55, "ETHUSDT"),), []), (((11, "o1"), (54, 2)), []),
    ]):  # fmt: skip
        client.send("AD", (568, f"n{number}"), (569, 1), *narrow, *since)
        client.expect("AQ", t748=str(len(names)), t749="0")
        assert [client.expect("AE")[11] for _ in names] == names, narrow
    client.send("AD", (568, "t3"), (569, 1), (580, 1), (75, today()), (60, fills[1][60]))
    assert client.expect("AQ", t749="0")[748] in ("1", "2")  # in the same millisecond both are not before it
    while client.expect("AE").get(912) != "Y":
        pass
    stranger.send("AD", (568, "t5"), (569, 1), *since)
    stranger.expect("AQ", t748="0", t749="0")


def test_executions_that_are_not_offered_are_refused(start_gateway):
    client = start_gateway(C1='symbols = ["BTCUSDT"]\n').connect()
    client.logon()
    backwards = ((580, 2), (75, "20260802"), (75, "20260801"))
    for number, (fields, result, text) in enumerate([
        (((569, 4),), "8", "TradeRequestType (569) must be 0 or 1"),
        (((569, 1), (263, 1)), "99", "SubscriptionRequestType (263) must be 0: executions come as reports (8)"),
        (((569, 1), (55, "NOPE")), "1", "unknown symbol NOPE"),
        (((569, 1), (55, "ETHUSDT")), "1", "ETHUSDT is not among this session's symbols"),
        (((569, 1), *backwards), "99", "NoDates (580): the first date is after the second"),
        (((569, 1), (580, 3), *((75, "20260801"),) * 3), "99", "NoDates (580) must be 0, 1 or 2"),
    ]):  # fmt: skip
        client.send("AD", (568, f"x{number}"), *fields)
        client.expect("AQ", t568=f"x{number}", t748="0", t749=result, t750="2", t58=text)


def test_limits_are_told_in_the_order_of_the_docs(start_gateway):
    client = start_gateway(C1="max_msgs_per_s = 50\n").connect()
    client.logon()
    client.send("XLQ", (6136, "l1"))
    client.expect("XLR", t6136="l1", t25003="4")
    contract, spot, address, own = client.entries(25003, 25004)
    assert (contract[25004], contract[25006], contract[25007], contract[25008]) == ("1", "500", "1", "m")
    assert (spot[25004], spot[25006]) == ("1", "500")
    assert (address[25004], address[25006], address[25007], address[25008]) == ("2", "5000", "5", "m")
    assert (own[25004], own[25005], own[25006], own[25007], own[25008]) == ("2", "1", "50", "1", "s")


def list_entry(cl_ord_id: str, number: int, **changes: str) -> list[tuple[int, str]]:
    fields = {11: cl_ord_id, 67: str(number), 55: "BTCUSDT", 54: "1", 60: now_text(), 38: "0.01", 40: "2", 44: "54900"}
    return list((fields | {int(name[1:]): value for name, value in changes.items()}).items())


def test_a_list_is_orders_of_their_own_and_one_status(start_gateway):
    client = start_gateway().connect()
    client.logon()
    entries = [*list_entry("a", 1), *list_entry("b", 2, t44="54901"), *list_entry("c", 3, t38="0.0001")]
    client.send("E", (66, "l1"), (394, 3), (68, 3), (73, 3), *entries)
    client.expect("8", t150="8", t11="c", t103="13")
    client.expect("N", t66="l1", t68="3", t429="2", t431="3", t82="1", t83="1", t73="3")
    states = [(entry[11], entry[39], entry[151]) for entry in client.entries(73, 11)]
    assert states == [("a", "A", "0.01"), ("b", "A", "0.01"), ("c", "8", "0")]
    assert {client.expect("8", t150="0")[11] for _ in range(2)} == {"a", "b"}
    client.change("F", "x1", "b")
    client.expect("8", t150="4", t11="x1", t41="b")


def test_a_list_that_is_wrong_is_refused_whole(start_gateway):
    client = start_gateway().connect()
    client.logon()
    two = [*list_entry("a", 1), *list_entry("b", 2)]
    for name, fields, word in [
        ("w1", ((394, 3), (68, 2), (1385, 1), (73, 2), *two), "1385"),
        ("w2", ((394, 1), (68, 2), (73, 2), *two), "394"),
        ("w3", ((394, 3), (68, 1), (73, 1), *list_entry("a", 1)), "2 to 20"),
        ("w4", ((394, 3), (68, 5), (73, 2), *two), "68"),
    ]:
        client.send("E", (66, name), *fields)
        assert word in client.expect("N", t66=name, t431="7")[444]
        assert {entry[39] for entry in client.entries(73, 11)} == {"8"}
    client.order("a")  # none of them was used up
    client.expect("8", t150="0", t11="a")


def test_one_instrument_is_defined_or_refused(start_gateway):
    client = start_gateway().connect()
    client.logon()
    client.send("c", (320, "d1"), (321, 0), (55, "BTCUSDT"))
    client.expect("d", t320="d1", t322="d1-1", t323="1", t55="BTCUSDT", t15="USDT", t167="FUT", t461="FFCCSX")
    client.send("c", (320, "d2"), (321, 0), (55, "NOPE"))
    client.expect("d", t320="d2", t323="5", t55="NOPE", t58="unknown symbol NOPE")
    client.send("c", (320, "d3"), (321, 3))
    client.expect("d", t320="d3", t323="5", t58="SecurityRequestType (321) must be 0")
