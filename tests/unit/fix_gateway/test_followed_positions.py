"""A client that follows positions hears of each change, also of one that comes while the venue is being asked."""

import asyncio
from decimal import Decimal
from types import SimpleNamespace

import pytest
from fix_story import make_instrument

from tidings.clock import Clock
from tidings.fix_gateway import position_reports
from tidings.fix_gateway.position_reports import PositionReports
from tidings.fix_gateway.tag_message import TagMessage
from tidings.fix_gateway.translate_in import Rules
from tidings.fix_gateway.translate_out import Profile
from tidings.model.enums import PosSide

SUBSCRIBE = {263: b"1", 710: b"p1", 724: b"0"}


def held(lots):
    return SimpleNamespace(
        instrument=make_instrument(), net_qty_lots=lots, pos_side=PosSide.MERGED, mark_px=Decimal(60_000),
        entry_px=Decimal(60_000), unrealised_pnl=None,
    )  # fmt: skip


class Account:
    """What the venue lists, what the engine counts, and who is told."""

    name, profile, rules = "C1", Profile(), Rules()

    def __init__(self):
        self.lots = 1
        self.asked = 0
        self.told = []
        self.reports = PositionReports(SimpleNamespace(phemex=SimpleNamespace(engine=self), clock=Clock()), self)
        self.reports._ask = self.ask
        self.products = SimpleNamespace(find=lambda name: None)

    @property
    def positions(self):
        return [SimpleNamespace(symbol="BTCUSDT", pos_side=PosSide.MERGED, net_qty_lots=self.lots)]

    async def ask(self, watches):
        self.asked += 1
        found = [held(self.lots)]
        if self.asked == 1:
            self.lots = 2  # behind the venue's back
            await asyncio.sleep(0)
        if self.asked == 2:
            raise ZeroDivisionError("a fault of ours")
        return found

    def tell(self, msg_type, fields):
        if msg_type == b"AP":
            found = dict(fields)
            self.told.append((found[704], found.get(325)))


@pytest.fixture
def account(monkeypatch):
    monkeypatch.setattr(position_reports, "LOOK_S", 0.001)
    monkeypatch.setattr(position_reports, "ASK_AGAIN_S", 0.002)
    return Account()


async def test_a_change_while_the_venue_is_asked_is_told_next(account, caplog):
    account.reports.request(TagMessage(SUBSCRIBE.items()))
    async with asyncio.timeout(5):
        while len(account.told) < 2:
            await asyncio.sleep(0.001)
    account.reports.drop_all()
    assert account.told == [(b"0.001", None), (b"0.002", b"Y")]
    assert "a fault of ours" in caplog.text
    await account.reports._follower
