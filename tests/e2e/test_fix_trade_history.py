"""Executions from before a gateway began: placed by an engine of another life, asked for over FIX at a gateway that has
never heard of them. What is expected comes from the exchange's own lists and from arithmetic, not from the gateway.
"""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from exchange_process import RunningExchange, launch
from fix_client import FixClient, now_text
from gateway_process import RunningGateway
from phemex_client import RestClient
from short_session import session_at

ACCOUNT = 2
SESSION = '[[session]]\nour_comp_id = "PHEMEX"\nclient_comp_id = "{}"\naccount = "2"\nstore = "memory"\n{}'
PLACES = [  # symbol, quantity of each execution, price
    ("BTCUSDT", "0.01", "55000"), ("BTCUSDT", "0.02", "55000.5"), ("BTCUSD", "3", "55000"),
    ("sBTCUSDT", "0.001", "55000"),
]  # fmt: skip
LISTS = [("/api-data/g-futures/trades", "BTCUSDT"), ("/exchange/order/trade", "BTCUSD"),
         ("/api-data/spots/trades", "sBTCUSDT")]  # fmt: skip


@pytest.fixture
def exchange(tmp_path: Path):
    directory = tmp_path / "exchange"
    directory.mkdir()
    running = launch(directory, "--no-flow", "--no-rate-limits", "--matching-delay-ms", "0", "--seed", "3")
    yield running
    running.stop()


@pytest.fixture
def gateway(tmp_path: Path, exchange: RunningExchange):
    directory = tmp_path / "gateway"
    directory.mkdir()
    sessions = SESSION.format("C1", "") + SESSION.format("C2", 'dialect = "extended"\n')
    sessions += SESSION.format("DC", 'kind = "dropcopy"\n')
    running = RunningGateway(directory, exchange, sessions)
    yield running
    for client in running.clients:
        client.close()
    assert running.stop() == 0


async def trade_in_an_earlier_life(exchange: RunningExchange) -> None:
    """Account 2 buys from account 1, with a journal that is thrown away; then both engines end."""
    async with session_at(exchange, ACCOUNT) as buyer, session_at(exchange, 1) as seller:
        for symbol, qty, price in PLACES:
            order = buyer.limit(symbol, "buy", qty=qty, price=price)
            await order.accepted()
            seller.limit(symbol, "sell", qty=qty, price=price, tif="IOC")
            await order.done()


def listed(exchange: RunningExchange) -> list[dict[str, str]]:
    """The exchange's own rows of the account, oldest first."""
    client = RestClient(exchange.ready, ACCOUNT)
    rows = []
    for path, symbol in LISTS:
        answer = client.call("GET", path, symbol=symbol)
        document = answer.json
        rows += document if isinstance(document, list) else document["data"]["rows"]
    client.close()
    return sorted(rows, key=lambda row: row["transactTimeNs"])


def logged_on(gateway: RunningGateway, name: str, **options: bool) -> FixClient:
    client = gateway.connect(name, **options)
    client.logon()
    return client


def ask(client: FixClient, request_id: str, *fields: tuple[int, object]) -> list[dict[int, str]]:
    client.send("AD", (568, request_id), (569, 1), *fields)
    answer = client.expect("AQ", t568=request_id, t749="0", t750="0")
    found = [client.expect("AE", t568=request_id, t748=answer[748]) for _ in range(int(answer[748]))]
    assert [one.get(912) for one in found] == [None] * (len(found) - 1) + ["Y"] * bool(found)
    return found


