"""A stock QuickFIX engine, every check on, at the other end: its client and our gateway, and the other way round.

`FIX44_XML` names its own unmodified dictionary (spec/FIX44.xml of its source package); without it, it validates with
what our tables say of plain FIX 4.4, which a test holds against the former.
"""

import asyncio
import importlib.util
import os
import signal
import socket
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from cutting_proxy import CuttingProxy
from fault_examples import FaultAdmin
from gateway_process import open_orders
from phemex_client import RestClient
from quickfix_peer import QuickFixClient, QuickFixVenue, dictionary_in

from tidings.fix.dictionary import plain_fix44
from tidings.fix.dictionary_xml import quickfix_xml
from tidings.fix_client import FixClient

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("quickfix") is None, reason="needs quickfix-tls: pip install -e '.[interop]'"
)

BUY = {54: "1", 55: "BTCUSDT"}
REST = {**BUY, 38: "0.01", 40: "2", 44: "54900", 59: "1"}
CROSSING = "61610"


@pytest.fixture(scope="module")
def dictionary(tmp_path_factory) -> Path:
    return dictionary_in(tmp_path_factory.mktemp("dictionary"))


@pytest.fixture
def connect(tmp_path, dictionary):
    """Start a QuickFIX client; it has sent and got no Reject in the end."""
    clients = []

    def connect(address: str, client: str) -> QuickFixClient:
        clients.append(QuickFixClient(tmp_path / f"quickfix-{client}", dictionary, address, client))
        clients[-1].wait_until_logged_on()
        return clients[-1]

    yield connect
    for client in clients:
        client.process.stop()
        assert client.process.rejects == []


@pytest.fixture
def other(quiet_exchange):
    """Somebody else's account, on the other side of trades."""
    client = RestClient(quiet_exchange.ready, 1)

    def trade(side: str, qty: str) -> None:
        client.call("PUT", "/g-orders/create", symbol="BTCUSDT", clOrdID=f"q{time.time_ns()}", side=side,
                    ordType="Limit", priceRp=CROSSING, orderQtyRq=qty, timeInForce="ImmediateOrCancel",
                    posSide="Merged")  # fmt: skip

    yield trade
    client.close()


def test_it_trades(start_gateway, connect, other, quiet_exchange):
    client = connect(start_gateway(Q1="").ready["fix"], "Q1")
    client.send("D", {**REST, 11: "q1", 18: "6"})
    client.expect("8", t11="q1", t150="0", t39="0")
    client.send("G", {**REST, 11: "q2", 41: "q1", 44: "54800", 38: "0.02"})
    client.expect("8", t11="q2", t41="q1", t150="5", t38="0.02", t44="54800")
    client.send("F", {**BUY, 11: "q3", 41: "q2"})
    client.expect("8", t11="q3", t41="q2", t150="4", t39="4")
    client.send("F", {**BUY, 11: "q4", 41: "nope"})
    client.expect("9", t11="q4", t102="1", t39="8")
    client.send("D", {**REST, 11: "q5", 44: CROSSING})
    client.expect("8", t11="q5", t150="0")
    other("Sell", "0.004")
    client.expect("8", t11="q5", t150="F", t39="1", t32="0.004", t14="0.004", t151="0.006", t31=CROSSING)
    for name in ("q6", "q7"):
        client.send("D", {**REST, 11: name})
        client.expect("8", t11=name, t150="0")
    client.send("AF", {584: "a1", 585: "7"})
    assert {client.expect("8", t150="I", t911="3")[11] for _ in range(3)} == {"q5", "q6", "q7"}
    client.send("q", {11: "m1", 530: "7"})
    answers = [client.expect(kind) for kind in client.next_kinds(4)]
    assert sorted(message[35] for message in answers) == ["8", "8", "8", "r"]
    assert {message.get(39) for message in answers} == {"4", None}
    assert open_orders(quiet_exchange) == []
    client.send("D", {**REST, 11: "q8", 54: "2", 44: CROSSING, 38: "0.004"})
    client.expect("8", t11="q8", t150="0")
    other("Buy", "0.004")
    client.expect("8", t11="q8", t150="F", t39="2")


def test_it_sees_the_market(start_gateway, connect):
    client = connect(start_gateway(Q2="").ready["fix"], "Q2")
    client.send("D", {**REST, 11: "q1"})
    client.expect("8", t150="0")
    entries = [(269, 267, kind) for kind in ("0", "1", "2")]
    client.send("V", {262: "v1", 263: "1", 264: "5", 265: "1"}, *entries, (55, 146, "BTCUSDT"))
    assert client.expect("W", t262="v1", t55="BTCUSDT", t268="1")[270] == "54900"
    client.send("D", {**REST, 11: "q2", 44: "54901"})
    assert sorted(client.expect(kind)[35] for kind in client.next_kinds(2)) == ["8", "X"]
    client.send("x", {320: "s1", 559: "4"})
    assert int(client.expect("y", t320="s1")[393]) > 1
    client.send("V", {262: "v1", 263: "2"})


