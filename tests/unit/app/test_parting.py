"""A session that ends and cancels: when it may say that nothing of it is open any more."""

import asyncio

import pytest
from engine_samples import Path
from order_samples import INVERSE, LIMIT, LINEAR, said

from tidings.app import parting
from tidings.app.parting import cancel_what_is_open
from tidings.errors import VenueError
from tidings.model.enums import ExecType, OrdStatus, ReportSource, RequestKind, Side
from tidings.model.terms import OrderTerms

INVERSE_PX_TICKS = 122_500


class Venue:
    """In place of Queries: shows nothing open; `on_cancel` is what a cancel-all sets off."""

    def __init__(self):
        self.cancelled, self.problem_of, self.on_cancel = [], {}, lambda count: None

    async def cancel_all(self, instrument):
        await asyncio.sleep(0.001 if instrument.symbol in self.problem_of else 0.01)
        if instrument.symbol in self.problem_of:
            raise self.problem_of[instrument.symbol]
        self.cancelled.append(instrument.symbol)
        self.on_cancel(len(self.cancelled))

    async def open_orders(self, instrument):
        return []


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(parting, "HEARD_S", 0.05)
    monkeypatch.setattr(parting, "LIMIT_S", 30)  # no test waits for it


@pytest.fixture
def path():
    return Path()


@pytest.fixture
def venue():
    return Venue()


def acknowledge(path, order):
    path.hear(said(ExecType.NEW, handle=order.handle, ord_status=OrdStatus.NEW))


async def test_where_nothing_is_open_nothing_is_asked(path, venue):
    assert await cancel_what_is_open(path.entry, venue)
    assert venue.cancelled == []


async def test_an_order_whose_end_is_not_heard_is_gone_when_the_list_says_so(path, venue):
    acknowledge(path, path.submit(LIMIT))
    assert await cancel_what_is_open(path.entry, venue)
    assert venue.cancelled == [LINEAR.symbol]


@pytest.mark.parametrize("was_acked", [True, False])
async def test_where_time_runs_out_before_the_ends_are_heard_the_list_counts(path, venue, monkeypatch, was_acked):
    """But not for an order that was acknowledged only then: it may have come in behind the list."""
    order = path.submit(LIMIT)

    async def out_of_time(entry):
        if not was_acked:
            acknowledge(path, order)
        raise TimeoutError

    monkeypatch.setattr(parting, "_hear_the_ends", out_of_time)
    if was_acked:
        acknowledge(path, order)
    assert await cancel_what_is_open(path.entry, venue) is was_acked


async def test_an_order_that_comes_in_behind_the_cancels_is_cancelled_too(path, venue):
    order = path.submit(LIMIT)

    def on_cancel(count):
        if count == 1:  # it arrives now, after the cancel
            asyncio.get_running_loop().call_later(0.02, acknowledge, path, order)
        else:
            path.hear(said(ExecType.CANCELED, handle=order.handle))

    venue.on_cancel = on_cancel
    assert await cancel_what_is_open(path.entry, venue)
    assert venue.cancelled == [LINEAR.symbol] * 2
    assert order.is_done


async def test_while_the_fate_of_one_is_unknown_nobody_says_that_all_are_gone(path, venue, caplog, monkeypatch):
    monkeypatch.setattr(parting, "LIMIT_S", 0.5)
    order = path.submit(LIMIT)
    path.hear(said(ExecType.UNKNOWN, ReportSource.LOCAL, handle=order.handle, request_kind=RequestKind.NEW))
    assert not await cancel_what_is_open(path.entry, venue)
    assert f"orders may be open in {LINEAR.symbol}" in caplog.text
    assert "not done within 0.5 s" in caplog.text


async def test_where_one_cancel_is_refused_the_others_go_on(path, venue, caplog):
    acknowledge(path, path.submit(LIMIT))
    acknowledge(path, path.submit(OrderTerms(INVERSE, Side.BUY), price_ticks=INVERSE_PX_TICKS))
    venue.problem_of[LINEAR.symbol] = VenueError("refused by the test")
    assert not await cancel_what_is_open(path.entry, venue)
    assert venue.cancelled == [INVERSE.symbol]
    assert "refused by the test" in caplog.text
