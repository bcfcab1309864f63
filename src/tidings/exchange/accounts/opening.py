"""Opens every user's accounts with the money the settings give them."""

from collections.abc import Callable
from typing import TypeAlias

from tidings.exchange.accounts.contract_account import ContractAccount
from tidings.exchange.accounts.spot_wallets import SpotWallets, Wallet
from tidings.exchange.catalogue import USD_M_VALUE_SCALE, Line
from tidings.exchange.venue_state import VenueState

ContractAccounts: TypeAlias = dict[tuple[int, Line, str], ContractAccount]  # by user, line, settle currency


def open_contract_accounts(state: VenueState, mark_price: Callable[[str], int]) -> ContractAccounts:
    """One account per user and settle currency of either contract line."""
    accounts: ContractAccounts = {}
    for user_id in state.config.user_ids:
        for line in (Line.COIN_M, Line.USD_M):
            for name in state.catalogue.settle_currencies(line):
                currency = state.catalogue.currencies[name]
                scale = USD_M_VALUE_SCALE if line is Line.USD_M else currency.value_scale
                balance = state.config.contract_funds.get(name, 0) * 10**scale
                account = ContractAccount(line, user_id, currency, scale, balance, mark_price, state.house)
                accounts[user_id, line, name] = account
                state.house.insurance[line, name] = state.config.insurance_funds.get(name, 0) * 10**scale
    return accounts


def open_spot_wallets(state: VenueState, now_ns: int) -> dict[int, SpotWallets]:
    """One wallet per user and currency of a listed spot pair, or that the settings put money in."""
    catalogue, funds = state.catalogue, state.config.wallet_funds
    pairs = {pair.symbol: (pair.base_currency, pair.quote_currency) for pair in catalogue.listed(Line.SPOT)}
    users = {}
    for user_id in state.config.user_ids:
        currencies = [catalogue.currencies[name] for name in dict.fromkeys((*catalogue.spot_currencies(), *funds))]
        wallets = [Wallet(c, funds.get(c.name, 0) * 10**c.value_scale, now_ns) for c in currencies]
        users[user_id] = SpotWallets(user_id, wallets, pairs, state.house)
    return users
