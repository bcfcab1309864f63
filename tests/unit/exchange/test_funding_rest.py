"""The public funding queries: keys and styles as in phemex docs 2026, numbers as the rates themselves have them."""

import json
import re

import pytest
from money_driver import ask
from venue_driver import MS_NS, START_NS, Driver

from tidings.exchange.markets.funding import FundingRates
from tidings.exchange.rest import face as rest
from tidings.exchange.rest.endpoint import Call
from tidings.exchange.rest.parameters import Parameters, RequestError

HISTORY = "/api-data/public/data/funding-rate-history"
REAL = "/contract-biz/public/real-funding-rates"
INTERVAL_MS = 28_800_000
LAST_MS = START_NS // MS_NS // INTERVAL_MS * INTERVAL_MS  # the funding time before the start


@pytest.fixture
def d() -> Driver:
    return Driver()


def history(d: Driver, **fields: object) -> list[dict]:
    answer = ask(d, "GET", HISTORY, **{"symbol": ".BTCFR8H", **fields})
    assert (answer["code"], answer["msg"]) == (0, "OK")
    return answer["data"]["rows"]


def test_history_ends_now_and_is_oldest_first(d: Driver) -> None:
    rows = history(d, limit=3)
    assert [row["fundingTime"] for row in rows] == [LAST_MS - 2 * INTERVAL_MS, LAST_MS - INTERVAL_MS, LAST_MS]
    assert list(rows[0]) == ["symbol", "fundingRate", "fundingTime", "intervalSeconds"]
    assert (rows[0]["symbol"], rows[0]["intervalSeconds"]) == (".BTCFR8H", 28_800)
    assert all(re.fullmatch(r"-?0\.\d{1,8}", row["fundingRate"]) for row in rows)


def test_history_agrees_with_what_is_paid(d: Driver) -> None:
    rates = FundingRates(d.venue.catalogue.instruments["BTCUSD"], seed=1)
    for row in history(d, limit=100):
        assert round(float(row["fundingRate"]) * 10**8) == rates.paid_rate_er(row["fundingTime"] * MS_NS)


def test_history_can_be_cut(d: Driver) -> None:
    window = {"start": LAST_MS - 10 * INTERVAL_MS, "end": LAST_MS - 8 * INTERVAL_MS}
    assert [row["fundingTime"] for row in history(d, **window)] == [
        LAST_MS - n * INTERVAL_MS for n in (10, 9, 8)
    ]
    assert [row["fundingTime"] for row in history(d, start=window["start"], limit=2)] == [
        LAST_MS - 10 * INTERVAL_MS, LAST_MS - 9 * INTERVAL_MS,
    ]  # fmt: skip
    assert [row["fundingTime"] for row in history(d, latestOnly="true", **window)] == [window["end"]]
    assert len(history(d)) == 20
    assert len(history(d, limit=1_000)) == 100
    assert history(d, end=LAST_MS + 10 * INTERVAL_MS, limit=1)[0]["fundingTime"] == LAST_MS, "no rate of the future"


def test_the_older_path_gives_the_same_history(d: Driver) -> None:
    older = ask(d, "GET", f"/v1{HISTORY}", symbol=".BTCFR8H", limit=3)
    assert older["data"]["rows"] == history(d, limit=3)


def test_usd_m_rates_go_by_their_own_symbol(d: Driver) -> None:
    assert history(d, symbol=".BTCUSDTFR8H")[0]["symbol"] == ".BTCUSDTFR8H"
    assert history(d, symbol=".BTCUSDTFR8H") != history(d, symbol=".BTCFR8H")


@pytest.mark.parametrize(
    ("path", "fields", "code"),
    [
        (HISTORY, {}, 10500),
        (HISTORY, {"symbol": "BTCUSD"}, 30000),
        (HISTORY, {"symbol": ".BTCFR8H", "limit": -1}, 30000),
        (HISTORY, {"symbol": ".BTCFR8H", "limit": "many"}, 39108),
        (HISTORY, {"symbol": ".BTCFR8H", "latestOnly": "perhaps"}, 39108),
        (REAL, {"symbol": "sBTCUSDT"}, 30000),
    ],
)
def test_bad_questions_get_a_code(d: Driver, path: str, fields: dict, code: int) -> None:
    with pytest.raises(RequestError) as refusal:
        ask(d, "GET", path, **fields)
    assert refusal.value.code == code


def test_rate_of_the_running_interval(d: Driver) -> None:
    call = Call(d.venue, 0, Parameters({"symbol": ["BTCUSDT"]}), d.now_ns)
    (row,) = json.loads(rest._ENDPOINTS["GET", REAL](call))
    next_ms = LAST_MS + INTERVAL_MS
    rate = d.venue.funding.rates["BTCUSDT"].rate_er(d.now_ns)
    assert row == {
        "symbol": "BTCUSDT", "fundingInterval": 28_800, "toNextfundingInterval": next_ms // 1000 - START_NS // 10**9,
        "nextfundingTime": next_ms, "fundingRate": row["fundingRate"], "interestRate": "0.0001",
        "fundingRateCap": "0.02", "fundingRateFloor": "-0.02",
    }  # fmt: skip
    assert round(float(row["fundingRate"]) * 10**8) == rate
    assert len(ask(d, "GET", REAL)) == 11  # two COIN-M and nine USD-M contracts are listed
