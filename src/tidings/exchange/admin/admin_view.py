"""The exchange's whole state as JSON-ready dicts of integers and strings, for the admin endpoint and for comparing."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any, Final

from tidings.exchange.accounts.contract_account import ContractAccount
from tidings.exchange.accounts.ledgers import HouseLedger
from tidings.exchange.accounts.positions import Position
from tidings.exchange.accounts.spot_wallets import SpotWallets
from tidings.exchange.markets.market import Market
from tidings.exchange.orders.orders import SIDE_WORDS, Order
from tidings.exchange.venue_state import VenueState

BOOK_DEPTH: Final = 30


def admin_view(
    state: VenueState, markets: Mapping[str, Market], accounts: Iterable[ContractAccount],
    wallets: Iterable[SpotWallets],
) -> dict[str, Any]:
    """Orders (open and done), books, positions, balances and counters. Numbers are on the instruments' scales."""
    accounts = list(accounts)
    return {
        "scales": {symbol: _scales(market) for symbol, market in markets.items()},
        "orders": [order_row(order) for order in state.store],
        "positions": [position_row(position) for account in accounts for position in account.known_positions()],
        "accounts": [_account_row(account) for account in accounts],
        "wallets": [row for user_wallets in wallets for row in _wallet_rows(user_wallets)],
        "house": _house_rows(state.house),
        "books": {symbol: _book(market) for symbol, market in markets.items()},
        "counters": asdict(state.counters),
    }


def order_row(order: Order) -> dict[str, Any]:
    """One order, as far as two sides could disagree about it."""
    return {
        "user_id": order.owner, "symbol": order.instrument.symbol, "order_id": order.order_id,
        "cl_ord_id": order.cl_ord_id, "side": SIDE_WORDS[order.side], "pos_side": order.pos_side,
        "ord_type": order.ord_type, "time_in_force": order.time_in_force, "ord_status": order.ord_status,
        "exec_status": order.exec_status, "price": order.price, "stop_px": order.stop_px,
        "order_qty": order.order_qty, "cum_qty": order.cum_qty, "leaves_qty": order.leaves_qty,
        "cum_value": order.cum_value, "cum_fee": order.cum_fee, "pending": order.pending,
    }  # fmt: skip


def position_row(position: Position) -> dict[str, Any]:
    """One position; `net_qty` is signed."""
    return {
        "user_id": position.user_id, "symbol": position.instrument.symbol, "pos_side": position.pos_side,
        "net_qty": position.net_qty, "value": position.value,
        "avg_entry_price": position.instrument.average_price(abs(position.net_qty), position.value),
        "leverage_er": position.leverage_er, "cum_closed_pnl": position.cum_closed_pnl, "cum_fee": position.cum_fee,
        "buy_leaves_qty": position.buy_leaves_qty, "sell_leaves_qty": position.sell_leaves_qty,
    }  # fmt: skip


def _account_row(account: ContractAccount) -> dict[str, Any]:
    return {
        "user_id": account.user_id, "account_id": account.account_id, "line": account.line.value,
        "currency": account.currency, "value_scale": account.value_scale, "balance": account.balance,
        "used_balance": account.used_balance(),
    }  # fmt: skip


def _wallet_rows(wallets: SpotWallets) -> list[dict[str, Any]]:
    return [
        {"user_id": wallets.user_id, "currency": name, "balance": wallet.balance, "locked": wallet.locked}
        for name, wallet in wallets.wallets.items()
    ]


def _scales(market: Market) -> dict[str, int]:
    instrument = market.instrument
    return {"price": instrument.price_scale, "qty": instrument.qty_scale, "value": instrument.value_scale}


def _house_rows(house: HouseLedger) -> list[dict[str, Any]]:
    keys = sorted({*house.fees, *house.cash, *house.funding, *house.insurance}, key=lambda key: (key[0].value, key[1]))
    return [
        {"line": line.value, "currency": name, "fees": house.fees[line, name], "cash": house.cash[line, name],
         "funding": house.funding[line, name], "insurance": house.insurance[line, name]}
        for line, name in keys
    ]


def _book(market: Market) -> dict[str, Any]:
    bids, asks = market.levels(BOOK_DEPTH)
    return {
        "sequence": market.sequence, "bids": bids, "asks": asks, "last_price": market.last_price,
        "mark_price": market.mark_price, "index_price": market.index_price, "trade_count": market.trade_count,
    }  # fmt: skip
