"""A liquidation over FIX: a drop copy is told what it was, and who asks finds it among the executions."""

import json
import urllib.request
from datetime import UTC, datetime
from decimal import Decimal

from fix_client import now_text
from gateway_process import RunningGateway
from phemex_client import RestClient

SESSION = '[[session]]\nour_comp_id = "PHEMEX"\nclient_comp_id = "{}"\naccount = "2"\nstore = "memory"\n{}'
WIDE, DROP_COPY = 'dialect = "extended"\n', 'kind = "dropcopy"\n'


def set_price(admin: str, **prices: str) -> None:
    body = json.dumps({"symbol": "BTCUSDT", **prices}).encode()
    urllib.request.urlopen(urllib.request.Request(f"{admin}/price", body, method="POST")).close()


def test_a_liquidation_has_a_word_of_its_own(start_exchange, tmp_path):
    exchange = start_exchange("--no-flow", "--no-rate-limits", "--matching-delay-ms", "0", "--seed", "3")
    owner, other = RestClient(exchange.ready, 2), RestClient(exchange.ready, 1)
    common = {"symbol": "BTCUSDT", "ordType": "Limit", "orderQtyRq": "1", "posSide": "Merged"}
    assert owner.call("PUT", "/g-positions/leverage", symbol="BTCUSDT", leverageRr="50").code == 0
    gateway = RunningGateway(tmp_path, exchange, SESSION.format("C1", WIDE) + SESSION.format("DC", WIDE + DROP_COPY))
    client, copy = gateway.connect("C1", is_extended=True), gateway.connect("DC", is_extended=True)
    client.logon()
    copy.logon()
    begin = now_text()
    client.order("long", t38="1", t44="55000")
    client.expect("8", t150="0")
    assert other.call("PUT", "/g-orders/create", clOrdID="x", side="Sell", priceRp="55000", **common).code == 0
    client.expect("8", t150="F", t20030="T")
    assert other.call("PUT", "/g-orders/create", clOrdID="bid", side="Buy", priceRp="53990", **common).code == 0
    set_price(exchange.ready["admin"], mark="53900")  # 2 % below: all of the margin of a leverage of 50
    assert [copy.expect("8")[150] for _ in range(2)] == ["0", "F"]
    told = copy.expect("8", t150="F", t20030="L", t11="NONE", t54="2", t32="1", t14="1", t151="0", t797="Y")
    today = datetime.now(UTC).strftime("%Y%m%d")
    client.send("AN", (710, "p"), (724, 0), (1, "2"), (581, 1), (715, today), (60, begin), (55, "BTCUSDT"))
    client.expect("AO", t727="0", t728="2")
    since = ((580, 1), (75, today), (60, begin))
    client.send("AD", (568, "l"), (569, 1), (20030, "L"), *since)
    client.expect("AQ", t748="1", t749="0")
    found = client.expect("AE", t17=told[17], t20030="L", t54="2", t32="1", t31=told[31], t37=told[37])
    rows = owner.call("GET", "/api-data/g-futures/trades", symbol="BTCUSDT").data["rows"]
    (row,) = (row for row in rows if row["tradeType"] == "LiqTrade")
    assert (found[17], Decimal(found[137])) == (row["execID"], Decimal(row["execFeeRv"]))
    client.send("AD", (568, "t"), (569, 1), *since)  # its own alone, unless it asks for them
    client.expect("AQ", t748="1", t749="0")
    client.expect("AE", t11="long", t20030="T")
    for one in (owner, other, client, copy):
        one.close()
    assert gateway.stop() == 0
