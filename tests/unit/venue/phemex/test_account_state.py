"""Positions and balances of the account streams: exact, signed, or not told."""

from decimal import Decimal

import pytest
from account_messages import INSTRUMENTS, LINEAR_ACCOUNT, LINEAR_POSITION, UNSET, linear, spot, text_of

from tidings.model.enums import ProductLine, ReportSource
from tidings.venue.phemex.account_state import PositionUpdate, WalletUpdate
from tidings.venue.phemex.account_stream import AccountEvents, AccountStream


def told(text: bytes) -> list:
    events = AccountEvents()
    assert AccountStream(INSTRUMENTS, events).feed_message(text, now_ns=77)
    return events.take()


def test_positions_and_balances_are_exact():
    position, wallet = told(linear(positions_p=[LINEAR_POSITION], accounts_p=[LINEAR_ACCOUNT]))
    assert isinstance(position, PositionUpdate)
    assert (position.net_qty_lots, position.avg_entry_px) == (-100, Decimal("61250.512345"))
    assert (position.leverage, position.is_hedged, position.data_version) == (Decimal(-10), 0, 7)
    assert isinstance(wallet, WalletUpdate)
    assert (wallet.currency, wallet.balance, wallet.used) == ("USDT", Decimal("1000.123456789"), Decimal("12.5"))


def told_position(**changes):
    (position,) = told(linear(positions_p=[LINEAR_POSITION | changes]))
    return position


@pytest.mark.parametrize(
    ("changes", "net_qty_lots"),
    [
        ({"side": "Buy", "size": "0.1"}, 100),
        ({"side": "Sell", "size": "0.1"}, -100),
        ({"side": "Sell", "size": "-0.1"}, -100),
        ({"side": "None", "size": "0"}, 0),
        ({"side": "None", "size": "0.1"}, UNSET),
        ({"side": "Buy", "size": "0.1005"}, UNSET),
        ({"side": "Buy", "size": None}, UNSET),
    ],
)
def test_a_size_takes_its_sign_from_the_side(changes, net_qty_lots):
    assert told_position(**changes).net_qty_lots == net_qty_lots


@pytest.mark.parametrize(("word", "pos_side"), [("Merged", 0), ("Long", 1), ("Short", 2)])
def test_position_sides(word, pos_side):
    assert told_position(posSide=word).pos_side == pos_side


@pytest.mark.parametrize(("word", "is_hedged"), [("OneWay", 0), ("Hedged", 1), ("Other", -1)])
def test_position_modes(word, is_hedged):
    assert told_position(posMode=word).is_hedged == is_hedged


def test_coin_m_positions_and_balances_have_the_scales_of_the_catalogue():
    position = {"symbol": "BTCUSD", "side": "Buy", "size": 9, "avgEntryPriceEp": 612512345, "leverageEr": -1000000000}
    account = {"currency": "BTC", "accountBalanceEv": 123456789, "totalUsedBalanceEv": 1803}
    message = {"accounts": [account], "orders": [], "positions": [position], "type": "snapshot"}
    position, wallet, end = told(text_of(message))
    assert (position.net_qty_lots, position.avg_entry_px, position.leverage) == (9, Decimal("61251.2345"), -10)
    assert (position.is_hedged, position.source) == (-1, ReportSource.SNAPSHOT)
    assert (wallet.balance, wallet.used, wallet.source) == (Decimal("1.23456789"), Decimal("0.00001803"), 2)
    assert end == ProductLine.INVERSE


def test_spot_wallets_have_the_scale_of_their_currency():
    rows = [
        {"currency": "BTC", "balanceEv": 150000000, "lastUpdateTimeNs": 1587543489127498200,
         "lockedTradingBalanceEv": 50000000},
        {"currency": "USDT", "balanceEv": 2500000, "lockedTradingBalanceEv": 0},
    ]
    btc, usdt = told(spot(wallets=rows))
    assert (btc.balance, btc.used, btc.line) == (Decimal("1.5"), Decimal("0.5"), ProductLine.SPOT)
    assert (usdt.balance, usdt.used) == (Decimal("2.5"), 0)
    assert (btc.update_time_ns, usdt.update_time_ns) == (1587543489127498200, 0)


def test_a_currency_or_symbol_without_a_scale_is_left_out_and_counted():
    events = AccountEvents()
    stream = AccountStream(INSTRUMENTS, events)
    stream.feed_message(spot(wallets=[{"currency": "XYZ", "balanceEv": 5, "lockedTradingBalanceEv": 0}]))
    stream.feed_message(linear(positions_p=[LINEAR_POSITION | {"symbol": "NEWUSDT"}]))
    stream.feed_message(linear(accounts_p=[LINEAR_ACCOUNT | {"accountBalanceRv": "much"}]))
    assert (events.take(), stream.states.unknown_count) == ([], 3)
