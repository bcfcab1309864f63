"""A 429 of the venue: orders and cancels wait as long as it says and no longer, and a kill does not wait at all."""

import asyncio
import logging
import time

import pytest
from fault_examples import FaultAdmin
from session_lines import SPOT, USD_M, placed, until

import tidings
from tidings.model.enums import DenyReason

RETRY_AFTER_S = 2


@pytest.fixture
def limited_exchange(start_exchange):
    return start_exchange("--no-flow", "--matching-delay-ms", "0", "--seed", "5")


async def refused(phemex: tidings.Phemex, exchange, **fault: object) -> float:
    """Have one order refused by a 429; when it was asked for. Of the venue's minute next to nothing is used."""
    FaultAdmin(exchange.ready).set("rate-limit", request="order", count=1, **fault)
    asked_s = time.monotonic()
    with pytest.raises(tidings.OrderRejected, match=r"429|39995"):
        await phemex.limit(USD_M.symbol, "buy", qty=USD_M.qty, price=USD_M.low).accepted()
    assert phemex.engine.budget_use()["contract"]["used"] < 30
    return asked_s


@pytest.mark.parametrize(("retry_after", "least_s", "most_s"), [(str(RETRY_AFTER_S), 1.9, 4.5), ("soon", 4.9, 9)])
async def test_orders_and_cancels_go_again_when_the_venue_said(
    limited_exchange, open_session, caplog, retry_after, least_s, most_s
):
    phemex = await open_session(limited_exchange, rate_limits=True)
    resting = await placed(phemex, USD_M)
    refused_s = await refused(phemex, limited_exchange, retry_after=retry_after)

    said = r"the venue said 429 \(too many requests\) or retry-after in its group contract: wait [1-5] s"
    with pytest.raises(tidings.OrderDenied, match=f"RATE_LIMIT.*{said}"):
        phemex.limit(USD_M.symbol, "buy", qty=USD_M.qty, price=USD_M.low)
    with pytest.raises(tidings.OrderDenied, match=f"cancel of order.*RATE_LIMIT.*{said}"):
        await resting.cancel()
    with pytest.raises(tidings.RateLimited, match=said):
        await phemex.cancel_all(USD_M.symbol)
    state = phemex.state
    assert (list(state.rate_limits), state.is_ready) == (["contract"], False)
    assert "the venue said 429" in state.reason and state.reason == state.reason_for(USD_M.symbol)
    assert state.reason_for(SPOT.symbol) == ""
    await placed(phemex, SPOT)                          # another group is none of it
    told = lambda: [one.levelno for one in caplog.records if one.name == "tidings.rates"]  # noqa: E731
    await until(told, "the log")

    while phemex.cancel(resting.handle) == -DenyReason.RATE_LIMIT:
        await asyncio.sleep(0.01)
    assert least_s < time.monotonic() - refused_s < most_s
    await placed(phemex, USD_M)
    assert (phemex.state.rate_limits, phemex.state.reason) == ({}, "")
    await until(lambda: resting.is_done, "the cancel")
    assert told() == [logging.WARNING]


async def test_a_kill_does_not_wait(limited_exchange, open_session):
    phemex = await open_session(limited_exchange, rate_limits=True)
    for line in (USD_M, SPOT):
        await placed(phemex, line)
    refused_s = await refused(phemex, limited_exchange, retry_after=str(RETRY_AFTER_S))
    outcome = phemex.kill("the venue is busy")
    assert phemex.engine.kill.report.sent_count == 4    # both halves, USD-M and spot
    await until(lambda: not phemex.open_orders(), "the cancels")
    assert time.monotonic() - refused_s < RETRY_AFTER_S
    report = await outcome
    assert report.is_verified
    assert time.monotonic() - refused_s < RETRY_AFTER_S + 2


async def test_a_kill_that_is_refused_tries_again_when_the_venue_said(limited_exchange, open_session):
    phemex = await open_session(limited_exchange, rate_limits=True)
    await placed(phemex, USD_M)
    FaultAdmin(limited_exchange.ready).set("rate-limit", request="cancel-all", count=2, retry_after=str(RETRY_AFTER_S))
    begun_s = time.monotonic()
    report = await phemex.kill("all at once")
    assert report.is_verified and not phemex.open_orders()
    assert RETRY_AFTER_S - 0.5 < time.monotonic() - begun_s < RETRY_AFTER_S + 2


async def test_what_others_use_is_named_and_stops_no_cancel(limited_exchange, open_session):
    phemex = await open_session(limited_exchange, rate_limits=True)
    resting = await placed(phemex, USD_M)
    FaultAdmin(limited_exchange.ready).set("misstate-limits", request="create", remaining="0", count=1)
    other = await placed(phemex, USD_M)
    words = r"500 of the 500 requests a minute allowed in its group contract are used, \d+ of them, says the venue, not"
    with pytest.raises(tidings.OrderDenied, match=words):
        phemex.limit(USD_M.symbol, "buy", qty=USD_M.qty, price=USD_M.low)
    assert "not by this engine" in phemex.state.reason
    await resting.cancel()
    report = await phemex.kill("for good")
    assert report.is_verified and other.is_done and report.elapsed_ms < 3000
