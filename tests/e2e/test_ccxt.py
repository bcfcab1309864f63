"""Somebody else's client trades on the exchange: ccxt as it comes from the package index, given two addresses and a CA.

Its REST and stream classes were written against the live venue, by people who never saw this code. Each test is what a
ccxt user does; what is expected is ccxt's own unified view of it.
"""

import asyncio
import importlib.util
import itertools
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("ccxt") is None, reason="needs ccxt: pip install -e '.[interop]'"
)

DOCUMENT = Path(__file__).parents[2] / "docs/clients.md"
LINEAR, INVERSE, SPOT = "BTC/USDT:USDT", "BTC/USD:BTC", "BTC/USDT"
SYMBOLS = (LINEAR, INVERSE, SPOT)
SWAPS = (LINEAR, INVERSE)
QTY = {LINEAR: 0.01, INVERSE: 10.0, SPOT: 0.01}
ID = {LINEAR: "BTCUSDT", INVERSE: "BTCUSD", SPOT: "sBTCUSDT"}
PATIENCE_S = 30  # a busy machine


@pytest_asyncio.fixture
async def client(market_exchange) -> AsyncIterator["ccxt.pro.phemex"]:  # noqa: F821 — imported where it is used
    """ccxt's client of account 0."""
    import ccxt.pro

    ready = market_exchange.ready
    client = ccxt.pro.phemex({
        "apiKey": ready["accounts"][0]["api_key"],
        "secret": ready["accounts"][0]["api_secret"],
        "hostname": ready["rest"].removeprefix("https://"),
        "cafile": ready["ca_file"],
        "enableRateLimit": False,
    })
    client.urls["api"]["ws"] = ready["ws"]
    await client.load_markets()
    yield client
    for symbol in SYMBOLS:
        await client.cancel_all_orders(symbol)
        await client.cancel_all_orders(symbol, {"untriggered": True})
    await client.close()


@pytest.fixture(scope="module")
def market_exchange(tmp_path_factory):
    from exchange_process import launch

    exchange = launch(tmp_path_factory.mktemp("market"), "--no-rate-limits", "--seed", "5")
    yield exchange
    exchange.stop()


async def until(ask, is_so):
    """Ask again until the answer is as wanted: an order's fate is known a few milliseconds after its reply."""
    async with asyncio.timeout(PATIENCE_S):
        while not is_so(answer := await ask()):
            await asyncio.sleep(0.02)
    return answer


async def touch(client, symbol: str, side: str) -> float:
    book = await client.fetch_order_book(symbol)
    return book["asks" if side == "buy" else "bids"][0][0]


# The market.


async def test_markets_of_the_three_lines_are_found(client):
    assert {client.markets[symbol]["id"] for symbol in SYMBOLS} == set(ID.values())
    assert client.markets[LINEAR]["linear"]
    assert client.markets[INVERSE]["inverse"]
    assert client.markets[SPOT]["spot"]


@pytest.mark.parametrize("symbol", SYMBOLS)
async def test_the_book_is_a_book(client, symbol):
    book = await client.fetch_order_book(symbol)
    bids, asks = [price for price, *_ in book["bids"]], [price for price, *_ in book["asks"]]
    assert len(bids) >= 30
    assert len(asks) >= 30
    assert bids == sorted(bids, reverse=True)
    assert asks == sorted(asks)
    assert bids[0] < asks[0]


@pytest.mark.parametrize("symbol", SYMBOLS)
async def test_the_tape_and_the_ticker_agree(client, symbol):
    await until(lambda: client.fetch_trades(symbol), bool)
    trades, ticker = await client.fetch_trades(symbol), await client.fetch_ticker(symbol)
    assert {trade["side"] for trade in trades} <= {"buy", "sell"}
    assert ticker["low"] <= min(trade["price"] for trade in trades[-5:])
    assert ticker["high"] >= max(trade["price"] for trade in trades[:5])


