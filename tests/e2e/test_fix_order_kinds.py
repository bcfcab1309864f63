"""Every kind of order the dialect has words for, from the message to the venue's own row of it and back."""

import pytest
import pytest_asyncio
from session_lines import COIN_M, SPOT, USD_M, placed, until
from test_fix_orders import Client, order_message

from tidings.fix_gateway.order_chains import OrderChains
from tidings.fix_gateway.order_desk import FixOrderDesk
from tidings.fix_gateway.translate_in import Rules
from tidings.fix_gateway.translate_out import Profile
from tidings.model.enums import Trigger


@pytest_asyncio.fixture
async def desk(phemex):
    return FixOrderDesk(phemex, OrderChains())


@pytest_asyncio.fixture
async def client(desk):
    client = Client(profile=Profile(is_extended=True), rules=Rules(trigger_by=Trigger.MARK_PRICE))
    desk.join(client)
    return client


async def row_of(desk, symbol):
    """The venue's own words for the one order that is open."""
    (row,) = await desk.phemex.engine.queries.open_orders(desk.phemex.instrument(symbol))
    return row


ABOVE, BELOW = "64050", "57950"  # 5 % from where it starts
KINDS = [  # fields of the message, of the report, and of the venue's row
    ({"t18": "6"}, {18: "6", 59: "1"}, {"timeInForce": "PostOnly"}),
    ({"t59": "P"}, {18: "6", 59: "1"}, {"timeInForce": "PostOnly"}),
    ({"t111": "0.002"}, {111: "0.002", 38: "0.01"}, {}),
    ({"t210": "0.003"}, {111: "0.003", 210: "0.003"}, {}),
    ({"t1138": "0.004"}, {111: "0.004"}, {}),
    ({"t7928": "O"}, {7928: "O"}, {}),
    ({"t40": "3", "t44": None, "t99": ABOVE}, {40: "3", 99: ABOVE, 20000: "Stop", 20003: "M", 636: "N"},
     {"orderType": "Stop", "trigger": "ByMarkPrice"}),
    ({"t40": "4", "t99": ABOVE, "t1107": "2"}, {40: "4", 20000: "StopLimit", 20003: "2"},
     {"orderType": "StopLimit", "trigger": "ByLastPrice"}),
    ({"t40": "4", "t1102": ABOVE, "t5127": "3"}, {40: "4", 99: ABOVE, 20003: "I"},
     {"orderType": "StopLimit", "trigger": "ByIndexPrice"}),
    ({"t40": "J", "t44": None, "t99": BELOW}, {40: "J", 20000: "MarketIfTouched"}, {"orderType": "MarketIfTouched"}),
    ({"t40": "3", "t44": None, "t99": BELOW, "t1109": "D"}, {40: "3", 20000: "MarketIfTouched"},
     {"orderType": "MarketIfTouched"}),
    ({"t40": "4", "t99": BELOW, "t1109": "D"}, {40: "4", 1109: "D"}, {"orderType": "LimitIfTouched"}),
    ({"t40": "W", "t99": BELOW}, {40: "W", 1109: "D", 20000: "LimitIfTouched"}, {"orderType": "LimitIfTouched"}),
]  # fmt: skip


@pytest.mark.parametrize(("asked", "told", "row"), KINDS, ids=[str(number) for number in range(len(KINDS))])
async def test_a_kind_is_at_the_venue_what_its_client_asked_for(desk, client, asked, told, row):
    desk.submit(client, order_message(**asked))
    await until(lambda: client.told)
    kind, report = client.told[0]
    assert (kind, report[150], report[39]) == (b"8", "0", "0"), report.get(58)
    assert {tag: report.get(tag) for tag in told} == told
    found = await row_of(desk, USD_M.symbol)
    assert {name: found[name] for name in row} == row
    desk.cancel(client, order_message(t35="F", t11="c1", t41="ord-1"))
    await until(lambda: client.story()[-1] == "4/4")


async def test_attached_prices_travel_with_their_order(desk, client):
    asked = {"t20010": ABOVE, "t20011": ABOVE, "t20013": "48800", "t20014": "48700", "t20015": "M"}
    told = {20010: ABOVE, 20011: ABOVE, 20012: "2", 20013: "48800", 20014: "48700", 20015: "M"}
    await test_a_kind_is_at_the_venue_what_its_client_asked_for(desk, client, asked, told, {"stopLossRp": "48800"})


async def test_what_the_venue_refuses_comes_with_its_code(desk, client):
    """Retail price improvement: asked for in the venue's word, and refused to who is no approved market maker."""
    desk.submit(client, order_message(t18="6", t20004="Y"))
    await until(lambda: client.told)
    report = client.told[0][1]
    assert [report[tag] for tag in (150, 39, 103, 25016, 20004)] == ["8", "8", "99", "11143", "Y"]
    assert report[58].startswith("11143 TE_RPI_NOT_APPROVED_MARKET_MAKER: ")