def time_text(wall_ns: int) -> str:
    moment = datetime.fromtimestamp(wall_ns // 10**9, UTC)
    return f"{moment:%Y%m%d-%H:%M:%S}.{wall_ns % 10**9 // 10**6:03d}"


async def test_executions_of_an_earlier_life_are_told(exchange, gateway_later):
    await trade_in_an_earlier_life(exchange)
    rows = listed(exchange)
    assert len(rows) == len(PLACES)
    gateway = gateway_later()
    client = logged_on(gateway, "C1")
    told = ask(client, "t1")
    for row, one, (symbol, qty, price) in zip(rows, told, PLACES, strict=True):
        assert (one[55], one[17], one[37], one[11]) == (symbol, row.get("execID") or row["execId"], row["orderID"],
                                                        row["clOrdID"])  # fmt: skip
        assert (Decimal(one[32]), Decimal(one[31]), one[54]) == (Decimal(qty), Decimal(price), "1")
        assert (one[60], one[75]) == (time_text(row["transactTimeNs"]), time_text(row["transactTimeNs"])[:8])
    # The makers' rates of the catalogue: USD-M and COIN-M 0.01 %, spot 0.1 % of what is received.
    fees = [(one[138], Decimal(one[137])) for one in told]
    assert fees[0] == ("USDT", Decimal("0.01") * 55000 * Decimal("0.0001"))
    assert fees[1] == ("USDT", Decimal("0.02") * Decimal("55000.5") * Decimal("0.0001"))
    assert fees[2][0] == "BTC"
    assert fees[3] == ("BTC", Decimal("0.001") * Decimal("0.001"))
    assert [one[55] for one in ask(client, "t2", (55, "BTCUSDT"))] == ["BTCUSDT", "BTCUSDT"]
    assert [one[17] for one in ask(client, "t3", (37, told[1][37]))] == [told[1][17]]
    assert [one[17] for one in ask(client, "t4", (11, told[2][11]))] == [told[2][17]]
    assert [one[17] for one in ask(client, "t5", (17, told[3][17]))] == [told[3][17]]
    assert ask(client, "t6", (54, 2)) == []
    window = ((580, 2), (75, told[1][75]), (60, told[1][60]), (75, told[2][75]), (60, told[2][60]))
    assert {one[17] for one in ask(client, "t7", *window)} >= {told[1][17], told[2][17]}
    assert ask(client, "t8", (580, 1), (75, "20200101")) == []
    wide = logged_on(gateway, "C2", is_extended=True)
    assert [one[20030] for one in ask(wide, "w1")] == ["T"] * 4
    assert ask(wide, "w2", (20030, "L")) == []


async def test_old_and_new_executions_are_one_answer_each_once(exchange, gateway_later):
    await trade_in_an_earlier_life(exchange)
    gateway = gateway_later()
    client, other, copy = (logged_on(gateway, name, is_extended=name == "C2") for name in ("C1", "C2", "DC"))
    begin = now_text()
    client.order("new-1", t44="55100")
    client.expect("8", t150="0")
    seller = RestClient(exchange.ready, 1)
    seller.call("PUT", "/g-orders/create", symbol="BTCUSDT", clOrdID="counter", side="Sell", ordType="Limit",
                priceRp="55100", orderQtyRq="0.01", timeInForce="ImmediateOrCancel", posSide="Merged")  # fmt: skip
    seller.close()
    fill = client.expect("8", t150="F")
    for _ in range(2):
        copy.expect("8", t797="Y")
    rows = listed(exchange)
    assert len(rows) == len(PLACES) + 1
    all_ids = [row.get("execID") or row["execId"] for row in rows]
    told = ask(client, "t1")
    assert [one[17] for one in told] == all_ids
    assert (told[-1][17], told[-1][11]) == (fill[17], "new-1")
    # Whose the old ones were nobody knows; the new one is C1's, and the drop copy is told everything.
    assert [one[17] for one in ask(other, "t1")] == all_ids[:-1]
    assert [one[17] for one in ask(copy, "t1")] == all_ids
    assert ask(other, "t2", (580, 1), (75, begin[:8]), (60, begin)) == []
    assert [one[11] for one in ask(copy, "t2", (580, 1), (75, begin[:8]), (60, begin))] == ["new-1"]
    assert [one[11] for one in ask(client, "t3", (11, "new-1"))] == ["new-1"]


async def test_funding_is_not_an_execution(exchange, gateway_later):
    await trade_in_an_earlier_life(exchange)
    client = logged_on(gateway_later(), "C1")
    assert ask(client, "f1", (20030, "F"), (580, 1), (75, f"{datetime.now(UTC) - timedelta(days=30):%Y%m%d}")) == []


@pytest.fixture
def gateway_later(request: pytest.FixtureRequest):
    """Begins when it is called: what happened before is not in its memory."""
    return lambda: request.getfixturevalue("gateway")


def many_trades(exchange: RunningExchange, count: int) -> None:
    """Account 2 has one resting order, and account 1 takes it bit by bit."""
    owner, taker = RestClient(exchange.ready, ACCOUNT), RestClient(exchange.ready, 1)
    common = {"symbol": "BTCUSDT", "ordType": "Limit", "priceRp": "55000", "posSide": "Merged"}
    total = str(Decimal("0.001") * count)
    assert owner.call("PUT", "/g-orders/create", clOrdID="big", side="Buy", orderQtyRq=total, **common).code == 0
    for number in range(count):
        answer = taker.call("PUT", "/g-orders/create", clOrdID=f"bit{number}", side="Sell", orderQtyRq="0.001",
                            timeInForce="ImmediateOrCancel", **common)  # fmt: skip
        assert answer.code == 0
    owner.close()
    taker.close()


def test_pages_add_up_and_a_flood_is_stopped(exchange, gateway_later):
    many_trades(exchange, 450)
    client = logged_on(gateway_later(), "C1")
    told = ask(client, "t1", (55, "BTCUSDT"))
    assert len(told) == len({one[17] for one in told}) == 450
    assert {(one[32], one[31], one[11]) for one in told} == {("0.001", "55000", "big")}
    assert [one[60] for one in told] == sorted(one[60] for one in told)
    rows, page = [], 0
    reader = RestClient(exchange.ready, ACCOUNT)
    while len(more := reader.call("GET", LISTS[0][0], symbol="BTCUSDT", offset=page * 200, limit=200).data["rows"]):
        rows, page = rows + more, page + 1
    reader.close()
    assert {one[17] for one in told} == {row["execID"] for row in rows}
    assert sum(Decimal(one[137]) for one in told) == sum(Decimal(row["execFeeRv"]) for row in rows)
    for number in range(30):
        client.send("AD", (568, f"f{number}"), (569, 4))
    answers = [client.next()[35] for _ in range(30)]
    assert set(answers) == {"AQ", "j"} and 19 <= answers.count("AQ") <= 22


def test_after_a_restart_they_are_their_owners_under_its_ids(exchange, tmp_path):
    directory = tmp_path / "kept"
    directory.mkdir()
    sessions = SESSION.format("C1", "") + SESSION.format("C2", "")
    sessions = sessions.replace('store = "memory"', f'store = "{directory}/store"')
    running = RunningGateway(directory, exchange, sessions)
    client = logged_on(running, "C1")
    client.order("o1", t44="55000")
    client.expect("8", t150="0")
    seller = RestClient(exchange.ready, 1)
    seller.call("PUT", "/g-orders/create", symbol="BTCUSDT", clOrdID="s1", side="Sell", ordType="Limit",
                priceRp="55000", orderQtyRq="0.01", timeInForce="ImmediateOrCancel", posSide="Merged")  # fmt: skip
    seller.close()
    fill = client.expect("8", t150="F", t39="2")
    client.send("5")
    client.expect("5")
    client.close()
    assert running.stop() == 0
    running.start()
    again, other = running.connect("C1"), running.connect("C2")
    for one in (again, other):
        one.logon((141, "Y"))
    (told,) = ask(again, "t1")
    assert (told[17], told[11], told[37]) == (fill[17], "o1", fill[37])
    assert [one[17] for one in ask(again, "t2", (11, "o1"))] == [fill[17]]
    assert ask(other, "t1") == []
    for one in (again, other):
        one.close()
    assert running.stop() == 0