@pytest.mark.parametrize("timeframe", ["1m", "5m", "1h", "1d"])
@pytest.mark.parametrize("symbol", SYMBOLS)
async def test_candles_reach_back_before_the_start(client, symbol, timeframe):
    candles = await client.fetch_ohlcv(symbol, timeframe, limit=100)
    step_ms = client.parse_timeframe(timeframe) * 1_000
    times = [candle[0] for candle in candles]
    assert len(candles) == 100
    assert [later - earlier for earlier, later in itertools.pairwise(times)] == [step_ms] * 99
    for _, opening, high, low, closing, volume in candles:
        assert low <= min(opening, closing) <= max(opening, closing) <= high
        assert volume > 0


@pytest.mark.parametrize("symbol", SWAPS)
async def test_funding_rates_now_and_before(client, symbol):
    now, before = await client.fetch_funding_rate(symbol), await client.fetch_funding_rate_history(symbol, limit=20)
    assert abs(float(now["fundingRate"])) <= 0.0075
    assert len(before) == 20
    assert all(abs(float(row["fundingRate"])) <= 0.0075 for row in before)


# Orders.


@pytest.mark.parametrize("symbol", SYMBOLS)
async def test_an_order_rests_is_amended_and_cancelled(client, symbol):
    price = round(await touch(client, symbol, "buy") * 0.9)
    order = await client.create_order(symbol, "limit", "buy", QTY[symbol], price)
    await until(lambda: client.fetch_open_orders(symbol), lambda rows: [r["id"] for r in rows] == [order["id"]])
    qty = QTY[symbol] * (1 if symbol == INVERSE else 2)  # of inverse contracts ccxt names the quantity of spot
    await client.edit_order(order["id"], symbol, "limit", "buy", qty, price - 100)
    [amended] = await until(lambda: client.fetch_open_orders(symbol), lambda rows: rows[0]["price"] == price - 100)
    assert amended["amount"] == pytest.approx(qty)
    await client.cancel_order(order["id"], symbol)
    await until(lambda: client.fetch_open_orders(symbol), lambda rows: rows == [])
    ended = await until(lambda: client.fetch_order(order["id"], symbol), lambda row: row["status"] == "canceled")
    assert ended["filled"] == 0


@pytest.mark.parametrize("symbol", SYMBOLS)
async def test_a_market_order_trades_and_is_in_the_history(client, symbol):
    price = round(await touch(client, symbol, "buy"), -1) if symbol == SPOT else None  # × qty is on the quote's grid
    order = await client.create_order(symbol, "market", "buy", QTY[symbol], price)
    filled = await until(lambda: client.fetch_order(order["id"], symbol), lambda row: row["status"] == "closed")
    assert filled["filled"] == pytest.approx(QTY[symbol], rel=0.02)  # spot buys for an amount of money
    trades = await client.fetch_my_trades(symbol)
    assert trades[-1]["side"] == "buy"
    assert trades[-1]["fee"]["cost"] > 0


@pytest.mark.parametrize("symbol", SYMBOLS)
async def test_a_stop_waits_and_goes_with_cancel_all(client, symbol):
    last = await touch(client, symbol, "sell")
    direction = {} if symbol == SPOT else {"triggerDirection": "descending"}
    limit, stop = round(last * 0.8), round(last * 0.85)
    await client.create_order(symbol, "limit", "sell", QTY[symbol], limit, {"triggerPrice": stop, **direction})
    [order] = await until(lambda: client.fetch_open_orders(symbol), lambda rows: len(rows) == 1)
    assert order["triggerPrice"] == (stop * 10**8 if symbol == SPOT else stop)  # on spot ccxt forgets the scale
    await client.cancel_all_orders(symbol, {"untriggered": True})
    await until(lambda: client.fetch_open_orders(symbol), lambda rows: rows == [])


async def test_a_refusal_arrives_as_ccxt_names_it(client):
    import ccxt

    with pytest.raises(ccxt.InsufficientFunds):
        await client.create_order(LINEAR, "limit", "buy", 99, 60_000)
    with pytest.raises(ccxt.OrderNotFound):
        await client.cancel_order("11111111-2222-4333-8444-555555555555", LINEAR)


