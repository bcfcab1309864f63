"""Transfers between wallets and contract accounts. USDT counts 8 decimals in the wallet and 12 in the account."""

import pytest
from money_driver import ask, hold
from venue_driver import MILLI_BTC, MS_NS, SPOT_60K, SPOT_BTC, USD_M_60K, Driver

from tidings.exchange.catalogue import Line
from tidings.exchange.rest.parameters import RequestError

E8 = 10**8


@pytest.fixture
def d() -> Driver:
    return Driver(contract_funds={"USDT": 1_000, "BTC": 2}, wallet_funds={"USDT": 500, "BTC": 3, "XRP": 9})


def transfer(d: Driver, **fields: object) -> dict:
    return ask(d, "POST", "/assets/transfer", **fields)


def refused(d: Driver, path: str = "/assets/transfer", **fields: object) -> int:
    before = balances(d)
    with pytest.raises(RequestError) as refusal:
        ask(d, "POST", path, **fields)
    assert balances(d) == before
    return refusal.value.code


def balances(d: Driver, currency: str = "USDT", line: Line = Line.USD_M) -> tuple[int, int]:
    """(wallet, contract account)."""
    return d.venue.wallets(d.a, currency)[0].balance, d.venue.account(d.a, line, currency).balance


def test_money_moves_to_the_contract_account_exactly(d: Driver) -> None:
    answer = transfer(d, currency="USDT", amountEv=12_345_678_901, moveOp=2)
    data = answer["data"]
    assert (answer["code"], answer["msg"]) == (0, "OK")
    assert data == {
        "linkKey": data["linkKey"], "userId": d.a, "currency": "USDT", "amountEv": 12_345_678_901, "side": 2,
        "status": 10,
    }  # fmt: skip
    assert balances(d) == (500 * E8 - 12_345_678_901, 1_000 * 10**12 + 123_456_789_010_000)


def test_money_moves_back_and_other_currencies_alike(d: Driver) -> None:
    assert transfer(d, currency="BTC", amountEv=1, moveOp=1)["data"]["side"] == 1
    assert balances(d, "BTC", Line.COIN_M) == (3 * E8 + 1, 2 * E8 - 1)


def test_both_streams_tell_of_it(d: Driver) -> None:
    transfer(d, currency="USDT", amountEv=E8, moveOp=1)
    assert d.run() == []
    contract, spot = d.updates
    assert (contract.line, contract.user_id, contract.currency) == (Line.USD_M, d.a, "USDT")
    assert (contract.account.balance, contract.positions) == (999 * 10**12, [])
    assert (spot.line, spot.user_id) == (Line.SPOT, d.a)
    assert [(w.currency, w.balance) for w in spot.wallets] == [("USDT", 501 * E8)]


