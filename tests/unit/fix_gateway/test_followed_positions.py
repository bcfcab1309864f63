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
        self.told, self.told_of = [], {}  # in order; by request, what it was told last
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
            self.told_of[found[710]] = found[704]


@pytest.fixture
def account(monkeypatch):
    monkeypatch.setattr(position_reports, "LOOK_S", 0.001)
    monkeypatch.setattr(position_reports, "ASK_AGAIN_S", 0.002)
    return Account()


async def test_a_change_while_the_venue_is_asked_is_told_next(account, caplog):
    account.reports.request(TagMessage(SUBSCRIBE.items()))
    async with asyncio.timeout(30):
        while len(account.told) < 2:
            await asyncio.sleep(0.001)
    account.reports.drop_all()
    assert account.told == [(b"0.001", None), (b"0.002", b"Y")]
    assert "a fault of ours" in caplog.text
    await account.reports._follower


@pytest.mark.parametrize("kind", [b"0", b"1"])
async def test_somebody_elses_answer_hides_no_change_from_who_follows(account, monkeypatch, kind):
    monkeypatch.setattr(position_reports, "LOOK_S", 0.02)
    account.asked, account.lots = 2, 1  # nothing goes wrong any more
    account.reports.request(TagMessage(SUBSCRIBE.items()))
    await asyncio.sleep(0.001)
    account.lots = 5  # and before anybody has looked, another request asks the venue
    account.reports.request(TagMessage({**SUBSCRIBE, 263: kind, 710: b"p2"}.items()))
    async with asyncio.timeout(30):
        while account.told_of != {b"p1": b"0.005", b"p2": b"0.005"}:
            await asyncio.sleep(0.001)
    account.reports.drop_all()
    await account.reports._follower


@pytest.mark.parametrize("is_first", [True, False])
async def test_a_list_that_lags_behind_the_count_is_asked_for_again(account, is_first):
    answers = iter([1, 1, 7] if is_first else [1, 1, 1, 7])

    async def ask_the_past(watches):
        account.asked += 1
        return [held(next(answers, 7))]

    account.reports._ask = ask_the_past
    account.lots = 7 if is_first else 1
    account.reports.request(TagMessage(SUBSCRIBE.items()))
    await asyncio.sleep(0.005)
    account.lots = 7
    async with asyncio.timeout(5):
        while account.told != [(b"0.001", None), (b"0.007", b"Y")]:
            await asyncio.sleep(0.001)
    account.reports.drop_all()
    await account.reports._follower


async def test_a_difference_that_stays_is_not_asked_about_for_ever(account):
    async def ask_another(watches):
        account.asked += 1
        return [held(3)]

    account.reports._ask = ask_another
    account.reports.request(TagMessage(SUBSCRIBE.items()))
    async with asyncio.timeout(5):
        while account.asked < 1 + position_reports.ASKED_MAX:
            await asyncio.sleep(0.001)
    await asyncio.sleep(0.02)
    account.reports.drop_all()
    await account.reports._follower
    assert (account.asked, account.told) == (1 + position_reports.ASKED_MAX, [(b"0.003", None)])


async def test_an_answer_that_is_older_than_what_was_told_is_not_the_last_word(account):
    account.asked, account.lots = 2, 1
    account.reports.request(TagMessage(SUBSCRIBE.items()))
    await asyncio.sleep(0.005)
    late, ask = asyncio.Event(), account.reports._ask

    async def ask_slowly(watches):
        account.reports._ask = ask  # this once
        found = [held(account.lots)]
        await late.wait()
        return found

    account.reports._ask = ask_slowly
    account.reports.request(TagMessage({**SUBSCRIBE, 710: b"p2"}.items()))
    await asyncio.sleep(0)
    account.lots = 7
    async with asyncio.timeout(30):
        while account.told_of != {b"p1": b"0.007", b"p2": b"0.007"}:
            await asyncio.sleep(0.001)
        late.set()
        await asyncio.sleep(0)
        while account.told_of[b"p2"] != b"0.001":
            await asyncio.sleep(0)
        while account.told_of[b"p2"] != b"0.007":
            await asyncio.sleep(0.001)
    account.reports.drop_all()
    await account.reports._follower