async def test_a_wrong_secret_is_an_authentication_error(client):
    import ccxt

    right, client.secret = client.secret, "not the secret"
    with pytest.raises(ccxt.AuthenticationError):
        await client.fetch_balance({"type": "swap", "code": "USDT"})
    client.secret = right


# Accounts.


async def test_balances_and_a_transfer_between_them(client):
    async def totals() -> tuple[float, float]:
        swap = await client.fetch_balance({"type": "swap", "code": "USDT"})
        spot = await client.fetch_balance({"type": "spot"})
        return swap["USDT"]["total"], spot["USDT"]["total"]

    before = await totals()
    await client.transfer("USDT", 100, "spot", "swap")
    after = await totals()
    assert after[0] - before[0] == pytest.approx(100)
    assert before[1] - after[1] == pytest.approx(100)
    assert (await client.fetch_transfers("USDT"))[-1]["info"]["amountEv"] in (100 * 10**8, str(100 * 10**8))


@pytest.mark.parametrize("symbol", SWAPS)
async def test_leverage_shows_on_the_position(client, symbol):
    await client.set_leverage(5, symbol)
    order = await client.create_order(symbol, "market", "buy", QTY[symbol])
    await until(lambda: client.fetch_order(order["id"], symbol), lambda row: row["status"] == "closed")
    [position] = await client.fetch_positions([symbol])
    assert position["side"] == "long"
    assert position["leverage"] == 5
    await client.create_order(symbol, "market", "sell", position["contracts"], None, {"reduceOnly": True})
    await until(lambda: client.fetch_positions([symbol]), lambda rows: not rows[0]["contracts"])


# Streams.


def test_the_documented_example_runs(market_exchange, tmp_path):
    [example] = re.findall(r"^```py\n(.*?)^```$", DOCUMENT.read_text(), re.DOTALL | re.MULTILINE)
    script = tmp_path / "example.py"
    script.write_text(example)
    environment = {**os.environ, "TIDINGS_EXCHANGE": str(market_exchange.ready_file)}
    ended = subprocess.run(
        [sys.executable, str(script)], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert (ended.stdout, ended.returncode) == ("True\n", 0), ended.stderr


@pytest.mark.parametrize("symbol", SYMBOLS)
async def test_ccxt_keeps_the_book_from_the_stream(client, symbol):
    async with asyncio.timeout(PATIENCE_S):
        for _ in range(20):
            book = await client.watch_order_book(symbol)
            assert book["bids"][0][0] < book["asks"][0][0]


@pytest.mark.parametrize("symbol", SYMBOLS)
async def test_trades_tickers_and_candles_come_by_themselves(client, symbol):
    async with asyncio.timeout(PATIENCE_S):
        trades = await client.watch_trades(symbol)
        ticker = await client.watch_ticker(symbol)
        candles = await client.watch_ohlcv(symbol, "1m")
    assert trades[-1]["symbol"] == ticker["symbol"] == symbol
    assert ticker["last"] == pytest.approx(candles[-1][4], rel=0.05)


async def test_a_spot_order_is_told_on_the_stream(client):
    """Spot only: ccxt 4.5 expects contract orders of the streams in another shape than the venue sends them."""
    watched = asyncio.create_task(client.watch_orders(SPOT))
    await asyncio.sleep(0.5)  # until it listens
    price = round(await touch(client, SPOT, "buy") * 0.9)
    order = await client.create_order(SPOT, "limit", "buy", QTY[SPOT], price)
    async with asyncio.timeout(PATIENCE_S):
        orders = await watched
        while order["id"] not in {seen["id"] for seen in orders}:  # first comes the account's history
            orders = await client.watch_orders(SPOT)
    assert {seen["price"] for seen in orders if seen["id"] == order["id"]} == {price}
