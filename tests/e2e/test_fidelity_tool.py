"""`python -m tests.fidelity` against a running exchange: samples in the venue's shapes, and one mutation of each."""

import json

import pytest

from tests.fidelity.__main__ import main

# Values invented; keys, order and number styles as the venue's captures have them.
ORDER = (
    '{"code":0,"msg":"","data":{"bizError":0,"orderID":"0a1b2c3d-1111-4222-8333-444455556666","clOrdID":"tool-1",'
    '"symbol":"BTCUSD","side":"Buy","actionTimeNs":1790000000123456789,"transactTimeNs":1790000000123456789,'
    '"orderType":"Limit","priceEp":410000000,"price":41000.00000000,"orderQty":2,"displayQty":0,'
    '"timeInForce":"GoodTillCancel","reduceOnly":false,"closedPnlEv":0,"closedPnl":0E-8,"closedSize":0,"cumQty":0,'
    '"cumValueEv":0,"cumValue":0E-8,"leavesQty":2,"leavesValueEv":4878,"leavesValue":0.00004878,'
    '"stopDirection":"UNSPECIFIED","stopPxEp":0,"stopPx":0E-8,"trigger":"UNSPECIFIED","pegOffsetValueEp":0,'
    '"pegOffsetProportionEr":0,"execStatus":"PendingNew","pegPriceType":"UNSPECIFIED","ordStatus":"Created",'
    '"execInst":"None"}}'
)
CREATE = {
    "method": "PUT", "path": "/orders/create", "auth": True,
    "query": "clOrdID=tool-1&symbol=BTCUSD&side=Buy&ordType=Limit&orderQty=2&priceEp=410000000",
}  # fmt: skip
TRADES = (
    '{"code":0,"msg":"OK","data":[{"createdAt":1790000000123,"symbol":"LTCUSDT","currency":"USDT","action":1,'
    '"tradeType":1,"execQtyRq":"0.3","execPriceRp":"71.5","side":1,"orderQtyRq":"0.3","priceRp":"71.5",'
    '"execValueRv":"21.45","feeRateRr":"0.0001","execFeeRv":"0.002145","ordType":2,"execId":"d1e2f3a",'
    '"execStatus":6,"posSide":3,"ptFeeRv":"0","ptPriceRp":"0"}]}'
)
ASK_TRADES = {"method": "GET", "path": "/exchange/order/v2/tradingList", "query": "currency=USDT", "auth": True}
ACK = '{"error":null,"id":3,"result":{"status":"success"}}'
BOOK = (
    '{"book":{"asks":[[88577000,3],[89454000,3]],"bids":[[86823000,3]]},"depth":30,"sequence":9,"symbol":"BTCUSD",'
    '"timestamp":1790000000123456789,"type":"snapshot"}'
)
SUBSCRIBE = {"id": 3, "method": "orderbook.subscribe", "params": ["BTCUSD"]}
ACCOUNT = (
    '{"sequence":9,"timestamp":1790000000123456789,"type":"snapshot","version":0,"accounts_p":[{"accountBalanceRv":'
    '"12.5","accountID":70000010003,"bonusBalanceRv":"0","currency":"USDT","status":0,"totalUsedBalanceRv":"0",'
    '"tradeLevel":0,"userID":7000001,"userMode":"Classic"}],"orders_p":[],"positions_p":[]}'
)


def write(directory, mutate=lambda name, text: text):
    """Four samples, their answers mutated."""
    order, trades, book, account = (
        mutate(*pair) for pair in (("order", ORDER), ("trades", TRADES), ("book", BOOK), ("account", ACCOUNT))
    )
    samples = {
        "order": {"request": CREATE, "response": json.loads(order), "raw_wire": [order]},
        "trades": {"request": ASK_TRADES, "response": json.loads(trades), "raw_wire": [trades]},
        "book": {"subscribe": SUBSCRIBE, "messages": [json.loads(ACK), json.loads(book)], "raw_wire": [book]},
        "account": {
            "subscribe": {"id": 4, "method": "aop_p.subscribe", "params": []},
            "messages": [json.loads(account)], "raw_wire": [account],
        },
    }  # fmt: skip
    for name, members in samples.items():
        (directory / f"{name}.json").write_text(json.dumps({"source": "captured message", **members}))


def run(directory, capsys, *options):
    code = main([str(directory), "--json", "--quiet", *options])
    return code, json.loads(capsys.readouterr().out)


def test_answers_of_the_venues_shape_are_equal(tmp_path, capsys):
    write(tmp_path)
    (tmp_path / "table.json").write_text('{"source":"docs","request":null,"response":{"rows":[]}}')
    code, report = run(tmp_path, capsys, "--report", str(tmp_path / "report.txt"))
    assert report["differences"] == []
    assert (code, report["samples"], report["played"], report["equal"]) == (0, 5, 4, 4)
    assert report["not_played"] == [{"sample": "table", "reason": "a table without a request"}]
    assert report["compared"] > 60
    assert json.loads((tmp_path / "report.txt").read_text()) == report