def test_locked_and_used_money_stays(d: Driver) -> None:
    d.place(d.a, "sBTCUSDT", "Buy", SPOT_BTC // 200, SPOT_60K)  # locks 300 of 500
    assert refused(d, currency="USDT", amountEv=200 * E8 + 1, moveOp=2) == 35104
    hold(d, "BTCUSDT", 100 * MILLI_BTC, USD_M_60K)  # 3.6 paid, 603.24 tied up of 1,000
    assert refused(d, currency="USDT", amountEv=39_316_000_001, moveOp=1) == 11001
    assert transfer(d, currency="USDT", amountEv=39_316_000_000, moveOp=1)["code"] == 0
    assert transfer(d, currency="USDT", amountEv=200 * E8, moveOp=2)["code"] == 0


@pytest.mark.parametrize(("fields", "code"), [
    ({"currency": "USDT", "amountEv": 0, "moveOp": 1}, 39108),
    ({"currency": "USDT", "amountEv": -5, "moveOp": 1}, 39108),
    ({"currency": "USDT", "amountEv": "1.5", "moveOp": 1}, 39108),
    ({"currency": "USDT", "amountEv": "1e3", "moveOp": 1}, 39108),
    ({"currency": "USDT", "amountEv": 5, "moveOp": 3}, 39108),
    ({"currency": "USDT", "amountEv": 5, "moveOp": "two"}, 39108),
    ({"currency": "USDT", "moveOp": 1}, 10500),
    ({"currency": "USDT", "amountEv": 5}, 10500),
    ({"amountEv": 5, "moveOp": 1}, 10500),
    ({"currency": "NONE", "amountEv": 5, "moveOp": 1}, 11028),
    ({"currency": "XRP", "amountEv": 5, "moveOp": 2}, 11028),  # no contract settles in it
    ({"currency": "USD", "amountEv": 5, "moveOp": 1}, 11097),  # no wallet holds it
])  # fmt: skip
def test_what_makes_no_sense_is_refused(d: Driver, fields: dict, code: int) -> None:
    assert refused(d, **fields) == code


def wallet_transfer(**fields: object) -> dict[str, object]:
    return {"fromAccType": "SPOT", "toAccType": "CONTRACT", "currency": "USDT", "amountEv": 150_000_000,
            "amount": "1.5"} | fields  # fmt: skip


def test_new_service_checks_the_amount_twice(d: Driver) -> None:
    path = "/wallets/account/transfer"
    assert ask(d, "POST", path, **wallet_transfer()) == {
        "code": 0, "msg": None,
        "data": {"amountEv": 150_000_000, "currency": "USDT", "status": 10, "bizCode": 10,
                 "createTime": d.now_ns // MS_NS},
    }  # fmt: skip
    assert balances(d) == (49_850_000_000, 1_001_500_000_000_000)
    back = wallet_transfer(fromAccType="CONTRACT", toAccType="SPOT", amount="1.50")
    assert ask(d, "POST", path, **back)["data"]["bizCode"] == 11
    assert refused(d, path, **wallet_transfer(amount="1.6")) == 39108
    assert refused(d, path, **wallet_transfer(amount="1.500000001")) == 39108
    assert refused(d, path, **wallet_transfer(toAccType="SPOT")) == 39108
    assert refused(d, path, **wallet_transfer(toAccType="MARGIN")) == 34003
    assert refused(d, path, **wallet_transfer(amount="")) == 10500


def test_histories(d: Driver) -> None:
    start_ms = d.now_ns // MS_NS
    for amount in (1, 2, 3):
        transfer(d, currency="USDT", amountEv=amount, moveOp=2)
        d.run(1_000)
    transfer(d, currency="BTC", amountEv=4, moveOp=1)
    answer = ask(d, "GET", "/assets/transfer", currency="USDT")
    rows = answer["data"]["rows"]
    assert [(r["amountEv"], r["side"], r["bizType"], r["status"]) for r in rows] == [
        (3, 2, 10, 10), (2, 2, 10, 10), (1, 2, 10, 10),
    ]  # fmt: skip
    assert rows[-1]["createTime"] == start_ms
    window = {"start": start_ms + 1, "end": start_ms + 1_500}
    assert [r["amountEv"] for r in ask(d, "GET", "/assets/transfer", currency="USDT", **window)["data"]["rows"]] == [2]
    assert len(ask(d, "GET", "/assets/transfer", currency="USDT", limit=1, offset=1)["data"]["rows"]) == 1
    assert ask(d, "GET", "/assets/transfer", d.b, currency="USDT")["data"]["rows"] == []
    both = ask(d, "GET", "/wallets/account/transfer")["data"]
    assert (both["total"], [r["amountEv"] for r in both["rows"]]) == (4, [4, 3, 2, 1])
    assert both["rows"][0] == {
        "formUserId": d.a, "toUserId": d.a, "fromAccType": "CONTRACT", "toAccType": "SPOT", "currency": "BTC",
        "amountEv": 4, "amount": 0.00000004, "status": 10, "bizCode": 11, "requestKey": both["rows"][0]["requestKey"],
        "requestTime": d.now_ns // MS_NS,
    }  # fmt: skip
    second = ask(d, "GET", "/wallets/account/transfer", pageNum=2, pageSize=3)["data"]
    assert [r["amountEv"] for r in second["rows"]] == [1]
    of_contract = ask(d, "GET", "/wallets/account/transfer", bizTypes="11,90")["data"]
    assert [r["amountEv"] for r in of_contract["rows"]] == [4]


def test_history_goes_back_two_days_by_default(d: Driver) -> None:
    transfer(d, currency="USDT", amountEv=1, moveOp=2)
    d.run(2 * 86_400_000)
    assert len(ask(d, "GET", "/assets/transfer", currency="USDT")["data"]["rows"]) == 1
    d.run(1)
    assert ask(d, "GET", "/assets/transfer", currency="USDT")["data"]["rows"] == []


def test_a_thousand_transfers_are_remembered_the_newest_first() -> None:
    d = Driver()
    for number in range(1_003):
        d.venue.transfers.move(d.a, "USDT", number + 1, "SPOT", "CONTRACT", d.now_ns + number)
    made = d.venue.transfers.made(d.a)
    assert (len(made), made[0].amount, made[-1].amount) == (1_000, 1_003, 4)
