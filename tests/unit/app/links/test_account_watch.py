"""What the account's streams tell of balances, in whatever order it comes."""

from types import SimpleNamespace

import pytest
from account_messages import INSTRUMENTS, spot
from engine_samples import Path

from tidings.app.links.account_watch import AccountWatch
from tidings.app.world import World
from tidings.model.position import Positions
from tidings.venue.phemex.account_desk import AccountDesk
from tidings.venue.phemex.account_stream import AccountStream

FIRST_NS = 1_587_543_489_127_498_200


def wallets(balance, update_time_ns, kind="incremental"):
    row = {"currency": "USDT", "balanceEv": balance, "lockedTradingBalanceEv": 0}
    return spot(kind=kind, wallets=[row | ({"lastUpdateTimeNs": update_time_ns} if update_time_ns else {})])


@pytest.fixture
def watch():
    access = SimpleNamespace(stream=None, tls=None, stream_url="wss://localhost/")
    world = World(make_dialer=lambda *_: None)
    products = SimpleNamespace(instruments=INSTRUMENTS)
    return AccountWatch(access, None, products, Path().entry, Positions(), world, None, lambda refusal: None)


@pytest.mark.parametrize(
    ("messages", "balance"),
    [
        ([(100, FIRST_NS, "snapshot"), (70, FIRST_NS + 1), (40, FIRST_NS + 2)], 40),
        ([(100, FIRST_NS, "snapshot"), (40, FIRST_NS + 2), (70, FIRST_NS + 1)], 40),
        ([(100, FIRST_NS), (40, FIRST_NS + 2), (100, FIRST_NS)], 40),
        ([(100, FIRST_NS), (90, FIRST_NS)], 90),
        ([(100, FIRST_NS), (90, 0), (80, 0)], 80),
    ],
)
def test_a_balance_of_before_takes_no_newer_one_back(watch, messages, balance):
    stream = AccountStream(INSTRUMENTS, AccountDesk(Path().entry, watch))
    for message in messages:
        assert stream.feed_message(wallets(*message))
    assert watch.wallets == {"USDT": balance}
