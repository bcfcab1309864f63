"""`tidings positions`: what the account holds, as the venue tells it: positions, balances, spot wallets."""

from __future__ import annotations

import argparse
from decimal import Decimal
from typing import Any

from tidings.app.engine import Engine
from tidings.cli.screen import Screen, counted
from tidings.cli.session_options import add_session_options, questions_of
from tidings.model.enums import ProductLine
from tidings.venue.phemex.currencies import settle_currencies, value_scales
from tidings.venue.phemex.products import Products, parse_products

POSITION_COLUMNS = ("symbol", "pos_side", "side", "size", "avg_entry_price", "leverage")
BALANCE_COLUMNS = ("account", "currency", "balance", "used")
RATIO_SCALE = 8  # of Er numbers (phemex docs 2026, "Price/ratio/value scales")
SPOT_VALUE_SCALE = 8  # of currencies the catalogue does not tell

Row = tuple[str | None, ...]


def add_commands(commands: Any) -> None:
    parser = commands.add_parser("positions", help="positions, margin balances and spot wallets")
    parser.add_argument("--all", action="store_true", help="flat positions and empty wallets too")
    add_session_options(parser)
    parser.set_defaults(body=_positions)


async def _positions(options: argparse.Namespace, screen: Screen) -> int:
    positions: list[Row] = []
    balances: list[Row] = []
    async with questions_of(options) as engine:
        products = parse_products(await engine.queries.products())
        for line, currency in settle_currencies(products):
            data = await engine.queries.account_positions(line, currency)
            held = [row for row in data.get("positions") or () if options.all or Decimal(str(row.get("size") or 0))]
            positions += [_position(row, products) for row in held]
            balances.append(_balance(data["account"], currency, value_scales(products)))
        balances += await _wallets(engine, value_scales(products), with_empty=options.all)
    screen.json(
        {
            "positions": [dict(zip(POSITION_COLUMNS, row, strict=True)) for row in positions],
            "balances": [dict(zip(BALANCE_COLUMNS, row, strict=True)) for row in balances],
        }
    )
    screen.table(counted(len(positions), "position"), POSITION_COLUMNS, positions)
    screen.table("Balances", BALANCE_COLUMNS, balances)
    return 0


def _position(row: dict[str, Any], products: Products) -> Row:
    """USD-M tells decimals, COIN-M scaled integers."""
    instrument = products.find(row["symbol"])
    if instrument is not None and instrument.line == ProductLine.INVERSE:
        entry = row.get("avgEntryPrice")  # a decimal beside its Ep form
        leverage = _scaled(row["leverageEr"], RATIO_SCALE) if "leverageEr" in row else row.get("leverage")
    else:
        entry, leverage = row.get("avgEntryPriceRp"), row.get("leverageRr")
    return row["symbol"], row.get("posSide"), row["side"], _plain(row["size"]), _plain(entry), _plain(leverage)


def _balance(account: dict[str, Any], currency: str, scales: dict[str, int]) -> Row:
    if "accountBalanceRv" in account:
        return "usd-m", currency, _plain(account["accountBalanceRv"]), _plain(account["totalUsedBalanceRv"])
    scale = scales[currency]
    balance, used = (_scaled(account[key], scale) for key in ("accountBalanceEv", "totalUsedBalanceEv"))
    return "coin-m", currency, balance, used


async def _wallets(engine: Engine, scales: dict[str, int], *, with_empty: bool) -> list[Row]:
    rows: list[Row] = []
    for wallet in await engine.queries.wallets():
        if with_empty or wallet["balanceEv"]:
            scale = scales.get(wallet["currency"], SPOT_VALUE_SCALE)
            balance, locked = (_scaled(wallet[key], scale) for key in ("balanceEv", "lockedTradingBalanceEv"))
            rows.append(("spot", wallet["currency"], balance, locked))
    return rows


def _scaled(number: int | str, scale: int) -> str:
    return _plain(Decimal(number).scaleb(-scale))


def _plain(number: Any) -> str:
    """A number without exponent and idle zeros; "" where the venue tells none."""
    if number is None:
        return ""
    text = format(Decimal(str(number)), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
