"""The past of the local exchange over real sockets, on all three lines, by the session and by the command."""

import csv
import json
import time
from collections.abc import Callable
from decimal import Decimal

import pytest
from exchange_process import RunningExchange, launch
from fault_examples import FaultAdmin
from phemex_client import RestClient
from tidings_command import Ended

import tidings
from tidings.app.links import paced_questions
from tidings.errors import UsageError

DAY_NS, S_NS = 86_400_000_000_000, 1_000_000_000
# Price, quantity and turnover scales of the exchange's catalogue; USD-M writes decimals.
LINES = {"BTCUSD": (4, 0, 8), "BTCUSDT": (0, 0, 0), "sBTCUSDT": (8, 8, 8)}


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory):
    """An exchange with trades."""
    exchange = launch(tmp_path_factory.mktemp("past"), "--no-rate-limits", "--seed", "5", "--flow-rate", "20")
    yield exchange
    exchange.stop()


@pytest.fixture
def market(busy: RunningExchange):
    return RestClient(busy.ready)


def scaled(value, scale: int) -> Decimal:
    return Decimal(str(value)).scaleb(-scale)


@pytest.mark.parametrize("symbol", LINES)
async def test_klines_of_two_days_are_the_venues_own(busy, market, open_session, symbol):
    phemex = await open_session(busy)
    end_s = int(time.time()) // 60 * 60 - 600
    begin_s = end_s - 2 * 86_400
    klines = await phemex.history.klines(symbol, 60, begin_s * S_NS, end_s * S_NS).all()
    assert [kline.start_s for kline in klines] == list(range(begin_s, end_s, 60))
    price, qty, value = LINES[symbol]
    query = f"symbol={symbol}&resolution=60&from={end_s - 600}&to={end_s}"
    rows = market.public("/exchange/public/md/v2/kline/list", query).data["rows"]
    told = [(k.last_close, k.open, k.high, k.low, k.close, k.volume, k.turnover) for k in klines[-10:]]
    scales = (price, price, price, price, price, qty, value)
    assert told == [tuple(scaled(row[2 + n], scales[n]) for n in range(7)) for row in rows]