async def test_an_iceberg_fills_in_full_though_it_shows_little(desk, client, counterparty):
    desk.submit(client, order_message(t44=USD_M.at("1.01"), t38="0.03", t111="0.01"))
    await until(lambda: client.told)
    await counterparty.limit(USD_M.symbol, "sell", qty="0.03", price=USD_M.at("1.01"), tif="IOC").done()
    await until(lambda: client.told[-1][1][39] == "2")
    assert client.told[-1][1][14] == "0.03"


async def test_fill_or_kill_fills_whole_or_expires(desk, client, counterparty):
    await placed(counterparty, USD_M, "sell", price=USD_M.at("1.01"), qty="0.01")
    desk.submit(client, order_message(t59="4", t38="0.02", t44=USD_M.at("1.01")))
    await until(lambda: client.told and client.told[-1][1][39] == "C")
    assert (client.told[-1][1][14], client.told[-1][1][59]) == ("0", "4")
    desk.submit(client, order_message(t11="f2", t59="4", t38="0.01", t44=USD_M.at("1.01")))
    await until(lambda: client.told[-1][1][39] == "2")
    desk.submit(client, order_message(t11="f3", t54="2", t18="E", t40="1", t44=None, t38="0.01"))  # closes it
    await placed(counterparty, USD_M, "buy", price=USD_M.at("0.99"), qty="0.01")
    await until(lambda: client.told[-1][1][11] == "f3" and client.told[-1][1][39] in "2C")


async def test_an_ioc_leaves_what_it_did_not_get(desk, client, counterparty):
    await placed(counterparty, USD_M, "sell", price=USD_M.at("1.01"), qty="0.01")
    desk.submit(client, order_message(t59="3", t38="0.03", t44=USD_M.at("1.01")))
    await until(lambda: client.told and client.told[-1][1][39] == "C")
    assert client.story() == ["0/0", "F/1", "C/C"]
    assert [client.told[-1][1][tag] for tag in (14, 151, 59)] == ["0.01", "0", "3"]
    fill = client.told[1][1]
    assert (fill[1057], fill[851], fill[20030]) == ("Y", "2", "T")


@pytest.mark.parametrize("line", [COIN_M, SPOT], ids=["COIN-M", "spot"])
async def test_stops_are_replaced_on_the_other_lines_too(desk, client, line):
    client.rules = Rules()
    stop = {"t40": "4", "t55": line.symbol, "t38": line.qty, "t44": line.at("1.04")}
    desk.submit(client, order_message(t99=line.at("1.05"), **stop))
    await until(lambda: client.told)
    assert client.story() == ["0/0"], client.told
    desk.replace(client, order_message(t35="G", t11="r1", t41="ord-1", t99=line.at("1.06"), **stop))
    await until(lambda: len(client.told) > 1)
    replaced = client.told[1][1]
    assert (client.story()[-1], replaced[99], replaced[41]) == ("5/0", line.at("1.06").rstrip("0").rstrip("."), "ord-1")
    desk.cancel(client, order_message(t35="F", t11="c1", t41="r1", t55=line.symbol))
    await until(lambda: client.story()[-1] == "4/4")


async def test_in_hedged_mode_the_position_is_named_or_follows_from_opening_and_closing(desk, client):
    eth = {"t55": "ETHUSDT", "t38": "0.05", "t44": "2000"}
    await desk.phemex.set_position_mode("ETHUSDT", "Hedged")
    try:
        assert desk.submit(client, order_message(t11="h0", **eth)) is None
        refused = client.told[-1][1]
        assert (refused[103], "hedged position mode" in refused[58]) == ("11", True)
        for name, changes, side in (("h1", {"t77": "O"}, "L"), ("h2", {"t20002": "L", "t44": "2001"}, "L")):
            desk.submit(client, order_message(t11=name, **{**eth, **changes}))
            await until(lambda: client.told[-1][1][11] == name)  # noqa: B023
            report = client.told[-1][1]
            assert (report[150], report[20002], report.get(77)) == ("0", side, changes.get("t77")), report.get(58)
        desk.replace(client, order_message(t35="G", t11="r1", t41="h1", **{**eth, "t44": "1999", "t20002": "S"}))
        assert client.told[-1][1][58] == "tag 20002 differs from the order's"
        desk.replace(client, order_message(t35="G", t11="r2", t41="h1", **{**eth, "t44": "1999", "t20002": "L"}))
        await until(lambda: client.told[-1][1].get(150) == "5")
        rows = await desk.phemex.engine.queries.open_orders(desk.phemex.instrument("ETHUSDT"))
        assert sorted(row["priceRp"] for row in rows) == ["1999", "2001"]
        await desk.phemex.cancel_all("ETHUSDT")
        await until(lambda: [fields[39] for _, fields in client.told].count("4") == 2)
    finally:
        await desk.phemex.cancel_all("ETHUSDT")
        await desk.phemex.set_position_mode("ETHUSDT", "OneWay")
