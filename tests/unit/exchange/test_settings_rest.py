"""Settings of positions as a client asks for them: which parameter wins, and which code says no."""

import pytest
from money_driver import ask, hold
from venue_driver import COIN_M_60K, MILLI_BTC, USD_M_60K, Driver

from tidings.exchange.catalogue import Line
from tidings.exchange.rest.parameters import RequestError

X = 10**8


@pytest.fixture
def d() -> Driver:
    return Driver()


def code(d: Driver, method: str, path: str, **fields: object) -> int:
    try:
        return ask(d, method, path, **fields)["code"]
    except RequestError as error:
        return error.code


def risk_limit(d: Driver) -> int:
    return d.venue.positions(d.a, Line.COIN_M, symbol="BTCUSD")[0].risk_limit


@pytest.mark.parametrize(("fields", "answer", "limit"), [
    ({"riskLimit": "150"}, 0, 150 * X),
    ({"riskLimitEv": 300 * X, "riskLimit": "150"}, 0, 300 * X),  # Ev wins
    ({"riskLimit": "151"}, 11002, 1500 * X),
    ({"riskLimitEv": -1}, 11002, 1500 * X),
    ({"riskLimitEv": "1.5"}, 39108, 1500 * X),
    ({"riskLimit": "0.000000001"}, 39108, 1500 * X),
])  # fmt: skip
def test_coin_m_risk_limit(d: Driver, fields: dict, answer: int, limit: int) -> None:
    assert code(d, "PUT", "/positions/riskLimit", symbol="BTCUSD", **fields) == answer
    assert risk_limit(d) == limit


def test_risk_limit_needs_a_contract_and_a_limit(d: Driver) -> None:
    assert code(d, "PUT", "/positions/riskLimit", symbol="BTCUSD") != 0
    assert code(d, "PUT", "/positions/riskLimit", riskLimit="150") != 0
    assert code(d, "PUT", "/positions/riskLimit", symbol="BTCUSDT", riskLimit="150") == 11027
    assert code(d, "PUT", "/g-positions/riskLimit", symbol="BTCUSDT", riskLimitRv="150") == 0, "deprecated, no effect"


@pytest.mark.parametrize(("fields", "answer"), [
    ({"leverage": "101"}, 11004), ({"leverage": "-101"}, 11004), ({"leverage": "0.5"}, 11004),
    ({"leverageEr": 101 * X}, 11004), ({"leverage": "20", "leverageEr": 500 * X}, 0), ({"leverage": "0"}, 0),
    ({"leverage": "ten"}, 39108),
])  # fmt: skip
def test_coin_m_leverage(d: Driver, fields: dict, answer: int) -> None:
    assert code(d, "PUT", "/positions/leverage", symbol="BTCUSD", **fields) == answer


@pytest.mark.parametrize(("fields", "answer"), [
    ({"leverageRr": "101"}, 11004), ({"leverageRr": "100"}, 0), ({"leverageRr": "-100"}, 0),
    ({"longLeverageRr": "5", "shortLeverageRr": "5"}, 11004), ({"leverageRr": "1e2"}, 39108),
])  # fmt: skip
def test_usd_m_leverage_of_a_one_way_symbol(d: Driver, fields: dict, answer: int) -> None:
    assert code(d, "PUT", "/g-positions/leverage", symbol="BTCUSDT", **fields) == answer


def test_margin_is_assigned_to_isolated_positions_only(d: Driver) -> None:
    path = "/positions/assign"
    assert code(d, "POST", path, symbol="BTCUSD", posBalanceEv=5 * X) == 11006
    hold(d, "BTCUSD", 60_000, COIN_M_60K)
    assert code(d, "POST", path, symbol="BTCUSD", posBalanceEv=5 * X) == 11007
    assert code(d, "PUT", "/positions/leverage", symbol="BTCUSD", leverage="10") == 0
    assert code(d, "POST", path, symbol="BTCUSD", posBalanceEv=50 * X) == 11010
    assert code(d, "POST", path, symbol="BTCUSD", posBalanceEv=5 * X, posBalance="50") == 0  # Ev wins
    assert code(d, "POST", path, symbol="BTCUSD", posBalance="0.01") == 11008
    assert d.venue.positions(d.a, Line.COIN_M, symbol="BTCUSD")[0].assigned_pos_balance == 5 * X
    d.set_mark("BTCUSD", COIN_M_60K * 5 // 10)
    assert code(d, "POST", path, symbol="BTCUSD", posBalance="0.5") == 11009  # a loss of 1 BTC


def test_mode_switches_without_position_and_orders_only(d: Driver) -> None:
    path = "/g-positions/switch-pos-mode-sync"
    assert code(d, "PUT", path, symbol="BTCUSDT", targetPosMode="Sideways") == 39108
    hold(d, "BTCUSDT", MILLI_BTC, USD_M_60K)
    assert code(d, "PUT", path, symbol="BTCUSDT", targetPosMode="Hedged") == 20004
    assert code(d, "PUT", path, symbol="ETHUSDT", targetPosMode="Hedged") == 0
    fields = {"symbol": "ETHUSDT", "side": "Buy", "orderQtyRq": "0.1", "priceRp": "2000", "clOrdID": "m"}
    assert code(d, "PUT", "/g-orders/create", posSide="Merged", **fields) == 20004
    assert code(d, "PUT", "/g-orders/create", posSide="Long", **fields) == 0
    assert code(d, "PUT", path, symbol="ETHUSDT", targetPosMode="OneWay") == 20004