@pytest.mark.parametrize("symbol", ["BTCUSD", "BTCUSDT"])
async def test_funding_of_a_year(busy, market, open_session, symbol):
    phemex = await open_session(busy)
    end_ns = time.time_ns() // DAY_NS * DAY_NS
    rates = await phemex.history.funding(symbol, end_ns - 365 * DAY_NS, end_ns).all()
    assert [rate.venue_time_ns for rate in rates] == list(range(end_ns - 365 * DAY_NS, end_ns, DAY_NS // 3))
    name = {"BTCUSD": ".BTCFR8H", "BTCUSDT": ".BTCUSDTFR8H"}[symbol]
    query = f"symbol={name}&start={(end_ns - DAY_NS) // 1_000_000}&limit=3"
    told = market.public("/api-data/public/data/funding-rate-history", query).data["rows"]
    assert [rate.rate for rate in rates[-3:]] == [Decimal(row["fundingRate"]) for row in told]


async def test_spot_has_no_funding(busy, open_session):
    phemex = await open_session(busy)
    with pytest.raises(UsageError, match="sBTCUSDT is spot"):
        phemex.history.funding("sBTCUSDT", "2026-08-01")


@pytest.mark.parametrize("symbol", LINES)
async def test_trades_as_far_back_as_the_venue_keeps_them(busy, market, open_session, symbol):
    phemex = await open_session(busy)
    path, key = ("/md/v2/trade", "trades_p") if symbol == "BTCUSDT" else ("/md/trade", "trades")
    while len(told := market.public(path, f"symbol={symbol}").json["result"][key]) < 20:
        time.sleep(0.1)
    backfill = phemex.history.trades(symbol, "2026-01-01")
    trades = await backfill.all()
    times = [trade.venue_time_ns for trade in trades]
    assert times == sorted(times)
    price, qty, _ = LINES[symbol]
    unit_ns = 1 if symbol == "BTCUSDT" else 1_000_000  # the older list has milliseconds
    wanted = [(row[0] // unit_ns * unit_ns, scaled(row[2], price), scaled(row[3], qty)) for row in reversed(told)]
    found = [(trade.venue_time_ns, trade.price, trade.qty) for trade in trades]
    place = found.index(wanted[5])
    assert found[place : place + 14] == wanted[5:19]
    assert "begin at" in backfill.notes[0]


@pytest.mark.parametrize("symbol", ["BTCUSD", "sBTCUSDT"])
async def test_trades_from_a_moment_to_another(busy, market, open_session, symbol):
    phemex = await open_session(busy)
    while len(told := market.public("/md/trade", f"symbol={symbol}").json["result"]["trades"]) < 40:
        time.sleep(0.1)
    times = sorted({row[0] // 1_000_000 * 1_000_000 for row in told})
    begin_ns, end_ns = times[3], times[-3]
    backfill = phemex.history.trades(symbol, begin_ns, end_ns)
    found = [(trade.venue_time_ns, trade.qty) for trade in await backfill.all()]
    _, qty, _ = LINES[symbol]
    rows = [(row[0] // 1_000_000 * 1_000_000, scaled(row[3], qty)) for row in reversed(told)]
    assert found == [row for row in rows if begin_ns <= row[0] < end_ns]
    assert backfill.notes == []
    assert backfill.questions.question_count < 30


async def test_a_bad_hour_costs_time_and_no_row(busy, open_session, monkeypatch):
    phemex = await open_session(busy)
    monkeypatch.setattr(paced_questions, "FIRST_PAUSE_S", 0.01)
    end_ns = (time.time_ns() // DAY_NS) * DAY_NS - DAY_NS
    calm = await phemex.history.klines("BTCUSDT", 60, end_ns - 4 * DAY_NS, end_ns).all()
    admin = FaultAdmin(busy.ready)
    path = "/exchange/public/md/v2/kline/list"
    try:
        admin.call("POST", "/faults", {"kind": "fail", "path": path, "status": 503, "probability": 0.3, "seed": 4})
        admin.call("POST", "/faults", {"kind": "rate-limit", "path": path, "nth": 4, "retry_after": "1"})
        admin.call("POST", "/faults", {"kind": "garbage", "path": path, "shape": "html", "nth": 6})
        admin.call("POST", "/faults", {"kind": "cut-response", "path": path, "at_byte": 300, "nth": 9})
        backfill = phemex.history.klines("BTCUSDT", 60, end_ns - 4 * DAY_NS, end_ns)
        assert await backfill.all() == calm
        assert backfill.questions.question_count > 2 * (1 + 7) + 2
    finally:
        admin.call("DELETE", "/faults")


async def test_a_session_without_a_key_may_ask_about_the_past(busy: RunningExchange):
    async with tidings.connect("local", exchange=str(busy.ready_file)) as phemex:
        assert len(await phemex.history.klines("BTCUSDT", 300, time.time_ns() - 3600 * S_NS).all()) >= 10


def run_backfill(run_here: Callable[..., Ended], busy: RunningExchange, *arguments: object) -> Ended:
    return run_here("backfill", *arguments, "--exchange", busy.ready_file)


def test_the_command_writes_a_file_and_says_what_it_cost(busy, market, run_here, tmp_path):
    file = tmp_path / "klines.csv"
    done = run_backfill(run_here, busy, "BTCUSD", "--from", "1d", "--to", "1h", "--out", file, "--json")
    assert done.returncode == 0, done.stderr
    rows = list(csv.DictReader(file.open()))
    assert done.json["rows"] == len(rows) == 23 * 60
    assert done.json["requests"] == 2  # 900 rows a time
    start_s = int(rows[-1]["start_ns"]) // S_NS
    query = f"symbol=BTCUSD&resolution=60&from={start_s}&to={start_s + 60}"
    [told] = market.public("/exchange/public/md/kline", query).data["rows"]
    names = ("last_close", "open", "high", "low", "close")
    assert [Decimal(rows[-1][name]) for name in names] == [scaled(number, 4) for number in told[2:7]]
    assert rows[-1]["volume"] == str(told[7])


def test_the_command_writes_one_object_a_line_and_says_what_is_not_kept(busy, run_here, tmp_path):
    file = tmp_path / "trades.jsonl"
    done = run_backfill(run_here, busy, "BTCUSDT", "--what", "trades", "--from", "30d", "--out", file)
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    assert all(set(row) == {"venue_ns", "symbol", "trade_id", "side", "price", "qty"} for row in rows)
    assert "of USD-M the venue keeps only the last trades" in done.stdout
    assert f"{len(rows)} trades of BTCUSDT" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["NOPE", "--from", "1d"], "no instrument 'NOPE'"),
        (["BTCUSDT", "--from", "soon"], "a time like 2026-08-01"),
        (["BTCUSDT", "--from", "1d", "--to", "2d"], "begins before it ends"),
        (["BTCUSDT", "--from", "1d", "--interval", "7m"], "the venue has 1m, 5m, 15m"),
        (["sBTCUSDT", "--from", "1d", "--what", "funding"], "nobody pays funding"),
    ],
)
def test_wrong_usage_leaves_no_file(busy, run_here, tmp_path, arguments, words):
    file = tmp_path / "none.csv"
    done = run_backfill(run_here, busy, *arguments, "--out", file)
    assert (done.returncode, file.exists()) == (2, False)
    assert words in done.stderr


def test_a_file_that_is_there_is_left_alone(busy, run_here, tmp_path):
    file = tmp_path / "mine.csv"
    file.write_text("mine")
    done = run_backfill(run_here, busy, "BTCUSDT", "--from", "1d", "--out", file)
    assert (done.returncode, file.read_text()) == (2, "mine")
    assert "there is such a file already" in done.stderr
