"""Plays of public market data: a book and some trades of the play's own stand behind every answer."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from tests.fidelity.comparison import Difference
from tests.fidelity.order_plays import fields_of
from tests.fidelity.order_setup import Terms, create, line_of
from tests.fidelity.raw_json import Number
from tests.fidelity.stage import Stage

# Where each market is stirred, what is traded there.
_PRICES = {"BTC": "8770", "ETH": "1900", "ADA": "1", "XRP": "0.5", "SOL": "200", "LTC": "70", "DOG": "0.1"}
_TRADE_VALUE = 50  # above every smallest order value


def market_price(symbol: str) -> Decimal:
    """Where plays trade a symbol."""
    return Decimal(_PRICES[symbol.lstrip("scu")[:3]])


def stir(stage: Stage, symbol: str, times: int = 2) -> None:
    """Trades, and a book with two levels a side."""
    price = market_price(symbol)
    qty = _quantity(symbol, price)
    for _ in range(times):
        stage.trade(symbol, price, qty)
    for side, client in (("Buy", stage.me), ("Sell", stage.other)):
        for step in (1, 2):
            sign = -1 if side == "Buy" else 1
            level = price * (1 + sign * Decimal(step) / 100)
            create(client, Terms(symbol=symbol, side=side, price=styled(symbol, level), qty=qty))


def _quantity(symbol: str, price: Decimal) -> str:
    """Contracts, or what is worth about 50 in one digit: on every lot grid."""
    if line_of(symbol) == "COIN-M":
        return "3"
    coins = Decimal(f"{_TRADE_VALUE / price:.0e}")
    return f"{coins.scaleb(8):.0f}" if line_of(symbol) == "spot" else f"{coins.normalize():f}"


def styled(symbol: str, price: Decimal) -> str:
    """A price in the symbol's line's style."""
    if line_of(symbol) == "USD-M":
        return f"{price.normalize():f}"
    return f"{price.scaleb(4 if line_of(symbol) == 'COIN-M' else 8):.0f}"


def book(stage: Stage) -> Iterator[Difference]:
    """A book made of the very levels that the sample shows: those must be equal. Large ones of COIN-M are made a
    hundred times smaller, within the risk limit of an account.
    """
    response = stage.sample.response
    result = response["result"]
    symbol = result["symbol"]
    levels = result.get("book") or result["orderbook_p"]
    stage.prepare(Terms(symbol=symbol, side="Buy"))
    if line_of(symbol) == "COIN-M":
        levels = {name: [[price, Number(int(qty) // 100)] for price, qty in side] for name, side in levels.items()}
    scale = {"COIN-M": -4, "USD-M": 0, "spot": -8}[line_of(symbol)]
    stage.price(symbol, Decimal(levels["bids"][0][0]).scaleb(scale))
    for name, side in (("asks", "Sell"), ("bids", "Buy")):
        for price, qty in levels[name]:
            create(stage.other, Terms(symbol=symbol, side=side, price=str(price), qty=str(qty)))
    got = stage.ask(stage.sample.request)
    key = "book" if "book" in result else "orderbook_p"
    yield from stage.compare(levels, got["result"].get(key), f"result.{key}", is_identical=True)
    yield from stage.compare(response, got)


def stirred(stage: Stage) -> Iterator[Difference]:
    """Anything else of one market, after trades."""
    symbol = fields_of(stage.sample.request["query"]).get("symbol") or "BTCUSD"
    symbol = symbol if not symbol.startswith(".") else "BTCUSD"
    stir(stage, symbol)
    yield from stage.compare(stage.sample.response, _public(stage), loose={"price"})


def asked(stage: Stage) -> Iterator[Difference]:
    """What needs no market."""
    yield from stage.compare(stage.sample.response, _public(stage))


def products(stage: Stage) -> Iterator[Difference]:
    """The catalogue: every product of the sample, by symbol."""
    expected, got = stage.sample.response, _public(stage)
    data, ours = expected["data"], got.get("data") or {}
    rows = {name: value for name, value in data.items() if isinstance(value, list)}
    for name, wanted in rows.items():
        for row in wanted:
            identity = next((key for key in ("symbol", "currency", "index_id") if key in row), None)
            mine = [one for one in ours.get(name, ()) if identity is None or one[identity] == row[identity]]
            yield from stage.closest(row, mine, f"data.{name}[{row.get(identity, '')}]", is_identical=True)
    rest = {name: value for name, value in data.items() if name not in rows}
    theirs = {name: value for name, value in ours.items() if name not in rows}
    yield from stage.compare(rest, theirs, "data", is_identical=True)
    yield from stage.compare({**expected, "data": None}, {**got, "data": None})


def legacy_products(stage: Stage) -> Iterator[Difference]:
    """The older list: each contract of the sample."""
    expected, got = stage.sample.response, _public(stage)
    symbols = [row["symbol"] for row in expected["data"]]
    got["data"] = [row for row in got.get("data") or () if row["symbol"] in symbols]
    yield from stage.compare(expected, got)


def _public(stage: Stage) -> Any:
    return stage.ask(stage.sample.request)