HOLDER = "messages[0].accounts_p[0]"
MUTATIONS = {  # of each answer: the text replaced, by what, and the key that must be named
    "a missing key": {
        "order": ('"displayQty":0,', "", "data.displayQty"), "trades": ('"ptFeeRv":"0",', "", "rows[0].ptFeeRv"),
        "book": ('"depth":30,', "", "messages[1].depth"),
        "account": ('"status":0,', "", f"{HOLDER}.status"),
    },
    "a key too many": {
        "order": ('"cumQty":0', '"cumQty":0,"more":1', "data.more"),
        "trades": ('"posSide":3', '"posSide":3,"more":1', "rows[0].more"),
        "book": ('"depth":30', '"depth":30,"more":1', "messages[1].more"),
        "account": ('"status":0', '"status":0,"more":1', f"{HOLDER}.more"),
    },
    "another number style": {
        "order": ('"closedPnl":0E-8', '"closedPnl":0.00000000', "data.closedPnl"),
        "trades": ('"execFeeRv":"0.002145"', '"execFeeRv":"0.00214500"', "rows[0].execFeeRv"),
        "book": ("[88577000,3]", "[88577000.0,3]", "messages[1].book.asks[0][0]"),
        "account": ("1790000000123456789", "1790000000123", "messages[0].timestamp"),
    },
    "another type": {
        "order": ('"cumValueEv":0', '"cumValueEv":"0"', "data.cumValueEv"),
        "trades": ('"ptFeeRv":"0"', '"ptFeeRv":0', "rows[0].ptFeeRv"),
        "book": ('"depth":30', '"depth":"30"', "messages[1].depth"),
        "account": ('"accountBalanceRv":"12.5"', '"accountBalanceRv":null', f"{HOLDER}.accountBalanceRv"),
    },
    "another value": {
        "order": ('"leavesValueEv":4878', '"leavesValueEv":4879', "data.leavesValueEv"),
        "trades": ('"execValueRv":"21.45"', '"execValueRv":"21.46"', "rows[0].execValueRv"),
        "book": ('"depth":30', '"depth":31', "messages[1].depth"),
        "account": ('"userMode":"Classic"', '"userMode":"Other"', f"{HOLDER}.userMode"),
    },
    "another order": {
        "order": ('"ordStatus":"Created","execInst":"None"', '"execInst":"None","ordStatus":"Created"', "data"),
        "trades": ('"action":1,"tradeType":1', '"tradeType":1,"action":1', "rows[0]"),
        "book": ('"sequence":9,"symbol":"BTCUSD"', '"symbol":"BTCUSD","sequence":9', "messages[1]"),
        "account": ('"sequence":9,"timestamp":1790000000123456789', '"timestamp":1790000000123456789,"sequence":9',
                    "messages[0]"),
    },
}  # fmt: skip


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_a_mutation_of_each_answer_is_found(tmp_path, capsys, mutation):
    changes = MUTATIONS[mutation]

    def mutate(name: str, text: str) -> str:
        before, after, _ = changes[name]
        assert text.count(before) == 1, (name, before)
        return text.replace(before, after)

    write(tmp_path, mutate)
    code, report = run(tmp_path, capsys)
    assert (code, report["equal"]) == (1, 0)
    found = {(row["sample"], row["key"]) for row in report["differences"]}
    assert found == {(name, key) for name, (_, _, key) in changes.items()}


def test_a_sample_that_cannot_be_played_is_a_difference_and_ends_nothing(tmp_path, capsys):
    write(tmp_path)
    broken = {"source": "captured", "request": CREATE, "response": {"code": 0, "msg": "", "data": None}}
    (tmp_path / "broken.json").write_text(json.dumps(broken))
    unknown = {"method": "GET", "path": "/nowhere", "query": "", "auth": True}
    (tmp_path / "unknown.json").write_text(json.dumps({"source": "x", "request": unknown, "response": {"code": 0}}))
    code, report = run(tmp_path, capsys)
    assert (code, report["played"], report["equal"]) == (1, 6, 4)
    keys = {(row["sample"], row["key"]) for row in report["differences"]}
    assert ("broken", "(play)") in keys
    assert {("unknown", "code"), ("unknown", "msg"), ("unknown", "data")} <= keys


def test_it_plays_what_it_is_told_and_says_so(tmp_path, capsys):
    write(tmp_path)
    assert main([str(tmp_path), "--only", "ord*"]) == 0
    printed = capsys.readouterr()
    assert printed.out.startswith("1 samples, 1 played, 1 equal, ")
    assert printed.err == "[1/1] order: equal\n"


def test_wrong_usage_is_2(tmp_path, capsys):
    assert main([str(tmp_path)]) == 2
    (tmp_path / "x.json").write_text("{}")
    assert main([str(tmp_path)]) == 2
    with pytest.raises(SystemExit) as none:
        main([str(tmp_path / "none")])
    assert none.value.code == 2
    with pytest.raises(SystemExit) as asked:
        main(["--help"])
    assert asked.value.code == 0
    assert "a difference nobody meant" in capsys.readouterr().out