def test_it_sees_figures(start_gateway, connect, quiet_exchange):
    client = connect(start_gateway(Q4="").ready["fix"], "Q4")
    entries = [(269, 267, kind) for kind in ("3", "4", "6", "7", "8", "B", "C")]
    client.send("V", {262: "f1", 263: "1", 264: "0", 265: "1"}, *entries, (55, 146, "cETHUSD"))
    client.expect("W", t262="f1", t55="cETHUSD", t268="7")
    admin = FaultAdmin(quiet_exchange.ready)
    admin.call("POST", "/price", {"symbol": "cETHUSD", "mark": "3123.45"})
    told = client.expect("X", t262="f1", t279="1", t269="6")
    assert told[270] == "3123.45"
    client.send("V", {262: "f1", 263: "2"})


def test_what_it_missed_comes_when_it_is_back(start_gateway, connect, other, tmp_path):
    gateway = start_gateway(Q3=f'store = "{tmp_path}/store"\n')
    with CuttingProxy(gateway.ready["fix"]) as proxy:
        client = connect(proxy.address, "Q3")
        client.send("D", {**REST, 11: "q1", 44: CROSSING})
        client.expect("8", t11="q1", t150="0")
        proxy.is_open = False
        assert proxy.cut() == 1
        other("Sell", "0.004")
        other("Sell", "0.006")
        time.sleep(1.0)  # the fills are told before it is back
        proxy.is_open = True
        client.expect("8", t11="q1", t150="F", t39="1", t14="0.004", t43="Y")
        client.expect("8", t11="q1", t150="F", t39="2", t14="0.01", t43="Y")
        client.wait_until_logged_on()
        client.send("D", {**REST, 11: "q2", 54: "2", 44: CROSSING})
        client.expect("8", t11="q2", t150="0")
        other("Buy", "0.01")
        client.expect("8", t11="q2", t150="F", t39="2")
        exec_ids = [message[17] for message in client.received]
        assert len(set(exec_ids)) == len(exec_ids)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_it_goes_on_with_a_restarted_gateway(start_gateway, connect, quiet_exchange, tmp_path, how):
    name = f"Q-{how.name}"
    gateway = start_gateway(**{name: f'store = "{tmp_path}/store"\n'})
    with CuttingProxy(gateway.ready["fix"]) as proxy:
        client = connect(proxy.address, name)
        client.send("D", {**REST, 11: "q1"})
        client.expect("8", t11="q1", t150="0")
        gateway.stop(how)
        client.wait_until_logged_on(is_there=False)
        gateway.start()
        proxy.target = gateway.ready["fix"]
        client.wait_until_logged_on()
        client.send("F", {**BUY, 11: "q2", 41: "q1"})
        client.expect("8", t11="q2", t150="4", t39="4")
        assert open_orders(quiet_exchange) == []
        assert client.process.logon_count == 2


def told(message, *tags):
    return [message.get(tag).decode() for tag in tags]


async def test_our_client_trades_with_it(dictionary, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    venue = QuickFixVenue(tmp_path / "venue", dictionary, port)
    try:
        async with FixClient(f"127.0.0.1:{port}", "ME", "VENUE", store=tmp_path / "me", patience_s=10) as client:
            client.send("D", {**REST, 11: "q1"})
            assert told(await client.receive(10), 11, 150, 17) == ["q1", "0", "E1"]
            client.cut()
            while client.is_logged_on:
                await asyncio.sleep(0.01)
            venue.report("q1", "4")  # while we are away
            assert told(await client.receive(10), 11, 150, 17) == ["q1", "4", "E2"]
            assert client.logon_count == 2
            client.send("D", {**REST, 11: "q2"})
            assert (await client.receive(10)).get(17) == b"E3"
        async with FixClient(f"127.0.0.1:{port}", "ME", "VENUE", store=tmp_path / "me") as client:
            client.send("F", {**BUY, 11: "q3", 41: "q2"})
            assert told(await client.receive(10), 11, 41, 17) == ["q3", "q2", "E4"]
        async with FixClient(f"127.0.0.1:{port}", "ME", "VENUE", reset_on_logon=True) as client:
            client.send("D", {**REST, 11: "q4"})
            assert (await client.receive(10)).get(17) == b"E5"
    finally:
        venue.process.stop()
    assert venue.process.rejects == []


@pytest.mark.skipif("FIX44_XML" not in os.environ, reason="needs QuickFIX's own FIX44.xml, named by FIX44_XML")
def test_our_tables_of_plain_fix44_are_those_of_its_dictionary(dictionary):
    theirs, ours = ElementTree.parse(dictionary).getroot(), ElementTree.fromstring(quickfix_xml(plain_fix44()))
    for part, key in (("messages/message", "msgtype"), ("fields/field", "number")):
        assert {one.get(key) for one in theirs.iterfind(part)} == {one.get(key) for one in ours.iterfind(part)}
    values = [
        {(one.get("number"), value.get("enum")) for one in root.iterfind("fields/field") for value in one}
        for root in (theirs, ours)
    ]
    assert {value for value in values[0] if value[0] != "35"} == values[1]  # message types are a table of their own
