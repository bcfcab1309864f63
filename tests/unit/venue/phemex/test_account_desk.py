"""Where the account stream meets the engine: what goes to the order path, and what to the keeper of the rest."""

import contextlib

from account_messages import (
    EXEC_ID,
    INSTRUMENTS,
    LINEAR_ACCOUNT,
    LINEAR_FILL,
    LINEAR_POSITION,
    LINEAR_ROW,
    linear,
    spot,
)
from engine_samples import Path

from tidings.errors import PeerError
from tidings.model.enums import ExecType, ProductLine
from tidings.venue.phemex.account_desk import AccountDesk
from tidings.venue.phemex.account_stream import AccountStream


class Keeper:
    """Writes down what it is told."""

    def __init__(self):
        self.positions, self.wallets, self.snapshots = [], [], []

    def position_told(self, position):
        self.positions.append((position.instrument.symbol, position.net_qty_lots))

    def wallet_told(self, wallet):
        self.wallets.append((wallet.currency, str(wallet.balance)))

    def snapshot_ended(self, line):
        self.snapshots.append(ProductLine(line))


def feed(*messages):
    """The order path and the keeper after these messages. Their orders are not of this session: told as foreign."""
    path, keeper = Path(), Keeper()
    stream = AccountStream(INSTRUMENTS, AccountDesk(path.entry, keeper))
    for message in messages:
        stream.feed_message(message, now_ns=77)
    return path, keeper


def test_reports_go_to_the_order_path_in_the_order_of_the_message():
    path, keeper = feed(linear(LINEAR_ROW, LINEAR_FILL))
    assert [report.exec_type for report in path.foreign] == [ExecType.NEW, ExecType.TRADE]
    assert path.foreign[1].exec_id == EXEC_ID
    assert (keeper.positions, keeper.wallets, keeper.snapshots) == ([], [], [])


def test_positions_and_balances_go_to_the_keeper():
    path, keeper = feed(linear(positions_p=[LINEAR_POSITION], accounts_p=[LINEAR_ACCOUNT]))
    assert path.foreign == []
    assert keeper.positions == [("BTCUSDT", -100)]
    assert keeper.wallets == [("USDT", "1000.123456789")]


def test_keeper_hears_of_each_line_whose_snapshot_is_complete():
    _, keeper = feed(linear(kind="snapshot"), linear(), spot(kind="snapshot"))
    assert keeper.snapshots == [ProductLine.LINEAR, ProductLine.SPOT]


def test_broken_message_tells_nobody_anything():
    whole = linear(LINEAR_FILL, positions_p=[LINEAR_POSITION])
    path, keeper = Path(), Keeper()
    stream = AccountStream(INSTRUMENTS, AccountDesk(path.entry, keeper))
    for end in range(1, len(whole)):
        with contextlib.suppress(PeerError):
            stream.feed_message(whole[:end], now_ns=77)
    assert (path.foreign, keeper.positions) == ([], [])
