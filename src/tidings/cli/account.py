"""`tidings positions`: what the account holds, as the venue tells it: positions, balances, spot wallets."""

from __future__ import annotations

import argparse
from decimal import Decimal
from typing import Any

from tidings.cli.screen import Screen
from tidings.cli.session_options import add_session_options, session_of
from tidings.model.enums import ProductLine
from tidings.session.phemex import Phemex
from tidings.venue.phemex.currencies import settle_currencies, value_scales

POSITION_COLUMNS = ("symbol", "pos_side", "side", "size", "avg_entry_price", "leverage")
BALANCE_COLUMNS = ("account", "currency", "balance", "used")


def add_commands(commands: Any) -> None:
    parser = commands.add_parser("positions", help="positions, margin balances and spot wallets")
    parser.add_argument("--all", action="store_true", help="flat positions and empty wallets too")
    add_session_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    from tidings.cli.main import run_loop

    return run_loop(_positions(options, Screen(as_json=options.json)))


async def _positions(options: argparse.Namespace, screen: Screen) -> int:
    positions: list[tuple[Any, ...]] = []
    balances: list[tuple[Any, ...]] = []
    async with session_of(options) as phemex:
        for line, currency in settle_currencies(phemex.engine.products):
            data = await phemex.engine.queries.account_positions(line, currency)
            positions += [_position(row) for row in data.get("positions") or () if options.all or _size(row)]
            balances.append(_balance(phemex, line, currency, data["account"]))
        balances += [row for row in await _wallets(phemex) if options.all or row[2]]
    if screen.as_json:
        screen.json(
            {
                "positions": [dict(zip(POSITION_COLUMNS, row, strict=True)) for row in positions],
                "balances": [dict(zip(BALANCE_COLUMNS, row, strict=True)) for row in balances],
            }
        )
    screen.table(f"{len(positions)} positions", POSITION_COLUMNS, positions)
    screen.table("Balances", BALANCE_COLUMNS, balances)
    return 0


def _size(row: dict[str, Any]) -> Decimal:
    return Decimal(str(row.get("size", 0)))


def _position(row: dict[str, Any]) -> tuple[Any, ...]:
    entry = row.get("avgEntryPriceRp", row.get("avgEntryPrice"))
    leverage = row.get("leverageRr", row.get("leverage"))
    return row["symbol"], row.get("posSide"), row["side"], str(row["size"]), str(entry), str(leverage)


def _balance(phemex: Phemex, line: ProductLine, currency: str, account: dict[str, Any]) -> tuple[Any, ...]:
    if "accountBalanceRv" in account:
        return "usd-m", currency, account["accountBalanceRv"], account["totalUsedBalanceRv"]
    scale = value_scales(phemex.engine.products)[currency]
    balance, used = (Decimal(account[key]).scaleb(-scale) for key in ("accountBalanceEv", "totalUsedBalanceEv"))
    return "coin-m", currency, f"{balance:f}", f"{used:f}"


async def _wallets(phemex: Phemex) -> list[tuple[Any, ...]]:
    rows = []
    for wallet in await phemex.engine.queries.wallets():
        scale = value_scales(phemex.engine.products).get(wallet["currency"], 8)
        balance = Decimal(wallet["balanceEv"]).scaleb(-scale)
        locked = Decimal(wallet["lockedTradingBalanceEv"]).scaleb(-scale)
        rows.append(
            ("spot", wallet["currency"], f"{balance.normalize():f}" if balance else "", f"{locked.normalize():f}")
        )
    return rows
