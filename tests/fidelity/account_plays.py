"""Plays of accounts and settings: positions as samples show them, wallets, leverage, modes, assigned margin."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

from tests.fidelity.comparison import Difference
from tests.fidelity.order_plays import be_funded, fields_of, rows_of
from tests.fidelity.order_setup import Terms, create, line_of
from tests.fidelity.stage import Stage

# What a sample's account has lived through is its own; only kinds are compared.
_LIVED = frozenset({"posCostRv", "valueRv", "riskLimitRv", "symbol_count"})


def positions(stage: Stage) -> Iterator[Difference]:
    """Account and positions: each position held in the sample is bought or sold first."""
    response = stage.sample.response
    for row in response["data"]["positions"]:
        if not stage.sample.is_invented:
            _hold(stage, row)
    yield from stage.compare(response, stage.ask(stage.sample.request), loose=_LIVED)


def answered(*loose: str) -> Any:
    """A request that needs nothing before it."""

    def play(stage: Stage) -> Iterator[Difference]:
        yield from stage.compare(stage.sample.response, stage.ask(stage.sample.request), loose=frozenset(loose))

    return play


def wallets(stage: Stage) -> Iterator[Difference]:
    """The wallets that the sample shows, out of all."""
    response = stage.sample.response
    got = stage.ask(stage.sample.request)
    shown = [row["currency"] for row in response["data"]]
    got["data"] = [row for row in got["data"] if row["currency"] in shown]
    yield from stage.compare(response, got)


def assigned(stage: Stage) -> Iterator[Difference]:
    """Margin for an isolated position."""
    fields = fields_of(stage.sample.request["query"])
    symbol, pos_side = fields["symbol"], fields.get("posSide", "Merged")
    is_usd_m = line_of(symbol) == "USD-M"
    price, qty = ("50000", "0.01") if is_usd_m else ("320000000", "10")
    terms = Terms(symbol=symbol, side="Buy", pos_side=pos_side, price=price, qty=qty, status="Filled")
    stage.prepare(terms)
    if is_usd_m:
        _set_leverage(stage, symbol, "100", pos_side)
    else:
        stage.me.call("PUT", "/positions/leverage", symbol=symbol, leverage="50")
    stage.bring_about(terms)
    yield from stage.compare(stage.sample.response, stage.ask(stage.sample.request))


def funded(stage: Stage) -> Iterator[Difference]:
    """Funding fees: of a position held over a funding time, at the sample's price."""
    response = stage.sample.response
    for row in reversed(rows_of(response)):
        be_funded(stage, row)
    got = stage.ask(stage.sample.request)
    del rows_of(got)[len(rows_of(response)) :]
    yield from stage.compare(response, got)


def risk_unit(stage: Stage) -> Iterator[Difference]:
    """The risk of an account that holds something, in the currency of the sample."""
    stage.bring_about(Terms(symbol="BTCUSDT", side="Buy", qty="0.1", price="60000", status="Filled"))
    got = stage.ask(stage.sample.request)
    currency = stage.sample.response["data"][0]["valuationCcy"]
    got["data"] = [row for row in got["data"] if row["valuationCcy"] == currency]
    yield from stage.compare(stage.sample.response, got)


def fee_rates(stage: Stage) -> Iterator[Difference]:
    """Fee rates of the contracts that settle as the sample's does here: cETHUSD in ETH."""
    yield from stage.compare(
        stage.sample.response, stage.ask({**stage.sample.request, "query": "settleCurrency=ETH"})
    )


def closed(stage: Stage) -> Iterator[Difference]:
    """What became of positions that were closed with a profit or a loss, as many as the sample has rows."""
    response = stage.sample.response
    symbol = fields_of(stage.sample.request["query"]).get("symbol", "ETHUSDT")
    for _ in rows_of(response):
        terms = Terms(symbol=symbol, side="Buy", qty="1", price="2000", status="Filled")
        stage.bring_about(terms)
        stage.bring_about(replace(terms, side="Sell", price="1980"))
    got = stage.ask(stage.sample.request)
    yield from stage.compare(response, got, loose={"closedPnlRv", "closedSizeRq"})


def _hold(stage: Stage, row: dict[str, Any]) -> None:
    symbol = row["symbol"]
    is_usd_m = "leverageRr" in row
    size = str(row.get("size", row.get("sizeRq")))
    pos_side = row.get("posSide", "Merged")
    terms = Terms(
        symbol=symbol, side=row["side"], pos_side=pos_side, qty=size,
        price=str(row["avgEntryPriceRp" if is_usd_m else "avgEntryPriceEp"]), status="Filled",
    )  # fmt: skip
    stage.prepare(terms)
    if is_usd_m:
        _set_leverage(stage, symbol, str(row["leverageRr"]), pos_side)
    else:
        stage.me.call("PUT", "/positions/leverage", symbol=symbol, leverageEr=row["leverageEr"])
    if size != "0":
        for part in _parts(terms, stage.step(symbol)):
            stage.bring_about(part)
        mark = Decimal(row["markPriceRp"]) if is_usd_m else Decimal(row["markPriceEp"]).scaleb(-4)
        stage.price(symbol, round(mark, 8) if is_usd_m else mark)
    if is_usd_m and row.get("buyLeavesValueRv", "0") != "0":
        half = Decimal("0.5")  # of what is held an order more, far below the market
        price = Decimal(row["buyLeavesValueRv"]) / half
        create(stage.me, Terms(symbol=symbol, side="Buy", pos_side=pos_side, qty=str(half), price=f"{price:f}"))


def _set_leverage(stage: Stage, symbol: str, leverage: str, pos_side: str) -> None:
    names = ("leverageRr",) if pos_side == "Merged" else ("longLeverageRr", "shortLeverageRr")
    stage.me.call("PUT", "/g-positions/leverage", symbol=symbol, **dict.fromkeys(names, leverage))


def _parts(terms: Terms, step: Decimal) -> list[Terms]:
    """A position's fills: one, or two whose average is the entry where that lies between two prices of the grid."""
    if line_of(terms.symbol) == "COIN-M":
        return [replace(terms, price=str(int(terms.price) // 1000 * 1000))]
    price, qty = Decimal(terms.price), Decimal(terms.qty)
    low = price // step * step
    if low == price:
        return [terms]
    return [replace(terms, price=f"{one.normalize():f}", qty=f"{qty / 2:f}") for one in (low, 2 * price - low)]
